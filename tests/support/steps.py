"""Long steps, such as builds and the start of servers, with progress for whoever waits.

Needs nothing but Python itself. Writes below build/ and the cache only."""

import ctypes
import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Dict, List, Optional, Sequence

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "binferry"
PYTHON = "/usr/bin/python3"
PROGRESS_SECONDS = 10
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


class Interrupted(BaseException):
    """A signal asked for the end; `number` says which."""

    def __init__(self, number: int):
        super().__init__(signal.Signals(number).name)
        self.number = number


class StepFailed(Exception):
    """A step that all later ones need ended with `code`; why has been shown."""

    def __init__(self, name: str, code: int):
        super().__init__(name)
        self.name = name
        self.code = code


ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def raise_on_signals() -> None:
    """From now on the first SIGINT, SIGTERM or SIGHUP raises Interrupted; later ones don't disturb the clean-up."""
    def interrupt(number: int, _frame: object) -> None:
        ignore_signals()
        raise Interrupted(number)

    for number in ENDING_SIGNALS:
        signal.signal(number, interrupt)


def ignore_signals() -> None:
    """From now on nothing but SIGKILL interrupts: for the clean-up."""
    for number in ENDING_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


class Steps:
    """Runs steps one after the other or side by side. Call `end` when done, however that comes.

    Its children get SIGKILL when this process dies, and the servers have a watchdog that waits for it."""

    def __init__(self) -> None:
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

    def build(self, preset: str, environment: Optional[Dict[str, str]] = None, targets: Sequence[str] = ()) -> None:
        """Builds build/<preset>, all of it or only `targets`; one run at a time does. StepFailed if it fails.

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
            command = ["cmake", "--build", str(BUILD / preset)]
            self.step(f"build {preset}", command + (["--target", *targets] if targets else []), environment)
            if not targets:
                self.step(f"list tests {preset}", ["ctest", "--test-dir", str(BUILD / preset), "-N"], environment)

    def start_servers(self) -> int:
        """Starts a stack of PostgreSQL, MySQL and Kafka and tells `environment` where it is; the exit code."""
        self.stack_dir = Path(tempfile.mkdtemp(prefix="stack-", dir=BUILD))
        stack = [PYTHON, str(ROOT / "deploy/dev/stack")]
        code = self.execute("start servers", [*stack, "up", "--dir", str(self.stack_dir), "--owner-pid",
                                              str(os.getpid())], echo=True)
        if code == 0:
            exports = subprocess.run([*stack, "env", "--plain", "--dir", str(self.stack_dir)],
                                     stdout=subprocess.PIPE, text=True, check=True).stdout
            self.environment.update(line.split("=", 1) for line in exports.splitlines())
        return code

    def step(self, name: str, command: List[str], environment: Optional[Dict[str, str]] = None) -> None:
        """A step that all later ones need; StepFailed after showing why."""
        code = self.execute(name, command, environment)
        if code != 0:
            self.show_errors(name)
            raise StepFailed(name, code)

    def execute(self, name: str, command: List[str], environment: Optional[Dict[str, str]] = None,
                echo: bool = False) -> int:
        """Runs a step with its output in a log, and says each few seconds how far it is."""
        started = told = time.monotonic()
        log = self.log(name)
        with open(log, "wb") as output:
            child = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                env={**self.environment, **(environment or {})}, start_new_session=True,
                preexec_fn=_die_with_parent)
        self.children.append(child)
        while True:
            try:
                code = child.wait(timeout=0.2)
                break
            except subprocess.TimeoutExpired:
                if time.monotonic() - told > PROGRESS_SECONDS:
                    told = time.monotonic()
                    print(f"   {told - started:4.0f} s  {name}: {_last_line(log)}", flush=True)
        self.children.remove(child)
        print(f"{'ok' if code == 0 else 'FAILED'}  {name} ({time.monotonic() - started:.0f} s)", flush=True)
        if echo:
            print(log.read_text(errors="replace"), end="", flush=True)
        return code

    def log(self, name: str) -> Path:
        """Where a step's output is."""
        return self.logs / (name.replace(" ", "-").replace(",", "") + ".log")

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

    def end(self) -> None:
        """Ends what still runs: steps are asked, then made to, and the servers go."""
        for number, seconds in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
            for child in list(self.children):
                try:
                    os.killpg(child.pid, number)
                except ProcessLookupError:
                    pass
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline and any(child.poll() is None for child in self.children):
                time.sleep(0.05)
        self.take_down()


def _die_with_parent() -> None:
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _last_line(log: Path) -> str:
    """The newest line of a log, short enough for a terminal."""
    with open(log, "rb") as file:
        file.seek(max(0, log.stat().st_size - 2000))
        lines = file.read().decode(errors="replace").split("\n")
    return next((line.strip()[:100] for line in reversed(lines) if line.strip()), "")
