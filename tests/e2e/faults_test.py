"""What a task does about faults that need a person, and how it goes on after them; draining and resetting.

Two MySQL servers of the tests' own, because they are stopped, reset and purged: `second` replicates `first`."""

import json
import secrets
from typing import Any, Dict, Iterator, List, Tuple

import pytest

from support.cluster import Cluster, task_definition
from support.kafka import Kafka
from support.mysql import Mysql
from support.processes import wait_for
from support.stack import Stack


class Rows:
    """A database with one table, whose rows are numbered by the order in which they are committed."""

    def __init__(self, address: str, database: str):
        self.address = address
        self.database = database
        self.count = 0
        with Mysql(address) as mysql:
            mysql.execute(f"CREATE DATABASE {database}")
            mysql.execute(f"CREATE TABLE {database}.t (id INT PRIMARY KEY)")

    def add(self, count: int = 20) -> None:
        """Commits so many rows, each in a transaction of its own."""
        with Mysql(self.address) as mysql:
            for _ in range(count):
                self.count += 1
                mysql.execute(f"INSERT INTO {self.database}.t VALUES ({self.count})")


@pytest.fixture(scope="module")
def servers() -> Iterator[Tuple[Stack, Stack]]:
    """A source and its replica, with GTIDs."""
    with Stack(("mysql",)) as first, Stack(("mysql",), {"mysql.server_id": "77"}) as second:
        host, _, port = first.mysql.rpartition(":")
        with Mysql(second.mysql) as replica:
            replica.execute("RESET BINARY LOGS AND GTIDS")
            replica.execute(f"CHANGE REPLICATION SOURCE TO SOURCE_HOST='{host}', SOURCE_PORT={port}, "
                            "SOURCE_USER='root', SOURCE_AUTO_POSITION=1, GET_SOURCE_PUBLIC_KEY=1")
            replica.execute("START REPLICA")
        yield first, second


def definition_of(stack: Stack, source: Stack, name: str, database: str, **changes: Any) -> Dict[str, Any]:
    """A task from `source` into the shared Kafka; one partition, so that its records are in one order."""
    definition = task_definition(stack, name, database, **changes)
    host, _, port = source.mysql.rpartition(":")
    definition["source"].update(host=host, port=int(port))
    definition["topicPolicy"]["autoTopics"]["partitions"] = 1
    return definition


def delivered(kafka: Kafka, name: str, database: str) -> List[int]:
    """The ids of the rows whose records the task has delivered; their record ids are 1, 2, 3 ..."""
    documents = [json.loads(record.value) for record in kafka.read(f"{name}.{database}-t")]
    assert [int(document["id"]) for document in documents] == list(range(1, len(documents) + 1))
    return [int(document["data"][0]["id"]) for document in documents]


def await_fault(cluster: Cluster, name: str, state: str) -> Dict[str, Any]:
    """Waits until the task has failed; its fault, which says all that a user needs."""
    wait_for(lambda: cluster.state(name) == state, 60, f"{name} in {state}")
    fault = cluster.task(name)["status"]["lastError"]
    assert fault["remedy"] and fault["firstTime"] and "nextRetryTime" not in fault, fault
    return fault


def start_again(cluster: Cluster, name: str, *place: str) -> None:
    """Resets the task and takes it through check and start."""
    cluster.binferry("task", "reset", name, *place)
    wait_for(lambda: cluster.state(name) == "CONFIGURATION", 30, f"{name} reset")
    cluster.start_task(name)
    cluster.wait(name, "INCREMENTAL_SYNC")


