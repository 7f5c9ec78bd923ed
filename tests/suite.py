"""The whole suite in order, counted; started by tests/run.sh, which installs what it needs.

Writes below build/ and the cache only. However it ends, its children end too: they get SIGKILL when
this process dies, and the servers have a watchdog that waits for it.
"""

import argparse
import concurrent.futures
import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Dict, List, Optional

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from results import Case, Results, case_of_command, cases_of_junit  # noqa: E402
from support import error_messages  # noqa: E402
from support.steps import BUILD, PYTHON, ROOT, Interrupted, StepFailed, Steps, raise_on_signals  # noqa: E402

CASES = [ROOT / "tests/conformance" / name for name in ("cases.jsonl", "more_cases.jsonl")]
# Compression, checksum, at which commits the pipeline is killed (0: never), partition policy, format.
CONFORMANCE_PASSES = [("off", "crc32", 0, "key", "json"), ("off", "none", 0, "table", "json-c"),
                      ("on", "none", 0, "key", "json"), ("on", "crc32", 2, "key", "json")]
LONG_CONFORMANCE_PASSES = [("off", "crc32", 1, "table", "json"), ("off", "none", 2, "key", "json"),
                           ("on", "none", 1, "key", "json-c"), ("on", "crc32", 0, "table", "json")]
TESTS_SIDE_BY_SIDE = 2
PORTABILITY_RELEASES = ("trixie", "sid")
ERROR_MESSAGES = BUILD / "error-messages.txt"


