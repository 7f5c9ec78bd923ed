"""Compares one expected value with a record's text for it."""

import re
import struct
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Optional, Tuple

from conformance.json_document import same_document
from conformance.lines import (Bytes, Geometry, Integer, Json, LongBytes, LongJson, LongText, Null, Real, Text, Value,
                               Vector)

INTEGERS = ("tinyint", "smallint", "mediumint", "int", "bigint", "bit", "year")
REALS = ("float", "double")
TEMPORALS = ("date", "time", "datetime", "timestamp")
STRINGS = ("char", "varchar", "tinytext", "text", "mediumtext", "longtext")
LABELS = ("enum", "set")
BINARIES = ("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob")
GEOMETRIES = ("geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon",
              "geometrycollection", "geomcollection")

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_REAL = re.compile(r"-?\d+\.\d+(E-?\d+)?")
_BYTE_LIST = re.compile(r"\[(-?\d+(?:, -?\d+)*)?\]")
_VECTOR = re.compile(r"\[(-?\d+\.\d+(?:E-?\d+)?(?:, -?\d+\.\d+(?:E-?\d+)?)*)?\]")
_SECONDS = re.compile(r"(\d+)(?:\.(\d{1,6}))?")
_ZERO_TIMESTAMP = re.compile(r"0000-00-00 00:00:00(\.0+)?")


@dataclass(frozen=True)
class RunTime:
    """When a case ran, seconds since 1970: what stands in a column that takes the time of the statement."""

    first: float
    last: float


def difference(expected: Value, got: Optional[str], mysql_type: str, json_c: bool = False) -> Optional[str]:
    """What is wrong with the text `got` (None: SQL NULL) of a column of this type; None if nothing is."""
    plain_type = mysql_type.removesuffix(" unsigned")
    if isinstance(expected, Null):
        return None if got is None else f"expected null, got {shown(got)}"
    if got is None:
        return f"expected {described(expected)}, got null"
    types, is_equal = _rule(expected, got, plain_type, json_c)
    if plain_type not in types:
        return f"expected a value of type {' or '.join(types)}, got one of type {mysql_type}: {shown(got)}"
    return None if is_equal else f"expected {described(expected)}, got {shown(got)}"


def shown(text: str) -> str:
    """A text for people: long ones cut."""
    return repr(text) if len(text) <= 200 else f"{text[:200]!r}… ({len(text)} characters)"


def described(value: Value) -> str:
    """An expected value for people."""
    if isinstance(value, Null):
        return "null"
    if isinstance(value, (Integer, Real, Json)):
        return shown(value.text)
    if isinstance(value, Text):
        return " or ".join(map(shown, sorted(value.readings)))
    if isinstance(value, Bytes):
        return shown(f"x'{value.value.hex()}'")
    return shown(str(value))


def is_time_of_run(got: Optional[str], mysql_type: str, run: RunTime) -> bool:
    """Whether a text of a DATETIME or TIMESTAMP is a time while the case ran. Sessions run in UTC."""
    if got is None or mysql_type not in ("timestamp", "datetime"):
        return False
    if mysql_type == "timestamp" and _SECONDS.fullmatch(got):
        seconds = float(got)
    else:
        try:
            seconds = datetime.fromisoformat(got).replace(tzinfo=timezone.utc).timestamp()
        except ValueError:
            return False
    return run.first - 1 <= seconds <= run.last + 1


def _rule(expected: Value, got: str, plain_type: str, json_c: bool) -> Tuple[Tuple[str, ...], bool]:
    """The types that such a value may have, and whether the texts are equal."""
    if isinstance(expected, Integer):
        return INTEGERS, got == (f"{int(expected.text):04d}" if plain_type == "year" else expected.text)
    if isinstance(expected, Real):
        return REALS, _same_real(expected.text, got, plain_type)
    if isinstance(expected, (Text, LongText)):
        return _text_rule(expected, got, plain_type, json_c)
    if isinstance(expected, (Bytes, LongBytes)):
        return BINARIES, _same_bytes(expected, byte_list(got))
    if isinstance(expected, Geometry):
        value = byte_list(got)
        return GEOMETRIES, value is not None and value[:4] == struct.pack("<I", expected.srid) \
            and _same_bytes(expected.wkb, value[4:])
    if isinstance(expected, Vector):
        return ("vector",), _same_vector(expected, got)
    if isinstance(expected, Json):
        return ("json",), same_document(expected.text, got)
    if isinstance(expected, LongJson):
        return ("json",), got.startswith(expected.start) and len(got) == expected.length
    raise AssertionError(f"{expected} has to be resolved before")


def _text_rule(expected: Value, got: str, plain_type: str, json_c: bool) -> Tuple[Tuple[str, ...], bool]:
    if isinstance(expected, LongText):
        return STRINGS + LABELS, got.startswith(expected.start) and len(got) == expected.length
    assert isinstance(expected, Text)
    if expected.is_index_zero:
        return ("enum",), got == ""
    if plain_type == "timestamp":
        return TEMPORALS, any(_same_timestamp(reading, got, json_c) for reading in expected.readings)
    return ("decimal",) + TEMPORALS + STRINGS + LABELS, got in expected.readings


def _same_real(expected: str, got: str, plain_type: str) -> bool:
    return bool(_REAL.fullmatch(got)) and _same_bits("<f" if plain_type == "float" else "<d", expected, got)


def _same_bits(code: str, one: str, other: str) -> bool:
    """Whether two texts are the same number of the struct type `code`; -0.0 is not 0.0."""
    try:
        return struct.pack(code, float(one)) == struct.pack(code, float(other))
    except OverflowError:  # No float32.
        return False


def byte_list(text: str) -> Optional[bytes]:
    """`[1, -1]`: signed bytes; None for another text."""
    match = _BYTE_LIST.fullmatch(text)
    if not match:
        return None
    numbers = [int(number) for number in match.group(1).split(", ")] if match.group(1) else []
    return bytes(number & 0xFF for number in numbers) if all(-128 <= n <= 127 for n in numbers) else None


def _same_bytes(expected: Value, got: Optional[bytes]) -> bool:
    if got is None:
        return False
    if isinstance(expected, Bytes):
        return got == expected.value
    assert isinstance(expected, LongBytes)
    return got.startswith(expected.start) and len(got) == expected.length


def _same_vector(expected: Vector, got: str) -> bool:
    match = _VECTOR.fullmatch(got)
    if not match:
        return False
    numbers = match.group(1).split(", ") if match.group(1) else []
    return len(numbers) == len(expected.numbers) and all(
        _same_bits("<f", number, other) for number, other in zip(expected.numbers, numbers))


def _same_timestamp(expected: str, got: str, json_c: bool) -> bool:
    """`2024-06-15 06:30:00.125Z` is the record's 1718433000.125; the zero timestamp is 0."""
    if _ZERO_TIMESTAMP.fullmatch(expected):
        return got == (expected if json_c else "0")
    if not expected.endswith("Z"):
        return False
    if json_c:
        return got == expected[:-1]
    whole, _, fraction = expected[:-1].partition(".")
    seconds = _SECONDS.fullmatch(got)
    if not seconds or (seconds.group(2) or "") != fraction:
        return False
    moment = _EPOCH + timedelta(seconds=int(seconds.group(1)))
    return moment.strftime("%Y-%m-%d %H:%M:%S") == whole
