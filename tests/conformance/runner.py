"""The conformance runner: see README.md."""

import argparse
import os
import re
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional

from conformance.cases import DATABASE, BadCase, Case, load
from conformance.changes import Format
from conformance.comparison import Terms
from conformance.expectation import NotUnderstood
from conformance.judgement import Evidence, differences
from conformance.replay import ReplayFailed, replay
from conformance.sessions import Server
from conformance.stream import steps_of
from support.stack import Stack
from support.steps import BUILD, StepFailed, Steps

PROGRAM = "conformance_replay"
# With fewer rows it may be that none of their transactions can be compressed.
ROWS_TO_COMPRESS = 20


@dataclass
class Outcome:
    """`text`: the differences, or why it was skipped."""

    case: str
    outcome: str
    text: str
    seconds: float


@dataclass
class Totals:
    """What a whole run must have seen, so that its options meant something."""

    payloads: int = 0
    rows: int = 0
    runs: int = 0
    kills_inside: int = 0


class Runner:
    """Runs cases one after the other on one server."""

    def __init__(self, options: argparse.Namespace, server: Server, program: Path, folder: Path):
        self.options, self.server, self.program, self.folder = options, server, program, folder
        self.totals = Totals()

    def run(self, case: Case) -> Outcome:
        """One case."""
        started = time.monotonic()
        reason = case.reason_to_skip(self.server.version, self.options.metadata)
        if reason is not None:
            return Outcome(case.id, "skipped", reason, 0)
        try:
            problems = self._problems(case)
        except (NotUnderstood, ReplayFailed, ValueError) as error:
            problems = [str(error)]
        return Outcome(case.id, "failed" if problems else "passed", "\n".join(problems),
                       time.monotonic() - started)

    def _problems(self, case: Case) -> List[str]:
        """What is different from what the case expects."""
        expectation = case.expectation()
        played = self.server.play(case.sql)
        replayed = replay(self.program, self.server, played, self.folder,
                          ["--partition", self.options.partition, "--format", self.options.format],
                          self.options.kill_every)
        self.totals.runs += replayed.runs
        self.totals.kills_inside += replayed.kills_inside
        self.totals.payloads += sum(entry["kind"] == "payload" for entry in replayed.log)
        self.totals.rows += sum(entry.get("count", 0) for entry in replayed.log)
        form = Format(by_key=self.options.partition == "key", json_c=self.options.format == "json-c")
        terms = Terms(case.sql, played.run, case.any_time_columns, self.options.compression == "on", form.json_c)
        evidence = Evidence(replayed.blocks, steps_of(replayed.log, self.server.charset_of), replayed.log,
                            replayed.alerts, played.failures)
        return differences(expectation, evidence, terms, form)

    def option_problems(self) -> List[str]:
        """Whether the source did what the options say."""
        if self.options.compression == "on" and self.totals.rows >= ROWS_TO_COMPRESS and self.totals.payloads == 0:
            return [f"--compression on: the source compressed none of the transactions with {self.totals.rows} rows"]
        return []


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tests/conformance/run",
        description="Runs cases of SQL against a real MySQL server, carries the changes through the whole worker "
                    "pipeline into a file, and compares the records with what the cases expect.")
    parser.add_argument("--cases", type=Path, required=True, action="append", metavar="FILE",
                        help="the cases, one JSON object a line; may be given several times")
    parser.add_argument("--metadata", choices=("full", "minimal"), default="full",
                        help="the source's binlog_row_metadata (default: full)")
    parser.add_argument("--compression", choices=("on", "off"), default="off",
                        help="binlog_transaction_compression of the cases' sessions (default: off)")
    parser.add_argument("--checksum", choices=("crc32", "none"), default="crc32",
                        help="the source's binlog_checksum (default: crc32)")
    parser.add_argument("--kill-every", type=int, default=0, metavar="K",
                        help="SIGKILL the pipeline at every K-th commit, before or after it is durable in turn, and "
                             "start it again until it reaches the end")
    parser.add_argument("--partition", choices=("key", "table"), default="key",
                        help="the task's partition policy; by key, updates that change it are split (default: key)")
    parser.add_argument("--format", choices=("json", "json-c"), default="json",
                        help="the task's record format (default: json)")
    parser.add_argument("--server", metavar="HOST:PORT",
                        help=f"a running server; its database `{DATABASE}` is dropped (default: a private one)")
    parser.add_argument("--user", default="root", help="of --server; needs all privileges (default: root)")
    parser.add_argument("--password-env", metavar="V", help="the variable that holds the user's password")
    parser.add_argument("-k", dest="regex", metavar="REGEX", default="", help="only cases whose id matches")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write the results as JUnit XML too")
    options = parser.parse_args()
    if options.kill_every < 0:
        parser.error("--kill-every: not below 0")
    if options.password_env and options.password_env not in os.environ:
        parser.error(f"--password-env: {options.password_env} is not set")
    return options


