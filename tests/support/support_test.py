"""The tools of the end-to-end tests, on real servers: what the tests rely on must hold."""

import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from confluent_kafka import Producer

from support.kafka import Kafka
from support.mysql import Mysql
from support.processes import Process, wait_for
from support.stack import ROOT, Stack


@pytest.fixture(scope="module")
def stack():
    return Stack.shared()


@pytest.fixture
def topic(stack):
    kafka, name = Kafka(stack.kafka), f"support-{uuid.uuid4().hex[:8]}"
    kafka.create_topic(name, partitions=2)
    yield name
    kafka.delete_topic(name)


def transactional(stack, name):
    producer = Producer({"bootstrap.servers": stack.kafka, "transactional.id": name})
    producer.init_transactions(30)
    return producer


def test_read_committed_leaves_out_what_was_aborted(stack, topic):
    producer = transactional(stack, topic)
    for value, end in ((b"kept", producer.commit_transaction), (b"dropped", producer.abort_transaction)):
        producer.begin_transaction()
        producer.produce(topic, value, b"key", partition=1)
        producer.flush(30)
        end(30)
    kafka = Kafka(stack.kafka)
    assert [r.value for r in kafka.read(topic)] == [b"kept"]
    assert [r.value for r in kafka.read(topic, committed=False)] == [b"kept", b"dropped"]
    assert kafka.read(topic)[0].partition == 1


def test_read_committed_says_so_when_a_transaction_stays_open(stack, topic):
    producer = transactional(stack, topic)
    producer.begin_transaction()
    producer.produce(topic, b"open", partition=0)
    producer.flush(30)
    with pytest.raises(AssertionError, match="never read to the high watermark"):
        Kafka(stack.kafka).read(topic, seconds=2)
    producer.abort_transaction(30)
    assert Kafka(stack.kafka).read(topic) == []


def test_mysql_is_a_source_that_can_be_followed(stack):
    with Mysql(stack.mysql) as mysql:
        assert mysql.value("SELECT @@log_bin") == 1
        assert mysql.value("SELECT @@binlog_format") == "ROW"
        assert mysql.value("SELECT @@gtid_mode") == "ON"
        before = mysql.executed_gtids()
        mysql.execute("CREATE DATABASE support_test")
        mysql.execute("DROP DATABASE support_test")
        assert mysql.executed_gtids() != before


def test_servers_come_back_with_their_data_after_a_kill():
    with Stack(("mysql", "postgres"), settings={"mysql.binlog_row_image": "MINIMAL"}) as own:
        with Mysql(own.mysql) as mysql:
            assert mysql.value("SELECT @@binlog_row_image") == "MINIMAL"
            mysql.script("CREATE DATABASE d;\nCREATE TABLE d.t (a INT PRIMARY KEY);\nINSERT INTO d.t VALUES (7);\n")
        own.psql("CREATE TABLE t AS SELECT 8 AS a")
        for server in ("mysql", "postgres"):
            own.kill(server)
            own.start(server)
        with Mysql(own.mysql) as mysql:
            assert mysql.value("SELECT a FROM d.t") == 7
        assert own.psql("SELECT a FROM t") == [["8"]]
        directory = own.dir
    assert not directory.exists()


def test_servers_end_when_their_owner_is_killed(tmp_path):
    directory = tmp_path / "stack"
    owner = subprocess.Popen(["sleep", "600"])
    stack_script = [sys.executable, str(ROOT / "deploy/dev/stack")]
    subprocess.run([*stack_script, "up", "postgres", "--dir", str(directory), "--owner-pid", str(owner.pid)],
                   check=True)
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    wait_for(lambda: not directory.exists(), 30, "the watchdog took the stack down")


def test_a_process_is_frozen_thawed_and_ended(tmp_path):
    with Process(["sh", "-c", "trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.05; done"],
                 tmp_path / "log") as process:
        process.wait_for_output("up", 5)
        process.freeze()
        process.send(signal.SIGTERM)
        assert process.running
        process.thaw()
        assert process.wait(5) == 3
        assert process.output == "up\nbye\n"


def test_no_process_outlives_the_test_run(tmp_path):
    code = ("import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path\n"
            "from support.processes import Process\n"
            "print(Process(['sleep', '600'], Path(sys.argv[2])).pid, flush=True); input()")
    run = subprocess.Popen([sys.executable, "-c", code, str(ROOT / "tests"), str(tmp_path / "log")],
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    child = int(run.stdout.readline())
    assert os.path.exists(f"/proc/{child}")
    run.kill()
    run.wait()
    stat = Path(f"/proc/{child}/stat")
    wait_for(lambda: not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z", 5, "it ended")
