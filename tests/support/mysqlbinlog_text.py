"""What MySQL's own `mysqlbinlog --base64-output=decode-rows -vv` printed of a file: events, statements, rows.

Only the text is read here, no binlog. Rows of a statement are printed behind its last rows event."""

import gzip
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, List, Optional, Tuple

_HEADER = re.compile(rb"^#\d{6} +\d+:\d\d:\d\d server id (\d+)  end_log_pos (\d+)(?: CRC32 0x[0-9a-f]+)? ?\t?(.*)$")
_ROW = re.compile(rb"^### (INSERT INTO|UPDATE|DELETE FROM) (.*)$")
_COLUMN = re.compile(rb"^###   @(\d+)=(.*?)(?: +/\* (.*) meta=\d+ nullable=([01]) is_null=([01]) \*/)?$", re.S)
# What begins the text of a statement after the settings that precede it.
_SETTING = re.compile(rb"^(?:SET |use `|/\*!\d* ?(?:SET|\\C)|/\*!\\C|# )")


@dataclass
class PrintedColumn:
    """One column of one image: its text as printed, and the type from the comment behind it ("" if there is none)."""

    text: bytes
    type: str
    nullable: bool = True

    @property
    def is_null(self) -> bool:
        return self.text == b"NULL"


@dataclass
class PrintedRow:
    """One row; columns by ordinal, from 1. `is_cut`: the tool met a type that it can't print, and went to the next
    event."""

    kind: str                                     # INSERT, UPDATE, DELETE
    table: str                                    # "database.table"
    before: Optional[Dict[int, PrintedColumn]] = None
    after: Optional[Dict[int, PrintedColumn]] = None
    is_cut: bool = False


@dataclass
class PrintedEvent:
    """One event; its name is the tool's own. Inner ones of a payload have the payload's end."""

    name: str
    server_id: int
    end: int
    detail: str                                   # What the first line says behind the name.
    gtid: Optional[str] = None
    statement: Optional[bytes] = None             # Of a Query, without what sets it up.
    rows: List[PrintedRow] = field(default_factory=list)


def read_mysqlbinlog_text(path: Path) -> List[PrintedEvent]:
    """All events of one gzipped text, in order."""
    events: List[PrintedEvent] = []
    lines: List[bytes] = []
    for line in gzip.decompress(path.read_bytes()).split(b"\n"):
        header = _HEADER.match(line)
        if header:
            _finish(events, lines)
            lines = []
            name, detail = _split_name(header.group(3).decode(errors="replace"))
            events.append(PrintedEvent(name, int(header.group(1)), int(header.group(2)), detail))
        else:
            lines.append(line)
    _finish(events, lines)
    return events


def _split_name(text: str) -> Tuple[str, str]:
    """`Write_rows: table id 122 flags: STMT_END_F` -> Write_rows and the rest."""
    match = re.match(r"(XA PREPARE|[A-Za-z_-]+)[: \t=]*(.*)$", text.strip())
    return (match.group(1), match.group(2)) if match else ("Begin_load_query", "")


def _finish(events: List[PrintedEvent], lines: List[bytes]) -> None:
    """Reads what follows the header of the newest event."""
    if not events:
        return
    event = events[-1]
    for line in lines:
        match = re.match(rb"SET @@SESSION.GTID_NEXT= '([^']*)'", line)
        if match and event.name in ("GTID", "Anonymous_GTID"):
            event.gtid = match.group(1).decode()
    if event.name in ("Query", "Execute_load_query"):
        event.statement = _statement(lines)
    event.rows = _rows(lines)


def _statement(lines: List[bytes]) -> bytes:
    start = 0
    while start < len(lines) and _SETTING.match(lines[start]):
        start += 1
    end = next((number for number in range(start, len(lines)) if lines[number] == b"/*!*/;" or
                lines[number].endswith(b"/*!*/;")), len(lines))
    text = b"\n".join(lines[start:end])
    if end < len(lines) and lines[end] != b"/*!*/;":
        text = b"\n".join([*lines[start:end], lines[end][:-len(b"/*!*/;")]])
    return text


def _rows(lines: List[bytes]) -> List[PrintedRow]:
    rows: List[PrintedRow] = []
    image: Dict[int, PrintedColumn] = {}
    for line in lines:
        begins = _ROW.match(line)
        if begins:
            kind = begins.group(1).split()[0].decode()
            table = begins.group(2).decode()[1:-1].replace("`.`", ".").replace("``", "`")
            rows.append(PrintedRow(kind, table))
        elif line == b"### WHERE":
            image = rows[-1].before = {}
        elif line == b"### SET":
            image = rows[-1].after = {}
        elif line.startswith(b"###   @"):
            match = _COLUMN.match(line)
            assert match, line[:200]
            if b"!! Don't know how to handle" in match.group(2):
                rows[-1].is_cut = True
            else:
                image[int(match.group(1))] = PrintedColumn(
                    match.group(2), (match.group(3) or b"").decode(), match.group(4) != b"0")
    return rows
