"""A TCP proxy of our own, which cuts connections where a test wants it."""

import socket
import threading
from typing import List, Optional, Tuple

_PIECE = 4096  # Small, so that a cut falls close to where it was asked for.


class Proxy:
    """Forwards connections from `address` to a server. Use as a context manager, or call `close`."""

    def __init__(self, target: str):
        """`target` is host:port."""
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._lock = threading.Lock()
        self._pairs: List[Tuple[socket.socket, socket.socket]] = []
        self._left: Optional[int] = None
        self.cuts = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> "Proxy":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def cut_after(self, count: int) -> None:
        """Once the server has sent `count` more bytes, on whatever connections, all of them are cut."""
        with self._lock:
            self._left = count

    @property
    def is_armed(self) -> bool:
        """Whether a cut is still to come."""
        with self._lock:
            return self._left is not None

    def cut(self) -> None:
        """Cuts all connections now."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
            self._left = None
            self.cuts += 1
        for pair in pairs:
            for end in pair:
                _shut(end)

    def close(self) -> None:
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # Closed.
            try:
                server = socket.create_connection(self._target, timeout=10)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            with self._lock:
                self._pairs.append((client, server))
            threading.Thread(target=self._forward, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self._forward, args=(server, client, True), daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket, is_counted: bool) -> None:
        try:
            while piece := source.recv(_PIECE):
                allowed = self._allow(len(piece)) if is_counted else len(piece)
                sink.sendall(piece[:allowed])
                if allowed < len(piece):
                    self.cut()
                    return
        except OSError:
            pass
        _shut(source)
        _shut(sink)

    def _allow(self, count: int) -> int:
        """How many of `count` bytes may still go."""
        with self._lock:
            if self._left is None:
                return count
            allowed = min(count, self._left)
            self._left -= allowed
            return allowed


def _shut(end: socket.socket) -> None:
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # The other side was faster.
    end.close()
