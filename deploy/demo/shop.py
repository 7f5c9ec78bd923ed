"""The demo's source: three tables of a shop, and a list of every change that was committed."""

import random
import threading
from typing import Dict, List, Optional, Sequence, Tuple

from support.ledger import Change
from support.mysql import Mysql

DATABASE = "shop"
TABLES = {
    "customers": "id INT UNSIGNED PRIMARY KEY, version INT NOT NULL, name VARCHAR(60), "
                 "country CHAR(2) CHARACTER SET latin1, born DATE, note TEXT",
    "orders": "id BIGINT PRIMARY KEY, version INT NOT NULL, customer INT UNSIGNED, total DECIMAL(10,2), "
              "placed DATETIME(3), paid TIMESTAMP(3) NULL",
    "parcels": "id BIGINT PRIMARY KEY, version INT NOT NULL, weight DOUBLE, fragile TINYINT, label VARBINARY(8), "
               "pickup TIME, photo BLOB",
}

# What a newcomer sees: statements, each with the changes that it makes.
STEPS: List[Tuple[str, List[Change]]] = [
    ("INSERT INTO customers VALUES (1, 1, 'Zoë Müller', 'DE', '1980-05-17', '<VIP> & friend')",
     [Change("customers", 1, "INSERT", 1)]),
    ("INSERT INTO orders VALUES (1, 1, 1, 19.9, NOW(3), NULL), (2, 1, 1, 1250, NOW(3), NULL)",
     [Change("orders", 1, "INSERT", 1), Change("orders", 2, "INSERT", 1)]),
    ("INSERT INTO parcels VALUES (1, 1, 0.75, TRUE, x'CAFE01', '14:30:00', NULL)",
     [Change("parcels", 1, "INSERT", 1)]),
    ("UPDATE orders SET version = 2, paid = NOW(3) WHERE id = 1", [Change("orders", 1, "UPDATE", 2)]),
    ("UPDATE customers SET version = 2, note = NULL WHERE id = 1", [Change("customers", 1, "UPDATE", 2)]),
    ("DELETE FROM parcels WHERE id = 1", [Change("parcels", 1, "DELETE", 1)]),
]

# The load: {id} is the row's key, {version} the number of the change.
INSERTS = {
    "customers": "INSERT INTO customers VALUES ({id}, 1, 'Customer {id}', 'FR', '1990-01-31', 'new')",
    "orders": "INSERT INTO orders VALUES ({id}, 1, 1, {id} / 7, NOW(3), NULL)",
    "parcels": "INSERT INTO parcels VALUES ({id}, 1, {id} / 3, FALSE, x'00FF', '-01:00:00', REPEAT('x', {id} % 500))",
}
UPDATES = {
    "customers": "UPDATE customers SET version = {version}, note = 'changed' WHERE id = {id}",
    "orders": "UPDATE orders SET version = {version}, total = total + 1, paid = NOW(3) WHERE id = {id}",
    "parcels": "UPDATE parcels SET version = {version}, weight = weight * 1.1 WHERE id = {id}",
}


class Shop:
    """`changes` is what the source committed, in commit order, once nothing runs. Use as a context manager."""

    def __init__(self, address: str, seed: int):
        self.changes: List[Change] = []
        self.transactions = 0
        self._random = random.Random(seed)
        self._rows: Dict[str, Dict[int, int]] = {table: {} for table in TABLES}
        self._next_key = 100
        self._stopping = threading.Event()
        self._thread: Optional[threading.Thread] = None
        self._error: Optional[BaseException] = None
        self._session = Mysql(address)
        self._session.execute(f"CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4")
        self._session.execute(f"USE {DATABASE}")
        for table, columns in TABLES.items():
            self._session.execute(f"CREATE TABLE {table} ({columns})")

    def __enter__(self) -> "Shop":
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        # A signal can interrupt `start` before the thread runs.
        if self._thread is not None and self._thread.is_alive():
            self._thread.join()
        self._session.close()

    def add_user(self, name: str, password: str) -> None:
        """A user with the rights that a task needs."""
        self._session.execute(f"CREATE USER '{name}'@'%%' IDENTIFIED BY %s", (password,))
        self._session.execute(f"GRANT REPLICATION SLAVE, REPLICATION CLIENT, SELECT ON *.* TO '{name}'@'%'")

    def commit(self, statements: Sequence[str], changes: Sequence[Change]) -> None:
        """Runs one transaction that makes `changes`."""
        self._session.transaction(statements)
        self.changes.extend(changes)
        self.transactions += 1

    def row_count(self) -> int:
        """How many rows the tables have now."""
        return sum(self._session.value(f"SELECT COUNT(*) FROM {table}") for table in TABLES)

    def start(self) -> None:
        """Runs random transactions on a thread until `stop`."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._loop, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread after its present transaction, and raises what it met."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._error is not None:
            raise self._error

    def run(self, transactions: int) -> None:
        """Runs so many random transactions on the caller's thread."""
        for _ in range(transactions):
            steps = [self._step() for _ in range(self._random.choice((1, 1, 2, 4)))]
            self.commit([statement for statement, _ in steps], [change for _, change in steps])

    def _loop(self) -> None:
        try:
            while not self._stopping.wait(0.001):
                self.run(1)
        except BaseException as error:  # Told by stop().
            self._error = error

    def _step(self) -> Tuple[str, Change]:
        table = self._random.choice(list(TABLES))
        rows = self._rows[table]
        if len(rows) < 3 or self._random.random() < 0.3:
            key, self._next_key = self._next_key, self._next_key + 1
            rows[key] = 1
            return INSERTS[table].format(id=key), Change(table, key, "INSERT", 1)
        key = self._random.choice(list(rows)[-30:])  # Recent ones, so that a row's changes are close together.
        if self._random.random() < 0.15:
            return f"DELETE FROM {table} WHERE id = {key}", Change(table, key, "DELETE", rows.pop(key))
        rows[key] += 1
        return UPDATES[table].format(id=key, version=rows[key]), Change(table, key, "UPDATE", rows[key])
