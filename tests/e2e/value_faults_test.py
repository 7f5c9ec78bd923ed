"""Faults in values and events that users of other systems met: none of them here.

Each test compares what Kafka has with what SELECT prints. tests/PROTOCOL_CASES.md lists the numbers."""

import random
from typing import Iterator, List

import pytest

from support.carried import Carried
from support.cluster import Cluster
from support.mysql import Mysql
from support.processes import wait_for
from support.selected_rows import selected_rows
from support.stack import Stack


@pytest.fixture(scope="module")
def carried(cluster: Cluster, stack: Stack) -> Iterator[Carried]:
    """One task for all tests; each has tables of its own."""
    with Carried(cluster, stack) as task:
        yield task


@pytest.fixture(autouse=True)
def plain_session(carried: Carried) -> None:
    """No test inherits another's settings."""
    carried.sql.execute("SET SESSION binlog_transaction_compression = OFF, binlog_row_value_options = '', "
                        "binlog_row_image = FULL, sql_mode = DEFAULT, time_zone = '+00:00', binlog_format = ROW, "
                        "sql_generate_invisible_primary_key = OFF")


def test_f02_compressed_transactions_are_carried_whole(carried: Carried) -> None:
    sql = carried.sql
    sql.execute("CREATE TABLE f02 (id INT PRIMARY KEY, v VARCHAR(50))")
    sql.execute("SET SESSION binlog_transaction_compression = ON")
    sql.execute("BEGIN")
    for start in range(0, 10_000, 1000):
        sql.execute("INSERT INTO f02 VALUES " + ",".join(f"({n},'v{n}')" for n in range(start, start + 1000)))
    sql.execute("COMMIT")
    carried.check("f02")
    assert len(carried.changes("f02")) == 10_000


def test_f03_a_worker_killed_inside_a_compressed_transaction_goes_on_there(carried: Carried) -> None:
    sql, chance = carried.sql, random.Random(3)
    sql.execute("CREATE TABLE f03 (id INT PRIMARY KEY, body MEDIUMTEXT CHARACTER SET latin1)")
    sql.execute("INSERT INTO f03 VALUES (0, 'before')")
    carried.wait()
    sql.execute("SET SESSION binlog_transaction_compression = ON")
    sql.execute("BEGIN")
    # 50 MB that compress to a half: hexadecimal digits.
    for start in range(1, 1001, 20):
        sql.execute("INSERT INTO f03 VALUES " + ",".join(
            f"({n},'{chance.randbytes(25_000).hex()}')" for n in range(start, start + 20)))
    sql.execute("COMMIT")
    topic = carried.topic("f03")
    kills = 0
    for least in (50, 400, 800):
        # Open Kafka transactions count too: the kill must fall inside one.
        wait_for(lambda: len(carried.kafka.read(topic, committed=False)) > least, 60, f"{least} records of f03")
        carried.cluster.workers["w1"].kill()
        kills += 1
        carried.cluster.start_worker("w1")
    carried.check("f03", seconds=90)
    changes = carried.changes("f03")
    assert [change["data"][0]["id"] for change in changes] == [str(n) for n in range(1001)]
    assert [change["id"] - changes[1]["id"] for change in changes[1:]] == list(range(1000)), "ids of one transaction"
    print(f"{kills} kills")


def test_f04_documents_changed_in_part_are_whole(carried: Carried) -> None:
    sql = carried.sql
    sql.execute("CREATE TABLE f04 (id INT PRIMARY KEY, j JSON, other JSON)")
    sql.execute("""INSERT INTO f04 VALUES
                   (1, '{"a": 1, "b": [1, 2, 3], "c": {"d": "long enough for a diff to be less"}}', '[]'),
                   (2, '{"a": "x", "long": "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"}', NULL)""")
    sql.execute("SET SESSION binlog_row_value_options = PARTIAL_JSON")
    expected: List[str] = []
    for change in ("j = JSON_SET(j, '$.a', 22)", "j = JSON_REMOVE(j, '$.b[0]')",
                   "j = JSON_REPLACE(j, '$.c.d', 'x', '$.a', 3)", "j = JSON_SET(j, '$.new', JSON_ARRAY(1, 'é'))",
                   "other = JSON_ARRAY_APPEND(other, '$', 1)",
                   "j = NULL", "j = '{\"whole\": true}'", "j = JSON_INSERT(j, '$.\"k k\"', 1.50)"):
        sql.execute(f"UPDATE f04 SET {change} WHERE id = 1")
        expected.append(sql.value("SELECT CAST(j AS CHAR) FROM f04 WHERE id = 1"))
    carried.check("f04")
    updates = [change for change in carried.changes("f04") if change["type"] == "UPDATE"]
    assert [change["data"][0]["j"] for change in updates] == expected


