"""The checker must see each way in which a run can differ from what a case expects."""

import copy
import json
from typing import Any, Callable, Dict, List, Optional

import pytest

from conformance.changes import Format
from conformance.comparison import Failure, Terms
from conformance.expectation import parse
from conformance.judgement import Evidence, differences
from conformance.lines import Mark, Statement
from conformance.sink_file import PARTITIONS, Block, Record
from conformance.stream import Place, changes_rows, release_xa, steps_of
from conformance.values import RunTime
from support.murmur2 import partition_of

TYPES = {"id": "int", "a": "varchar", "f": "float", "b": "blob", "j": "json", "ts": "timestamp"}
FILE = "binlog.000002"

EXPECT = [
    "ddl/query: create table t(id int primary key, …)",
    "BEGIN",
    "c t {id=1, a=\"x\", f=0.5, b=x'01ff', j=JSON {\"k\": [1, 2]}, ts=\"1970-01-01 00:00:01.5Z\"}",
    "c t {id=2, a=null, f=1e-45, b=x'00…'(3 bytes), j=null, ts=\"0000-00-00 00:00:00.0\"}",
    "COMMIT",
    "BEGIN",
    "u t {id=1, j=JSON {\"k\": [1, 2]}} → {id=3, j=diff[REPLACE $.k[0] 5]}",
    "d t {id=2}",
    "COMMIT",
    "BEGIN",
    "ddl/query: insert into t values(9)",
    "COMMIT",
    "ERR 1062 Duplicate entry [insert into t values(1)]",
]

Row = Dict[str, Optional[str]]


def _record(number: int, kind: str, data: Optional[Row], old: Optional[Row]) -> Dict[str, Any]:
    return {"mysqlType": TYPES, "id": number, "es": 1_700_000_000_000, "ts": 1_700_000_000_001, "database": "h",
            "table": "t", "type": kind, "isDdl": False, "sql": "", "sqlType": {name: 1 for name in TYPES},
            "data": [data] if data else None, "old": [old] if old else None, "pkNames": ["id"]}


class Run:
    """A run that is as EXPECT says, for tests to spoil."""

    def __init__(self) -> None:
        first = {"id": "1", "a": "x", "f": "0.5", "b": "[1, -1]", "j": '{"k": [1, 2]}', "ts": "1.5"}
        second = {"id": "2", "a": None, "f": "1.4E-45", "b": "[0, 7, 8]", "j": None, "ts": "0"}
        self.records = [
            _record(1, "INSERT", first, None), _record(2, "INSERT", second, None),
            _record(3, "DELETE", None, {"id": "1", "j": '{"k": [1, 2]}'}),
            _record(4, "INSERT", {"id": "3", "j": '{"k": [5, 2]}'}, None),
            _record(5, "DELETE", None, {"id": "2"})]
        self.log = [
            self.entry(100, "group"), self.query(150, "create  table t(id int\n primary key, …)"),
            self.entry(200, "group"), self.query(210, "BEGIN"), self.rows(220, "insert", 2), self.entry(230, "xid"),
            self.entry(300, "group"), self.query(310, "BEGIN"), self.rows(320, "update", 1),
            self.rows(330, "delete", 1), self.entry(340, "xid"),
            self.entry(400, "group"), self.query(410, "BEGIN"), self.query(420, "insert into t values(9)"),
            self.entry(430, "xid")]
        self.checkpoint = {"number": 1, "file": FILE, "position": 500, "rowsDone": 0, "inserts": 2, "updates": 1,
                           "deletes": 1, "alerts": 1}
        self.alerts = {("UNREAD_STATEMENT", Place(2, 420))}
        self.failures = [Failure(1062, "Duplicate entry", "insert into t  values(1)")]

    @staticmethod
    def entry(position: int, kind: str, **more: Any) -> Dict[str, Any]:
        return {"file": FILE, "position": position, "kind": kind, **more}

    def query(self, position: int, text: str) -> Dict[str, Any]:
        return self.entry(position, "query", text=text.encode().hex(), database="68", collation=255)

    def rows(self, position: int, change: str, count: int) -> Dict[str, Any]:
        return self.entry(position, "rows", database="h", table="t", change=change, count=count)

    def differences(self, expect: List[str] = EXPECT, **terms: Any) -> List[str]:
        """What the checker finds."""
        records = [self.written(record) for record in self.records]
        evidence = Evidence([Block(records, self.checkpoint)], steps_of(self.log, lambda _: "utf8mb4"), self.log,
                            self.alerts, self.failures)
        return differences(parse(expect), evidence, Terms(**terms), Format(by_key=True))

    @staticmethod
    def written(record: Dict[str, Any]) -> Record:
        row = (record["data"] or record["old"])[0]
        key = json.dumps({name: row[name] for name in record["pkNames"] if name in row}).encode()
        return Record("changes", partition_of(key, PARTITIONS), record["id"], key, json.dumps(record).encode())

    def renumber(self) -> None:
        for number, record in enumerate(self.records, start=1):
            record["id"] = number


