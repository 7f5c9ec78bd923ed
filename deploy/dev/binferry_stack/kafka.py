"""Apache Kafka: one broker in KRaft mode, from Maven's artifacts, open and secured (kafka_security.py)."""

import subprocess
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Dict, List

from . import cache, kafka_security
from .process import StackError, answers
from .server import Server

VERSION = "4.1.0"
LOGGING = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %p %m (%c{1})%n
rootLogger.level = INFO
rootLogger.appenderRef.console.ref = console
"""


class Kafka(Server):
    """Settings are broker properties; `heap` is the JVM's largest heap, such as 2g."""

    name = "kafka"
    ports = ("port", "controller_port", *kafka_security.LISTENERS.values())

    def create(self) -> None:
        self.record["version"] = self.record["version"] or VERSION
        self.record["libraries"] = str(_libraries(self.record["version"]))
        (self.dir / "log4j2.properties").write_text(LOGGING)
        kafka_security.create(self.security)
        self._write_properties()
        # Behind a letter: an id that starts with a dash would be taken for an option.
        cluster = "A" + urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")[1:]
        done = subprocess.run(
            [*self._java(), "kafka.tools.StorageTool", "format", "-t", cluster, "-c",
             str(self.dir / "server.properties"), *kafka_security.storage_options()],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise StackError(f"formatting Kafka's storage failed:\n{done.stdout[-2000:]}")

    def command(self) -> List[str]:
        self._write_properties()
        return [*self._java(), "kafka.Kafka", str(self.dir / "server.properties")]

    def ready(self) -> bool:
        return answers(self.port) and "Kafka Server started" in self.log_since_start()

    def exports(self) -> Dict[str, str]:
        return {"BINFERRY_TEST_KAFKA": f"127.0.0.1:{self.port}",
                **kafka_security.exports(self.security, self.record["ports"])}

    @property
    def security(self) -> Path:
        """Where the certificates are."""
        return self.dir / "security"

    def _java(self) -> List[str]:
        heap = self.record["settings"].get("heap", "768m")
        return ["java", "-Xms256m", f"-Xmx{heap}", "-XX:+UseSerialGC",
                f"-Dlog4j2.configurationFile={self.dir}/log4j2.properties",
                "-cp", f"{self.record['libraries']}/*"]

    def _write_properties(self) -> None:
        ports = self.record["ports"]
        secured = kafka_security.properties(self.security, ports)
        properties = {
            **secured,
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@127.0.0.1:{ports['controller_port']}",
            "listeners": f"PLAINTEXT://127.0.0.1:{ports['port']},CONTROLLER://127.0.0.1:{ports['controller_port']},"
            + secured["listeners"],
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{ports['port']}," + secured["advertised.listeners"],
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "PLAINTEXT",
            "listener.security.protocol.map":
                "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT," + secured["listener.security.protocol.map"],
            "log.dirs": str(self.dir / "data"),
            "num.partitions": "1",
            "auto.create.topics.enable": "false",
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "4",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "transaction.state.log.num.partitions": "4",
            "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            # A broker that was killed comes back only after the session of its former life.
            "broker.session.timeout.ms": "4000",
            "broker.heartbeat.interval.ms": "500",
            "group.initial.rebalance.delay.ms": "0",
            **{k: v for k, v in self.record["settings"].items() if k != "heap"},
        }
        lines = [f"{key}={value}" for key, value in properties.items()]
        (self.dir / "server.properties").write_text("\n".join(lines) + "\n")


def _libraries(version: str) -> Path:
    artifacts = [
        f"org.apache.kafka:kafka_2.13:{version}",
        "org.apache.logging.log4j:log4j-slf4j-impl:2.25.1",
        "org.apache.logging.log4j:log4j-core:2.25.1",
    ]
    return cache.entry(f"kafka-{version}", lambda folder: cache.maven_dependencies(artifacts, folder))
