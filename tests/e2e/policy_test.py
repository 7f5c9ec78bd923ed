"""What a task does with changes that the binlog does not have, and with bytes that are no text: it stops and says
where and what, or goes on, counts and tells, as its policies say; and the one after the other."""

import json
import re
from typing import Any, Dict, List

import pytest

from support.cluster import Cluster, task_definition
from support.kafka import Kafka
from support.mysql import Mysql
from support.processes import wait_for
from support.stack import Stack


def failure(cluster: Cluster, name: str) -> str:
    """What a task that ran has failed with; it was tried once only."""
    cluster.wait(name, "INCREMENTAL_SYNC_FAILED")
    fault = cluster.task(name)["status"]["lastError"]
    assert fault.get("attempts", 1) == 1 and "nextRetryTime" not in fault, fault
    return fault["message"]


def go_on(cluster: Cluster, name: str, setting: str) -> None:
    """Changes a policy of a failed task and tries again."""
    cluster.binferry("task", "update", name, "--set", setting)
    cluster.binferry("task", "retry", name)
    cluster.wait(name, "INCREMENTAL_SYNC")


def counter(cluster: Cluster, name: str, counter_name: str) -> int:
    return int(cluster.task(name)["status"]["counters"].get(counter_name, 0))


def wait_for_counter(cluster: Cluster, name: str, counter_name: str, count: int) -> None:
    wait_for(lambda: counter(cluster, name, counter_name) >= count, 30, f"{counter_name} of {count}")
    assert counter(cluster, name, counter_name) == count


def events(cluster: Cluster, name: str, reason: str) -> List[str]:
    return [event["message"] for event in cluster.task(name)["status"].get("recentEvents", [])
            if event["reason"] == reason]


def values(kafka: Kafka, topic: str) -> List[Dict[str, Any]]:
    """The records of a topic with one partition."""
    return [json.loads(record.value) for record in kafka.read(topic)]


@pytest.fixture
def definition(stack: Stack, mysql: Mysql, database: str) -> Dict[str, Any]:
    mysql.execute(f"CREATE DATABASE {database}")
    topics = {"autoTopics": {"nameFormat": f"{database}.$tablename$", "partitions": 1}}
    return task_definition(stack, "policy-" + database, database, topicPolicy=topics)


def test_a_statement_stops_the_task_until_it_may_go_on_without(
        stack: Stack, cluster: Cluster, kafka: Kafka, mysql: Mysql, database: str,
        definition: Dict[str, Any]) -> None:
    name = definition["id"]
    mysql.execute(f"CREATE TABLE {database}.t (id INT PRIMARY KEY, c VARCHAR(20))")
    mysql.execute(f"CREATE DATABASE other_{database}")
    mysql.execute(f"CREATE TABLE other_{database}.t (id INT PRIMARY KEY)")
    cluster.run_task(definition)
    with Mysql(stack.mysql, database="other_" + database) as session:
        session.execute("SET binlog_format = STATEMENT")
        # Of no concern to the task.
        session.execute("INSERT INTO t VALUES (1)")
        mysql.execute(f"INSERT INTO {database}.t VALUES (1, 'first')")
        session.execute(f"INSERT INTO {database}.t VALUES (2, 'hush')")
        mysql.execute(f"INSERT INTO {database}.t VALUES (3, 'third')")
        message = failure(cluster, name)
        assert re.search(r"\w+\.\d{6}:\d+", message), message
        for part in (database, "INSERT", "binlog_format=ROW", "unreadable_change_policy"):
            assert part in message, message
        assert "hush" not in message and "INTO" not in message, message
        assert counter(cluster, name, "records") == 1 and counter(cluster, name, "alerts") == 0

        go_on(cluster, name, "unreadableChangePolicy=ALERT")
        cluster.wait_for_records(name, 2)
        wait_for_counter(cluster, name, "alerts", 1)
        for i in range(100, 150):
            session.execute(f"DELETE FROM {database}.t WHERE id = {i}")
        mysql.execute(f"INSERT INTO {database}.t VALUES (4, 'fourth')")
        cluster.wait_for_records(name, 3)
        wait_for_counter(cluster, name, "alerts", 51)
    records = values(kafka, database + ".t")
    assert [record["data"][0]["id"] for record in records] == ["1", "3", "4"]
    # The first at once, and then one a minute, of which a slow machine may see some; newest first.
    told = events(cluster, name, "UNREAD_STATEMENT")
    assert 1 <= len(told) <= 3, told
    assert re.match(r"at \w+\.\d{6}:\d+: .*INSERT", told[-1]) and "hush" not in told[-1], told
    page = cluster.binferry("task", "describe", name)
    assert "Policies:      unreadable change ALERT" in page and "Alerts:        51 changes" in page, page
    assert "UNREAD_STATEMENT  at " in page, page