def test_is_silent_when_all_is_as_expected() -> None:
    assert Run().differences() == []


@pytest.mark.parametrize("column,text", [
    ("id", "7"), ("id", "01"), ("a", "X"), ("a", ""), ("f", "0.25"), ("f", "1/2"), ("b", "[1, 255]"), ("b", "[1]"),
    ("b", "01ff"), ("j", '{"k": [2, 1]}'), ("j", '{"k":[1,2]'), ("j", '{"k": [1.0, 2]}'), ("ts", "2.5"),
    ("ts", "1.50"), ("ts", "1970-01-01 00:00:01.5"), ("a", None), ("id", None)])
def test_sees_a_wrong_value(column: str, text: Optional[str]) -> None:
    run = Run()
    run.records[0]["data"][0][column] = text
    assert any(f"{column}: expected" in line for line in run.differences())


@pytest.mark.parametrize("column,text", [("a", "null"), ("a", ""), ("f", "0.0"), ("b", "[0, 7]"), ("b", "[9, 7, 8]"),
                                         ("j", "null"), ("ts", "0.0")])
def test_sees_a_wrong_value_of_the_second_row(column: str, text: str) -> None:
    run = Run()
    run.records[1]["data"][0][column] = text
    assert any(f"{column}: expected" in line for line in run.differences())


@pytest.mark.parametrize("column,mysql_type", [
    ("id", "varchar"), ("a", "blob"), ("a", "int"), ("f", "decimal"), ("b", "varchar"), ("j", "text"),
    ("ts", "datetime")])
def test_sees_a_wrong_type(column: str, mysql_type: str) -> None:
    run = Run()
    for record in run.records:
        record["mysqlType"] = {**TYPES, column: mysql_type}
    assert any(f"{column}: expected" in line for line in run.differences())


def test_sees_null_where_a_column_is_absent() -> None:
    run = Run()
    run.records[3]["data"][0] = {"id": "3", "a": None, "j": '{"k": [5, 2]}'}
    assert any("a: expected no such column, got null" in line for line in run.differences())


def test_sees_that_a_column_is_absent_where_it_is_null() -> None:
    run = Run()
    del run.records[1]["data"][0]["a"]
    assert any("a: expected null, got no such column" in line for line in run.differences())


def test_sees_columns_in_another_order() -> None:
    run = Run()
    row = run.records[0]["data"][0]
    run.records[0]["data"][0] = dict(reversed(row.items()))
    assert any("in that order" in line for line in run.differences())


def test_sees_a_document_without_its_changes() -> None:
    run = Run()
    run.records[3]["data"][0]["j"] = '{"k": [1, 2]}'
    assert any("j: expected" in line for line in run.differences())


@pytest.mark.parametrize("missing", range(5))
def test_sees_a_missing_record(missing: int) -> None:
    run = Run()
    del run.records[missing]
    assert any("is expected" in line or "no record" in line for line in run.differences())
    run.renumber()  # As if it had never been made.
    assert run.differences()


@pytest.mark.parametrize("twice", range(5))
def test_sees_a_record_twice(twice: int) -> None:
    run = Run()
    run.records.insert(twice, copy.deepcopy(run.records[twice]))
    assert run.differences()
    run.renumber()
    assert any("belongs to no rows event" in line for line in run.differences())


