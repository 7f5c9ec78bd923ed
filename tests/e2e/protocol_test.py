"""What a source, and the way to it, may do to the stream: nothing is lost, nothing comes twice, and what can't go on
says why. tests/PROTOCOL_CASES.md lists the numbers."""

import os
import random
import secrets
import signal
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import pytest

from support.carried import Carried
from support.cluster import BUILD, Cluster, CommandFailed, task_definition
from support.kafka import Kafka
from support.ledger import problems
from support.mysql import Mysql
from support.processes import Process, wait_for
from support.proxy import Proxy
from support.stack import Stack
from support.workload import TABLES, Workload


@pytest.fixture(scope="module")
def source() -> Iterator[Stack]:
    """A MySQL of this file's own, which its tests restart, reset and freeze."""
    with Stack(("mysql",)) as own:
        yield own


@pytest.fixture
def sql(source: Stack) -> Iterator[Mysql]:
    with Mysql(source.mysql) as session:
        yield session


def definition_for(stack: Stack, source: Stack, name: str, database: str, **changes: Any) -> Dict[str, Any]:
    """A task of `source` into the Kafka of `stack`."""
    definition = task_definition(stack, name, database, **changes)
    host, _, port = source.mysql.rpartition(":")
    definition["source"].update(host=host, port=int(port))
    return definition


Working = Tuple[Workload, str]


@pytest.fixture
def working(cluster: Cluster, stack: Stack, source: Stack, database: str) -> Iterator[Working]:
    """A workload on the own MySQL, and the task that carries it."""
    work = Workload(source.mysql, database, seed=random.randrange(1 << 30))
    name = "protocol-" + secrets.token_hex(3)
    cluster.run_task(definition_for(stack, source, name, database))
    yield work, name
    cluster.binferry("task", "stop", name)


def check(cluster: Cluster, kafka: Kafka, working: Working) -> None:
    """Everything is there once and in order."""
    work, name = working
    cluster.wait_for_records(name, len(work.changes), 90)
    found = problems(work.changes, kafka.read(*[f"{name}.{work.database}-{table}" for table in TABLES]))
    assert found == [], "\n".join(found) + cluster.logs()


def test_p02_checksums_change_while_changes_stream(cluster: Cluster, kafka: Kafka, sql: Mysql,
                                                   working: Working) -> None:
    work, _ = working
    work.start(pause_seconds=0.002)
    for checksum in ("NONE", "CRC32") * 4:
        sql.execute(f"SET GLOBAL binlog_checksum = {checksum}")
        time.sleep(0.2)
    work.stop()
    check(cluster, kafka, working)


def dumps(sql: Mysql) -> List[int]:
    """The threads of the source that serve readers."""
    return [thread for (thread,) in sql.execute(
        "SELECT ID FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%'")]


def test_p20_the_dump_is_killed_again_and_again(cluster: Cluster, kafka: Kafka, sql: Mysql, working: Working) -> None:
    work, _ = working
    work.start(pause_seconds=0.001)
    kills = 0
    for _ in range(10):
        for thread in dumps(sql):
            sql.execute(f"KILL {thread}")
            kills += 1
        time.sleep(0.3)
    work.stop()
    check(cluster, kafka, working)
    assert kills >= 3, "the task didn't come back"


def test_p21_p22_the_source_restarts_politely_and_by_kill(cluster: Cluster, kafka: Kafka, source: Stack,
                                                         working: Working) -> None:
    work, _ = working
    work.run(200)
    for stop in (source.stop, source.kill):
        stop("mysql")
        source.start("mysql")
        work.reconnect()
        # Table ids begin anew: the tables are opened in another order.
        with Mysql(source.mysql, database=work.database) as session:
            for table in reversed(TABLES):
                session.execute(f"SELECT COUNT(*) FROM {table}")
        work.run(200)
    check(cluster, kafka, working)


def test_p27_connections_are_cut_inside_transactions(cluster: Cluster, stack: Stack, source: Stack) -> None:
    cut_at_random(cluster, stack, source, "OFF")


def test_p28_connections_are_cut_inside_payloads(cluster: Cluster, stack: Stack, source: Stack) -> None:
    cut_at_random(cluster, stack, source, "ON")


