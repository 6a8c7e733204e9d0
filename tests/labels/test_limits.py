"""A run stops where too much of a data set had to be left out, with the counts by reason."""

from __future__ import annotations

import pandas as pd
import pytest

from pipeline.errors import SplitError
from pipeline.labels.limits import refuse_incomplete, refuse_unlabelled

COUNTS = {
    "recordings": 60,
    "left_out_recordings": 40,
    "excluded": {"recording: truncated": 30, "recording: constant": 10, "event: zero length": 7},
}


def test_a_broken_data_set_is_refused_with_its_reasons():
    refuse_incomplete("icbhi", COUNTS, 0.4)
    with pytest.raises(SplitError) as caught:
        refuse_incomplete("icbhi", COUNTS, 0.39)
    assert "40 of 100 (40 %): constant 10, truncated 30" in caught.value.found
    assert "InspectDatasets --datasets icbhi" in caught.value.action


def unlabelled(n_gone: int, reason: str):
    names = [f"icbhi/{k}" for k in range(10)]
    recordings = pd.DataFrame({"recording_id": names, "dataset": "icbhi"})
    gone = pd.DataFrame({"recording_id": names[:n_gone], "what": "recording", "reason": reason})
    return recordings, gone.assign(action="left out", path="", detail="")


def test_recordings_without_a_label_count_too():
    refuse_unlabelled(*unlabelled(3, "diagnosis unknown"), 0.3)
    with pytest.raises(SplitError, match="diagnosis unknown 4"):
        refuse_unlabelled(*unlabelled(4, "diagnosis unknown"), 0.3)


@pytest.mark.parametrize("reason", ["not in the split file", "diagnosis neither x nor healthy"])
def test_what_somebody_chose_to_leave_out_does_not_count(reason):
    refuse_unlabelled(*unlabelled(9, reason), 0.3)


def test_nothing_left_out_is_fine():
    refuse_unlabelled(*unlabelled(0, "diagnosis unknown"), 0.0)
