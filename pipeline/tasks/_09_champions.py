"""Stage 9, champions: rebuild the model of one problem, and let it replace the champion or not.

Reads
    the index of every data set asked for, the champion's model folder, what it wrote before.
Writes
    ``09_champions/<line>/``: sides.csv, audio.csv and splits/ (what stands where, for ever),
    <date>/ (what was found and decided, and the note), history.csv, and the link ``current``.
"""

from __future__ import annotations

import datetime
import logging
import re
import shutil
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import luigi

from pipeline.compose import ShortName
from pipeline.config import paths
from pipeline.contract import read_json, write_json
from pipeline.problems import problem_named
from pipeline.settings import load
from pipeline.targets import FolderTarget, locked
from pipeline.tasks._02_index import IndexRecordings
from pipeline.tasks.choices import out_of_range
from pipeline.tasks.entry import TrainModel, if_simulated
from pipeline.tasks.parameters import DatasetsParameter, WholeNumberParameter
from pipeline.tasks.rebuild_gate import predictions_on_gate
from pipeline.tasks.rebuild_parts import choose, outcome_of, write_sides
from pipeline.tasks.rebuild_telling import tell_outcome
from pipeline.tasks.slurm import LOCAL
from pipeline.tasks.states import sources

if TYPE_CHECKING:
    from pipeline.rebuilds.champions import Line

logger = logging.getLogger("luigi-interface")

ROOM, KIND, OUTCOME = "09_champions", "auscult/rebuild", "outcome.json"
_LINE = re.compile(r"[A-Za-z0-9_-]*")


class DayParameter(luigi.DateParameter):
    """A day; anything else is refused in words."""

    def parse(self, text: str) -> datetime.date:
        try:
            return super().parse(text)
        except ValueError:
            raise out_of_range("--date", "a day such as 2026-11-20", text) from None


def line_of(problem: str, line: str) -> Line:
    """Return the champions of a problem; `line` tells several lines of one problem apart."""
    from pipeline.rebuilds.champions import Line

    if not _LINE.fullmatch(line):
        raise out_of_range("--line", "letters, digits, - and _", line)
    # No problem's name has a dot: no two lines share a folder.
    name = ".".join(filter(None, (problem_named(problem).name, line)))
    data = Path(paths().data)
    return Line(data / ROOM / name, data / "07_models")


class OnRebuild:
    """What a rebuild depends on."""

    date = DayParameter(
        default=datetime.date.today(),
        description="the day it is for: growing sources are fetched as its snapshot",
    )
    datasets = DatasetsParameter(default=("simulated",), description="as for TrainModel")
    experiment = luigi.Parameter(default="baseline", description="as for TrainModel")
    seed = WholeNumberParameter(default=0, description="seed of the training")
    line = luigi.Parameter(
        default="", description="a name, where one problem has several lines of champions"
    )
    gate_share = luigi.FloatParameter(
        default=0.15,
        description="share of the subjects who only ever say whether a new model may replace the "
        "champion; of those who come from now on",
    )
    margin = luigi.FloatParameter(
        default=0.05,
        description="how much worse than the champion a new model might be, by the lower end of "
        "the interval of the difference, and still replace it",
    )
    where = luigi.Parameter(default=LOCAL, significant=False, description="local, or slurm")


