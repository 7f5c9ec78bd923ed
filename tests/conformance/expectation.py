"""Reads the lines of a case's expectation. What it doesn't know is an error, never passed over."""

import json
import re
from typing import Dict, Iterator, List, Optional, Tuple

from conformance.json_document import BadDocument, document_end, parse_diff
from conformance.lines import (Bytes, Error, Expectation, Geometry, Image, Integer, Json, JsonDiff, Line, LongBytes,
                               LongJson, LongText, Mark, Null, Real, Row, Statement, Text, Unchanged, Value, Vector)

MARKS = ("BEGIN", "COMMIT", "ROLLBACK", "INTVAR", "RAND", "USER_VAR", "INCIDENT", "XA_PREPARE",
         "XA_PREPARE one-phase", "[payload", "payload]")
STATEMENT = "ddl/query: "
ARROW = " → "

_INTEGER = re.compile(r"-?\d+(?![\d.eE])")
_REAL = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?")
_BYTES = re.compile(r"x'((?:[0-9a-f]{2})*)'")
_LONG_BYTES = re.compile(r"x'((?:[0-9a-f]{2})*)…'\((\d+) bytes\)")
_GEOMETRY = re.compile(r"\{srid:(\d+), wkb:")
_VECTOR = re.compile(r"\[([^\]]*)\]")
_LONG_END = re.compile(r"…\((\d+) chars\)")
_ERROR = re.compile(r"ERR (\d+) (.* \[.*\])", re.S)
_DEFINER = re.compile(r"DEFINER\s*=\s*(`[^`]*`|'[^']*'|\w+)@(`[^`]*`|'[^']*'|[\w.%]+)", re.I)


class NotUnderstood(Exception):
    """A line that says nothing the format knows."""


def parse(lines: List[str]) -> Expectation:
    """The whole expectation; NotUnderstood names the first line that is none."""
    expectation = Expectation()
    for text in lines:
        line = parse_line(text)
        if isinstance(line, Error):
            expectation.errors.append(line)
        else:
            expectation.stream.append(line)
    return expectation


def parse_line(text: str) -> Line:
    """One line."""
    if text in MARKS:
        return Mark(text)
    if text.startswith(STATEMENT):
        return Statement(plain_statement(text[len(STATEMENT):]))
    if text[:2] in ("c ", "u ", "d "):
        return _row(text)
    if error := _ERROR.fullmatch(text):
        return Error(int(error.group(1)), " ".join(error.group(2).split()))
    raise NotUnderstood(f"a line of no known kind: {text}")


def plain_statement(text: str) -> str:
    """A statement with single blanks, and the same name for every definer."""
    return _DEFINER.sub("DEFINER=`someone`@`%`", " ".join(text.split()))


def _row(text: str) -> Row:
    """`c TABLE IMAGE`, `d TABLE IMAGE`, `u TABLE IMAGE → IMAGE`. A table's name may hold blanks, but no ` {`."""
    kind = text[0]
    start = text.find(" {", 2)
    # A quote in a column's name is rarer than one in a text.
    for may_quote in (False, True):
        for before, after in _pairs(text, start + 1, kind == "u", may_quote) if start > 2 else ():
            if kind == "d":
                before, after = after, None
            return Row(kind, text[2:start], before, after, text)
    raise NotUnderstood(f"a row line that can't be read: {text}")


def _pairs(text: str, start: int, has_before: bool, may_quote: bool) -> Iterator[Tuple[Optional[Image], Image]]:
    """The images from `start` to the end of the text, the first one None where there is only one."""
    for first, end in _images(text, start, may_quote):
        if not has_before and end == len(text):
            yield None, first
        elif has_before and text.startswith(ARROW, end):
            for second, last in _images(text, end + len(ARROW), may_quote):
                if last == len(text):
                    yield first, second


def _places(text: str, part: str, start: int) -> Iterator[int]:
    """Where `part` stands in `text`, from left to right."""
    at = text.find(part, start)
    while at >= 0:
        yield at
        at = text.find(part, at + 1)


