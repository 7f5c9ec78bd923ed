"""Records as changes of rows, after a check of all that is no value: envelope, ids, key, partition."""

import json
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Tuple

from conformance.sink_file import PARTITIONS, Block, Record
from support.murmur2 import partition_of

FIELDS = ["mysqlType", "id", "es", "ts", "database", "table", "type", "isDdl", "sql", "sqlType", "data", "old",
          "pkNames"]
KINDS = {"INSERT": "c", "UPDATE": "u", "DELETE": "d"}

Columns = Dict[str, Optional[str]]


@dataclass(frozen=True)
class Change:
    """A record, or the two of a split update; `before` is None for c, `after` for d."""

    kind: str
    table: str
    before: Optional[Columns]
    after: Optional[Columns]
    types: Dict[str, str]
    first_id: int
    last_id: int


@dataclass(frozen=True)
class Format:
    """How the run wrote its records."""

    by_key: bool
    json_c: bool = False


def read_changes(blocks: List[Block], database: str, form: Format) -> Tuple[List[Change], List[str]]:
    """The records of a run in order, and what is wrong with them."""
    changes: List[Change] = []
    problems: List[str] = []
    next_id = 1
    for record in (record for block in blocks for record in block.records):
        if record.id != next_id:
            problems.append(f"record {record.id} stands where {next_id} is expected")
        next_id = record.id + 1
        try:
            value = json.loads(record.value.decode("utf-8"), object_pairs_hook=_unique)
        except ValueError as error:
            problems.append(f"record {record.id} is no JSON: {error}")
            continue
        wrong = _envelope_problems(value, record, database)
        if not wrong:
            changes.append(_change(value, form))
            wrong = _row_problems(changes[-1], value, record, form)
        problems += [f"record {record.id}: {text}" for text in wrong]
    return changes, problems


def _unique(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise ValueError(f"a name stands twice in {names}")
    return dict(pairs)


def _envelope_problems(value: Any, record: Record, database: str) -> List[str]:
    if not isinstance(value, dict) or list(value) != FIELDS:
        return [f"fields {list(value)}, expected {FIELDS}"]
    wrong = [f"{name} is {value[name]!r}, expected {expected!r}" for name, expected in (
        ("id", record.id), ("database", database), ("isDdl", False), ("sql", "")) if value[name] != expected]
    if value["type"] not in KINDS:
        wrong.append(f"type is {value['type']!r}")
    wrong += [f"{name} is {value[name]!r}, expected milliseconds" for name in ("es", "ts")
              if not isinstance(value[name], int) or value[name] < 1_000_000_000_000]
    if list(value["mysqlType"]) != list(value["sqlType"]):
        wrong.append("mysqlType and sqlType name different columns")
    for name in ("data", "old"):
        rows = value[name]
        if rows is not None and (len(rows) != 1 or not all(
                text is None or isinstance(text, str) for text in rows[0].values())):
            wrong.append(f"{name} is no array of one row of texts: {rows}")
    return wrong


def _change(value: Dict[str, Any], form: Format) -> Change:
    kind = KINDS[value["type"]]
    data = value["data"][0] if value["data"] else None
    old = value["old"][0] if value["old"] else None
    if kind == "d" and form.json_c:
        data, old = old, data
    return Change(kind, value["table"], old, data, value["mysqlType"], value["id"], value["id"])


def _row_problems(change: Change, value: Dict[str, Any], record: Record, form: Format) -> List[str]:
    wrong = []
    if (change.before is None) != (change.kind == "c") or (change.after is None) != (change.kind == "d"):
        wrong.append(f"a record of type {value['type']} has data {value['data']} and old {value['old']}")
    order = {name: place for place, name in enumerate(change.types)}
    for row in (change.before, change.after):
        places = [order.get(name, -1) for name in row or {}]
        if -1 in places or places != sorted(places):
            wrong.append(f"columns {list(row or {})}, expected some of {list(order)} in that order")
    row = change.before if change.kind == "d" else change.after
    names = value["pkNames"]
    key = json.loads(record.key) if record.key is not None else None
    if row is not None and all(name in row for name in names):
        expected = {name: row[name] for name in names} if names else None
        if key != expected or key is not None and list(key) != names:
            wrong.append(f"key is {record.key!r}, expected {expected}")
    hashed = record.key if form.by_key and record.key is not None else f"{value['database']}.{value['table']}".encode()
    if record.partition != partition_of(hashed, PARTITIONS):
        wrong.append(f"partition {record.partition}, expected {partition_of(hashed, PARTITIONS)}")
    return wrong


def join_split(first: Change, second: Optional[Change]) -> Optional[Change]:
    """The update that was written as a DELETE and an INSERT; None if these two are none."""
    if second is None or (first.kind, second.kind) != ("d", "c") or first.table != second.table \
            or second.first_id != first.last_id + 1 or first.types != second.types:
        return None
    return Change("u", first.table, first.before, second.after, first.types, first.first_id, second.last_id)
