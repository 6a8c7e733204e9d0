"""A sweep's settings: every combination, or draws that stay the same when more are asked for."""

from __future__ import annotations

import math

import pytest

from pipeline.errors import SettingsError
from pipeline.runs.jobs import jobs_of
from pipeline.runs.sweep import expand

RATE = {"low": 1e-4, "high": 1e-2, "log": True}
LOT = {"training.learning_rate": RATE, "training.n_epochs": {"low": 3, "high": 6}, "seed": 1}


def drawn(n, **over):
    return expand({**LOT, "n_random": n, **over}, "a file")


def test_a_grid_holds_every_combination_once():
    found = expand({"training.learning_rate": [1e-3, 3e-4], "model.width": [1, 2, 1]}, "a file")
    assert found == {
        f"learning_rate={rate},width={width}": {
            "training": {"learning_rate": rate},
            "model": {"width": width},
        }
        for rate in (1e-3, 3e-4)
        for width in (1, 2)
    }


def test_keys_may_stand_without_quotes():
    nested = {"training": {"learning_rate": [1e-3, 3e-4]}}
    assert expand(nested, "a file") == expand({"training.learning_rate": [1e-3, 3e-4]}, "a file")


def test_keys_of_one_name_are_told_apart():
    (name,) = expand({"splits.seed": [1], "subset.seed": [2]}, "a file")
    assert name == "splits.seed=1,subset.seed=2"


def test_a_longer_list_begins_with_the_shorter_one():
    assert list(drawn(12).items())[:5] == list(drawn(5).items())
    assert len(drawn(12)) == 12


def test_another_seed_draws_others():
    assert not set(drawn(5)) & set(drawn(5, seed=2))


def test_draws_stay_within_their_range_and_are_of_the_key_s_type():
    values = [one["training"] for one in drawn(60).values()]
    rates = [one["learning_rate"] for one in values]
    assert all(1e-4 <= rate <= 1e-2 for rate in rates)
    middle = sorted(math.log10(rate) for rate in rates)[30]
    assert abs(middle + 3) < 0.35  # by its logarithm: half of the draws below 1e-3
    assert {one["n_epochs"] for one in values} == {3, 4, 5, 6}


def test_lists_are_drawn_without_repeats_until_all_are_there():
    space = {"model.width": [1, 2, 3], "n_random": 3}
    assert len(expand(space, "a file")) == 3
    with pytest.raises(SettingsError, match="3 different ones"):
        expand({**space, "n_random": 4}, "a file")


@pytest.mark.parametrize(
    ("table", "hint"),
    [
        ({}, "learning_rate"),
        ({"n_random": 3}, "learning_rate"),
        ({"training.learning_rat": [1]}, "Did you mean 'training.learning_rate'"),
        ({"trainig.n_epochs": [1]}, "Did you mean 'training.n_epochs'"),
        ({"n_randm": 3, "model.width": [1]}, "Did you mean 'n_random'"),
        ({"model.width": []}, "a list of values"),
        ({"model.width": 2}, "a list of values"),
        ({"model.width": {"low": 1, "high": 2}}, "needs n_random"),
        ({"model.width": {"low": 2, "high": 1}, "n_random": 2}, "low < high"),
        ({"model.width": {"low": 1}, "n_random": 2}, "low < high"),
        ({"model.width": {"low": 1, "high": 2, "step": 1}, "n_random": 2}, "low < high"),
        ({"model.dropout": {"low": 0, "high": 0.5, "log": True}, "n_random": 2}, "above 0"),
        ({"model.width": {"low": 1, "high": 99}, "n_random": 2}, "at most 8"),
        ({"model.name": {"low": 1, "high": 2}, "n_random": 2}, "no number"),
        ({"model.width": [1], "n_random": 0}, "n_random: a whole number from 1"),
        ({"model.width": [1], "budget": "x"}, "budget: a whole number from 1"),
    ],
)
def test_what_a_sweep_may_not_say(table, hint):
    with pytest.raises(SettingsError, match=hint):
        expand(table, "a file")


def test_a_value_out_of_range_names_the_job(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('[training]\nbatch_size = 4\n[sweep]\n"training.n_epochs" = [2, 0]\n')
    with pytest.raises(SettingsError, match="job 'n_epochs=0'"):
        jobs_of(str(path))
    path.write_text(path.read_text().replace("0]", "3]"))
    jobs = jobs_of(str(path))
    assert [job.name for job in jobs] == ["n_epochs=2", "n_epochs=3"]
    assert all(job.experiment.section("training")["batch_size"] == 4 for job in jobs)
