"""`binferry-worker decode` on a real server: its files, its dump, and what was written into it."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple

import pytest

from support.cluster import BUILD
from support.mysql import Mysql
from support.processes import Process, wait_for
from support.stack import Stack

pytestmark = pytest.mark.alone

WORKER = str(BUILD / "bin/binferry-worker")
PASSWORD = "pass-2f81"

TABLE = """CREATE TABLE {}.t (
  id BIGINT UNSIGNED PRIMARY KEY, name VARCHAR(40), latin VARCHAR(40) CHARACTER SET latin1,
  price DECIMAL(12,3), ratio DOUBLE, made DATETIME(3), stamp TIMESTAMP NULL, raw VARBINARY(20),
  state ENUM('new', 'paid'), tags SET('a', 'b', 'c'), doc JSON)"""
COLUMNS = ("id", "name", "latin", "price", "ratio", "made", "stamp", "raw", "state", "tags", "doc")
ROW = (18446744073709551615, "Ä <'>\n€", "é€", "-123.450", 0.25, "2026-01-02 03:04:05.678", "2026-01-02 03:04:05",
       b"\x00\xff", "paid", "a,c", '{"k": [1, null]}')
TEXTS = {"id": "18446744073709551615", "name": "Ä <'>\n€", "latin": "é€", "price": "-123.450", "ratio": "0.25",
         "made": "2026-01-02 03:04:05.678", "stamp": "1767323045", "raw": "[0, -1]", "state": "paid", "tags": "a,c",
         "doc": '{"k": [1, null]}'}


class Decoded:
    """What one call of the command gave."""

    def __init__(self, *arguments: str, password: Optional[str] = None, code: int = 0):
        environment = {key: value for key, value in os.environ.items() if not key.startswith("BINFERRY_DECODE_")}
        if password:
            environment["BINFERRY_DECODE_PASSWORD"] = password
        done = subprocess.run([WORKER, "decode", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60, env=environment)
        self.lines = done.stdout.decode().split("\n")[:-1]
        self.message = done.stderr.decode()
        assert done.returncode == code, self.message

    @property
    def objects(self) -> List[Dict[str, Any]]:
        return [json.loads(line) for line in self.lines]

    def changes(self, database: str) -> List[Dict[str, Any]]:
        return [line for line in self.objects if "change" in line and line["database"] == database]


class BinlogRange:
    """Binlog files that hold what was done in the `with` block: `files`, and what the server calls them."""

    def __init__(self, stack: Stack, mysql: Mysql):
        self._folder = stack.dir / "mysql/data"
        self._mysql = mysql

    def __enter__(self) -> "BinlogRange":
        self._mysql.execute("FLUSH BINARY LOGS")
        self.first = self._names()[-1]
        return self

    def __exit__(self, *_: object) -> None:
        self._mysql.execute("FLUSH BINARY LOGS")
        names = self._names()
        self.end = names[-1]
        self.files = [self._folder / name for name in names[names.index(self.first):-1]]

    def _names(self) -> List[str]:
        return [row[0] for row in self._mysql.execute("SHOW BINARY LOGS")]


@pytest.fixture
def reader(mysql: Mysql, database: str) -> Iterator[str]:
    """A user with the two privileges that decode needs."""
    name = database.replace("db_", "reader_")
    mysql.execute(f"CREATE USER {name} IDENTIFIED BY '{PASSWORD}'")
    mysql.execute(f"GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO {name}")
    yield name
    mysql.execute(f"DROP USER {name}")


@pytest.fixture
def table(mysql: Mysql, database: str) -> Iterator[str]:
    mysql.execute(f"CREATE DATABASE {database}")
    mysql.execute("SET time_zone = '+00:00'")
    mysql.execute(TABLE.format(database))
    yield f"{database}.t"
    mysql.execute(f"DROP DATABASE {database}")


def work(mysql: Mysql, table: str) -> None:
    """Changes of all kinds."""
    mysql.execute(f"INSERT INTO {table} VALUES ({', '.join(['%s'] * len(ROW))})", ROW)
    mysql.transaction([f"INSERT INTO {table} (id, name) VALUES (1, NULL), (2, ''), (3, REPEAT('x', 40))",
                       f"UPDATE {table} SET price = id WHERE id < 3", f"DELETE FROM {table} WHERE id = 2"])


def test_files_and_their_server_give_the_same_lines(stack: Stack, mysql: Mysql, table: str, reader: str) -> None:
    with BinlogRange(stack, mysql) as binlog:
        work(mysql, table)
        mysql.execute("FLUSH BINARY LOGS")
        mysql.execute("XA START 'a', 'b', 7")
        mysql.execute(f"INSERT INTO {table} (id) VALUES (70)")
        for statement in ("XA END 'a', 'b', 7", "XA PREPARE 'a', 'b', 7", "XA ROLLBACK 'a', 'b', 7"):
            mysql.execute(statement)
        mysql.execute("SET SESSION binlog_rows_query_log_events = ON, SESSION binlog_transaction_compression = ON")
        mysql.execute(f"UPDATE {table} SET name = 'é'")
    assert len(binlog.files) >= 2
    files = Decoded(*map(str, binlog.files))
    server = Decoded("--from", f"mysql://{reader}@{stack.mysql}", "--start", f"{binlog.first}:4", "--stop",
                     f"{binlog.end}:4", password=PASSWORD)
    assert files.lines == server.lines
    events = {line["event"] for line in files.objects if "event" in line}
    assert events >= {"FORMAT_DESCRIPTION", "PREVIOUS_GTIDS", "GTID", "QUERY", "TABLE_MAP", "WRITE_ROWS", "UPDATE_ROWS",
                      "DELETE_ROWS", "XID", "XA_PREPARE", "TRANSACTION_PAYLOAD", "ROWS_QUERY", "ROTATE"}
    # The dump by GTID set gives the same changes.
    before = next(line["gtid_set"] for line in files.objects if line.get("event") == "PREVIOUS_GTIDS")
    by_gtid = Decoded("--from", f"mysql://{reader}@{stack.mysql}", "--gtid", before, "--changes", "--stop",
                      f"{binlog.end}:4", password=PASSWORD)
    assert by_gtid.lines == [line for line in files.lines if line.startswith('{"change"')]


def test_values_are_those_that_were_written(stack: Stack, mysql: Mysql, table: str, database: str) -> None:
    with BinlogRange(stack, mysql) as binlog:
        work(mysql, table)
    changes = Decoded("--changes", "--table", table, *map(str, binlog.files)).changes(database)
    nothing = dict.fromkeys(COLUMNS)
    assert [(line["change"], line["row"], line.get("before"), line.get("after")) for line in changes] == [
        ("INSERT", 1, None, TEXTS),
        ("INSERT", 1, None, {**nothing, "id": "1"}),
        ("INSERT", 2, None, {**nothing, "id": "2", "name": ""}),
        ("INSERT", 3, None, {**nothing, "id": "3", "name": "x" * 40}),
        ("UPDATE", 4, {**nothing, "id": "1"}, {**nothing, "id": "1", "price": "1.000"}),
        ("UPDATE", 5, {**nothing, "id": "2", "name": ""}, {**nothing, "id": "2", "name": "", "price": "2.000"}),
        ("DELETE", 6, {**nothing, "id": "2", "name": "", "price": "2.000"}, None)]
    assert changes[0]["gtid"].startswith(mysql.value("SELECT @@server_uuid") + ":")
    assert len({line["gtid"] for line in changes}) == 2


def test_compression_changes_nothing_but_places(stack: Stack, mysql: Mysql, table: str, database: str) -> None:
    seen: List[Tuple[List[Any], bool]] = []
    for compression in ("OFF", "ON"):
        mysql.execute(f"TRUNCATE {table}")
        mysql.execute(f"SET SESSION binlog_transaction_compression = {compression}")
        with BinlogRange(stack, mysql) as binlog:
            work(mysql, table)
        decoded = Decoded(*map(str, binlog.files))
        changes = [{key: value for key, value in line.items() if key not in ("file", "position", "gtid", "time")}
                   for line in decoded.changes(database)]
        payloads = {line["position"] for line in decoded.objects if line.get("event") == "TRANSACTION_PAYLOAD"}
        # Other tests write to the same server.
        seen.append((changes, {line["position"] for line in decoded.changes(database)} <= payloads))
    assert seen[0][0] == seen[1][0] and len(seen[0][0]) == 7
    assert (seen[0][1], seen[1][1]) == (False, True)


def test_follows_a_server_line_by_line(stack: Stack, mysql: Mysql, table: str, reader: str, tmp_path: Path) -> None:
    with Process([WORKER, "decode", "--from", f"mysql://{reader}@{stack.mysql}", "--start", "now", "--follow",
                  "--artificial"], tmp_path / "log", {"BINFERRY_DECODE_PASSWORD": PASSWORD}) as following:
        wait_for(lambda: "FORMAT_DESCRIPTION" in following.output, 20, "the stream's start")
        mysql.execute(f"INSERT INTO {table} (id) VALUES (41)")
        wait_for(lambda: '"after":{"id":"41"' in following.output, 10, "the first change")
        mysql.execute("FLUSH BINARY LOGS")
        mysql.execute(f"INSERT INTO {table} (id) VALUES (42)")
        wait_for(lambda: '"after":{"id":"42"' in following.output, 10, "the change in the next file")
        assert following.running


def test_says_where_a_file_is_cut_off_and_prints_what_is_before(
        stack: Stack, mysql: Mysql, table: str, tmp_path: Path) -> None:
    with BinlogRange(stack, mysql) as binlog:
        work(mysql, table)
    whole = Decoded(str(binlog.files[0]))
    # Within the last event but one.
    cut_at = [line for line in whole.objects if "event" in line][-2]
    cut = tmp_path / binlog.files[0].name
    cut.write_bytes(binlog.files[0].read_bytes()[:cut_at["end"] - 1])
    decoded = Decoded(str(cut), code=1)
    place = f"{cut}:{cut_at['position']}"
    assert place in decoded.message and "ends within an event" in decoded.message
    assert decoded.lines == whole.lines[:len(decoded.lines)]
    assert decoded.objects[-1].get("end", cut_at["position"]) == cut_at["position"]
    going_on = Decoded("--keep-going", str(cut), str(binlog.files[0]), code=1)
    assert going_on.lines == decoded.lines + whole.lines and place in going_on.message


def test_finds_every_flipped_byte(stack: Stack, mysql: Mysql, table: str, tmp_path: Path) -> None:
    """Each event has a checksum: whatever byte is damaged, the place of its event is told."""
    with BinlogRange(stack, mysql) as binlog:
        work(mysql, table)
    content = binlog.files[0].read_bytes()
    ends = [line["end"] for line in Decoded("--events", str(binlog.files[0])).objects]
    starts = [4, *ends[:-1]]
    damaged = tmp_path / "binlog.000001"
    for number, (start, end) in enumerate(zip(starts, ends)):
        at = start + (end - start) * (number % 7) // 7
        damaged.write_bytes(content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1:])
        decoded = Decoded("--events", str(damaged), code=1)
        assert f":{start}\n" in decoded.message, (at, decoded.message)
        assert len(decoded.lines) == number


def test_messages(stack: Stack, mysql: Mysql, reader: str, tmp_path: Path) -> None:
    encrypted = tmp_path / "binlog.000009"
    encrypted.write_bytes(b"\xfdbin" + bytes(600))
    message = Decoded(str(encrypted), code=1).message
    assert "encrypted" in message and "--from" in message and str(encrypted) in message
    refused = Decoded("--from", f"mysql://{reader}@{stack.mysql}", password="wrong-" + PASSWORD, code=1).message
    assert "--from" in refused and "source." not in refused and PASSWORD not in refused
    missing = Decoded("--from", f"mysql://{reader}@{stack.mysql}", "--start", "nowhere.000001:4", password=PASSWORD,
                      code=1).message
    assert "nowhere.000001" in missing
    assert PASSWORD not in Decoded("--from", f"mysql://u:{PASSWORD}@h", code=2).message
    # The worker itself is started as ever, and names this command.
    worker = subprocess.run([WORKER, "--help"], stdout=subprocess.PIPE, text=True, timeout=20)
    assert worker.returncode == 0 and "binferry-worker decode" in worker.stdout


def test_ends_quietly_when_nobody_reads(stack: Stack, mysql: Mysql, table: str) -> None:
    with BinlogRange(stack, mysql) as binlog:
        mysql.execute(f"INSERT INTO {table} (id, name) VALUES (1, 'x')")
        for _ in range(12):  # More than a pipe holds.
            mysql.execute(f"INSERT INTO {table} (id, name) SELECT id + (SELECT MAX(id) FROM {table} AS u), name "
                          f"FROM {table} AS v")
    done = subprocess.run(["bash", "-c", f"set -o pipefail; '{WORKER}' decode '{binlog.files[0]}' | head -1"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "") and "FORMAT_DESCRIPTION" in done.stdout
