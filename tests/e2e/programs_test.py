"""The programs as an operator meets them: options, exit codes, signals."""

import json
import subprocess

import pytest

from support.cluster import BUILD, Cluster, task_definition
from support.mysql import Mysql
from support.stack import Stack

PROGRAMS = ("binferry-controller", "binferry-worker", "binferry")


def run(program: str, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([str(BUILD / "bin" / program), *arguments], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=20)


@pytest.mark.parametrize("program", PROGRAMS)
def test_tells_version_and_help(program: str) -> None:
    assert "0.1.0" in run(program, "--version").stdout
    assert "--help" in run(program, "--help").stdout


@pytest.mark.parametrize("program", PROGRAMS)
def test_refuses_unknown_options(program: str) -> None:
    done = run(program, *(["task", "list"] if program == "binferry" else []), "--no-such-option")
    assert done.returncode == 2 and "--no-such-option" in done.stderr


def test_refuses_senseless_options() -> None:
    for arguments in (["--slots", "-1"], ["--controller", "nonsense"], ["--region", ""]):
        done = run("binferry-worker", "--insecure-dev", "--controller", "127.0.0.1:1", "--region", "r", *arguments)
        assert done.returncode == 2, (arguments, done)
        assert arguments[0] in done.stderr
    done = run("binferry-controller", "--listen-api", "127.0.0.1:0", "--postgres", "host=x",
               "--secret-key-file", "/nowhere")
    assert done.returncode == 2 and "tls" in done.stderr


def test_sigterm_ends_both_with_0_and_gives_the_lease_back(stack: Stack, database: str) -> None:
    with Mysql(stack.mysql) as mysql, Cluster(stack) as cluster:
        mysql.execute(f"CREATE DATABASE {database}")
        mysql.execute(f"CREATE TABLE {database}.t (id INT PRIMARY KEY)")
        cluster.start_controller()
        cluster.wait_until_serving()
        first = cluster.start_worker("w1")
        cluster.run_task(task_definition(stack, "drained", database))
        cluster.start_worker("w2")
        assert first.terminate(10) == 0
        # Without waiting for the lease of 15 s.
        cluster.wait("drained", "INCREMENTAL_SYNC", 12)
        mysql.execute(f"INSERT INTO {database}.t VALUES (1)")
        cluster.wait_for_records("drained", 1, 12)
        assert cluster.task("drained")["status"]["worker"] == "workers/w2"
        assert cluster.workers["w2"].terminate(10) == 0
        assert cluster.controller.terminate(10) == 0


def test_logs_never_hold_a_secret(stack: Stack, database: str) -> None:
    with Mysql(stack.mysql) as mysql, Cluster(stack) as cluster:
        mysql.execute(f"CREATE DATABASE {database}")
        mysql.execute(f"CREATE TABLE {database}.t (id INT PRIMARY KEY)")
        mysql.execute(f"CREATE USER 'u_{database}'@'%' IDENTIFIED BY 'Very-Hush-1'")
        mysql.execute(f"GRANT REPLICATION SLAVE, REPLICATION CLIENT, SELECT ON *.* TO 'u_{database}'@'%'")
        cluster.start_controller()
        cluster.wait_until_serving()
        cluster.start_worker()
        definition = task_definition(stack, "hushed", database)
        definition["source"].update(username=f"u_{database}", password={"env": "HUSH"})
        path = cluster.dir / "hushed.json"
        path.write_text(json.dumps(definition))
        cluster.binferry("task", "create", "-f", str(path), environment={"HUSH": "Very-Hush-1"})
        cluster.wait("hushed", "CONFIGURATION")
        cluster.start_task("hushed")
        cluster.wait("hushed", "INCREMENTAL_SYNC")
        shown = cluster.binferry("task", "get", "hushed", "-o", "json") + cluster.binferry("task", "describe", "hushed")
        logs = "".join(log.read_text() for log in cluster.dir.glob("*.log"))
        assert '"passwordSet": true' in shown
        assert "Very-Hush-1" not in shown + logs
