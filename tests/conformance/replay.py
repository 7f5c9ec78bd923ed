"""Runs conformance_replay, again and again where it kills itself."""

import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Set, Tuple

from conformance.cases import DATABASE
from conformance.sessions import Played, Server
from conformance.sink_file import Block, read_blocks, read_json_lines
from conformance.stream import Place, place_of

PASSWORD_VARIABLE = "BINFERRY_CONFORMANCE_PASSWORD"
TIMEOUT_SECONDS = 60
MAX_RUNS_IN_PLACE = 10  # In every second one at least a commit is durable.


class ReplayFailed(Exception):
    """The pipeline ended with an error."""


@dataclass(frozen=True)
class Replayed:
    """What a run left behind."""

    blocks: List[Block]
    log: List[Dict[str, Any]]
    alerts: Set[Tuple[str, Place]]  # Each once, however often its event was read.
    runs: int
    kills_inside: int  # Of them those that found the last checkpoint inside a source transaction.


def replay(program: Path, server: Server, played: Played, folder: Path, task: List[str], kill_every: int) -> Replayed:
    """Carries what a case wrote into a file below `folder`, from its start to its end. `task`: options of it."""
    sink, alerts, log = folder / "sink", folder / "alerts", folder / "log"
    for file in (sink, alerts, log):
        file.unlink(missing_ok=True)
    start, end = played.start, played.end
    # A task that is restarted goes on by GTIDs, where there are any, or by position: both are tried.
    place = ["--from-gtids", start.gtids] if kill_every and start.gtids else \
        ["--from", f"{start.file}:{start.position}"]
    command = [str(program), "--server", server.address, "--user", server.user, "--password-env", PASSWORD_VARIABLE,
               *place, "--to", f"{end.file}:{end.position}", "--database", DATABASE, "--sink", str(sink),
               "--alerts", str(alerts), "--timeout", str(TIMEOUT_SECONDS), *task]
    environment = {**os.environ, PASSWORD_VARIABLE: server.password}
    progress = _Progress(log)
    while True:
        options = ["--source-log", str(log)] if progress.runs == 0 else []
        if kill_every:
            options += ["--kill-every", str(kill_every), "--kill-point", "after" if progress.runs % 2 else "before"]
        done = subprocess.run(command + options, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, env=environment, timeout=10 * TIMEOUT_SECONDS)
        if done.returncode != 0 and (not kill_every or done.returncode != -signal.SIGKILL):
            raise ReplayFailed(f"the pipeline ended with {done.returncode}: "
                               f"{done.stdout.decode(errors='replace').strip()}")
        blocks = read_blocks(sink)
        progress.note(blocks, is_end=done.returncode == 0)
        if done.returncode == 0:
            told = {(alert["reason"], place_of(alert)) for alert in read_json_lines(alerts)}
            return Replayed(blocks, read_json_lines(log), told, progress.runs, progress.kills_inside)


class _Progress:
    """How far runs have come that were killed: they must come further, and never beyond the source."""

    def __init__(self, log: Path):
        self.runs = self.kills_inside = 0
        self._log = log
        self._in_place = 0
        self._checkpoint: Dict[str, Any] = {}

    def note(self, blocks: List[Block], is_end: bool) -> None:
        """After each run; ReplayFailed where there is no progress."""
        self.runs += 1
        checkpoint = blocks[-1].checkpoint if blocks else {}
        if is_end or not checkpoint:
            return
        self.kills_inside += checkpoint["rowsDone"] > 0
        self._in_place = self._in_place + 1 if checkpoint == self._checkpoint else 0
        self._checkpoint = checkpoint
        if self._in_place > MAX_RUNS_IN_PLACE:
            raise ReplayFailed(f"{self.runs} runs, the last {self._in_place} of them without a commit")
        rows = sum(entry.get("count", 0) for entry in read_json_lines(self._log))
        done = checkpoint["inserts"] + checkpoint["updates"] + checkpoint["deletes"]
        if done > rows:
            raise ReplayFailed(f"run {self.runs} committed {done} rows, and the source has {rows}")
