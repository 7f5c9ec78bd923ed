"""Whatever is done to tables of any shape: what Kafka has after replay is what SELECT says, text by text.

BINFERRY_SEED repeats a run, BINFERRY_ROUNDS makes it longer, BINFERRY_KINDS=json,enum takes some column types only,
BINFERRY_SOURCE_VERSION=8.0.31 another MySQL."""

import copy
import json
import os
import random
import re
import secrets
import time
from dataclasses import dataclass
from typing import Any, Dict, Iterator, List

import pytest

from support.cluster import Cluster, task_definition
from support.kafka import Kafka
from support.processes import wait_for
from support.random_history import MARKS, History, Mark
from support.replay import Replay, differences, in_order
from support.stack import Stack

ROUNDS = 14
SHOWN = 20  # Differences of a failure.
ZERO_TIMESTAMP = "0000-00-00 00:00:00"


def found_differences(changes: List[Dict[str, Any]], marks: Dict[int, Mark]) -> List[str]:
    """Applies the changes and compares, at each mark, what they made of the tables with what was selected there."""
    replay = Replay()
    found: List[str] = []
    seen = []
    keys: Dict[str, List[str]] = {}
    for change in changes:
        keys[change["table"]] = change["pkNames"]
        if change["table"] != MARKS:
            try:
                replay.apply(change)
            except AssertionError as wrong:
                return [*found, str(wrong)]
            continue
        number = int(change["data"][0]["n"])
        seen.append(number)
        mark = marks[number]
        replay.defaults.update(mark.defaults)
        if mark.rename:
            replay.rename(*mark.rename)
            keys[mark.rename[1]] = keys.get(mark.rename[0], [])
        if mark.truncate:
            replay.tables.pop(mark.truncate, None)
        for table, rows in mark.rows.items():
            found += [f"mark {number}: {line}"
                      for line in differences(table, rows, replay.rows(table), keys.get(table))]
        if len(found) > SHOWN:
            return found
    return found if seen == sorted(marks) else [*found, f"marks {sorted(set(marks) - set(seen))} are missing"]


def rounds() -> int:
    return int(os.environ.get("BINFERRY_ROUNDS", ROUNDS))


@dataclass
class Delivered:
    """What a run has made: the changes in order, in both formats, and the history that they come from."""

    seed: int
    changes: List[Dict[str, Any]]
    changes_c: List[Dict[str, Any]]
    history: History


@pytest.fixture(scope="module")
def delivered(stack: Stack, cluster: Cluster, kafka: Kafka) -> Iterator[Delivered]:
    """A history on a MySQL of its own, carried by two tasks."""
    seed = int(os.environ.get("BINFERRY_SEED", random.randrange(1 << 30)))
    print(f"BINFERRY_SEED={seed}")
    settings = {"mysql.sync_binlog": "0", "mysql.innodb_flush_log_at_trx_commit": "0"}
    with Stack(("mysql",), settings, os.environ.get("BINFERRY_SOURCE_VERSION")) as source:
        history = History(source.mysql, "values_at_random", random.Random(seed))
        try:
            topics = {}
            for record_format in ("JSON", "JSON_C"):
                topics[record_format] = f"differential-{record_format.lower()}-{secrets.token_hex(4)}"
                kafka.create_topic(topics[record_format], 4)
                run_task(cluster, stack, source, topics[record_format], record_format)
            history.run(rounds())
            print(history.summary)
            for topic in topics.values():
                wait_for_last_mark(cluster, kafka, topic, len(history.marks))
            yield Delivered(seed, in_order(kafka.read(topics["JSON"])), in_order(kafka.read(topics["JSON_C"])), history)
        finally:
            history.close()


def name_of(topic: str) -> str:
    """The task that writes into it."""
    return topic.replace("_", "-")


def run_task(cluster: Cluster, stack: Stack, source: Stack, topic: str, record_format: str) -> None:
    definition = task_definition(stack, name_of(topic), "values_at_random", partitionPolicy="TABLE_HASH",
                                 recordFormat=record_format, topicPolicy={"specifiedTopic": {"name": topic}})
    host, _, port = source.mysql.rpartition(":")
    definition["source"].update(host=host, port=int(port))
    cluster.run_task(definition)


def wait_for_last_mark(cluster: Cluster, kafka: Kafka, topic: str, last: int) -> None:
    """Until the task has carried everything, or has stopped, of which its message tells."""
    def there() -> bool:
        status = cluster.task(name_of(topic))["status"]
        assert status["state"] == "TASK_STATE_INCREMENTAL_SYNC" and "lastError" not in status, \
            json.dumps(status, indent=1) + cluster.logs()
        return any(record.value and f'"n":"{last}"'.encode() in record.value and b'"table":"marks"' in record.value
                   for record in kafka.read(topic))
    wait_for(there, 120, f"mark {last}")