@pytest.mark.long
def test_f06_a_large_compressed_transaction_is_not_unpacked_in_memory(carried: Carried) -> None:
    sql, chance = carried.sql, random.Random(6)
    sql.execute("CREATE TABLE f06 (id INT PRIMARY KEY AUTO_INCREMENT, body MEDIUMTEXT CHARACTER SET latin1)")
    carried.wait()
    # A fresh worker, whose largest size isn't that of another test.
    carried.cluster.workers["w1"].end()
    worker = carried.cluster.start_worker("w1")
    carried.wait()
    before = worker.rss_bytes
    sql.execute("SET SESSION binlog_transaction_compression = ON")
    # Hexadecimal digits, each twice: 300 MB that compress to less than 100.
    rows = ",".join("('" + "".join(digit * 2 for digit in chance.randbytes(25_000).hex()) + "')" for _ in range(20))
    sql.execute("BEGIN")
    for _ in range(150):
        sql.execute(f"INSERT INTO f06 (body) VALUES {rows}")
    sql.execute("COMMIT")
    carried.wait(180)
    compressed = payload_bytes(sql)
    grown = worker.peak_rss_bytes - before
    print(f"300 MB of rows in {compressed >> 20} MiB: {grown >> 20} MiB more")
    # A payload is one event, which is whole in memory; the rest is the task's budget of 64 MiB and what is on its way.
    assert grown < compressed + (100 << 20) < 300_000_000
    ids = [change["data"][0]["id"] for change in carried.changes("f06")]
    assert ids == [str(number) for number in range(1, 3001)], "order or rows are lost"


def payload_bytes(sql: Mysql) -> int:
    """The size of the largest event of the newest binlog file."""
    file = sql.execute("SHOW BINARY LOGS")[-1][0]
    return max(int(end) - int(start) for _, start, _, _, end, *_ in sql.execute(f"SHOW BINLOG EVENTS IN '{file}'"))


def test_f07_statements_that_only_read_our_tables_stop_nothing_where_alerts_are_asked_for(
        cluster: Cluster, stack: Stack) -> None:
    """pt-table-checksum and the heartbeat of a hosted MySQL, in statement format.

    The binlog doesn't tell which of a statement's databases it only reads, so the first raises an alert."""
    with Carried(cluster, stack, unreadableChangePolicy="ALERT") as carried:
        sql, other = carried.sql, carried.database + "_percona"
        sql.execute(f"CREATE DATABASE {other}")
        sql.execute(f"CREATE TABLE {other}.checksums (db CHAR(64), tbl CHAR(64), chunk INT, this_crc CHAR(40), "
                    "PRIMARY KEY (db, tbl, chunk))")
        sql.execute("CREATE TABLE f07 (id INT PRIMARY KEY, v INT)")
        sql.execute("INSERT INTO f07 VALUES (1, 1)")
        sql.execute(f"CREATE TABLE {other}.rds_heartbeat2 (id INT PRIMARY KEY, value BIGINT)")
        sql.execute("SET SESSION binlog_format = STATEMENT")
        sql.execute(f"USE {other}")
        sql.execute(f"REPLACE INTO checksums SELECT '{carried.database}', 'f07', 1, COALESCE(LOWER(CONV(BIT_XOR(CAST("
                    f"CRC32(CONCAT_WS('#', id, v)) AS UNSIGNED)), 10, 16)), 0) FROM {carried.database}.f07")
        sql.execute("INSERT INTO rds_heartbeat2 (id, value) VALUES (1, 1) ON DUPLICATE KEY UPDATE value = 2")
        sql.execute(f"USE {carried.database}")
        sql.execute("SET SESSION binlog_format = ROW")
        sql.execute("INSERT INTO f07 VALUES (2, 2)")
        carried.check("f07")
        wait_for(lambda: cluster.task(carried.name)["status"]["counters"].get("alerts") == "1", 20, "one alert")
        sql.execute(f"DROP DATABASE {other}")


