"""The body of deploy/demo.sh: builds, starts everything, tells the story, and cleans up."""

import argparse
import contextlib
import os
import random
import secrets
import sys
import time
from pathlib import Path
from typing import Callable, List, Optional, Tuple

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "deploy/dev"), str(ROOT / "deploy/demo")]

import keeper  # noqa: E402
from follower import Follower  # noqa: E402
from shop import STEPS, TABLES, Shop  # noqa: E402
from support.cluster import BUILD, Cluster, CommandFailed  # noqa: E402
from support.kafka import Kafka  # noqa: E402
from support.ledger import problems  # noqa: E402
from support.processes import wait_for  # noqa: E402
from support.stack import Stack  # noqa: E402
from support.steps import Interrupted, StepFailed, Steps, ignore_signals, raise_on_signals  # noqa: E402

TASK = "shop-orders"
TASK_FILE = ROOT / "deploy/task.example.yaml"
PROGRAMS = ["binferry-controller", "binferry-worker", "binferry"]
KILLS = 3


class Demo:
    """The story, one method a chapter. Everything that it needs runs already."""

    def __init__(self, stack: Stack, cluster: Cluster, shop: Shop, follower: Follower):
        self._stack = stack
        self._cluster = cluster
        self._shop = shop
        self._follower = follower
        self.password = secrets.token_hex(12)
        self.settings = [f"source.port={stack.mysql.rpartition(':')[2]}",
                         f'destination.bootstrapServers=["{stack.kafka}"]']
        self._proved: List[str] = []

    def tell(self) -> None:
        """All of it."""
        self._create()
        self._change()
        self._load()
        self._pause()
        self._kill()
        self._prove()

    def _create(self) -> None:
        chapter("A task, from a file")
        print(TASK_FILE.read_text())
        self._shop.add_user("binferry", self.password)
        arguments = ["task", "create", "-f", str(TASK_FILE.relative_to(ROOT))]
        for setting in self.settings:
            arguments += ["--set", setting]
        self._binferry(*arguments, "--wait")
        chapter("Is it right? Test, list, check, confirm, start")
        self._binferry("task", "test", TASK)
        self._binferry("task", "databases", TASK)
        self._binferry("task", "tables", TASK, "shop")
        self._binferry("task", "check", TASK, codes=(0, 5))
        self._binferry("task", "confirm", TASK, "--all")
        self._binferry("task", "start", TASK)
        self._binferry("task", "wait", TASK, "--for", "INCREMENTAL_SYNC")
        self._binferry("task", "describe", TASK)

    def _change(self) -> None:
        chapter("Rows change, records arrive")
        for statement, changes in STEPS:
            print(f"mysql> {statement};")
            self._shop.commit([statement], changes)
            for line in self._follower.take(len(changes)):
                print(f"   {line}")
        print(f"\nThe last one as Kafka has it:\n{self._follower.last_value}")

    def _load(self) -> None:
        chapter("A load: state, lag and rate")
        self._shop.start()
        for _ in range(3):
            time.sleep(1.5)
            self._binferry("task", "get", TASK)
        self._shop.stop()
        self._wait_for_all()

    def _pause(self) -> None:
        chapter("Pause, changes meanwhile, resume")
        self._binferry("task", "pause", TASK)
        self._binferry("task", "wait", TASK, "--for", "PAUSED")
        before = self._last_id()
        self._shop.run(50)
        waiting = len(self._shop.changes) - before
        print(f"{waiting} rows changed while the task is paused; the last record is still {self._last_id()}")
        assert self._last_id() == before, "a paused task went on"
        self._binferry("task", "resume", TASK)
        self._wait_for_all()
        print(f"and now it is {self._last_id()}: all of them have arrived")
        self._proved.append(f"{waiting} row changes made during a pause arrived after it")

    def _kill(self) -> None:
        chapter("The worker is killed in the middle of its work")
        self._shop.start()
        for _ in range(KILLS):
            time.sleep(random.uniform(0.7, 1.4))
            worker = self._cluster.workers["w1"]
            worker.kill()
            before, written = self._last_id(), len(self._shop.changes)
            print(f"SIGKILL to the worker, process {worker.pid}, after {written} row changes; it is started again")
            self._cluster.start_worker("w1")
            started = time.monotonic()
            wait_for(lambda: self._last_id() > max(before, written), 60, "records of the new worker")
            print(f"   the new one has caught up with them after {time.monotonic() - started:.1f} s")
        time.sleep(0.5)
        self._shop.stop()
        self._wait_for_all()
        self._binferry("task", "describe", TASK)

    def _prove(self) -> None:
        chapter("The proof")
        changes = self._shop.changes
        topics = [f"shop-{table}" for table in TABLES]
        kafka = Kafka(self._stack.kafka)
        records = kafka.read(*topics)
        found = problems(changes, records)
        assert not found, "what was read differs from what was changed:\n" + "\n".join(found)
        kinds = {kind: sum(change.kind == kind for change in changes) for kind in ("INSERT", "UPDATE", "DELETE")}
        rows = self._shop.row_count()
        assert rows == kinds["INSERT"] - kinds["DELETE"], f"the source has {rows} rows"
        aborted = len(kafka.read(*topics, committed=False)) - len(records)
        self._proved += [
            f"{len(changes)} row changes on the source ({kinds['INSERT']} inserts, {kinds['UPDATE']} updates, "
            f"{kinds['DELETE']} deletes, in {self._shop.transactions} transactions)",
            f"{len(records)} records read with read_committed from {len(topics)} topics: each change once, "
            f"in order per row, ids 1 to {len(records)} without gaps",
            f"the worker was killed {KILLS} times meanwhile; {aborted} records of cut-off Kafka transactions "
            "stay invisible",
        ]
        for line in self._proved:
            print(f"proved: {line}")

    def _binferry(self, *arguments: str, codes: Tuple[int, ...] = (0,)) -> None:
        """Shows a command and its output; CommandFailed unless its exit code is one of `codes`."""
        print("$ binferry " + " ".join(f"'{word}'" if any(c in word for c in '"[ ') else word for word in arguments))
        try:
            print(self._cluster.binferry(*arguments, environment={"MYSQL_PASSWORD": self.password}), end="")
        except CommandFailed as failed:
            if failed.code not in codes:
                raise
            print(failed.output, end="")

    def _last_id(self) -> int:
        return int(self._cluster.task(TASK)["status"].get("position", {}).get("lastRecordId", 0))

    def _wait_for_all(self) -> None:
        self._cluster.wait_for_records(TASK, len(self._shop.changes))


