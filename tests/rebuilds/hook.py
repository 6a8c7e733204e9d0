"""A web hook on loopback: notes what is posted and answers as told."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Hook:
    """Takes messages.

    Attributes
    ----------
    codes : list of int
        Each answer takes one; 200 where there is none left. 0: it never answers.
    location : str
        Where a redirect leads.
    posted : list
        Path, and what was posted there as JSON.
    """

    def __init__(self) -> None:
        self.codes: list[int] = []
        self.location = ""
        self.posted: list[tuple[str, Any]] = []
        self.ended = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Answer no more."""
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *words: Any) -> None:
                """Say nothing."""

            def do_GET(self) -> None:
                hook.posted.append((self.path, "GET"))
                self.send_error(405)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.headers["Content-Type"] == "application/json"
                hook.posted.append((self.path, json.loads(body)))
                code = hook.codes.pop(0) if hook.codes else 200
                if not code:
                    hook.ended.wait(60)
                    return
                # What some servers do: they repeat the address in their words.
                self.send_response(code, f"as to {self.path}")
                if 300 <= code < 400:
                    self.send_header("Location", hook.location)
                self.send_header("Content-Length", "0")
                self.end_headers()

        return Handler
