"""Registry of the data sets: names -> adapters, one module each, imported only when asked for.

A new data set is one module with a `DATASET`, and one line in `_MODULES`.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING

from pipeline.errors import SettingsError

if TYPE_CHECKING:
    from pipeline.datasets.description import DataSet

_MODULES = {
    "antwerp": "pipeline.datasets.antwerp",
    "antwerp-sim": "pipeline.datasets.antwerp_sim",
    "bangladesh": "pipeline.datasets.bangladesh",
    "folder": "pipeline.datasets.folder",
    "icbhi": "pipeline.datasets.icbhi",
    "jordan": "pipeline.datasets.jordan",
    "perch": "pipeline.datasets.perch",
    "simulated": "pipeline.datasets.simulated",
    "sprsound": "pipeline.datasets.sprsound",
}
# Several folders of the user's own are several data sets: folder-clinic_a, folder-clinic_b.
# In the case that they are written in: that is how they are found on disk.
_OWN, _OWN_NAME = "folder-", re.compile(r"[A-Za-z0-9_]+(-[A-Za-z0-9_]+)*")
# The predecessors' names; case is folded, so Jordan, Icbhi and Perch need no entry.
_ALIASES = {"bd": "bangladesh", "ant": "antwerp", "simant": "antwerp-sim"}


def known() -> tuple[str, ...]:
    """Return the names of the data sets that can be read, sorted; `folder` for all of one's own."""
    return tuple(sorted(_MODULES))


def canonical_name(name: str) -> str:
    """Return the data set's own name for a name or alias in any case.

    What follows `folder-` keeps its case.

    Raises
    ------
    SettingsError
        No data set has this name.
    """
    folded = name.strip().casefold()
    folded = _ALIASES.get(folded, folded)
    if folded in _MODULES:
        return folded
    if folded.startswith(_OWN) and _is_own(own := _OWN + name.strip()[len(_OWN) :]):
        return own
    raise SettingsError(
        expected=f"data sets among: {', '.join(known())}; folder-<name> is a further folder of "
        "your own, its name of letters, digits, - and _",
        found=f"{name!r}{_did_you_mean(folded)}",
        where="--datasets",
        action="name one or more of the known data sets, separated by commas",
    )


def load(name: str) -> DataSet:
    """Return the description and reader of a data set, by name or alias.

    Raises
    ------
    SettingsError
        As `canonical_name`.
    """
    own = canonical_name(name)
    if _is_own(own):
        return import_module(_MODULES["folder"]).data_set(own)
    return import_module(_MODULES[own]).DATASET


def is_own_folder(name: str) -> bool:
    """Say whether a data set's own name is that of a folder of the user's."""
    return name == "folder" or _is_own(name)


def _is_own(name: str) -> bool:
    return name.startswith(_OWN) and bool(_OWN_NAME.fullmatch(name.removeprefix(_OWN)))


def _did_you_mean(folded: str) -> str:
    candidates = {each: each for each in _MODULES} | _ALIASES
    close = get_close_matches(folded, candidates, n=1)
    return f" (did you mean {candidates[close[0]]!r}?)" if close else ""
