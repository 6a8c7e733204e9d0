"""A data set as the doctor sees it: the tables of its index and what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from pipeline.inspection.measures import Pictured


@dataclass(frozen=True)
class Inspected:
    """One data set.

    Attributes
    ----------
    name, title, licence : str
    recordings, events, excluded : DataFrame
        The index's tables; a column `filter` may be missing.
    measures : DataFrame
        As `measuring.read_measures` gives it, one row per row of `recordings`.
    pictured : list of Pictured
        In the order of `measures`.
    classes : mapping of str to tuple of str
        As `DataSet.classes`.
    official_sides : tuple of str
        As `DataSet.official_sides`.
    """

    name: str
    title: str
    licence: str
    recordings: pd.DataFrame
    events: pd.DataFrame
    excluded: pd.DataFrame
    measures: pd.DataFrame
    pictured: list[Pictured]
    classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    official_sides: tuple[str, ...] = ()

    def measured(self) -> pd.DataFrame:
        """Return the recordings with what was measured of them, in the order of `measures`."""
        known = self.recordings.drop(columns=["sample_rate", "n_samples"])
        return self.measures.merge(known, on="recording_id", how="left")

    def strong_events(self) -> pd.DataFrame:
        """Return the events that an annotator timed, without those over a whole recording."""
        return self.events[self.events["weak"] == 0]
