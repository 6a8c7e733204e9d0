"""The login node of a cluster that is reached over ssh: Slurm's commands, shell, files."""

from __future__ import annotations

import contextlib
import shlex
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType

from pipeline.errors import ClusterError, ConnectionLost, NoSuchHost, NoSuchPath
from pipeline.remote.failures import failure_of
from pipeline.remote.listing import list_command, read_listing
from pipeline.remote.rsync import n_bytes_of, rsync_command, without_wildcards
from pipeline.remote.running import allowed_variables, output_of, run_program
from pipeline.remote.shared_connection import SharedConnection
from pipeline.remote.slurm_cluster import SECONDS, Answer, OutOfReach
from pipeline.remote.ssh import SshPlace, ssh_command

#: ssh's own exit code, as opposed to that of the command it ran.
SSH_FAILED = 255
_NO_PROGRAM = 127
#: Stands before an answer: a shell's own start files may have said something first.
_MARK = "auscult:"
PROGRAMS = ("sbatch", "squeue", "scontrol", "scancel", "rsync", "find", "sha256sum")

#: Called with the bytes that a transfer has brought so far.
OnBytes = Callable[[int], None]


class RemoteHost:
    """A machine that ssh reaches, as the user's ssh_config names it.

    Every method raises `OutOfReach` where the connection cannot be made or breaks, and another
    error where trying again would not help: no such key, another host key, a full disk.

    Parameters
    ----------
    name : str
    ssh_config : str
        File for ``ssh -F``; empty: the user's own.
    """

    def __init__(self, name: str, ssh_config: str = ""):
        self.name = name
        self.ssh_config = str(Path(ssh_config).expanduser().absolute()) if ssh_config else ""
        self._shared = SharedConnection(name, self.ssh_config)

    def __enter__(self) -> RemoteHost:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._shared.close()

    def slurm(self, command: Sequence[str]) -> Answer:
        """Run a command of Slurm's there; a `slurm_cluster.Runner`."""
        # One that submits comes to its end though this process is killed meanwhile: it has a
        # connection and a session of its own. ssh closes what it inherits, so a shell beside it
        # holds the lock of the run directory (`slurm_record.held`).
        is_submission = command[0] == "sbatch"
        control = "" if is_submission else self._shared.control()
        words = ssh_command(self.name, shlex.join(command), self.ssh_config, control)
        if is_submission:
            words = ["sh", "-c", '"$@"; exit $?', "sh", *words]
        try:
            done = subprocess.run(
                words,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=SECONDS,
                stdin=subprocess.DEVNULL,
                close_fds=not is_submission,
                start_new_session=is_submission,
                env=allowed_variables(),
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise self._away(f"{command[0]} timed out after {SECONDS:.0f} s") from None
        if done.returncode == SSH_FAILED:
            with self._reached():
                raise failure_of("ssh", SSH_FAILED, done.stderr, self.name)
        if done.returncode == _NO_PROGRAM:
            raise _missing([command[0]], self.name)
        return Answer(done.returncode, done.stdout, done.stderr)

    def shell(self, script: str) -> str:
        """Return what a POSIX shell script prints there; its words are English."""
        marked = f"LC_ALL=C.UTF-8; export LC_ALL; echo {_MARK}; {script}"
        command = ssh_command(self.name, marked, self.ssh_config, self._shared.control())
        with self._reached():
            output = output_of(command, where=self.name)
        return output.decode("utf-8", "replace").partition(f"{_MARK}\n")[2]

    def listing(self, folder: str) -> dict[str, tuple[int, str]] | None:
        """Return (size, sha256) by name of the files in a folder there; None: no such folder."""
        where = self.shown(folder)
        control = self._shared.control()
        command = ssh_command(self.name, list_command(folder), self.ssh_config, control)
        try:
            with self._reached():
                return read_listing(output_of(command, where=where), where)
        except NoSuchPath:
            return None

    def send(
        self,
        source: Path,
        names: Sequence[str],
        target: str,
        again: bool = False,
        tell: OnBytes = lambda done: None,
    ) -> None:
        """Bring the named files of `source`, and what links among them point to, to `target`.

        With `again` files of equal size and time are brought as well.
        """
        place = SshPlace(self.name, without_wildcards(target))
        self._rsync(source, place, names, again, tell)

    def fetch(
        self,
        source: str,
        names: Sequence[str],
        target: Path,
        again: bool = False,
        tell: OnBytes = lambda done: None,
    ) -> None:
        """Bring the named files of the folder `source` there to `target` here."""
        place = SshPlace(self.name, without_wildcards(source))
        self._rsync(place, target, names, again, tell)

    def mirror(self, source: str, target: Path, patterns: Sequence[str]) -> None:
        """Bring files that grow, by patterns of rsync's; what is not there is passed over."""
        place = SshPlace(self.name, without_wildcards(source))
        control = self._shared.control()
        command = rsync_command(place, target, self.ssh_config, only=patterns, control=control)
        with contextlib.suppress(NoSuchPath), self._reached():
            run_program(command, where=self.shown(source))

    def refuse_without_programs(self) -> None:
        """Raise where the other side lacks a program that is needed there."""
        names = " ".join(PROGRAMS)
        found = self.shell(f"for p in {names}; do command -v $p >/dev/null || echo $p; done")
        if missing := found.split():
            raise _missing(missing, self.name)

    def shown(self, path: str) -> str:
        """Return a path there as it is written in errors."""
        return f"{self.name}:{path}"

    def _rsync(
        self,
        source: Path | SshPlace,
        target: Path | SshPlace,
        names: Sequence[str],
        again: bool,
        tell: OnBytes,
    ) -> None:
        place = source if isinstance(source, SshPlace) else target
        where = self.shown(place.path) if isinstance(place, SshPlace) else self.name
        with tempfile.NamedTemporaryFile(prefix="auscult-names-") as listed:
            # Without the dot, a name that begins with '#' or ';' would be a comment.
            listed.write(b"".join(f"./{n}\0".encode("utf-8", "surrogateescape") for n in names))
            listed.flush()
            command = rsync_command(
                source,
                target,
                self.ssh_config,
                files_from=Path(listed.name),
                ignore_times=again,
                follow_links=isinstance(source, Path),
                control=self._shared.control(),
            )

            def on_line(line: str) -> None:
                if (done := n_bytes_of(line)) is not None:
                    tell(done)

            with self._reached():
                run_program(command, where=where, on_line=on_line)

    @contextlib.contextmanager
    def _reached(self) -> Iterator[None]:
        """Tell what passes by itself from what does not."""
        try:
            yield
        except (ConnectionLost, NoSuchHost) as error:
            raise self._away(error.found) from None

    def _away(self, said: str) -> OutOfReach:
        return OutOfReach(said, f"{self.name} (over ssh)")


def _missing(programs: Sequence[str], host: str) -> ClusterError:
    return ClusterError(
        expected=f"{', '.join(programs)} on the PATH of {host}",
        found="no such program",
        where="[cluster] host",
        action=f"See what 'ssh {host} command -v {programs[0]}' prints: name a login node, have "
        "rsync installed there, or set PATH in ~/.bashrc there.",
    )
