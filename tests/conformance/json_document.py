"""JSON documents as MySQL prints them: numbers keep their text, keys their order."""

import json
import re
from dataclasses import dataclass
from typing import Any, List, Tuple, Union

from conformance.lines import DiffStep

_SCANNER = json.JSONDecoder(strict=False)
_VERB = re.compile(r"(REPLACE|INSERT|REMOVE) \$")
_LEG = re.compile(r"\[(\d+)\]|\.([A-Za-z_$\u0080-\U0010ffff][\w$]*)|\.(?=\")")


class BadDocument(Exception):
    """A text that is no document, or a change that fits none."""


@dataclass(frozen=True)
class Number:
    """A number, as it is written."""

    text: str


def document_end(text: str, start: int) -> int:
    """Where the document that begins at `start` ends."""
    try:
        return _SCANNER.raw_decode(text, start)[1]
    except ValueError as error:
        raise BadDocument(str(error)) from error


def parse_document(text: str) -> Any:
    """A document as dicts, lists, strings, booleans, None and Numbers."""
    try:
        return json.loads(text, strict=False, parse_int=Number, parse_float=Number)
    except ValueError as error:
        raise BadDocument(f"{error}: {text}") from error


def document_text(document: Any) -> str:
    """The text that SELECT prints: keys ordered by length, then bytes."""
    if isinstance(document, Number):
        return document.text
    if isinstance(document, dict):
        keys = sorted(document, key=lambda key: (len(key.encode()), key.encode()))
        return "{" + ", ".join(f"{_quoted(key)}: {document_text(document[key])}" for key in keys) + "}"
    if isinstance(document, list):
        return "[" + ", ".join(map(document_text, document)) + "]"
    return _quoted(document) if isinstance(document, str) else json.dumps(document)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def parse_diff(text: str, start: int) -> Tuple[List[DiffStep], int]:
    """`VERB PATH VALUE; ...]` from `start` on, and where it ends. REMOVE has no value."""
    steps: List[DiffStep] = []
    while True:
        verb = _VERB.match(text, start)
        if not verb:
            raise BadDocument(f"no change of a document: {text[start:start + 40]}")
        path, start = _path(text, verb.end())
        value = None
        if verb.group(1) != "REMOVE":
            if not text.startswith(" ", start):
                raise BadDocument(f"no value: {text[start:start + 40]}")
            end = document_end(text, start + 1)
            value, start = text[start + 1:end], end
        steps.append(DiffStep(verb.group(1), path, value))
        if text.startswith("]", start):
            return steps, start + 1
        if not text.startswith("; ", start):
            raise BadDocument(f"no end: {text[start:start + 40]}")
        start += 2


def _path(text: str, start: int) -> Tuple[Tuple[Union[str, int], ...], int]:
    legs: List[Union[str, int]] = []
    while leg := _LEG.match(text, start):
        start = leg.end()
        if leg.group(1) is not None:
            legs.append(int(leg.group(1)))
        elif leg.group(2) is not None:
            legs.append(leg.group(2))
        else:
            try:
                name, start = json.decoder.scanstring(text, start + 1, False)
            except ValueError as error:
                raise BadDocument(str(error)) from error
            legs.append(name)
    return tuple(legs), start


def apply_diff(before: str, steps: Tuple[DiffStep, ...]) -> str:
    """The text of a document after changes; BadDocument where one doesn't fit."""
    document = parse_document(before)
    for step in steps:
        document = _apply(document, step)
    return document_text(document)


def _apply(document: Any, step: DiffStep) -> Any:
    if not step.path:
        if step.verb != "REPLACE" or step.value is None:
            raise BadDocument(f"{step.verb} of a whole document")
        return parse_document(step.value)
    parent = document
    for leg in step.path[:-1]:
        parent = _child(parent, leg)
    leg = step.path[-1]
    if step.verb == "INSERT":
        _insert(parent, leg, step)
    else:
        _child(parent, leg)
        if step.verb == "REMOVE":
            del parent[leg]
        else:
            parent[leg] = parse_document(step.value or "")
    return document


def _child(parent: Any, leg: Union[str, int]) -> Any:
    if isinstance(parent, dict) and leg in parent or \
            isinstance(parent, list) and isinstance(leg, int) and leg < len(parent):
        return parent[leg]
    raise BadDocument(f"nothing at {leg} of {document_text(parent)}")


def _insert(parent: Any, leg: Union[str, int], step: DiffStep) -> None:
    value = parse_document(step.value or "")
    if isinstance(parent, list) and isinstance(leg, int) and leg <= len(parent):
        parent.insert(leg, value)
    elif isinstance(parent, dict) and isinstance(leg, str) and leg not in parent:
        parent[leg] = value
    else:
        raise BadDocument(f"{step} does not fit {document_text(parent)}")


def same_document(one: str, other: str) -> bool:
    """Whether two texts are the same document, its keys in the same order; numbers with an exponent compare as
    numbers, all others as text."""
    if one == other:
        return True
    try:
        return _same(_pairs(one), _pairs(other))
    except ValueError:
        return False


def _pairs(text: str) -> Any:
    return json.loads(text, strict=False, parse_int=Number, parse_float=Number,
                      object_pairs_hook=lambda pairs: ("object", pairs))


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, Number) and isinstance(other, Number):
        has_exponent = "e" in one.text.lower() or "e" in other.text.lower()
        return one == other or has_exponent and float(one.text) == float(other.text)
    if isinstance(one, (list, tuple)) and type(one) is type(other):
        return len(one) == len(other) and all(map(_same, one, other))
    return type(one) is type(other) and one == other
