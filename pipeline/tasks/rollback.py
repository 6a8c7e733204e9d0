"""``RollBack``: makes a former champion the champion again."""

from __future__ import annotations

import luigi

from pipeline.schema import PROBLEMS
from pipeline.targets import locked
from pipeline.tasks._09_champions import line_of
from pipeline.tasks.last_words import say_last


class RollBack(luigi.Task):
    """Make a former champion the champion again; without --to, the one before.

    The model that is left is not promoted again by itself. Nothing is deleted.
    """

    problem = luigi.Parameter(description=f"{', '.join(PROBLEMS)}, or the path of a TOML file")
    line = luigi.Parameter(default="", description="as for RebuildAll")
    to = luigi.Parameter(
        default="",
        description="the salt or folder of a former champion, or the date of a rebuild after which "
        "it was champion",
    )

    def complete(self) -> bool:
        """Return whether this process did it."""
        return bool(self.__dict__.get("_done"))

    def run(self) -> None:
        """Write it into the history, and let the link follow."""
        from pipeline.rebuilds.champions import rolled_back_to
        from pipeline.rebuilds.decision import ROLLED_BACK

        champions = line_of(self.problem, self.line)
        rolled_back_to(champions, self.to, "--to")  # before anything is written
        with locked(champions.folder / ".locks" / "champion.lock", champions.folder.name):
            left = champions.champion()
            chosen = rolled_back_to(champions, self.to, "--to")
            why = f"Somebody went back from {left} to {chosen}."
            nothing = dict.fromkeys(("rebuild", "difference", "low", "high"), "")
            row = {"event": ROLLED_BACK, "model": left, "champion": chosen, "why": why}
            champions.note({**nothing, **row})
        self.__dict__["_done"] = True
        say_last(f"{why}\nChampion: {champions.folder / 'current'}")
