"""Records as they arrive, to look at."""

import json
import time
from typing import List, Optional, Set, Tuple

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition


class Follower:
    """A `read_committed` consumer of all topics whose names start with `prefix`, from their beginnings.

    `last_value` is the whole value of the record that came last."""

    def __init__(self, brokers: str, prefix: str):
        self.last_value = ""
        self._prefix = prefix
        self._places: Set[Tuple[str, int]] = set()
        self._consumer = Consumer({
            "bootstrap.servers": brokers,
            "group.id": "binferry-demo",  # Demanded by the client; partitions are assigned by hand.
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
        })

    def __enter__(self) -> "Follower":
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close()

    def take(self, count: int, seconds: float = 30) -> List[str]:
        """The next `count` records, one line each; AssertionError when they don't come."""
        lines: List[str] = []
        deadline = time.monotonic() + seconds
        while len(lines) < count:
            assert time.monotonic() < deadline, f"only {len(lines)} of {count} records came in {seconds} s"
            message = self._consumer.poll(0.05)
            if message is None:
                self._assign_new()
            elif message.error() is None:
                self.last_value = message.value().decode()
                lines.append(_line(message.topic(), message.partition(), message.key(), message.value()))
        return lines

    def _assign_new(self) -> None:
        topics = self._consumer.list_topics(timeout=10).topics
        places = {(name, number) for name in topics if name.startswith(self._prefix)
                  for number in topics[name].partitions}
        new = [TopicPartition(*place, OFFSET_BEGINNING) for place in sorted(places - self._places)]
        if new:
            self._consumer.incremental_assign(new)
            self._places = places


def _line(topic: str, partition: int, key: bytes, value: bytes) -> str:
    """What a person looks for first; of an UPDATE the columns that differ."""
    document = json.loads(value)
    old, new = ((document[name] or [None])[0] for name in ("old", "data"))
    if old and new:
        shown = ", ".join(f"{column} {_text(old.get(column))} -> {_text(new[column])}" for column in new
                          if old.get(column) != new[column])
    else:
        shown = " ".join(f"{column}={_text(text)}" for column, text in (old or new).items())
    return (f"{topic}/{partition}  key {key.decode() if key else None}  id {document['id']}  {document['type']}  "
            + shown)


def _text(value: Optional[str]) -> str:
    return json.dumps(value, ensure_ascii=False)
