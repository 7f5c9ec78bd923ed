"""The checker must see each way in which a promise can be broken."""

import json
from typing import List

from support.kafka import Record
from support.ledger import Change, problems

EXPECTED = [Change("t", 1, "INSERT", 1), Change("t", 2, "INSERT", 1), Change("t", 1, "UPDATE", 2),
            Change("t", 1, "DELETE", 2)]


def _records() -> List[Record]:
    places = {1: 0, 2: 1}
    records = []
    for number, change in enumerate(EXPECTED, start=1):
        row = [{"id": str(change.key), "version": str(change.version)}]
        document = {"id": number, "table": "t", "type": change.kind,
                    "data": None if change.kind == "DELETE" else row,
                    "old": row if change.kind == "DELETE" else None}
        records.append(Record("t", places[change.key], number, b"k", json.dumps(document).encode()))
    return records


def test_is_silent_when_all_is_well() -> None:
    assert problems(EXPECTED, _records()) == []


def test_sees_a_missing_record() -> None:
    found = problems(EXPECTED, _records()[:2] + _records()[3:])
    assert any("expected I1 U2 D2, found I1 D2" in line for line in found)
    assert any("ids 3 to 3 are missing" in line for line in found)


def test_sees_a_record_twice() -> None:
    found = problems(EXPECTED, [*_records(), _records()[3]])
    assert any("found I1 U2 D2 D2" in line for line in found)
    assert any("id 4 stands twice" in line for line in found)


def test_sees_wrong_order() -> None:
    records = _records()
    found = problems(EXPECTED, [records[1], records[0], records[3], records[2]])
    assert any("found I1 D2 U2" in line for line in found)
    assert any("id 3 follows 4" in line for line in found)


def test_sees_a_key_in_two_partitions() -> None:
    records = _records()
    moved = Record("t", 5, 1, b"k", records[2].value)
    assert any("2 partitions" in line for line in problems(EXPECTED, [*records[:2], moved, records[3]]))


def test_sees_what_never_happened() -> None:
    assert any("expected nothing" in line for line in problems(EXPECTED[1:2], _records()[:2]))
