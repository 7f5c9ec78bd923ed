"""What goes on while the control plane is away."""

import time

import pytest

from support.cluster import Cluster, CommandFailed, task_definition
from support.kafka import Kafka
from support.ledger import problems
from support.stack import Stack
from support.workload import TABLES, Workload

OUTAGE_SECONDS = 40  # More than two leases of 15 s.


def records(kafka: Kafka, name: str, database: str) -> list:
    return kafka.read(*[f"{name}.{database}-{table}" for table in TABLES])


def test_data_goes_on_while_the_control_plane_is_down(database: str) -> None:
    with Stack() as own, Cluster(own) as cluster:
        kafka = Kafka(own.kafka)
        work = Workload(own.mysql, database, seed=11)
        cluster.start_controller()
        cluster.wait_until_serving()
        cluster.start_worker()
        cluster.run_task(task_definition(own, "goeson", database))
        work.start(pause_seconds=0.005)
        cluster.wait_for_records("goeson", 50)
        own.kill("postgres")
        start = time.monotonic()
        with pytest.raises(CommandFailed) as refused:
            cluster.binferry("task", "list")
        assert time.monotonic() - start < 8, "without PostgreSQL a call must fail at once"
        assert refused.value.code in (1, 3) and refused.value.message
        cluster.controller.kill()
        at_start = len(records(kafka, "goeson", database))
        time.sleep(OUTAGE_SECONDS)
        at_end = len(records(kafka, "goeson", database))
        print(f"{at_end - at_start} records while controller and PostgreSQL were down for {OUTAGE_SECONDS} s")
        assert at_end - at_start > 1000
        cluster.start_controller()
        own.start("postgres")
        cluster.wait_until_serving(40)
        work.stop()
        cluster.wait_for_records("goeson", len(work.changes))
        assert problems(work.changes, records(kafka, "goeson", database)) == []
        cluster.wait("goeson", "INCREMENTAL_SYNC", 40)
