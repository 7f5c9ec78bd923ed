"""Each mistake gets a message that names the field, the cause and the remedy, within seconds."""

import time
from typing import Any, Dict

import pytest

from support.cluster import Cluster, CommandFailed, task_definition
from support.kafka import Kafka
from support.mysql import Mysql
from support.stack import Stack


@pytest.fixture
def definition(stack: Stack, mysql: Mysql, database: str) -> Dict[str, Any]:
    mysql.execute(f"CREATE DATABASE {database}")
    mysql.execute(f"CREATE TABLE {database}.t (id INT PRIMARY KEY)")
    return task_definition(stack, "bad-" + database, database)


def refusal(cluster: Cluster, definition: Dict[str, Any]) -> str:
    """What Create says."""
    with pytest.raises(CommandFailed) as refused:
        cluster.create_task(definition, start=False)
    assert refused.value.code == 1
    return refused.value.message


def start_failure(cluster: Cluster, definition: Dict[str, Any], seconds: float = 20) -> str:
    """What a started task ends with, within `seconds`; it must have been tried once only."""
    cluster.create_task(definition)
    start = time.monotonic()
    cluster.wait(definition["id"], "START_FAILED", seconds)
    assert time.monotonic() - start < seconds
    fault = cluster.task(definition["id"])["status"]["lastError"]
    assert fault.get("attempts", 1) == 1 and "nextRetryTime" not in fault, fault
    return fault["message"]


def retried_fault(cluster: Cluster, definition: Dict[str, Any], seconds: float = 20) -> str:
    """What a task that waits for the network shows, within `seconds`, while it goes on trying."""
    cluster.create_task(definition)
    deadline = time.monotonic() + seconds
    while "lastError" not in cluster.task(definition["id"])["status"]:
        assert time.monotonic() < deadline, cluster.logs()
        time.sleep(0.2)
    assert cluster.state(definition["id"]) == "STARTING"
    return cluster.task(definition["id"])["status"]["lastError"]["message"]


def test_wrong_password(cluster: Cluster, definition: Dict[str, Any], mysql: Mysql, database: str) -> None:
    user = f"u_{database}"
    mysql.execute(f"CREATE USER '{user}'@'%' IDENTIFIED BY 'right' FAILED_LOGIN_ATTEMPTS 3 PASSWORD_LOCK_TIME 1")
    mysql.execute(f"GRANT REPLICATION SLAVE, REPLICATION CLIENT, SELECT ON *.* TO '{user}'@'%'")
    definition["source"].update(username=user, password="wrong")
    message = start_failure(cluster, definition)
    assert "source.password" in message and user in message and "wrong" not in message.replace("wrong password", "")
    # The remedy works, and the account isn't locked.
    cluster.binferry("task", "update", definition["id"], "--set", "source.password=right")
    cluster.binferry("task", "retry", definition["id"])
    cluster.wait(definition["id"], "INCREMENTAL_SYNC")


def test_the_worker_tells_before_the_start(cluster: Cluster, definition: Dict[str, Any]) -> None:
    definition["source"].update(username="nobody_here", password="x")
    cluster.create_task(definition, start=False)
    cluster.wait(definition["id"], "CONFIGURATION")
    deadline = time.monotonic() + 20
    while "sourceCheck" not in cluster.task(definition["id"])["status"] or \
            "destinationCheck" not in cluster.task(definition["id"])["status"]:
        assert time.monotonic() < deadline, cluster.logs()
        time.sleep(0.2)
    status = cluster.task(definition["id"])["status"]
    assert not status["sourceCheck"].get("passed") and "source.password" in status["sourceCheck"]["message"]
    assert status["destinationCheck"]["passed"]


def test_unknown_host(cluster: Cluster, definition: Dict[str, Any]) -> None:
    definition["source"]["host"] = "nowhere.invalid"
    message = retried_fault(cluster, definition)
    assert "nowhere.invalid" in message and "source.host" in message


def test_closed_port(cluster: Cluster, definition: Dict[str, Any]) -> None:
    definition["source"]["port"] = 1
    message = retried_fault(cluster, definition)
    assert "127.0.0.1:1" in message and "source.port" in message


