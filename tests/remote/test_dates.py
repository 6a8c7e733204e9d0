"""A download that is gone on with by the date of the file: only where that date can tell."""

from __future__ import annotations

import contextlib
import random
import threading
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pipeline.errors import ConnectionLost
from pipeline.remote import http
from tests.remote.conftest import content_of

CHANGED_S = 1_000_000_000
SIZE, CUT = 400_000, 300_000


class Dated:
    """A server that knows its file by its date alone, and whose clock says `clock_s`."""

    def __init__(self, clock_s: float):
        self.content, self.is_cut, self.n_sent = random.Random(0).randbytes(SIZE), True, 0
        site, changed = self, formatdate(CHANGED_S, usegmt=True)

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *words):
                """Say nothing."""

            def date_time_string(self, timestamp=None):
                return formatdate(clock_s, usegmt=True)

            def do_GET(self):
                start = int(self.headers.get("Range", "bytes=0-")[6:-1])
                start = start if self.headers.get("If-Range", changed) == changed else 0
                body = site.content[start:]
                self.send_response(206 if start else 200)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Content-Range", f"bytes {start}-{SIZE - 1}/{SIZE}")
                self.send_header("Last-Modified", changed)
                self.end_headers()
                body = body[: 0 if start else CUT] if site.is_cut else body
                site.n_sent += len(body)
                with contextlib.suppress(ConnectionError):
                    self.wfile.write(body)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/all.bin"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def at_clock(monkeypatch):
    """Return a function that starts a server whose clock stands as long after the change."""
    monkeypatch.setattr(http.time, "sleep", lambda seconds: None)
    started = []

    def start(after_s: float) -> Dated:
        started.append(Dated(CHANGED_S + after_s))
        return started[-1]

    yield start
    for site in started:
        site.server.shutdown()
        site.server.server_close()


def cut_fetch(here, site: Dated) -> None:
    with pytest.raises(ConnectionLost):
        here.fetch(site.url)
    site.is_cut = False


@pytest.mark.parametrize("after_s", [0, 59, -1000, -1_000_000_000])
def test_a_file_that_changed_a_moment_ago_by_that_clock_begins_anew(here, at_clock, after_s):
    site = at_clock(after_s)
    cut_fetch(here, site)
    site.content = site.content[::-1]  # in the same second, or while that clock stood elsewhere
    assert content_of(here.fetch(site.url)) == {"all.bin": site.content}


def test_a_file_that_has_long_been_there_is_gone_on_with(here, at_clock):
    site = at_clock(3600)
    cut_fetch(here, site)
    site.n_sent = 0
    assert content_of(here.fetch(site.url)) == {"all.bin": site.content}
    assert site.n_sent == SIZE - CUT
