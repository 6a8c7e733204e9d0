"""Numbers of a finding as readers want to see them."""

from __future__ import annotations

import pandas as pd

_N_EXAMPLES = 3


def percent(share: float) -> str:
    """Return a share as "4.6 %"; two digits below one percent."""
    return f"{100 * share:.2f} %" if share < 0.01 else f"{100 * share:.1f} %"


def hertz(value: float) -> str:
    """Return a frequency as "440 Hz", "2.1 kHz" or "44.1 kHz"."""
    return f"{value:.0f} Hz" if value < 1000 else f"{round(value / 1000, 1):g} kHz"


def examples(table: pd.DataFrame) -> str:
    """Return the first three recording ids of a table, and "..." where there are more."""
    names = list(table["recording_id"])
    return ", ".join(names[:_N_EXAMPLES]) + (", ..." if len(names) > _N_EXAMPLES else "")


def counted(counts: pd.Series) -> str:
    """Return counts by name as "Meditron 64, AKGC417L 9"."""
    return ", ".join(f"{name or 'unknown'} {number}" for name, number in counts.items())
