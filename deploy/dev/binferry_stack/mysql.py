"""MySQL and MariaDB, with a binlog a replica can read.

`root` has no password and may come from any address; the server listens on 127.0.0.1 only."""

import json
import os
import subprocess
from pathlib import Path
from typing import Dict, List

from . import cache
from .mysql_versions import DEFAULT, Installation, client_for, install
from .process import StackError
from .server import Server


class Mysql(Server):
    """Settings are options of mysqld, without the dashes."""

    name = "mysql"
    stop_seconds = 60

    def create(self) -> None:
        found = install(self.record["version"] or DEFAULT)
        self.record["version"] = found.version
        self.record["tree"] = str(found.tree)
        self.record["package"] = json.loads((found.tree / "binferry-version.json").read_text())["version"]
        self._initialize(found)
        # `localhost` alone may come in after the initialization, and names are not resolved.
        grants = ["SET sql_log_bin=0;"]
        if found.source.number >= (5, 7):
            grants.append("CREATE USER IF NOT EXISTS 'root'@'%';")
        grants.append("GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;")
        (self.dir / "grants.sql").write_text("\n".join(grants) + "\n")

    def command(self) -> List[str]:
        settings = {
            "port": str(self.port),
            "socket": "mysqld.sock",  # In the data directory: a longer path might not fit into an address.
            "bind-address": "127.0.0.1",
            "skip-name-resolve": "ON",
            "server-id": "1",
            "log-bin": "binlog",
            "binlog-format": "ROW",
            "max-allowed-packet": "1G",
            # Only processes are killed here, never the machine.
            "innodb-flush-log-at-trx-commit": "2",
            "sync-binlog": "0",
            "init-file": str(self.dir / "grants.sql"),
            **self._version_settings(),
            **{key.replace("_", "-"): value for key, value in self.record["settings"].items()},
        }
        return self._mysqld() + [f"--{key}={value}" for key, value in settings.items()]

    def pid_files(self) -> List[Path]:
        return [self.dir / "data/mysqld.sock", self.dir / "data/mysqld.sock.lock"]

    def ready(self) -> bool:
        return "ready for connections" in self.log_since_start()

    def client(self) -> List[str]:
        found = self._found()
        # Those outside Debian miss libraries, or have no client at all.
        own = found.program("mysql", "mariadb") if found.source.kind == "debian" else []
        command = own or client_for(found.source)
        return [*command, "--no-defaults", "--protocol=TCP", "--host=127.0.0.1", f"--port={self.port}",
                "--user=root"]

    def exports(self) -> Dict[str, str]:
        return {
            "BINFERRY_TEST_MYSQL": f"127.0.0.1:{self.port}",
            "BINFERRY_TEST_MYSQL_VERSION": self.record["version"],
            "BINFERRY_MYSQL_CLIENT": str(self.dir / "client"),
        }

    def environment(self) -> Dict[str, str]:
        found = self._found()
        folders = [found.tree / "lib", found.tree / "lib/private", found.tree / "libs"]
        present = ":".join(str(f) for f in folders if f.is_dir())
        return {"LD_LIBRARY_PATH": present} if found.source.kind != "debian" and present else {}

    def _found(self) -> Installation:
        return Installation(self.record["version"], cache.root() / f"mysql-{self.record['version']}")

    def _mysqld(self) -> List[str]:
        found = self._found()
        command = [*found.program("mysqld", "mariadbd"), "--no-defaults", f"--basedir={found.base}",
                   f"--datadir={self.dir / 'data'}", f"--lc-messages-dir={found.messages}",
                   f"--character-sets-dir={found.messages / 'charsets'}",
                   f"--plugin-dir={found.plugins}", "--secure-file-priv="]
        return command + (["--user=root"] if os.getuid() == 0 else [])

    def _version_settings(self) -> Dict[str, str]:
        source = self._found().source
        if source.mariadb:
            metadata = {"binlog-row-metadata": "FULL"} if source.number >= (10, 5) else {}
            return {"gtid-strict-mode": "ON", **metadata}
        settings = {"gtid-mode": "ON", "enforce-gtid-consistency": "ON"}
        if source.number < (5, 7):
            settings["log-slave-updates"] = "ON"
        if source.number >= (8,):
            settings.update({"mysqlx": "OFF", "binlog-row-metadata": "FULL"})
        return settings

    def _initialize(self, found: Installation) -> None:
        if not found.source.mariadb and found.source.number >= (5, 7):
            self._run_once(["--initialize-insecure"], "")
            return
        (self.dir / "data/mysql").mkdir(parents=True)
        parts = ["use mysql;", "set @auth_root_socket=null;", found.script("system_tables"),
                 found.script("system_tables_data")]
        if found.source.number < (10, 4) and found.source.number[0] < 11:
            parts.append("delete from user where user='';")
        self._run_once(["--bootstrap", "--max-allowed-packet=8M"], "\n".join(parts) + "\n")

    def _run_once(self, options: List[str], text: str) -> None:
        done = subprocess.run(
            self._mysqld() + options, input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, cwd=self.dir, env={**os.environ, **self.environment()})
        if done.returncode != 0:
            raise StackError(f"initializing MySQL {self.record['version']} failed:\n{done.stdout[-3000:]}")
