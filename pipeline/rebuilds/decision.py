"""Whether a rebuilt model replaces the champion: told by the gate side, and by nothing else.

Both models are scored on the same subjects, whom neither has seen. The new one may not be worse:
the lower end of the interval of the paired difference, over bootstrap draws of subjects, has to
lie above minus the margin (non-inferiority; Piaggio et al. 2012, JAMA 308, 2594-2604).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.runs.figures import Scored, limits_of

PROMOTED, KEPT, UNCHANGED, ROLLED_BACK = "promoted", "kept", "unchanged", "rolled back"
# Draws that differ by less differ by rounding.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Decision:
    """What became of a rebuilt model.

    Attributes
    ----------
    event : str
        `PROMOTED`, `KEPT` (the champion stays) or `UNCHANGED` (it is the champion already).
    why : str
        A sentence.
    difference : float or None
        The new model's figure less the champion's, on the gate side.
    interval : list of float or None
        Of paired draws of subjects.
    """

    event: str
    why: str
    difference: float | None = None
    interval: list[float] | None = None


def decide(new: Scored, champion: Scored, margin: float, confidence: float) -> Decision:
    """Return whether a new model may replace the champion.

    Parameters
    ----------
    new, champion : Scored
        Their main figure on the gate side, with the draws.
    margin : float
        How much worse the new one might be, in units of the figure (0 to 1).
    confidence : float
        Of the interval, 0 to 1.
    """
    for who, one in (("the new model", new), ("the champion", champion)):
        if one.value is None:
            return Decision(KEPT, f"Nothing can be said: {who} has no figure on it ({one.reason}).")
    difference = float(new.value - champion.value)  # type: ignore[operator]
    if new.rows != champion.rows:
        why = "Nothing can be said: the two were not scored on the same spans of sound."
        return Decision(KEPT, why, difference)
    for one in (new, champion):
        if one.draws is None:
            return Decision(KEPT, f"Nothing can be said: {one.interval_reason}.", difference)
    limits = _limits(new.draws - champion.draws, confidence)  # type: ignore[operator]
    if limits is None:
        return Decision(
            KEPT, "Nothing can be said: too few draws of subjects have a figure.", difference
        )
    low = limits[0]
    if low >= -margin - _ROUNDING:
        return Decision(PROMOTED, f"It is not worse by more than {margin:g}.", difference, limits)
    why = f"It may be worse by {-low:.3f}, which is more than the margin of {margin:g}" + (
        ", though it looks better." if difference > _ROUNDING else "."
    )
    return Decision(KEPT, why, difference, limits)


def _limits(draws: np.ndarray, confidence: float) -> list[float] | None:
    """Return the interval; of draws that are all alike that one value."""
    known = draws[~np.isnan(draws)]
    if len(known) and np.ptp(known) <= _ROUNDING:
        return [float(known[0]), float(known[0])]
    return limits_of(draws, confidence)
