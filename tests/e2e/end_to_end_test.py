"""Each record byte for byte, in both formats, under all topic and partition policies."""

import itertools
import json
import time
from typing import Dict, Iterator, List, Optional, Tuple

import pytest

from support.cluster import Cluster, task_definition
from support.kafka import Kafka, Record
from support.murmur2 import partition_of
from support.mysql import Mysql
from support.stack import Stack

FORMATS = ("JSON", "JSON_C")
TOPICS = ("specified", "auto")
PARTITIONS = ("TABLE_HASH", "PARTITION_ZERO", "PRIMARY_KEY_HASH")
POLICIES = list(itertools.product(FORMATS, TOPICS, PARTITIONS))
PARTITION_COUNT = 5

SCHEMA = """
CREATE TABLE numbers (
  id BIGINT UNSIGNED NOT NULL PRIMARY KEY, tiny TINYINT, small SMALLINT UNSIGNED, medium MEDIUMINT, plain INT,
  price DECIMAL(12,3), ratio FLOAT, share DOUBLE);
CREATE TABLE texts (
  name VARCHAR(20) CHARACTER SET latin1 NOT NULL, lang CHAR(2) NOT NULL, body TEXT, raw VARBINARY(8), fixed BINARY(3),
  piece BLOB, PRIMARY KEY (lang, name)) CHARACTER SET utf8mb4;
CREATE TABLE times (
  d DATE, t TIME(2), dt DATETIME(6), ts TIMESTAMP(3) NULL, note VARCHAR(10));
"""

# Statements, and the records of them: table, kind, key, row before, row after. Rows are the JSON text of a row
# object, None where there is none; {ts:...} stands for a timestamp in the format's way.
Step = Tuple[str, List[Tuple[str, str, Optional[str], Optional[str], Optional[str]]]]

NUMBER_1 = ('{"id":"18446744073709551615","tiny":"-128","small":"65535","medium":"-8388608","plain":"7",'
            '"price":"-123456789.050","ratio":"10357.0","share":"1.2510357E7"}')
NUMBER_2 = '{"id":"2","tiny":null,"small":null,"medium":null,"plain":null,"price":null,"ratio":null,"share":null}'
NUMBER_2_NEW = NUMBER_2.replace('"plain":null', '"plain":"0"').replace('"share":null', '"share":"5.0E-4"')
NUMBER_3 = NUMBER_2_NEW.replace('"id":"2"', '"id":"3"')
TEXT = ('{"name":"caf\u00e9","lang":"fr","body":"\\u003ca\\u003e \\"x\\"\\n\u4e2d\U0001f600","raw":"[1, -1]",'
        '"fixed":"[97, 0, 0]","piece":"[]"}')
TEXT_NEW = TEXT.replace('"[1, -1]"', "null")
TIME = ('{"d":"2021-06-25","t":"-00:00:01.50","dt":"2021-06-25 17:51:53.000001","ts":"{ts}","note":"a"}')
TIME_NEW = TIME.replace('"note":"a"', '"note":"b"')

STEPS: List[Step] = [
    ("INSERT INTO numbers VALUES (18446744073709551615, -128, 65535, -8388608, 7, -123456789.05, 10357, 12510357)",
     [("numbers", "INSERT", '{"id":"18446744073709551615"}', None, NUMBER_1)]),
    ("INSERT INTO numbers (id) VALUES (2)", [("numbers", "INSERT", '{"id":"2"}', None, NUMBER_2)]),
    ("UPDATE numbers SET plain = 0, share = 0.0005 WHERE id = 2",
     [("numbers", "UPDATE", '{"id":"2"}', NUMBER_2, NUMBER_2_NEW)]),
    ("UPDATE numbers SET id = 3 WHERE id = 2", [("numbers", "MOVE", '{"id":"3"}', NUMBER_2_NEW, NUMBER_3)]),
    ("DELETE FROM numbers WHERE id = 3", [("numbers", "DELETE", '{"id":"3"}', NUMBER_3, None)]),
    ("INSERT INTO texts VALUES ('caf\u00e9', 'fr', '<a> \"x\"\\n\u4e2d\U0001f600', x'01ff', 'a', '')",
     [("texts", "INSERT", '{"lang":"fr","name":"caf\u00e9"}', None, TEXT)]),
    ("UPDATE texts SET raw = NULL", [("texts", "UPDATE", '{"lang":"fr","name":"caf\u00e9"}', TEXT, TEXT_NEW)]),
    ("DELETE FROM texts", [("texts", "DELETE", '{"lang":"fr","name":"caf\u00e9"}', TEXT_NEW, None)]),
    ("INSERT INTO times VALUES ('2021-06-25', '-00:00:01.5', '2021-06-25 17:51:53.000001', "
     "'2021-06-25 17:51:54.201', 'a')", [("times", "INSERT", None, None, TIME)]),
    ("UPDATE times SET note = 'b'", [("times", "UPDATE", None, TIME, TIME_NEW)]),
    ("DELETE FROM times", [("times", "DELETE", None, TIME_NEW, None)]),
]

MYSQL_TYPES = {
    "numbers": '{"id":"bigint unsigned","tiny":"tinyint","small":"smallint unsigned","medium":"mediumint",'
               '"plain":"int","price":"decimal","ratio":"float","share":"double"}',
    "texts": '{"name":"varchar","lang":"char","body":"text","raw":"varbinary","fixed":"binary","piece":"blob"}',
    "times": '{"d":"date","t":"time","dt":"datetime","ts":"timestamp","note":"varchar"}',
}
SQL_TYPES = {
    "numbers": '{"id":-5,"tiny":-6,"small":5,"medium":4,"plain":4,"price":3,"ratio":6,"share":8}',
    "texts": '{"name":12,"lang":1,"body":-1,"raw":-3,"fixed":-2,"piece":2004}',
    "times": '{"d":91,"t":92,"dt":94,"ts":93,"note":12}',
}
PRIMARY_KEYS = {"numbers": '["id"]', "texts": '["lang","name"]', "times": "[]"}