def cut_at_random(cluster: Cluster, stack: Stack, source: Stack, compression: str) -> None:
    """Transactions of three rows of 100 kB, and cuts at places that fall into them."""
    seed = int(os.environ.get("BINFERRY_SEED", random.randrange(1 << 30)))
    print(f"BINFERRY_SEED={seed}")
    chance = random.Random(seed)
    with Proxy(source.mysql) as proxy, Carried(cluster, stack, source, via=proxy.address) as carried:
        carried.sql.execute("CREATE TABLE cut (id INT PRIMARY KEY, body MEDIUMTEXT CHARACTER SET latin1)")
        carried.sql.execute(f"SET SESSION binlog_transaction_compression = {compression}")
        count = 0
        for _ in range(10):
            proxy.cut_after(chance.randint(500, 250_000))
            for _ in range(2):
                carried.sql.transaction([f"INSERT INTO cut VALUES ({count + row}, '{chance.randbytes(50_000).hex()}')"
                                         for row in range(3)])
                count += 3
            wait_for(lambda: not proxy.is_armed, 30, "the cut")
        carried.check("cut", seconds=90)
        assert proxy.cuts >= 10
        ids = [change["data"][0]["id"] for change in carried.changes("cut")]
        assert ids == [str(number) for number in range(count)], "a row is missing, double or out of order"


def test_p29_positions_hold_tagged_and_untagged_transactions(cluster: Cluster, stack: Stack, source: Stack) -> None:
    with Carried(cluster, stack, source) as carried:
        sql = carried.sql
        sql.execute("CREATE TABLE tags (id INT PRIMARY KEY)")
        for number in range(6):
            for turn, tag in enumerate(("AUTOMATIC:tagx", "AUTOMATIC", "AUTOMATIC:other_1")):
                sql.execute(f"SET gtid_next = '{tag}'")
                sql.execute(f"INSERT INTO tags VALUES ({number * 3 + turn})")
            sql.execute("SET gtid_next = 'AUTOMATIC'")
            if number == 3:
                carried.wait()
                cluster.workers["w1"].kill()
                cluster.start_worker("w1")
        carried.check("tags")
        assert [change["data"][0]["id"] for change in carried.changes("tags")] == [str(n) for n in range(18)]
        executed = sql.executed_gtids()
        wait_for(lambda: sql.value("SELECT GTID_SUBSET('%s', '%s')" % (
            executed, cluster.task(carried.name)["status"]["position"]["gtidSet"])), 20, "the whole position")
        assert ":tagx:1-6" in cluster.task(carried.name)["status"]["position"]["gtidSet"]


def lacking(sql: Mysql, gtids: str) -> str:
    """The executed GTID set without some."""
    return str(sql.value(f"SELECT GTID_SUBTRACT(@@GLOBAL.gtid_executed, '{gtids}')")).replace("\n", "")


def test_p15_p16_only_what_a_gtid_set_lacks_is_carried(cluster: Cluster, kafka: Kafka, stack: Stack, source: Stack,
                                                       sql: Mysql, database: str) -> None:
    uuid = sql.value("SELECT @@server_uuid")
    sql.execute(f"CREATE DATABASE {database}")
    sql.execute(f"CREATE TABLE {database}.t (id INT PRIMARY KEY)")
    first = int(sql.executed_gtids().split(":")[1].split("-")[-1])
    for number in range(1, 21):
        sql.execute(f"INSERT INTO {database}.t VALUES ({number})")
    # Known: all but the transactions of the rows 5 to 7.
    known = lacking(sql, f"{uuid}:{first + 5}-{first + 7}")
    name = "hole-" + database
    cluster.run_task(definition_for(stack, source, name, database, startPosition={"gtidSet": known}))
    sql.execute(f"INSERT INTO {database}.t VALUES (99)")
    cluster.wait_for_records(name, 4)
    records = kafka.read(f"{name}.{database}-t")
    assert sorted(record.key for record in records) == [b'{"id":"%d"}' % number for number in (5, 6, 7, 99)]
    cluster.binferry("task", "stop", name)


def test_p07_a_start_inside_a_transaction_is_refused(cluster: Cluster, stack: Stack, source: Stack, sql: Mysql,
                                                     database: str) -> None:
    sql.execute(f"CREATE DATABASE {database}")
    sql.execute(f"CREATE TABLE {database}.t (id INT PRIMARY KEY)")
    sql.execute(f"INSERT INTO {database}.t VALUES (1)")
    file = sql.execute("SHOW BINARY LOGS")[-1][0]
    rows = [event[1] for event in sql.execute(f"SHOW BINLOG EVENTS IN '{file}'") if event[2] == "Write_rows"]
    message = cluster.why_not_started(definition_for(stack, source, "inside-" + database, database, startPosition={
        "coordinates": {"file": file, "position": rows[-1]}}))
    assert "between two transactions" in message and f"{file}:{rows[-1]}" in message, message


