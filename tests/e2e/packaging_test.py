"""What is installed beside the programs: service files, example options, the image's recipe."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import List

import pytest

from support.cluster import BUILD
from support.stack import ROOT

PROGRAMS = ("controller", "worker")


def output(command: List[str]) -> str:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=60)
    assert done.returncode == 0, f"{command}: {done.stdout}"
    return done.stdout


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze: systemd is not installed")
@pytest.mark.parametrize("program", PROGRAMS)
def test_service_files_are_what_systemd_takes(program: str, tmp_path: Path) -> None:
    unit = (BUILD / f"deploy/binferry-{program}.service").read_text()
    start = re.search(r"^ExecStart=(\S+)", unit, re.M).group(1)
    # Only an installed program is where the unit says.
    file = tmp_path / f"binferry-{program}.service"
    file.write_text(unit.replace(start, str(BUILD / f"bin/binferry-{program}")))
    said = output(["systemd-analyze", "verify", "--man=no", str(file)])
    assert f"binferry-{program}" not in said, said
    # And it would have complained of a mistake.
    file.write_text(file.read_text().replace("Restart=on-failure", "Restart=sometimes"))
    wrong = subprocess.run(["systemd-analyze", "verify", "--man=no", str(file)], stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    assert "sometimes" in wrong.stdout


@pytest.mark.parametrize("program", PROGRAMS)
def test_example_options_are_options(program: str) -> None:
    text = (ROOT / f"deploy/systemd/{program}.toml").read_text()
    known = output([str(BUILD / f"bin/binferry-{program}"), "--help"])
    options = re.findall(r"^(?:# )?([a-z-]+) = ", text, re.M)
    assert len(options) >= 4
    for option in options:
        assert f"--{option}" in known, option


def test_the_image_copies_what_there_is() -> None:
    recipe = (ROOT / "deploy/docker/Dockerfile").read_text()
    assert "UNTESTED" in recipe
    for path in re.findall(r"^COPY (?!--from)(\S+) ", recipe, re.M) + re.findall(r"\b(deploy/\w[\w/.]*)", recipe):
        assert (ROOT / path).exists(), path
    for target in ("binferry-controller", "binferry-worker", "binferry"):
        assert f"/build/bin/{target}" in recipe and (BUILD / "bin" / target).exists()
    assert (ROOT / "migrations").glob("*.sql")


def test_the_image_has_the_libraries_of_the_programs() -> None:
    packages = output([str(ROOT / "deploy/docker/library_packages"), str(BUILD / "bin/binferry-worker")]).split()
    for library in ("libc6", "librdkafka", "libmariadb", "libgrpc", "libprotobuf"):
        assert any(package.startswith(library) for package in packages), (library, packages)
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", package) for package in packages), packages