def task_name(policies: Tuple[str, str, str]) -> str:
    return "-".join(policies).lower().replace("_", "")


def expected(policies: Tuple[str, str, str], database: str) -> Iterator[Tuple[str, int, Optional[str], str]]:
    """Topic, partition, key and value of each record, in order; `{es}` and `{ts}` for the two times."""
    record_format, topics, partitions = policies
    number = 0
    for _, changes in STEPS:
        for table, kind, key, before, after in changes:
            halves = [(kind, key, before, after)]
            if kind == "MOVE":
                halves = [("UPDATE", key, before, after)]
                if partitions == "PRIMARY_KEY_HASH":
                    halves = [("DELETE", '{"id":"2"}', before, None), ("INSERT", key, None, after)]
            for half_kind, half_key, old, new in halves:
                number += 1
                if half_kind == "DELETE" and record_format == "JSON_C":
                    old, new = new, old
                value = (f'{{"mysqlType":{MYSQL_TYPES[table]},"id":{number},"es":ES,"ts":TS,"database":"{database}",'
                         f'"table":"{table}","type":"{half_kind}","isDdl":false,"sql":"","sqlType":{SQL_TYPES[table]},'
                         f'"data":{f"[{new}]" if new else "null"},"old":{f"[{old}]" if old else "null"},'
                         f'"pkNames":{PRIMARY_KEYS[table]}}}')
                stamp = "1624643514.201" if record_format == "JSON" else "2021-06-25 17:51:54.201"
                topic = f"{task_name(policies)}.all" if topics == "specified" else \
                    f"{task_name(policies)}.{database}-{table}"
                if partitions == "PARTITION_ZERO":
                    partition = 0
                elif partitions == "PRIMARY_KEY_HASH" and half_key is not None:
                    partition = partition_of(half_key.encode(), PARTITION_COUNT)
                else:
                    partition = partition_of(f"{database}.{table}".encode(), PARTITION_COUNT)
                yield topic, partition, half_key, value.replace("{ts}", stamp)


@pytest.fixture(scope="module")
def delivered(stack: Stack, cluster: Cluster, kafka: Kafka) -> Dict[str, Tuple[str, List[Record], float, float]]:
    """All tasks at once over one database: by task, the database, its records by id, and when the work was."""
    database = "shop"
    with Mysql(stack.mysql) as mysql:
        mysql.execute(f"DROP DATABASE IF EXISTS {database}")
        mysql.execute(f"CREATE DATABASE {database}")
        mysql.execute(f"USE {database}")
        mysql.execute("SET time_zone = '+00:00'")
        mysql.script(SCHEMA)
        for policies in POLICIES:
            record_format, topics, partitions = policies
            name = task_name(policies)
            topic_policy = {"autoTopics": {"nameFormat": f"{name}.$database$-$tablename$",
                                           "partitions": PARTITION_COUNT}}
            if topics == "specified":
                kafka.create_topic(f"{name}.all", PARTITION_COUNT)
                topic_policy = {"specifiedTopic": {"name": f"{name}.all"}}
            cluster.create_task(task_definition(stack, name, database, recordFormat=record_format,
                                                partitionPolicy=partitions, topicPolicy=topic_policy))
        for policies in POLICIES:
            cluster.wait(task_name(policies), "INCREMENTAL_SYNC")
        start = time.time()
        for statement, _ in STEPS:
            mysql.execute(statement)
        result = {}
        for policies in POLICIES:
            name = task_name(policies)
            cluster.wait_for_records(name, len(list(expected(policies, database))))
            topics = sorted({topic for topic, *_ in expected(policies, database)})
            records = sorted(kafka.read(*topics), key=lambda record: json.loads(record.value)["id"])
            result[name] = database, records, start, time.time()
        mysql.execute(f"DROP DATABASE {database}")
    return result


@pytest.mark.parametrize("policies", POLICIES, ids=task_name)
def test_every_record_is_as_expected(delivered: Dict, policies: Tuple[str, str, str]) -> None:
    database, records, start, end = delivered[task_name(policies)]
    wanted = list(expected(policies, database))
    assert len(records) == len(wanted)
    for record, (topic, partition, key, value) in zip(records, wanted):
        document = json.loads(record.value)
        # The times can't be known before; they must be those of the work.
        assert start - 1 <= document["es"] / 1000 <= end + 1
        assert document["es"] - 1000 <= document["ts"] <= end * 1000 + 1000
        times = value.replace('"es":ES,"ts":TS', f'"es":{document["es"]},"ts":{document["ts"]}')
        assert record.value.decode() == times
        assert (record.topic, record.partition) == (topic, partition)
        assert record.key == (key.encode() if key else None)


def test_status_tells_what_was_done(delivered: Dict, cluster: Cluster) -> None:
    status = cluster.task(task_name(POLICIES[0]))["status"]
    counters = status["counters"]
    assert (counters["inserts"], counters["updates"], counters["deletes"]) == ("4", "4", "3")
    assert status["position"]["gtidSet"]
    assert float(status["lag"].rstrip("s")) < 60
    assert "pause" in status["availableActions"]
    listed = cluster.binferry("task", "list", "--state", "INCREMENTAL_SYNC")
    assert all(task_name(policies) in listed for policies in POLICIES)
    assert "w1" in cluster.binferry("worker", "list")
