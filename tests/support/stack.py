"""A test's own servers, started through deploy/dev/stack, or the suite's shared ones."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Dict, List, Optional, Tuple

ROOT = Path(__file__).resolve().parent.parent.parent
_STACK = ["/usr/bin/python3", str(ROOT / "deploy/dev/stack")]


class Stack:
    """Servers in a directory of their own below build/. Use as a context manager, or call `down`.

    They end with this process, however it ends. `postgres`, `mysql` and `kafka` are the names."""

    def __init__(self, servers: Tuple[str, ...] = (), settings: Optional[Dict[str, str]] = None,
                 mysql_version: Optional[str] = None):
        """Starts `servers`, default all; `settings` are as `{"mysql.binlog_row_image": "MINIMAL"}`."""
        (ROOT / "build").mkdir(exist_ok=True)
        self.dir = Path(tempfile.mkdtemp(prefix="stack-", dir=ROOT / "build"))
        options = ["--mysql-version", mysql_version] if mysql_version else []
        try:
            self._call("up", *servers, "--owner-pid", str(os.getpid()), *options, *_set(settings))
            self.exports = self._exports()
        except BaseException:
            self.down()
            raise

    @staticmethod
    def shared() -> "Stack":
        """The stack that tests/run.sh started, or whose exports the developer has set."""
        if "BINFERRY_TEST_STACK_DIR" not in os.environ:
            raise AssertionError("BINFERRY_TEST_STACK_DIR is unset; run tests/run.sh, or `deploy/dev/stack up` "
                                 "and `eval \"$(deploy/dev/stack env)\"`")
        stack = Stack.__new__(Stack)
        stack.dir = Path(os.environ["BINFERRY_TEST_STACK_DIR"])
        stack.exports = stack._exports()
        return stack

    def __enter__(self) -> "Stack":
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    @property
    def mysql(self) -> str:
        """host:port of MySQL."""
        return self.exports["BINFERRY_TEST_MYSQL"]

    @property
    def kafka(self) -> str:
        """host:port of the broker."""
        return self.exports["BINFERRY_TEST_KAFKA"]

    @property
    def postgres(self) -> str:
        """The superuser's libpq connection string."""
        return self.exports["BINFERRY_TEST_POSTGRES"]

    def psql(self, statement: str, database: str = "postgres") -> List[List[str]]:
        """The rows of a statement on PostgreSQL, as texts."""
        done = subprocess.run(
            [self.exports["BINFERRY_PSQL"], "-d", database, "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1",
             "-c", statement], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert done.returncode == 0, f"{statement}: {done.stderr}"
        return [line.split("\t") for line in done.stdout.splitlines()]

    def kill(self, server: str) -> None:
        """Ends a server as a crash would."""
        self._call("kill", server)

    def stop(self, server: str) -> None:
        """Ends a server politely; its data stays."""
        self._call("stop", server)

    def start(self, server: str, settings: Optional[Dict[str, str]] = None) -> None:
        """Starts a server on its data and port, with `settings` added, and waits until it serves."""
        self._call("start", server, *_set(settings))

    def restart(self, server: str, settings: Optional[Dict[str, str]] = None) -> None:
        """Stops and starts a server."""
        self._call("restart", server, *_set(settings))

    def down(self) -> None:
        """Ends the servers and removes their directory."""
        self._call("down")
        shutil.rmtree(self.dir, ignore_errors=True)

    def _exports(self) -> Dict[str, str]:
        return dict(line.split("=", 1) for line in self._call("env", "--plain").splitlines())

    def _call(self, command: str, *arguments: str) -> str:
        done = subprocess.run([*_STACK, command, "--dir", str(self.dir), *arguments], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=600)
        assert done.returncode == 0, f"stack {command} {' '.join(arguments)}: {done.stderr}"
        return done.stdout


def _set(settings: Optional[Dict[str, str]]) -> List[str]:
    return [part for key, value in (settings or {}).items() for part in ("--set", f"{key}={value}")]
