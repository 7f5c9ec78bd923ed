"""deploy/demo.sh as a newcomer runs it, with programs that are built already."""

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import List

import pytest

from support.cluster import BUILD
from support.processes import wait_for
from support.stack import ROOT


@pytest.fixture
def mark(tmp_path: Path) -> str:
    """An environment variable's value by which a demo's processes are found."""
    return f"demo-test-{os.getpid()}-{tmp_path.name}"


def start(mark: str, *options: str) -> subprocess.Popen:
    return subprocess.Popen(
        [str(ROOT / "deploy/demo.sh"), *options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, start_new_session=True,
        env={**os.environ, "BINFERRY_BUILD_DIR": str(BUILD), "BINFERRY_DEMO_TEST": mark})


def processes(mark: str) -> List[str]:
    """The command lines of what still runs of a demo."""
    wanted = f"BINFERRY_DEMO_TEST={mark}".encode()
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def assert_nothing_is_left(mark: str, shown: str) -> None:
    assert processes(mark) == []
    directories = re.findall(r"^(?:stack|logs) in (/\S+)$", shown, re.M)
    assert len(directories) == 2, shown
    assert not any(Path(directory).exists() for directory in directories)


def read_until(demo: subprocess.Popen, text: str) -> str:
    """What the demo prints up to the line that holds `text`."""
    shown = ""
    for line in demo.stdout:
        shown += line
        if text in line:
            return shown
    raise AssertionError(f"the demo ended with {demo.wait()} before {text!r}:\n{shown}")


def test_readme_prints_the_demos_task_file() -> None:
    assert (ROOT / "deploy/task.example.yaml").read_text() in (ROOT / "README.md").read_text()


def test_demo_proves_what_it_says_and_leaves_nothing(mark: str) -> None:
    demo = start(mark)
    shown = demo.communicate(timeout=300)[0]
    assert demo.returncode == 0, shown
    changes = int(re.search(r"proved: (\d+) row changes on the source", shown).group(1))
    records = int(re.search(r"proved: (\d+) records read with read_committed", shown).group(1))
    assert changes == records > 100, shown
    assert "proved: the worker was killed 3 times" in shown
    for kind in ("INSERT", "UPDATE", "DELETE"):
        assert re.search(rf"shop-\w+/\d  key .*{kind}", shown), shown
    assert_nothing_is_left(mark, shown)


@pytest.mark.parametrize("number, chapter", ((signal.SIGTERM, "== A load"), (signal.SIGINT, "logs in")))
def test_interrupted_demo_leaves_nothing(mark: str, number: signal.Signals, chapter: str) -> None:
    demo = start(mark)
    shown = read_until(demo, chapter)
    demo.send_signal(number)
    shown += demo.communicate(timeout=60)[0]
    assert demo.returncode == 128 + number, shown
    assert f"interrupted by {number.name}" in shown
    assert_nothing_is_left(mark, shown)


@pytest.mark.long
def test_killed_demo_leaves_no_process(mark: str) -> None:
    demo = start(mark)
    shown = read_until(demo, "== Rows change")
    demo.kill()
    demo.communicate(timeout=60)
    wait_for(lambda: processes(mark) == [], 60, "everything has ended")
    logs = re.search(r"^logs in (/\S+)$", shown, re.M).group(1)
    shutil.rmtree(logs)  # Nobody was there to do it.


@pytest.mark.long
def test_kept_demo_goes_on_until_it_is_stopped(mark: str) -> None:
    demo = start(mark, "--keep")
    shown = demo.communicate(timeout=300)[0]
    assert demo.returncode == 0, shown
    try:
        running = " ".join(processes(mark))
        for program in ("binferry-controller", "binferry-worker", "mysqld", "kafka.Kafka"):
            assert program in running
        # A command as the demo prints it.
        exports = re.search(r"^export (PATH=\S+ BINFERRY_SERVER=\S+ .*)$", shown, re.M).group(0)
        listed = subprocess.run(["bash", "-c", f"{exports}; binferry task list"], cwd=ROOT, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, text=True, timeout=30, check=True).stdout
        assert re.search(r"shop-orders +INCREMENTAL_SYNC", listed), listed
        time.sleep(0.5)
        assert demo.poll() == 0 and processes(mark)
    finally:
        stop = start(mark, "--stop")
        stopped = stop.communicate(timeout=90)[0]
    assert stop.returncode == 0 and "ended 1 kept demo" in stopped, stopped
    assert_nothing_is_left(mark, shown)
