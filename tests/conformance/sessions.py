"""Runs a case's statements on a server, in its sessions."""

import re
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Tuple

import pymysql

from conformance.cases import DATABASE, MARK, version_of
from conformance.comparison import Failure
from conformance.values import RunTime

ANSWER_SECONDS = 60
_NUMBERED = re.compile(r"#(\d+) (.*)", re.S)

# What the cases take for granted; a case may change it in its own sessions.
SESSION_SETTINGS = ("SET time_zone='+00:00'", "SET binlog_format=ROW", "SET binlog_row_image=FULL",
                    "SET binlog_row_value_options=''")


@dataclass(frozen=True)
class Position:
    """Where the binlog ends, and the GTIDs up to there."""

    file: str
    position: int
    gtids: str


@dataclass
class Played:
    """What became of a case's statements."""

    start: Position
    end: Position
    run: RunTime
    failures: List[Failure] = field(default_factory=list)


class Server:
    """A MySQL server. Use as a context manager: leaving it sets the global variables back."""

    def __init__(self, address: str, user: str, password: str):
        self.address, self.user, self.password = address, user, password
        self._admin = self.connect(None)
        self.version = version_of(self._value("SELECT VERSION()"))
        self._charsets = {int(number): name for number, name in self._rows(
            "SELECT id, character_set_name FROM information_schema.collations WHERE id IS NOT NULL")}
        self._compresses = self.version >= (8, 0, 20)
        self._saved: Dict[str, str] = {}
        self._compression = "OFF"

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        for variable, value in self._saved.items():
            self._rows(f"SET GLOBAL {variable}='{value}'")
        self._rows(f"DROP DATABASE IF EXISTS {DATABASE}")
        self._admin.close()

    def set_global(self, variable: str, value: str) -> None:
        """Sets a global variable until the end."""
        self._saved.setdefault(variable, self._value(f"SELECT @@GLOBAL.{variable}"))
        self._rows(f"SET GLOBAL {variable}='{value}'")
        now = self._value(f"SELECT @@GLOBAL.{variable}")
        if now.upper() != value.upper():
            raise AssertionError(f"{variable} is {now}, not {value}")

    def set_compression(self, is_on: bool) -> None:
        """Of every session of a case, at its start."""
        self._compression = "ON" if is_on else "OFF"

    def charset_of(self, collation: int) -> str:
        """The name of a collation's character set."""
        return self._charsets.get(collation, "utf8mb4")

    def connect(self, database: Optional[str]) -> "pymysql.Connection":
        host, _, port = self.address.rpartition(":")
        return pymysql.connect(host=host, port=int(port), user=self.user, password=self.password,
                               database=database, autocommit=True, charset="utf8mb4", connect_timeout=30,
                               read_timeout=ANSWER_SECONDS, max_allowed_packet=1 << 30)

    def play(self, sql: List[str]) -> Played:
        """Runs a case's statements in a new database `h`. Statements that fail don't end it."""
        self._rows(f"DROP DATABASE IF EXISTS {DATABASE}")
        self._rows(f"CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4")
        sessions: Dict[int, "pymysql.Connection"] = {}
        first = self._now()
        start, failures = self._position(), []
        try:
            for statement in sql:
                if statement == MARK:
                    start = self._position()
                    continue
                numbered = _NUMBERED.fullmatch(statement)
                number, text = (int(numbered.group(1)), numbered.group(2)) if numbered else (0, statement)
                if number not in sessions:
                    sessions[number] = self._session()
                failure = _run(sessions[number], text)
                if failure is not None:
                    failures.append(failure)
            end = self._position()
        finally:
            for session in sessions.values():
                session.close()
        return Played(start, end, RunTime(first, self._now()), failures)

    def _session(self) -> "pymysql.Connection":
        session = self.connect(DATABASE)
        settings = [*SESSION_SETTINGS]
        if self._compresses:
            settings.append(f"SET binlog_transaction_compression={self._compression}")
        with session.cursor() as cursor:
            for setting in settings:
                cursor.execute(setting)
        return session

    def _position(self) -> Position:
        show = "SHOW BINARY LOG STATUS" if self.version >= (8, 2) else "SHOW MASTER STATUS"
        row = self._rows(show)[0]
        return Position(row[0], int(row[1]), str(row[4]).replace("\n", ""))

    def _now(self) -> float:
        return float(self._value("SELECT UNIX_TIMESTAMP(NOW(6))"))

    def _rows(self, statement: str) -> List[Tuple]:
        with self._admin.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    def _value(self, statement: str) -> str:
        return str(self._rows(statement)[0][0])


def _run(session: "pymysql.Connection", statement: str) -> Optional[Failure]:
    """Runs one statement, reading all its results."""
    with session.cursor() as cursor:
        try:
            cursor.execute(statement)
            while cursor.nextset():
                pass
        except pymysql.MySQLError as error:
            code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
            return Failure(code, str(error.args[1]) if len(error.args) > 1 else str(error), statement)
    return None
