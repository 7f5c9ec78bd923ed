"""What tests saw Binferry say of errors, kept so that somebody can read it as a user would.

`remember` appends to a file; `write_summary` leaves each message once, whatever names and numbers of one run it
holds."""

import json
import os
import re
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple

# Unset: nothing is kept.
VARIABLE = "BINFERRY_ERROR_MESSAGES"

# What is random or only of one run: (pattern, what stands for it).
_OF_ONE_RUN: List[Tuple[str, str]] = [
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID"),
    (r"/\S*/(?:cluster|stack)-\w+", "DIR"),
    (r"\b(db|carried|u|u_db|bad-db)([_-])[0-9a-f]{6,8}\b", r"\1\2X"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?", "TIME"),
    (r"\d+", "N"),
]


def remember(kind: str, text: str) -> None:
    """Keeps `text`, which was shown as `kind`, e.g. "task start"; nothing if it is empty."""
    path = os.environ.get(VARIABLE)
    if path and text.strip():
        with open(path, "a", encoding="utf-8") as file:
            # One write, so that tests side by side don't mix theirs.
            file.write(json.dumps({"kind": kind, "text": text.strip()}) + "\n")


def remember_status(status: Dict[str, Any]) -> None:
    """Keeps what a task's status says of faults."""
    fault = status.get("lastError", {})
    remember(f"fault {fault.get('code', '')}", _with_remedy(fault.get("message", ""), fault.get("remedy", "")))
    if "FAILED" in status.get("state", "") and status.get("stateMessage", "") not in fault.get("message", ""):
        remember(f"state {status['state']}", status.get("stateMessage", ""))


def remember_precheck(precheck: Dict[str, Any]) -> None:
    """Keeps what a precheck says of items that did not pass."""
    for item in precheck.get("items", []):
        result = item.get("result", "").replace("PRECHECK_RESULT_", "")
        if result != "PASSED":
            found = f"found: {item.get('found', '')}; wanted: {item.get('wanted', '')}\n"
            remember(f"{result} {item.get('id')} ({item.get('title')})",
                     found + _with_remedy(item.get("cause", ""), item.get("remedy", "")))


def remember_test(test: Dict[str, Any]) -> None:
    """Keeps what a connection test says of steps that failed."""
    for step in test.get("steps", []):
        if not step.get("passed"):
            remember(f"test {step.get('step')}", _with_remedy(step.get("message", ""), step.get("remedy", "")))


def write_summary(file: Path) -> int:
    """Replaces what `remember` left in `file` by a page with each message once, by kind; how many there are."""
    seen: Dict[Tuple[str, str], str] = {}
    for kind, text in _read(file):
        seen.setdefault((kind, _without_names(text)), text)
    lines: List[str] = []
    before: Optional[str] = None
    for (kind, _), text in sorted(seen.items()):
        if kind != before:
            lines.append(f"\n== {kind}")
        lines += ["", *("  " + line for line in text.splitlines())]
        before = kind
    file.write_text("\n".join(lines).lstrip("\n") + "\n", encoding="utf-8")
    return len(seen)


def _read(file: Path) -> Iterator[Tuple[str, str]]:
    if file.exists():
        for line in file.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            yield entry["kind"], entry["text"]


def _without_names(text: str) -> str:
    for pattern, stand_in in _OF_ONE_RUN:
        text = re.sub(pattern, stand_in, text)
    return text


def _with_remedy(cause: str, remedy: str) -> str:
    return cause if not remedy or remedy in cause else f"{cause}\nWhat to do: {remedy}"
