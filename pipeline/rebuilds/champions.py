"""The champions of a line: their history, who is champion now, and the link that says so.

``history.csv`` is what counts. The link ``current`` follows it by one rename.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import SettingsError
from pipeline.flushing import flush_names
from pipeline.rebuilds.decision import PROMOTED, ROLLED_BACK
from pipeline.runs.ledger import add_rows, read_rows

HISTORY, LINK = "history.csv", "current"
#: `rebuild` is the date of one, "" for a roll-back; `model` the folder that the row is about;
#: `champion` who is champion from then on; the rest as `decision.Decision`.
COLUMNS = ("time", "rebuild", "event", "model", "champion", "difference", "low", "high", "why")


@dataclass(frozen=True)
class Line:
    """A line of champions.

    Parameters
    ----------
    folder : Path
        ``09_champions/<line>``.
    models : Path
        The room of the models: history and link name folders in it.
    """

    folder: Path
    models: Path

    def history(self) -> list[dict[str, str]]:
        """Return what happened, oldest first; raises ContractError on a foreign file."""
        return read_rows(self.folder / HISTORY, COLUMNS)

    def champion(self) -> str:
        """Return the name of the champion's folder; "": there is none yet."""
        rows = self.history()
        return rows[-1]["champion"] if rows else ""

    def newest(self) -> str:
        """Return the newest date that was rebuilt for; "": none."""
        return max((row["rebuild"] for row in self.history()), default="")

    def has(self, rebuild: str) -> bool:
        """Return whether a rebuild's outcome stands in the history."""
        return any(row["rebuild"] == rebuild for row in self.history())

    def rejected(self) -> set[str]:
        """Return the models that somebody went back from: they never come back by themselves.

        One that somebody went to again is none of them.
        """
        found: set[str] = set()
        for row in self.history():
            if row["event"] == ROLLED_BACK:
                found = (found | {row["model"]}) - {row["champion"]}
        return found

    def past_champions(self) -> list[str]:
        """Return who was champion, oldest first, each as often as he was."""
        rows = self.history()
        return [row["champion"] for row in rows if row["event"] in (PROMOTED, ROLLED_BACK)]

    def is_linked(self) -> bool:
        """Return whether the link names the champion."""
        return not self.champion() or _target(self.folder / LINK) == self._target(self.champion())

    def note(self, row: Mapping[str, str]) -> None:
        """Add a row to the history, once for each rebuild, and let the link follow.

        To be called by one process at a time.
        """
        told = {"time": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"), **row}

        def unless_told(rows: list[dict[str, str]]) -> list[Mapping[str, str]]:
            again = row["rebuild"] and any(one["rebuild"] == row["rebuild"] for one in rows)
            return [] if again else [told]

        self.folder.mkdir(parents=True, exist_ok=True)
        add_rows(self.folder / HISTORY, COLUMNS, unless_told)
        self.link()

    def link(self) -> None:
        """Let ``current`` name the champion, in one step: it is never away, and never another."""
        if not self.champion():
            return
        part = self.folder / f".{LINK}.{os.getpid()}.part"
        part.unlink(missing_ok=True)
        part.symlink_to(self._target(self.champion()))
        os.replace(part, self.folder / LINK)
        flush_names(self.folder)

    def _target(self, model: str) -> str:
        # Either room may itself be a link to another disk.
        return os.path.relpath(self.models.resolve() / model, self.folder.resolve())


def rolled_back_to(line: Line, wanted: str, where: str) -> str:
    """Return the former champion that is meant.

    Parameters
    ----------
    wanted : str
        A model's folder or its salt, or the date of a rebuild after which it was champion; "": the
        champion before the present one, and none that somebody went back from.

    Raises
    ------
    SettingsError
        There is no such champion, or its folder is gone.
    """
    rows = line.history()
    if not rows:
        raise SettingsError(
            expected="a line of champions",
            found="no rebuild of it",
            where=str(line.folder),
            action="Compare --problem and --line with the folders beside it.",
        )
    past = [one for one in line.past_champions() if one != line.champion()]
    if wanted:
        by_date = [row["champion"] for row in rows if row["rebuild"] == wanted]
        found = by_date or [one for one in past if one == wanted or one.endswith(f"-{wanted}")]
    else:
        found = [one for one in past if one not in line.rejected()]
    if not found or found[-1] == line.champion():
        raise SettingsError(
            expected=f"a former champion of {line.folder.name}",
            found=f"{wanted or 'only the present one'}; there were: {', '.join(past) or 'none'}",
            where=where,
            action="Name one of these, or the date of the rebuild after which it was champion "
            f"({line.folder / HISTORY}).",
        )
    if not (line.models / found[-1] / "manifest.json").is_file():
        raise SettingsError(
            expected=f"the folder of {found[-1]}",
            found="it is not there, or not whole",
            where=str(line.models),
            action="Bring it back (PullModel, or a backup), or go back to another one.",
        )
    return found[-1]


def _target(link: Path) -> str:
    try:
        return os.readlink(link)
    except OSError:
        return ""
