"""docs/feature-map.md names every item once, and only tests and pages that are there."""

import re
from pathlib import Path
from typing import List

ROOT = Path(__file__).resolve().parent.parent.parent
ITEMS = 112


def rows() -> List[List[str]]:
    """The cells of each row: item, what, where, tests."""
    lines = (ROOT / "docs/feature-map.md").read_text(encoding="utf-8").splitlines()
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines if line.startswith("| S")]


def test_every_item_has_a_row() -> None:
    assert [row[0] for row in rows()] == [f"S{number}" for number in range(1, ITEMS + 1)]
    assert all(len(row) == 4 and all(row) for row in rows())


def test_every_row_has_tests_or_says_why_it_has_none() -> None:
    for item, _, where, tests in rows():
        named = re.findall(r"`([^`]+)`", tests)
        assert named or (where.startswith("Not applicable: ") and tests == "–"), item
        for test in named:
            assert re.search(r"_test\.(py|cc)$", test) and (ROOT / test).is_file(), (item, test)


def test_pages_and_precheck_items_that_are_named_exist() -> None:
    code = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "worker/precheck").glob("*_items.cc"))
    for item, _, where, _ in rows():
        for page in re.findall(r"\bdocs/[\w/.-]+\.md", where):
            assert (ROOT / page).is_file(), (item, page)
        for name in re.findall(r"`((?:source|objects|destination|topics)_\w+)`", where):
            assert f'"{name}"' in code, (item, name)
