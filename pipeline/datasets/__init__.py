"""Registry of the data sets: names -> adapters, one module each, imported only when asked for."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING

from pipeline.errors import SettingsError

if TYPE_CHECKING:
    from pipeline.datasets.description import DataSet

_MODULES = {
    "icbhi": "pipeline.datasets.icbhi",
    "jordan": "pipeline.datasets.jordan",
    "simulated": "pipeline.datasets.simulated",
    "sprsound": "pipeline.datasets.sprsound",
}
# Names with no adapter yet; their recordings are not public.
_UPCOMING = ("antwerp", "antwerp-sim", "bangladesh", "perch")
# The predecessors' names; case is folded, so Jordan, Icbhi and Perch need no entry.
_ALIASES = {"bd": "bangladesh", "ant": "antwerp", "simant": "antwerp-sim"}


def known() -> tuple[str, ...]:
    """Return the names of the data sets that can be read, sorted."""
    return tuple(sorted(_MODULES))


def canonical_name(name: str) -> str:
    """Return the data set's own name for a name or alias in any case.

    Raises
    ------
    SettingsError
        No data set has this name, or it has no adapter yet.
    """
    folded = name.strip().casefold()
    folded = _ALIASES.get(folded, folded)
    if folded in _MODULES:
        return folded
    if folded in _UPCOMING:
        found = f"{name!r} (the data set {folded}), which cannot be read yet"
    else:
        found = f"{name!r}{_did_you_mean(folded)}"
    raise SettingsError(
        expected=f"data sets among: {', '.join(known())}",
        found=found,
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
    return import_module(_MODULES[canonical_name(name)]).DATASET


def _did_you_mean(folded: str) -> str:
    candidates = {each: each for each in _MODULES} | {each: each for each in _UPCOMING} | _ALIASES
    close = get_close_matches(folded, candidates, n=1)
    return f" (did you mean {candidates[close[0]]!r}?)" if close else ""
