"""Command lines of rsync over ssh, and what it says about its progress."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from pipeline.remote.ssh import SshPlace, checked_host, ssh_options

#: Where rsync keeps what has arrived of a file, in the folder of that file.
PARTIAL_DIR = ".rsync-partial"
_TIMEOUT_S = 120
_PROGRESS = re.compile(r"\s*(\d+)\s+\d+%\s")


def rsync_command(
    source: SshPlace | Path,
    target: SshPlace | Path,
    ssh_config: str | Path = "",
    partial_dir: str = PARTIAL_DIR,
    files_from: Path | None = None,
    ignore_times: bool = False,
    only: Sequence[str] = (),
    follow_links: bool = False,
    control: str = "",
) -> list[str]:
    """Return the command line that brings the content of folder `source` into folder `target`.

    Parameters
    ----------
    source, target : SshPlace or Path
        Folders; at most one of them on another machine.
    ssh_config : str or Path
        File for ``ssh -F``; empty: the user's own.
    partial_dir : str
        Where half a file is kept, so that the next try goes on with it.
    files_from : Path, optional
        A file with the names to bring, relative to `source`, each ended by a zero byte.
    ignore_times : bool
        Compare the content of files of equal size and time, too.
    only : sequence of str
        Patterns of rsync's; what fits none of them is left out.
    follow_links : bool
        Bring what links point to; else links are left out.
    control : str
        Socket of a connection that is open (`ssh.master_command`).
    """
    words = ["rsync", "-rt", f"--partial-dir={partial_dir}", "--protect-args"]
    words += ["--info=progress2", "--no-human-readable", "--outbuf=L", f"--timeout={_TIMEOUT_S}"]
    if ignore_times:
        words.append("--ignore-times")
    if files_from is not None:
        words += ["--from0", f"--files-from={files_from}"]
    if follow_links:
        words.append("--copy-links")
    if only:
        words += [*(f"--include={pattern}" for pattern in only), "--exclude=*"]
    shell = " ".join(map(_quoted, ["ssh", *ssh_options(ssh_config, control), "-T"]))
    return [*words, "-e", shell, "--", _folder(source), _folder(target)]


def without_wildcards(path: str) -> str:
    """Return a path that rsync's other side takes as it stands.

    With ``--protect-args`` no shell reads it, but rsync itself looks for ``*``, ``?`` and ``[``,
    and only in such parts of a path for the backslash that takes their meaning away.
    """
    parts = path.split("/")
    return "/".join(
        re.sub(r"([\\*?\[])", r"\\\1", part) if re.search(r"[*?\[]", part) else part
        for part in parts
    )


def n_bytes_of(line: str) -> int | None:
    """Return how many bytes rsync says to have brought so far, if the line says that."""
    found = _PROGRESS.match(line)
    return int(found[1]) if found else None


def _folder(place: SshPlace | Path) -> str:
    """Return a folder as rsync reads it: with the slash that means its content."""
    if isinstance(place, SshPlace):
        return f"{checked_host(place.host)}:{_safe(place.path).rstrip('/')}/"
    return f"{_safe(str(place)).rstrip('/')}/"


def _safe(path: str) -> str:
    """Return a path that can be taken neither for an option nor for a host."""
    return path if path.startswith("/") else f"./{path}"


def _quoted(word: str) -> str:
    """Return a word of ``rsync -e``, whose quotes are doubled to be meant as such."""
    if shlex.quote(word) == word:
        return word
    return "'" + word.replace("'", "''") + "'"