def test_unreachable_broker(cluster: Cluster, definition: Dict[str, Any]) -> None:
    definition["destination"]["bootstrapServers"] = ["127.0.0.1:1"]
    message = retried_fault(cluster, definition, 30)
    assert "127.0.0.1:1" in message and "bootstrap" in message


def test_missing_topic(cluster: Cluster, definition: Dict[str, Any], mysql: Mysql, database: str) -> None:
    definition["topicPolicy"] = {"specifiedTopic": {"name": "nothere." + database}}
    message = start_failure(cluster, definition)
    assert "nothere." + database in message and "create" in message.lower()


def test_unknown_database_and_table(cluster: Cluster, definition: Dict[str, Any], database: str) -> None:
    definition["objects"]["databases"] = [{"name": database, "tables": [{"name": "nothere"}]}]
    assert f"{database}.nothere" in start_failure(cluster, definition)
    definition["id"] += "2"
    definition["objects"]["databases"] = [{"name": "nothere_" + database, "allTables": True}]
    assert "nothere_" + database in start_failure(cluster, definition)


def test_all_violations_at_once(cluster: Cluster, definition: Dict[str, Any]) -> None:
    definition["source"]["port"] = 0
    definition["destination"]["bootstrapServers"] = ["nonsense"]
    definition["tags"] = {"k" * 129: "v"}
    definition["description"] = "a < b"
    message = refusal(cluster, definition)
    for field in ("task.source.port", "task.destination.bootstrap_servers[0]", "task.tags", "task.description"):
        assert field in message, message
    assert "65535" in message


def test_a_name_of_ten_thousand_characters(cluster: Cluster, definition: Dict[str, Any]) -> None:
    definition["id"] = "n" * 50
    definition["objects"]["databases"][0]["name"] = "d" * 10_000
    message = refusal(cluster, definition)
    assert "task.objects.databases[0].name" in message and len(message) < 2_000
    with pytest.raises(CommandFailed) as refused:
        cluster.binferry("task", "get", "n" * 10_000)
    assert len(refused.value.message) < 2_000


def test_what_is_not_carried_out_yet_is_refused_by_name(cluster: Cluster, definition: Dict[str, Any]) -> None:
    for field, value, path in (("deliveryMode", "AT_LEAST_ONCE", "delivery_mode"),
                               ("ddlPolicy", "CARRY", "ddl_policy"),
                               ("partitionPolicy", "COLUMN_HASH", "partition_policy"),
                               ("synchronizationMode", "FULL_AND_INCREMENTAL", "synchronization_mode")):
        message = refusal(cluster, {**definition, field: value})
        assert path in message, message


def test_a_broken_task_file(cluster: Cluster) -> None:
    path = cluster.dir / "broken.yaml"
    path.write_text("id: broken\nsource:\n  prot: 3306\n")
    with pytest.raises(CommandFailed) as refused:
        cluster.binferry("task", "create", "-f", str(path))
    assert refused.value.code == 2
    assert "broken.yaml:3" in refused.value.message and "`port`" in refused.value.message


def test_purged_binlog_and_statement_format(database: str) -> None:
    """On a server of its own, because both change the whole server."""
    with Stack() as own, Cluster(own) as cluster, Mysql(own.mysql) as mysql:
        mysql.execute(f"CREATE DATABASE {database}")
        mysql.execute(f"CREATE TABLE {database}.t (id INT PRIMARY KEY)")
        cluster.start_controller()
        cluster.wait_until_serving()
        cluster.start_worker()
        definition = task_definition(own, "purged", database)
        uuid = mysql.value("SELECT @@server_uuid")
        mysql.execute("FLUSH BINARY LOGS")
        mysql.execute(f"INSERT INTO {database}.t VALUES (1)")
        mysql.execute("FLUSH BINARY LOGS")
        last = mysql.execute("SHOW BINARY LOGS")[-1][0]
        mysql.execute(f"PURGE BINARY LOGS TO '{last}'")
        message = start_failure(cluster, {**definition, "startPosition": {"gtidSet": f"{uuid}:1"}})
        assert "purged" in message and uuid in message
        mysql.execute("SET GLOBAL binlog_format = STATEMENT")
        message = start_failure(cluster, {**definition, "id": "statement"})
        assert "binlog_format" in message and "ROW" in message
