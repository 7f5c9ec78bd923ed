"""Reads what conformance_replay has written: blocks of records and checkpoints (file_sink.h), and source events."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional

PARTITIONS = 3  # Of every topic.


@dataclass(frozen=True)
class Record:
    topic: str
    partition: int
    id: int  # As the sink was told; it must stand in the value too.
    key: Optional[bytes]
    value: bytes


@dataclass(frozen=True)
class Block:
    """One commit."""

    records: List[Record]
    checkpoint: Dict[str, Any]


def read_blocks(path: Path) -> List[Block]:
    """All commits; ValueError for a file that ends within one."""
    rest = path.read_bytes()
    blocks = []
    while rest:
        head, rest = _line(rest)
        if head[0] != "block" or len(head) != 2:
            raise ValueError(f"no block: {head}")
        size = int(head[1])
        if rest[size:size + 4] != b"end\n":
            raise ValueError("a block without its end")
        blocks.append(_block(rest[:size]))
        rest = rest[size + 4:]
    return blocks


def _line(rest: bytes):
    line, newline, rest = rest.partition(b"\n")
    if not newline:
        raise ValueError("a line without its end")
    return line.decode().split(" "), rest


def _block(body: bytes) -> Block:
    records: List[Record] = []
    while True:
        head, body = _line(body)
        if head[0] == "checkpoint":
            size = int(head[1])
            if len(body) != size + 1:
                raise ValueError("bytes behind a checkpoint")
            return Block(records, json.loads(body[:size]))
        _, topic, partition, number, key_size, value_size = head
        keys = max(0, int(key_size))
        end = keys + int(value_size)
        records.append(Record(topic, int(partition), int(number), body[:keys] if int(key_size) >= 0 else None,
                              body[keys:end]))
        if body[end:end + 1] != b"\n":
            raise ValueError("a record without its end")
        body = body[end + 1:]


def read_json_lines(path: Path) -> List[Dict[str, Any]]:
    """Events of a source log, or alerts; none where there is no file. A line that a killed process left unfinished
    is left out: it was never told."""
    if not path.exists():
        return []
    lines = path.read_text().split("\n")
    return [json.loads(line) for line in lines[:-1]]