def test_f10_unsigned_numbers_keep_their_range_under_every_name(carried: Carried) -> None:
    sql = carried.sql
    names = ("TINYINT", "SMALLINT", "MEDIUMINT", "INT", "BIGINT", "INTEGER", "INT1", "INT2", "INT3", "INT4", "INT8",
             "MIDDLEINT", "BOOL", "DEC(20)", "NUMERIC(20,2)", "REAL", "DOUBLE PRECISION", "FLOAT4", "FLOAT8")
    columns = [f"c{number} {name}" for number, name in enumerate(names)] + \
        [f"u{number} {name} UNSIGNED" for number, name in enumerate(names) if name != "BOOL"]
    sql.execute(f"CREATE TABLE f10 (id SERIAL PRIMARY KEY, {', '.join(columns)})")
    sql.execute("SET sql_mode = ''")
    for number, value in enumerate(("-99999999999999999999", "99999999999999999999", "-1", "0", "128", "32768",
                                    "8388608", "2147483648", "9223372036854775808")):
        marks = ",".join([value] * len(columns))
        sql.execute(f"INSERT INTO f10 VALUES (18446744073709551615 - {number}, {marks})")
    sql.execute("UPDATE f10 SET u0 = 200 WHERE id > 9223372036854775807 LIMIT 1")
    carried.check("f10")


def test_f12_texts_of_all_character_sets_are_utf8_and_stay_so_after_alter(carried: Carried) -> None:
    sql = carried.sql
    samples = {"latin1": "café€", "gbk": "中文明", "sjis": "日本語ソ", "utf16": "é😀中", "cp1251": "Привет",
               "euckr": "한국", "utf8mb4": "😀"}
    columns = ", ".join(f"{name}_c VARCHAR(20) CHARACTER SET {name}, "
                        f"{name}_e ENUM('{text}','x') CHARACTER SET {name}"
                        for name, text in samples.items())
    sql.execute(f"CREATE TABLE f12 (id INT PRIMARY KEY, {columns})")
    values = ", ".join(f"'{text}', 1" for text in samples.values())
    sql.execute(f"INSERT INTO f12 VALUES (1, {values})")
    carried.check("f12")
    row = carried.rows("f12")[0]
    for name, text in samples.items():
        assert row[f"{name}_c"] == text and row[f"{name}_e"] == text
    sql.execute("ALTER TABLE f12 MODIFY latin1_c VARCHAR(20) CHARACTER SET utf16, MODIFY gbk_c VARCHAR(20) "
                "CHARACTER SET gb18030, MODIFY cp1251_e ENUM('x','Привет') CHARACTER SET koi8r")
    sql.execute(f"INSERT INTO f12 SELECT 2, {', '.join(f'{name}_c, {name}_e' for name in samples)} FROM f12")
    sql.execute("UPDATE f12 SET utf8mb4_c = 'x'")
    carried.check("f12")


def test_f13_zero_and_partial_dates_stay_as_they_are(carried: Carried) -> None:
    sql = carried.sql
    sql.execute("SET sql_mode = 'ALLOW_INVALID_DATES'")
    sql.execute("CREATE TABLE f13 (id INT PRIMARY KEY, d DATE NOT NULL, dt DATETIME NOT NULL, "
                "dt6 DATETIME(6) NOT NULL, "
                "ts TIMESTAMP NOT NULL, ts3 TIMESTAMP(3) NOT NULL, y YEAR NOT NULL)")
    for number, (day, clock) in enumerate((("0000-00-00", "00:00:00"), ("2020-00-00", "00:00:00"),
                                           ("2020-02-00", "23:59:59"), ("2023-02-31", "01:02:03"),
                                           ("0000-01-01", "00:00:00"), ("0000-00-00", "00:00:00.000001"))):
        sql.execute(f"INSERT INTO f13 VALUES ({number}, '{day}', '{day} {clock[:8]}', '{day} {clock}', "
                    f"'0000-00-00 00:00:00', '0000-00-00 00:00:00', 0)")
    carried.check("f13")
    assert {row["ts3"] for row in carried.rows("f13")} == {"0"}


