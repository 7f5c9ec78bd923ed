"""What a run has brought, as lines like those of an expectation: the source's events in order, and in the place
of each rows event the changes that the records tell."""

import re
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional, Tuple, Union

from conformance.changes import Change, join_split
from conformance.expectation import plain_statement
from conformance.lines import Mark, Statement

# Python's codecs for MySQL's names of the character sets that a client may use, where they differ.
CODECS = {"latin1": "cp1252", "utf8mb4": "utf-8", "utf8mb3": "utf-8", "utf8": "utf-8", "binary": "utf-8",
          "sjis": "cp932", "ujis": "euc_jp", "eucjpms": "euc_jp", "euckr": "cp949", "cp1250": "cp1250",
          "koi8r": "koi8_r", "koi8u": "koi8_u", "greek": "iso8859_7", "hebrew": "iso8859_8", "latin2": "iso8859_2",
          "latin5": "iso8859_9", "latin7": "iso8859_13", "tis620": "tis_620", "macroman": "mac_roman"}
EVENT_NAMES = {5: "INTVAR", 13: "RAND", 14: "USER_VAR", 26: "INCIDENT", 38: "XA_PREPARE"}
CHANGE_KINDS = {"insert": "c", "update": "u", "delete": "d"}
# The first words of statements that change rows without rows events.
CHANGE_WORDS = ("INSERT", "UPDATE", "DELETE", "REPLACE", "LOAD", "WITH", "CALL", "SELECT", "DO", "VALUES")

_COMMENTS = re.compile(r"(\s+|/\*(?!M?!).*?\*/|/\*M?!\d*|--\s[^\n]*(\n|$)|#[^\n]*(\n|$)|[^\w\s/#-])*", re.S)
_QUOTED = re.compile(r"`[^`]*`|'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|/\*(?!M?!).*?\*/", re.S)
_XA = re.compile(r"XA (START|BEGIN|END|COMMIT|ROLLBACK) (.*)", re.S)


@dataclass(frozen=True)
class Place:
    """Where an event starts: the number of its file, and the byte."""

    file: int
    position: int

    def __lt__(self, other: "Place") -> bool:
        return (self.file, self.position) < (other.file, other.position)


@dataclass(frozen=True)
class Rows:
    """A rows event of the case's database: `count` changes of one kind. Those of a payload have its place, and a
    `number` of their own."""

    kind: str
    table: str
    count: int
    place: Place
    number: int


@dataclass(frozen=True)
class Told:
    """A statement or a mark of the source, with the place of its event."""

    line: Union[Statement, Mark]
    place: Place
    is_unread_change: bool = False  # A statement that changes rows, or an INCIDENT.


@dataclass(frozen=True)
class Carried:
    """A change that records tell, and its rows event."""

    change: Change
    event: Rows


Step = Union[Rows, Told]


def place_of(entry: Dict[str, Any]) -> Place:
    """The place in an entry of a source log, an alert or a checkpoint."""
    return Place(int(entry["file"].rpartition(".")[2] or 0), entry["position"])


def steps_of(log: List[Dict[str, Any]], charset_of: Callable[[int], str]) -> List[Step]:
    """The events of a source log. `charset_of` names the character set of a collation."""
    steps: List[Step] = []
    for entry in log:
        place, kind = place_of(entry), entry["kind"]
        if kind == "rows":
            steps.append(Rows(CHANGE_KINDS[entry["change"]], entry["table"], entry["count"], place,
                              len(steps)))
        elif kind == "query":
            steps.append(_query(entry, place, charset_of))
        elif kind == "xid":
            steps.append(Told(Mark("COMMIT"), place))
        elif kind in ("payload", "payload_end"):
            steps.append(Told(Mark("[payload" if kind == "payload" else "payload]"), place))
        elif kind == "other":
            name = EVENT_NAMES[entry["type"]]
            one_phase = " one-phase" if name == "XA_PREPARE" and entry["first_byte"] == 1 else ""
            steps.append(Told(Mark(name + one_phase), place, is_unread_change=name == "INCIDENT"))
        elif kind != "group":
            raise AssertionError(f"a source log with an entry of the kind {kind}")
    return steps


def _query(entry: Dict[str, Any], place: Place, charset_of: Callable[[int], str]) -> Told:
    charset = charset_of(entry["collation"]) if entry["collation"] is not None else "utf8mb4"
    text = bytes.fromhex(entry["text"]).decode(CODECS.get(charset, charset), errors="backslashreplace")
    if text in ("BEGIN", "COMMIT", "ROLLBACK"):
        return Told(Mark(text), place)
    return Told(Statement(plain_statement(text)), place, changes_rows(text))


