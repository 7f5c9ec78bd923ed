"""A task's life: paused, resumed, scheduled, stopped, deleted and created again."""

import datetime
import json
import secrets
import time

import pytest

from support.cluster import Cluster, CommandFailed, task_definition
from support.kafka import Kafka
from support.ledger import problems
from support.mysql import Mysql
from support.processes import wait_for
from support.stack import Stack
from support.workload import TABLES, Workload


def topics_of(name: str, database: str) -> list:
    return [f"{name}.{database}-{table}" for table in TABLES]


def test_changes_during_a_pause_arrive_once(stack: Stack, cluster: Cluster, kafka: Kafka, database: str) -> None:
    work = Workload(stack.mysql, database, seed=1)
    cluster.run_task(task_definition(stack, "pausing", database))
    work.run(200)
    cluster.wait_for_records("pausing", 1)
    cluster.binferry("task", "pause", "pausing")
    cluster.wait("pausing", "PAUSED")
    work.run(200)
    before = int(cluster.task("pausing")["status"]["position"]["lastRecordId"])
    assert before < len(work.changes)
    cluster.binferry("task", "resume", "pausing")
    cluster.wait_for_records("pausing", len(work.changes))
    assert problems(work.changes, kafka.read(*topics_of("pausing", database))) == []


def test_stop_delete_and_create_again_starts_fresh(stack: Stack, cluster: Cluster, kafka: Kafka,
                                                   database: str) -> None:
    definition = task_definition(stack, "again", database)
    definition["source"].update(username="again_" + database, password="Hush-" + secrets.token_hex(8))
    with Mysql(stack.mysql) as mysql:
        user = f"'{definition['source']['username']}'@'%'"
        mysql.execute(f"CREATE USER {user} IDENTIFIED BY '{definition['source']['password']}'")
        mysql.execute(f"GRANT REPLICATION SLAVE, REPLICATION CLIENT, SELECT ON *.* TO {user}")
    work = Workload(stack.mysql, database, seed=2)
    cluster.run_task(definition)
    work.run(50)
    cluster.wait_for_records("again", len(work.changes))
    first_uid = cluster.task("again")["uid"]
    with pytest.raises(CommandFailed, match="stop"):
        cluster.binferry("task", "delete", "again")
    cluster.binferry("task", "stop", "again")
    cluster.wait("again", "COMPLETED")
    # What was delivered stays, for people.
    status = cluster.task("again")["status"]
    assert int(status["counters"]["records"]) == int(status["position"]["lastRecordId"]) == len(work.changes)
    with pytest.raises(CommandFailed) as refused:
        cluster.binferry("task", "resume", "again")
    assert "COMPLETED" in refused.value.message
    # Not one live checkpoint of it is left: the last record of each of its keys is a tombstone.
    assert live_checkpoints(cluster, kafka, first_uid) == []
    cluster.binferry("task", "delete", "again")
    with pytest.raises(CommandFailed, match="again"):
        cluster.task("again")
    for table in all_tables(cluster):
        assert first_uid not in table and definition["source"]["password"] not in table

    done = len(work.changes)
    cluster.run_task(definition)
    work.run(50)
    status = cluster.wait_for_records("again", len(work.changes) - done)
    assert cluster.task("again")["uid"] != first_uid
    assert int(status["position"]["lastRecordId"]) == len(work.changes) - done


def live_checkpoints(cluster: Cluster, kafka: Kafka, uid: str) -> list:
    last = {}
    for record in kafka.read(f"{cluster.state_topics}-checkpoints"):
        if uid.encode() in (record.key or b""):
            last[record.key] = record.value
    return [key for key, value in last.items() if value]


def all_tables(cluster: Cluster) -> list:
    """The text of every row of the installation's database."""
    names = cluster.stack.psql("SELECT format('%I.%I', schemaname, tablename) FROM pg_tables "
                               "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')", cluster.database)
    return [str(cluster.stack.psql(f"SELECT t::text FROM {name} t", cluster.database)) for [name] in names]


def test_starts_at_its_time_though_the_controller_was_down_then(stack: Stack, kafka: Kafka, database: str) -> None:
    work = Workload(stack.mysql, database, seed=3)
    with Cluster(stack) as cluster:
        cluster.start_controller()
        cluster.wait_until_serving()
        cluster.start_worker()
        cluster.create_task(task_definition(stack, "scheduled", database), start=False)
        cluster.prepare_task("scheduled")
        at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=8)
        cluster.binferry("task", "start", "scheduled", "--at", at.strftime("%Y-%m-%dT%H:%M:%SZ"))
        cluster.wait("scheduled", "PENDING_START")
        cluster.controller.kill()
        time.sleep(9)  # The start time passes without a controller: that is the case.
        cluster.start_controller()
        cluster.wait_until_serving()
        cluster.wait("scheduled", "INCREMENTAL_SYNC")
        work.run(20)
        cluster.wait_for_records("scheduled", len(work.changes))
        assert problems(work.changes, kafka.read(*topics_of("scheduled", database))) == []


def test_starts_at_a_position_in_the_past(stack: Stack, cluster: Cluster, kafka: Kafka, database: str) -> None:
    with Mysql(stack.mysql) as mysql:
        before = mysql.executed_gtids()
        status = mysql.execute("SHOW BINARY LOG STATUS")[0]
    work = Workload(stack.mysql, database, seed=4)
    work.run(50)
    for name, position in (("pastgtid", {"gtidSet": before}),
                           ("pastfile", {"coordinates": {"file": status[0], "position": status[1]}})):
        cluster.run_task(task_definition(stack, name, database, startPosition=position))
        cluster.wait_for_records(name, len(work.changes))
        assert problems(work.changes, kafka.read(*topics_of(name, database))) == []


def test_update_changes_what_a_running_task_does(stack: Stack, cluster: Cluster, kafka: Kafka, mysql: Mysql,
                                                 database: str) -> None:
    mysql.execute(f"CREATE DATABASE {database}")
    for table in ("a", "b"):
        mysql.execute(f"CREATE TABLE {database}.{table} (id INT PRIMARY KEY, version INT)")
    cluster.run_task(task_definition(stack, "edited", database, objects={
        "databases": [{"name": database, "tables": [{"name": "a"}]}]}))
    mysql.execute(f"INSERT INTO {database}.a VALUES (1, 1)")
    mysql.execute(f"INSERT INTO {database}.b VALUES (1, 1)")
    cluster.wait_for_records("edited", 1)
    path = cluster.dir / "edit.json"
    path.write_text(json.dumps({"objects": {"databases": [{"name": database, "tables": [{"name": "b"}]}]}}))
    cluster.binferry("task", "update", "edited", "-f", str(path))
    wait_for(lambda: cluster.task("edited")["status"].get("observedGeneration") == cluster.task("edited")["generation"],
             30, "the new generation runs")
    cluster.wait("edited", "INCREMENTAL_SYNC")
    mysql.execute(f"INSERT INTO {database}.a VALUES (2, 1)")
    mysql.execute(f"INSERT INTO {database}.b VALUES (2, 1)")
    cluster.wait_for_records("edited", 2)
    found = kafka.read(f"edited.{database}-a", f"edited.{database}-b")
    assert [(json.loads(r.value)["table"], json.loads(r.value)["data"][0]["id"]) for r in found] == [
        ("a", "1"), ("b", "2")]
