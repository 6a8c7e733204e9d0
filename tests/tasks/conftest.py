"""Luigi in this process, on rooms in a temporary folder."""

from __future__ import annotations

from pathlib import Path

import luigi
import pytest

import pipeline
from tests.fakes.icbhi import make_icbhi
from tests.fakes.jordan import make_jordan

FAST = """
[training]
n_epochs = 2
batch_size = 8
[evaluate]
n_bootstrap = 100
[clips.pneumonia]
window_s = 1.0
step_s = 0.5
[clips.crackle_wheeze]
window_s = 0.5
step_s = 0.25
"""


class Rooms:
    """A data folder and a recordings folder of their own, and Luigi set to them."""

    def __init__(self, folder: Path):
        self.data = folder / "data"
        self.recordings = folder / "recordings"
        self.experiment = folder / "fast.toml"
        self.experiment.write_text(FAST)

    def fill(self, *names: str) -> None:
        """Lay fake data sets into the recordings folder."""
        makers = {"icbhi": make_icbhi, "jordan": make_jordan}
        for name in names:
            makers[name](self.recordings / name)

    def task(self, cls=pipeline.TrainPneumonia, **parameters):
        """Return a task as a new process would see it."""
        luigi.task_register.Register.clear_instance_cache()
        return cls(experiment=str(self.experiment), **{"datasets": "icbhi,jordan", **parameters})

    def clips(self, cls=pipeline.TrainPneumonia, **parameters):
        """Return the last task before training, as a new process would see it."""
        return self.task(cls, **parameters).evaluation().clips

    def before_training(self, **parameters):
        """Return all that a training requires."""
        model = self.task(**parameters).evaluation().model_task
        return [model.clips, model.inspection]

    def run(self, *tasks, **options) -> bool:
        """Run tasks with the local scheduler; return whether all went well."""
        options = {"local_scheduler": True, "log_level": "WARNING", **options}
        return luigi.build(list(tasks), **options)


@pytest.fixture
def rooms(tmp_path):
    config = luigi.configuration.get_config()
    place = Rooms(tmp_path)
    settings = {
        ("paths", "data"): str(place.data),
        ("paths", "recordings"): str(place.recordings),
        ("compute", "n_workers"): "1",
        ("compute", "device"): "cpu",
    }
    old = {key: config.get(*key) for key in settings if config.has_option(*key)}
    for (section, option), value in settings.items():
        config.set(section, option, value)
    yield place
    for key in settings:
        config.remove_option(*key)
        if key in old:
            config.set(*key, old[key])
    luigi.task_register.Register.clear_instance_cache()