def test_bytes_that_are_no_text_stop_the_task_inside_a_transaction_until_they_may_be_replaced(
        cluster: Cluster, kafka: Kafka, mysql: Mysql, database: str, definition: Dict[str, Any]) -> None:
    """A source transaction that is larger than what is committed at once, with the bytes in its middle."""
    name = definition["id"]
    rows = 60_000
    mysql.execute(f"CREATE TABLE {database}.t (id INT PRIMARY KEY, filler CHAR(200) CHARACTER SET ascii, "
                  "c VARCHAR(20) CHARACTER SET gbk)")
    mysql.execute(f"SET cte_max_recursion_depth = {rows}")
    cluster.run_task(definition)
    numbers = f"WITH RECURSIVE n AS (SELECT %d AS i UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
    insert = f"INSERT INTO {database}.t {numbers} SELECT i, REPEAT('x', 200), _gbk x'D6D0' FROM n"
    mysql.transaction([
        insert % (1, rows),
        # A code of two bytes that GBK leaves unassigned: the server takes it, and has no character for it.
        f"INSERT INTO {database}.t VALUES ({rows + 1}, '', _gbk x'61FEFE62')",
        insert % (rows + 2, rows + 1_000),
    ])
    message = failure(cluster, name)
    assert re.search(r"\w+\.\d{6}:\d+", message), message
    for part in (f"{database}.t", "column c", "gbk", "invalid_text_policy"):
        assert part in message, message
    position = cluster.task(name)["status"]["position"]
    assert 0 < int(position["rowsDone"]) <= rows, position

    go_on(cluster, name, "invalidTextPolicy=REPLACE")
    cluster.wait_for_records(name, rows + 1_000)
    wait_for_counter(cluster, name, "replacedTexts", 1)
    mysql.execute(f"DELETE FROM {database}.t WHERE id = {rows + 1}")
    cluster.wait_for_records(name, rows + 1_001)
    wait_for_counter(cluster, name, "replacedTexts", 2)
    records = values(kafka, database + ".t")
    assert [record["id"] for record in records] == list(range(1, rows + 1_002))
    assert [int(record["data"][0]["id"]) for record in records[:-1]] == list(range(1, rows + 1_001))
    assert records[rows - 1]["data"][0]["c"] == "中"
    assert records[rows]["data"][0]["c"] == records[-1]["old"][0]["c"] == "a\ufffdb"
    assert "Replaced:      2 texts" in cluster.binferry("task", "describe", name)


def test_a_label_that_a_conversion_left_as_it_was(
        cluster: Cluster, kafka: Kafka, mysql: Mysql, database: str, definition: Dict[str, Any]) -> None:
    """MySQL 9.7 leaves the bytes of ENUM labels alone in CONVERT TO CHARACTER SET."""
    name = definition["id"]
    mysql.execute(f"CREATE TABLE {database}.t (id INT PRIMARY KEY, e ENUM('ä', 'b') CHARACTER SET latin1)")
    mysql.execute(f"ALTER TABLE {database}.t CONVERT TO CHARACTER SET utf8mb4")
    mysql.execute(f"INSERT INTO {database}.t VALUES (0, 'b')")
    mysql.execute(f"UPDATE {database}.t SET e = 1")
    if mysql.value(f"SELECT HEX(e) FROM {database}.t") != "E4":
        pytest.skip("this server converts labels")
    mysql.execute(f"TRUNCATE TABLE {database}.t")
    cluster.run_task(definition)
    mysql.execute(f"INSERT INTO {database}.t VALUES (1, 1)")
    message = failure(cluster, name)
    for part in (f"{database}.t", "column e", "utf8mb4", "invalid_text_policy"):
        assert part in message, message
    go_on(cluster, name, "invalidTextPolicy=REPLACE")
    mysql.execute(f"INSERT INTO {database}.t VALUES (2, 2)")
    cluster.wait_for_records(name, 2)
    assert [record["data"][0]["e"] for record in values(kafka, database + ".t")] == ["\ufffd", "b"]
    wait_for_counter(cluster, name, "replacedTexts", 1)


def test_a_json_difference_without_its_document(
        stack: Stack, cluster: Cluster, kafka: Kafka, mysql: Mysql, database: str,
        definition: Dict[str, Any]) -> None:
    name = definition["id"]
    mysql.execute(f"CREATE TABLE {database}.t (id INT PRIMARY KEY, c INT, j JSON)")
    cluster.run_task(definition)
    with Mysql(stack.mysql, database=database) as session:
        session.execute("INSERT INTO t VALUES (1, 1, '{\"a\": \"long enough for a difference\", \"b\": 1}')")
        session.execute("SET binlog_row_value_options = PARTIAL_JSON")
        session.execute("UPDATE t SET j = JSON_SET(j, '$.b', 2)")
        cluster.wait_for_records(name, 2)
        session.execute("SET binlog_row_image = MINIMAL")
        session.execute("UPDATE t SET c = 2, j = JSON_SET(j, '$.b', 3)")
    message = failure(cluster, name)
    for part in (f"{database}.t.j", "binlog_row_image=FULL", "unreadable_change_policy"):
        assert part in message, message
    go_on(cluster, name, "unreadableChangePolicy=ALERT")
    cluster.wait_for_records(name, 3)
    wait_for_counter(cluster, name, "alerts", 1)
    _, whole, lacking = values(kafka, database + ".t")
    assert json.loads(whole["data"][0]["j"]) == {"a": "long enough for a difference", "b": 2}
    assert lacking["data"] == [{"id": "1", "c": "2"}] and "j" not in lacking["old"][0]
    assert f"table {database}.t" in events(cluster, name, "MISSING_JSON_DOCUMENT")[0]
