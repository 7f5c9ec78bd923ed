"""Programs under test as processes: started with a log, signalled, waited for, and never left behind."""

import ctypes
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Callable, Dict, List, Optional, TypeVar

PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)
_T = TypeVar("_T")


def die_with_parent() -> None:
    """For `preexec_fn`: the child gets SIGKILL when the thread that started it ends, however that happens.

    So start processes from the main thread only."""
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def wait_for(condition: Callable[[], _T], seconds: float, what: str) -> _T:
    """Asks `condition` until its answer is true and returns that; AssertionError naming `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    pause = 0.01
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.2)


class Process:
    """One running program. Use as a context manager, or call `end`.

    Output goes to `log`, appended, so that a program started again on the same log keeps its history."""

    def __init__(self, command: List[str], log: Path, environment: Optional[Dict[str, str]] = None,
                 directory: Optional[Path] = None):
        self.command = [str(part) for part in command]
        self.log = log
        self._log_start = log.stat().st_size if log.exists() else 0
        with open(log, "ab") as output:
            self._child = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})}, cwd=directory, preexec_fn=die_with_parent)

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def running(self) -> bool:
        return self._child.poll() is None

    @property
    def exit_code(self) -> Optional[int]:
        """None while it runs; -N when signal N ended it."""
        return self._child.poll()

    @property
    def output(self) -> str:
        """What this process has printed, without what earlier ones left in the log."""
        with open(self.log, "rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    @property
    def rss_bytes(self) -> int:
        """Resident memory now."""
        fields = Path(f"/proc/{self.pid}/statm").read_text().split()
        return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")

    @property
    def peak_rss_bytes(self) -> int:
        """The largest resident memory so far."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        raise AssertionError(f"{self.command[0]} has ended")

    def send(self, number: int) -> None:
        """Sends a signal; nothing happens if it has ended."""
        self._child.send_signal(number)

    def kill(self) -> None:
        """SIGKILL, gone when this returns."""
        self._child.kill()
        self._child.wait()

    def freeze(self) -> None:
        """SIGSTOP; returns once every thread stands still."""
        self.send(signal.SIGSTOP)
        wait_for(lambda: not self.running or self._state() == "T", 10, f"{self.command[0]} stopped")

    def thaw(self) -> None:
        """SIGCONT."""
        self.send(signal.SIGCONT)

    def terminate(self, seconds: float = 10) -> int:
        """SIGTERM; the exit code, or AssertionError when it still runs after `seconds`."""
        self.send(signal.SIGTERM)
        return self.wait(seconds)

    def wait(self, seconds: float) -> int:
        """The exit code; AssertionError with the log's end when it still runs after `seconds`."""
        try:
            return self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.command[0]} still runs after {seconds} s:\n{self.output[-2000:]}")

    def wait_for_output(self, text: str, seconds: float) -> None:
        """Waits until the process has printed `text`; AssertionError if it ends or takes too long."""
        wait_for(lambda: text in self.output or not self.running, seconds, f"{text!r} from {self.command[0]}")
        assert text in self.output, f"{self.command[0]} ended with {self.exit_code}:\n{self.output[-2000:]}"

    def end(self) -> None:
        """SIGTERM, then after 10 s SIGKILL, whatever state it is in."""
        if self.running:
            self.send(signal.SIGCONT)
            self.send(signal.SIGTERM)
            try:
                self._child.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()

    def _state(self) -> str:
        return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]
