"""A run stops where too much of a data set had to be left out, with the counts by reason."""

from __future__ import annotations

import pandas as pd
import pytest

from pipeline.errors import SplitError
from pipeline.labels.limits import count_unlabelled, refuse_incomplete, refuse_unlabelled

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


def unlabelled(n_gone: int, reason: str, dataset: str = "icbhi", skipped=()):
    names = [f"{dataset}/{k}" for k in range(10)]
    recordings = pd.DataFrame({"recording_id": names, "dataset": dataset})
    gone = pd.DataFrame({"recording_id": names[:n_gone], "what": "recording", "reason": reason})
    gone = gone.assign(action="left out", path="", detail="")
    return count_unlabelled(recordings, gone, skipped)


def test_recordings_without_a_label_count_too():
    counts = unlabelled(4, "diagnosis unknown")
    refuse_unlabelled(counts, 0.4)
    with pytest.raises(SplitError, match="diagnosis unknown 4"):
        refuse_unlabelled(counts, 0.39)


@pytest.mark.parametrize("reason", ["not in the split file", "diagnosis neither x nor healthy"])
def test_what_somebody_chose_to_leave_out_does_not_count(reason):
    assert unlabelled(9, reason) == {}


def test_words_that_the_problem_itself_skips_do_not_count():
    assert unlabelled(9, "poor quality", skipped=("poor quality",)) == {}


def test_what_a_user_s_own_folders_do_not_say_does_not_count():
    assert unlabelled(9, "diagnosis unknown", "folder-clinic") == {}


def test_nothing_left_out_is_fine():
    refuse_unlabelled(unlabelled(0, "diagnosis unknown"), 0.0)
