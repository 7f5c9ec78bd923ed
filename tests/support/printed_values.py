"""How a value that `mysqlbinlog -vv` printed must stand in our own decode: a rule for each type.

What the printed text leaves open comes from the SQL that made the file: signs, character sets, labels."""

import json
import re
import struct
from dataclasses import dataclass
from typing import List, Optional

from support.mysqlbinlog_text import PrintedColumn
from support.selected_rows import java_text, signed_bytes

CODECS = {"latin1": "cp1252", "gbk": "gbk", "utf8mb4": "utf-8", "utf8": "utf-8"}


@dataclass(frozen=True)
class Declared:
    """What a column's declaration says: "varchar(20) character set gbk"."""

    name: str
    text: str

    @property
    def is_unsigned(self) -> bool:
        return "unsigned" in self.text

    @property
    def codec(self) -> Optional[str]:
        """Python's name of the character set; None for bytes."""
        if "blob" in self.text or "binary" in self.text:
            return None
        match = re.search(r"character set (\w+)", self.text)
        return CODECS[match.group(1) if match else "utf8mb4"]

    @property
    def labels(self) -> List[str]:
        """Of ENUM and SET."""
        return re.findall(r"'([^']*)'", self.text)


def declared_columns(sql: str, table: str) -> List[Declared]:
    """The columns of a CREATE TABLE statement that stands on a line each in the SQL of a recording."""
    match = re.search(rf"^create table {table} \(\n(.*?)\n\);", sql, re.M | re.S)
    assert match, f"no CREATE TABLE {table} of several lines"
    return [Declared(*line.strip().rstrip(",").split(" ", 1)) for line in match.group(1).split("\n")]


def expected_value(printed: PrintedColumn, declared: Declared, has_labels: bool,
                   before: Optional[str] = None) -> Optional[str]:
    """Our text for what was printed, None for NULL. `has_labels`: the metadata was FULL; without it ENUM and SET are
    numbers. `before` is the column's text in the before image, which changes of documents start from."""
    if printed.is_null:
        return None
    text, kind = printed.text, printed.type.split("(")[0].strip()
    if kind in ("TINYINT", "SHORTINT", "MEDIUMINT", "INT", "LONGINT"):
        # A negative number has its other reading in parentheses: the tool knows no signs.
        signed, _, unsigned = text.decode().rstrip(")").partition(" (")
        return unsigned if unsigned and declared.is_unsigned else signed
    if kind == "DECIMAL":
        return text.decode()
    if kind in ("FLOAT", "DOUBLE"):
        return _number(text.decode(), kind == "FLOAT")
    if kind == "YEAR":
        return "0000" if text == b"1900" else text.decode()  # The tool takes year 0 for 1900.
    if kind == "BIT":
        return str(int(text[2:-1], 2))
    if kind in ("ENUM", "SET"):
        # The bits of a SET come byte by byte as they lie in the binlog, the lowest byte first.
        number = int(text) if kind == "ENUM" else int.from_bytes(
            int(text[2:-1], 2).to_bytes(len(text[2:-1]) // 8, "big"), "little")
        return _labels(number, kind, declared.labels) if has_labels else str(number)
    if kind == "DATE":
        return text[1:-1].decode().replace(":", "-")
    if kind in ("TIME", "DATETIME"):
        return text[1:-1].decode()
    if kind == "TIMESTAMP":
        return "0" if float(text) == 0 else text.decode()
    if kind == "JSON":
        return _document(text.decode(), before)
    if kind in ("STRING", "VARSTRING", "TINYBLOB/TINYTEXT", "BLOB/TEXT", "MEDIUMBLOB/MEDIUMTEXT", "LONGBLOB/LONGTEXT"):
        return _text(printed, declared)
    raise AssertionError(f"no rule for the type {printed.type}")


def _number(text: str, is_float32: bool) -> str:
    number = float(text)
    if is_float32:
        # Six digits only; enough for the numbers of the recordings.
        number = struct.unpack("<f", struct.pack("<f", number))[0]
    return java_text(number, is_float32)


def _labels(number: int, kind: str, labels: List[str]) -> str:
    if kind == "ENUM":
        return labels[number - 1] if number else ""
    return ",".join(label for bit, label in enumerate(labels) if number >> bit & 1)


def _text(printed: PrintedColumn, declared: Declared) -> str:
    """Bytes below space are printed as \\x00 and so on, all others as they are."""
    content = re.sub(rb"\\x([01][0-9a-f])", lambda match: bytes([int(match.group(1), 16)]), printed.text[1:-1])
    if declared.codec is not None:
        return content.decode(declared.codec)
    if declared.text.startswith("binary("):
        content = content.ljust(int(printed.type.split("(")[1].rstrip(")")), b"\x00")  # Stripped in the binlog.
    return signed_bytes(content)


def _document(text: str, before: Optional[str]) -> Optional[str]:
    """A whole document, `@2` for the unchanged one, or one change of it."""
    if re.fullmatch(r"@\d+", text):
        return before
    if text.startswith("'"):
        return text[1:-1]
    match = re.fullmatch(r"(JSON_\w+)\(@\d+, '([^']*)'(?:, (.*))?\)", text)
    assert match and before is not None, f"no rule for {text} after {before}"
    document = json.loads(before)
    legs = re.findall(r"\.(\w+)|\[(\d+)\]", match.group(2))
    place = document
    for name, index in legs[:-1]:
        place = place[name] if name else place[int(index)]
    last = legs[-1][0] or int(legs[-1][1])
    if match.group(1) == "JSON_REMOVE":
        del place[last]
    else:
        value = re.fullmatch(r"CAST\('(.*)' AS JSON\)|'(.*)'|(.*)", match.group(3))
        place[last] = value.group(2) if value.group(2) is not None else json.loads(value.group(1) or value.group(3))
    return mysql_json(document)


def mysql_json(value: object) -> str:
    """JSON text as MySQL prints it: keys by length, then by bytes. No numbers that it prints in ways of its own."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
        return "{" + ", ".join(f"{json.dumps(key, ensure_ascii=False)}: {mysql_json(value[key])}" for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(mysql_json(each) for each in value) + "]"
    return json.dumps(value, ensure_ascii=False)
