"""A random history of a database, with marks at which its tables are known."""

import os
import random
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Tuple

import pymysql

from support.mysql import Mysql
from support.random_changes import Changes, Session, is_refusal, transactions
from support.random_columns import GEOMETRIES, KINDS, LARGE, ColumnMaker
from support.random_tables import Table, TableMaker
from support.random_text import CharacterSets
from support.selected_rows import Row, selected_rows

MARKS = "marks"
@dataclass
class Mark:
    """What holds at the moment at which a row with its number was inserted into the table of marks."""

    rows: Dict[str, List[Row]] = field(default_factory=dict)      # By table: to be compared.
    defaults: Dict[str, Row] = field(default_factory=dict)        # By table: valid from now on.
    rename: Optional[Tuple[str, str]] = None                           # Old name, new name.
    truncate: Optional[str] = None


class History:
    """Makes a history of `database` from `chance`; `run` rounds of it, then read `marks`. From MySQL 8.0.30 on."""

    def __init__(self, address: str, database: str, chance: random.Random):
        self.marks: Dict[int, Mark] = {}
        self._sql = Mysql(address)
        version = int(str(self._sql.value("SELECT VERSION()")).split(".", maxsplit=1)[0])
        self.kinds = [kind for kind in (os.environ.get("BINFERRY_KINDS") or ",".join(KINDS)).split(",")
                      if kind != "vector" or version >= 9]
        self._chance = chance
        self._database = database
        for name in (database, database + "_defaults"):
            self._sql.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        self._sql.execute(f"USE {database}")
        # Else an ALTER that copies would make zero dates of invalid ones, in keys too.
        self._sql.execute("SET sql_mode = 'ALLOW_INVALID_DATES'")
        self._sql.execute(f"CREATE TABLE {MARKS} (n INT PRIMARY KEY)")
        self._columns = ColumnMaker(chance, CharacterSets(self._sql), self.kinds)
        self._maker = TableMaker(chance, self._columns, self.kinds)
        self._sessions = [Session(address, database, chance, has_tags=version >= 9) for _ in range(3)]
        self._changes = Changes(chance)
        self._tables: List[Table] = []
        self._copies = 0
        self.alterations = 0

    def run(self, rounds: int, tables: int = 6, groups: int = 30) -> None:
        """Each round makes new tables, changes them, alters some of them and changes them again."""
        for number in range(rounds):
            self._tables = [self._create(300 if number == 0 and index == 0 else None) for index in range(tables)]
            self._fill()
            transactions(self._chance, self._sessions, self._tables, groups)
            self._compare()
            for table in self._tables:
                if self._chance.random() < 0.6:
                    self._alter(table)
            self._rename_and_truncate()
            transactions(self._chance, self._sessions, self._tables, groups)
            self._copy()
            self._compare()
            for table in self._tables:
                self._sql.execute(f"DROP TABLE {table.name}")
            self._change_the_log(number)

    @property
    def summary(self) -> str:
        done = sum(session.done for session in self._sessions)
        errors: Dict[int, int] = {}
        for session in self._sessions:
            for code, count in session.errors.items():
                errors[code] = errors.get(code, 0) + count
        compared = sum(len(rows) for mark in self.marks.values() for rows in mark.rows.values())
        values = sum(len(row) for mark in self.marks.values() for rows in mark.rows.values() for row in rows)
        return f"{done} statements, {sum(errors.values())} refused for their values {errors}, " \
               f"{self.alterations} alterations, {compared} rows of {values} values compared"

    @property
    def failed_share(self) -> float:
        """How many of the statements didn't fit, 0 to 1."""
        failed = sum(sum(session.errors.values()) for session in self._sessions)
        return failed / (failed + sum(session.done for session in self._sessions))

    def close(self) -> None:
        for session in self._sessions:
            session.sql.close()
        self._sql.close()

    def _mark(self, mark: Mark) -> None:
        number = len(self.marks) + 1
        self.marks[number] = mark
        self._sql.execute(f"INSERT INTO {MARKS} VALUES ({number})")

    def _compare(self) -> None:
        self._mark(Mark(rows={table.name: selected_rows(self._sql, self._database, table.name)
                              for table in self._tables}))

    def _create(self, width: Optional[int]) -> Table:
        for _ in range(200):
            table = self._maker.table(width)
            self._sql.execute(f"SET SESSION sql_generate_invisible_primary_key = {'ON' if table.hidden_key else 'OFF'}")
            if self._try(table.create()):
                self._tell_defaults(table)
                return table
        raise AssertionError("no table can be created")

    def _tell_defaults(self, table: Table) -> None:
        """A row of nothing but defaults, in a database that no task reads."""
        place = self._database + "_defaults"
        self._sql.execute(f"CREATE TABLE {place}.{table.name} LIKE {self._database}.{table.name}")
        self._sql.execute("SET SESSION sql_generate_invisible_primary_key = OFF")
        # Geometries have no value of their own: a row that doesn't name them is refused, so no default is needed.
        required = [column for column in table.settable() if column.kind in GEOMETRIES and
                    not column.nullable and column.default is None]
        names = ",".join(f"`{column.name}`" for column in required)
        self._sql.execute(f"INSERT INTO {place}.{table.name} ({names}) VALUES "
                          f"({','.join(column.literal(self._chance) for column in required)})")
        defaults = selected_rows(self._sql, place, table.name)[0]
        self._sql.execute(f"DROP TABLE {place}.{table.name}")
        self._mark(Mark(defaults={table.name: defaults}))

    def _fill(self) -> None:
        for table in self._tables:
            for _ in range(6):
                session = self._chance.choice(self._sessions)
                session.configure(table.engine)
                session.attempt(self._changes.insert(table))

    def _alter(self, table: Table) -> None:
        """Changes the shape. As no events tell what this makes of the rows, all are changed or deleted around it."""
        session = self._sessions[0]
        clause, changed = self._clause(table)
        if not table.is_keyed or self._chance.random() < 0.2:
            session.full_images()
            self._sql.execute(f"DELETE FROM {table.name}")
        if self._try(f"ALTER TABLE {table.name} {clause}"):
            self.alterations += 1
            self._adopt(table, changed)
            self._tell_defaults(table)
        session.full_images()
        session.sql.execute(f"UPDATE {table.name} SET touched = touched + 1")

    def _clause(self, table: Table) -> Tuple[str, List[Tuple[Any, Any]]]:
        """A clause of ALTER TABLE, and which columns it makes into which: None for none, a text for a new name."""
        chance = self._chance
        free = table.free()
        place = chance.choice(("", " FIRST", f" AFTER `{chance.choice(table.columns).name}`"))
        name = f"n{self.alterations}_{chance.randrange(1000)}"
        style = chance.choice(("add", "modify", "drop", "rename", "move"))
        if style == "add" or len(free) < 3:
            column = self._maker.new_column(table, name)
            # Rows that are there would get no value that such types accept.
            column.nullable = column.nullable or column.kind in LARGE
            return f"ADD COLUMN {column.ddl}{place}", [(None, column)]
        old = chance.choice(free)
        if style == "drop":
            return f"DROP COLUMN `{old.name}`", [(old, None)]
        if style == "rename" or old.generated:
            return f"RENAME COLUMN `{old.name}` TO `{name}`", [(old, name)]
        if style == "move":
            return f"MODIFY {old.ddl}" + (" FIRST" if place.endswith(f"`{old.name}`") else place), []
        # MODIFY lets bytes become vectors that are no row of float32s.
        column = self._maker.new_column(table, old.name, without=("vector",))
        column.nullable = True
        return f"MODIFY {column.ddl}", [(old, column)]

    def _adopt(self, table: Table, changed: List[Tuple[Any, Any]]) -> None:
        """Notes what an ALTER has made of the columns."""
        for old, new in changed:
            if old is None:
                table.columns.append(new)
            elif new is None:
                table.columns.remove(old)
            elif isinstance(new, str):
                old.name = new
            else:
                table.columns[table.columns.index(old)] = new

    def _rename_and_truncate(self) -> None:
        table = self._chance.choice(self._tables)
        new = table.name + "_renamed"
        self._sql.execute(f"RENAME TABLE {table.name} TO {new}")
        self._mark(Mark(rename=(table.name, new)))
        table.name = new
        table = self._chance.choice(self._tables)
        self._sql.execute(f"TRUNCATE {table.name}")
        self._mark(Mark(truncate=table.name))

    def _copy(self) -> None:
        """CREATE TABLE ... SELECT: DDL and rows in one transaction."""
        table = self._chance.choice([table for table in self._tables if table.engine == "InnoDB"] or self._tables)
        self._copies += 1
        name = f"copy{self._copies}"
        if self._try(f"CREATE TABLE {name} SELECT * FROM {table.name}"):
            self._mark(Mark(rows={name: selected_rows(self._sql, self._database, name)}))
            self._sql.execute(f"DROP TABLE {name}")

    def _change_the_log(self, number: int) -> None:
        self._sql.execute("FLUSH BINARY LOGS")
        self._sql.execute(f"SET GLOBAL binlog_checksum = {'CRC32' if number % 2 else 'NONE'}")

    def _try(self, statement: str) -> bool:
        """False if the server refuses it: a row or key too long, a default or a value that doesn't fit."""
        try:
            self._sql.execute(statement)
            return True
        except pymysql.err.MySQLError as error:
            if not is_refusal(error):
                raise AssertionError(f"{error}\n{statement[:3000]}")
            return False
