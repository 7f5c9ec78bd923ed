"""Downloads that are complete or absent.

Everything lies under `${XDG_CACHE_HOME:-~/.cache}/binferry`. An entry is built beside its place and
renamed into it, under a lock, so that an interrupted run heals itself, two runs at once download
once, and what is there needs no network. apt and Maven verify what they download.
"""

import contextlib
import fcntl
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Callable, Iterator

MULTIARCH = f"{platform.machine()}-linux-gnu"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
MAVEN_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1"


class DownloadError(Exception):
    """A package could not be had; the message says which, and the end of the client's own output."""


def root() -> Path:
    """The cache directory, created on first use."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    path = Path(home) / "binferry"
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds an exclusive lock on the file `path`; the kernel releases it however the holder ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def entry(name: str, build: Callable[[Path], None]) -> Path:
    """The cache entry `name`; where it is absent, `build` fills the empty directory it is given."""
    path = root() / name
    if path.exists():
        return path
    with locked(root() / "locks" / name):
        if path.exists():
            return path
        partial = root() / f"{name}.partial"
        shutil.rmtree(partial, ignore_errors=True)  # Left by a run that was interrupted.
        partial.mkdir()
        say(f"downloading {name}")
        build(partial)
        partial.rename(path)
    return path


def say(text: str) -> None:
    """Progress, on standard error: standard output is for results."""
    sys.stderr.write(f"stack: {text}\n")  # In one piece, because servers start side by side.
    sys.stderr.flush()


def run(command: list, what: str, **options) -> str:
    """Runs `command` and returns its output; DownloadError names `what` where it fails."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, **options)
    except FileNotFoundError as missing:
        raise DownloadError(f"{what}: {missing.filename} is not installed; run deploy/install.sh")
    if done.returncode != 0:
        tail = "\n".join(done.stdout.splitlines()[-15:])
        raise DownloadError(f"{what}: {command[0]} ended with {done.returncode}\n{tail}")
    return done.stdout


def _archive_uri() -> str:
    """Where this machine's own configuration takes Debian's main archive from."""
    fields = "$(REPO_URI)|$(ORIGIN)|$(LABEL)"
    lines = run(["apt-get", "indextargets", "--format", fields, "Created-By: Packages"],
                "the machine's package sources").splitlines()
    targets = [line.split("|") for line in lines]
    known = [t[0] for t in targets if t[1:] == ["Debian", "Debian"]]
    # Before the first `apt-get update` nothing but the address is known of a source.
    unread = [t[0] for t in targets if t[0].rstrip("/").endswith("/debian")]
    if not known + unread:
        raise DownloadError("this machine's apt configuration names no Debian archive")
    return (known + unread)[0]


def _private_apt(suite: str, work: Path, sources: bool = False) -> dict:
    """An environment in which apt-get sees the archive's `suite` alone and no installed package.

    With `sources` it sees the source packages in place of the binary ones."""
    for folder in ("lists/partial", "archives/partial"):
        (work / folder).mkdir(parents=True)
    (work / "status").touch()
    (work / "parts").mkdir()
    source = f"[signed-by={KEYRING}] {_archive_uri()} {suite} main"
    (work / "sources.list").write_text(f"deb {source}\ndeb-src {source}\n")
    (work / "apt.conf").write_text("\n".join([
        f'Dir::Etc::SourceList "{work}/sources.list";',
        f'Dir::Etc::SourceParts "{work}/parts";',
        f'Dir::Etc::Preferences "{work}/preferences";',
        f'Dir::Etc::PreferencesParts "{work}/parts";',
        f'Dir::State::Lists "{work}/lists";',
        f'Dir::State::Status "{work}/status";',
        f'Dir::Cache "{work}";',
        'APT::Sandbox::User "";',
        'APT::Install-Recommends "false";',
        'APT::Keep-Downloaded-Packages "true";',
        'Acquire::Languages "none";',
        f'Acquire::IndexTargets::{"deb" if sources else "deb-src"}::{"Packages" if sources else "Sources"}::DefaultEnabled "false";',
        'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";',
        'Debug::NoLocking "true";',
    ]) + "\n")
    return {**os.environ, "APT_CONFIG": str(work / "apt.conf"), "DEBIAN_FRONTEND": "noninteractive"}


