"""PostgreSQL: the installed one, or the distribution's package unpacked into the cache.

It refuses to run as root. Started by root it runs as `nobody`, with data, and where need be the
programs, in a directory under /var/tmp, because `nobody` can't enter root's home."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Dict, List

from . import cache
from .process import StackError
from .server import Server

USER = "nobody"


class Postgres(Server):
    name = "postgres"
    stop_signal = signal.SIGINT  # "Fast": SIGTERM would wait for the clients to leave.

    @property
    def home(self) -> Path:
        """The directory that the server's user owns."""
        return Path(self.record["home"])

    def create(self) -> None:
        if os.getuid() == 0:
            self.record["home"] = tempfile.mkdtemp(prefix="binferry-postgres-", dir="/var/tmp")
            user = pwd.getpwnam(USER)
            os.chown(self.home, user.pw_uid, user.pw_gid)
        else:
            self.record["home"] = str(self.dir)
        self._choose_programs()
        done = subprocess.run(
            [self._program("initdb"), "--auth=trust", "--username=postgres", "--encoding=UTF8",
             "--locale=C", "--no-sync", "-D", str(self.home / "data")],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, **self.environment()}, **self.popen_options())
        if done.returncode != 0:
            raise StackError(f"initdb failed:\n{done.stdout}")

    def clean(self) -> None:
        if self.record.get("home", "").startswith("/var/tmp/binferry-postgres-"):
            shutil.rmtree(self.home, ignore_errors=True)

    def command(self) -> List[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "jit": "off",
            # Only processes are killed here, never the machine.
            "fsync": "off",
            "update_process_title": "off",  # Keeps the mark in /proc/PID/environ.
            **self.record["settings"],
        }
        command = [self._program("postgres"), "-D", str(self.home / "data")]
        for key, value in settings.items():
            command += ["-c", f"{key}={value}"]
        return command

    def pid_files(self) -> List[Path]:
        return [self.home / "data/postmaster.pid"]

    def ready(self) -> bool:
        return subprocess.run(
            [self._program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port),
             "-U", "postgres", "-d", "postgres"],
            env={**os.environ, **self.environment()}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL).returncode == 0

    def client(self) -> List[str]:
        return ["env", *(f"{k}={v}" for k, v in self.environment().items()), self._program("psql"),
                "-X", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres"]

    def exports(self) -> Dict[str, str]:
        return {
            "BINFERRY_TEST_POSTGRES": f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres",
            "BINFERRY_PSQL": str(self.dir / "client"),
        }

    def environment(self) -> Dict[str, str]:
        libraries = self.record.get("libraries")
        return {"LD_LIBRARY_PATH": libraries} if libraries else {}

    def popen_options(self) -> dict:
        if os.getuid() != 0:
            return {}
        return {"user": USER, "group": pwd.getpwnam(USER).pw_gid, "extra_groups": [], "cwd": self.home}

    def _program(self, name: str) -> str:
        return str(Path(self.record["programs"]) / name)

    def _choose_programs(self) -> None:
        installed = _newest(Path("/"))
        if installed:
            self.record["programs"] = str(installed)
            return
        tree = cache.entry("postgresql", lambda tree: cache.unpack_missing(["postgresql"], tree))
        if self.home != self.dir:
            shutil.copytree(tree, self.home / "tree", symlinks=True)
            self.home.joinpath("tree").chmod(0o755)
            tree = self.home / "tree"
        programs = _newest(tree)
        if not programs:
            raise StackError(f"{tree} holds no PostgreSQL; remove {cache.root() / 'postgresql'} and try again")
        self.record["programs"] = str(programs)
        self.record["libraries"] = cache.library_path(tree)


def _newest(tree: Path) -> "Path | None":
    """The directory of the newest PostgreSQL below `tree` that has server and client."""
    folders = [f for f in tree.glob("usr/lib/postgresql/*/bin")
               if (f / "postgres").exists() and (f / "initdb").exists() and (f / "psql").exists()]
    return max(folders, key=lambda f: int(f.parent.name), default=None)
