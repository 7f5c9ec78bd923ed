"""What a file of cases may say."""

import json
from pathlib import Path
from typing import Any, Optional, Tuple

import pytest

from conformance.cases import OWN, BadCase, load


def _file(folder: Path, **fields: Any) -> Path:
    file = folder / "cases.jsonl"
    case = {"id": "A1", "sql": ["create table t(a int)"], "expect": ["ddl/query: create table t(a int)"], **fields}
    file.write_text(json.dumps({name: value for name, value in case.items() if value is not None}) + "\n")
    return file


def test_reads_the_cases_of_the_project() -> None:
    cases = load(OWN, OWN.parent / "more_cases.jsonl")
    assert len(cases) > 111
    for case in cases:
        case.expectation()


def test_adds_to_a_case_what_the_project_knows_of_it(tmp_path: Path) -> None:
    bare = tmp_path / "bare.jsonl"
    with open(bare, "w", encoding="utf-8") as file:
        for line in OWN.read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            file.write(json.dumps({name: case[name] for name in ("id", "sql", "expect", "note")}) + "\n")
    assert load(bare) == load(OWN)


def test_refuses_an_id_that_stands_twice() -> None:
    with pytest.raises(BadCase, match="T01 stands twice"):
        load(OWN, OWN)


def test_adds_nothing_to_another_case_of_the_same_name(tmp_path: Path) -> None:
    case = load(_file(tmp_path, id="X06"))[0]
    assert case.min_server is None


@pytest.mark.parametrize("fields", [{"sql": "create table t(a int)"}, {"expect": None}, {"id": 7}, {"id": None},
                                    {"server": {"max": "9.0"}}, {"needs": ["luck"]}])
def test_refuses_what_it_does_not_understand(tmp_path: Path, fields: Any) -> None:
    with pytest.raises(BadCase):
        load(_file(tmp_path, **fields))


@pytest.mark.parametrize("expect,metadata,server,reason", [
    ("c t {a=1}", "full", (9, 7), None), ("c t {a=1}", "minimal", (9, 7), "tracked schemas"),
    ("BEGIN", "minimal", (9, 7), None), ("XA_PREPARE", "full", (9, 7), "XA"),
    ("ddl/query: XA ROLLBACK X'31',X'',1", "full", (9, 7), "XA"), ("BEGIN", "full", (8, 0, 31), "needs MySQL 9.1"),
    ("nonsense", "minimal", (8, 0, 31), None)])
def test_skips_only_what_cannot_be_run(tmp_path: Path, expect: str, metadata: str, server: Tuple[int, ...],
                                       reason: Optional[str]) -> None:
    case = load(_file(tmp_path, expect=[expect], server={"min": "9.1"}))[0]
    found = case.reason_to_skip(server, metadata)
    assert found is None if reason is None else reason in found
