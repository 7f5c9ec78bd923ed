"""What a line of a case's expectation stands for. The format is described in README.md."""

from dataclasses import dataclass, field
from typing import Dict, FrozenSet, List, Optional, Tuple, Union


@dataclass(frozen=True)
class Null:
    """SQL NULL."""


@dataclass(frozen=True)
class Integer:
    text: str


@dataclass(frozen=True)
class Real:
    """A float or double, compared as a number."""

    text: str


@dataclass(frozen=True)
class Text:
    """A quoted text. `readings` has more than one where a backslash or quote inside can be read as an escape or
    as itself."""

    readings: FrozenSet[str]
    is_index_zero: bool = False  # The error value of an ENUM.


@dataclass(frozen=True)
class LongText:
    """The start of a text and its length in characters."""

    start: str
    length: int


@dataclass(frozen=True)
class Bytes:
    value: bytes


@dataclass(frozen=True)
class LongBytes:
    """The start of a value and its length in bytes."""

    start: bytes
    length: int


@dataclass(frozen=True)
class Geometry:
    srid: int
    wkb: Union[Bytes, LongBytes]


@dataclass(frozen=True)
class Vector:
    numbers: Tuple[str, ...]


@dataclass(frozen=True)
class Json:
    """A document, as SELECT prints it."""

    text: str


@dataclass(frozen=True)
class LongJson:
    """The start of a document's text and its length in characters."""

    start: str
    length: int


@dataclass(frozen=True)
class DiffStep:
    """One change of a document: REPLACE, INSERT or REMOVE (without `value`) at a path."""

    verb: str
    path: Tuple[Union[str, int], ...]
    value: Optional[str] = None


@dataclass(frozen=True)
class JsonDiff:
    """The document is that of the before image with these changes."""

    steps: Tuple[DiffStep, ...]


@dataclass(frozen=True)
class Unchanged:
    """The document is that of the before image."""


Value = Union[Null, Integer, Real, Text, LongText, Bytes, LongBytes, Geometry, Vector, Json, LongJson, JsonDiff,
              Unchanged]


@dataclass(frozen=True)
class Image:
    """The columns that a row image has."""

    columns: Dict[str, Value]
    others_are_null: bool = False  # Those of the table that are not named.


@dataclass(frozen=True)
class Row:
    """A change of one row; `kind` is c, u or d, and `after` is None for d, `before` for c."""

    kind: str
    table: str
    before: Optional[Image]
    after: Optional[Image]
    text: str = field(default="", compare=False)  # As it was written.


@dataclass(frozen=True)
class Statement:
    """A statement that the binlog holds as text; blanks and definers made alike."""

    text: str


@dataclass(frozen=True)
class Mark:
    """An event without more: BEGIN, COMMIT, ROLLBACK, INTVAR, RAND, USER_VAR, INCIDENT, XA_PREPARE,
    `XA_PREPARE one-phase`, `[payload` or `payload]`."""

    name: str


@dataclass(frozen=True)
class Error:
    """A statement that fails. `text` is `MESSAGE [STATEMENT]`, the statement perhaps cut short."""

    code: int
    text: str


Line = Union[Row, Statement, Mark, Error]


@dataclass
class Expectation:
    """A case's lines: what the stream brings, in order, and which statements fail, in order."""

    stream: List[Union[Row, Statement, Mark]] = field(default_factory=list)
    errors: List[Error] = field(default_factory=list)
