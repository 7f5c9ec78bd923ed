"""Binlogs that servers of several versions wrote: our decode says what the servers' own tool said, value by value.

What the tool can't print, all from the first geometry of a row on, is compared with the SQL that made it."""

import json
import os
import re
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import pytest

from support.mysqlbinlog_text import PrintedColumn, PrintedEvent, PrintedRow, read_mysqlbinlog_text
from support.printed_values import Declared, declared_columns, expected_value
from support.selected_rows import signed_bytes
from support.steps import ROOT

HERE = Path(__file__).resolve().parent
WORKER = Path(os.environ.get("BINFERRY_BUILD_DIR", ROOT / "build/dev")) / "bin/binferry-worker"
FILES = [f"{version}.00000{number}" for version in ("8.0.12", "8.0.33", "9.7") for number in (1, 2)]

# The tool's names of events that aren't ours in capitals.
EVENT_NAMES = {"Start": "FORMAT_DESCRIPTION", "Previous-GTIDs": "PREVIOUS_GTIDS", "XA PREPARE": "XA_PREPARE",
               "Update_rows_partial": "PARTIAL_UPDATE_ROWS", "Rotate": "ROTATE"}

# Columns of tables that the SQL declares on one line; where ALTER changed one, the later type, which agrees with the
# earlier on all values before.
OTHER_TABLES = {
    "k": ("a int", "b varchar(20)", "c bigint unsigned", "d text", "e int"),
    "k with z": ("a int", "z int", "b varchar(20)", "c int", "d text", "e int"),
    "lk": ("a int", "b varchar(20)", "c bigint unsigned", "d text", "e int"),
    "nopk": ("a int", "b varchar(10) character set latin1"),
    "nopk2": ("a int", "b varchar(10) character set latin1"),
    "mi": ("id int", "t text"),
    "big": ("id int", "b longblob"),
    "pj": ("id int", "j json", "t varchar(10)", "j2 json"),
    "we`ird 表": ("col`x 列 int", "select int"),
    "ctas": ("a int", "b varchar(20)", "c bigint unsigned"),
    "fi": ("id int", "s varchar(20)", "ins int"),
    "gipk": ("my_row_id bigint unsigned", "x int"),
}


def wkb(*numbers: float, form: int, header: Tuple[int, ...] = ()) -> bytes:
    """Byte order, type, counts, coordinates."""
    return b"\x01" + struct.pack("<I", form) + b"".join(struct.pack("<I", each) for each in header) + \
        struct.pack(f"<{len(numbers)}d", *numbers)


GEOMETRIES = {
    "ge": wkb(1, 2, form=1),
    "po": wkb(-1.5, 2.25, form=1),
    "ls": wkb(0, 0, 1, 1, 2, 0, form=2, header=(3,)),
    "pg": wkb(0, 0, 4, 0, 4, 4, 0, 0, form=3, header=(1, 4)),
    "mpo": wkb(form=4, header=(2,)) + wkb(1, 1, form=1) + wkb(2, 2, form=1),
    "mls": wkb(form=5, header=(2,)) + wkb(0, 0, 1, 1, form=2, header=(2,)) + wkb(2, 2, 3, 3, form=2, header=(2,)),
    "mpg": wkb(form=6, header=(1,)) + wkb(0, 0, 1, 0, 1, 1, 0, 0, form=3, header=(1, 4)),
    "gc": wkb(form=7, header=(2,)) + wkb(1, 1, form=1) + wkb(0, 0, 1, 1, form=2, header=(2,)),
}
# What the rows of table a with all values have in the columns that the tool doesn't print.
FULL_TAIL: Dict[str, Optional[str]] = {
    **{name: signed_bytes(b"\0\0\0\0" + content) for name, content in GEOMETRIES.items()},
    "js": '{"a": 1, "b": [true, false, null, 1.5, -9007199254740993, 18446744073709551615, "ünï😀"], '
          '"c": {"d": "x", "big": 1.2345678901234567e19}, "e": []}',
    "inv": "8", "ve": "[1.0, -2.5, 3.0]"}
EMPTY_TAIL: Dict[str, Optional[str]] = {**dict.fromkeys(FULL_TAIL), "inv": "7"}
# The documents of the rows that have nothing else, in order; the last one is made in the test.
DOCUMENTS = ['{"d": "2020-02-03", "t": "-12:34:56.500000", "dt": "2020-02-03 04:05:06.123456", '
             '"bin": "base64:type15:Ynl0ZXM=", "bit": "base64:type15:BQ==", "dec": -12.340}',
             "null", '"scalar"', "[]", "{}", "-1", "3.5", "[" + "123456, " * 12_000 + "1]"]