def test_f15_times_keep_sign_and_fraction(carried: Carried) -> None:
    sql = carried.sql
    sql.execute("SET sql_mode = ''")
    sql.execute("CREATE TABLE f15 (id INT PRIMARY KEY, " + ", ".join(f"t{n} TIME({n})" for n in range(7)) + ")")
    for number, value in enumerate(("-838:59:59.000001", "838:59:59", "-00:00:00.5", "-00:00:00.000001",
                                    "-00:00:00.01", "00:00:00", "-01:00:00.000256", "256:00:00.99",
                                    "-23:59:59.999999", "-838:59:58.99")):
        sql.execute(f"INSERT INTO f15 VALUES ({number}" + f", '{value}'" * 7 + ")")
    carried.check("f15")


def test_f16_documents_are_the_text_that_select_prints(carried: Carried) -> None:
    sql = carried.sql
    sql.execute("SET sql_mode = ''")
    sql.execute("CREATE TABLE f16 (id INT PRIMARY KEY AUTO_INCREMENT, j JSON)")
    texts = ('{"a":2}', "1.0", "1e15", "1e16", "-0.0", "1e-7", "123456789012345678", "18446744073709551615",
             "18446744073709551616", "0.1", "1.7976931348623157e308", "5e-324", "true", "null", '""',
             '"\\u0000\\u001f"', '"\\ud83d\\ude00"', '"\\/"', '"<>&=\'"', "[]", "{}", "[[[[1]]]]",
             '{"b":1,"aa":2,"a":3,"":4}', '{"a":1,"a":2}', "[1.50]", "100000", "-32769", '{"k k":"\\"q\\""}')
    for text in texts:
        sql.execute("INSERT INTO f16 (j) VALUES (%s)", (text,))
    for expression in ("CAST('2024-01-02' AS DATE)", "CAST('-10:11:12.5' AS TIME(1))", "1.50",
                       "CAST('2024-01-02 03:04:05.678' AS DATETIME(3))",
                       "CAST(-0.000000001 AS DECIMAL(20,9))", "x'00ff'", "b'101'",
                       "CAST('x' AS BINARY(5))", "ST_GeomFromText('POINT(1 2)')", "CAST(1 AS YEAR)", "REPEAT('y', 70000)", "CAST('0000-00-00' AS DATE)"):
        sql.execute(f"INSERT INTO f16 (j) VALUES (JSON_ARRAY({expression}, JSON_OBJECT('k', {expression})))")
    carried.check("f16")
    assert len(carried.rows("f16")) >= 40


def test_f17_numbers_are_written_in_digits_without_loss(carried: Carried) -> None:
    sql = carried.sql
    sql.execute("CREATE TABLE f17 (id INT PRIMARY KEY, de DECIMAL(65,30), f FLOAT, d DOUBLE, b BIGINT, "
                "small DECIMAL(5,5))")
    sql.execute(f"INSERT INTO f17 VALUES (1, {'9' * 35}.{'9' * 30}, 5.61, 0.1, 9223372036854775807, 0.00001), "
                f"(2, -{'9' * 35}.{'9' * 30}, 16777217, 1e22, -9223372036854775808, -0.00001), "
                "(3, 0.000000000000000000000000000001, 1e-45, 5e-324, 4611686018427387904, 0)")
    carried.check("f17")
    assert {row["f"] for row in carried.rows("f17")} == {"5.61", "1.6777216E7", "1.0E-45"}


def test_f18_bits_and_booleans_keep_their_value(carried: Carried) -> None:
    sql = carried.sql
    sql.execute("CREATE TABLE f18 (id INT PRIMARY KEY, t TINYINT(1), " +
                ", ".join(f"b{n} BIT({n})" for n in range(1, 65)) + ")")
    for number, boolean in enumerate((-1, 0, 1, 2, 127, -128)):
        bits = ", ".join(str((1 << n) - 1 if number % 2 else 1 << n - 1) for n in range(1, 65))
        sql.execute(f"INSERT INTO f18 VALUES ({number}, {boolean}, {bits})")
    carried.check("f18")