class RebuildProblem(OnRebuild, ShortName, luigi.Task):
    """Train what is stale, compare it with the champion on the gate side, and decide."""

    problem = luigi.Parameter(description="as for TrainModel")

    def requires(self) -> dict[str, luigi.Task]:
        """Require the index of each data set: who there is to stand on a side."""
        self._check()
        experiment = load(self.experiment)
        return {
            name: IndexRecordings(
                **IndexRecordings.relevant(
                    {
                        "dataset": name,
                        "simulated_settings": if_simulated((name,), experiment),
                        **self.states(),
                    }
                )
            )
            for name in self.datasets
        }

    def complete(self) -> bool:
        """Return whether it was decided and the link says so, or a later rebuild has overtaken."""
        if self.is_overtaken():
            return True
        return self.champions.has(self.day) and self.champions.is_linked()

    def output(self) -> FolderTarget:
        """Return the folder of this day."""
        return FolderTarget(self.champions.folder / self.day, KIND)

    @property
    def day(self) -> str:
        """The date as text."""
        return self.date.isoformat()

    @property
    def page(self) -> Path:
        """The note, which Luigi's page leads to."""
        return self.output() / "note.html"

    @cached_property
    def champions(self) -> Line:
        """The line of champions."""
        return line_of(self.problem, self.line)

    def is_overtaken(self) -> bool:
        """Return whether there is a rebuild for a later day, which this one must not undo."""
        return self.champions.newest() > self.day

    def asked(self) -> dict[str, Any]:
        """Return what makes this rebuild another one than that of the same day and line."""
        return {
            "datasets": ",".join(self.datasets),
            "experiment": self.experiment,
            "seed": self.seed,
            "gate_share": self.gate_share,
            "margin": self.margin,
        }

    def outcome(self) -> dict[str, Any]:
        """Return what was found and decided."""
        return read_json(self.output() / OUTCOME)

    def run(self) -> Iterator[Any]:
        """Train, evaluate, compare, decide; whatever fails, the champion stays."""
        if self.champions.has(self.day):
            self._mend_link()
            return
        sides = write_sides(self)
        evaluation = self.training(sides.path).evaluation()
        yield evaluation
        model = evaluation.model_task.output().path
        decided = False
        while True:
            champion = self.champions.champion()
            scored = predictions_on_gate(self, model, champion, sides)
            yield list(scored.values())
            with locked(self._lock, f"the champion of {self.champions.folder.name}"):
                if self.champions.champion() != champion:
                    continue  # another rebuild was quicker: compare with its champion
                if not self.complete():
                    self._conclude(sides, evaluation, scored)
                    decided = True
                break
        if decided:
            tell_outcome(self.outcome(), (self.output() / "note.txt").read_text(encoding="utf-8"))

    def training(self, split_file: Path) -> TrainModel:
        """Return the run that trains the new model and scores it on the test side."""
        return TrainModel(
            problem=self.problem,
            datasets=self.datasets,
            experiment=self.experiment,
            split="file",
            split_file=str(split_file),
            seed=self.seed,
            where=self.where,
            **self.states(),
        )

    def _mend_link(self) -> None:
        with locked(self._lock, self.champions.folder.name):
            self.champions.link()

    def _conclude(self, sides: Any, evaluation: Any, scored: dict[str, Any]) -> None:
        """Write down what was decided, then let history and link follow; called once at a time."""
        from pipeline.rebuilds.note import headline, page_of, text_of

        target = self.output()
        # Of a rebuild that was killed before history knew of it: the champion, or what was asked
        # for, may be another one by now.
        if target.exists():
            shutil.rmtree(target.path)

        def fill(folder: Path) -> dict[str, Any]:
            found = outcome_of(self, sides, evaluation, choose(self, evaluation, scored))
            write_json(folder / OUTCOME, found)
            sides.facts.to_csv(folder / "recordings.csv", index=False, lineterminator="\n")
            (folder / "note.txt").write_text(text_of(found), encoding="utf-8")
            (folder / "note.html").write_text(page_of(found), encoding="utf-8")
            return {"event": found["event"]}

        target.write(fill)
        outcome = self.outcome()
        limits = outcome["gate"].get("limits") or ["", ""]
        difference = outcome["gate"].get("difference")
        self.champions.note(
            {
                "rebuild": self.day,
                "event": outcome["event"],
                "model": outcome["model"],
                "champion": outcome["champion"],
                "difference": "" if difference is None else str(difference),
                "low": str(limits[0]),
                "high": str(limits[1]),
                "why": outcome["why"],
            }
        )
        logger.info("%s. %s", headline(outcome), outcome["why"])

    @property
    def _lock(self) -> Path:
        return self.champions.folder / ".locks" / "champion.lock"

    def states(self) -> dict[str, Any]:
        """Return how recordings are fetched: sources that grow, as the snapshot of the day."""
        grows = any(name in sources() for name in self.datasets)
        return {"fetch": True, "snapshot": self.day if grows else ""}

    def _check(self) -> None:
        if not 0 < self.gate_share < 1:
            raise out_of_range("--gate-share", "more than 0, less than 1", self.gate_share)
        if not 0 <= self.margin <= 1:
            raise out_of_range("--margin", "0 to 1", self.margin)
        test_share = load(self.experiment).section("splits")["test_share"]
        if self.gate_share + test_share >= 1:
            room = f"less than {1 - test_share:g}: [splits] test_share = {test_share:g} is taken"
            raise out_of_range("--gate-share", room, self.gate_share)
