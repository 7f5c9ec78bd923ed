"""Random columns of every type: how they are declared, and values for them."""

import random
from dataclasses import dataclass
from typing import Callable, Dict, List, Optional

from support import random_values as values
from support.random_text import CharacterSets, literal

Literal = Callable[[random.Random], str]


@dataclass
class Column:
    """One column; `literal` makes an SQL expression for a value of it, never NULL."""

    name: str
    kind: str                 # The type's name, as in DATA_TYPE.
    declaration: str          # The type with length, sign, set; without NULL, default and position.
    literal: Literal
    nullable: bool = True
    default: Optional[str] = None
    generated: bool = False   # Its value can't be given.
    invisible: bool = False

    @property
    def ddl(self) -> str:
        """As in CREATE TABLE."""
        parts = [f"`{self.name}`", self.declaration]
        if not self.generated:
            parts.append("NULL" if self.nullable else "NOT NULL")
        if self.default is not None:
            parts.append(f"DEFAULT {self.default}")
        if self.invisible:
            parts.append("INVISIBLE")
        return " ".join(parts)

    def value(self, chance: random.Random) -> str:
        """An SQL expression; NULL now and then where it may be."""
        return "NULL" if self.nullable and chance.random() < 0.15 else self.literal(chance)


INTEGERS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}
TEXTS = ("tinytext", "text", "mediumtext", "longtext")
BLOBS = ("tinyblob", "blob", "mediumblob", "longblob")
GEOMETRIES = ("geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon",
              "geometrycollection")
KINDS = (*INTEGERS, "decimal", "float", "double", "bit", "year", "date", "time", "datetime", "timestamp", "char",
         "varchar", *TEXTS, "binary", "varbinary", *BLOBS, "enum", "set", "json", *GEOMETRIES, "vector")
# Those that MEMORY tables can't have, and those that no key without a prefix can.
LARGE = (*TEXTS, *BLOBS, "json", *GEOMETRIES, "vector")


class ColumnMaker:
    """Makes columns of `kinds`."""

    def __init__(self, chance: random.Random, sets: CharacterSets, kinds: List[str]):
        self._chance = chance
        self._sets = sets
        self._kinds = kinds

    def column(self, name: str, kinds: Optional[List[str]] = None) -> Column:
        """A nullable column without default, of one of `kinds`, default all."""
        chance = self._chance
        kind = chance.choice(kinds or self._kinds)
        if kind in INTEGERS:
            unsigned = chance.random() < 0.5
            form = chance.choice(("", "", " zerofill")) if unsigned else ""
            return Column(name, kind, kind + (" unsigned" if unsigned else "") + form,
                          lambda r: values.integer(r, INTEGERS[kind], unsigned))
        if kind in ("decimal", "float", "double", "bit"):
            return self._number(name, kind)
        if kind in ("time", "datetime", "timestamp"):
            digits = chance.randint(0, 6)
            maker = {"time": values.time, "datetime": values.datetime, "timestamp": values.timestamp}[kind]
            return Column(name, kind, f"{kind}({digits})", lambda r: maker(r, digits))
        if kind in ("year", "date"):
            return Column(name, kind, kind, values.year if kind == "year" else values.date)
        if kind in ("char", "varchar", *TEXTS):
            return self._text(name, kind)
        if kind in ("binary", "varbinary", *BLOBS):
            length = 255 if kind == "tinyblob" else chance.choice((1, 3, 16, 64))
            return Column(name, kind, kind if kind in BLOBS else f"{kind}({length})",
                          lambda r: values.binary(r, length))
        if kind in ("enum", "set"):
            return self._labelled(name, kind)
        if kind == "json":
            return Column(name, kind, kind, values.json_text)
        if kind == "vector":
            dimension = chance.choice((1, 2, 16))
            return Column(name, kind, f"vector({dimension})", lambda r: values.vector(r, dimension))
        return Column(name, kind, kind, lambda r: values.geometry(r, kind))

    def _number(self, name: str, kind: str) -> Column:
        chance = self._chance
        if kind == "bit":
            bits = chance.choice((1, 7, 8, 9, 33, 64))
            return Column(name, kind, f"bit({bits})", lambda r: values.integer(r, bits, True))
        sign = " unsigned" if chance.random() < 0.2 else ""
        if kind == "decimal":
            precision = chance.choice((1, 4, 9, 10, 18, 19, 38, 65, chance.randint(1, 65)))
            scale = chance.choice((0, min(precision, 30), chance.randint(0, min(precision, 30))))
            return Column(name, kind, f"decimal({precision},{scale}){sign}",
                          lambda r: values.decimal(r, precision, scale))
        form = chance.choice(("", "", "(10,3)"))
        return Column(name, kind, kind + form + sign, values.real if kind == "float" else values.double)

    def _text(self, name: str, kind: str) -> Column:
        character_set = self._chance.choice(self._sets.names) if self._chance.random() < 0.7 else "utf8mb4"
        # From 64 characters on utf8mb4 has length prefixes of two bytes; TINYTEXT holds 63 of them.
        length = self._chance.choice((1, 3, 20, 63, 64)) if kind in ("char", "varchar") else 63
        declaration = (f"{kind}({length})" if kind in ("char", "varchar") else kind) + \
            f" CHARACTER SET {character_set}"

        def text(chance: random.Random) -> str:
            size = chance.choice((0, 1, length, chance.randint(0, length)))
            if kind in TEXTS[1:] and chance.random() < 0.05:
                return f"REPEAT({literal(self._sets.text(chance, character_set, 50), character_set)}, 60)"
            return literal(self._sets.text(chance, character_set, size) + chance.choice(("", "", " ")), character_set)
        return Column(name, kind, declaration, text)

    def _labelled(self, name: str, kind: str) -> Column:
        """ENUM or SET with labels from its character set, compared by their bytes."""
        chance = self._chance
        character_set = chance.choice(self._sets.names) if chance.random() < 0.7 else "utf8mb4"
        count = chance.choice((1, 2, 8, 9, 33, 64)) if kind == "set" else chance.choice((1, 2, 9, 255, 256, 300))
        unique: Dict[str, None] = {}
        while len(unique) < count:
            label = self._sets.text(chance, character_set, chance.randint(1, 4)).replace("\x00", "").rstrip()
            if kind == "set":
                label = label.replace(",", "")
            unique[label or f"v{len(unique)}"] = None
        labels = list(unique)
        quoted = ",".join("'" + label.replace("\\", "\\\\").replace("'", "''") + "'" for label in labels)
        number = (lambda r: str(r.choice((1, count, r.randint(0, count))))) if kind == "enum" else \
            (lambda r: str(r.choice((0, (1 << count) - 1, r.getrandbits(count)))))
        return Column(name, kind, f"{kind}({quoted}) CHARACTER SET {character_set} COLLATE {character_set}_bin", number)
