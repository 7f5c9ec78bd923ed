"""Nothing lost, nothing twice, in order: whatever is killed, whenever."""

import os
import random
import time

from support.cluster import Cluster, task_definition
from support.kafka import Kafka
from support.ledger import problems
from support.processes import wait_for
from support.stack import Stack
from support.workload import TABLES, Workload

KILLS = 20
LEAST_TRANSACTIONS = 20_000
# The source need not survive a power cut here; it must be fast.
SETTINGS = {"mysql.sync_binlog": "0", "mysql.innodb_flush_log_at_trx_commit": "0"}


def seed() -> int:
    """Printed, and taken from BINFERRY_SEED to repeat a run."""
    number = int(os.environ.get("BINFERRY_SEED", random.randrange(1 << 30)))
    print(f"BINFERRY_SEED={number}")
    return number


def topics_of(name: str, database: str) -> list:
    return [f"{name}.{database}-{table}" for table in TABLES]


def check(cluster: Cluster, kafka: Kafka, work: Workload, name: str) -> None:
    cluster.wait_for_records(name, len(work.changes), 180)
    found = problems(work.changes, kafka.read(*topics_of(name, work.database)))
    assert found == [], "\n".join(found) + "\n" + cluster.logs()


def test_worker_killed_twenty_times(stack: Stack, kafka: Kafka, database: str) -> None:
    chance = random.Random(seed())
    work = Workload(stack.mysql, database, seed=chance.randrange(1 << 30))
    with Cluster(stack) as cluster:
        cluster.start_controller()
        cluster.wait_until_serving()
        cluster.start_worker("w1")
        cluster.run_task(task_definition(stack, "killed", database))
        work.start()
        owner = "w1"
        for kill in range(KILLS):
            time.sleep(chance.uniform(0.3, 2.5))
            cluster.workers[owner].kill()
            # Now and then another worker takes over, which needs the lease to run out.
            if kill in (6, 13):
                owner = "w2" if owner == "w1" else "w1"
            cluster.start_worker(owner)
            # Not for the state between: a watch may miss one that lasts for less than a second.
            wait_for(lambda: cluster.task("killed")["status"].get("worker") == f"workers/{owner}", 40,
                     f"{owner} has the task")
            cluster.wait("killed", "INCREMENTAL_SYNC", 60)
        while work.transactions < LEAST_TRANSACTIONS:
            time.sleep(0.2)
        work.stop()
        check(cluster, kafka, work, "killed")
        # The kills really met open Kafka transactions: their records are there for who reads uncommitted.
        uncommitted = kafka.read(*topics_of("killed", database), committed=False)
        print(f"{work.transactions} transactions, {len(work.changes)} changes, "
              f"{len(uncommitted) - len(work.changes)} aborted records")
        assert len(uncommitted) > len(work.changes)


def test_controller_postgres_and_broker_restarted(database: str) -> None:
    chance = random.Random(seed())
    with Stack(settings=SETTINGS) as own:
        kafka = Kafka(own.kafka)
        work = Workload(own.mysql, database, seed=chance.randrange(1 << 30))
        with Cluster(own) as cluster:
            cluster.start_controller()
            cluster.wait_until_serving()
            cluster.start_worker()
            cluster.run_task(task_definition(own, "restarts", database))
            work.start(pause_seconds=0.002)
            for what in chance.sample(["controller", "postgres", "kafka", "kafka"], 4):
                time.sleep(chance.uniform(1, 3))
                if what == "controller":
                    cluster.controller.kill()
                    cluster.start_controller()
                else:
                    own.kill(what)
                    own.start(what)
            time.sleep(2)
            work.stop()
            cluster.wait_until_serving(40)
            check(cluster, kafka, work, "restarts")
            cluster.wait("restarts", "INCREMENTAL_SYNC", 40)