def test_f19_invisible_columns_and_generated_keys_are_there(carried: Carried) -> None:
    sql = carried.sql
    sql.execute("SET SESSION sql_generate_invisible_primary_key = ON")
    sql.execute("CREATE TABLE f19 (a INT, hidden INT INVISIBLE DEFAULT 7, b VARCHAR(5))")
    sql.execute("INSERT INTO f19 VALUES (1, 'x'), (2, 'y')")
    sql.execute("INSERT INTO f19 (a, hidden) VALUES (3, 4)")
    sql.execute("UPDATE f19 SET b = 'z' WHERE a = 2")
    sql.execute("DELETE FROM f19 WHERE a = 1")
    carried.check("f19")
    assert all(change["pkNames"] == ["my_row_id"] for change in carried.changes("f19"))
    assert sorted(carried.rows("f19")[0]) == ["a", "b", "hidden", "my_row_id"]
    keys = {record.key for record in carried.kafka.read(carried.topic("f19"))}
    assert keys == {b'{"my_row_id":"1"}', b'{"my_row_id":"2"}', b'{"my_row_id":"3"}'}


def test_f20_labels_are_those_of_the_time_of_the_change(carried: Carried) -> None:
    sql = carried.sql
    sql.execute("SET sql_mode = ''")
    sql.execute("CREATE TABLE f20 (id INT PRIMARY KEY, e ENUM('a,b','it''s','(x)','','\"q\"'), "
                "s SET('r','it''s','(w)'))")
    expected = []
    statements = ["INSERT INTO f20 VALUES (1, 'a,b', 'r,(w)'), (2, 'it''s', 'it''s'), (3, '', ''), "
                  "(4, 'none such', '')",
                  "UPDATE f20 SET s = 'r' WHERE id = 2",
                  "ALTER TABLE f20 MODIFY e ENUM('\"q\"','new','','it''s','a,b'), MODIFY s SET('(w)','r','it''s')",
                  "UPDATE f20 SET s = 'it''s,r'",
                  "ALTER TABLE f20 MODIFY e ENUM('it''s','a,b','','new')",
                  "UPDATE f20 SET e = 'new', s = '(w)' WHERE id < 3"]
    for statement in statements:
        before = {row["id"]: row for row in selected_rows(sql, carried.database, "f20")}
        sql.execute(statement)
        if not statement.startswith("ALTER"):
            expected += [row for row in selected_rows(sql, carried.database, "f20") if before.get(row["id"]) != row]
    carried.check("f20")
    assert [change["data"][0] for change in carried.changes("f20")] == expected


def test_f21_bytes_survive_whatever_they_are(carried: Carried) -> None:
    sql = carried.sql
    sql.execute("CREATE TABLE f21 (id BINARY(4) PRIMARY KEY, v VARBINARY(300), b BLOB, fixed BINARY(16))")
    every = bytes(range(256)).hex()
    sql.execute(f"INSERT INTO f21 VALUES (x'00FF00FF', x'C328FF', x'{every}', x'{'ab' * 15}00'), "
                f"(x'00000000', x'', x'00', x'{'00' * 16}'), (x'FF', x'{every}', x'EDA080', x'01')")
    sql.execute("UPDATE f21 SET v = x'0000' WHERE id = x'FF000000'")
    carried.check("f21")
    assert {row["id"] for row in carried.rows("f21")} == {"[0, -1, 0, -1]", "[0, 0, 0, 0]", "[-1, 0, 0, 0]"}


def test_f22_vectors_geometries_and_generated_columns_are_carried(carried: Carried) -> None:
    sql = carried.sql
    vector = "v VECTOR(3)," if int(str(sql.value("SELECT VERSION()")).split(".", maxsplit=1)[0]) >= 9 else ""
    sql.execute(f"""CREATE TABLE f22 (id INT PRIMARY KEY, {vector} p POINT SRID 4326 NOT NULL,
                    q POINT NOT NULL SRID 3857, g GEOMETRY, a INT, av INT AS (a + 1) VIRTUAL,
                    st INT AS (a * 2) STORED, SPATIAL INDEX (p))""")
    names = "id, " + ("v, " if vector else "") + "p, q, g, a"
    first = "x'0000803F000020400000C0FF', " if vector else ""
    sql.execute(f"INSERT INTO f22 ({names}) VALUES (1, {first.replace('0000C0FF', '000040C0')} "
                "ST_GeomFromText('POINT(10 20)', 4326), ST_GeomFromText('POINT(1 2)', 3857), "
                "ST_GeomFromText('GEOMETRYCOLLECTION EMPTY'), 5)")
    sql.execute("UPDATE f22 SET a = 6, g = ST_GeomFromText('POLYGON((0 0,4 0,4 4,0 0))', 4326)")
    carried.check("f22")
