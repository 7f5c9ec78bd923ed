"""Compares what a case expects with what a run has brought."""

import difflib
import math
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Set, Tuple, Union

from conformance.changes import Change, Columns
from conformance.json_document import BadDocument, apply_diff
from conformance.lines import (Error, Image, Json, JsonDiff, LongJson, Mark, Row, Statement, Text, Unchanged, Value)
from conformance.stream import Carried, Place, Rows, Told, release_xa
from conformance.values import RunTime, described, difference, is_time_of_run, shown

SHOWN_LINE = 1000
SHOWN_STATEMENT = 60  # An expectation's error shows so many characters of the statement.


@dataclass(frozen=True)
class Failure:
    """A statement that failed."""

    code: int
    message: str
    statement: str


@dataclass
class Terms:
    """How to compare: what differs from run to run."""

    sql: List[str] = field(default_factory=list)  # Of the case.
    run: RunTime = RunTime(math.inf, -math.inf)
    any_time_columns: Tuple[str, ...] = ()  # Their value is the time of the statement.
    compresses: bool = False  # All transactions may be payloads.
    json_c: bool = False


class Comparison:
    """One case. `problems` are what is different; `missing_documents` the rows events of which a diff's base
    document is not in the image, so that an alert has to tell it."""

    def __init__(self, terms: Terms):
        self.terms = terms
        self.problems: List[str] = []
        self.missing_documents: Set[Rows] = set()

    def compare_stream(self, expected: List[Any], got: List[Union[Told, Carried]]) -> None:
        """Lines against what came, in order. Where lines are missing or too many the rest is still compared."""
        expected = release_xa(expected, lambda line: line)
        if self.terms.compresses:
            expected = [line for line in expected if not _is_payload(line)]
            got = [item for item in got if not (isinstance(item, Told) and _is_payload(item.line))]
        matcher = difflib.SequenceMatcher(None, [_shape(line) for line in expected], [_got_shape(g) for g in got],
                                          autojunk=False)
        for tag, first, last, got_first, got_last in matcher.get_opcodes():
            if tag == "equal":
                for line, item in zip(expected[first:last], got[got_first:got_last]):
                    if isinstance(line, Row):
                        self._compare_row(line, item)
                continue
            self.problems += [f"expected {_text(line)}\n     got nothing like it in this place"
                              for line in expected[first:last]]
            self.problems += [f"expected nothing in this place\n     got {_got_text(item)}"
                              for item in got[got_first:got_last]]

    def compare_errors(self, expected: List[Error], got: List[Failure]) -> None:
        """The statements that must fail, and those that did."""
        for error, failure in zip(expected, got):
            if error.code != failure.code or not _shows(error.text, failure.statement):
                self.problems.append(f"expected ERR {error.code} {error.text}\n     got ERR {failure.code} "
                                     f"{failure.message} [{failure.statement}]")
        self.problems += [f"expected ERR {error.code} {error.text}\n     got no error"
                          for error in expected[len(got):]]
        self.problems += [f"a statement failed: ERR {failure.code} {failure.message} [{failure.statement}]"
                          for failure in got[len(expected):]]

    def compare_alerts(self, got: List[Union[Told, Carried]], alerts: Set[Tuple[str, Place]], counted: int) -> None:
        """Alerts (reason, place), and how many the last checkpoint counts, against the changes that records can't
        tell."""
        unread = [item for item in got if isinstance(item, Told) and item.is_unread_change]
        expected = {("INCIDENT" if isinstance(item.line, Mark) else "UNREAD_STATEMENT", item.place)
                    for item in unread}
        expected |= {("MISSING_JSON_DOCUMENT", event.place) for event in self.missing_documents}
        if counted != len(unread) + len(self.missing_documents):
            self.problems.append(f"expected a checkpoint that counts {len(unread) + len(self.missing_documents)} "
                                 f"alerts\n     got one that counts {counted}")
        self.problems += [f"expected an alert {reason} at {place}\n     got none"
                          for reason, place in sorted(expected - alerts, key=str)]
        self.problems += [f"expected no alert\n     got {reason} at {place}"
                          for reason, place in sorted(alerts - expected, key=str)]

    def _compare_row(self, row: Row, item: Carried) -> None:
        change = item.change
        wrong: List[str] = []
        if row.before is not None:
            wrong += self._image_problems(row.before.columns, row.before, change.before, change.types)
        if row.after is not None:
            wrong += self._after_problems(row, row.after, item)
        if wrong:
            self.problems.append(f"expected {_text(row)}\n     got {_got_text(item)}\n     "
                                 + "\n     ".join(wrong))

    def _after_problems(self, row: Row, after: Image, item: Carried) -> List[str]:
        """A record's `data` of an update is the after image, and what only the before image knows."""
        columns: Dict[str, Value] = dict(row.before.columns) if row.before else {}
        wrong: List[str] = []
        for name, value in after.columns.items():
            if not isinstance(value, (JsonDiff, Unchanged)):
                columns[name] = value
                continue
            base = columns.get(name)
            text = _document(base, (item.change.before or {}).get(name))
            if isinstance(value, Unchanged) and base is not None:
                continue
            if base is None:
                if isinstance(value, JsonDiff):
                    self.missing_documents.add(item.event)
            elif text is None:
                wrong.append(f"{name}: a diff, and {described(base)} before it")
            else:
                try:
                    columns[name] = Json(apply_diff(text, value.steps))
                except BadDocument as error:
                    wrong.append(f"{name}: the diff does not fit: {error}")
        return wrong + self._image_problems(columns, after, item.change.after, item.change.types)

    def _image_problems(self, columns: Dict[str, Value], image: Image, got: Optional[Columns],
                        types: Dict[str, str]) -> List[str]:
        if got is None:
            return ["a row is missing"]
        wrong = [f"{name}: expected {described(columns[name])}, got no such column" for name in columns if name not in got]
        for name, text in got.items():
            if name in columns:
                problem = self._value_problem(name, columns[name], text, types.get(name, ""))
                if problem:
                    wrong.append(f"{name}: {problem}")
            elif not image.others_are_null:
                wrong.append(f"{name}: expected no such column, got {_got_value(text)}")
            elif text is not None:
                wrong.append(f"{name}: expected null, got {_got_value(text)}")
        if image.others_are_null and set(got) != set(types):
            wrong.append(f"columns are missing: {sorted(set(types) - set(got))[:5]}")
        named = [name for name in image.columns if name in types]
        if named != sorted(named, key=list(types).index):
            wrong.append(f"expected the columns in the order {named[:20]}, the table has {list(types)[:20]}")
        return wrong

    def _value_problem(self, name: str, expected: Value, got: Optional[str], mysql_type: str) -> Optional[str]:
        problem = difference(expected, got, mysql_type, self.terms.json_c)
        is_time = is_time_of_run(got, mysql_type, self.terms.run)
        if name in self.terms.any_time_columns:
            return None if is_time else f"expected a time of this run, got {got!r}"
        if problem and is_time and isinstance(expected, Text) and self._is_recorded_time(expected):
            return None
        return problem

    def _is_recorded_time(self, expected: Text) -> bool:
        """Whether an expected time can only be that of the recording: no statement of the case names its day."""
        return not any(reading[:10] in statement for reading in expected.readings for statement in self.terms.sql)