def program() -> Path:
    """conformance_replay of BINFERRY_BUILD_DIR; without it that of build/dev, built first."""
    if "BINFERRY_BUILD_DIR" in os.environ:
        return Path(os.environ["BINFERRY_BUILD_DIR"]) / "bin" / PROGRAM
    steps = Steps()
    try:
        steps.build("dev", targets=[PROGRAM])
    finally:
        steps.end()
    return BUILD / "dev/bin" / PROGRAM


def run_all(options: argparse.Namespace) -> int:
    """Runs the cases that the options choose and reports; the exit code."""
    cases = [case for case in load(*options.cases) if re.search(options.regex, case.id)]
    with ExitStack() as stack:
        binary = program()
        if options.server:
            address, user = options.server, options.user
        else:
            address, user = stack.enter_context(Stack(("mysql",))).mysql, "root"
        password = os.environ[options.password_env] if options.password_env and options.server else ""
        server = stack.enter_context(Server(address, user, password))
        server.set_global("binlog_row_metadata", options.metadata.upper())
        server.set_global("binlog_checksum", options.checksum.upper())
        server.set_compression(options.compression == "on")
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="conformance-")))
        runner = Runner(options, server, binary, folder)
        outcomes = []
        for case in cases:
            outcomes.append(runner.run(case))
            if outcomes[-1].outcome == "failed":
                print(f"FAILED {case.id}\n{_indented(outcomes[-1].text)}", flush=True)
        outcomes += [Outcome("options", "failed", problem, 0) for problem in runner.option_problems()]
    report(outcomes, runner.totals, options)
    return 1 if any(outcome.outcome == "failed" for outcome in outcomes) else 0


def report(outcomes: List[Outcome], totals: Totals, options: argparse.Namespace) -> None:
    """Skipped and failed cases by name; the last line is the count."""
    for outcome in outcomes:
        if outcome.outcome == "skipped":
            print(f"skipped {outcome.case}: {outcome.text}")
    for outcome in outcomes:
        if outcome.outcome == "failed":
            print(f"failed {outcome.case}: {outcome.text.splitlines()[0]}")
    if options.kill_every:
        print(f"{totals.runs} runs of the pipeline, {totals.kills_inside} of them killed inside a source transaction")
    if options.junit:
        write_junit(options.junit, outcomes)
    counts = [f"{sum(o.outcome == kind for o in outcomes)} {kind}" for kind in ("passed", "failed", "skipped")]
    print(", ".join(counts), flush=True)


def write_junit(file: Path, outcomes: List[Outcome]) -> None:
    """The results in the form that tests/suite.py counts."""
    root = ElementTree.Element("testsuite", name="conformance")
    for outcome in outcomes:
        node = ElementTree.SubElement(root, "testcase", name=outcome.case, time=f"{outcome.seconds:.3f}")
        if outcome.outcome == "failed":
            ElementTree.SubElement(node, "failure", message="differences").text = _plain(outcome.text)
        elif outcome.outcome == "skipped":
            ElementTree.SubElement(node, "skipped", message=outcome.text)
    ElementTree.ElementTree(root).write(file, encoding="utf-8", xml_declaration=True)


def _plain(text: str) -> str:
    """Without the controls that XML can't hold."""
    return re.sub(r"[^\t\n -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text)


def _indented(text: str) -> str:
    return "\n".join("  " + line for line in text.splitlines())


def main() -> int:
    """0 without failures, 1 with some, 2 where nothing could be run."""
    sys.setrecursionlimit(50_000)  # A column each, where a line is read.
    options = arguments()
    try:
        return run_all(options)
    except (BadCase, OSError, StepFailed) as error:
        print(f"tests/conformance/run: {error}", file=sys.stderr)
        return 2
