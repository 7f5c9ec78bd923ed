"""Random tables: columns of all types under keys of all kinds."""

import random
from dataclasses import dataclass, field
from typing import List, Optional, Tuple

from support.random_columns import INTEGERS, LARGE, Column, ColumnMaker

KEYS = ("primary", "primary", "composite", "automatic", "unique", "nullable unique", "prefix", "generated", "none")
WIDTHS = (1, 2, 3, 5, 7, 8, 9, 12, 15, 16, 17, 40)


@dataclass
class Table:
    """One table as it is now. `touched` is a counter column that makes every row change on demand."""

    name: str
    engine: str
    key: str                          # One of KEYS.
    columns: List[Column]
    constraints: List[str] = field(default_factory=list)
    options: str = ""
    keyed: List[str] = field(default_factory=list)     # Names of columns that a key or an expression depends on.

    @property
    def is_keyed(self) -> bool:
        """Whether rows have an identity of their own in the binlog."""
        return self.key not in ("nullable unique", "none")

    @property
    def hidden_key(self) -> bool:
        """Whether the server adds a primary key."""
        return self.key == "generated"

    def create(self) -> str:
        parts = [column.ddl for column in self.columns] + self.constraints
        return f"CREATE TABLE {self.name} (\n  " + ",\n  ".join(parts) + f"\n) ENGINE={self.engine} {self.options}"

    def settable(self) -> List[Column]:
        """The columns that a statement may give values to."""
        return [column for column in self.columns if not column.generated]

    def find(self, *kinds: str) -> List[Column]:
        """Settable columns of `kinds`."""
        return [column for column in self.settable() if column.kind in kinds]

    def free(self) -> List[Column]:
        """Columns that nothing depends on."""
        return [column for column in self.columns if column.name not in self.keyed and column.name != "touched"]


