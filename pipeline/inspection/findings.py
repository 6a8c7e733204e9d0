"""All findings of several data sets as one table, worst first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from pipeline.inspection import (
    audio_findings,
    copies,
    event_findings,
    index_findings,
    metadata_findings,
    official_findings,
)
from pipeline.inspection.inspected import Inspected
from pipeline.inspection.kinds import COLUMNS, SEVERITIES, TOPICS

_PER_DATA_SET = (
    index_findings.find,
    metadata_findings.find,
    event_findings.find,
    official_findings.find,
    audio_findings.find,
)


def find_all(inspected: Sequence[Inspected]) -> pd.DataFrame:
    """Return the findings as rows of `kinds.COLUMNS`, by severity, topic and data set.

    Within one kind they keep the order of their finder, which puts the worst first.
    """
    rows = copies.find(inspected)
    rows += [row for data in inspected for find in _PER_DATA_SET for row in find(data)]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    ranks = {name: rank for names in (SEVERITIES, TOPICS) for rank, name in enumerate(names)}
    order = pd.DataFrame(
        {
            "severity": table["severity"].map(ranks),
            "topic": table["topic"].map(ranks),
            "finding": table["finding"],
            "dataset": table["dataset"],
        }
    )
    ordered = order.sort_values(["severity", "topic", "finding", "dataset"], kind="stable")
    return table.loc[ordered.index].reset_index(drop=True)


def count_by_severity(findings: pd.DataFrame) -> dict[str, int]:
    """Return {"error": n, "warning": n, "note": n}."""
    counts = findings["severity"].value_counts().to_dict()
    return {severity: int(counts.get(severity, 0)) for severity in SEVERITIES}


def write_findings(findings: pd.DataFrame, path: Path) -> None:
    """Write findings.csv: UTF-8, LF, one header row."""
    text = findings.to_csv(index=False, lineterminator="\n")
    # Names of files need not be UTF-8.
    path.write_bytes(text.encode("utf-8", "backslashreplace"))
