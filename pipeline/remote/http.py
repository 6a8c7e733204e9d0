"""Downloads one file over https, goes on with half of it, and never mixes two states of it."""

from __future__ import annotations

import http.client
import json
import os
import re
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pipeline.errors import ConnectionLost, NoSuchPath, NotLoggedIn, RemoteError, SettingsError

_CHUNK = 1 << 18
_TIMEOUT_S = 60
_AGENT = "auscult"
#: Tries in a row that bring nothing before the connection counts as lost.
N_TRIES = 3
#: Within it a file may change twice and keep its date.
_SETTLED_AFTER_S = 60
_HERE = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Download:
    """One file to come.

    Attributes
    ----------
    url : str
        ``https://...``, or ``http://`` on this machine.
    target : Path
        Where the whole file is to lie. Half of it lies beside it, ending in ``.part``.
    on_bytes : callable
        Called with the bytes that are there, and all of them (0: not told).
    ask_room : callable
        Called with the bytes that are to come, before they do; raises where there is no room.
    wait_s : float
        Pause before another try.
    """

    url: str
    target: Path
    on_bytes: Callable[[int, int], None] = lambda done, total: None
    ask_room: Callable[[int], None] = lambda n: None
    wait_s: float = 2.0

    @property
    def part(self) -> Path:
        """Half the file."""
        return self.target.with_name(self.target.name + ".part")

    @property
    def state(self) -> Path:
        """What the server said of the file that the half is of."""
        return self.target.with_name(self.target.name + ".part.json")

    def run(self) -> None:
        """Bring the file.

        Raises
        ------
        RemoteError
            Of the class that says what went wrong; what has arrived is kept.
        """
        fruitless = 0
        while not self.target.exists():
            before = _size(self.part)
            try:
                self._try()
            except ConnectionLost:
                fruitless = 0 if _size(self.part) > before else fruitless + 1
                if fruitless >= N_TRIES:
                    raise
                time.sleep(self.wait_s)

    def _try(self) -> None:
        try:
            with _opened(self.url, self._range()) as answer:
                start = self._start(answer)
                total = _total(answer, start)
                self.ask_room(max(0, total - start))
                self._note(answer)
                self._take(answer, start, total)
        except urllib.error.HTTPError as error:
            if error.code != http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                raise _refused(error, self.url) from None
            self.part.unlink(missing_ok=True)  # no file of the server's is so long
            raise _lost(self.url, "a half that does not fit; it is fetched anew") from None
        except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
            raise _trouble(error, self.url) from None
        os.replace(self.part, self.target)
        self.state.unlink(missing_ok=True)

    def _range(self) -> dict[str, str]:
        """Return the headers that ask for the rest, if it is of the very same file."""
        size, validator = _size(self.part), _read_state(self.state)
        if not size or not validator:
            return {}
        return {"Range": f"bytes={size}-", "If-Range": validator}

    def _start(self, answer: Any) -> int:
        """Return where the answer begins: at the half's end, or at 0 where it is all of it."""
        if answer.status != http.HTTPStatus.PARTIAL_CONTENT:
            return 0
        found = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
        if found is None or int(found[1]) != _size(self.part):
            self.part.unlink(missing_ok=True)
            raise _lost(self.url, "an answer to another question; it is fetched anew")
        return int(found[1])

    def _note(self, answer: Any) -> None:
        """Keep what tells this state of the file from another; a weak tag cannot."""
        tag = answer.headers.get("ETag", "")
        validator = tag if tag.startswith('"') else _settled_date(answer.headers)
        self.state.write_text(json.dumps({"validator": validator}), encoding="utf-8")

    def _take(self, answer: Any, start: int, total: int) -> None:
        done = start
        with open(self.part, "ab" if start else "wb") as stream:
            while chunk := answer.read(_CHUNK):
                stream.write(chunk)
                done += len(chunk)
                self.on_bytes(done, total)
            stream.flush()
            os.fsync(stream.fileno())
        if total and done != total:
            raise _lost(self.url, f"{done} of {total} bytes")


def shown_url(url: str) -> str:
    """Return an address as it may stand in an error: without user, query and fragment."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def check_url(url: str) -> str:
    """Return `url`; raises SettingsError where it is neither https nor of this machine."""
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise _bad_url(url, "a user name or a password in the address")
    local = parts.scheme == "http" and parts.hostname in _HERE
    if (parts.scheme != "https" and not local) or not parts.hostname:
        raise _bad_url(url, f"'{parts.scheme}://' to another machine")
    return url


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, req: Any, fp: Any, code: Any, msg: Any, headers: Any, newurl: str):
        check_url(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opened(url: str, headers: dict[str, str]) -> Any:
    request = urllib.request.Request(
        check_url(url), headers={"User-Agent": _AGENT, "Accept-Encoding": "identity", **headers}
    )
    return urllib.request.build_opener(_SafeRedirects).open(request, timeout=_TIMEOUT_S)


def _settled_date(headers: Any) -> str:
    """Return when the file was changed, if a later change would have another date (RFC 9110).

    Both times are the server's own, so its clock may be wrong.
    """
    changed = headers.get("Last-Modified", "")
    try:
        age = parsedate_to_datetime(headers.get("Date", "")) - parsedate_to_datetime(changed)
    except (TypeError, ValueError):
        return ""
    return changed if age.total_seconds() >= _SETTLED_AFTER_S else ""


def _total(answer: Any, start: int) -> int:
    length = answer.headers.get("Content-Length", "")
    return start + int(length) if length.isdecimal() else 0


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _read_state(path: Path) -> str:
    try:
        return json.loads(path.read_text(encoding="utf-8"))["validator"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _refused(error: urllib.error.HTTPError, url: str) -> RemoteError:
    found = f"the server answers {error.code} {error.reason}"
    if error.code in (401, 403, 407):
        return NotLoggedIn(
            expected="an address that anyone may read",
            found=found,
            where=shown_url(url),
            action="Download the file by hand and name it as the source: file:///path/to/it.",
        )
    if error.code in (408, 425, 429) or error.code >= 500:
        return _lost(url, found)
    return NoSuchPath(
        expected="a file at this address",
        found=found,
        where=shown_url(url),
        action="Look for its present address, and write that into luigi.cfg, section [fetch].",
    )


def _trouble(error: Exception, url: str) -> Exception:
    reason = getattr(error, "reason", error)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return RemoteError(
            expected="a server that proves who it is",
            found=f"its certificate does not: {reason.verify_message}",
            where=shown_url(url),
            action="Do not switch the check off. Download the file on another way and name it as "
            "the source, with the checksum that its publisher states: file:///path#sha256=...",
        )
    lost = (urllib.error.URLError, http.client.HTTPException, TimeoutError, ssl.SSLError)
    if isinstance(error, lost):
        return _lost(url, f"{type(reason).__name__}: {reason}")
    # Of the disk, not of the network, is what carries a file's name or says that it is full.
    return _lost(url, str(error)) if isinstance(error, ConnectionError) else error


def _lost(url: str, found: str) -> ConnectionLost:
    return ConnectionLost(
        expected="a connection that lasts to the end",
        found=found,
        where=shown_url(url),
        action="Run the same command again: it goes on where it stopped.",
    )


def _bad_url(url: str, found: str) -> SettingsError:
    return SettingsError(
        expected="an https address without user name and password",
        found=found,
        where=shown_url(url),
        action="Correct the source in luigi.cfg, section [fetch].",
    )
