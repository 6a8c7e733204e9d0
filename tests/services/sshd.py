"""A real sshd on loopback, with keys of its own, for the tests of ssh and rsync."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

_SSHD = """\
Port {port}
ListenAddress 127.0.0.1
AddressFamily inet
HostKey {folder}/host_key
PidFile {folder}/sshd.pid
AuthorizedKeysFile {folder}/authorized_keys
StrictModes no
UsePAM no
PubkeyAuthentication yes
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
PrintMotd no
MaxStartups 100
Subsystem sftp internal-sftp
{further}"""
_CLIENT = """\
Host cluster
  HostName 127.0.0.1
  Port {port}
  User {user}
  IdentityFile {key}
  IdentitiesOnly yes
  UserKnownHostsFile {known_hosts}
  GlobalKnownHostsFile /dev/null
"""


def sshd_program() -> str | None:
    """Return the path of sshd, which is seldom on a user's PATH."""
    return shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Sshd:
    """One sshd; clients use the host ``cluster`` of an ssh_config that is made here.

    Attributes
    ----------
    folder : Path
        Keys and files.
    port : int
    user : str
    config : Path
        An ssh_config with which everything goes well.
    further : str
        Lines of sshd_config, such as ``SetEnv NAME=value``.
    """

    def __init__(self, folder: Path, further: str = ""):
        self.folder, self.port, self.user = folder, free_port(), getpass.getuser()
        self.further = further
        self._n_configs = 0
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("host_key", "user_key"):
            make_key(folder / name)
        self.authorized_keys = folder / "authorized_keys"
        self.authorized_keys.write_text((folder / "user_key.pub").read_text())
        self.authorized_keys.chmod(0o600)
        self.known_hosts = self._known_hosts("known_hosts", folder / "host_key.pub", self.port)
        self.config = self.config_with()
        self.process: subprocess.Popen | None = None

    def start(self) -> Sshd:
        """Start it and wait until it answers."""
        settings = self.folder / "sshd_config"
        known = {"port": self.port, "folder": self.folder, "further": self.further}
        settings.write_text(_SSHD.format(**known))
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)  # a root sshd asks for it
        log = open(self.folder / "sshd.log", "ab")  # noqa: SIM115 - it is the program's
        self.process = subprocess.Popen(
            [str(sshd_program()), "-D", "-e", "-f", str(settings)],
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()
        self._wait()
        return self

    def stop(self) -> None:
        """End it, with every connection that is open."""
        if self.process is not None:
            for child in self.children():
                _kill(child)
            self.process.kill()
            self.process.wait()
            self.process = None

    def cut(self) -> int:
        """End every open connection, as a network that fails does; return how many there were."""
        found = self.children()
        for child in found:
            _kill(child)
        return len(found)

    def children(self) -> list[int]:
        """Return the processes that serve connections."""
        if self.process is None:
            return []
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(one) for one in listed.read_text().split()]

    def config_with(
        self, port: int | None = None, known_hosts: Path | None = None, key: Path | None = None
    ) -> Path:
        """Return a further ssh_config; through another `port` the host key is known as well."""
        self._n_configs += 1
        if known_hosts is None and port is not None:
            name = f"known_hosts_{port}"
            known_hosts = self._known_hosts(name, self.folder / "host_key.pub", port)
        path = self.folder / f"ssh_config_{self._n_configs}"
        path.write_text(
            _CLIENT.format(
                port=port or self.port,
                user=self.user,
                key=key or self.folder / "user_key",
                known_hosts=known_hosts or self.known_hosts,
            )
        )
        return path

    def config_with_other_host_key(self) -> Path:
        """Return an ssh_config whose known_hosts holds another key of this host."""
        make_key(self.folder / "other_host_key")
        public = self.folder / "other_host_key.pub"
        return self.config_with(known_hosts=self._known_hosts("known_other", public, self.port))

    def config_with_other_user_key(self) -> Path:
        """Return an ssh_config with a key that this host does not let in."""
        make_key(self.folder / "other_user_key")
        return self.config_with(key=self.folder / "other_user_key")

    def _known_hosts(self, name: str, public_key: Path, port: int) -> Path:
        kind, key, *_ = public_key.read_text().split()
        path = self.folder / name
        path.write_text(f"[127.0.0.1]:{port} {kind} {key}\n")
        return path

    def _wait(self) -> None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                    return
            except OSError:
                time.sleep(0.02)
        pytest.fail(f"sshd did not come up: {(self.folder / 'sshd.log').read_text()}")


def make_key(path: Path) -> None:
    """Make a key pair without passphrase, unless it is there."""
    if not path.exists():
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", path.name, "-f", str(path)]
        subprocess.run(command, check=True)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def skip_without_sshd() -> None:
    """Skip a test where the programs are not installed."""
    missing = [name for name in ("ssh", "ssh-keygen", "rsync") if shutil.which(name) is None]
    missing += [] if sshd_program() else ["sshd"]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (Debian: openssh-server, rsync)")


@pytest.fixture(scope="session")
def sshd(tmp_path_factory):
    """A real sshd on loopback."""
    skip_without_sshd()
    service = Sshd(tmp_path_factory.mktemp("sshd"))
    service.start()
    yield service
    service.stop()