def unpack_debian(suite: str, packages: list, tree: Path) -> None:
    """Unpacks `packages` of Debian's `suite`, with all that they depend on, libc too, into `tree`.

    Programs of such a tree run through its own loader, see `loader`."""
    what = f"{' '.join(packages)} of Debian {suite}"
    work = tree.parent / f"{tree.name}.apt"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        environment = _private_apt(suite, work)
        run(["apt-get", "update", "-q", "--error-on=any"], what, env=environment)
        run(["apt-get", "install", "-q", "-y", "--download-only", *packages], what, env=environment)
        _unpack(work / "archives", tree, what)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def unpack_source(suite: str, package: str, folder: Path) -> None:
    """Downloads the source package `package` of Debian's `suite` and unpacks it, patched, as `folder`."""
    what = f"the source of {package} of Debian {suite}"
    work = folder.parent / f"{folder.name}.apt"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        environment = _private_apt(suite, work, sources=True)
        run(["apt-get", "update", "-q", "--error-on=any"], what, env=environment)
        run(["apt-get", "source", "-q", "--download-only", package], what, env=environment, cwd=work)
        description = next(work.glob("*.dsc"))
        run(["dpkg-source", "--no-check", "-x", str(description), str(folder)], what, cwd=work)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def unpack_missing(packages: list, tree: Path) -> None:
    """Unpacks into `tree` those of `packages`, and of what they depend on, that are not installed here.

    Their programs run on the system's loader with the tree's library directory added."""
    what = " ".join(packages)
    work = tree.parent / f"{tree.name}.apt"
    shutil.rmtree(work, ignore_errors=True)
    (work / "archives/partial").mkdir(parents=True)
    try:
        run(["apt-get", "install", "-q", "-y", "--download-only", "--no-install-recommends",
             "-o", "Debug::NoLocking=true", "-o", f"Dir::Cache::Archives={work}/archives",
             "-o", "APT::Sandbox::User=", "-o", "APT::Keep-Downloaded-Packages=true", *packages], what)
        _unpack(work / "archives", tree, what)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _unpack(archives: Path, tree: Path, what: str) -> None:
    files = sorted(archives.glob("*.deb"))
    if not files:
        raise DownloadError(f"{what}: apt-get downloaded nothing")
    for file in files:
        run(["dpkg", "-x", str(file), str(tree)], f"{what}: {file.name}")


def library_path(tree: Path) -> str:
    """The library directories of an unpacked tree, as one search path."""
    folders = [tree / "usr/lib" / MULTIARCH, tree / "lib" / MULTIARCH]
    return ":".join(str(f) for f in folders if f.is_dir())


def loader(tree: Path) -> list:
    """The command prefix that runs a program of a whole tree on the tree's own libc."""
    for pattern in ("ld-linux-*.so.*", "ld-2*.so"):
        for folder in (tree / "usr/lib" / MULTIARCH, tree / "lib" / MULTIARCH):
            # Older Debians have an absolute link here, which would lead out of the tree.
            for file in sorted(folder.glob(pattern)):
                if not file.is_symlink():
                    return [str(file), "--library-path", library_path(tree)]
    raise DownloadError(f"{tree} holds no dynamic loader")


def maven_artifact(artifact: str, folder: Path) -> Path:
    """Downloads one Maven artifact (`group:name:version[:type[:classifier]]`) into `folder`."""
    _maven(["-Dartifact=" + artifact, f"-DoutputDirectory={folder}", f"{MAVEN_PLUGIN}:copy"], artifact)
    files = [f for f in folder.iterdir() if f.name.startswith(artifact.split(":")[1])]
    return files[0]


def maven_dependencies(artifacts: list, folder: Path) -> None:
    """Downloads Maven artifacts with what they need at run time into `folder`."""
    dependencies = "".join(
        "<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>"
        .format(*artifact.split(":")) for artifact in artifacts)
    pom = folder / "pom.xml"
    pom.write_text('<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
                   "<groupId>binferry</groupId><artifactId>downloads</artifactId><version>1</version>"
                   f"<dependencies>{dependencies}</dependencies></project>\n")
    _maven(["-f", str(pom), f"{MAVEN_PLUGIN}:copy-dependencies", "-DincludeScope=runtime",
            f"-DoutputDirectory={folder}"], artifacts[0])


def _maven(arguments: list, what: str) -> None:
    # One local repository, but Maven does not guard it against a second Maven.
    with locked(root() / "locks" / "maven"):
        run(["mvn", "-B", "-q", f"-Dmaven.repo.local={root() / 'maven'}", *arguments], what)
