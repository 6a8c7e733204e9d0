"""A wire between ssh and sshd that is cut after so many bytes."""

from __future__ import annotations

import contextlib
import socket
import threading


class CutWire:
    """Hands everything on to `port`, and ends the connection once `limit` bytes came from there.

    Attributes
    ----------
    limit : int or None
        Bytes from the server until the cut; None: it lasts.
    n_bytes : int
        What came from the server, over all connections.
    """

    def __init__(self, port: int, limit: int | None = None):
        self.limit, self.n_bytes = limit, 0
        self._target = port
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no further connection."""
        # Else the thread stays in accept by the number of the descriptor: the next server has it.
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                for way in ((client, server, False), (server, client, True)):
                    threading.Thread(target=self._hand_on, args=way, daemon=True).start()

    def _hand_on(self, source: socket.socket, target: socket.socket, is_answer: bool) -> None:
        came = 0
        with contextlib.suppress(OSError):
            while chunk := source.recv(1 << 14):
                if is_answer:
                    room = len(chunk) if self.limit is None else max(0, self.limit - came)
                    chunk, came = chunk[:room], came + len(chunk)
                    self.n_bytes += len(chunk)
                target.sendall(chunk)
                if is_answer and self.limit is not None and came >= self.limit:
                    break
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
