"""A task that carries one database, and the question whether Kafka has what SELECT says."""

import json
import secrets
from typing import Any, Dict, List, Optional

from confluent_kafka import KafkaException

from support.cluster import Cluster, task_definition
from support.kafka import Kafka
from support.mysql import Mysql
from support.processes import wait_for
from support.replay import Replay, differences
from support.selected_rows import selected_rows
from support.stack import Stack


class Carried:
    """A database of its own, a running task over it with a topic per table, and a session on it."""

    def __init__(self, cluster: Cluster, stack: Stack, source: Optional[Stack] = None, via: Optional[str] = None,
                 **changes: Any):
        """`stack` has Kafka and PostgreSQL; `source`, default the same, MySQL, which the task reaches at `via`,
        host:port, default directly. `changes` as in task_definition."""
        source = source or stack
        self.cluster = cluster
        self.kafka = Kafka(stack.kafka)
        self.name = "carried-" + secrets.token_hex(3)
        self.database = "db_" + secrets.token_hex(4)
        self.address = source.mysql
        self.sql = Mysql(self.address)
        self.sql.execute(f"CREATE DATABASE {self.database} CHARACTER SET utf8mb4")
        self.sql.execute(f"USE {self.database}")
        self.sql.execute("CREATE TABLE marks (n INT PRIMARY KEY)")
        definition = task_definition(stack, self.name, self.database, partitionPolicy="TABLE_HASH")
        host, _, port = (via or source.mysql).rpartition(":")
        definition["source"].update(host=host, port=int(port))
        definition.update(changes)
        cluster.run_task(definition)
        self._marks = 0

    def __enter__(self) -> "Carried":
        return self

    def __exit__(self, *_: object) -> None:
        self.sql.close()
        self.cluster.binferry("task", "stop", self.name)

    def topic(self, table: str) -> str:
        return f"{self.name}.{self.database}-{table}"

    def wait(self, seconds: float = 60) -> None:
        """Until everything that was committed so far is in Kafka; AssertionError with the task's status if not."""
        self._marks += 1
        self.sql.execute(f"INSERT INTO marks VALUES ({self._marks})")
        wanted = f'"data":[{{"n":"{self._marks}"}}]'.encode()

        def there() -> bool:
            status = self.cluster.task(self.name)["status"]
            assert "FAILED" not in status["state"], status.get("lastError", status)
            try:
                return self.kafka.partitions(self.topic("marks")) > 0 and \
                    any(wanted in record.value for record in self.kafka.read(self.topic("marks")))
            except KafkaException as error:
                if not error.args[0].retriable():
                    raise
                return False  # The topic is being made.
        try:
            wait_for(there, seconds, f"mark {self._marks} of {self.name}")
        except AssertionError as late:
            status = self.cluster.task(self.name)["status"]
            raise AssertionError(f"{late}: {json.dumps(status, indent=1)}\n{self.cluster.logs()}")

    def changes(self, table: str) -> List[Dict[str, Any]]:
        """The JSON of a table's records, in the order of their ids, each id once."""
        changes = sorted((json.loads(record.value) for record in self.kafka.read(self.topic(table))),
                         key=lambda change: change["id"])
        ids = [change["id"] for change in changes]
        assert len(set(ids)) == len(ids), f"{table}: ids are repeated"
        return changes

    def rows(self, table: str) -> List[Dict[str, Optional[str]]]:
        """A table as its records make it."""
        replay = Replay()
        for change in self.changes(table):
            replay.apply(change)
        return replay.rows(table)

    def check(self, *tables: str, seconds: float = 60) -> None:
        """Waits, and compares each table with what SELECT says."""
        self.wait(seconds)
        found: List[str] = []
        for table in tables:
            found += differences(table, selected_rows(self.sql, self.database, table), self.rows(table))
        assert not found, "\n".join(found[:20])
