"""Random changes of random tables, in interleaved sessions under all the settings that shape a binlog."""

import random
from typing import Callable, Dict, List

import pymysql

from support.mysql import Mysql
from support.random_columns import Column
from support.random_tables import Table
from support.random_values import json_change

IMAGES = ("FULL", "FULL", "MINIMAL", "NOBLOB")
MODES = ("", "ALLOW_INVALID_DATES", "PAD_CHAR_TO_FULL_LENGTH", "ANSI_QUOTES", "NO_AUTO_VALUE_ON_ZERO")
ZONES = ("+00:00", "+05:30", "-11:00", "+13:00")
# What no refusal of a random statement's values or declarations is: mistakes of ours, and a server in trouble. Unknown
# table, column, key; syntax; lock waits and deadlocks, as sessions have tables of their own; privileges.
MISTAKES = {1044, 1045, 1049, 1054, 1064, 1091, 1146, 1205, 1213, 1227, 1305}


def is_refusal(error: pymysql.err.MySQLError) -> bool:
    """Whether a server only didn't like a random value, or a random declaration."""
    code = error.args[0]
    return isinstance(code, int) and code not in MISTAKES and not 2000 <= code < 3000


class Session:
    """One connection and what it is set to."""

    def __init__(self, address: str, database: str, chance: random.Random, has_tags: bool):
        """`has_tags`: the server knows tagged GTIDs."""
        self._chance = chance
        self._gtids = ("AUTOMATIC", "AUTOMATIC", "AUTOMATIC:differential") if has_tags else ("AUTOMATIC",)
        self.sql = Mysql(address, database=database)
        self.done = 0
        self.errors: Dict[int, int] = {}
        self.sql.execute("SET SESSION innodb_lock_wait_timeout = 2, lock_wait_timeout = 2")

    def configure(self, engine: str) -> None:
        """New settings, between transactions on tables of one engine.

        A change of a part of a JSON document has no base under MINIMAL images, which a task refuses: never both. And
        never MINIMAL with MyISAM: there UPDATEs of MySQL 9.7 spoil columns that they don't name, of which the binlog
        says nothing."""
        chance = self._chance
        image = chance.choice([image for image in IMAGES if image != "MINIMAL" or engine != "MyISAM"])
        partial = "PARTIAL_JSON" if image != "MINIMAL" and chance.random() < 0.5 else ""
        self.sql.execute(
            f"SET SESSION binlog_row_image = {image}, binlog_row_value_options = '{partial}', "
            f"binlog_transaction_compression = {chance.choice(('ON', 'OFF', 'OFF'))}, "
            f"binlog_rows_query_log_events = {chance.choice(('ON', 'OFF', 'OFF'))}, "
            f"sql_mode = '{chance.choice(MODES)}', time_zone = '{chance.choice(ZONES)}', "
            f"gtid_next = '{chance.choice(self._gtids)}'")

    def full_images(self) -> None:
        """Whole rows from now on, until `configure`."""
        self.sql.execute("SET SESSION binlog_row_image = FULL, sql_mode = ''")

    def attempt(self, statement: str) -> bool:
        """Runs a statement; false if its values didn't fit. Any other error comes out, with the statement."""
        try:
            self.sql.execute(statement)
            self.done += 1
            return True
        except pymysql.err.MySQLError as error:
            if not is_refusal(error):
                raise AssertionError(f"{error}\n{statement[:3000]}")
            self.errors[error.args[0]] = self.errors.get(error.args[0], 0) + 1
            return False