def _images(text: str, start: int, may_quote: bool) -> Iterator[Tuple[Image, int]]:
    """The images that can begin at `start`, each with its end: more than one only where quotes are ambiguous."""
    if not text.startswith("{", start):
        return
    if text.startswith("{}", start):
        yield Image({}), start + 2
        return
    yield from _columns(text, start + 1, {}, may_quote)


def _columns(text: str, start: int, before: Dict[str, Value], may_quote: bool) -> Iterator[Tuple[Image, int]]:
    """`NAME=VALUE, ...}`, `(other columns null)}` at the end."""
    others = "(other columns null)}"
    if text.startswith(others, start):
        yield Image(before, others_are_null=True), start + len(others)
        return
    equals = text.find("=", start)
    if equals < 0:
        return
    name = text[start:equals]
    if name in before or '"' in name and not may_quote:
        return
    for value, end in _values(text, equals + 1):
        columns = {**before, name: value}
        if text.startswith("}", end):
            yield Image(columns), end + 1
        elif text.startswith(", ", end):
            yield from _columns(text, end + 2, columns, may_quote)


def _values(text: str, start: int) -> Iterator[Tuple[Value, int]]:
    """The values that can begin at `start`, each with its end."""
    for word, value in (("null", Null()), ("(unchanged)", Unchanged())):
        if text.startswith(word, start):
            yield value, start + len(word)
            return
    if text.startswith('"', start):
        yield from _texts(text, start)
    elif text.startswith("x'", start):
        yield from _bytes(text, start)
    elif text.startswith("JSON ", start):
        yield from _json(text, start + len("JSON "))
    elif text.startswith("diff[", start):
        yield from _diff(text, start + len("diff["))
    elif match := _GEOMETRY.match(text, start):
        for wkb, end in _bytes(text, match.end()):
            if text.startswith("}", end):
                yield Geometry(int(match.group(1)), wkb), end + 1
    elif match := _VECTOR.match(text, start):
        numbers = [number.strip() for number in match.group(1).split(",")] if match.group(1).strip() else []
        if all(_REAL.fullmatch(number) for number in numbers):
            yield Vector(tuple(numbers)), match.end()
    elif match := _INTEGER.match(text, start):
        yield Integer(match.group()), match.end()
    elif match := _REAL.match(text, start):
        yield Real(match.group()), match.end()


def _texts(text: str, start: int) -> Iterator[Tuple[Value, int]]:
    """A quoted text. Where it holds a quote or a backslash both readings are tried: escaped as in JSON, and as it
    stands, up to a quote behind which the line can go on."""
    escaped = {}
    try:
        reading, end = json.decoder.scanstring(text, start + 1, False)
        escaped[end] = reading
    except ValueError:
        pass
    for quote in _places(text, '"', start + 1):
        end = quote + 1
        raw = text[start + 1:quote]
        readings = frozenset({raw, escaped[end]} if end in escaped else {raw})
        if raw.endswith("…") and (match := re.compile(r"\((\d+) chars\)").match(text, end)):
            yield LongText(raw[:-1], int(match.group(1))), match.end()
        elif text.startswith(" (index 0)", end):
            yield Text(readings, is_index_zero=True), end + len(" (index 0)")
        else:
            yield Text(readings), end


def _bytes(text: str, start: int) -> Iterator[Tuple[Value, int]]:
    if match := _BYTES.match(text, start):
        yield Bytes(bytes.fromhex(match.group(1))), match.end()
    elif match := _LONG_BYTES.match(text, start):
        yield LongBytes(bytes.fromhex(match.group(1)), int(match.group(2))), match.end()


def _json(text: str, start: int) -> Iterator[Tuple[Value, int]]:
    """A document, or the start of one that is too long."""
    try:
        end = document_end(text, start)
        note = " (0-byte document)"
        behind = end + len(note) if text.startswith(note, end) else end
        yield Json(text[start:end]), behind
    except BadDocument:
        pass
    for match in _LONG_END.finditer(text, start):
        yield LongJson(text[start:match.start()], int(match.group(1))), match.end()


def _diff(text: str, start: int) -> Iterator[Tuple[Value, int]]:
    try:
        steps, end = parse_diff(text, start)
    except BadDocument:
        return
    yield JsonDiff(tuple(steps)), end
