"""How often a split's test side was looked at: ``08_reports/test_uses.csv``.

A test side says how well a model does only as long as nothing was chosen by it. Every report on
one is therefore written down, and says how many came before it.
"""

from __future__ import annotations

import datetime
from pathlib import Path

from pipeline.runs.ledger import add_row, read_rows

LEDGER = Path("08_reports") / "test_uses.csv"
COLUMNS = ("time", "split_hash", "problem", "model", "report")


def record_test_use(
    data_dir: Path, *, split_hash: str, problem: str, model_salt: str, report: Path
) -> bool:
    """Write down that a model was scored on the test side of a split.

    Parameters
    ----------
    data_dir : Path
        The folder with the numbered rooms.
    split_hash : str
        Of the split whose test side it is.
    problem, model_salt : str
    report : Path
        The report's folder; its name tells one use from another.

    Returns
    -------
    bool
        False if this report was written down before: making it again is no further look.

    Raises
    ------
    ContractError
        The file is there and is not this ledger.
    """
    row = {
        "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "split_hash": split_hash,
        "problem": problem,
        "model": model_salt,
        "report": Path(report).name,
    }
    return add_row(Path(data_dir) / LEDGER, row, same_by=COLUMNS[1:])


def count_test_uses(data_dir: Path, split_hash: str) -> int:
    """Return how many reports looked at the test side of a split; raises as `record_test_use`."""
    rows = read_rows(Path(data_dir) / LEDGER, COLUMNS)
    return sum(row["split_hash"] == split_hash for row in rows)
