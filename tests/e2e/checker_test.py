"""The checks of delivery must turn red for a worker that breaks a rule: each rule is broken by a build of its own."""

import os
import subprocess
from pathlib import Path

import pytest

from e2e.fencing_test import freeze_inside_init
from support.cluster import BUILD, Cluster, task_definition
from support.kafka import Kafka
from support.ledger import problems
from support.stack import ROOT, Stack
from support.workload import TABLES, Workload


@pytest.fixture
def broken_build(request: pytest.FixtureRequest) -> Path:
    """The build directory of a worker that breaks the rule `request.param`."""
    build = ROOT / "build" / f"broken_{request.param}"
    options = [line.split(":")[0] + "=" + line.split("=", 1)[1] for line in
               (BUILD / "CMakeCache.txt").read_text().splitlines()
               if line.startswith(("CMAKE_CXX_COMPILER_LAUNCHER:", "CMAKE_EXE_LINKER_FLAGS:"))]
    for command in (["cmake", "--preset", "dev", "-B", str(build), f"-DBINFERRY_BREAK={request.param}",
                     *(f"-D{option}" for option in options)],
                    ["cmake", "--build", str(build), "--target", "binferry-worker"]):
        done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, env={
                                  **os.environ, "CCACHE_BASEDIR": str(ROOT), "CCACHE_NOHASHDIR": "1"})
        assert done.returncode == 0, done.stdout[-3000:]
    return build


def run_and_kill(stack: Stack, kafka: Kafka, database: str, build: Path, kills: int) -> list:
    """What the checker says of some thousand transactions during which the worker is killed `kills` times."""
    work = Workload(stack.mysql, database, seed=31)
    with Cluster(stack, build) as cluster:
        cluster.start_controller()
        cluster.wait_until_serving()
        worker = cluster.start_worker()
        cluster.run_task(task_definition(stack, "broken", database, topicPolicy={
            "autoTopics": {"nameFormat": f"{database}.$tablename$", "partitions": 1}}))
        for _ in range(kills):
            work.start()
            cluster.wait_for_records("broken", len(work.changes) + 200)
            worker.kill()
            work.stop()
            worker = cluster.start_worker()
            cluster.wait("broken", "INCREMENTAL_SYNC")
        work.run(1500)
        cluster.wait_for_records("broken", len(work.changes) - 50)
        cluster.binferry("task", "pause", "broken")
        cluster.wait("broken", "PAUSED")
        return problems(work.changes, kafka.read(*[f"{database}.{table}" for table in TABLES]))


@pytest.mark.parametrize("broken_build", ["drop_record", "double_record", "reorder_records"], indirect=True)
def test_sees_a_worker_that_mistreats_records(stack: Stack, kafka: Kafka, database: str, broken_build: Path) -> None:
    found = run_and_kill(stack, kafka, database, broken_build, kills=0)
    print("\n".join(found))
    assert found


@pytest.mark.parametrize("broken_build", ["checkpoint_before_records"], indirect=True)
def test_sees_a_checkpoint_before_its_records(stack: Stack, kafka: Kafka, database: str, broken_build: Path) -> None:
    found = run_and_kill(stack, kafka, database, broken_build, kills=8)
    print("\n".join(found))
    assert found


@pytest.mark.parametrize("broken_build", ["no_lease_check_after_init"], indirect=True)
def test_sees_a_worker_without_the_second_lease_check(stack: Stack, kafka: Kafka, database: str,
                                                      broken_build: Path) -> None:
    with pytest.raises(AssertionError, match="the lease of epoch"):
        freeze_inside_init(stack, kafka, database, broken_build)
