"""Whatever is done to tables of any shape: what Kafka has after replay is what SELECT says, text by text.

BINFERRY_SEED repeats a run, BINFERRY_ROUNDS makes it longer, BINFERRY_KINDS=json,enum takes some column types only,
BINFERRY_SOURCE_VERSION=8.0.31 another MySQL."""

import copy
import json
import os
import random
import secrets
from typing import Any, Dict, Iterator, List, Tuple

import pytest

from support.cluster import Cluster, task_definition
from support.kafka import Kafka
from support.processes import wait_for
from support.random_history import MARKS, History, Mark
from support.replay import Replay, differences, in_order
from support.stack import Stack

ROUNDS = 10
SHOWN = 20  # Differences of a failure.


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


Delivered = Tuple[int, List[Dict[str, Any]], History]


@pytest.fixture(scope="module")
def delivered(stack: Stack, cluster: Cluster, kafka: Kafka) -> Iterator[Delivered]:
    """The seed, the changes in order, and the history that made them, on a MySQL of its own."""
    seed = int(os.environ.get("BINFERRY_SEED", random.randrange(1 << 30)))
    print(f"BINFERRY_SEED={seed}")
    settings = {"mysql.sync_binlog": "0", "mysql.innodb_flush_log_at_trx_commit": "0"}
    with Stack(("mysql",), settings, os.environ.get("BINFERRY_SOURCE_VERSION")) as source:
        history = History(source.mysql, "values_at_random", random.Random(seed))
        try:
            topic = f"differential.{secrets.token_hex(4)}"
            kafka.create_topic(topic, 4)
            definition = task_definition(stack, "differential", "values_at_random", partitionPolicy="TABLE_HASH",
                                         topicPolicy={"specifiedTopic": {"name": topic}})
            host, _, port = source.mysql.rpartition(":")
            definition["source"].update(host=host, port=int(port))
            cluster.run_task(definition)
            history.run(int(os.environ.get("BINFERRY_ROUNDS", ROUNDS)))
            print(history.summary)
            wait_for_last_mark(cluster, kafka, topic, len(history.marks))
            yield seed, in_order(kafka.read(topic)), history
        finally:
            history.close()


def wait_for_last_mark(cluster: Cluster, kafka: Kafka, topic: str, last: int) -> None:
    """Until the task has carried everything, or has stopped, of which its message tells."""
    def there() -> bool:
        status = cluster.task("differential")["status"]
        assert status["state"] == "TASK_STATE_INCREMENTAL_SYNC" and "lastError" not in status, \
            json.dumps(status, indent=1) + cluster.logs()
        return any(record.value and f'"n":"{last}"'.encode() in record.value and b'"table":"marks"' in record.value
                   for record in kafka.read(topic))
    wait_for(there, 120, f"mark {last}")


def test_kafka_has_what_select_says(delivered: Delivered) -> None:
    seed, changes, history = delivered
    found = found_differences(changes, history.marks)
    assert not found, f"BINFERRY_SEED={seed}\n" + "\n".join(found[:SHOWN])


def test_every_type_was_compared(delivered: Delivered) -> None:
    _, changes, history = delivered
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
    seed, changes, history = delivered
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