@pytest.mark.parametrize("first", [0, 1, 2, 3])
def test_sees_records_in_another_order(first: int) -> None:
    run = Run()
    run.records[first:first + 2] = run.records[first + 1], run.records[first]
    assert run.differences()
    run.renumber()
    assert run.differences()


def test_sees_a_change_that_the_case_does_not_have() -> None:
    run = Run()
    expect = EXPECT[:7] + EXPECT[8:]
    assert any("expected nothing in this place\n     got d t" in line for line in run.differences(expect))


def test_sees_a_change_that_never_came() -> None:
    run = Run()
    del run.log[9], run.records[4]
    assert any("expected d t" in line and "nothing like it" in line for line in run.differences())


@pytest.mark.parametrize("line", [0, 1, 4, 10])
def test_sees_a_missing_line_of_the_source(line: int) -> None:
    run = Run()
    assert any("expected nothing in this place" in problem for problem in run.differences(
        EXPECT[:line] + EXPECT[line + 1:]))


def test_sees_a_group_that_ends_elsewhere() -> None:
    expect = [*EXPECT[:3], "COMMIT", "BEGIN", *EXPECT[3:]]
    assert Run().differences(expect)


def test_sees_another_statement() -> None:
    expect = ["ddl/query: create table t(id int primary key)", *EXPECT[1:]]
    assert Run().differences(expect)


def test_sees_a_statement_that_did_not_fail() -> None:
    run = Run()
    run.failures = []
    assert any("expected ERR 1062" in line for line in run.differences())


@pytest.mark.parametrize("failure", [Failure(1063, "", "insert into t values(1)"),
                                     Failure(1062, "", "insert into t values(2)"),
                                     Failure(1062, "", "insert into t values(1), (2)")])
def test_sees_that_another_statement_failed(failure: Failure) -> None:
    run = Run()
    run.failures = [failure]
    assert any("expected ERR 1062" in line for line in run.differences())


def test_sees_an_error_that_nobody_expects() -> None:
    assert any("a statement failed" in line for line in Run().differences(EXPECT[:-1]))


def test_sees_an_alert_that_is_counted_twice() -> None:
    run = Run()
    run.checkpoint["alerts"] = 2
    assert any("got one that counts 2" in line for line in run.differences())


def test_sees_a_missing_alert() -> None:
    run = Run()
    run.alerts = set()
    assert any("expected an alert UNREAD_STATEMENT" in line for line in run.differences())


def test_sees_an_alert_without_cause() -> None:
    run = Run()
    run.alerts.add(("UNREAD_STATEMENT", Place(2, 150)))
    assert any("expected no alert" in line for line in run.differences())


def test_wants_an_alert_for_a_diff_without_its_document() -> None:
    run = Run()
    expect = list(EXPECT)
    expect[6] = "u t {id=1} → {id=3, j=diff[REPLACE $.k[0] 5]}"
    del run.records[2]["old"][0]["j"], run.records[3]["data"][0]["j"]
    assert any("expected an alert MISSING_JSON_DOCUMENT" in line for line in run.differences(expect))
    run.alerts.add(("MISSING_JSON_DOCUMENT", Place(2, 320)))
    assert any("counts 2 alerts" in line for line in run.differences(expect))
    run.checkpoint["alerts"] = 2
    assert run.differences(expect) == []
    run.records[3]["data"][0]["j"] = None
    assert any("j: expected no such column" in line for line in run.differences(expect))


def test_sees_a_checkpoint_that_counts_rows_that_do_not_stand_before_it() -> None:
    run = Run()
    run.checkpoint.update(position=300)
    assert any("counts 4 rows where the source has 2" in line for line in run.differences())
    run.checkpoint.update(inserts=2, updates=0, deletes=0)
    assert run.differences() == []
    run.checkpoint.update(position=200, rowsDone=2)
    assert run.differences() == []


@pytest.mark.parametrize("spoil", [
    lambda record: record.update(database="g"), lambda record: record.update(isDdl=True),
    lambda record: record.update(sql="x"), lambda record: record.update(es=1_700_000_000),
    lambda record: record.update(type="UPSERT"), lambda record: record.pop("pkNames"),
    lambda record: record.update(table="u"), lambda record: record.update(pkNames=["a"]),
    lambda record: record["data"][0].update(id=1)])
