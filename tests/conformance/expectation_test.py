"""Lines are read as README.md says, and every other line is refused."""

import pytest

from conformance.expectation import NotUnderstood, parse, parse_line
from conformance.json_document import BadDocument, apply_diff, same_document
from conformance.lines import (Bytes, DiffStep, Error, Geometry, Image, Integer, Json, JsonDiff, LongBytes, LongJson,
                               LongText, Mark, Null, Real, Row, Statement, Text, Unchanged, Vector)


@pytest.mark.parametrize("text", [
    "", "begin", "BEGIN ", "COMMIT;", "XA_PREPARED", "x t {a=1}", "c t", "c t {a=1", "c t {a=1} ", "c t {a=1}, {b=2}",
    "c t {a}", "c t {a=}", "c t {a=1,b=2}", "c t {a=1, a=2}", "c t {a=1} → {a=2}", "c  {a=1}", "c {a=1}", "u t {a=1}", "u t {a=1} -> {a=2}",
    "d t {a=+1}", "c t {a=x'0'}", "c t {a=x'0g'}", "c t {a=abc}", "c t {a=\"x}", "c t {a=1.}", "c t {a=<time>}",
    "c t {a=JSON }", "c t {a=JSON {]}", "c t {j=diff[]}", "c t {j=diff[MOVE $.a 1]}", "c t {j=diff[REMOVE $.a",
    "c t {a=[1, x]}", "c t {a={srid:0}}", "ERR x y [z]", "ERR 1062 no statement", "query: create table t(a int)",
    "c t {a=true}", "c t {a=NULL}"])
def test_refuses_a_line_of_another_kind(text: str) -> None:
    with pytest.raises(NotUnderstood):
        parse([text])


@pytest.mark.parametrize("text,value", [
    ("null", Null()), ("-12", Integer("-12")), ("1.5", Real("1.5")), ("-0.0", Real("-0.0")), ("5e-324", Real("5e-324")),
    ('"é"', Text(frozenset({"é"}))), ('""', Text(frozenset({""}))), ('"" (index 0)', Text(frozenset({""}), True)),
    ('"ab…"(63 chars)', LongText("ab", 63)), ('"a, b=1"', Text(frozenset({"a, b=1"}))),
    (r'"a\nb"', Text(frozenset({"a\nb", r"a\nb"}))), ('"say "x""', Text(frozenset({'say "x"'}))),
    ('"a "x", b"', Text(frozenset({'a "x", b'}))),
    (r'"say \"x\""', Text(frozenset({'say "x"', r'say \"x\"'}))), (r'"c:\x"', Text(frozenset({r"c:\x"}))),
    ("x''", Bytes(b"")), ("x'00ff'", Bytes(b"\0\xff")), ("x'7a7a…'(70000 bytes)", LongBytes(b"zz", 70000)),
    ("{srid:4326, wkb:x'0101'}", Geometry(4326, Bytes(b"\1\1"))), ("[]", Vector(())),
    ("[1.0, -2.5, 1e10]", Vector(("1.0", "-2.5", "1e10"))), ("JSON null", Json("null")),
    ("JSON null (0-byte document)", Json("null")), ('JSON {"a": [1, "}, b=2"]}', Json('{"a": [1, "}, b=2"]}')),
    ('JSON ["xx…(70004 chars)', LongJson('["xx', 70004)), ("(unchanged)", Unchanged()),
    ('diff[REPLACE $.a 2; REMOVE $.b[0]; INSERT $."a b".c "; ]"]', JsonDiff((
        DiffStep("REPLACE", ("a",), "2"), DiffStep("REMOVE", ("b", 0)), DiffStep("INSERT", ("a b", "c"), '"; ]"'))))])
def test_reads_a_value_alone_and_among_others(text: str, value: object) -> None:
    assert parse_line(f"c t {{v={text}}}") == Row("c", "t", None, Image({"v": value}))
    line = parse_line(f"u q t {{a=1, v={text}, z=null}} → {{v={text}}}")
    assert line == Row("u", "q t", Image({"a": Integer("1"), "v": value, "z": Null()}), Image({"v": value}))


def test_reads_names_with_blanks_and_quotes() -> None:
    line = parse_line("d we`ird {a`b=1, select=2, a b=3}")
    assert line == Row("d", "we`ird", Image({"a`b": Integer("1"), "select": Integer("2"), "a b": Integer("3")}), None)


def test_reads_a_name_with_a_double_quote_where_nothing_else_is_possible() -> None:
    assert parse_line('c t {a"b=1}') == Row("c", "t", None, Image({'a"b': Integer("1")}))


def test_reads_that_other_columns_are_null() -> None:
    assert parse_line("c t {a=1, (other columns null)}") == Row("c", "t", None, Image({"a": Integer("1")}, True))


def test_reads_statements_with_blanks_and_definers_alike() -> None:
    one = parse_line("ddl/query: CREATE DEFINER=`repl`@`%` PROCEDURE `p`() select  1")
    assert one == parse_line("ddl/query: CREATE DEFINER=`root`@`localhost` PROCEDURE\n`p`() select 1")
    assert isinstance(one, Statement)
    assert one != parse_line("ddl/query: CREATE DEFINER=`repl`@`%` PROCEDURE `q`() select 1")


def test_keeps_the_order_of_lines_and_apart_the_errors() -> None:
    expectation = parse(["BEGIN", "INTVAR", "ddl/query: update t set r=1", "COMMIT", "ERR 1051 Unknown [drop  t]"])
    assert expectation.stream == [Mark("BEGIN"), Mark("INTVAR"), Statement("update t set r=1"), Mark("COMMIT")]
    assert expectation.errors == [Error(1051, "Unknown [drop t]")]


def test_applies_changes_to_a_document() -> None:
    steps = (DiffStep("REPLACE", ("c", "d"), '"x"'), DiffStep("REMOVE", ("b", 0)), DiffStep("INSERT", ("aa",), "1.50"))
    assert apply_diff('{"b": [1, 2], "c": {"d": 1e3}}', steps) == '{"b": [2], "c": {"d": "x"}, "aa": 1.50}'


@pytest.mark.parametrize("step", [DiffStep("REPLACE", ("x",), "1"), DiffStep("REMOVE", ("b", 2)),
                                  DiffStep("INSERT", ("b", 3), "1"), DiffStep("REMOVE", ())])
def test_refuses_changes_that_do_not_fit(step: DiffStep) -> None:
    with pytest.raises(BadDocument):
        apply_diff('{"b": [1, 2]}', (step,))


def test_compares_documents_as_texts_but_for_numbers_with_an_exponent() -> None:
    assert same_document('[1.8446744073709552e19]', '[1.8446744073709552e+19]')
    assert not same_document("[1.50]", "[1.5]")
    assert not same_document("[1]", "[1.0]")
    assert not same_document('{"a": 1, "b": 2}', '{"b": 2, "a": 1}')
    assert not same_document('["1"]', "[1]")
