"""A real Slurm for the tests that need one, and rooms on which luigi submits to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ml_env.conftest import ml_environment, ml_python  # noqa: F401
from tests.runs import TINY, Rooms
from tests.services.slurm import OneNode, one_node, why_not
from tests.services.sshd import skip_without_sshd, sshd  # noqa: F401
from tests.slurm.fake_slurm import FakeSlurm
from tests.slurm.far import FarCluster, FarRooms
from tests.slurm.places import Place

PLANTED = "planted-secret-7c1f"


class ClusterRooms(Rooms):
    """Rooms whose trainings go to a cluster."""

    def __init__(self, folder: Path, cluster: OneNode, settings: str = TINY):
        super().__init__(folder, settings)
        self.cluster = cluster

    def submit(self, *words: str, **options):
        """Start TrainPneumonia with ``--where slurm``, with a secret in the environment."""
        variables = {**self.cluster.variables, "MY_TOKEN": PLANTED, "SBATCH_COMMENT": "x"}
        quick = ("--cluster-poll-s", "2")
        return self.start("--where", "slurm", *quick, *words, variables=variables, **options)

    def record(self) -> Path:
        """The run directory's record of its jobs."""
        return next(self.data.glob("07_models/runs/*/slurm.json"))


@pytest.fixture(scope="session")
def slurm():
    """A cluster of one node."""
    reason = why_not()
    if reason:
        pytest.skip(reason)
    with one_node() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """Rooms in which the training was done here; the stages before it are shared."""
    rooms = Rooms(tmp_path_factory.mktemp("local") / "rooms")
    rooms.report = rooms.complete()
    yield rooms
    rooms.clear()


@pytest.fixture
def on_cluster(slurm, trained, tmp_path):
    """Rooms in which everything before the training is there, and a cluster to train on."""
    rooms = ClusterRooms(tmp_path / "rooms", slurm)
    rooms.copy_before_training(trained)
    yield rooms
    rooms.clear()
    slurm.ask("scancel", "--user=root")


@pytest.fixture(scope="session")
def far(slurm, tmp_path_factory):
    """The same cluster, reached over ssh and with folders of its own."""
    skip_without_sshd()
    cluster = FarCluster(slurm, tmp_path_factory.mktemp("keys"), tmp_path_factory.mktemp("far"))
    yield cluster
    cluster.sshd.stop()


@pytest.fixture
def over_ssh(far, trained, tmp_path):
    """Rooms in which everything before the training is there, and that cluster to train on."""
    rooms = FarRooms(tmp_path / "rooms", far)
    rooms.copy_before_training(trained)
    yield rooms
    rooms.clear()
    far.slurm.ask("scancel", "--user=root")


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path, FakeSlurm())
