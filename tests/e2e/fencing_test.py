"""Two workers, one frozen: at most one can commit."""

import time
from pathlib import Path

from support.cluster import BUILD, Cluster, task_definition
from support.kafka import Kafka
from support.ledger import problems
from support.processes import wait_for
from support.stack import Stack
from support.workload import TABLES, Workload

LEASE_SECONDS = 15


def take_over(cluster: Cluster, name: str, worker: str) -> None:
    wait_for(lambda: cluster.task(name)["status"].get("worker") == f"workers/{worker}", LEASE_SECONDS + 30, f"{worker} has the task")
    cluster.wait(name, "INCREMENTAL_SYNC", 60)


def check(cluster: Cluster, kafka: Kafka, work: Workload, name: str) -> None:
    cluster.wait_for_records(name, len(work.changes), 120)
    found = problems(work.changes, kafka.read(*[f"{name}.{work.database}-{table}" for table in TABLES]))
    assert found == [], "\n".join(found) + cluster.logs()


def test_a_frozen_worker_wakes_to_be_fenced(stack: Stack, kafka: Kafka, database: str) -> None:
    with Cluster(stack) as cluster:
        work = Workload(stack.mysql, database, seed=21)
        cluster.start_controller()
        cluster.wait_until_serving()
        frozen = cluster.start_worker("w1")
        cluster.run_task(task_definition(stack, "frozen", database))
        work.start(pause_seconds=0.003)
        cluster.wait_for_records("frozen", 100)
        frozen.freeze()
        cluster.start_worker("w2")
        take_over(cluster, "frozen", "w2")
        frozen.thaw()
        # Its attempt to go on: Kafka refuses its epoch, and it says so.
        frozen.wait_for_output("fenced", 60)
        time.sleep(3)
        work.stop()
        check(cluster, kafka, work, "frozen")
        assert cluster.task("frozen")["status"]["worker"] == "workers/w2"
        events = [event["reason"] for event in cluster.task("frozen")["status"]["recentEvents"]]
        print([line for line in frozen.output.splitlines() if "fenced" in line][0], events)


def freeze_inside_init(stack: Stack, kafka: Kafka, database: str, worker_build: Path = BUILD) -> None:
    """A worker wakes past its lease inside init, as the newest producer of its id: only the second lease check
    holds it back. AssertionError unless it does."""
    with Cluster(stack, worker_build) as cluster:
        work = Workload(stack.mysql, database, seed=22)
        marker = cluster.dir / "frozen-in-init"
        cluster.start_controller()
        cluster.wait_until_serving()
        first = cluster.start_worker("w1")
        cluster.run_task(task_definition(stack, "ininit", database))
        work.start(pause_seconds=0.003)
        cluster.wait_for_records("ininit", 100)
        first.kill()
        frozen = cluster.start_worker("w1", environment={"BINFERRY_FREEZE_AT": "after_init_before_lease_check",
                                                         "BINFERRY_FREEZE_MARKER": str(marker)})
        wait_for(marker.exists, 30, "the freeze inside init")
        cluster.start_worker("w2")
        take_over(cluster, "ininit", "w2")
        frozen.thaw()
        frozen.wait_for_output("the lease of epoch", 20)
        time.sleep(3)
        work.stop()
        check(cluster, kafka, work, "ininit")
        assert cluster.task("ininit")["status"]["worker"] == "workers/w2"


def test_a_worker_frozen_inside_init_commits_nothing(stack: Stack, kafka: Kafka, database: str) -> None:
    freeze_inside_init(stack, kafka, database)
