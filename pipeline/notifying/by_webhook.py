"""Tells a web hook, as Slack's, Mattermost's and others': JSON by POST, and never its address."""

from __future__ import annotations

import http.client
import json
import queue
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from pipeline.notifying.settings import NotifySettings, shown_hook

N_TRIES = 3
#: Pause before the second try; before the third it is twice as long.
WAIT_S = 1.0
N_REDIRECTS = 3
#: 303 is none: it says to read elsewhere, not to post there.
_REDIRECTS = (301, 302, 307, 308)


@dataclass(frozen=True)
class Answer:
    """What a server answers.

    Attributes
    ----------
    code : int
        HTTP's; 0: it does not answer.
    words : str
        The same for a person, of which nothing comes from the server or from the address.
    location : str
        Where to go instead, whole. It may hold a secret.
    """

    code: int
    words: str
    location: str = ""


def post(message: Mapping[str, Any], text: str, settings: NotifySettings) -> str:
    """Return what went wrong with the web hook, as a sentence; "" where it took the message.

    A server that fails or cannot be reached is asked `N_TRIES` times; so one whose answer was lost
    may get the message twice. One that refuses (4xx) is asked once.
    """
    url = settings.webhook.strip()
    if shown_hook(url) == "...":
        return "The web hook of [notify] is no address that begins with https://HOST/: correct it."
    answer = Answer(0, "nobody asked it")
    for n in range(N_TRIES):
        time.sleep(WAIT_S * n)
        answer = _followed(url, body_of(message, text), settings.timeout_s)
        if 200 <= answer.code < 300:
            return ""
        if 300 <= answer.code < 500:
            break
    return f"The web hook {shown_hook(url)} was not told: {answer.words}."


def body_of(message: Mapping[str, Any], text: str) -> bytes:
    """Return the JSON that is sent: ``text``, then the message's own entries."""
    try:
        return json.dumps({"text": text, **message}, default=str, allow_nan=False).encode()
    except (TypeError, ValueError):  # such as a figure that is no number: people are told at least
        return json.dumps({"text": text}).encode()


def _followed(url: str, body: bytes, timeout_s: float) -> Answer:
    """Return the answer, after redirects that stay with the same server."""
    home = urlsplit(url)
    for _ in range(N_REDIRECTS + 1):
        answer = _answer(url, body, timeout_s)
        if answer.code not in _REDIRECTS or not answer.location:
            return answer
        url = urljoin(url, answer.location)
        if shown_hook(url) != shown_hook(home.geturl()):
            return Answer(answer.code, f"it sends elsewhere, to {shown_hook(url)}")
    return Answer(answer.code, "it sends from one address to another for ever")


def _answer(url: str, body: bytes, timeout_s: float) -> Answer:
    """Return the answer within a time: urllib's own limit holds for each read, and for no name."""
    answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
    asking = threading.Thread(
        target=lambda: answers.put(_asked(url, body, timeout_s)), daemon=True, name="web hook"
    )
    try:
        asking.start()
    except RuntimeError:  # Python is on its way out, and starts no thread any more
        return _asked(url, body, timeout_s)
    try:
        return answers.get(timeout=timeout_s)
    except queue.Empty:
        return _no_answer(timeout_s)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows none: urllib would turn the POST into a GET, and lose the message."""

    def redirect_request(self, *words: Any) -> None:
        """Return None: the answer itself is handed on."""


def _asked(url: str, body: bytes, timeout_s: float) -> Answer:
    headers = {"Content-Type": "application/json", "User-Agent": "auscult"}
    try:
        request = urllib.request.Request(url, data=body, headers=headers, method="POST")
        opener = urllib.request.build_opener(_NoRedirects)
        with opener.open(request, timeout=timeout_s) as answer:
            return Answer(answer.status, "it took the message")
    except urllib.error.HTTPError as error:
        with error:
            name = http.client.responses.get(error.code, "")
            words = f"it answers {error.code} {name}".strip()
            return Answer(error.code, words, error.headers.get("Location", ""))
    except Exception as error:  # its text may hold the address; whatever it is, it is an answer
        reason = getattr(error, "reason", error)
        if isinstance(reason, TimeoutError):
            return _no_answer(timeout_s)
        return Answer(0, _why(reason))


def _why(reason: Any) -> str:
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"its certificate does not prove who it is ({reason.verify_message})"
    if isinstance(reason, OSError) and reason.strerror:
        return f"no connection ({reason.strerror})"
    return f"no answer that can be read ({type(reason).__name__})"


def _no_answer(timeout_s: float) -> Answer:
    return Answer(0, f"no answer within {timeout_s:g} s")