def chapter(title: str) -> None:
    print(f"\n== {title}\n", flush=True)


def hints(demo: Demo, stack: Stack, cluster: Cluster) -> None:
    """How to go on with a demo that is kept."""
    password = cluster.dir / "mysql-password"
    password.touch(0o600)
    password.write_text(demo.password)
    settings = " ".join(f"--set '{setting}'" for setting in demo.settings)
    here, there = stack.dir.relative_to(ROOT), cluster.dir.relative_to(ROOT)
    chapter("Everything goes on running")
    print(f"""In {ROOT}:

export PATH={BUILD}/bin:$PATH BINFERRY_SERVER=127.0.0.1:{cluster.ports['api']} BINFERRY_INSECURE_DEV=true
binferry task watch {TASK}
binferry task describe {TASK}
deploy/dev/stack mysql --dir {here} shop
deploy/dev/stack consume --dir {here} -f {' '.join(f'shop-{table}' for table in TABLES)}
deploy/dev/stack psql --dir {here} -d {cluster.database}
tail -f {there}/worker-w1.log

A second task, into topics of its own:

MYSQL_PASSWORD=$(cat {password.relative_to(ROOT)}) binferry task create -f deploy/task.example.yaml --wait \\
    --id second-task {settings} \\
    --set 'topicPolicy.autoTopics.nameFormat=second.$database$-$tablename$'
binferry task check second-task
binferry task confirm second-task --all
binferry task start second-task

deploy/demo.sh --stop                                # ends all of it
""")


def act(ending: contextlib.ExitStack, stay: Optional[Callable[[Path], None]]) -> None:
    """Starts everything, each with its end in `ending`, and tells the story."""
    started = time.monotonic()
    steps = Steps()
    ending.callback(steps.end)
    if "BINFERRY_BUILD_DIR" not in os.environ:  # Else that build's programs are shown as they are.
        steps.build("dev", targets=PROGRAMS)
    code = steps.start_servers()
    if code != 0:
        raise StepFailed("start servers", code)
    os.environ["BINFERRY_TEST_STACK_DIR"] = str(steps.stack_dir)
    stack = Stack.shared()
    cluster = ending.enter_context(Cluster(stack))
    cluster.start_controller()
    cluster.wait_until_serving()
    cluster.start_worker("w1")
    print(f"ok  start a controller and a worker of {BUILD}\nlogs in {cluster.dir}")
    shop = ending.enter_context(Shop(stack.mysql, seed=random.randrange(1 << 30)))
    follower = ending.enter_context(Follower(stack.kafka, "shop-"))
    demo = Demo(stack, cluster, shop, follower)
    demo.tell()
    print(f"\nThe demo took {time.monotonic() - started:.0f} s.")
    if stay is not None:
        hints(demo, stack, cluster)
        stay(cluster.dir / "keeper.log")


def run(stay: Optional[Callable[[Path], None]] = None) -> int:
    """Everything from the build to the clean-up; the exit code. With `stay` the end waits for its return."""
    raise_on_signals()
    try:
        with contextlib.ExitStack() as ending:
            try:
                act(ending, stay)
            finally:
                ignore_signals()
                print("cleaning up", flush=True)
        return 0
    except Interrupted as by:
        print(f"demo: interrupted by {by}", flush=True)
        return 128 + by.number
    except StepFailed as failed:
        print(f"demo: {failed} failed", flush=True)
    except Exception as error:
        print(f"demo: {type(error).__name__}: {error}", flush=True)
    return 1


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="deploy/demo.sh", description="Shows Binferry at work on private servers, and proves that nothing is "
                                           "lost or doubled when a worker is killed.")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--keep", action="store_true", help="leave everything running; prints how to go on")
    choice.add_argument("--stop", action="store_true", help="end what --keep left running")
    options = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)
    if options.stop:
        return keeper.stop_all()
    return keeper.run_kept(run) if options.keep else run()


if __name__ == "__main__":
    sys.exit(main())
