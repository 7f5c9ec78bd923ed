"""The replay and the texts of values, without servers."""

from typing import Any, Dict, Optional

import pytest

from support.kafka import Record
from support.replay import Replay, differences, in_order
from support.selected_rows import java_text, signed_bytes, vector_text


def change(number: int, kind: str, data: Optional[Dict], old: Optional[Dict], key: bool = True) -> Dict[str, Any]:
    return {"id": number, "table": "t", "type": kind, "mysqlType": {"id": "int", "a": "int"},
            "data": [data] if data else None, "old": [old] if old else None, "pkNames": ["id"] if key else []}


def test_images_without_all_columns_are_merged() -> None:
    replay = Replay()
    replay.defaults["t"] = {"a": "7"}
    replay.apply(change(1, "INSERT", {"id": "1"}, None))
    assert replay.rows("t") == [{"id": "1", "a": "7"}]
    replay.apply(change(2, "UPDATE", {"id": "2"}, {"id": "1"}))
    assert replay.rows("t") == [{"id": "2", "a": "7"}]
    replay.apply(change(3, "UPDATE", {"id": "2", "a": None}, {"id": "2"}))
    assert replay.rows("t") == [{"id": "2", "a": None}]
    replay.apply(change(4, "DELETE", None, {"id": "2"}))
    assert replay.rows("t") == []


def test_rows_without_key_are_counted() -> None:
    replay = Replay()
    row = {"id": "1", "a": "1"}
    replay.apply(change(1, "INSERT", row, None, key=False))
    replay.apply(change(2, "INSERT", row, None, key=False))
    replay.apply(change(3, "UPDATE", {"id": "1", "a": "2"}, row, key=False))
    assert sorted(str(each["a"]) for each in replay.rows("t")) == ["1", "2"]
    replay.apply(change(4, "DELETE", None, row, key=False))
    with pytest.raises(AssertionError, match="record 5: t: no row"):
        replay.apply(change(5, "DELETE", None, row, key=False))


def test_a_row_that_is_there_or_not_there_is_told() -> None:
    replay = Replay()
    replay.apply(change(1, "INSERT", {"id": "1", "a": "1"}, None))
    with pytest.raises(AssertionError, match="already there"):
        replay.apply(change(2, "INSERT", {"id": "1", "a": "1"}, None))
    with pytest.raises(AssertionError, match="no row"):
        replay.apply(change(2, "DELETE", None, {"id": "2", "a": "1"}))
    with pytest.raises(AssertionError, match="no default is known"):
        replay.apply(change(2, "INSERT", {"id": "3"}, None))


def test_ids_must_be_without_gap_and_repetition() -> None:
    def records(*ids: int) -> list:
        return [Record("t", 0, n, None, b'{"id":%d}' % number) for n, number in enumerate(ids)]
    assert [each["id"] for each in in_order(records(2, 1, 3))] == [1, 2, 3]
    for wrong in ((1, 3), (1, 1, 2), (2, 3)):
        with pytest.raises(AssertionError, match="missing or repeated"):
            in_order(records(*wrong))


def test_differences_name_key_and_column() -> None:
    one, other = {"id": "1", "a": "x"}, {"id": "1", "a": None}
    assert differences("t", [one], [one], ["id"]) == differences("t", [one], [one]) == []
    assert differences("t", [one], [other], ["id"]) == ["t ('1',) a: expected 'x', got None"]
    assert differences("t", [one], [other]) == ["t 'a row without key' a: expected 'x', got None"]
    assert differences("t", [one], [{"id": "1"}], ["id"]) == ["t ('1',) a: expected 'x', got 'no such column'"]
    assert differences("t", [one], [], ["id"]) == ["t ('1',): is missing"]
    assert differences("t", [], [one], ["id"]) == ["t ('1',): isn't in the table"]
    assert "2 rows are missing and 0" in differences("t", [one, other], [])[0]


@pytest.mark.parametrize("number,is_float32,text", [
    (10357.0, True, "10357.0"), (12510357.0, False, "1.2510357E7"), (0.001, False, "0.001"), (0.0005, False, "5.0E-4"),
    (0.1, False, "0.1"), (0.10000000149011612, True, "0.1"), (-0.0, False, "-0.0"), (0.0, True, "0.0"),
    (9999999.0, False, "9999999.0"), (1e7, False, "1.0E7"), (1.7976931348623157e308, False, "1.7976931348623157E308"),
    (3.4028234663852886e38, True, "3.4028235E38"), (100.0, False, "100.0"), (-123.25, True, "-123.25")])
def test_numbers_are_printed_as_java_does(number: float, is_float32: bool, text: str) -> None:
    assert java_text(number, is_float32) == text


def test_bytes_and_vectors() -> None:
    assert signed_bytes(b"\x00\x7f\x80\xff") == "[0, 127, -128, -1]" and signed_bytes(b"") == "[]"
    assert vector_text(bytes.fromhex("0000803f00002040")) == "[1.0, 2.5]"