@dataclass
class RowsEvent:
    """A rows event of ours: its table's column names, whether they are the real ones, and its changes."""

    names: List[str]
    has_names: bool
    changes: List[Dict[str, Any]]
    ends_statement: bool


class Recording:
    """One file: our lines and the tool's events."""

    def __init__(self, name: str):
        done = subprocess.run([str(WORKER), "decode", str(HERE / name)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
        assert done.returncode == 0, done.stderr.decode()
        lines = [json.loads(line) for line in done.stdout.decode().splitlines()]
        self.events = [line for line in lines if "event" in line]
        self.changes = [line for line in lines if "change" in line]
        # The tool holds back what is set for a LOAD DATA statement.
        self.shown = [event for event, after in zip(self.events, [*self.events[1:], {}]) if not (
            event["event"] == "INTVAR" and after.get("event") in ("INTVAR", "BEGIN_LOAD_QUERY", "EXECUTE_LOAD_QUERY"))]
        self.printed = read_mysqlbinlog_text(HERE / f"{name}.txt.gz")
        self.sql = (HERE / f"{name.rpartition('.')[0]}.sql").read_text()
        self.columns = {table: [Declared(*text.rsplit(" ", 1)) if table.startswith("we") else
                                Declared(*text.split(" ", 1)) for text in texts]
                        for table, texts in OTHER_TABLES.items()}
        self.columns["a"] = declared_columns(self.sql, "a")

    def rows_events(self) -> List[RowsEvent]:
        """All of them, with their changes."""
        found, names, has_names, taken = [], {}, False, 0
        for event in self.events:
            if event["event"] == "TABLE_MAP":
                names[event["table"]] = [column["name"] for column in event["columns"]]
                has_names = not event["columns"][0]["name"].startswith("@")
            elif event["event"].endswith("_ROWS"):
                changes = self.changes[taken:taken + event["rows"]]
                taken += event["rows"]
                found.append(RowsEvent(names[event["table"]], has_names, changes, event.get("ends_statement", False)))
        assert taken == len(self.changes), "rows outside events"
        return found


@pytest.fixture(scope="module", params=FILES)
def recording(request: pytest.FixtureRequest) -> Recording:
    return Recording(request.param)


def test_every_event_is_at_its_place(recording: Recording) -> None:
    def name_of(event: PrintedEvent) -> str:
        if event.name == "GTID" and (event.gtid or "").count(":") == 2:
            return "GTID_TAGGED"
        return EVENT_NAMES.get(event.name, event.name.upper())
    assert [(event["event"], event["server_id"], event["end"]) for event in recording.shown] == \
        [(name_of(event), event.server_id, event.end) for event in recording.printed]


def test_transactions_and_statements(recording: Recording) -> None:
    for ours, printed in zip(recording.shown, recording.printed):
        assert ours.get("gtid") == printed.gtid
        if printed.statement is not None:
            # The recording client's character set is utf8mb4; the password hash in CREATE USER is no text.
            if ours.get("sql_is_exact", True):
                assert without_file(ours["sql"]) == without_file(printed.statement.decode())
            else:
                assert ours["sql"].startswith("CREATE USER") and printed.statement.startswith(ours["sql"][:60].encode())
    assert sum(printed.gtid is not None for printed in recording.printed) > 3


def without_file(sql: str) -> str:
    """The tool writes LOAD DATA anew, for a file that it would make."""
    return re.sub(r"^LOAD DATA (LOCAL )?INFILE '[^']*'", "LOAD DATA", sql)


def test_every_printed_value(recording: Recording) -> None:
    # The rows of a statement are printed together, behind its last event.
    statements = iter([event.rows for event in recording.printed if "STMT_END_F" in event.detail])
    pending: List[PrintedRow] = []
    begins, count = True, 0
    for event in recording.rows_events():
        if begins:
            assert not pending, f"rows that we haven't: {pending[0].table}"
            pending = list(next(statements))
        for change in event.changes:
            assert pending, f"{change} was not printed"
            row = pending.pop(0)
            where = f"{change['position']}, row {change['row']}"
            assert (change["change"], f"{change['database']}.{change['table']}") == (row.kind, row.table), where
            count += check_row(recording, event, change, row, where)
            if row.is_cut:
                break
        begins = event.ends_statement
    assert not pending and next(statements, None) is None
    print(f"{len(recording.changes)} rows, {count} values")
    assert count >= (1250 if len(recording.printed) > 200 else 130)


def check_row(recording: Recording, event: RowsEvent, change: Dict[str, Any], row: PrintedRow, where: str) -> int:
    """Compares the images of one row; how many values that were."""
    names, has_names = event.names, event.has_names
    table = change["table"] + (" with z" if change["table"] == "k" and len(names) == 6 else "")
    declared = recording.columns[table][:len(names)]
    count = 0
    for side, image in (("before", row.before), ("after", row.after)):
        if image is None:
            assert side not in change or row.is_cut, where
            continue
        ours = change[side]
        if not row.is_cut:
            assert [number for number, name in enumerate(names, 1) if name in ours] == sorted(image), where
        for number, column in sorted(image.items()):
            name = names[number - 1]
            assert name == (declared[number - 1].name if has_names else f"@{number}"), where
            assert ours[name] == wanted(column, declared[number - 1], has_names, name, change), \
                f"{where}: {side} {name}, printed as {column.text[:100]!r} {column.type}"
            count += 1
    return count


def wanted(column: PrintedColumn, declared: Declared, has_names: bool, name: str, change: Dict[str, Any]) -> Any:
    before = change.get("before", {})
    if column.text.startswith(b"JSON_") and name not in before:
        return {"unavailable": True}  # A MINIMAL image: there is no document that could be changed.
    return expected_value(column, declared, has_names, before.get(name))


def test_what_the_tool_cannot_print(recording: Recording) -> None:
    """Table a from its first geometry on: a row's values follow from the SQL."""
    rows: Dict[str, Dict[str, Optional[str]]] = {}
    documents = iter(DOCUMENTS)
    seen = 0
    for event in recording.rows_events():
        for change in event.changes if event.changes[0]["table"] == "a" else []:
            declared = [column.name for column in recording.columns["a"]]
            before, after = [dict(zip(declared, (change.get(side, {}).get(name, ...) for name in event.names)))
                             for side in ("before", "after")]
            key = before["id"] if before["id"] is not ... else after["id"]
            if change["change"] == "INSERT":
                rows[key] = new_tail(after, documents)
            # The second file begins with rows that the first one made.
            elif key not in rows:
                rows[key] = {name: before[name] for name in FULL_TAIL if name in before}
            tail = rows[key]
            for image, generated_from in ((before, None), (after, after)):
                seen += check_tail(image, tail, generated_from)
    assert seen > (150 if len(recording.printed) > 200 else 20), seen


def new_tail(after: Dict[str, Any], documents: Any) -> Dict[str, Optional[str]]:
    if after["lb"] not in (None, ...) or after.get("ge") not in (None, ...):
        return FULL_TAIL
    # Rows of documents only stand in one statement; `js` is absent from MINIMAL images that don't name it.
    if after["js"] not in (None, ...):
        return {**EMPTY_TAIL, "js": next(documents)}
    return EMPTY_TAIL


def check_tail(image: Dict[str, Any], tail: Dict[str, Optional[str]], after: Optional[Dict[str, Any]]) -> int:
    """Compares what the image has of the tail; how many values that were."""
    count = 0
    for name, value in tail.items():
        if name in image and image[name] is not ...:
            assert image[name] == value, name
            count += 1
    number = image.get("int_s", ...)
    if after is not None and number is not ...:
        for name, value in (("gv", lambda n: n + 1), ("gs", lambda n: n * 2)):
            if image[name] is not ...:
                assert image[name] == (None if number is None else str(value(int(number)))), name
                count += 1
    return count


def test_a_wrong_value_or_a_lost_row_is_found(recording: Recording) -> None:
    change = next(change for change in recording.changes if change["table"] == "k")
    image = change.get("after") or change["before"]
    name = next(name for name, value in image.items() if value is not None)
    right, image[name] = image[name], "not this"
    with pytest.raises(AssertionError):
        test_every_printed_value(recording)
    image[name] = right
    index = recording.changes.index(change)
    del recording.changes[index]
    with pytest.raises(AssertionError):
        test_every_printed_value(recording)
    recording.changes.insert(index, change)
    test_every_printed_value(recording)
