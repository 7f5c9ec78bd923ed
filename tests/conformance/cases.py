"""Cases and the files that hold them, one JSON object a line."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

from conformance.expectation import NotUnderstood, parse
from conformance.lines import Expectation, Mark, Row, Statement

OWN = Path(__file__).resolve().parent / "cases.jsonl"
MARK = "@@mark"
DATABASE = "h"  # In which every case begins.
FIELDS = ("id", "sql", "expect", "note", "any_time_columns", "server", "needs")
# What a case may need that does not exist yet: the reason for skipping it.
MISSING = {
    "xa": "XA transactions are not carried yet",
    "tracked_schemas": "binlog_row_metadata=MINIMAL needs tracked schemas, which do not exist yet",
}


class BadCase(Exception):
    """A line of the file that is no case, or a case that asks for what isn't known."""


@dataclass(frozen=True)
class Case:
    """`expect` stays as written until it is needed, so that a bad line fails its own case alone."""

    id: str
    sql: List[str]
    expect: List[str]
    note: str = ""
    any_time_columns: Tuple[str, ...] = ()
    min_server: Optional[Tuple[int, ...]] = None
    needs: Tuple[str, ...] = ()

    def expectation(self) -> Expectation:
        """NotUnderstood for a line that says nothing the format knows."""
        return parse(self.expect)

    def reason_to_skip(self, server: Tuple[int, ...], metadata: str) -> Optional[str]:
        """Why this case can't be run; None if it can."""
        try:
            stream = self.expectation().stream
        except NotUnderstood:
            return None  # It fails when it is run.
        if self.min_server and server < self.min_server:
            return f"needs MySQL {'.'.join(map(str, self.min_server))} or newer"
        needs = set(self.needs)
        if any(isinstance(line, Mark) and line.name.startswith("XA_") or
               isinstance(line, Statement) and re.match(r"XA (START|END|COMMIT|ROLLBACK|PREPARE)\b", line.text)
               for line in stream):
            needs.add("xa")
        if metadata == "minimal" and any(isinstance(line, Row) for line in stream):
            needs.add("tracked_schemas")
        return next((reason for need, reason in MISSING.items() if need in needs), None)


def load(*files: Path) -> List[Case]:
    """The cases of files. What the project's copy says of the same case beyond SQL and expectation is added."""
    known = {_identity(case): case for case in _objects(OWN)}
    cases: Dict[str, Case] = {}
    for file in files:
        for fields in _objects(file):
            case = _case({**known.get(_identity(fields), {}), **fields})
            if case.id in cases:
                raise BadCase(f"{file}: the id {case.id} stands twice")
            cases[case.id] = case
    return list(cases.values())


def _objects(file: Path) -> List[Dict[str, Any]]:
    objects = []
    for number, line in enumerate(file.read_text(encoding="utf-8").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            objects.append(json.loads(line))
        except ValueError as error:
            raise BadCase(f"{file}:{number}: {error}") from error
    return objects


def _identity(fields: Dict[str, Any]) -> str:
    return json.dumps([fields.get("id"), fields.get("sql"), fields.get("expect")])


def _case(fields: Dict[str, Any]) -> Case:
    name = fields.get("id")
    for field in sorted(set(fields) - set(FIELDS)):
        print(f"case {name}: nobody knows the field `{field}`; it is not looked at")
    for field in ("sql", "expect"):
        if not isinstance(fields.get(field), list) or not all(isinstance(text, str) for text in fields[field]):
            raise BadCase(f"case {name}: `{field}` is no list of texts")
    server = fields.get("server", {})
    if set(server) - {"min"} or not isinstance(name, str):
        raise BadCase(f"case {name}: `server` may only have `min`, and `id` is a text")
    needs = tuple(fields.get("needs", ()))
    if set(needs) - set(MISSING):
        raise BadCase(f"case {name}: nobody knows the needs {needs}")
    return Case(
        id=name, sql=fields["sql"], expect=fields["expect"], note=fields.get("note", ""),
        any_time_columns=tuple(fields.get("any_time_columns", ())), needs=needs,
        min_server=version_of(server["min"]) if "min" in server else None)


def version_of(text: str) -> Tuple[int, ...]:
    """`9.7.4-2` as (9, 7, 4)."""
    return tuple(int(number) for number in re.match(r"\d+(\.\d+)*", text).group().split("."))
