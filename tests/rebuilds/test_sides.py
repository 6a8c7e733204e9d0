"""Sides that only grow: who came first never moves, whoever comes later."""

from __future__ import annotations

from collections import Counter

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.rebuilds.sides import SIDES, Shares, counted, grown, side_rows

SHARES = Shares(gate=0.15, test=0.2, val=0.15)
COLUMNS = ["subject_id", "group_id", "stratum", "heard"]


def people(*rows: tuple[str, str, str] | tuple[str, str, str, str]) -> pd.DataFrame:
    """Return subjects as (name, group, stratum), and perhaps the side of their audio before."""
    return pd.DataFrame([(*row, "")[:4] for row in rows], columns=COLUMNS)


def crowd(n: int, stratum: str = "a:1", first: int = 0) -> pd.DataFrame:
    """Return subjects who have nothing to do with each other."""
    names = [f"{stratum}/{k}" for k in range(first, first + n)]
    return people(*((name, name, stratum) for name in names))


@st.composite
def cohorts(draw: st.DrawFn) -> pd.DataFrame:
    """Draw subjects of several strata, some of whom form groups."""
    n = draw(st.integers(1, 40))
    strata = st.sampled_from(["a:0", "a:1", "b:0"])
    leader = [draw(st.integers(0, k)) if draw(st.booleans()) else k for k in range(n)]
    return people(*((f"s{k}", f"s{leader[k]}", draw(strata)) for k in range(n)))


@given(cohorts(), st.lists(st.integers(0, 40), max_size=4), st.integers(0, 3))
def test_a_known_subject_never_moves_whoever_comes_in_whatever_batches(cohort, cuts, seed):
    known: dict[str, str] = {}
    for upto in [*sorted(cuts), len(cohort)]:
        new = grown(known, cohort.head(upto), SHARES, seed)
        assert not new.keys() & known.keys()
        known |= new
    assert known.keys() == set(cohort["subject_id"])
    assert set(known.values()) <= set(SIDES)


@given(cohorts(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(cohort, random):
    order = list(range(len(cohort)))
    random.shuffle(order)
    assert grown({}, cohort.iloc[order], SHARES, 0) == grown({}, cohort, SHARES, 0)


@given(cohorts(), st.integers(0, 40))
def test_groups_of_new_subjects_stay_together_and_join_whom_they_know(cohort, upto):
    known = grown({}, cohort.head(upto), SHARES, 0)
    sides = known | grown(known, cohort, SHARES, 0)
    for _, rows in cohort.groupby("group_id"):
        assert len({sides[each] for each in rows["subject_id"]}) == 1


@given(cohorts(), st.sets(st.integers(0, 39)))
def test_who_goes_and_comes_back_stands_where_he_stood(cohort, gone):
    known = grown({}, cohort, SHARES, 0)
    some = cohort.drop(index=[k for k in gone if k < len(cohort)])
    assert grown(known, some, SHARES, 0) == {}
    assert grown(known, cohort, SHARES, 0) == {}


def test_nothing_is_asked_of_those_who_are_there():
    assert grown({}, crowd(0), SHARES, 0) == {}
    assert grown({"x": "gate"}, crowd(0), SHARES, 0) == {}


@pytest.mark.parametrize("batch", [1, 7, 200])
def test_the_shares_are_approached_in_each_stratum_in_batches_of_any_size(batch):
    known: dict[str, str] = {}
    for first in range(0, 200, batch):
        both = pd.concat([crowd(min(first + batch, 200), name) for name in ("a:0", "a:1")])
        known |= grown(known, both, SHARES, 0)
    for stratum in ("a:0", "a:1"):
        counts = Counter(side for who, side in known.items() if who.startswith(stratum))
        for side in SIDES:
            assert abs(counts[side] - 200 * SHARES.of(side)) <= 1, (stratum, counts)


def test_the_shares_are_all_there_is():
    assert sum(SHARES.of(side) for side in SIDES) == pytest.approx(1)


def test_every_side_gets_somebody_as_a_stratum_grows_first_train_then_test_then_gate():
    sides: dict[str, str] = {}
    first = []
    for n in range(1, 13):
        new = grown(sides, crowd(n), SHARES, 0)
        first += [side for side in new.values() if side not in sides.values()]
        sides |= new
    assert first == ["train", "test", "gate", "val"]


def test_a_share_that_is_changed_holds_for_those_who_come_from_then_on():
    known = grown({}, crowd(100), SHARES, 0)
    more = Shares(gate=0.4, test=0.2, val=0.15)
    new = grown(known, crowd(150), more, 0)
    assert counted(list(known.values()))["gate"] == 15
    assert counted(list(new.values()))["gate"] > 40


def test_another_seed_deals_otherwise():
    both = pd.concat([crowd(20), crowd(20, "b:0")])
    assert grown({}, both, SHARES, 0) != grown({}, both, SHARES, 1)


def test_who_links_two_sides_comes_to_those_who_are_more():
    known = {"x": "train", "y": "gate", "z": "gate"}
    group = people(*((who, "g", "a:1") for who in ("x", "y", "z", "new")))
    assert grown(known, group, SHARES, 0) == {"new": "gate"}


def test_somebody_who_comes_back_under_another_name_comes_to_where_his_audio_stood():
    for side in SIDES:
        assert grown({}, people(("new", "new", "a:1", side)), SHARES, 0) == {"new": side}
    group = people(("old", "g", "a:1"), ("new", "g", "a:1", "train"))
    assert grown({"old": "gate"}, group, SHARES, 0) == {"new": "gate"}


def heard_in(*rows: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["recording_id", "subject_id", "content_hash"])


RECORDINGS = heard_in(("r2", "b", "two"), ("r1", "a", "one"), ("r3", "nobody", "one"))


def test_each_recording_stands_where_its_subject_does_and_others_nowhere():
    rows, n_left_out = side_rows(RECORDINGS, {"a": "train", "b": "gate"}, {})
    assert list(rows["recording_id"] + rows["side"]) == ["r1train", "r2gate"]
    assert n_left_out == 0


def test_audio_on_two_sides_is_left_out_of_both():
    crossing = heard_in(("r1", "a", "one"), ("r2", "b", "one"), ("r3", "a", "two"))
    rows, n_left_out = side_rows(crossing, {"a": "train", "b": "gate"}, {})
    assert list(rows["recording_id"]) == ["r3"]
    assert n_left_out == 2


def test_audio_that_stood_on_another_side_is_left_out_though_its_first_copy_is_gone():
    rows, n_left_out = side_rows(RECORDINGS, {"a": "train", "b": "gate"}, {"two": "train"})
    assert list(rows["recording_id"]) == ["r1"]
    assert n_left_out == 1


def test_audio_without_a_hash_is_no_copy_of_another():
    unknown = heard_in(("r1", "a", ""), ("r2", "b", ""))
    rows, n_left_out = side_rows(unknown, {"a": "train", "b": "gate"}, {})
    assert len(rows) == 2
    assert n_left_out == 0


@given(cohorts(), st.lists(st.integers(0, 8), min_size=40, max_size=40))
def test_no_audio_stands_on_two_sides_and_nothing_is_lost(cohort, audio):
    recordings = cohort.assign(
        recording_id="r" + cohort["subject_id"],
        content_hash=[str(audio[k]) for k in range(len(cohort))],
    )
    sides = grown({}, cohort, SHARES, 0)
    rows, n_left_out = side_rows(recordings, sides, {})
    assert len(rows) + n_left_out == len(recordings)
    assert (rows.groupby("content_hash")["side"].nunique() == 1).all()
