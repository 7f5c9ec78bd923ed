"""What tests came to: read from JUnit files, counted, and reported."""

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path
from typing import List


@dataclass(frozen=True)
class Case:
    """One test; `outcome` is passed, failed or skipped, `text` the reason or the output."""

    name: str
    outcome: str
    text: str = ""


def case_of_command(name: str, code: int) -> Case:
    """A step that is one test by its exit code."""
    return Case(name, "passed" if code == 0 else "failed", f"exit code {code}")


def cases_of_junit(file: Path, prefix: str) -> List[Case]:
    """The cases of a JUnit file of ctest or pytest; none where it was not written."""
    if not file.exists():
        return []
    return [_case(node, prefix) for node in ElementTree.parse(file).getroot().iter("testcase")]


def _case(node: ElementTree.Element, prefix: str) -> Case:
    module = node.get("classname", "")
    name = node.get("name", "")
    if module and module != name:  # ctest repeats the name, pytest names the module.
        name = f"{module.rpartition('.')[2]}::{name}"
    output = node.findtext("system-out") or ""
    for tag in ("failure", "error"):
        bad = node.find(tag)
        if bad is not None:
            return Case(prefix + name, "failed", (bad.text or output or bad.get("message", "")).strip())
    skipped = node.find("skipped")
    if skipped is not None or node.get("status") in ("notrun", "disabled"):
        # A test that ctest could not start is not skipped: nobody decided that.
        message = skipped.get("message", "") if skipped is not None else ""
        if "SKIP_REGULAR_EXPRESSION" not in message and "SKIP_RETURN_CODE" not in message \
                and node.get("status") == "notrun":
            return Case(prefix + name, "failed", message or "could not be run")
        return Case(prefix + name, "skipped", _reason(output) or message)
    return Case(prefix + name, "passed")


def _reason(output: str) -> str:
    """What a GoogleTest case said when it skipped itself."""
    found = re.search(r"Skipped\n(.*?)\n\s*\[  SKIPPED", output, re.S)
    return " ".join(found.group(1).split()) if found else ""


class Results:
    """All cases of a run."""

    def __init__(self) -> None:
        self.cases: List[Case] = []

    def add(self, *cases: Case) -> None:
        self.cases += cases
        for case in cases:
            if case.outcome == "failed":
                print(f"FAILED {case.name}\n{_end(case.text)}", flush=True)

    def of(self, outcome: str) -> List[Case]:
        return [case for case in self.cases if case.outcome == outcome]

    def report(self) -> None:
        """Skipped and failed tests by name; the last line is the count."""
        for case in self.of("skipped"):
            print(f"skipped {case.name}: {case.text or 'no reason given'}")
        for case in self.of("failed"):
            print(f"failed {case.name}")
        counts = [f"{len(self.of(outcome))} {outcome}" for outcome in ("passed", "failed", "skipped")]
        print(", ".join(counts), flush=True)

    def exit_code(self) -> int:
        """0 only if something ran and nothing failed."""
        return 0 if self.of("passed") and not self.of("failed") else 1


def _end(text: str) -> str:
    lines = text.splitlines()
    return "\n".join((["..."] if len(lines) > 60 else []) + lines[-60:])
