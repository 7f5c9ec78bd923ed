"""What a consumer has who applies records in the order of their ids."""

import collections
import json
from typing import Any, Dict, List, Optional, Tuple

from support.kafka import Record

Row = Dict[str, Optional[str]]


class Replay:
    """Tables as their records make them. `defaults` fills in what an INSERT's image lacks."""

    def __init__(self) -> None:
        self.tables: Dict[str, "ReplayedTable"] = {}
        self.defaults: Dict[str, Row] = {}

    def apply(self, change: Dict[str, Any]) -> None:
        """Applies one record's JSON; AssertionError if it can't follow from the ones before."""
        name = change["table"]
        table = self.tables.setdefault(name, ReplayedTable(name))
        try:
            table.apply(change, self.defaults.get(name, {}))
        except AssertionError as wrong:
            raise AssertionError(f"record {change['id']}: {wrong}")

    def rename(self, old: str, new: str) -> None:
        """After RENAME TABLE."""
        if old in self.tables:
            self.tables[new] = self.tables.pop(old)
        if old in self.defaults:
            self.defaults[new] = self.defaults.pop(old)

    def rows(self, name: str) -> List[Row]:
        """A table's rows, in no order."""
        return self.tables[name].rows() if name in self.tables else []


class ReplayedTable:
    """Rows by key, or, without a key, counted."""

    def __init__(self, name: str):
        self._name = name
        self._keyed: Dict[Tuple, Row] = {}
        self._counted: collections.Counter = collections.Counter()

    def rows(self) -> List[Row]:
        return [*self._keyed.values(), *(dict(row) for row in self._counted.elements())]

    def apply(self, change: Dict[str, Any], defaults: Row) -> None:
        columns, key = list(change["mysqlType"]), change["pkNames"]
        after = change["data"][0] if change["data"] else None
        before = change["old"][0] if change["old"] else None
        if change["type"] == "INSERT":
            row = {column: after[column] if column in after else self._default(column, defaults) for column in columns}
            self._put(row, key)
            return
        old = self._take(before, key)
        if change["type"] == "UPDATE":
            known = {**old, **before, **after}
            missing = [column for column in columns if column not in known]
            assert not missing, f"{self._name}: no record has told of {missing}"
            self._put({column: known[column] for column in columns}, key)

    def _default(self, column: str, defaults: Row) -> Optional[str]:
        assert column in defaults, f"{self._name}: an INSERT without {column}, of which no default is known"
        return defaults[column]

    def _put(self, row: Row, key: List[str]) -> None:
        if not key:
            self._counted[tuple(row.items())] += 1
            return
        identity = tuple(row[column] for column in key)
        assert identity not in self._keyed, f"{self._name}: row {identity} is already there"
        self._keyed[identity] = row

    def _take(self, before: Row, key: List[str]) -> Row:
        if key:
            identity = tuple(before[column] for column in key)
            assert identity in self._keyed, f"{self._name}: no row {identity}"
            return self._keyed.pop(identity)
        row = tuple(before.items())
        assert self._counted[row] > 0, f"{self._name}: no row {before}"
        self._counted[row] -= 1
        return before


def in_order(records: List[Record]) -> List[Dict[str, Any]]:
    """The records' JSON by id; AssertionError unless the ids are 1, 2, 3, ..."""
    changes = sorted((json.loads(record.value) for record in records), key=lambda change: change["id"])
    ids = [change["id"] for change in changes]
    assert ids == list(range(1, len(ids) + 1)), "ids are missing or repeated: " + str(
        [number for number, count in collections.Counter([*ids, *range(1, len(ids) + 1)]).items() if count != 2][:10])
    return changes


def differences(table: str, expected: List[Row], got: List[Row], key: Optional[List[str]] = None) -> List[str]:
    """A line for each value of `got` that isn't as SELECT says, naming table, key and column."""
    if key:
        wanted = {tuple(row[column] for column in key): row for row in expected}
        found = {tuple(row[column] for column in key): row for row in got}
        lines = [f"{table} {identity}: is missing" for identity in wanted if identity not in found]
        lines += [f"{table} {identity}: isn't in the table" for identity in found if identity not in wanted]
        pairs = [(identity, wanted[identity], found[identity]) for identity in wanted if identity in found]
    else:
        wanted_rows = collections.Counter(tuple(sorted(row.items())) for row in expected)
        found_rows = collections.Counter(tuple(sorted(row.items())) for row in got)
        missing, surplus = list((wanted_rows - found_rows).elements()), list((found_rows - wanted_rows).elements())
        if len(missing) != len(surplus):
            return [f"{table}: {len(missing)} rows are missing and {len(surplus)} aren't in the table: "
                    f"{_short(missing[:1])} {_short(surplus[:1])}"]
        pairs = [("a row without key", dict(one), dict(other))
                 for one, other in zip(sorted(missing, key=repr), sorted(surplus, key=repr))]
        lines = []
    for identity, one, other in pairs:
        lines += [f"{table} {_short(identity)} {column}: expected {_short(one.get(column, 'no such column'))}, "
                  f"got {_short(other.get(column, 'no such column'))}"
                  for column in {**one, **other} if one.get(column, ...) != other.get(column, ...)]
    return lines


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 400 else f"{text[:300]}... ({len(text)} characters)"
