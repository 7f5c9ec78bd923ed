"""What SELECT says a table holds, in the texts that records have: rendered by the server, not by our programs."""

import struct
from typing import Callable, Dict, List, Optional, Tuple

from support.mysql import Mysql

Row = Dict[str, Optional[str]]


def java_text(number: float, is_float32: bool) -> str:
    """The shortest digits that read back as the same number, as Java prints them."""
    if is_float32:
        digits = next((text for text in (f"{number:.{size}e}" for size in range(9))
                       if _float32(float(text)) == number), None)
        assert digits is not None, f"{number!r} is no float32"
    else:
        digits = f"{number!r}" if "e" in repr(number) else next(
            text for text in (f"{number:.{size}e}" for size in range(17)) if float(text) == number)
    mantissa, _, exponent = digits.partition("e")
    power = int(exponent)
    sign = "-" if mantissa.startswith("-") else ""
    figures = mantissa.lstrip("-").replace(".", "").rstrip("0") or "0"
    if figures == "0":
        return sign + "0.0"
    if -3 <= power < 7:
        if power < 0:
            return sign + "0." + "0" * (-power - 1) + figures
        figures = figures.ljust(power + 2, "0")
        return sign + figures[:power + 1] + "." + figures[power + 1:]
    return f"{sign}{figures[0]}.{figures[1:] or '0'}E{power}"


def signed_bytes(content: bytes) -> str:
    """A byte list as in records."""
    return "[" + ", ".join(str(byte - 256 if byte > 127 else byte) for byte in content) + "]"


def vector_text(content: bytes) -> str:
    """A vector as in records, from its float32 numbers."""
    return "[" + ", ".join(java_text(number, True) for (number,) in struct.iter_unpack("<f", content)) + "]"


def _float32(number: float) -> float:
    try:
        return struct.unpack("<f", struct.pack("<f", number))[0]
    except OverflowError:
        return float("inf")


def _bytes_of_hex(text: str) -> str:
    return signed_bytes(bytes.fromhex(text))


# By DATA_TYPE: the SQL expression for `{c}`, and what Python makes of its text.
Rendering = Tuple[str, Callable[[str], str]]
_AS_IT_IS: Rendering = ("CAST({c} AS CHAR)", str)
_TEXT: Rendering = ("HEX(CONVERT({c} USING utf8mb4))", lambda text: bytes.fromhex(text).decode())
_BYTES: Rendering = ("HEX({c})", _bytes_of_hex)
_RENDERINGS: Dict[str, Rendering] = {
    # ZEROFILL is a matter of display.
    **dict.fromkeys(("tinyint", "smallint", "mediumint", "int", "bigint"),
                    ("CAST({c} AS CHAR)", lambda text: str(int(text)))),
    "decimal": _AS_IT_IS,
    # Cast to text a double would lose the digits beyond 22 characters.
    "float": ("CAST({c} AS DOUBLE)", lambda text: java_text(float(text), True)),
    "double": ("CAST({c} AS DOUBLE)", lambda text: java_text(float(text), False)),
    "bit": ("CAST(CAST({c} AS UNSIGNED) AS CHAR)", str),
    **dict.fromkeys(("year", "date", "time", "datetime"), _AS_IT_IS),
    "timestamp": ("IF(UNIX_TIMESTAMP({c}) = 0, '0', CAST(UNIX_TIMESTAMP({c}) AS CHAR))", str),
    **dict.fromkeys(("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"), _TEXT),
    **dict.fromkeys(("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"), _BYTES),
    "json": ("HEX(CONVERT(CAST({c} AS CHAR) USING utf8mb4))", lambda text: bytes.fromhex(text).decode()),
    # The server gives a geometry out as it keeps it: SRID, WKB.
    **dict.fromkeys(("geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon",
                     "geomcollection", "geometrycollection"), _BYTES),
    "vector": ("HEX({c})", lambda text: vector_text(bytes.fromhex(text))),
}


def columns_of(session: Mysql, database: str, table: str) -> List[Tuple[str, str]]:
    """Name and DATA_TYPE of each column, invisible ones too, in order."""
    return [(str(name), str(kind)) for name, kind in session.execute(
        "SELECT COLUMN_NAME, DATA_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s "
        "ORDER BY ORDINAL_POSITION", (database, table))]


def selected_rows(session: Mysql, database: str, table: str) -> List[Row]:
    """All rows of a table, each column as its text in a record, None for NULL."""
    columns = columns_of(session, database, table)
    assert columns, f"no table {database}.{table}"
    quoted = ["`" + name.replace("`", "``") + "`" for name, _ in columns]
    expressions = [_RENDERINGS[kind][0].format(c=name) for name, (_, kind) in zip(quoted, columns)]
    rows = session.execute(f"SELECT {', '.join(expressions)} FROM `{database}`.`{table}`")
    return [{name: None if text is None else _RENDERINGS[kind][1](_str(text))
             for (name, kind), text in zip(columns, row)} for row in rows]


def _str(text: object) -> str:
    return text.decode() if isinstance(text, bytes) else str(text)