def changes_rows(text: str) -> bool:
    """Whether a statement is a change of rows, which as text tells no values."""
    code = text[_COMMENTS.match(text).end():]
    word = re.match(r"\w*", code).group().upper()
    if word == "CREATE" and re.match(r"CREATE\s+(OR\s+REPLACE\s+)?TABLE\b", code, re.I):
        bare = _QUOTED.sub("", code)
        return bool(re.search(r"\bSELECT\b", bare, re.I)) and not re.search(r"\bSTART TRANSACTION\s*$", bare, re.I)
    return word in CHANGE_WORDS


def release_xa(items: List[Any], line_of: Callable[[Any], Any]) -> List[Any]:
    """Moves the rows of prepared XA transactions to the place of their XA COMMIT, and drops them at XA ROLLBACK.
    `line_of` gives an item's Statement or Mark; anything else is a row."""
    result: List[Any] = []
    held: Dict[str, List[Any]] = {}
    inside: Optional[str] = None
    for item in items:
        line = line_of(item)
        xa = _XA.fullmatch(line.text) if isinstance(line, Statement) else None
        is_row = not isinstance(line, (Statement, Mark))
        if xa and xa.group(1) in ("START", "BEGIN"):
            inside = xa.group(2)
        if inside is not None and is_row:
            held.setdefault(inside, []).append(item)
            continue
        if inside is not None and line == Mark("XA_PREPARE one-phase"):
            result += held.pop(inside, [])
        if xa and xa.group(1) == "COMMIT":
            result += held.pop(xa.group(2), [])
        elif xa and xa.group(1) == "ROLLBACK":
            held.pop(xa.group(2), None)
        if isinstance(line, Mark) and line.name.startswith("XA_PREPARE"):
            inside = None
        result.append(item)
    return result


def told_line(step: Step) -> Any:
    """The line of a step for release_xa."""
    return step.line if isinstance(step, Told) else step


def carry(steps: List[Step], changes: List[Change]) -> Tuple[List[Union[Told, Carried]], List[str]]:
    """The steps with the records' changes in the places of rows events, and what doesn't fit. Statements have no
    records: every change must be of a rows event."""
    items: List[Union[Told, Carried]] = []
    problems: List[str] = []
    rest = list(reversed(changes))
    for step in steps:
        if isinstance(step, Told):
            items.append(step)
            continue
        for number in range(step.count):
            if not rest:
                problems.append(f"{step.count - number} changes of table {step.table} ({step.kind}) have no record")
                break
            change = rest.pop()
            if step.kind == "u" and change.kind == "d":
                joined = join_split(change, rest[-1] if rest else None)
                if joined is not None:
                    rest.pop()
                    change = joined
            if (change.kind, change.table) != (step.kind, step.table):
                problems.append(f"record {change.first_id} is `{change.kind} {change.table}` where the source has "
                                f"`{step.kind} {step.table}`")
            items.append(Carried(change, step))
    problems += [f"record {change.first_id}, `{change.kind} {change.table}`, belongs to no rows event"
                 for change in reversed(rest)]
    return items, problems


def checkpoint_problems(log: List[Dict[str, Any]], checkpoints: List[Dict[str, Any]]) -> List[str]:
    """Whether each checkpoint stands where its counts say: behind whole source transactions, or `rowsDone` rows
    inside the one that begins there."""
    starts = [place_of(entry) for entry in log if entry["kind"] == "group"]
    rows: List[Tuple[Place, int]] = []  # Rows with the start of their group.
    for entry in log:
        if entry["kind"] == "rows":
            place = place_of(entry)
            rows.append((max((s for s in starts if not place < s), key=lambda s: (s.file, s.position),
                             default=place), entry["count"]))
    problems = []
    for checkpoint in checkpoints:
        if not checkpoint["file"]:
            continue  # The start by a GTID set: the stream hasn't told yet.
        place = place_of(checkpoint)
        expected = sum(count for start, count in rows if start < place) + checkpoint["rowsDone"]
        done = checkpoint["inserts"] + checkpoint["updates"] + checkpoint["deletes"]
        if done != expected:
            problems.append(f"checkpoint {checkpoint['number']} at {checkpoint['file']}:{checkpoint['position']} "
                            f"counts {done} rows where the source has {expected}")
    return problems
