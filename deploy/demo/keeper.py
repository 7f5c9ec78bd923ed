"""A demo that goes on running when its command has ended, and the end of it.

The process that owns servers and programs is the one that stays: they all end with it, however it ends."""

import ctypes
import json
import os
import signal
import sys
from pathlib import Path
from typing import Callable, List

from binferry_stack.process import ProcessId
from support.steps import BUILD, Interrupted

KEPT = BUILD / "kept-demos"  # One file for each.
PR_SET_PDEATHSIG = 1
END_SECONDS = 60
LIBC = ctypes.CDLL(None)


def run_kept(body: Callable[[Callable[[Path], None]], int]) -> int:
    """Runs `body(stay)` in a process of its own and returns its exit code, or 0 as soon as it calls `stay`.

    `stay(log)` returns when the demo is to end. Until it is called, signals to this process are passed on, and
    the other one ends with this one."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.setsid()
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        code = body(lambda log: _stay(writing, log))
        sys.stdout.flush()
        os._exit(code)
    os.close(writing)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: os.kill(child, received))
    if os.read(reading, 1):
        return 0
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _stay(writing: int, log: Path) -> None:
    record = KEPT / f"{os.getpid()}.json"
    KEPT.mkdir(parents=True, exist_ok=True)
    myself = ProcessId.of(os.getpid())
    assert myself
    record.write_text(json.dumps([myself.pid, myself.started]))
    LIBC.prctl(PR_SET_PDEATHSIG, 0)
    sys.stdout.flush()
    sys.stderr.flush()
    # Whoever reads the command's output must see its end.
    for target, flags in ((0, os.O_RDONLY), (1, os.O_WRONLY), (2, os.O_WRONLY)):
        file = os.open("/dev/null" if target == 0 else log, flags | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(file, target)
        os.close(file)
    os.write(writing, b"1")
    os.close(writing)
    try:
        while True:
            signal.pause()
    except Interrupted:
        pass
    finally:
        record.unlink(missing_ok=True)


def stop_all() -> int:
    """Ends every kept demo of this tree; the exit code."""
    ended: List[int] = []
    code = 0
    for record in sorted(KEPT.glob("*.json")):
        keeper = ProcessId(*json.loads(record.read_text()))
        if keeper.alive():
            keeper.send(signal.SIGTERM)
            if not keeper.wait_gone(END_SECONDS):
                print(f"demo: process {keeper.pid} still runs after {END_SECONDS} s")
                code = 1
                continue
            ended.append(keeper.pid)
        record.unlink(missing_ok=True)
    print(f"ended {len(ended)} kept demo{'' if len(ended) == 1 else 's'}" if ended or code else "no demo is kept")
    return code
