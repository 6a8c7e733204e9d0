"""Whether a new model replaces the champion, by the paired difference on the gate side."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.rebuilds.decision import KEPT, PROMOTED, decide
from pipeline.runs.figures import Scored

CONFIDENCE = 0.95
ROWS = (("a", 1), ("b", 0))
N_SUBJECTS, N_DRAWS = 60, 200


def scored(value, draws, rows=ROWS, **known) -> Scored:
    return Scored(value=value, draws=np.asarray(draws, float), rows=rows, **known)


def around(value: float, spread: float = 0.0, n: int = 1000) -> Scored:
    """Return a figure of which the draws lie evenly about it."""
    return scored(value, value + spread * np.linspace(-1, 1, n))


def event(new: Scored, champion: Scored, margin: float = 0.05) -> str:
    return decide(new, champion, margin, CONFIDENCE).event


def test_a_better_model_is_promoted_and_the_interval_is_told():
    made = decide(around(0.9, 0.04), around(0.8), 0.05, CONFIDENCE)
    assert made.event == PROMOTED
    assert made.difference == pytest.approx(0.1)
    assert made.interval == pytest.approx([0.1 - 0.038, 0.1 + 0.038])


def test_a_worse_model_is_kept_out():
    assert event(around(0.7, 0.01), around(0.8)) == KEPT


def test_what_may_be_worse_is_kept_out_though_it_looks_better():
    made = decide(around(0.82, 0.2), around(0.8), 0.05, CONFIDENCE)
    assert made.event == KEPT
    assert made.why.endswith("though it looks better.")


def test_a_model_that_is_a_little_worse_for_certain_is_promoted_within_the_margin():
    assert event(around(0.77), around(0.8), margin=0.05) == PROMOTED
    assert event(around(0.77), around(0.8), margin=0.02) == KEPT


def test_the_margin_itself_is_allowed_and_nothing_beyond():
    assert event(around(0.75), around(0.8), margin=0.05) == PROMOTED
    assert event(around(0.75), around(0.8), margin=0.0499) == KEPT


def test_the_same_predictions_are_not_worse_even_without_a_margin():
    one = around(0.8, 0.1)
    made = decide(one, one, 0.0, CONFIDENCE)
    assert (made.event, made.difference, made.interval) == (PROMOTED, 0.0, [0.0, 0.0])


def test_the_difference_is_paired():
    draws = np.random.default_rng(0).normal(0.8, 0.2, 500)
    assert event(scored(0.81, draws + 0.01), scored(0.8, draws), margin=0.0) == PROMOTED
    shuffled = np.random.default_rng(1).permutation(draws)
    assert event(scored(0.81, shuffled + 0.01), scored(0.8, draws), margin=0.0) == KEPT


@pytest.mark.parametrize("who", ["the new model", "the champion"])
def test_without_a_figure_the_champion_stays_and_the_reason_is_told(who):
    none = Scored(reason="nobody with a label is on it")
    pair = (none, around(0.8)) if who == "the new model" else (around(0.8), none)
    made = decide(*pair, 0.05, CONFIDENCE)
    assert (made.event, made.difference) == (KEPT, None)
    assert who in made.why
    assert "nobody with a label is on it" in made.why


def test_figures_of_other_rows_are_not_compared():
    other = scored(0.9, np.full(1000, 0.9), rows=(("a", 1), ("c", 0)))
    made = decide(other, around(0.5), 0.05, CONFIDENCE)
    assert made.event == KEPT
    assert "not scored on the same spans" in made.why


def test_without_draws_the_champion_stays():
    few = Scored(value=0.9, rows=ROWS, interval_reason="an interval needs two subjects")
    made = decide(few, around(0.5), 0.05, CONFIDENCE)
    assert made.event == KEPT
    assert "an interval needs two subjects" in made.why


@pytest.mark.parametrize("n_undefined", [100, 500])
def test_one_lucky_draw_decides_nothing_where_too_many_are_undefined(n_undefined):
    draws = np.r_[0.95, np.full(n_undefined, np.nan), np.linspace(0.1, 0.9, 499 - 100)]
    made = decide(scored(0.9, draws), around(0.5, n=len(draws)), 0.05, CONFIDENCE)
    assert (made.event, made.interval) == (KEPT, None)


def test_a_few_undefined_draws_are_left_out():
    draws = np.r_[np.nan, np.full(999, 0.9)]
    assert event(scored(0.9, draws), around(0.5)) == PROMOTED


def right_rates(rng: np.random.Generator, truly_worse_by: float) -> tuple[Scored, Scored]:
    """Return two models' share of subjects called rightly, drawn again on the same subjects."""
    ease = rng.random(N_SUBJECTS)  # a subject that is hard for one is hard for the other
    flips = rng.random((2, N_SUBJECTS)) < 0.1
    champion = (ease < 0.8) ^ flips[0]
    new = (ease < 0.8 - truly_worse_by / 0.8) ^ flips[1]
    weights = rng.multinomial(N_SUBJECTS, np.full(N_SUBJECTS, 1 / N_SUBJECTS), size=N_DRAWS)
    draws = [weights @ each / N_SUBJECTS for each in (new, champion)]
    return scored(new.mean(), draws[0]), scored(champion.mean(), draws[1])


def share_promoted(truly_worse_by: float, margin: float, n: int = 250) -> float:
    rng = np.random.default_rng(0)
    events = [event(*right_rates(rng, truly_worse_by), margin) for _ in range(n)]
    return events.count(PROMOTED) / n


def test_a_model_that_is_worse_by_the_margin_is_hardly_ever_promoted():
    # 2.5 % are meant; a percentile bootstrap of 60 subjects is a little too sure of itself.
    assert share_promoted(truly_worse_by=0.1, margin=0.1) <= 0.06
    assert share_promoted(truly_worse_by=0.2, margin=0.1) <= 0.01


def test_an_equal_model_is_promoted_more_often_the_wider_the_margin():
    shares = [share_promoted(0.0, margin) for margin in (0.0, 0.1, 0.2)]
    assert shares[0] < 0.1 < shares[1] < shares[2]
    assert shares[2] > 0.9
