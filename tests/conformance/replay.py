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
MAX_RUNS = 10_000


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
    inside = 0
    for run in range(1, MAX_RUNS + 1):
        options = ["--source-log", str(log)] if run == 1 else []
        if kill_every:
            options += ["--kill-every", str(kill_every), "--kill-point", "before" if run % 2 else "after"]
        done = subprocess.run(command + options, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, env=environment, timeout=10 * TIMEOUT_SECONDS)
        if done.returncode == 0:
            told = {(alert["reason"], place_of(alert)) for alert in read_json_lines(alerts)}
            return Replayed(read_blocks(sink), read_json_lines(log), told, run, inside)
        if not kill_every or done.returncode != -signal.SIGKILL:
            raise ReplayFailed(f"the pipeline ended with {done.returncode}: "
                               f"{done.stdout.decode(errors='replace').strip()}")
        blocks = read_blocks(sink)
        inside += bool(blocks) and blocks[-1].checkpoint["rowsDone"] > 0
    raise ReplayFailed(f"no end after {MAX_RUNS} runs")
