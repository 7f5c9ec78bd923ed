"""Transactions and rows larger than memory allows to hold."""

import json

import pytest
from confluent_kafka import Consumer, TopicPartition

from support.cluster import Cluster, task_definition
from support.kafka import Kafka
from support.mysql import Mysql
from support.processes import wait_for
from support.stack import Stack

pytestmark = pytest.mark.alone

MIB = 1 << 20
BUDGET_BYTES = 64 * MIB
TRANSACTION_BYTES = 2 << 30


def test_a_two_gigabyte_transaction_passes_within_the_budget(database: str) -> None:
    settings = {"mysql.sync_binlog": "0", "mysql.innodb_flush_log_at_trx_commit": "0",
                "mysql.innodb_buffer_pool_size": "1G", "kafka.log.retention.bytes": str(256 * MIB),
                "kafka.log.segment.bytes": str(64 * MIB)}
    with Stack(settings=settings) as own, Cluster(own) as cluster, Mysql(own.mysql, timeout_seconds=600) as mysql:
        mysql.execute(f"CREATE DATABASE {database}")
        mysql.execute(f"USE {database}")
        mysql.execute("CREATE TABLE big (id INT PRIMARY KEY AUTO_INCREMENT, body LONGTEXT CHARACTER SET latin1)")
        cluster.start_controller()
        cluster.wait_until_serving()
        worker = cluster.start_worker()
        cluster.run_task(task_definition(own, "twogig", database, recordFormat="JSON_C"))
        before = worker.rss_bytes
        # 2,048 rows of 1 MiB minus a little, so that each record stays below the topics' limit of 1 MB.
        size = 960_000
        rows = TRANSACTION_BYTES // size + 1
        mysql.execute("BEGIN")
        for _ in range(rows // 32 + 1):
            mysql.execute(f"INSERT INTO big (body) VALUES {','.join(['(REPEAT(0x61, %d))' % size] * 32)}")
        mysql.execute("COMMIT")
        count = (rows // 32 + 1) * 32
        largest = 0

        def done() -> bool:
            nonlocal largest
            status = cluster.task("twogig")["status"]
            largest = max(largest, int(status.get("position", {}).get("rowsDone", 0)))
            return int(status.get("position", {}).get("lastRecordId", 0)) >= count
        wait_for(done, 600, "the large transaction")
        print(f"{count} rows of {size} bytes in one transaction; resident {before >> 20} MiB before, "
              f"peak {worker.peak_rss_bytes >> 20} MiB; checkpoints inside it up to row {largest}")
        assert largest > 0, "the transaction must have been committed in several parts"
        # Beside the budget: the program, its libraries, librdkafka's buffers of what is on the wire.
        assert worker.peak_rss_bytes - before < BUDGET_BYTES * 3
        assert ids_at_the_end(own, f"twogig.{database}-big", 3) == count


def ids_at_the_end(stack: Stack, topic: str, partitions: int) -> int:
    """The largest id among the last records of each partition."""
    consumer = Consumer({"bootstrap.servers": stack.kafka, "group.id": "binferry-tests", "enable.auto.commit": False,
                         "isolation.level": "read_committed", "fetch.message.max.bytes": 16 * MIB})
    try:
        largest = 0
        for number in range(partitions):
            _, high = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=30)
            consumer.assign([TopicPartition(topic, number, max(0, high - 5))])
            while (message := consumer.poll(5)) is not None:
                if message.error() is None:
                    largest = max(largest, json.loads(message.value())["id"])
                if message.offset() is not None and message.offset() >= high - 2:
                    break
        return largest
    finally:
        consumer.close()


def test_a_hundred_megabyte_row_passes_alone(database: str) -> None:
    limit = 400 * MIB
    settings = {"kafka.message.max.bytes": str(limit), "kafka.replica.fetch.max.bytes": str(limit),
                "kafka.socket.request.max.bytes": str(limit), "kafka.log.segment.bytes": str(512 * MIB)}
    with Stack(settings=settings) as own, Cluster(own) as cluster, Mysql(own.mysql) as mysql:
        mysql.execute(f"CREATE DATABASE {database}")
        mysql.execute(f"CREATE TABLE {database}.big (id INT PRIMARY KEY, body LONGTEXT)")
        cluster.start_controller()
        cluster.wait_until_serving()
        worker = cluster.start_worker()
        cluster.run_task(task_definition(own, "bigrow", database, destination={
            "bootstrapServers": [own.kafka], "maxRecordBytes": limit - MIB}))
        before = worker.rss_bytes
        mysql.execute(f"INSERT INTO {database}.big VALUES (1, 'small')")
        mysql.execute("SET SESSION max_execution_time = 0")
        mysql.execute(f"INSERT INTO {database}.big VALUES (2, REPEAT('b', {100 * MIB}))")
        mysql.execute(f"INSERT INTO {database}.big VALUES (3, 'small')")
        cluster.wait_for_records("bigrow", 3)
        peak = worker.peak_rss_bytes
        print(f"a row of 100 MiB: resident {before >> 20} MiB before, peak {peak >> 20} MiB")
        # Decision of the design: at most the budget and three times the encoded record.
        assert peak - before < BUDGET_BYTES + 3 * 101 * MIB + 64 * MIB
        records = read_large(own, f"bigrow.{database}-big")
        assert sorted(json.loads(record)["id"] for record in records) == [1, 2, 3]
        large = [record for record in records if len(record) > MIB]
        assert len(large) == 1
        assert json.loads(large[0])["data"][0] == {"id": "2", "body": "b" * (100 * MIB)}


def read_large(stack: Stack, topic: str) -> list:
    """The three records; a client whose limits let 100 MiB through."""
    consumer = Consumer({"bootstrap.servers": stack.kafka, "group.id": "binferry-tests", "enable.auto.commit": False,
                         "isolation.level": "read_committed", "fetch.message.max.bytes": 400 * MIB,
                         "fetch.max.bytes": 400 * MIB, "receive.message.max.bytes": 401 * MIB,
                         "queued.max.messages.kbytes": 1 << 20})
    try:
        consumer.assign([TopicPartition(topic, number, 0) for number in range(Kafka(stack.kafka).partitions(topic))])
        values = []
        while len(values) < 3:
            message = consumer.poll(60)
            assert message is not None, f"only {len(values)} of 3 records"
            if message.error() is None:
                values.append(message.value())
        return values
    finally:
        consumer.close()
