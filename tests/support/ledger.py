"""The checker of delivery: what the source did against what a read_committed consumer sees.

It says everything that is wrong, so that a broken promise shows its shape; an empty answer means: each change
exactly once, in order per key, ids without gaps."""

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import Dict, List, Sequence, Tuple

from support.kafka import Record

MOST_PROBLEMS_SHOWN = 20


@dataclass(frozen=True)
class Change:
    """One row change of the source: `kind` is INSERT, UPDATE or DELETE, `version` the row's `version` column
    after it, of a DELETE before it."""

    table: str
    key: int
    kind: str
    version: int


def change_of(record: Record) -> Change:
    """The change that a record of format JSON tells of."""
    document = json.loads(record.value)
    row = (document["old"] if document["type"] == "DELETE" else document["data"])[0]
    return Change(document["table"], int(row["id"]), document["type"], int(row["version"]))


def problems(expected: Sequence[Change], records: Sequence[Record]) -> List[str]:
    """What differs. `records` are all of a task, ordered by topic, partition and offset."""
    found = [*_differences(expected, records), *_id_faults(records)]
    return found[:MOST_PROBLEMS_SHOWN] + ([f"... {len(found)} problems in all"] if len(found) > MOST_PROBLEMS_SHOWN
                                          else [])


def _differences(expected: Sequence[Change], records: Sequence[Record]) -> List[str]:
    wanted: Dict[Tuple[str, int], List[Change]] = defaultdict(list)
    for change in expected:
        wanted[change.table, change.key].append(change)
    seen: Dict[Tuple[str, int], List[Change]] = defaultdict(list)
    places: Dict[Tuple[str, int], set] = defaultdict(set)
    for record in records:
        change = change_of(record)
        seen[change.table, change.key].append(change)
        places[change.table, change.key].add((record.topic, record.partition))
    found = [f"{row}: its records are in {len(where)} partitions" for row, where in places.items() if len(where) > 1]
    for row in sorted({*wanted, *seen}):
        if wanted[row] != seen[row]:
            found.append(f"{row}: expected {_short(wanted[row])}, found {_short(seen[row])}")
    return found


def _short(changes: Sequence[Change]) -> str:
    return " ".join(f"{c.kind[0]}{c.version}" for c in changes) or "nothing"


def _id_faults(records: Sequence[Record]) -> List[str]:
    found = []
    last: Dict[Tuple[str, int], int] = {}
    ids = []
    for record in records:
        number = json.loads(record.value)["id"]
        place = (record.topic, record.partition)
        if number <= last.get(place, 0):
            found.append(f"{place} offset {record.offset}: id {number} follows {last[place]}")
        last[place] = number
        ids.append(number)
    ids.sort()
    for number, follower in zip([0, *ids], ids):
        if follower == number:
            found.append(f"id {number} stands twice")
        elif follower != number + 1:
            found.append(f"ids {number + 1} to {follower - 1} are missing")
    return found
