"""How much a finding concerns: recordings, subjects, events, ... and not rows of a table."""

from __future__ import annotations

import re
from collections import Counter

import pandas as pd

from pipeline.evaluation.wording import listed, plural
from pipeline.inspection.iterating import each_row

# Rows on a whole data set begin with what they count: "59 recordings, the first: a.wav".
_COUNTED = re.compile(
    r"([\d,]+)(?: of (?:its )?[\d,]+)? (recording|subject|line|value|column|id)s?\b"
)
_COPIES = " = "


def concerned(rows: pd.DataFrame) -> str:
    """Return what the rows of one kind of finding concern: "59 recordings", "2 subjects".

    Parameters
    ----------
    rows : DataFrame
        Of findings.csv.
    """
    counts: Counter[str] = Counter()
    named: dict[str, set[str]] = {}
    for row in each_row(rows):
        if match := _COUNTED.match(row.detail):
            counts[match[2]] += int(match[1].replace(",", ""))
        elif row.what == "audio":
            named.setdefault("recording", set()).update(row.which.split(_COPIES))
        elif row.what in ("recording", "subject", "device") and row.which:
            named.setdefault(row.what, set()).add(row.which)
        elif row.what in ("event", "data set"):
            counts[row.what] += 1
        else:
            counts["finding"] += 1
    counts.update({noun: len(names) for noun, names in named.items()})
    return listed([plural(n, noun) for noun, n in counts.items()])