class Suite(Steps):
    """One run: its options and results."""

    def __init__(self, options: argparse.Namespace):
        super().__init__()
        self.options = options
        self.results = Results()

    def run(self) -> None:
        """All steps; a failed one is counted, and only a failed build of `dev` ends the run."""
        fast, some = self.options.fast, self.options.regex
        if not some:
            self.lint()
        self.build("dev")
        self.ctest("dev", "unit")
        if self.options.long:
            self.ctest("dev", "long")
        if self.collects("tests/conformance"):
            self.pytest("conformance checker", ["tests/conformance"])
        if self.collects("tests/binlogs"):
            self.pytest("binlogs", ["tests/binlogs"])
        if not fast and not some:
            self.sanitize("asan", {
                "ASAN_OPTIONS": "detect_stack_use_after_return=1",
                "UBSAN_OPTIONS": "print_stacktrace=1"})
            self.fuzz()
            self.sanitize("tsan", {"TSAN_OPTIONS": f"suppressions={ROOT}/tests/tsan.supp halt_on_error=1"})
        if not fast:
            self.against_servers()
        if self.options.long and not some:
            for release in PORTABILITY_RELEASES:
                self.portability(release)

    def lint(self) -> None:
        self.results.add(case_of_command("lint", self.execute("lint", [PYTHON, "tests/lint/lint.py"], echo=True)))
        self.pytest("lint_test", ["tests/lint"])

    def step(self, name: str, command: List[str], environment: Optional[Dict[str, str]] = None) -> None:
        try:
            super().step(name, command, environment)
        except StepFailed as failed:
            self.results.add(case_of_command(name, failed.code))
            raise

    def ctest(self, preset: str, label: str, environment: Optional[Dict[str, str]] = None, jobs: int = 0) -> None:
        """The tests of one label of one build."""
        junit = self.logs / f"{preset}-{label}.xml"
        name = f"{label} tests, {preset}"
        code = self.execute(name, [
            "ctest", "--test-dir", str(BUILD / preset), "-j", str(jobs or os.cpu_count() or 2),
            "--output-on-failure", "--no-tests=ignore", "--output-junit", str(junit),
            *self.ctest_selection(label)], environment)
        cases = cases_of_junit(junit, "" if preset == "dev" else f"{preset}: ")
        self.results.add(*cases)
        if code != 0 and not any(case.outcome == "failed" for case in cases):
            self.results.add(case_of_command(name, code))
            self.show_errors(name)

    def ctest_selection(self, label: str) -> List[str]:
        selection = ["-L", f"^{label}$"]
        if self.options.regex:
            selection += ["-R", self.options.regex]
        return selection

    def sanitize(self, preset: str, environment: Dict[str, str]) -> None:
        """The unit tests under a sanitizer."""
        try:
            if preset == "tsan":
                name = "libraries for tsan"
                code = self.execute(name, ["deploy/dev/tsan_libraries"])
                if code != 0:
                    self.results.add(case_of_command(name, code))
                    self.show_errors(name)
                    return
                prefix = self.log(name).read_text().splitlines()[-1]
                environment = {**environment, "BINFERRY_TSAN_PREFIX": prefix}
            self.build(preset, environment)
        except StepFailed:
            return
        self.ctest(preset, "unit", environment)

    def fuzz(self) -> None:
        """Each fuzz target for some seconds, from its corpus and what earlier runs found."""
        targets = [f for f in sorted((BUILD / "asan/fuzz").glob("*")) if f.is_file() and os.access(f, os.X_OK)]
        seconds = 120 if self.options.long else 10

        def one(target: Path) -> int:
            found = BUILD / "fuzz-corpus" / target.name
            found.mkdir(parents=True, exist_ok=True)
            seeds = ROOT / "tests/fuzz/corpus" / target.name
            return self.execute(f"fuzz {target.name}", [
                str(target), f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048",
                f"-artifact_prefix={self.logs}/{target.name}-", str(found),
                *([str(seeds)] if seeds.is_dir() else [])])

        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for target, code in zip(targets, pool.map(one, targets)):
                self.results.add(case_of_command(f"fuzz {target.name}", code))
                if code != 0:
                    self.show_errors(f"fuzz {target.name}")

    def against_servers(self) -> None:
        """Integration and end-to-end tests, on one stack of real servers."""
        listed = subprocess.run(
            ["ctest", "--test-dir", str(BUILD / "dev"), "-N", *self.ctest_selection("integration")],
            stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL, env=self.environment)
        integration = "Total Tests: 0" not in listed.stdout
        suites = [name for name in ("support", "e2e") if self.collects(f"tests/{name}")]
        cases = self.conformance_selection()
        if not integration and not suites and cases is None:
            return
        code = self.start_servers()
        if code != 0:
            self.results.add(case_of_command("start servers", code))
            return
        ERROR_MESSAGES.unlink(missing_ok=True)
        self.environment[error_messages.VARIABLE] = str(ERROR_MESSAGES)
        if integration:
            self.ctest("dev", "integration", jobs=1)
        for name in suites:
            # End-to-end tests wait more than they work.
            beside = ["-n", str(TESTS_SIDE_BY_SIDE), "--dist", "loadfile"] if name == "e2e" else []
            self.pytest(name, [*beside, f"tests/{name}"], "not alone")
            if self.collects(f"tests/{name}", "alone"):
                self.pytest(f"{name} alone", [f"tests/{name}"], "alone")
        if cases is not None:
            self.conformance(cases)
        self.take_down()
        print(f"{error_messages.write_summary(ERROR_MESSAGES)} error messages were seen: {ERROR_MESSAGES}", flush=True)

    def portability(self, release: str) -> None:
        """A build and its tests in a chroot of another Debian release."""
        name = f"portability {release}"
        if os.geteuid() != 0:
            self.results.add(Case(name, "skipped", "a chroot needs root"))
            return
        code = self.execute(name, ["tests/portability", release])
        self.results.add(case_of_command(name, code))
        if code != 0:
            self.show_errors(name)

    def conformance_selection(self) -> Optional[str]:
        """The conformance cases that the options select, as a regular expression; None for none."""
        regex = self.options.regex
        if not regex or re.search(regex, "conformance"):
            return ""
        ids = re.findall(r'^\{"id": "([^"]+)"', "".join(file.read_text(encoding="utf-8") for file in CASES), re.M)
        return regex if any(re.search(regex, name) for name in ids) else None

    def conformance(self, cases: str) -> None:
        """All cases with and without compression and checksums; one pass kills the pipeline again and again."""
        address = self.environment["BINFERRY_TEST_MYSQL"]
        for compression, checksum, kill_every, partition, form in CONFORMANCE_PASSES + (
                LONG_CONFORMANCE_PASSES if self.options.long else []):
            name = f"conformance, compression {compression}, checksum {checksum}"
            name += f", killed at every {kill_every}. commit" if kill_every else ""
            junit = self.logs / f"{name.replace(' ', '-').replace(',', '')}.xml"
            files = [part for file in CASES for part in ("--cases", str(file))]
            code = self.execute(name, [
                "tests/conformance/run", *files, "--server", address, "--compression", compression,
                "--checksum", checksum, "--kill-every", str(kill_every), "--partition", partition, "--format", form,
                "--junit", str(junit), "-k", cases])
            found = cases_of_junit(junit, f"{name}: ")
            self.results.add(*found)
            if code != 0 and not any(case.outcome == "failed" for case in found):
                self.results.add(case_of_command(name, code))
                self.show_errors(name)

    def pytest(self, name: str, arguments: List[str], marks: str = "") -> None:
        """The Python tests that `arguments`, paths and options, and the expression `marks` select."""
        junit = self.logs / f"{name.replace(' ', '-')}.xml"
        code = self.execute(name, self.pytest_command(marks, "-v", f"--junitxml={junit}", *arguments))
        cases = cases_of_junit(junit, "")
        self.results.add(*cases)
        if code != 0 and not any(case.outcome == "failed" for case in cases):
            self.results.add(case_of_command(name, code))
            self.show_errors(name)

    def collects(self, folder: str, marks: str = "") -> bool:
        """Whether the options select any test of `folder`; one that can't be read counts, so that it is seen."""
        if not (ROOT / folder).is_dir():
            return False
        return subprocess.run(
            self.pytest_command(marks, "--collect-only", "-q", folder), cwd=ROOT, env=self.environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode != 5

    def pytest_command(self, marks: str, *options: str) -> List[str]:
        command = [PYTHON, "-m", "pytest", "-p", "no:cacheprovider", "-c", "tests/pytest.ini", *options]
        if self.options.regex:
            command += ["-k", self.options.regex.replace("|", " or ")]
        wanted = [f"({mark})" for mark in (marks, "" if self.options.long else "not long") if mark]
        return [*command, "-m", " and ".join(wanted)] if wanted else command


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/run.sh", description="Builds and tests Binferry.")
    parser.add_argument("--fast", action="store_true", help="lint and unit tests only")
    parser.add_argument("--long", action="store_true", help="also what takes longer")
    parser.add_argument("-R", dest="regex", metavar="REGEX", help="only tests whose names match; no sanitizers")
    return parser.parse_args()


def main() -> int:
    suite = Suite(arguments())
    raise_on_signals()
    try:
        suite.run()
    except StepFailed as failed:
        print(f"{failed} failed: no further test can run", flush=True)
    except Interrupted as by:
        print(f"interrupted by {by}", flush=True)
        suite.results.add(case_of_command(f"interrupted by {by}", 1))
    finally:
        suite.end()
    suite.results.report()
    return suite.results.exit_code()


if __name__ == "__main__":
    assert threading.current_thread() is threading.main_thread()
    sys.exit(main())