def test_a_changed_password_gets_three_tries_and_then_a_person(
        stack: Stack, cluster: Cluster, kafka: Kafka, servers: Tuple[Stack, Stack], database: str) -> None:
    first, _ = servers
    rows = Rows(first.mysql, database)
    user, old, new = f"pw_{database}", "Hush-" + secrets.token_hex(8), "Hush-" + secrets.token_hex(8)
    definition = definition_of(stack, first, "password", database)
    definition["source"].update(username=user, password=old)
    with Mysql(first.mysql) as mysql:
        # One more failure than three would lock the account.
        mysql.execute(f"CREATE USER '{user}'@'%' IDENTIFIED WITH caching_sha2_password BY '{old}' "
                      "FAILED_LOGIN_ATTEMPTS 4 PASSWORD_LOCK_TIME UNBOUNDED")
        mysql.execute(f"GRANT REPLICATION SLAVE, REPLICATION CLIENT, SELECT ON *.* TO '{user}'@'%'")
        definition["source"]["tlsMode"] = "REQUIRED"
        cluster.run_task(definition)
        rows.add()
        cluster.wait_for_records("password", rows.count)
        mysql.execute(f"ALTER USER '{user}'@'%' IDENTIFIED BY '{new}'")
        for (session,) in mysql.execute("SELECT id FROM performance_schema.processlist WHERE user = %s", (user,)):
            mysql.execute(f"KILL {session}")
        fault = await_fault(cluster, "password", "INCREMENTAL_SYNC_FAILED")
        # The connection that was killed may count as the first attempt that failed.
        assert fault["code"] == "PERMISSION_DENIED" and fault["attempts"] in (3, 4), fault
        assert f"access denied for user {user}" in fault["message"]
        assert "source.password" in fault["remedy"] and "source.password" not in fault["message"]
        rows.add()
        cluster.binferry("task", "update", "password", "--set", f"source.password={new}")
        cluster.binferry("task", "retry", "password")
        cluster.wait("password", "INCREMENTAL_SYNC")  # The account is not locked.
        rows.add()
    cluster.wait_for_records("password", rows.count)
    assert delivered(kafka, "password", database) == list(range(1, rows.count + 1))
    # Everything that the worker logged about it can be read, and has neither password.
    logs = cluster.binferry("task", "logs", "password")
    assert "task failed" in logs and "task runs" in logs
    assert old not in logs and new not in logs


def test_a_drain_delivers_what_was_committed_and_now_does_not(
        stack: Stack, cluster: Cluster, kafka: Kafka, servers: Tuple[Stack, Stack], database: str) -> None:
    first, _ = servers
    rows = Rows(first.mysql, database)
    for name in ("drained", "ended"):
        cluster.run_task(definition_of(stack, first, name, database))
    rows.add()
    for name in ("drained", "ended"):
        cluster.wait_for_records(name, rows.count)
        cluster.binferry("task", "pause", name)
        cluster.wait(name, "PAUSED")
    at_pause = rows.count
    rows.add(300)
    cluster.binferry("task", "stop", "drained", "--drain")
    cluster.binferry("task", "stop", "ended", "--now")
    for name in ("drained", "ended"):
        cluster.wait(name, "COMPLETED")
    rows.add()  # Too late.
    assert delivered(kafka, "drained", database) == list(range(1, at_pause + 301))
    assert delivered(kafka, "ended", database) == list(range(1, at_pause + 1))


def test_a_reset_goes_on_with_growing_ids(
        stack: Stack, cluster: Cluster, kafka: Kafka, servers: Tuple[Stack, Stack], database: str) -> None:
    """Once from a purged place, once back to a GTID set that lies before what was delivered."""
    first, _ = servers
    rows = Rows(first.mysql, database)
    cluster.run_task(definition_of(stack, first, "reset", database))
    with Mysql(first.mysql) as mysql:
        rows.add()
        cluster.wait_for_records("reset", rows.count)
        cluster.binferry("task", "pause", "reset")
        cluster.wait("reset", "PAUSED")
        rows.add()
        lost = list(range(21, 41))
        mysql.execute("FLUSH BINARY LOGS")
        file = mysql.execute("SHOW BINARY LOGS")[-1][0]
        mysql.execute(f"PURGE BINARY LOGS TO '{file}'")
        set_before = mysql.executed_gtids()
        cluster.binferry("task", "resume", "reset")
        fault = await_fault(cluster, "reset", "INCREMENTAL_SYNC_FAILED")
        assert fault["code"] == "DATA_LOSS" and "purged" in fault["message"], fault
        start_again(cluster, "reset", "--to-now")
        rows.add()
        cluster.wait_for_records("reset", rows.count - len(lost))
        cluster.binferry("task", "pause", "reset")
        cluster.wait("reset", "PAUSED")
        start_again(cluster, "reset", "--gtid-set", set_before)
    last = list(range(41, 61))
    cluster.wait_for_records("reset", 60)
    assert delivered(kafka, "reset", database) == [*range(1, 21), *last, *last]


