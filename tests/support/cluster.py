"""Controllers and workers of one installation, and the `binferry` command to talk to them."""

import json
import os
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Optional

from support import error_messages
from support.processes import Process, wait_for
from support.stack import ROOT, Stack

# Another build's programs, e.g. one that breaks a rule, are asked for by name.
BUILD = Path(os.environ.get("BINFERRY_BUILD_DIR", ROOT / "build/dev"))


class CommandFailed(AssertionError):
    """The command refused; `code` is its exit code, `message` what it said, `output` what it printed before."""

    def __init__(self, arguments: List[str], code: int, message: str, output: str = ""):
        super().__init__(f"binferry {' '.join(arguments)}: exit code {code}: {message}{output}")
        self.code = code
        self.message = message
        self.output = output


class Cluster:
    """One controller over a database of its own, and any number of workers. Use as a context manager."""

    def __init__(self, stack: Stack, worker_build: Path = BUILD):
        """`stack` must have PostgreSQL; nothing runs before `start_controller`."""
        self.stack = stack
        self._worker_build = worker_build
        self.database = "binferry_" + secrets.token_hex(4)
        stack.psql(f"CREATE DATABASE {self.database}")
        (ROOT / "build").mkdir(exist_ok=True)
        self.dir = Path(tempfile.mkdtemp(prefix="cluster-", dir=ROOT / "build"))
        self.key_file = self.dir / "secret.key"
        self.key_file.touch(0o600)
        self.key_file.write_bytes(secrets.token_bytes(32))
        # Controllers of tests side by side give out the same partitions of the state topics.
        self.state_topics = "-".join(["binferry", os.environ.get("PYTEST_XDIST_WORKER", "")]).rstrip("-")
        self.controller: Optional[Process] = None
        self.ports: Dict[str, int] = {}
        self.workers: Dict[str, Process] = {}

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    @property
    def postgres(self) -> str:
        """The connection string of the installation's own database."""
        return self.stack.postgres.replace("dbname=postgres", f"dbname={self.database}")

    def start_controller(self) -> Process:
        """Starts the controller, on the ports of the one before if there was one, and waits for both listeners."""
        ports_file = self.dir / "ports"
        ports_file.unlink(missing_ok=True)
        self.controller = Process(
            [str(BUILD / "bin/binferry-controller"), "--insecure-dev",
             "--listen-api", f"127.0.0.1:{self.ports.get('api', 0)}",
             "--listen-workers", f"127.0.0.1:{self.ports.get('workers', 0)}",
             "--postgres", self.postgres, "--secret-key-file", str(self.key_file),
             "--migrations-dir", str(ROOT / "migrations"), "--ports-file", str(ports_file),
             "--state-topic-prefix", self.state_topics],
            self.dir / "controller.log")
        wait_for(lambda: ports_file.exists() or not self.controller.running, 20, "the controller's ports")
        assert self.controller.running, self.controller.output[-2000:]
        for line in ports_file.read_text().splitlines():
            name, _, port = line.partition("_port=")
            self.ports[name] = int(port)
        return self.controller

    def wait_until_serving(self, seconds: float = 20) -> None:
        """Waits until the API answers, which needs PostgreSQL."""
        def answers() -> bool:
            try:
                self.binferry("task", "list")
                return True
            except CommandFailed:
                return False
        wait_for(answers, seconds, "the API's answer")

    def start_worker(self, name: str = "w1", *options: str, environment: Optional[Dict[str, str]] = None) -> Process:
        """Starts a worker; one of the same name before it must have ended or is to be replaced."""
        worker = Process(
            [str(self._worker_build / "bin/binferry-worker"), "--insecure-dev",
             "--controller", f"127.0.0.1:{self.ports['workers']}", "--name", name, "--region", "local",
             "--network-types", "VPC", "--slots", "40", *options],
            self.dir / f"worker-{name}.log", environment)
        self.workers[name] = worker
        return worker

    def binferry(self, *arguments: str, environment: Optional[Dict[str, str]] = None) -> str:
        """Runs the command and returns its standard output; CommandFailed unless its exit code is 0."""
        done = subprocess.run(
            [str(BUILD / "bin/binferry"), "--insecure-dev", "--server", f"127.0.0.1:{self.ports['api']}", *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300,
            env={**os.environ, **(environment or {})})
        if done.returncode != 0:
            failed = CommandFailed(list(arguments), done.returncode, done.stderr, done.stdout)
            error_messages.remember(" ".join(arguments[:2]), done.stderr)
            raise failed
        return done.stdout

    def create_task(self, definition: Dict[str, Any], start: bool = True) -> None:
        """Creates a task of a task file's content, waits for its worker and, unless told not to, checks, confirms
        and starts it."""
        path = self.dir / f"{definition['id']}.json"
        path.write_text(json.dumps(definition))
        self.binferry("task", "create", "-f", str(path), "--wait")
        if start:
            self.start_task(definition["id"])

    def start_task(self, name: str) -> None:
        """Checks a configured task, confirms what there is to confirm, and starts it."""
        self.prepare_task(name)
        self.binferry("task", "start", name)

    def prepare_task(self, name: str) -> None:
        """What comes before the start of a configured task; AssertionError with the items that FAILED."""
        precheck = self.check(name)
        failed = failed_items(precheck)
        assert not failed, json.dumps(failed, indent=1)
        if not precheck.get("ready"):
            self.binferry("task", "confirm", name, "--all")

    def why_not_started(self, definition: Dict[str, Any], seconds: float = 30) -> str:
        """What a new task can't start for: the items of its precheck that FAILED, or its fault in START_FAILED."""
        name = definition["id"]
        self.create_task(definition, start=False)
        failed = failed_items(self.check(name))
        if not failed:
            self.binferry("task", "confirm", name, "--all")
            self.binferry("task", "start", name)
            self.wait(name, "START_FAILED", seconds)
            fault = self.task(name)["status"]["lastError"]
            return fault["message"] + "\n" + fault.get("remedy", "")
        try:
            self.binferry("task", "start", name)
        except CommandFailed as refused:
            for item in failed:
                assert item.get("cause") and item.get("remedy"), item
                assert item["id"] in refused.message, refused.message
            return "\n".join(" ".join([item.get("found", ""), item["cause"], item["remedy"],
                                       *item.get("objects", [])]) for item in failed)
        raise AssertionError(f"{name} could be started though {failed}")

    def check(self, name: str) -> Dict[str, Any]:
        """Runs the precheck; its result, whatever that is."""
        precheck = self._found("task", "check", name)
        error_messages.remember_precheck(precheck)
        return precheck

    def test(self, name: str, endpoint: str) -> Dict[str, Any]:
        """Tests "source" or "destination"; the result, whatever that is."""
        test = self._found("task", "test", name, f"--{endpoint}")
        error_messages.remember_test(test)
        return test

    def _found(self, *arguments: str) -> Dict[str, Any]:
        """The JSON of a command that ends with 5 where what it found isn't good."""
        try:
            return json.loads(self.binferry(*arguments, "-o", "json"))
        except CommandFailed as failed:
            if failed.code != 5:
                raise
            return json.loads(failed.output)

    def run_task(self, definition: Dict[str, Any], seconds: float = 60) -> None:
        """Creates, checks and starts a task and waits until it carries changes."""
        self.create_task(definition)
        self.wait(definition["id"], "INCREMENTAL_SYNC", seconds)

    def task(self, name: str) -> Dict[str, Any]:
        """The task as the API shows it."""
        task = json.loads(self.binferry("task", "get", name, "-o", "json"))
        error_messages.remember_status(task["status"])
        return task

    def state(self, name: str) -> str:
        return self.task(name)["status"]["state"].replace("TASK_STATE_", "")

    def wait(self, name: str, state: str, seconds: float = 60) -> None:
        """Waits until the task is in `state`; CommandFailed with its last error when it ends in another."""
        self.binferry("task", "wait", name, "--for", state, "--timeout", f"{int(seconds)}s")

    def wait_for_records(self, name: str, count: int, seconds: float = 120) -> Dict[str, Any]:
        """Waits until the task's last record id is at least `count`; returns its status."""
        def reached() -> Optional[Dict[str, Any]]:
            status = self.task(name)["status"]
            return status if int(status.get("position", {}).get("lastRecordId", 0)) >= count else None
        try:
            return wait_for(reached, seconds, f"record {count} of {name}")
        except AssertionError as late:
            raise AssertionError(f"{late}; {json.dumps(self.task(name)['status'], indent=1)}\n" + self.logs())

    def logs(self) -> str:
        """The end of each log, for failures."""
        return "\n".join(f"--- {path.name}\n" + path.read_text(errors="replace")[-3000:]
                         for path in sorted(self.dir.glob("*.log")))

    def end(self) -> None:
        """Ends every process and removes what they wrote."""
        for process in [*self.workers.values(), self.controller]:
            if process is not None:
                process.end()
        keep = os.environ.get("BINFERRY_KEEP_LOGS")
        if keep:
            for log in self.dir.glob("*.log"):
                shutil.copy(log, Path(keep) / f"{self.dir.name}-{log.name}")
        shutil.rmtree(self.dir, ignore_errors=True)


def failed_items(precheck: Dict[str, Any]) -> List[Dict[str, Any]]:
    return [item for item in precheck["items"] if item["result"] == "PRECHECK_RESULT_FAILED"]


def task_definition(stack: Stack, name: str, database: str, **changes: Any) -> Dict[str, Any]:
    """A task file over one whole database of `stack`, topics `<name>.<database>-<table>`; `changes` replace
    top-level fields."""
    host, _, port = stack.mysql.rpartition(":")
    return {
        "id": name,
        "placement": {"region": "local", "networkType": "VPC"},
        "source": {"host": host, "port": int(port), "username": "root", "password": ""},
        "destination": {"bootstrapServers": [stack.kafka]},
        "objects": {"databases": [{"name": database, "allTables": True}]},
        "topicPolicy": {"autoTopics": {"nameFormat": f"{name}.$database$-$tablename$", "partitions": 3}},
        "partitionPolicy": "PRIMARY_KEY_HASH",
        **changes,
    }