class Changes:
    """Makes statements for tables."""

    def __init__(self, chance: random.Random):
        self._chance = chance

    def statement(self, tables: List[Table]) -> str:
        """A random change of one of `tables`, or of two of them."""
        chance = self._chance
        table = chance.choice(tables)
        kinds: List[Callable[[Table], str]] = \
            [self.insert] * 4 + [self.update] * 4 + [self.delete] + [self.change_json] * 3
        if table.hidden_key and chance.random() < 0.3:
            return f"UPDATE {table.name} SET my_row_id = my_row_id + 100000 ORDER BY my_row_id DESC LIMIT 1"
        if len(tables) > 1 and chance.random() < 0.15:
            other = chance.choice([each for each in tables if each is not table])
            if other.engine == table.engine:
                return self.several(table, other)
        return chance.choice(kinds)(table)

    def insert(self, table: Table) -> str:
        """INSERT, REPLACE or upsert of one or several rows, of all columns or some."""
        chance = self._chance
        columns = table.settable()
        if chance.random() < 0.4:
            # Not without a key column: MINIMAL images lack one whose value is its default, and then nothing tells which
            # row it is. A task stops there.
            columns = [column for column in columns if chance.random() < 0.5 or
                       (column.name in table.keyed and not column.declaration.endswith("AUTO_INCREMENT"))] or columns
        chance.shuffle(columns)
        rows = chance.choice((1, 1, 2, 3, 8)) if len(columns) < 60 else 2
        names = ",".join(f"`{column.name}`" for column in columns)
        values = ",".join("(" + ",".join(self._value(column) for column in columns) + ")" for _ in range(rows))
        verb = chance.choice(("INSERT", "INSERT", "INSERT", "INSERT IGNORE", "REPLACE"))
        statement = f"{verb} INTO {table.name} ({names}) VALUES {values}"
        if verb == "INSERT" and chance.random() < 0.25:
            statement += " ON DUPLICATE KEY UPDATE " + self._assignments(table, table.name)
        return statement

    def update(self, table: Table) -> str:
        chance = self._chance
        return f"UPDATE {table.name} SET {self._assignments(table, table.name)} " \
               f"ORDER BY RAND({chance.randrange(1000)}) LIMIT {chance.choice((1, 1, 2, 5))}"

    def change_json(self, table: Table) -> str:
        """Changes parts of JSON documents."""
        chance = self._chance
        documents = table.find("json")
        if not documents:
            return self.update(table)
        parts = [f"`{column.name}` = {json_change(chance, '`' + column.name + '`')}"
                 for column in chance.sample(documents, chance.randint(1, len(documents)))]
        return f"UPDATE {table.name} SET {', '.join(parts)} ORDER BY RAND({chance.randrange(1000)}) " \
               f"LIMIT {chance.choice((1, 2, 5))}"

    def delete(self, table: Table) -> str:
        chance = self._chance
        return f"DELETE FROM {table.name} ORDER BY RAND({chance.randrange(1000)}) LIMIT {chance.choice((1, 2))}"

    def several(self, one: Table, other: Table) -> str:
        """One statement that changes two tables."""
        chance = self._chance
        some = f"RAND({chance.randrange(1000)}) < 0.2"
        if chance.random() < 0.3:
            return f"DELETE {one.name}, {other.name} FROM {one.name}, {other.name} WHERE {some} AND " \
                   f"{one.name}.touched % 4 = 1"
        return f"UPDATE {one.name}, {other.name} SET {self._assignments(one, one.name)}, " \
               f"{self._assignments(other, other.name)} WHERE {some}"

    def _assignments(self, table: Table, qualifier: str) -> str:
        chance = self._chance
        columns = table.settable()
        if chance.random() < 0.8:
            columns = [column for column in columns if column.name not in table.keyed] or columns
        chosen = chance.sample(columns, min(len(columns), chance.choice((1, 1, 2, 4))))
        return ", ".join(f"{qualifier}.`{column.name}` = {self._value(column)}" for column in chosen)

    def _value(self, column: Column) -> str:
        chance = self._chance
        if column.declaration.endswith("AUTO_INCREMENT") and chance.random() < 0.7:
            return "DEFAULT" if chance.random() < 0.5 else "0"
        if chance.random() < 0.06 and (column.default is not None or column.nullable):
            return "DEFAULT"
        return column.value(chance)


def transactions(chance: random.Random, sessions: List[Session], tables: List[Table], count: int) -> None:
    """`count` times: one to three sessions at once, each with tables of its own, statements in random order."""
    changes = Changes(chance)
    for _ in range(count):
        group = chance.sample(sessions, min(len(sessions), chance.randint(1, 3)))
        left = list(tables)
        chance.shuffle(left)
        work = []
        for session in group:
            if not left:
                break
            mine = [left.pop()]
            session.configure(mine[0].engine)
            for _ in range(chance.randint(0, 2)):
                if left and left[-1].engine == mine[0].engine:
                    mine.append(left.pop())
            # With GTIDs a server takes changes of tables without transactions one by one only.
            work.append((session, mine, _plan(chance) if mine[0].engine == "InnoDB" else ["change"]))
        while work:
            turn = chance.choice(work)
            session, mine, plan = turn
            step = plan.pop(0)
            if step == "change":
                session.attempt(changes.statement(mine))
            else:
                session.sql.execute(step)
            if not plan:
                work.remove(turn)


def _plan(chance: random.Random) -> List[str]:
    """The steps of one transaction: SQL, or "change" for a random one."""
    style = chance.random()
    if style < 0.3:
        return ["change"]
    plan = ["BEGIN"]
    for _ in range(chance.choice((1, 2, 3, 6))):
        plan.append("change")
        if chance.random() < 0.15:
            plan += ["SAVEPOINT s", "change", chance.choice(("ROLLBACK TO s", "RELEASE SAVEPOINT s"))]
    return plan + [chance.choice(("COMMIT",) * 6 + ("ROLLBACK",))]
