"""Command lines of ssh, and addresses of the form ``ssh://host/path``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from pipeline.errors import SettingsError

#: Said on every command line, where they go before what a user's ssh_config says: keys or an
#: agent only, a host key that is known already, and an end to a connection that is dead.
OPTIONS = (
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "PasswordAuthentication=no",
    "KbdInteractiveAuthentication=no",
    "NumberOfPasswordPrompts=0",
    "ConnectTimeout=20",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=4",
    "ClearAllForwardings=yes",
    "LogLevel=ERROR",
)
_HOST = re.compile(r"(?!-)[A-Za-z0-9_.-]+")
_USER = re.compile(r"(?!-)[A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class SshPlace:
    """A folder or file on another machine.

    Attributes
    ----------
    host : str
        As the user's ssh_config names it, with ``user@`` before it where the address has that.
    path : str
        From the root, or relative to the home folder.
    """

    host: str
    path: str


def ssh_options(ssh_config: str | Path = "", control: str = "") -> list[str]:
    """Return the options of every ssh: the user's ssh_config, and never a password.

    Parameters
    ----------
    ssh_config : str or Path
        File for ``ssh -F``; empty: the user's own ``~/.ssh/config``.
    control : str
        Socket of a connection that is open already (`master_command`) and is used where it is;
        empty: as the ssh_config says.
    """
    words = ["-F", str(Path(ssh_config).expanduser())] if str(ssh_config) else []
    shared = ("ControlMaster=no", f"ControlPath={control}") if control else ()
    for option in (*OPTIONS, *shared):
        words += ["-o", option]
    return words


def ssh_command(
    host: str, remote_command: str, ssh_config: str | Path = "", control: str = ""
) -> list[str]:
    """Return the command line that runs `remote_command` by the shell of `host`."""
    options = ssh_options(ssh_config, control)
    return ["ssh", *options, "-T", "--", checked_host(host), remote_command]


def master_command(host: str, ssh_config: str | Path, control: str) -> list[str]:
    """Return the command line that holds a connection open, for others to use by `control`."""
    options = ["-o", "ControlMaster=yes", "-o", f"ControlPath={control}", "-o", "ControlPersist=no"]
    return ["ssh", *ssh_options(ssh_config), *options, "-N", "-T", "--", checked_host(host)]


def ssh_place(address: str) -> SshPlace:
    """Return host and path of ``ssh://host/path``; ``ssh://host/~/path`` is below the home folder.

    Raises
    ------
    SettingsError
        It is of another form, or holds a password or a port, which belong into no address.
    """
    parts = urlsplit(address)
    user, has_user, host = parts.netloc.rpartition("@")
    path = unquote(parts.path)
    if parts.scheme != "ssh" or parts.query or parts.fragment or len(path) < 2:
        raise _bad_address("an address without a path, or of another form")
    if ":" in user:
        raise _bad_address("an address with a password in it")
    if ":" in host:
        raise _bad_address("an address with a port; a port belongs into the ssh_config")
    if has_user and not _USER.fullmatch(user):
        raise _bad_address("a user name that ssh does not take")
    if re.search(r"[\n\r\0]", path) or ".." in PurePosixPath(path).parts:
        raise _bad_address("a path with a line break or '..'")
    path = path.removeprefix("/~/") if path.startswith("/~/") else path
    return SshPlace(user + has_user + checked_host(host), path.rstrip("/") or "/")


def checked_host(host: str) -> str:
    """Return a host as ssh takes it; raises SettingsError for what could be read as an option."""
    if not _HOST.fullmatch(host.rpartition("@")[2]) or host.startswith("-"):
        raise _bad_address("a host of other signs than letters, digits, '.', '_' and '-'")
    return host


def _bad_address(found: str) -> SettingsError:
    return SettingsError(
        expected="ssh://HOST/PATH, HOST as your ssh_config names it",
        found=found,
        where="the address of the source",
        action="Write user, port and key into the ssh_config ([fetch] ssh_config in luigi.cfg).",
    )
