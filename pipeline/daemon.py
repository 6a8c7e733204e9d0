"""The way to a luigid: one that does not answer is named within seconds, in words."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import luigi
from luigi import interface
from luigi.rpc import RemoteScheduler, RPCError

from pipeline.errors import SchedulerDown

#: ``[core]`` of luigi.cfg: what holds where it says nothing. Luigi's own would take a minute.
CONNECT_TIMEOUT_S = 3.0
N_ATTEMPTS = 5
WAIT_S = 1
#: Luigi reads these, and then calls them unknown.
_OPTIONS = ("rpc_connect_timeout", "rpc_retry_attempts", "rpc_retry_wait", "rpc_log_retries")
#: What can go unsaid. The work would stand still while it is tried again.
_NOT_TRIED_AGAIN = ("/ping", "/set_task_status_message", "/set_task_progress_percentage")

interface.core.ignore_unconsumed = {
    *getattr(interface.core, "ignore_unconsumed", ()),
    *_OPTIONS,
}


class Daemon(RemoteScheduler):
    """A luigid, asked over the network."""

    def __init__(self, url: str):
        config = luigi.configuration.get_config()
        timeout = config.getfloat("core", "rpc-connect-timeout", CONNECT_TIMEOUT_S)
        super().__init__(url, connect_timeout=timeout)
        self._rpc_retry_attempts = config.getint("core", "rpc-retry-attempts", N_ATTEMPTS)
        self._rpc_retry_wait = config.getint("core", "rpc-retry-wait", WAIT_S)
        self._rpc_log_retries = config.getboolean("core", "rpc-log-retries", False)

    @property
    def shown(self) -> str:
        """The address, without a password that may be in it."""
        parts = urlsplit(self._url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

    def _fetch(self, url_suffix: str, body: Any) -> str:
        try:
            if url_suffix.endswith(_NOT_TRIED_AGAIN):
                return str(
                    self._fetcher.fetch(f"{self._url}{url_suffix}", body, self._connect_timeout)
                )
            return str(super()._fetch(url_suffix, body))
        except RPCError as error:
            raise self._down(error) from None

    def _down(self, error: RPCError) -> SchedulerDown:
        return SchedulerDown(
            expected=f"luigid to answer at {self.shown}",
            found=f"{_reason(error.sub_exception)}, {self._rpc_retry_attempts} times",
            where="[core] of luigi.cfg, or --scheduler-host, --scheduler-port, --scheduler-url",
            action="Start luigid there (docs/luigid.rst), or do without it: local_scheduler = true "
            "in [core]. What is finished stays: run the same command again to go on from there.",
        )


def _reason(error: BaseException | None) -> str:
    """Return why nothing came back, without the address, which may hold a password."""
    response = getattr(error, "response", None)
    if response is not None:
        return f"an answer of status {response.status_code}"
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.strerror:
            return seen.strerror
        if isinstance(seen, TimeoutError) or "Timeout" in type(seen).__name__:
            return "no answer in time"
        seen = seen.__cause__ or seen.__context__
    return f"no answer ({type(error).__name__})"
