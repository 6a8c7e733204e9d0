"""``RebuildAll``: what a scheduler calls every night."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

import luigi

from pipeline.config import compute, refuse_web_hook_in_command
from pipeline.schema import PROBLEMS
from pipeline.tasks._09_champions import OnRebuild, RebuildProblem
from pipeline.tasks.entry import Entry
from pipeline.tasks.parameters import NamesParameter
from pipeline.tasks.rebuild_telling import tell_if_unfinished
from pipeline.tasks.slurm import LOCAL, SLURM
from pipeline.training import environment


class ProblemsParameter(NamesParameter):
    """Problems by name or path."""

    def known(self) -> tuple[str, str]:
        """Return what may be named."""
        return f"problems among: {', '.join(PROBLEMS)}, or paths of TOML files", "--problems"


class RebuildAll(OnRebuild, Entry):
    """Fetch what is new, train what is stale, and replace a champion only by what is not worse."""

    problems = ProblemsParameter(
        default=("pneumonia",),
        description=f"comma-separated: {', '.join(PROBLEMS)}, or paths of TOML files",
    )
    where = luigi.ChoiceParameter(
        default=LOCAL,
        choices=(LOCAL, SLURM),
        significant=False,
        description="where trainings run: local, or slurm, as jobs of a cluster ([cluster])",
    )

    def goal(self) -> list[RebuildProblem]:
        """Return the rebuild of each problem; one that fails leaves the others to go on."""
        shared = {name: value for name, value in self.param_kwargs.items() if name != "problems"}
        return [RebuildProblem(problem=problem, **shared) for problem in self.problems]

    def requires(self) -> list[RebuildProblem]:
        """Require every problem, and see that somebody is told if one does not come about."""
        tell_if_unfinished(self)
        return self.goal()

    def complete(self) -> bool:
        """Return whether every problem was decided; a device that is not there is refused first."""
        try:
            refuse_web_hook_in_command()
            done = all(one.complete() for one in self.goal())
        except Exception:
            tell_if_unfinished(self)
            raise
        if not done and self.where == LOCAL:
            environment.variables_of(compute().device)
        return done

    @classmethod
    def bulk_complete(cls, days: Iterable[datetime.date]) -> list[datetime.date]:
        """Return the days that nothing is to be done for; Luigi's RangeDaily asks for them."""
        return [day for day in days if cls(date=day).complete()]

    def shown(self) -> str:
        """Return each outcome and where its note lies."""
        return "\n".join(_shown(one) for one in self.goal())


def _shown(one: RebuildProblem) -> str:
    from pipeline.rebuilds.note import headline

    champions = one.champions
    if not champions.has(one.day):
        newest = champions.newest()
        return f"{champions.folder.name}: overtaken by the rebuild of {newest}; nothing was done"
    if not one.output().exists():
        return f"{champions.folder.name}: decided on {one.day}, but {one.output().path} is gone"
    outcome = one.outcome()
    return (
        f"{headline(outcome)}\n  {outcome['why']}\n{_asked_otherwise(one, outcome)}"
        f"  Note: {one.output() / 'note.html'}\n  Champion: {champions.folder / 'current'}"
    )


def _asked_otherwise(one: RebuildProblem, outcome: Mapping[str, Any]) -> str:
    """Return a line where that day was decided with other parameters than these; else ""."""
    then, now = outcome.get("asked", {}), one.asked()
    others = [
        f"{name} {then[name]} (not {now[name]})"
        for name in now
        if then.get(name, now[name]) != now[name]
    ]
    if not others:
        return ""
    return (
        f"  Decided already, with {', '.join(others)}: nothing was done. --line is another one.\n"
    )