class TableMaker:
    """Makes tables t1, t2, ... of `kinds` of columns."""

    def __init__(self, chance: random.Random, columns: ColumnMaker, kinds: List[str]):
        self._chance = chance
        self._columns = columns
        self._kinds = kinds
        self._count = 0

    def table(self, width: Optional[int] = None) -> Table:
        """A table with `width` columns of its own, default a random number."""
        chance = self._chance
        self._count += 1
        engine = chance.choice(("InnoDB",) * 8 + ("MyISAM", "MEMORY"))
        kinds = self._kinds_of(engine)
        count = width or chance.choice(WIDTHS)
        columns = [self._columns.column(f"c{number}", kinds) for number in range(count)]
        for column in columns:
            self._settle(column)
        table = Table(f"t{self._count}", engine, chance.choice(KEYS), columns)
        self._add_key(table)
        counter = Column("touched", "int", "int", lambda r: str(r.randrange(10)), nullable=False, default="0")
        table.columns.insert(chance.randint(0, len(table.columns)), counter)
        self._add_dependents(table)
        if engine == "InnoDB" and table.key in ("primary", "composite") and not table.constraints[1:] and \
                chance.random() < 0.2:
            table.options = f"PARTITION BY KEY() PARTITIONS {chance.randint(2, 4)}"
        return table

    def new_column(self, table: Table, name: str, without: Tuple[str, ...] = ()) -> Column:
        """A column to add to a table, of no kind in `without`."""
        kinds = [kind for kind in self._kinds_of(table.engine) if kind not in without]
        column = self._columns.column(name, kinds or ["int"])
        self._settle(column)
        return column

    def _kinds_of(self, engine: str) -> List[str]:
        """Those that an engine takes."""
        kinds = [kind for kind in self._kinds if engine != "MEMORY" or kind not in LARGE]
        return kinds or ["int"]

    def _settle(self, column: Column) -> None:
        """Decides on NULL, default and visibility of a column outside keys."""
        chance = self._chance
        column.nullable = chance.random() < 0.6
        column.invisible = chance.random() < 0.08
        if chance.random() < 0.3:
            value = column.literal(chance).replace("x''", "''")  # 8.0 can't copy a table with DEFAULT (x'').
            if column.kind == "float":
                value = chance.choice(("0.5", "-1e10", "3.25"))  # LIKE and ALTER keep six digits of a default.
            # Large types, and whatever isn't plain, have their defaults as expressions.
            plain = column.kind not in LARGE and not value.startswith(("CONVERT", "REPEAT", "x'", "-0"))
            column.default = value if plain and column.kind not in ("enum", "set", "bit") else f"({value})"
        elif column.kind in ("timestamp", "datetime") and chance.random() < 0.3:
            now = "CURRENT_TIMESTAMP" + column.declaration[column.declaration.index("("):]
            column.default = f"{now} ON UPDATE {now}" if chance.random() < 0.5 else now

    def _key_column(self, name: str, table: Table) -> Column:
        """A column that can be a key without a prefix; values from few, so that they meet, or from many."""
        kinds = [kind for kind in self._kinds if kind not in LARGE and kind not in ("float", "double", "enum", "set")]
        column = self._columns.column(name, kinds or ["int"])
        column.nullable = False
        if self._chance.random() < 0.3:
            few = [column.literal(self._chance) for _ in range(20)]
            column.literal = lambda r: r.choice(few)
        table.keyed.append(name)
        return column

    def _add_key(self, table: Table) -> None:
        chance = self._chance
        place = lambda: chance.randint(0, len(table.columns))  # noqa: E731
        if table.key == "generated" and table.engine != "InnoDB":
            table.key = "none"
        if table.key == "automatic":
            kind = chance.choice([kind for kind in INTEGERS if kind in ("int", "bigint")])
            column = self._columns.column("k1", [kind])
            column.declaration = f"{kind} unsigned"
            column.nullable = False
            column.literal = lambda r: str(r.randint(1, 500))
            table.columns.insert(place(), column)
            column.declaration += " AUTO_INCREMENT"
            table.keyed.append("k1")
            table.constraints.append("PRIMARY KEY (k1)")
        elif table.key in ("primary", "composite", "unique", "nullable unique"):
            names = [f"k{number + 1}" for number in range(chance.randint(2, 3) if table.key == "composite" else 1)]
            for name in names:
                table.columns.insert(place(), self._key_column(name, table))
            if table.key == "nullable unique":
                for column in table.columns:
                    column.nullable = column.nullable or column.name in names
            chance.shuffle(names)
            kind = "UNIQUE" if "unique" in table.key else "PRIMARY"
            table.constraints.append(f"{kind} KEY ({','.join(names)})")
        elif table.key == "prefix":
            column = self._columns.column("k1", ["varchar"])
            column.nullable = False
            table.columns.insert(place(), column)
            table.keyed.append("k1")
            length = min(2, int(column.declaration.split("(")[1].split(")")[0]))
            table.constraints.append(f"PRIMARY KEY (k1({length}))")
        if table.key in ("primary", "automatic") and chance.random() < 0.3:
            table.columns.insert(place(), self._key_column("u1", table))
            table.constraints.append("UNIQUE KEY (u1)")

    def _add_dependents(self, table: Table) -> None:
        """Generated columns, and keys over expressions."""
        chance = self._chance
        numbers = [column for column in table.columns if column.kind in ("int", "mediumint", "smallint", "tinyint")]
        if numbers and chance.random() < 0.35:
            base = chance.choice(numbers)
            table.columns.insert(chance.randint(0, len(table.columns)), Column(
                "g1", "bigint", f"bigint GENERATED ALWAYS AS (`{base.name}` % 1000 + 1) "
                f"{chance.choice(('VIRTUAL', 'STORED'))}", lambda r: "DEFAULT", generated=True))
            table.keyed.append(base.name)
        documents = table.find("json")
        if documents and chance.random() < 0.35:
            base = chance.choice(documents)
            table.columns.insert(chance.randint(0, len(table.columns)), Column(
                "g2", "json", f"json GENERATED ALWAYS AS (JSON_EXTRACT(`{base.name}`, '$.a')) "
                f"{chance.choice(('VIRTUAL', 'STORED'))}", lambda r: "DEFAULT", generated=True))
            table.keyed.append(base.name)
        if numbers and table.engine == "InnoDB" and chance.random() < 0.15:
            base = chance.choice(numbers)
            table.constraints.append(f"KEY ((`{base.name}` % 7))")
            table.keyed.append(base.name)
