"""Kills at moments drawn at random over all stages, each followed by the same command.

``AUSCULT_SOAK_SEED`` draws other moments; ``make soak ARGS=-s`` prints them.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from tests.fakes.icbhi import make_icbhi
from tests.fakes.sounds import write_sound
from tests.runs import BEFORE_TRAINING, ROOMS, ROOT, Rooms, Run, kill, result_of, wait_until

pytestmark = pytest.mark.soak

SEED = int(os.environ.get("AUSCULT_SOAK_SEED", "0"))
TRAINED = ROOMS.split()[:7]
CHECKOUT = "pipeline frontend ml_env external_script.sh luigi.cfg"


def whole_group(run: Run) -> None:
    run.kill_group()


def luigi(run: Run) -> None:
    kill(run.pid)


def trainer(run: Run) -> None:
    for pid in run.trainers():
        kill(pid)


def script(run: Run) -> None:
    for pid in run.scripts():
        kill(pid)


def installer(run: Run) -> None:
    for pid in run.installers():
        kill(pid)


class Stage(NamedTuple):
    """A stretch of a run: when it begins, about how long it takes, and who can be killed in it."""

    name: str
    begun: Callable[[Rooms, Run], object]
    takes_s: float
    victims: tuple[Callable[[Run], None], ...] = (luigi, whole_group)
    before: tuple[str, ...] = ()  # rooms that are there already


def part(room: str) -> Callable[[Rooms, Run], object]:
    return lambda rooms, run: rooms.parts(f"{room}_*")


def in_run_dir(room: str, name: str) -> Callable[[Rooms, Run], object]:
    return lambda rooms, run: list(rooms.data.glob(f"{room}_*/runs/*/{name}"))


def environment_begun(rooms: Rooms, run: Run) -> object:
    return list(rooms.root.glob("ml_env/.venv/cpu-*/pyvenv.cfg"))


PROGRAM = (luigi, trainer, whole_group)
TRAIN = {"victims": PROGRAM, "before": tuple(BEFORE_TRAINING)}
PREDICT = {"victims": PROGRAM, "before": tuple(TRAINED)}
BUILD = Stage(
    "environment",
    environment_begun,
    4.0,
    (luigi, script, installer, whole_group),
    tuple(BEFORE_TRAINING),
)
STAGES = [
    Stage("start", lambda rooms, run: True, 1.0),
    Stage("fetch", part("01"), 0.8),
    Stage("index", part("02"), 0.2),
    Stage("splits", part("03"), 0.1),
    Stage("subset", part("04"), 0.05),
    Stage("spectrograms", part("05"), 0.5),
    Stage("clips", part("06"), 0.1),
    Stage("job", in_run_dir("07", "job.json"), 0.1, (luigi, script, whole_group), TRAIN["before"]),
    Stage("trainer starting", in_run_dir("07", "train.log"), 2.0, **TRAIN),
    Stage("training", in_run_dir("07", "progress.json"), 2.0, **TRAIN),
    Stage("model being written", in_run_dir("07", "output.tmp"), 0.5, **TRAIN),
    Stage("model written", in_run_dir("07", "output"), 0.3, **TRAIN),
    Stage("prediction", in_run_dir("08", "predict.log"), 2.0, **PREDICT),
    Stage("predicted", in_run_dir("08", "output"), 0.2, **PREDICT),
    Stage("report", lambda rooms, run: list(rooms.data.glob("08_*/pneumonia-p*")), 0.5, **PREDICT),
    BUILD,
]
#: Every stage once, those that take their time twice, and the slowest some more.
ORDER = [*STAGES, *[stage for stage in STAGES if stage.takes_s >= 0.5], BUILD, BUILD]


class Moment(NamedTuple):
    """When to kill whom."""

    stage: Stage
    after_s: float
    victim: Callable[[Run], None]
    words: tuple[str, ...]

    def __str__(self) -> str:
        words = " ".join(self.words)
        return f"{self.stage.name} + {self.after_s:.3f} s: {self.victim.__name__} {words}"


def draw(number: int) -> Moment:
    """Return the moment with a number: the stages in turn, the rest at random."""
    rng = np.random.default_rng((SEED, number))
    stage = ORDER[number]
    words = ("--workers", "2") if rng.random() < 0.25 else ()
    victim = stage.victims[rng.integers(len(stage.victims))]
    return Moment(stage, float(rng.uniform(0, stage.takes_s)), victim, words)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of the project, whose training environment can be made again and again."""
    folder = tmp_path_factory.mktemp("checkout")
    ignore = shutil.ignore_patterns(".venv", "__pycache__")
    for name in CHECKOUT.split():
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=ignore)
        else:
            shutil.copy2(ROOT / name, folder / name)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def strike(rooms: Rooms, moment: Moment) -> Run:
    """Run until the moment and kill; where the run was faster, try again a little earlier."""
    run = rooms.start(*moment.words)
    wait_until(lambda: moment.stage.begun(rooms, run), run)
    time.sleep(moment.after_s)
    if run.popen.poll() is None:
        moment.victim(run)
        return run
    for name in set(ROOMS.split()) - set(moment.stage.before):
        shutil.rmtree(rooms.data / name, ignore_errors=True)
    return strike(rooms, moment._replace(after_s=moment.after_s / 2))


@pytest.mark.parametrize("number", range(len(ORDER)))
def test_killed_at_any_moment_the_same_command_completes(tmp_path, undisturbed, checkout, number):
    moment = draw(number)
    print(f"moment {number} of seed {SEED}: {moment}")
    rooms = Rooms(tmp_path / "rooms", root=checkout if moment.stage is BUILD else ROOT)
    if moment.stage is BUILD:
        shutil.rmtree(checkout / "ml_env" / ".venv", ignore_errors=True)
    for name in moment.stage.before:
        shutil.copytree(undisturbed.rooms.data / name, rooms.data / name)
    try:
        run = strike(rooms, moment)
        if moment.victim in (luigi, whole_group):
            assert run.everybody_left() is not None, run.members()
        else:  # luigi lives on, and says what happened; or its victim had just done its work
            run.wait()
            assert not run.members()
        rooms.check_whole()
        check_completes(rooms, undisturbed, moment.words)
    finally:
        rooms.clear()


def check_completes(rooms: Rooms, undisturbed, words: tuple[str, ...]) -> None:
    """The same command completes, with the result of a run that was not disturbed."""
    report = rooms.complete(*words)
    assert report.name == undisturbed.report.name
    assert result_of(report) == undisturbed.result
    assert not rooms.parts()
    assert not rooms.run_dirs()
    rooms.check_whole()


def test_workers_of_the_spectrograms_end_with_luigi(rooms):
    """Recordings so long that several processes share them."""
    recordings = rooms.folder / "recordings" / "icbhi"
    make_icbhi(recordings)
    rng = np.random.default_rng(0)
    for path in sorted(recordings.rglob("*.wav"))[:2]:
        write_sound(Path(path), rng, 44100, 800.0)
    run = rooms.start("--datasets", "icbhi", "--compute-n-workers", "2")
    store = rooms.data / "05_spectrograms" / "store"
    wait_until(lambda: len(list(store.glob("*/.partial/*"))) >= 2, run)
    assert len(run.members()) > 2
    kill(run.pid)
    assert run.everybody_left() is not None, run.members()
    rooms.check_whole()