def test_sees_a_wrong_envelope(spoil: Callable[[Dict[str, Any]], Any]) -> None:
    run = Run()
    records = [Run.written(record) for record in run.records]
    spoil(run.records[0])
    # The key and the partition of the right record.
    value = json.dumps(run.records[0]).encode()
    records[0] = Record("changes", records[0].partition, 1, records[0].key, value)
    evidence = Evidence([Block(records, run.checkpoint)], steps_of(run.log, lambda _: "utf8mb4"), run.log, run.alerts,
                        run.failures)
    assert differences(parse(EXPECT), evidence, Terms(), Format(by_key=True))


def test_sees_a_wrong_partition() -> None:
    run = Run()
    record = Run.written(run.records[0])
    wrong = Record(record.topic, (record.partition + 1) % PARTITIONS, 1, record.key, record.value)
    evidence = Evidence([Block([wrong], run.checkpoint)], [], [], set(), [])
    assert any("partition" in line for line in differences(parse([]), evidence, Terms(), Format(by_key=True)))


def test_takes_the_time_of_the_run_only_where_the_case_says_so() -> None:
    run = Run()
    run.records[0]["data"][0]["ts"] = "1700000000.5"
    during, later = RunTime(1_699_999_999, 1_700_000_001), RunTime(1_800_000_000, 1_800_000_001)
    assert run.differences(run=during, any_time_columns=("ts",)) != []  # The second row's is not of the run.
    run.records[1]["data"][0]["ts"] = "1700000000.7"
    assert run.differences(run=during, any_time_columns=("ts",)) == []
    assert run.differences(run=later, any_time_columns=("ts",)) != []


def test_takes_the_time_of_the_run_for_a_day_that_the_sql_does_not_name() -> None:
    run = Run()
    run.records[0]["data"][0]["ts"] = "1700000000.5"
    during = RunTime(1_699_999_999, 1_700_000_001)
    assert run.differences(run=during, sql=["insert into t values(now())"]) == []
    assert run.differences(run=during, sql=["insert into t values('1970-01-01 00:00:01.5')"]) != []
    assert run.differences() != []


def test_sees_a_change_that_no_compression_was_told_of() -> None:
    run = Run()
    run.log[3:3] = [run.entry(205, "payload")]
    run.log[7:7] = [run.entry(205, "payload_end")]
    assert any("[payload" in line for line in run.differences())
    assert run.differences(compresses=True) == []


def test_moves_the_rows_of_prepared_transactions_to_their_commit() -> None:
    start, end, prepare = Statement("XA START X'31',X'',1"), Statement("XA END X'31',X'',1"), Mark("XA_PREPARE")
    commit, rollback = Statement("XA COMMIT X'31',X'',1"), Statement("XA ROLLBACK X'31',X'',1")
    one_phase = Mark("XA_PREPARE one-phase")

    def released(items: List[Any]) -> List[Any]:
        return release_xa(items, lambda item: item)

    assert released([start, "row 1", end, prepare, "row 2", commit]) == [start, end, prepare, "row 2", "row 1", commit]
    assert released([start, "row 1", end, prepare, rollback, "row 2"]) == [start, end, prepare, rollback, "row 2"]
    assert released([start, "row 1", end, one_phase, "row 2"]) == [start, end, "row 1", one_phase, "row 2"]


@pytest.mark.parametrize("text", ["insert into t values(1)", "/* x */ Update t set a=1", "-- x\n delete from t",
                                  "WITH c AS (SELECT 1) DELETE FROM t", "/*!80000 replace */ into t values(1)",
                                  "CREATE TABLE t AS SELECT 1", "LOAD DATA INFILE 'x' INTO TABLE t"])
def test_knows_statements_that_change_rows(text: str) -> None:
    assert changes_rows(text)


@pytest.mark.parametrize("text", ["create table t(`select` int)", "CREATE TABLE t(a int) START TRANSACTION",
                                  "create table t(a int comment 'select')", "SAVEPOINT `s`", "XA COMMIT 'x'",
                                  "create view v as select 1", "/* insert */ drop table t", "truncate t"])
def test_knows_statements_that_change_no_rows(text: str) -> None:
    assert not changes_rows(text)
