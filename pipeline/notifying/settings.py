"""Who is told, and what of it may be shown: a web hook's address is as good as a password."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

SCHEMES = ("https", "http")


@dataclass(frozen=True, repr=False)
class NotifySettings:
    """``[notify]`` of luigi.cfg.

    Attributes
    ----------
    command : str
        A program and its arguments, quoted as in a shell, but no shell reads it; "": none.
    webhook : str
        An address that takes JSON by POST; "": none. It may hold a secret.
    timeout_s : float
        How long a command, or one try of a web hook, may take.
    """

    command: str = ""
    webhook: str = ""
    timeout_s: float = 20

    def __repr__(self) -> str:
        """Show neither a command's arguments nor more of the address than its host."""
        words = [f"command={'...' if self.command else ''!r}"]
        words += [f"webhook={shown_hook(self.webhook)!r}", f"timeout_s={self.timeout_s}"]
        return f"NotifySettings({', '.join(words)})"


def shown_hook(url: str) -> str:
    """Return an address as it may be shown, ``https://host/...``; "..." for what is none."""
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "..."
    if parts.scheme not in SCHEMES or not parts.hostname or any(map(_is_blank, url)):
        return "..."
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{port}/..."


def without_hook(text: str, url: str) -> str:
    """Return somebody else's words without a web hook's address, whole or in part."""
    _, _, rest = url.partition("://")
    user, _, at_host = rest.rpartition("@")
    path = at_host.partition("/")[2]
    for secret in (url, rest, path, *path.replace("?", "/").split("/"), user):
        if len(secret) > 5:  # shorter words are no secrets, and stand everywhere
            text = text.replace(secret, "...")
    return text


def _is_blank(letter: str) -> bool:
    return letter.isspace() or not letter.isprintable()
