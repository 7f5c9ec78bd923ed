"""Random SQL literals that are no texts: numbers, moments, documents, geometries, vectors.

Each function gives an SQL expression whose value the column types take under a lenient sql_mode; edges come more
often than chance would have them."""

import json
import random
import struct
from typing import Any, List

ODD_TEXTS = ("", "a", "é", "日本", "😀", '"', "\\", "\b\f\n\r\t", "\x00\x1f", "</script>", "a" * 127, "b" * 128,
             "$", "[0]", "k k", "\u2028", "'")
ODD_DOUBLES = ("0e0", "-0e0", "1e0", "-1e0", "0.1e0", "1e15", "1e16", "1e17", "123456789012345680e0", "1e-3", "9.99e-4",
               "9999999e0", "1e7", "1.7976931348623157e308", "5e-324", "2.2250738585072014e-308", "3.402823466e38",
               "1.17549435e-38", "1e-45", "16777217e0", "9007199254740993e0", "0.30000000000000004e0")


def integer(chance: random.Random, bits: int, unsigned: bool) -> str:
    """In the type's range."""
    low, high = (0, (1 << bits) - 1) if unsigned else (-(1 << bits - 1), (1 << bits - 1) - 1)
    if chance.random() < 0.4:
        return str(chance.choice((low, low + 1, -1 if low < 0 else high >> 1, 0, 1, high >> 1, (high >> 1) + 1,
                                  high - 1, high)))
    return str(chance.randint(low, high) >> chance.randrange(bits))


def decimal(chance: random.Random, precision: int, scale: int) -> str:
    """With at most as many digits as DECIMAL(precision, scale) has."""
    digits = chance.choice(("0", "1", "9")) * precision if chance.random() < 0.3 else \
        "".join(chance.choice("0123456789") for _ in range(precision))
    if chance.random() < 0.3:
        keep = chance.randint(0, precision)
        digits = "0" * (precision - keep) + digits[precision - keep:]
    whole, fraction = digits[:precision - scale] or "0", digits[precision - scale:]
    return f"'{chance.choice(('', '', '-'))}{whole}{'.' + fraction if fraction else ''}'"


def double(chance: random.Random) -> str:
    style = chance.random()
    if style < 0.3:
        return chance.choice(ODD_DOUBLES)
    if style < 0.6:
        bits = chance.getrandbits(64)
        number = struct.unpack("<d", bits.to_bytes(8, "little"))[0]
        return f"{number!r}" + ("" if "e" in repr(number) else "e0") if abs(number) < 1e308 else "1e0"
    return f"{chance.uniform(-1, 1) * 10 ** chance.randrange(-8, 12)!r}"


def real(chance: random.Random) -> str:
    """In the range of FLOAT."""
    bits = chance.getrandbits(32) & ~(1 << 30 if chance.random() < 0.5 else 0)
    number = struct.unpack("<f", bits.to_bytes(4, "little"))[0]
    return f"{number!r}" if abs(number) < 3e38 and chance.random() < 0.7 else \
        chance.choice(("0e0", "-0e0", "0.1e0", "16777216e0", "16777217e0", "1e-45", "3.402823e38", "1e7", "9999999e0"))


def year(chance: random.Random) -> str:
    return chance.choice(("0", "1901", "2155", "'0'", "'00'", "1970", str(chance.randint(1901, 2155))))


def date(chance: random.Random) -> str:
    if chance.random() < 0.35:
        return chance.choice(("'0000-00-00'", "'2024-00-00'", "'2024-02-00'", "'9999-12-31'", "'0000-01-01'",
                              "'1000-01-01'", "'2024-02-29'", "'0001-01-01'"))
    return f"'{chance.randint(0, 9999):04}-{chance.randint(1, 12):02}-{chance.randint(1, 31):02}'"


def fraction(chance: random.Random, digits: int) -> str:
    """A point and `digits` digits, or nothing."""
    if digits == 0:
        return ""
    return "." + (chance.choice("019") * digits if chance.random() < 0.4 else
                  "".join(chance.choice("0123456789") for _ in range(digits)))


def time(chance: random.Random, digits: int) -> str:
    sign = chance.choice(("", "-"))
    if chance.random() < 0.4:
        clock = chance.choice(("838:59:58", "00:00:00", "00:00:01", "01:00:00", "00:59:59", "23:59:59", "256:00:00"))
        return f"'{sign}{clock}{fraction(chance, digits)}'" if chance.random() < 0.9 else f"'{sign}838:59:59'"
    return f"'{sign}{chance.randint(0, 838):02}:{chance.randint(0, 59):02}:{chance.randint(0, 59):02}" \
           f"{fraction(chance, digits)}'"


def datetime(chance: random.Random, digits: int) -> str:
    if chance.random() < 0.1:
        return "'0000-00-00 00:00:00'"
    clock = chance.choice(("00:00:00", "23:59:59",
                           f"{chance.randint(0, 23):02}:{chance.randint(0, 59):02}:{chance.randint(0, 59):02}"))
    return f"{date(chance)[:-1]} {clock}{fraction(chance, digits)}'"


def timestamp(chance: random.Random, digits: int) -> str:
    """Valid in every time zone between -11:00 and +13:00."""
    if chance.random() < 0.2:
        return "'0000-00-00 00:00:00'"
    return f"'{chance.randint(1971, 2037)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02} " \
           f"{chance.randint(0, 23):02}:{chance.randint(0, 59):02}:{chance.randint(0, 59):02}" \
           f"{fraction(chance, digits)}'"


