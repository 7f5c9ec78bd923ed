"""Server processes, known by pid and start time, so that a reused pid is never signalled."""

import os
import random
import signal
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, List, Optional


class StackError(Exception):
    """What went wrong with a server, for a person to read."""


@dataclass(frozen=True)
class ProcessId:
    """One process for ever: the kernel reuses pids, but not with the same start time."""

    pid: int
    started: int  # Clock ticks since boot.

    @staticmethod
    def of(pid: int) -> Optional["ProcessId"]:
        """The process that has `pid` now, or None."""
        stat = _stat(pid)
        return ProcessId(pid, int(stat[19])) if stat else None

    def alive(self) -> bool:
        """Whether it still runs; a process that has ended but was not waited for does not."""
        stat = _stat(self.pid)
        return bool(stat) and int(stat[19]) == self.started and stat[0] not in "ZX"

    def send(self, number: int) -> None:
        """Sends a signal, if it still runs."""
        if self.alive():
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                pass

    def wait_gone(self, seconds: float) -> bool:
        """Waits until it has ended; False when it still runs after `seconds`."""
        return wait_for(lambda: not self.alive(), seconds)


def _stat(pid: int) -> Optional[list]:
    """The fields of /proc/PID/stat from the state on; the name before them may hold anything."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    """Asks `condition` until it holds (True) or `seconds` have passed (False)."""
    deadline = time.monotonic() + seconds
    pause = 0.005
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)
    return True


def stop(process: ProcessId, number: int, seconds: float) -> None:
    """Ends a server: the polite signal, a wait of at most `seconds`, then SIGKILL with its children."""
    process.send(number)
    if not process.wait_gone(seconds):
        kill(process)


def kill(process: ProcessId) -> None:
    """SIGKILL to the process and its descendants, all gone when this returns."""
    if not process.alive():
        return
    family = [process] + descendants(process.pid)
    for member in family:
        member.send(signal.SIGKILL)
    for member in family:
        member.wait_gone(20)


def descendants(pid: int) -> List[ProcessId]:
    """All processes below `pid`."""
    children: dict = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            stat = _stat(int(folder.name))
            if stat:
                children.setdefault(int(stat[1]), []).append(ProcessId(int(folder.name), int(stat[19])))
    found, ahead = [], [pid]
    while ahead:
        below = children.get(ahead.pop(), [])
        found += below
        ahead += [child.pid for child in below]
    return found


def marked(name: str, value: str) -> List[ProcessId]:
    """The processes whose environment at their start held `name=value`."""
    wanted = f"{name}={value}".encode()
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.append(ProcessId.of(int(folder.name)))
        except (OSError, ProcessLookupError):
            continue
    return [process for process in found if process and process.pid != os.getpid()]


def free_port() -> int:
    """A port of 127.0.0.1 that nothing uses.

    Below the range that the kernel gives to outgoing connections: a client that keeps trying to reach
    a server that is down would otherwise, sooner or later, connect to itself and hold the port."""
    while True:
        port = random.randint(12000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def answers(port: int) -> bool:
    """Whether something accepts connections on `port` of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex(("127.0.0.1", port)) == 0
