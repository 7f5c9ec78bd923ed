"""Rules of tables, headers and tombstones on real servers; filters against MySQL's own WHERE."""

import hashlib
import json
import os
import random
from typing import Any, Dict, List

from support.cluster import Cluster, task_definition
from support.kafka import Kafka, Record
from support.mysql import Mysql
from support.stack import Stack

FILTERS = 40
ROWS = 60
SALT = "0123456789abcdef"


def run(stack: Stack, cluster: Cluster, database: str, tables: List[Dict[str, Any]], **changes: Any) -> str:
    name = "rules-" + database
    cluster.run_task(task_definition(
        stack, name, database, objects={"databases": [{"name": database, "tables": tables}]},
        topicPolicy={"autoTopics": {"nameFormat": f"{database}.$tablename$", "partitions": 1}}, **changes))
    return name


def told(record: Record) -> Any:
    """Type, key and the row that the record shows; None for a tombstone."""
    if record.value is None:
        return None
    value = json.loads(record.value)
    return value["type"], json.loads(record.key), (value["data"] or value["old"])[0]


def test_rules_of_many_tables(stack: Stack, cluster: Cluster, kafka: Kafka, mysql: Mysql, database: str) -> None:
    mysql.execute(f"CREATE DATABASE {database}")
    names = ["filtered", "masked", "renamed", "added", "keyed", "topical", "inserts"]
    for table in names:
        mysql.execute(f"CREATE TABLE {database}.{table} (id INT PRIMARY KEY, c VARCHAR(40), n INT)")
    kafka.create_topic(f"own.{database}")
    rules: Dict[str, Dict[str, Any]] = {
        "filtered": {"rowFilter": "n > 1 AND c LIKE 'k%'"},
        "masked": {"columns": [{"column": "c", "mask": {"showFirst": 1, "showLast": 1}},
                               {"column": "n", "hash": True}]},
        "renamed": {"columns": [{"column": "id", "mappedName": "number"}, {"column": "n", "drop": True},
                                {"column": "c", "truncateCharacters": 2}]},
        "added": {"additionalColumns": [
            {"name": "origin", "value": "SERVER_DATABASE_TABLE", "type": "VARCHAR", "text": "s1"}]},
        "keyed": {"keyColumns": ["c"]},
        "topical": {"topic": f"own.{database}"},
        "inserts": {"operations": ["INSERT"]},
    }
    run(stack, cluster, database, [{"name": table, "rules": rules[table]} for table in names], hashSalt=SALT,
        recordOptions={"positionHeaders": True, "tombstones": True})
    for table in names:
        mysql.execute(f"INSERT INTO {database}.{table} VALUES (1, 'keep', 1), (2, 'keep', 2), (3, 'žluť', 3)")
        mysql.execute(f"UPDATE {database}.{table} SET c = 'kin' WHERE id = 2")
        mysql.execute(f"DELETE FROM {database}.{table} WHERE id = 2")
    # By table: records with ids.
    cluster.wait_for_records("rules-" + database, 3 + 5 * 5 + 1 + 3)

    def read(table: str) -> List[Any]:
        return [told(record) for record in kafka.read(f"{database}.{table}")]

    two = {"id": "2", "c": "keep", "n": "2"}
    kin = {"id": "2", "c": "kin", "n": "2"}
    assert read("filtered") == [("INSERT", {"id": "2"}, two), ("UPDATE", {"id": "2"}, kin),
                                ("DELETE", {"id": "2"}, kin), None]
    hashed = [hashlib.sha256((SALT + n).encode()).hexdigest() for n in "123"]
    assert [row[2] for row in read("masked")[:3]] == [
        {"id": "1", "c": "k**p", "n": hashed[0]}, {"id": "2", "c": "k**p", "n": hashed[1]},
        {"id": "3", "c": "ž**ť", "n": hashed[2]}]
    assert [row[1:] for row in read("renamed")[2:4]] == [
        ({"number": "3"}, {"number": "3", "c": "žl"}), ({"number": "2"}, {"number": "2", "c": "ki"})]
    assert read("added")[0][2] == {"id": "1", "c": "keep", "n": "1", "origin": f"s1@{database}@added"}
    assert read("keyed")[3:] == [
        ("DELETE", {"c": "keep"}, two), None, ("INSERT", {"c": "kin"}, kin), ("DELETE", {"c": "kin"}, kin), None]
    assert len(kafka.read(f"own.{database}")) == 6
    assert [row[0] for row in read("inserts")] == ["INSERT"] * 3

    records = kafka.read(f"{database}.filtered")
    headers = [{name: text.decode() for name, text in record.headers} for record in records]
    assert [header["row"] for header in headers] == ["2", "1", "1", "1"]
    assert {header["generation"] for header in headers} == {"1"}
    assert len({header["gtid"] for header in headers}) == 3 and headers[2] == headers[3]
    assert all(header["position"].rpartition(":")[2].isdigit() for header in headers)


