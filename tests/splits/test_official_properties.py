"""For any cohort around a usable official split: cleaned, nobody stands on both of its sides."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.splits.grouping import subject_groups
from tests.splits.cohorts import recording, split, tables
from tests.splits.test_properties import holds_apart

SICK = ["crackle", "wheeze", "both", "normal"]


@st.composite
def published(draw: st.DrawFn):
    """Draw a cohort whose official split can always be used, beside whom anybody may cross it."""
    rows = [
        recording(f"icbhi/anchor{k}", 0, SICK if sick else ["normal"], name)
        | {"official_side": side}
        for k, (side, sick, name) in enumerate(
            (side, sick, "Pneumonia" if sick else "COPD")
            for side in ("train", "test")
            for sick in (True, False)
        )
    ]
    audio = st.one_of(st.none(), st.integers(0, 4))
    for k in range(draw(st.integers(0, 8))):
        words = draw(st.sampled_from([["normal"], ["both", "normal"], ["crackle"]]))
        for number in range(draw(st.integers(1, 3))):
            side = draw(st.sampled_from(["train", "test"]))
            rows.append(
                recording(f"icbhi/{k}", number, words, "COPD", draw(audio), official_side=side)
            )
    return tables(rows)


@settings(max_examples=60, deadline=None)
@given(published(), st.sampled_from(["pneumonia", "crackle_wheeze", "icbhi-4"]))
def test_an_official_split_that_can_be_used_is_cleaned_whoever_crosses_it(index, problem):
    made = split(index, problem, mode="official-clean")
    assert made.mode == "official-clean"
    holds_apart(made)
    rows = made.splits.merge(index[0][["recording_id", "official_side"]], on="recording_id")
    # Nobody comes to the test side who was not published there.
    assert set(rows.loc[rows["side"] == "test", "official_side"]) == {"test"}
    groups = subject_groups(index[0])
    on_train = index[0].loc[index[0]["official_side"] == "train", "subject_id"].map(groups)
    tested = rows.loc[rows["side"] == "test", "subject_id"].map(groups)
    assert not set(tested) & set(on_train)
