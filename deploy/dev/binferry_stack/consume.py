"""Prints the records of Kafka topics as a `read_committed` consumer sees them."""

import sys
import time
from typing import List, Optional

from .process import StackError


def consume(brokers: str, topics: List[str], follow: bool, limit: Optional[int]) -> int:
    """Prints one line a record (topic, partition, offset, key, value) and returns how many there were.

    Without `topics` all but the internal ones are read. Ends at the end of what is committed, or,
    with `follow`, only after `limit` records."""
    try:
        from confluent_kafka import Consumer, KafkaError, TopicPartition
    except ImportError:
        raise StackError("python3-confluent-kafka is not installed; run deploy/install.sh")
    consumer = Consumer({
        "bootstrap.servers": brokers,
        "group.id": "binferry-consume",  # Demanded by the client; partitions are assigned by hand.
        "isolation.level": "read_committed",
        "enable.partition.eof": True,
        "enable.auto.commit": False,
    })
    known = consumer.list_topics(timeout=10).topics
    chosen = topics or [name for name in sorted(known) if not name.startswith("__")]
    missing = [name for name in chosen if name not in known]
    if missing:
        raise StackError(f"no such topic: {', '.join(missing)}; there are {', '.join(sorted(known)) or 'none'}")
    ahead = {(name, number) for name in chosen for number in known[name].partitions}
    if not ahead:
        return 0
    consumer.assign([TopicPartition(name, number, 0) for name, number in sorted(ahead)])
    printed = 0
    while (ahead or follow) and printed != limit:
        message = consumer.poll(1.0)
        if message is None:
            continue
        error = message.error()
        if error is None:
            printed += 1
            print(message.topic(), message.partition(), message.offset(), _text(message.key()),
                  _text(message.value()), flush=True)
        elif error.code() == KafkaError._PARTITION_EOF:
            ahead.discard((message.topic(), message.partition()))
        else:
            print(f"stack: {error.str()}", file=sys.stderr)
            time.sleep(0.2)
    consumer.close()
    return printed


def _text(value: Optional[bytes]) -> str:
    return "null" if value is None else value.decode("utf-8", "backslashreplace")
