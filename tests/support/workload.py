"""Changes on the source, made at random from a printed seed and written down as they commit."""

import random
import threading
from typing import Dict, List, Tuple

from support.ledger import Change
from support.mysql import Mysql

TABLES = ("accounts", "orders", "order_lines")


class Workload:
    """Inserts, updates and deletes on three tables of a database of its own, in transactions of 1 to 4 rows.

    Runs on a thread of its own between `start` and `stop`; `changes` is then what the source committed, in commit
    order. A failed statement ends it and `stop` raises."""

    def __init__(self, address: str, database: str, seed: int):
        self.database = database
        self.changes: List[Change] = []
        self.transactions = 0
        self._random = random.Random(seed)
        self._rows: Dict[str, Dict[int, int]] = {table: {} for table in TABLES}
        self._next_key = 1
        self._address = address
        self._session = Mysql(address)
        self._session.execute(f"CREATE DATABASE {database}")
        self._session.execute(f"USE {database}")
        for table in TABLES:
            self._session.execute(f"CREATE TABLE {table} (id BIGINT PRIMARY KEY, version INT NOT NULL, "
                                  "note VARCHAR(200))")
        self._stopping = threading.Event()
        self._error: BaseException | None = None
        self._thread: threading.Thread | None = None

    def run(self, transactions: int) -> None:
        """Runs so many transactions on the caller's thread."""
        for _ in range(transactions):
            self._transaction()

    def reconnect(self) -> None:
        """After the source was away, while no thread runs."""
        self._session.close()
        self._session = Mysql(self._address)
        self._session.execute(f"USE {self.database}")

    def start(self, pause_seconds: float = 0) -> None:
        """Runs transactions on a thread until `stop`, with a pause after each."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._loop, args=(pause_seconds,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread after its present transaction."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._error is not None:
            raise self._error

    def _loop(self, pause_seconds: float) -> None:
        try:
            while not self._stopping.is_set():
                self._transaction()
                if pause_seconds:
                    self._stopping.wait(pause_seconds)
        except BaseException as error:  # Told by stop().
            self._error = error

    def _transaction(self) -> None:
        steps = [self._step() for _ in range(self._random.choice((1, 1, 1, 2, 3, 4)))]
        if len(steps) == 1:
            self._session.execute(steps[0][0])
        else:
            self._session.transaction([statement for statement, _ in steps])
        self.changes.extend(change for _, change in steps)
        self.transactions += 1

    def _step(self) -> Tuple[str, Change]:
        table = self._random.choice(TABLES)
        rows = self._rows[table]
        note = "x" * self._random.randrange(120)
        if len(rows) < 5 or self._random.random() < 0.3:
            key, self._next_key = self._next_key, self._next_key + 1
            rows[key] = 1
            return f"INSERT INTO {table} VALUES ({key}, 1, '{note}')", Change(table, key, "INSERT", 1)
        # Mostly recent keys, so that a key's changes are close together.
        key = self._random.choice(list(rows)[-50:])
        if self._random.random() < 0.1:
            version = rows.pop(key)
            return f"DELETE FROM {table} WHERE id = {key}", Change(table, key, "DELETE", version)
        rows[key] += 1
        return (f"UPDATE {table} SET version = {rows[key]}, note = '{note}' WHERE id = {key}",
                Change(table, key, "UPDATE", rows[key]))
