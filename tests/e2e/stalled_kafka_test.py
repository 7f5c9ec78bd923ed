"""What waits, and what goes on, while one of two destinations is away."""

import time

from support.cluster import Cluster, task_definition
from support.kafka import Kafka
from support.ledger import problems
from support.processes import wait_for
from support.stack import Stack
from support.workload import TABLES, Workload

OUTAGE_SECONDS = 60


def records(kafka: Kafka, name: str, database: str) -> list:
    return kafka.read(*[f"{name}.{database}-{table}" for table in TABLES])


def test_a_stopped_kafka_stalls_its_task_and_nothing_else(database: str) -> None:
    """Two clusters of Kafka, two tasks, one worker: one broker freezes, the other task goes on."""
    with Stack() as own, Stack(("kafka",)) as other, Cluster(own) as cluster:
        work = Workload(own.mysql, database, seed=12)
        cluster.start_controller()
        cluster.wait_until_serving()
        worker = cluster.start_worker()
        cluster.run_task(task_definition(own, "healthy", database))
        cluster.run_task(task_definition(own, "stalled", database,
                                         destination={"bootstrapServers": [other.kafka]}))
        work.start(pause_seconds=0.005)
        cluster.wait_for_records("stalled", 50)
        other.stop("kafka")
        count = len(work.changes)
        time.sleep(OUTAGE_SECONDS)
        cluster.wait_for_records("healthy", len(work.changes) - 200)
        print(f"{len(work.changes) - count} changes while one Kafka was down; the worker's peak RSS "
              f"{worker.peak_rss_bytes >> 20} MiB")
        assert cluster.state("stalled") == "INCREMENTAL_SYNC"
        fault = cluster.task("stalled")["status"]["lastError"]
        assert fault["code"] == "UNAVAILABLE" and other.kafka in fault["message"]
        other.start("kafka")
        wait_for(lambda: "lastError" not in cluster.task("stalled")["status"], 90, "the fault is over")
        work.stop()
        for name, kafka in (("healthy", Kafka(own.kafka)), ("stalled", Kafka(other.kafka))):
            cluster.wait_for_records(name, len(work.changes), 180)
            assert problems(work.changes, records(kafka, name, database)) == []