def _document(base: Optional[Value], got: Optional[str]) -> Optional[str]:
    """The text of a document before its changes."""
    if isinstance(base, Json):
        return base.text
    return got if isinstance(base, LongJson) else None  # It was compared already, as far as the line tells it.


def _is_payload(line: Any) -> bool:
    return isinstance(line, Mark) and "payload" in line.name


def _shape(line: Any) -> Tuple[str, ...]:
    """What has to be equal before values are compared."""
    if isinstance(line, Row):
        return line.kind, line.table
    return ("statement", line.text) if isinstance(line, Statement) else ("mark", line.name)


def _got_shape(item: Union[Told, Carried]) -> Tuple[str, ...]:
    return _shape(item.line) if isinstance(item, Told) else (item.change.kind, item.change.table)


def _shows(text: str, statement: str) -> bool:
    """Whether an error's text ends with this statement in brackets, perhaps cut."""
    whole = " ".join(statement.split())
    shown = [text[at + 2:-1] for at in range(len(text)) if text.startswith(" [", at)]
    return any(part == whole or len(part) >= SHOWN_STATEMENT - 1 and whole.startswith(part.rstrip("…"))
               for part in shown)


def _text(line: Any) -> str:
    """An expected line for people."""
    text = line.name if isinstance(line, Mark) else line.text
    return text if len(text) <= SHOWN_LINE else text[:SHOWN_LINE] + "…"


def _got_text(item: Union[Told, Carried]) -> str:
    if isinstance(item, Told):
        return _text(item.line)
    change: Change = item.change
    images = ["{" + ", ".join(f"{name}={_got_value(text)}" for name, text in image.items()) + "}"
              for image in (change.before, change.after) if image is not None]
    text = f"{change.kind} {change.table} " + " → ".join(images)
    return (text if len(text) <= SHOWN_LINE else text[:SHOWN_LINE] + "…") + f" (record {change.first_id})"


def _got_value(text: Optional[str]) -> str:
    return "null" if text is None else shown(text)