def binary(chance: random.Random, length: int) -> str:
    """At most `length` bytes, often with zero bytes at the end."""
    size = chance.choice((0, 1, length, chance.randint(0, length)))
    content = bytes(chance.choice((0, 0x5C, 0x7F, 0x80, 0xFF, chance.randrange(256))) for _ in range(min(size, length)))
    if content and chance.random() < 0.3:
        content = content[:chance.randint(0, len(content))].ljust(len(content), b"\x00")
    return f"x'{content.hex()}'"


def document(chance: random.Random, depth: int = 3) -> Any:
    """A value for a JSON text; numbers that a double or 64 bits hold."""
    style = chance.random()
    if depth and style < 0.35:
        return {key: document(chance, depth - 1) for key in
                (chance.choice(ODD_TEXTS) if chance.random() < 0.3 else chance.choice("abcdefgh")
                 for _ in range(chance.choice((0, 1, 2, 5))))}
    if depth and style < 0.6:
        return [document(chance, depth - 1) for _ in range(chance.choice((0, 1, 2, 5)))]
    return scalar(chance)


def scalar(chance: random.Random) -> Any:
    if chance.random() < 0.4:
        return chance.choice(ODD_TEXTS)
    return chance.choice((None, True, False, 0, 1, -1, 32767, 32768, -32769, 65535, 65536, 2147483648, 4294967296,
                          9223372036854775807, -9223372036854775808, 18446744073709551615, 0.5, -0.0, 1e16, 1e-7,
                          chance.uniform(-1e6, 1e6), chance.getrandbits(chance.randrange(1, 64))))


# What JSON text can't say: MySQL keeps these in forms of its own.
OPAQUE = ("CAST('2024-01-02' AS DATE)", "CAST('-10:11:12.5' AS TIME(1))",
          "CAST('2024-01-02 03:04:05.678' AS DATETIME(3))", "CAST('-00:00:00.000001' AS TIME(6))", "1.50",
          "CAST('-12345678901234567890.123456789' AS DECIMAL(65,9))",
          "x'00ff'", "b'101'", "CAST(x'616263' AS BINARY(5))", "ST_GeomFromText('POINT(1 2.5)')", "1e0", "1e300",
          "CAST('0000-00-00' AS DATE)", "CAST(18446744073709551615 AS UNSIGNED)")


def json_text(chance: random.Random) -> str:
    if chance.random() < 0.25:
        parts = [chance.choice(OPAQUE) for _ in range(chance.randint(1, 4))]
        if chance.random() < 0.5:
            return f"JSON_ARRAY({','.join(parts)})"
        members = [f"'{chance.choice((chr(97 + number), str(number) * 9))}',{part}"
                   for number, part in enumerate(parts)]
        return f"JSON_OBJECT({','.join(members)})"
    value = document(chance)
    if chance.random() < 0.03:
        value = [value] * (70_000 // len(json.dumps(value)) + 1)  # Offsets of four bytes.
    return f"CAST(_utf8mb4 x'{json.dumps(value, ensure_ascii=False).encode().hex()}' AS JSON)"


def json_change(chance: random.Random, column: str) -> str:
    """An expression that changes a part of the document in `column`, if it has such a part."""
    legs = [chance.choice((".a", ".b", ".c", "[0]", "[1]", "[last]", '."k k"'))
            for _ in range(chance.choice((1, 1, 2)))]
    path = "$" + "".join(legs)
    if chance.random() < 0.25:
        return f"JSON_REMOVE({column}, '{path}')"
    function = chance.choice(("JSON_SET", "JSON_SET", "JSON_REPLACE"))
    new = chance.choice((str(chance.randint(-9, 99999)), f"'{chance.choice('xyz') * chance.randint(0, 40)}'", "NULL",
                         chance.choice(OPAQUE), json_text(chance)))
    return f"{function}({column}, '{path}', {new})"


def numbers(chance: random.Random, count: int) -> List[str]:
    return [chance.choice(("0", "1", "-1.5", "1e10", "180", f"{chance.uniform(-80, 80):.6f}")) for _ in range(count)]


def geometry(chance: random.Random, kind: str) -> str:
    """A geometry of SRID 0 of the type that the column type `kind` takes."""
    if kind == "geometry":
        kind = chance.choice(("point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon",
                              "geometrycollection"))
        if chance.random() < 0.2:
            return "ST_GeomFromText('POINT(10 20)', 4326)"
    point = lambda: " ".join(numbers(chance, 2))  # noqa: E731
    line = lambda: ",".join(point() for _ in range(chance.randint(2, 5)))  # noqa: E731
    a, b = chance.randint(-50, 50), chance.randint(1, 50)
    ring = f"({a} {a},{a + b} {a},{a + b} {a + b},{a} {a + b},{a} {a})"
    texts = {
        "point": lambda: f"POINT({point()})",
        "linestring": lambda: f"LINESTRING({line()})",
        "polygon": lambda: f"POLYGON({ring})",
        "multipoint": lambda: f"MULTIPOINT({line()})",
        "multilinestring": lambda: f"MULTILINESTRING(({line()}),({line()}))",
        "multipolygon": lambda: f"MULTIPOLYGON(({ring}),({ring}))",
        "geometrycollection": lambda: chance.choice((
            "GEOMETRYCOLLECTION EMPTY", f"GEOMETRYCOLLECTION(POINT({point()}),LINESTRING({line()}))")),
    }
    return f"ST_GeomFromText('{texts[kind]()}')"


def vector(chance: random.Random, dimension: int) -> str:
    """At most `dimension` numbers."""
    count = chance.choice((1, dimension, chance.randint(1, dimension)))
    return "x'" + b"".join(struct.pack("<f", float(real(chance))) for _ in range(count)).hex() + "'"
