"""Rules of access for users of the secured broker, over its own protocol: clients know none of transactional ids."""

import socket
import struct
from typing import Sequence, Tuple

TOPIC, TRANSACTIONAL_ID = 2, 5
_CREATE_ACLS, _VERSION, _PREFIXED, _ALL, _ALLOW = 30, 1, 4, 2, 3


def allow(address: str, principal: str, resources: Sequence[Tuple[int, str]]) -> None:
    """Lets `principal` do everything with resources (kind, beginning of the name). `address`: the open listener."""
    body = struct.pack(">hhi", _CREATE_ACLS, _VERSION, 1) + _text("test") + struct.pack(">i", len(resources))
    for kind, name in resources:
        body += struct.pack(">b", kind) + _text(name) + struct.pack(">b", _PREFIXED) + _text(principal)
        body += _text("*") + struct.pack(">bb", _ALL, _ALLOW)
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), 20) as connection, connection.makefile("rb") as answer:
        connection.sendall(struct.pack(">i", len(body)) + body)
        size, = struct.unpack(">i", answer.read(4))
        content = answer.read(size)
    count, = struct.unpack(">i", content[8:12])  # Behind the correlation id and the throttling.
    errors = content[12:]
    assert count == len(resources) and len(errors) == 4 * count and not any(
        struct.unpack(">hh", errors[4 * i:4 * i + 4])[0] for i in range(count)), content


def _text(text: str) -> bytes:
    return struct.pack(">h", len(text)) + text.encode()