def test_kafka_has_what_select_says(delivered: Delivered) -> None:
    found = found_differences(delivered.changes, delivered.history.marks)
    assert not found, f"BINFERRY_SEED={delivered.seed}\n" + "\n".join(found[:SHOWN])


def test_json_c_says_the_same_in_its_way(delivered: Delivered) -> None:
    """Timestamps as text, and a deleted row in `data`; all else alike."""
    assert len(delivered.changes) == len(delivered.changes_c)
    for change, change_c in zip(delivered.changes, delivered.changes_c):
        change_c = {**change_c, "data": with_short_zeros(change_c, "data"), "old": with_short_zeros(change_c, "old")}
        expected = {**change, "ts": change_c["ts"], "data": in_json_c(change, "data"), "old": in_json_c(change, "old")}
        if change["type"] == "DELETE":
            expected["data"], expected["old"] = expected["old"], expected["data"]
        for side in ("data", "old"):
            found = differences(change["table"], expected[side] or [], change_c[side] or [])
            assert not found, f"BINFERRY_SEED={delivered.seed}: record {change['id']}: {found}"
        assert change_c == expected, f"BINFERRY_SEED={delivered.seed}: record {change['id']}"


def with_short_zeros(change: Dict[str, Any], side: str) -> Any:
    """One side with its zero timestamps without fraction: `0` doesn't tell how many digits it would have."""
    if change[side] is None:
        return None
    return [{name: re.sub(rf"^({ZERO_TIMESTAMP})\.0+$", r"\1", value)
             if change["mysqlType"][name] == "timestamp" and value is not None else value
             for name, value in row.items()} for row in change[side]]


def in_json_c(change: Dict[str, Any], side: str) -> Any:
    """One side with its timestamps as texts in UTC."""
    if change[side] is None:
        return None
    return [{name: utc_text(value) if change["mysqlType"][name] == "timestamp" and value is not None else value
             for name, value in row.items()} for row in change[side]]


def utc_text(seconds: str) -> str:
    """`1.5` as `1970-01-01 00:00:01.5`."""
    if seconds == "0":
        return ZERO_TIMESTAMP
    whole, point, fraction = seconds.partition(".")
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(int(whole))) + point + fraction


def test_every_type_was_compared(delivered: Delivered) -> None:
    changes, history = delivered.changes, delivered.history
    if rounds() < ROUNDS:
        pytest.skip("so few rounds don't meet every type")
    kinds: Dict[str, int] = {}
    for change in changes:
        row = (change["data"] or [{}])[0]
        for column, kind in change["mysqlType"].items():
            if row.get(column) is not None:
                name = kind.replace(" unsigned", "")
                kinds[name] = kinds.get(name, 0) + 1
    print(sorted(kinds.items()))
    missing = [kind for kind in history.kinds if kinds.get(kind.replace("geometrycollection", "geomcollection"), 0) +
               kinds.get(kind, 0) < 5]
    assert not missing, f"hardly a value of {missing}"
    assert history.failed_share < 0.4 and history.alterations > 5, history.summary
    assert {"INSERT", "UPDATE", "DELETE"} == {change["type"] for change in changes}


def test_a_value_that_is_changed_on_the_way_is_found(delivered: Delivered) -> None:
    """The comparison sees each of many single faults: a value, a lost record, an unsigned number taken for signed."""
    seed, changes, history = delivered.seed, delivered.changes, delivered.history
    chance = random.Random(seed)
    candidates = _last_images(changes, history)
    for index in chance.sample(candidates, min(12, len(candidates))):
        broken = list(changes)
        broken[index] = copy.deepcopy(changes[index])
        row = broken[index]["data"][0]
        column = chance.choice(sorted(row))
        row[column] = "0" if row[column] is None else None if chance.random() < 0.3 else row[column] + "0"
        found = found_differences(broken, history.marks)
        assert found, f"BINFERRY_SEED={seed}: {column} of {json.dumps(changes[index])[:2000]} was changed and not found"
        lost = changes[:index] + changes[index + 1:]
        assert found_differences(lost, history.marks), f"BINFERRY_SEED={seed}: nobody misses record {index + 1}"


def _last_images(changes: List[Dict[str, Any]], history: History) -> List[int]:
    """Indexes of inserts that stand directly before a mark at which their table is compared."""
    numbers = []
    pending: Dict[str, int] = {}
    for index, change in enumerate(changes):
        if change["table"] != MARKS:
            pending[change["table"]] = index
        else:
            mark = history.marks[int(change["data"][0]["n"])]
            numbers += [pending[table] for table in mark.rows
                        if table in pending and changes[pending[table]]["type"] != "DELETE"]
            pending.clear()
    return numbers