def test_p10_p11_a_hole_in_what_was_purged_is_named(cluster: Cluster, stack: Stack, source: Stack, sql: Mysql,
                                                   database: str) -> None:
    uuid = sql.value("SELECT @@server_uuid")
    sql.execute(f"CREATE DATABASE {database}")
    sql.execute(f"CREATE TABLE {database}.t (id INT PRIMARY KEY)")
    sql.execute("SET gtid_next = 'AUTOMATIC:purged'")
    sql.execute(f"INSERT INTO {database}.t VALUES (1)")
    sql.execute("SET gtid_next = 'AUTOMATIC'")
    sql.execute("FLUSH BINARY LOGS")
    sql.execute(f"PURGE BINARY LOGS TO '{sql.execute('SHOW BINARY LOGS')[-1][0]}'")
    for hole in (f"{uuid}:2", f"{uuid}:purged:1"):
        name = f"purged-{database}-{hole[-1]}"
        message = cluster.why_not_started(definition_for(stack, source, name, database, startPosition={
            "gtidSet": lacking(sql, hole)}))
        assert "purged" in message and hole in message, message


def test_p19_two_readers_of_one_server_id_live_side_by_side(source: Stack, sql: Mysql, database: str,
                                                            tmp_path: Path) -> None:
    sql.execute(f"CREATE DATABASE {database}")
    sql.execute(f"CREATE TABLE {database}.t (id INT PRIMARY KEY)")
    command = [str(BUILD / "bin/binferry-worker"), "decode", "--from", f"mysql://root@{source.mysql}", "--changes",
               "--table", f"{database}.t", "--start", "now", "--follow", "--server-id", "777"]
    with Process(command, tmp_path / "one") as one, Process(command, tmp_path / "other") as other:
        wait_for(lambda: len(dumps(sql)) >= 2, 20, "two dumps")
        for number in range(3):
            sql.execute(f"INSERT INTO {database}.t VALUES ({number})")
            time.sleep(0.5)
        for reader in (one, other):
            reader.wait_for_output('"after":{"id":"2"}', 20)
            assert reader.running


def test_p33_rows_without_column_names_stop_the_task(cluster: Cluster, kafka: Kafka, stack: Stack, source: Stack,
                                                     sql: Mysql) -> None:
    with Carried(cluster, stack, source) as carried:
        carried.sql.execute("CREATE TABLE named (id INT PRIMARY KEY, a INT, b INT)")
        carried.sql.execute("INSERT INTO named VALUES (1, 2, 3)")
        carried.check("named")
        sql.execute("SET GLOBAL binlog_row_metadata = MINIMAL")
        try:
            # Changed before the next row: guessed names would be wrong.
            carried.sql.execute("ALTER TABLE named DROP COLUMN a, ADD COLUMN c INT AFTER id")
            carried.sql.execute("INSERT INTO named VALUES (2, 3, 4)")
        finally:
            sql.execute("SET GLOBAL binlog_row_metadata = FULL")
        cluster.wait(carried.name, "INCREMENTAL_SYNC_FAILED", 30)
        message = cluster.task(carried.name)["status"]["lastError"]["message"]
        assert "binlog_row_metadata" in message and f"{carried.database}.named" in message, message
        assert len(kafka.read(carried.topic("named"))) == 1


def test_p37_a_thousand_binlog_files(cluster: Cluster, kafka: Kafka, sql: Mysql, working: Working) -> None:
    work, name = working
    work.run(20)
    cluster.wait_for_records(name, len(work.changes))
    before = cluster.workers["w1"].rss_bytes
    first = int(sql.execute("SHOW BINARY LOGS")[-1][0].split(".")[1])
    for _ in range(1000):
        sql.execute("FLUSH BINARY LOGS")
        work.run(1)
    check(cluster, kafka, working)
    last = sql.execute("SHOW BINARY LOGS")[-1]
    assert int(last[0].split(".")[1]) == first + 1000
    place = wait_for(lambda: (found := cluster.task(name)["status"]["position"]["coordinates"])["file"] == last[0] and
                     found, 20, "the last file")
    assert int(place["position"]) <= int(last[1])
    grown = cluster.workers["w1"].rss_bytes - before
    print(f"1000 files: {grown >> 10} KiB more")
    assert grown < 32 << 20


