"""The runs of a problem beside each other, as far as they are on disk.

Reads
    model folders, the validation side of their clips, and what folds predicted. Of a run that is
    no fold, nothing of its test side.
Writes
    ``08_reports/<problem>-runs/``: runs.html, runs.csv, settings.csv; anew each time.
"""

from __future__ import annotations

import datetime
import os
from pathlib import Path

import luigi

from pipeline import datasets as registry
from pipeline.config import paths
from pipeline.problems import problem_named
from pipeline.schema import PROBLEMS
from pipeline.settings import load
from pipeline.tasks.entry import say_last


class CompareRuns(luigi.Task):
    """Show every run of a problem beside the others, by validation or out-of-fold figures."""

    problem = luigi.Parameter(
        description=f"whose runs: {', '.join(PROBLEMS)}, or the path of a TOML file"
    )
    datasets = luigi.Parameter(
        default="", description="only runs on exactly these data sets, comma-separated"
    )
    experiment = luigi.Parameter(
        default="baseline", description="where [evaluate] is taken from: draws and confidence"
    )

    _written = False

    def complete(self) -> bool:
        """Return whether this process has written the page: what is on disk may have changed."""
        return self._written

    @property
    def folder(self) -> Path:
        """Where the page lies."""
        words = [problem_named(self.problem).name, *self._datasets(), "runs"]
        return Path(paths().data) / "08_reports" / "-".join(words)

    def run(self) -> None:
        """Read the runs, compare them and write the page and the tables."""
        from pipeline.evaluation.bootstrap import BootstrapSettings
        from pipeline.runs import tables
        from pipeline.runs.compare import compare
        from pipeline.runs.found import find_runs
        from pipeline.runs.names import read_names
        from pipeline.runs.page import render_runs

        problem, data = problem_named(self.problem), Path(paths().data)
        evaluate = load(self.experiment).section("evaluate")
        settings = BootstrapSettings(evaluate["n_bootstrap"], evaluate["confidence"])
        runs, skipped = find_runs(data, problem, self._datasets())
        groups, unscored = compare(runs, problem, settings)
        skipped += unscored
        names = read_names(data)
        made_at = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        page = render_runs(groups, skipped, problem, names, settings, made_at)
        self.folder.mkdir(parents=True, exist_ok=True)
        rows = (groups, names, settings.confidence)
        _write(self.folder / "runs.csv", tables.runs_csv(*rows))
        _write(self.folder / "settings.csv", tables.settings_csv(*rows))
        _write(self.folder / "runs.html", page)
        self._written = True
        n_runs = sum(len(row.runs) for group in groups for row in group.rows)
        say_last(f"{n_runs} runs, {len(skipped)} skipped\nRuns: {self.folder / 'runs.html'}")

    def _datasets(self) -> tuple[str, ...]:
        names = [name.strip() for name in self.datasets.split(",") if name.strip()]
        return tuple(sorted({registry.canonical_name(name) for name in names}))


def _write(path: Path, text: str) -> None:
    """Write a file under its final name in one step: a reader never sees half of it."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)