COLUMNS = {
    "i": ("INT", ["0", "1", "-1", "2147483647", "7.5", "99999999999999999999", "-0.0"]),
    "u": ("BIGINT UNSIGNED", ["0", "18446744073709551615", "9223372036854775808", "3"]),
    "d": ("DECIMAL(20,5)", ["0", "1.5", "-1.50000", "99999.99999", "1.50001"]),
    "f": ("DOUBLE", ["0", "1.5", "-2.25", "1e10"]),
    "s": ("VARCHAR(20) COLLATE utf8mb4_0900_bin", ["''", "'a'", "'A'", "'a '", "'ab'", "'ž'", "'a%b'", "'_'"]),
    "l": ("VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_bin", ["'été'", "'a'", "'b'"]),
    "e": ("ENUM('b','a','c') COLLATE utf8mb4_0900_bin", ["'a'", "'b'", "'c'"]),
    "t": ("SET('x','y','z') COLLATE utf8mb4_0900_bin", ["''", "'x'", "'x,z'", "'y,z'"]),
    "dt": ("DATETIME(3)", ["'2024-02-29 12:00:00.5'", "'2024-02-29'", "'1999-12-31 23:59:59.999'"]),
    "da": ("DATE", ["'2024-02-29'", "'2024-03-01'", "'2024-02-29 00:00:01'"]),
    "ts": ("TIMESTAMP(6) NULL", ["'2024-02-29 12:00:00'", "'2001-01-01 00:00:00.000001'"]),
    "ti": ("TIME(2)", ["'12:00:00'", "'-01:00:00'", "'838:59:59'", "'00:00:00.5'"]),
    "b": ("BIT(10)", ["0", "1", "1023"]),
    "y": ("YEAR", ["1999", "2024", "2000"]),
}
PATTERNS = ["'%'", "'a%'", "'%b'", "'_'", "'a\\\\%b'", "'%a%'", "''"]


def random_filter(choice: random.Random, depth: int = 0) -> str:
    if depth < 3 and choice.random() < 0.6:
        kind = choice.choice(["AND", "OR", "NOT"])
        one = random_filter(choice, depth + 1)
        return f"NOT ({one})" if kind == "NOT" else f"({one} {kind} {random_filter(choice, depth + 1)})"
    column = choice.choice(list(COLUMNS))
    literals = COLUMNS[column][1]
    kind = choice.choice(["compare", "in", "between", "null"] + (["like"] if column in "slet" else []))
    negation = choice.choice(["", "NOT "])
    if kind == "compare":
        return f"{column} {choice.choice(['=', '<>', '!=', '<', '<=', '>', '>='])} {choice.choice(literals)}"
    if kind == "in":
        some = choice.sample(literals, 2) + choice.choice([[], [], ["NULL"]])
        return f"{column} {negation}IN ({', '.join(some)})"
    if kind == "between":
        return f"{column} {negation}BETWEEN {choice.choice(literals)} AND {choice.choice(literals)}"
    if kind == "like":
        return f"{column} {negation}LIKE {choice.choice(PATTERNS)}"
    return f"{column} IS {negation}NULL"


def test_filters_answer_as_mysql_does(stack: Stack, cluster: Cluster, kafka: Kafka, mysql: Mysql,
                                      database: str) -> None:
    seed = int(os.environ.get("BINFERRY_SEED", random.randrange(2**32)))
    print(f"BINFERRY_SEED={seed}")
    choice = random.Random(seed)
    mysql.execute(f"CREATE DATABASE {database}")
    mysql.execute("SET time_zone = '+00:00'")
    columns = ", ".join(f"{name} {kind}" for name, (kind, _) in COLUMNS.items())
    mysql.execute(f"CREATE TABLE {database}.t0 (id INT PRIMARY KEY, {columns})")
    for number in range(1, FILTERS):
        mysql.execute(f"CREATE TABLE {database}.t{number} LIKE {database}.t0")
    filters = [text for text in (random_filter(choice) for _ in range(20 * FILTERS)) if len(text) <= 512][:FILTERS]
    run(stack, cluster, database, [{"name": f"t{number}", "rules": {"rowFilter": text}}
                                   for number, text in enumerate(filters)])
    for row in range(ROWS):
        values = [choice.choice(literals + ["NULL"]) for _, literals in COLUMNS.values()]
        mysql.execute(f"INSERT IGNORE INTO {database}.t0 VALUES ({row}, {', '.join(values)})")
    for number in range(1, FILTERS):
        mysql.execute(f"INSERT INTO {database}.t{number} SELECT * FROM {database}.t0")
    expected = [{id for id, in mysql.execute(f"SELECT id FROM {database}.t{number} WHERE {text}")}
                for number, text in enumerate(filters)]
    cluster.wait_for_records("rules-" + database, sum(len(ids) for ids in expected))
    for number, text in enumerate(filters):
        topic = f"{database}.t{number}"
        records = kafka.read(topic) if expected[number] else []
        assert {int(json.loads(record.key)["id"]) for record in records} == expected[number], text
