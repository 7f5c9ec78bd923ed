"""A connection to the source."""

from typing import Any, List, Optional, Sequence, Tuple

import pymysql


class Mysql:
    """One session, `autocommit` on. Use as a context manager, or call `close`."""

    def __init__(self, address: str, user: str = "root", password: str = "", database: Optional[str] = None,
                 timeout_seconds: float = 30):
        """Connects to `address`, host:port; pymysql's errors come out as they are."""
        host, _, port = address.rpartition(":")
        self._connection = pymysql.connect(
            host=host, port=int(port), user=user, password=password, database=database, autocommit=True,
            charset="utf8mb4", connect_timeout=timeout_seconds, max_allowed_packet=1 << 30)

    def __enter__(self) -> "Mysql":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def execute(self, statement: str, values: Sequence[Any] = ()) -> List[Tuple]:
        """Runs one statement and returns its rows; `values` replace %s in it."""
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return list(cursor.fetchall())

    def execute_many(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Runs an INSERT for many rows, in as few statements as fit."""
        with self._connection.cursor() as cursor:
            cursor.executemany(statement, rows)

    def script(self, statements: str) -> None:
        """Runs statements that end with `;` at the end of a line."""
        for statement in statements.split(";\n"):
            if statement.strip():
                self.execute(statement.strip().rstrip(";"))

    def transaction(self, statements: Sequence[str]) -> None:
        """Runs statements as one transaction."""
        self.execute("BEGIN")
        for statement in statements:
            self.execute(statement)
        self.execute("COMMIT")

    def value(self, statement: str) -> Any:
        """The first column of the first row."""
        return self.execute(statement)[0][0]

    def executed_gtids(self) -> str:
        """The executed GTID set, on one line."""
        return str(self.value("SELECT @@GLOBAL.gtid_executed")).replace("\n", "")

    def close(self) -> None:
        self._connection.close()
