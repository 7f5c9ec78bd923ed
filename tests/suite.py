"""The whole suite in order, counted; started by tests/run.sh, which installs what it needs.

Writes below build/ and the cache only. However it ends, its children end too: they get SIGKILL when
this process dies, and the servers have a watchdog that waits for it.
"""

import argparse
import concurrent.futures
import ctypes
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Dict, List, Optional

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from results import Results, case_of_command, cases_of_junit  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "binferry"
PYTHON = "/usr/bin/python3"
PROGRESS_SECONDS = 10
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


class Interrupted(BaseException):
    """A signal asked for the end."""


class BuildFailed(Exception):
    """Nothing after a build can run without it."""


def die_with_parent() -> None:
    """In a new child: SIGKILL for it when the suite dies."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Suite:
    """One run: its options, logs, children and results."""

    def __init__(self, options: argparse.Namespace):
        self.options = options
        self.results = Results()
        (BUILD / "logs").mkdir(parents=True, exist_ok=True)
        self.logs = Path(tempfile.mkdtemp(prefix=time.strftime("%m%d-%H%M%S-"), dir=BUILD / "logs"))
        self.stack_dir: Optional[Path] = None
        self.children: List[subprocess.Popen] = []
        self.environment = {
            **os.environ,
            "CCACHE_DIR": os.environ.get("CCACHE_DIR", str(CACHE / "ccache")),
            "CCACHE_BASEDIR": str(ROOT),
            "CCACHE_NOHASHDIR": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": str(ROOT / "tests"),
            "BINFERRY_SOURCE_DIR": str(ROOT),
            "BINFERRY_BUILD_DIR": str(BUILD / "dev"),
        }

    def run(self) -> None:
        """All steps; a failed one is counted, and only a failed build of `dev` ends the run."""
        fast, some = self.options.fast, self.options.regex
        if not some:
            self.lint()
        self.build("dev")
        self.ctest("dev", "unit")
        if not fast and not some:
            self.sanitize("asan", {
                "ASAN_OPTIONS": "detect_stack_use_after_return=1",
                "UBSAN_OPTIONS": "print_stacktrace=1"})
            self.fuzz()
            self.sanitize("tsan", {"TSAN_OPTIONS": f"suppressions={ROOT}/tests/tsan.supp halt_on_error=1"})
        if not fast:
            self.against_servers()

    def lint(self) -> None:
        self.results.add(case_of_command("lint", self.execute("lint", [PYTHON, "tests/lint/lint.py"], echo=True)))
        self.pytest("lint_test", ["tests/lint/lint_test.py"])

    def build(self, preset: str, environment: Optional[Dict[str, str]] = None) -> None:
        """Builds build/<preset>; one run at a time does.

        Another run may be testing there: where nothing has changed nothing is written, neither by the
        configuration nor by ctest's look into the test programs."""
        configure = ["cmake", "--preset", preset]
        if shutil.which("ccache"):
            configure += ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache", "-DCMAKE_C_COMPILER_LAUNCHER=ccache"]
        if shutil.which("mold"):
            configure += ["-DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=mold"]
        wanted = "\n".join([*configure, str(environment), (ROOT / "CMakePresets.json").read_text()])
        stamp = BUILD / preset / "configured-by-suite"
        with open(BUILD / f".{preset}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not stamp.exists() or stamp.read_text() != wanted:
                self.step(f"configure {preset}", configure, environment)
                stamp.write_text(wanted)
            self.step(f"build {preset}", ["cmake", "--build", str(BUILD / preset)], environment)
            self.step(f"list tests {preset}", ["ctest", "--test-dir", str(BUILD / preset), "-N"], environment)

    def step(self, name: str, command: List[str], environment: Optional[Dict[str, str]]) -> None:
        """A step that all later ones need; BuildFailed after showing why."""
        code = self.execute(name, command, environment)
        if code != 0:
            self.results.add(case_of_command(name, code))
            self.show_errors(name)
            raise BuildFailed(name)

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
        return selection if self.options.long else selection + ["-LE", "^long$"]

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
        except BuildFailed:
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
        if not integration and not suites:
            return
        self.stack_dir = Path(tempfile.mkdtemp(prefix="stack-", dir=BUILD))
        stack = [PYTHON, str(ROOT / "deploy/dev/stack")]
        code = self.execute("start servers", [*stack, "up", "--dir", str(self.stack_dir), "--owner-pid",
                                              str(os.getpid())], echo=True)
        if code != 0:
            self.results.add(case_of_command("start servers", code))
            return
        exports = subprocess.run([*stack, "env", "--plain", "--dir", str(self.stack_dir)],
                                 stdout=subprocess.PIPE, text=True, check=True).stdout
        self.environment.update(line.split("=", 1) for line in exports.splitlines())
        if integration:
            self.ctest("dev", "integration", jobs=1)
        for name in suites:
            self.pytest(name, [f"tests/{name}"])
        self.take_down()

    def pytest(self, name: str, paths: List[str]) -> None:
        """The Python tests below `paths`."""
        junit = self.logs / f"{name}.xml"
        code = self.execute(name, self.pytest_command("-v", f"--junitxml={junit}", *paths))
        cases = cases_of_junit(junit, "")
        self.results.add(*cases)
        if code != 0 and not any(case.outcome == "failed" for case in cases):
            self.results.add(case_of_command(name, code))
            self.show_errors(name)

    def collects(self, folder: str) -> bool:
        """Whether the options select any test of `folder`; one that can't be read counts, so that it is seen."""
        if not (ROOT / folder).is_dir():
            return False
        return subprocess.run(
            self.pytest_command("--collect-only", "-q", folder), cwd=ROOT, env=self.environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode != 5

    def pytest_command(self, *options: str) -> List[str]:
        command = [PYTHON, "-m", "pytest", "-p", "no:cacheprovider", "-c", "tests/pytest.ini", *options]
        if self.options.regex:
            command += ["-k", self.options.regex.replace("|", " or ")]
        return command if self.options.long else [*command, "-m", "not long"]

    # Children.

    def log(self, name: str) -> Path:
        return self.logs / (name.replace(" ", "-").replace(",", "") + ".log")

    def execute(self, name: str, command: List[str], environment: Optional[Dict[str, str]] = None,
                echo: bool = False) -> int:
        """Runs a step with its output in a log, and says each few seconds how far it is."""
        started = told = time.monotonic()
        log = self.log(name)
        with open(log, "wb") as output:
            child = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                env={**self.environment, **(environment or {})}, start_new_session=True,
                preexec_fn=die_with_parent)
        self.children.append(child)
        while True:
            try:
                code = child.wait(timeout=0.2)
                break
            except subprocess.TimeoutExpired:
                if time.monotonic() - told > PROGRESS_SECONDS:
                    told = time.monotonic()
                    print(f"   {told - started:4.0f} s  {name}: {last_line(log)}", flush=True)
        self.children.remove(child)
        print(f"{'ok' if code == 0 else 'FAILED'}  {name} ({time.monotonic() - started:.0f} s)", flush=True)
        if echo:
            print(log.read_text(errors="replace"), end="", flush=True)
        return code

    def show_errors(self, name: str) -> None:
        """What a person needs of a failed step's log."""
        lines = self.log(name).read_text(errors="replace").splitlines()
        errors = [n for n, line in enumerate(lines) if "error:" in line or "CMake Error" in line]
        shown = lines[max(0, errors[0] - 2):errors[0] + 40] if errors else lines[-40:]
        print("\n".join(shown), f"\n(the whole log: {self.log(name)})", flush=True)

    def take_down(self) -> None:
        """Ends the servers; safe to call twice."""
        if self.stack_dir:
            subprocess.run([PYTHON, str(ROOT / "deploy/dev/stack"), "down", "--dir", str(self.stack_dir)],
                           stdin=subprocess.DEVNULL, start_new_session=True)
            shutil.rmtree(self.stack_dir, ignore_errors=True)
            self.stack_dir = None

    def end_children(self) -> None:
        """Asks running steps to end, then makes them."""
        for number, seconds in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
            for child in list(self.children):
                try:
                    os.killpg(child.pid, number)
                except ProcessLookupError:
                    pass
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline and any(child.poll() is None for child in self.children):
                time.sleep(0.05)


def last_line(log: Path) -> str:
    """The newest line of a log, short enough for a terminal."""
    with open(log, "rb") as file:
        file.seek(max(0, log.stat().st_size - 2000))
        lines = file.read().decode(errors="replace").split("\n")
    return next((line.strip()[:100] for line in reversed(lines) if line.strip()), "")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/run.sh", description="Builds and tests Binferry.")
    parser.add_argument("--fast", action="store_true", help="lint and unit tests only")
    parser.add_argument("--long", action="store_true", help="also what takes longer")
    parser.add_argument("-R", dest="regex", metavar="REGEX", help="only tests whose names match; no sanitizers")
    return parser.parse_args()


def main() -> int:
    suite = Suite(arguments())

    def interrupt(number: int, _frame: object) -> None:
        for blocked in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(blocked, signal.SIG_IGN)  # The clean-up below is not interrupted.
        raise Interrupted(signal.Signals(number).name)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    try:
        suite.run()
    except BuildFailed as failed:
        print(f"{failed} failed: no further test can run", flush=True)
    except Interrupted as by:
        print(f"interrupted by {by}", flush=True)
        suite.results.add(case_of_command(f"interrupted by {by}", 1))
    finally:
        suite.end_children()
        suite.take_down()
    suite.results.report()
    return suite.results.exit_code()


if __name__ == "__main__":
    assert threading.current_thread() is threading.main_thread()
    sys.exit(main())
