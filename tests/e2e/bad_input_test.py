"""Each mistake gets a message that names the field, the cause and the remedy, before the start where it can."""

from typing import Any, Dict

import pytest

from support.cluster import Cluster, CommandFailed, task_definition
from support.kafka import Kafka
from support.mysql import Mysql
from support.processes import wait_for
from support.proxy import Proxy
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


def retried_fault(cluster: Cluster, name: str, seconds: float = 30) -> str:
    """What a task that waits for the network shows, within `seconds`, while it goes on trying."""
    cluster.binferry("task", "start", name)
    wait_for(lambda: "lastError" in cluster.task(name)["status"], seconds, f"a fault of {name}")
    status = cluster.task(name)["status"]
    assert status["state"] == "TASK_STATE_STARTING"
    assert status["lastError"]["remedy"], status
    return status["lastError"]["message"] + "\n" + status["lastError"]["remedy"]


@pytest.fixture
def user(mysql: Mysql, database: str) -> str:
    """An account with the password `right`, which four wrong ones lock."""
    name = f"u_{database}"
    mysql.execute(f"CREATE USER '{name}'@'%' IDENTIFIED BY 'right' FAILED_LOGIN_ATTEMPTS 4 PASSWORD_LOCK_TIME 1")
    mysql.execute(f"GRANT REPLICATION SLAVE, REPLICATION CLIENT, SELECT ON *.* TO '{name}'@'%'")
    return name


def test_wrong_password(cluster: Cluster, definition: Dict[str, Any], user: str) -> None:
    definition["source"].update(username=user, password="wrong")
    cluster.create_task(definition, start=False)
    test = cluster.test(definition["id"], "source")
    assert not test.get("passed")
    failed = test["steps"][-1]
    assert failed["step"] == "AUTHENTICATION" and user in failed["message"] + failed["remedy"]
    assert "source.password" in failed["remedy"] and "'wrong'" not in str(test)
    assert cluster.test(definition["id"], "destination")["passed"]
    # The remedy works, and the account isn't locked.
    cluster.binferry("task", "update", definition["id"], "--set", "source.password=right")
    assert cluster.test(definition["id"], "source")["passed"]


def test_a_password_that_is_changed_before_the_start(cluster: Cluster, definition: Dict[str, Any], mysql: Mysql,
                                                     user: str) -> None:
    definition["source"].update(username=user, password="right")
    cluster.create_task(definition, start=False)
    cluster.prepare_task(definition["id"])
    mysql.execute(f"ALTER USER '{user}'@'%' IDENTIFIED BY 'other'")
    cluster.binferry("task", "start", definition["id"])
    cluster.wait(definition["id"], "START_FAILED")
    fault = cluster.task(definition["id"])["status"]["lastError"]
    assert fault.get("attempts", 1) <= 3 and "nextRetryTime" not in fault, fault
    assert user in fault["message"] and "source.password" in fault["remedy"]
    cluster.binferry("task", "update", definition["id"], "--set", "source.password=other")
    cluster.binferry("task", "retry", definition["id"])
    cluster.wait(definition["id"], "INCREMENTAL_SYNC")


def test_unknown_host(cluster: Cluster, definition: Dict[str, Any]) -> None:
    definition["source"]["host"] = "nowhere.invalid"
    message = cluster.why_not_started(definition)
    assert "nowhere.invalid" in message and "source.host" in message


def test_closed_port(cluster: Cluster, definition: Dict[str, Any]) -> None:
    definition["source"]["port"] = 1
    message = cluster.why_not_started(definition)
    assert "127.0.0.1:1" in message and "source.port" in message


def test_unreachable_broker(cluster: Cluster, definition: Dict[str, Any]) -> None:
    definition["destination"]["bootstrapServers"] = ["127.0.0.1:1"]
    message = cluster.why_not_started(definition)
    assert "127.0.0.1:1" in message and "bootstrap" in message


def test_networks_that_fail_before_the_start_are_tried_again(
        cluster: Cluster, definition: Dict[str, Any], stack: Stack) -> None:
    with Proxy(stack.mysql) as mysql, Proxy(stack.kafka) as kafka:
        host, _, port = mysql.address.rpartition(":")
        definition["source"].update(host=host, port=int(port))
        names = [definition["id"], definition["id"] + "-k"]
        cluster.create_task(definition, start=False)
        cluster.create_task({**definition, "id": names[1], "source": {
            **definition["source"], "port": int(stack.mysql.rpartition(":")[2])},
            "destination": {"bootstrapServers": [kafka.address]}}, start=False)
        for name in names:
            cluster.prepare_task(name)
    message = retried_fault(cluster, names[0])
    assert mysql.address in message and "source.port" in message
    message = retried_fault(cluster, names[1])
    assert kafka.address in message and "bootstrap" in message


def test_missing_topic(cluster: Cluster, definition: Dict[str, Any], database: str) -> None:
    definition["topicPolicy"] = {"specifiedTopic": {"name": "nothere." + database}}
    message = cluster.why_not_started(definition)
    assert "nothere." + database in message and "create" in message.lower()


def test_unknown_database_and_table(cluster: Cluster, definition: Dict[str, Any], database: str) -> None:
    definition["objects"]["databases"] = [{"name": database, "tables": [{"name": "nothere"}]}]
    assert f"{database}.nothere" in cluster.why_not_started(definition)
    definition["id"] += "2"
    definition["objects"]["databases"] = [{"name": "nothere_" + database, "allTables": True}]
    assert "nothere_" + database in cluster.why_not_started(definition)


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
        position = {"gtidSet": f"{uuid}:1"}
        for name, changes in (("purged", {"startPosition": position}), ("statement", {})):
            cluster.create_task({**definition, **changes, "id": name}, start=False)
            cluster.prepare_task(name)
        mysql.execute("FLUSH BINARY LOGS")
        last = mysql.execute("SHOW BINARY LOGS")[-1][0]
        mysql.execute(f"PURGE BINARY LOGS TO '{last}'")
        # What changed since the check is found by the run, at once.
        for name, words in (("purged", ("purged", uuid)), ("statement", ("binlog_format", "ROW"))):
            if name == "statement":
                mysql.execute("SET GLOBAL binlog_format = STATEMENT")
            cluster.binferry("task", "start", name)
            cluster.wait(name, "START_FAILED", 20)
            fault = cluster.task(name)["status"]["lastError"]
            assert fault.get("attempts", 1) == 1 and "nextRetryTime" not in fault, fault
            assert all(word in fault["message"] + fault.get("remedy", "") for word in words), fault
            # And by the next check.
            again = cluster.why_not_started({**definition, "id": f"{name}2", "startPosition": position})
            assert all(word in again for word in words), again