def test_a_source_that_moved_is_found_by_gtid_and_never_by_file_alone(
        stack: Stack, cluster: Cluster, kafka: Kafka, servers: Tuple[Stack, Stack], database: str) -> None:
    """The last of this file: it ends the first server for good, and resets the second one."""
    first, second = servers
    rows = Rows(first.mysql, database)
    with Mysql(first.mysql) as mysql:
        place = mysql.execute("SHOW BINARY LOG STATUS")[0]
    cluster.run_task(definition_of(stack, first, "bygtid", database))
    cluster.run_task(definition_of(stack, first, "byfile", database, startPosition={
        "coordinates": {"file": place[0], "position": str(place[1])}}))
    rows.add()
    for name in ("bygtid", "byfile"):
        cluster.wait_for_records(name, rows.count)
    rows.add()
    with Mysql(first.mysql) as source, Mysql(second.mysql) as replica:
        executed = source.executed_gtids()
        assert replica.value(f"SELECT WAIT_FOR_EXECUTED_GTID_SET('{executed}', 60)") == 0
        replica.execute("STOP REPLICA")
        replica.execute("RESET REPLICA ALL")
    first.stop("mysql")
    # A network fault: told with its next try, and tried for ever.
    wait_for(lambda: "nextRetryTime" in cluster.task("bygtid")["status"].get("lastError", {}), 30, "a retry")
    status = cluster.task("bygtid")["status"]
    assert status["state"] == "TASK_STATE_INCREMENTAL_SYNC" and status["lastError"]["code"] == "UNAVAILABLE", status
    assert status["lastError"]["remedy"]

    rows.address = second.mysql
    rows.add()
    host, _, port = second.mysql.rpartition(":")
    for name in ("bygtid", "byfile"):
        cluster.binferry("task", "update", name, "--set", f"source.host={host}", "--set", f"source.port={port}")
    cluster.wait_for_records("bygtid", rows.count)
    assert delivered(kafka, "bygtid", database) == list(range(1, rows.count + 1))
    fault = await_fault(cluster, "byfile", "INCREMENTAL_SYNC_FAILED")
    assert fault["code"] == "FAILED_PRECONDITION" and "server" in fault["message"], fault

    # Its history is thrown away; the task sees it when it comes back, and stops. A dump that is open goes on in a
    # file that is deleted and tells nothing.
    with Mysql(second.mysql) as mysql:
        mysql.execute("RESET BINARY LOGS AND GTIDS")
        for (session,) in mysql.execute(
                "SELECT id FROM performance_schema.processlist WHERE command LIKE 'Binlog Dump%'"):
            mysql.execute(f"KILL {session}")
    rows.add()
    fault = await_fault(cluster, "bygtid", "INCREMENTAL_SYNC_FAILED")
    assert fault["code"] == "DATA_LOSS", fault
    at_reset = rows.count
    delivered_before = delivered(kafka, "bygtid", database)
    start_again(cluster, "bygtid", "--to-now")
    rows.add()
    cluster.wait_for_records("bygtid", len(delivered_before) + 20)
    assert delivered(kafka, "bygtid", database) == [*delivered_before, *range(at_reset + 1, rows.count + 1)]

    # A drain that can't reach the source waits; now is now.
    second.stop("mysql")
    cluster.binferry("task", "stop", "bygtid", "--drain")
    wait_for(lambda: cluster.task("bygtid")["status"].get("lastError", {}).get("code") == "UNAVAILABLE", 30,
             "a drain without a source")
    assert cluster.state("bygtid") == "STOPPING"
    cluster.binferry("task", "stop", "bygtid", "--now")
    cluster.wait("bygtid", "COMPLETED")