def test_p36_a_frozen_source_is_noticed_and_followed_again(cluster: Cluster, kafka: Kafka, sql: Mysql,
                                                          working: Working) -> None:
    work, name = working
    work.run(50)
    cluster.wait_for_records(name, len(work.changes))
    server = int(Path(sql.value("SELECT @@datadir"), sql.value("SELECT @@pid_file")).read_text())
    os.kill(server, signal.SIGSTOP)
    try:
        fault = wait_for(lambda: cluster.task(name)["status"].get("lastError"), 40, "the silence is noticed")
        assert fault["code"] in ("UNAVAILABLE", "DEADLINE_EXCEEDED") and "nextRetryTime" in fault, fault
    finally:
        os.kill(server, signal.SIGCONT)
    work.run(50)
    check(cluster, kafka, working)
    wait_for(lambda: "lastError" not in cluster.task(name)["status"], 40, "the fault is over")


def test_p30_a_source_without_gtids(cluster: Cluster, kafka: Kafka, stack: Stack, database: str) -> None:
    with Stack(("mysql",), {"mysql.gtid_mode": "OFF", "mysql.enforce_gtid_consistency": "OFF"}) as plain:
        work = Workload(plain.mysql, database, seed=30)
        name = "nogtid-" + database
        cluster.run_task(definition_for(stack, plain, name, database))
        work.run(100)
        cluster.workers["w1"].kill()
        work.run(100)
        cluster.start_worker("w1")
        cluster.wait_for_records(name, len(work.changes), 60)
        position = cluster.task(name)["status"]["position"]
        assert "gtidSet" not in position and position["coordinates"]["file"].startswith("binlog."), position
        plain.restart("mysql")
        work.reconnect()
        work.run(100)
        check(cluster, kafka, (work, name))
        cluster.binferry("task", "stop", name)


@pytest.mark.long
def test_p25_a_transaction_beyond_four_gigabytes(database: str) -> None:
    """Places in its file need more than the 32 bits that events have for them."""
    settings = {"mysql.innodb_buffer_pool_size": "1G", "kafka.log.retention.bytes": str(256 << 20),
                "kafka.log.segment.bytes": str(64 << 20)}
    size, rows = 960_000, 4_800
    with Stack(settings=settings) as own, Cluster(own) as cluster, Mysql(own.mysql, timeout_seconds=900) as mysql:
        mysql.execute(f"CREATE DATABASE {database}")
        mysql.execute(f"USE {database}")
        mysql.execute("CREATE TABLE big (id INT PRIMARY KEY AUTO_INCREMENT, body LONGTEXT CHARACTER SET latin1)")
        mysql.execute("CREATE TABLE small (id INT PRIMARY KEY)")
        cluster.start_controller()
        cluster.wait_until_serving()
        worker = cluster.start_worker()
        cluster.run_task(task_definition(own, "fourgig", database, recordFormat="JSON_C"))
        before = worker.rss_bytes
        mysql.execute("BEGIN")
        for _ in range(rows // 32):
            mysql.execute(f"INSERT INTO big (body) VALUES {','.join(['(REPEAT(0x61, %d))' % size] * 32)}")
        mysql.execute("COMMIT")
        mysql.execute("INSERT INTO small VALUES (1)")
        cluster.wait_for_records("fourgig", rows + 1, 900)
        grown = worker.peak_rss_bytes - before
        print(f"4.6 GB in one transaction: {grown >> 20} MiB more")
        assert grown < 3 * (64 << 20)
        file, end = max(((name, int(size)) for name, size, *_ in mysql.execute("SHOW BINARY LOGS")),
                        key=lambda log: log[1])
        assert end > 1 << 32
        with pytest.raises(CommandFailed) as refused:
            cluster.create_task(task_definition(own, "above", database, startPosition={
                "coordinates": {"file": file, "position": end}}))
        assert "start_position.coordinates.position" in refused.value.message, refused.value.message


def test_p23_a_reset_of_the_binlog_ends_the_task(cluster: Cluster, sql: Mysql, working: Working) -> None:
    """Last of the file: the source's history is gone."""
    work, name = working
    work.run(20)
    cluster.wait_for_records(name, len(work.changes))
    sql.execute("RESET BINARY LOGS AND GTIDS")
    cluster.wait(name, "INCREMENTAL_SYNC_FAILED", 60)
    fault = cluster.task(name)["status"]["lastError"]
    assert fault["code"] == "DATA_LOSS" and fault["message"], fault
    print(fault["message"])
