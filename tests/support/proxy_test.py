"""The proxy, in front of an echo server."""

import socket
import threading
from typing import Iterator

import pytest

from support.processes import wait_for
from support.proxy import Proxy


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    listener = socket.create_server(("127.0.0.1", 0))

    def echo(connection: socket.socket) -> None:
        try:
            while piece := connection.recv(1000):
                connection.sendall(piece)
        except OSError:
            pass

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=echo, args=(connection,), daemon=True).start()
    threading.Thread(target=serve, daemon=True).start()
    with Proxy(f"127.0.0.1:{listener.getsockname()[1]}") as running:
        yield running
    listener.close()


def connect(proxy: Proxy) -> socket.socket:
    host, _, port = proxy.address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=5)


def received(connection: socket.socket) -> bytes:
    """All until the end."""
    content = b""
    try:
        while piece := connection.recv(1000):
            content += piece
    except ConnectionResetError:
        pass
    return content


def test_forwards_both_ways(proxy: Proxy) -> None:
    with connect(proxy) as connection:
        connection.sendall(b"hello")
        assert connection.recv(10) == b"hello"


def test_cuts_all_connections_after_so_many_bytes_and_serves_new_ones(proxy: Proxy) -> None:
    with connect(proxy) as one, connect(proxy) as other:
        other.sendall(b"x")
        assert other.recv(10) == b"x"
        proxy.cut_after(7)
        one.sendall(b"0123456789")
        assert received(one) == b"0123456"
        assert received(other) == b""
    wait_for(lambda: proxy.cuts == 1 and not proxy.is_armed, 5, "the cut")
    with connect(proxy) as connection:
        connection.sendall(b"again")
        assert connection.recv(10) == b"again"
