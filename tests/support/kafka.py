"""Topics and records of the destination, as a consumer of ours would see them."""

import time
from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence, Tuple

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic


@dataclass(frozen=True)
class Record:
    """One record; key and value are bytes or None."""

    topic: str
    partition: int
    offset: int
    key: Optional[bytes]
    value: Optional[bytes]
    headers: Tuple[Tuple[str, bytes], ...] = ()


class Kafka:
    """The broker at `address`, host:port."""

    def __init__(self, address: str):
        self.address = address
        self._admin = AdminClient({"bootstrap.servers": address})

    def create_topic(self, name: str, partitions: int = 1, settings: Optional[Dict[str, str]] = None) -> None:
        """Creates a topic and waits until it can be used; fails if it exists."""
        topic = NewTopic(name, num_partitions=partitions, replication_factor=1, config=settings or {})
        self._admin.create_topics([topic])[name].result(30)
        deadline = time.monotonic() + 30
        while self.partitions(name) != partitions:
            assert time.monotonic() < deadline, f"topic {name} was created but can't be seen"
            time.sleep(0.05)

    def delete_topic(self, name: str) -> None:
        self._admin.delete_topics([name])[name].result(30)

    def topics(self) -> List[str]:
        """All topics but Kafka's own."""
        return sorted(n for n in self._admin.list_topics(timeout=30).topics if not n.startswith("__"))

    def partitions(self, topic: str) -> int:
        """How many partitions a topic has; 0 if it doesn't exist."""
        found = self._admin.list_topics(timeout=30).topics.get(topic)
        return len(found.partitions) if found and found.error is None else 0

    def read(self, *topics: str, committed: bool = True, seconds: float = 120) -> List[Record]:
        """All records of `topics` up to the high watermark of the moment of the call, ordered by topic,
        partition and offset.

        With `committed` as a `read_committed` consumer sees them: it waits until no open Kafka
        transaction stands before that watermark, and AssertionError says so after `seconds`.
        Otherwise aborted and unfinished records are among them."""
        consumer = Consumer({
            "bootstrap.servers": self.address,
            "group.id": "binferry-tests",  # Demanded by the client; partitions are assigned by hand.
            "isolation.level": "read_committed" if committed else "read_uncommitted",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "error",
            "fetch.message.max.bytes": 16 << 20,
        })
        try:
            return _read(consumer, self._ends(topics), time.monotonic() + seconds)
        finally:
            consumer.close()

    def _ends(self, topics: Sequence[str]) -> Dict[Tuple[str, int], Tuple[int, int]]:
        """First offset and high watermark of each partition; a read_committed client would not tell the latter."""
        client = Consumer({"bootstrap.servers": self.address, "group.id": "binferry-tests",
                           "isolation.level": "read_uncommitted"})
        try:
            ends = {}
            for topic in topics:
                count = self.partitions(topic)
                assert count, f"no such topic: {topic}; there are {self.topics()}"
                for number in range(count):
                    ends[topic, number] = _watermarks(client, TopicPartition(topic, number))
            return ends
        finally:
            client.close()


def _watermarks(client: Consumer, place: TopicPartition) -> Tuple[int, int]:
    """A topic that was just created may have no leader yet, or one that doesn't know it."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return client.get_watermark_offsets(place, timeout=30)
        except KafkaException as fault:
            if not _may_pass(fault.args[0]) or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _may_pass(error: KafkaError) -> bool:
    # The client marks few errors as retriable outside of its own requests.
    return error.retriable() or error.code() in (
        KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.LEADER_NOT_AVAILABLE, KafkaError.UNKNOWN_TOPIC_OR_PART)


def _read(consumer: Consumer, ends: Dict[Tuple[str, int], Tuple[int, int]], deadline: float) -> List[Record]:
    ahead = {place for place, (low, high) in ends.items() if high > low}
    records: List[Record] = []
    consumer.assign([TopicPartition(topic, number, ends[topic, number][0]) for topic, number in sorted(ahead)])
    while ahead:
        assert time.monotonic() < deadline, f"never read to the high watermark: {sorted(ahead)}"
        message = consumer.poll(0.2)
        if message is not None and message.error() is None:
            place = (message.topic(), message.partition())
            if message.offset() < ends[place][1]:
                records.append(Record(*place, message.offset(), message.key(), message.value(),
                                      tuple(message.headers() or ())))
        elif message is not None and message.error().code() != KafkaError._PARTITION_EOF:
            if not _may_pass(message.error()):
                raise KafkaException(message.error())
        # Markers of Kafka transactions take offsets, so the last offset is seldom a record's.
        for position in consumer.position([TopicPartition(*place) for place in ahead]):
            if position.offset >= ends[position.topic, position.partition][1]:
                ahead.discard((position.topic, position.partition))
    return sorted(records, key=lambda record: (record.topic, record.partition, record.offset))
