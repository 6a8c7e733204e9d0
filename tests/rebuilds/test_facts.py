"""What a rebuild was made of, and what moved since the one before."""

from __future__ import annotations

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from pipeline.rebuilds.facts import COLUMNS, MAX_NAMED, changes, facts_of, has_moved
from pipeline.tables import read_table

RECORDINGS = pd.DataFrame(
    {
        "recording_id": ["b/2", "a/1", "a/3"],
        "dataset": ["b", "a", "a"],
        "subject_id": ["b/007", "a/NA", "a/NA"],
        "content_hash": ["two", "one", ""],
        "age": [1.0, None, 3.0],
    }
)
LABELS = pd.DataFrame(
    {"recording_id": ["a/1", "a/1", "b/2"], "start_s": [0.0, 1.0, 0.0], "pneumonia": [1, 1, 0]}
)
ROWS = pd.DataFrame({"recording_id": ["a/1", "b/2"], "side": ["gate", "train"]})


def facts(*rows: tuple[str, str, str, str, str]) -> pd.DataFrame:
    """Return facts as (recording, subject, audio, labels, side); the data set is `a` or `b`."""
    table = [(row[0][0], *row) for row in rows]
    return pd.DataFrame(table, columns=list(COLUMNS))


def test_each_recording_has_a_row_with_its_side_and_a_digest_of_its_labels():
    found = facts_of(RECORDINGS, LABELS, ROWS)
    assert list(found.columns) == list(COLUMNS)
    assert list(found["recording_id"]) == ["a/1", "a/3", "b/2"]
    assert list(found["side"]) == ["gate", "", "train"]
    one, none, two = found["labels"]
    assert none == ""
    assert one != two
    assert len(one) == 16


def test_the_order_of_recordings_does_not_matter_and_other_labels_do():
    found = facts_of(RECORDINGS, LABELS, ROWS)
    assert facts_of(RECORDINGS[::-1], LABELS, ROWS[::-1]).equals(found)
    others = LABELS.assign(pneumonia=[1, 0, 0])
    assert not facts_of(RECORDINGS, others, ROWS)["labels"].equals(found["labels"])


def test_what_was_written_down_reads_back_as_it_was(tmp_path):
    found = facts_of(RECORDINGS, LABELS, ROWS)
    found.to_csv(tmp_path / "recordings.csv", index=False)
    assert read_table(tmp_path / "recordings.csv")[list(COLUMNS)].astype(str).equals(found)


BEFORE = facts(
    ("a/1", "a/p", "x", "L", "train"), ("a/2", "a/q", "y", "", ""), ("b/1", "b/p", "z", "L", "gate")
)


def test_the_first_rebuild_has_nothing_to_compare_with():
    found = changes(None, BEFORE)
    assert found["first"]
    assert not has_moved(found)
    assert found["datasets"]["a"] == {
        "recordings": 2,
        "subjects": 2,
        **dict.fromkeys(("new", "gone", "changed", "relabelled"), 0),
    }
    assert sum(found["new_subjects"].values()) == 0


def test_nothing_moved_where_nothing_did():
    found = changes(BEFORE, BEFORE[::-1])
    assert not found["first"]
    assert not has_moved(found)


def test_each_kind_of_change_is_counted_and_named_by_data_set():
    after = facts(
        ("a/1", "a/p", "other", "L", "train"),
        ("a/2", "a/q", "y", "L", "test"),
        ("a/3", "a/r", "w", "L", "gate"),
        ("a/4", "a/p", "v", "L", "train"),
    )
    found = changes(BEFORE, after)
    assert found["named"] == {
        "new": ["a/3", "a/4"],
        "gone": ["b/1"],
        "changed": ["a/1"],
        "relabelled": ["a/2"],
    }
    counts = {key: found["datasets"]["a"][key] for key in ("new", "gone", "changed", "relabelled")}
    assert counts == {"new": 2, "gone": 0, "changed": 1, "relabelled": 1}
    assert found["datasets"]["b"]["gone"] == 1
    assert found["datasets"]["b"]["recordings"] == 0
    # a/q has a label, and so a side, only now; a/p was there.
    assert found["new_subjects"] == {"train": 0, "test": 1, "gate": 1, "val": 0}


def test_of_many_names_only_the_first_are_kept():
    rows = [(f"a/{k:03d}", f"a/{k}", str(k), "L", "train") for k in range(60)]
    found = changes(BEFORE, facts(*rows))
    assert len(found["named"]["new"]) == MAX_NAMED
    assert found["named"]["new"][0] == "a/000"
    assert found["datasets"]["a"]["new"] == 60


@given(st.sets(st.integers(0, 9), min_size=1), st.sets(st.integers(0, 9), min_size=1))
def test_what_came_less_what_went_is_the_difference_in_number(before, after):
    tables = [
        facts(*((f"a/{k}", f"a/{k}", str(k), "L", "train") for k in sorted(one)))
        for one in (before, after)
    ]
    told = changes(*tables)["datasets"]["a"]
    assert told["new"] - told["gone"] == len(after) - len(before)
    assert told["changed"] == told["relabelled"] == 0
