"""What PostgreSQL, MySQL and Kafka have in common: a directory, ports, a process and its record."""

import json
import os
import shlex
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Dict, List, Optional

from .cache import say
from .process import ProcessId, StackError, free_port, kill, stop, wait_for

MARK = "BINFERRY_STACK_DIR"


class Server:
    """One server of a stack, in its own directory.

    `record.json` there holds all that must outlive the script: version, ports, settings, process.
    Subclasses say how data is created (`create`), the command line (`command`) and when the server is
    ready (`ready`). The same data and ports serve every later start."""

    name = ""
    ports: tuple = ("port",)
    stop_signal = signal.SIGTERM
    start_seconds = 90
    stop_seconds = 30

    def __init__(self, stack: Path):
        self.stack = stack
        self.dir = stack / self.name
        self.log = self.dir / "log"
        self.record: dict = {"settings": {}}
        if (self.dir / "record.json").exists():
            self.record = json.loads((self.dir / "record.json").read_text())

    # What a kind of server defines.

    def create(self) -> None:
        """Makes the data directory of a new server."""
        raise NotImplementedError

    def command(self) -> List[str]:
        """The server's command line."""
        raise NotImplementedError

    def ready(self) -> bool:
        """Whether it serves clients."""
        raise NotImplementedError

    def client(self) -> Optional[List[str]]:
        """The command line of its interactive client, where it has one."""
        return None

    def exports(self) -> Dict[str, str]:
        """The environment variables that tell a program where it is."""
        raise NotImplementedError

    def environment(self) -> Dict[str, str]:
        """The server's environment beside the caller's."""
        return {}

    def pid_files(self) -> List[Path]:
        """The files by which the server tells that another instance of it uses its data."""
        return []

    def popen_options(self) -> dict:
        """Options for subprocess.Popen, such as the user to run as."""
        return {}

    def clean(self) -> None:
        """Removes what lies outside the server's directory."""

    # The life cycle, the same for all.

    @property
    def exists(self) -> bool:
        return (self.dir / "record.json").exists()

    @property
    def port(self) -> int:
        return self.record["ports"]["port"]

    @property
    def process(self) -> Optional[ProcessId]:
        """The running process, or None."""
        if "process" not in self.record:
            return None
        process = ProcessId(*self.record["process"])
        return process if process.alive() else None

    def up(self, settings: Dict[str, str], version: Optional[str] = None) -> None:
        """Creates the server where it is new, and starts it where it does not run."""
        if self.process:
            return
        for attempt in (1, 2, 3):
            new = not self.exists
            if new:
                self._create(settings, version)
            try:
                self.start({} if new else settings)
                return
            except StackError:
                # Somebody else took the port between the choice and the start.
                taken = "address already in use" in self.log.read_text(errors="replace").lower()
                if not (new and taken and attempt < 3):
                    raise
                self.remove()

    def start(self, settings: Optional[Dict[str, str]] = None) -> None:
        """Starts the server on its data and ports, with `settings` added, and waits until it serves."""
        if not self.exists:
            raise StackError(f"{self.name} was never started in {self.stack}; use `up {self.name}`")
        if self.process:
            return
        self.record["settings"].update(settings or {})
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
        # Our process is gone, but a killed one keeps its pid until somebody has waited for it, and the
        # new one would take that for a running server.
        for file in self.pid_files():
            file.unlink(missing_ok=True)
        with open(self.log, "ab") as log:
            child = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
                env={**os.environ, **self.environment(), MARK: str(self.stack)},
                **{"cwd": self.dir, **self.popen_options()})
        process = ProcessId.of(child.pid)
        assert process  # Not waited for yet, so /proc has it even if it has ended.
        self.record["process"] = [process.pid, process.started]
        self._save()
        wait_for(lambda: child.poll() is not None or self.ready(), self.start_seconds)
        if child.poll() is not None or not self.ready():
            kill(process)
            raise StackError(f"{self.name} did not start:\n{self.tail(25)}")
        child.returncode = 0  # It outlives us; Popen must not warn of that.

    def stop(self) -> None:
        """Ends the process, politely first; the data stays."""
        if self.process:
            stop(self.process, self.stop_signal, self.stop_seconds)

    def kill(self) -> None:
        """Ends the process as a crash would; the data stays."""
        if self.process:
            kill(self.process)

    def remove(self) -> None:
        """Ends the process and removes everything of the server."""
        self.kill()
        self.clean()
        shutil.rmtree(self.dir, ignore_errors=True)
        self.record = {"settings": {}}

    def tail(self, lines: int) -> str:
        """The end of the log."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def log_since_start(self) -> str:
        """The log of the present process."""
        with open(self.log, "rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def _create(self, settings: Dict[str, str], version: Optional[str]) -> None:
        self.dir.mkdir(parents=True, exist_ok=True)
        ports: Dict[str, int] = {}
        for port in self.ports:
            ports[port] = free_port()
        self.record = {"settings": dict(settings), "ports": ports, "version": version}
        say(f"creating {self.name}")
        try:
            self.create()
        except BaseException:
            self.clean()
            raise
        self._save()
        if self.client():
            self._write_client()

    def _write_client(self) -> None:
        # A file of its own, because programs and tests want one word to call.
        client = self.dir / "client"
        client.write_text(f'#!/bin/sh\nexec {shlex.join(self.client() or [])} "$@"\n')
        client.chmod(0o755)

    def _save(self) -> None:
        partial = self.dir / "record.json.partial"
        partial.write_text(json.dumps(self.record, indent=1))
        partial.rename(self.dir / "record.json")
