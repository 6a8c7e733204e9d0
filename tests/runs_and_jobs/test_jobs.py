"""What an experiment file of several runs comes to, and what it may not say."""

from __future__ import annotations

import pytest

from pipeline.errors import SettingsError
from pipeline.problems import problem_named
from pipeline.runs.jobs import budget_of, jobs_of, refuse_over_budget
from pipeline.settings import load

JOBS = """
[training]
n_epochs = 7
[[job]]
name = "plain"
[[job]]
name = "wide"
description = "twice the channels"
problem = "crackle_wheeze"
datasets = ["icbhi", "jordan"]
split = "grouped"
folds = 5
fold = [1, 3]
seeds = 3
subset = 10
[job.model]
width = 2
[job.training]
n_epochs = 9
"""


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "mine.toml"
        path.write_text(text)
        return str(path)

    return write


def test_a_job_overrides_what_all_share(written):
    plain, wide = jobs_of(written(JOBS))
    assert plain.experiment.section("training")["n_epochs"] == 7
    assert wide.experiment.section("training")["n_epochs"] == 9
    assert wide.experiment.section("model")["width"] == 2.0
    baseline = load("baseline")
    assert plain.experiment.section("model") == baseline.section("model")


def test_a_job_says_what_it_asks_for_and_nothing_else(written):
    plain, wide = jobs_of(written(JOBS))
    assert plain.asked == {}
    assert wide.asked == {
        "problem": "crackle_wheeze",
        "datasets": "icbhi,jordan",
        "split": "grouped",
        "folds": 5,
        "fold": "1,3",
        "seeds": 3,
        "subset": 10,
    }
    assert (plain.description, wide.description) == ("", "twice the channels")


def test_a_job_s_key_for_all_problems_wins_over_the_file_s_key_for_one(written):
    text = '[clips.pneumonia]\nwindow_s = 4\nstep_s = 1\n[[job]]\nname = "a"\n[job.clips]\n'
    (job,) = jobs_of(written(f"{text}window_s = 6\n"))
    assert job.experiment.section("clips", problem_named("pneumonia"))["window_s"] == 6.0


def test_a_file_without_jobs_is_one_job(written):
    path = written("[training]\nn_epochs = 3\n")
    (job,) = jobs_of(path)
    assert job.name == ""
    assert job.experiment == load(path)


def test_one_job_is_an_experiment_of_its_own(written):
    path = written(JOBS)
    own = load(f"{path}#wide")
    assert own.sections == jobs_of(path)[1].experiment.sections
    assert own.name == "mine#wide"


def test_a_job_that_is_not_there_names_the_nearest(written):
    with pytest.raises(SettingsError, match="Did you mean 'wide'"):
        load(f"{written(JOBS)}#wid")
    with pytest.raises(SettingsError, match="one run"):
        load("baseline#wide")


def test_a_file_whose_own_name_holds_the_sign_is_that_file(tmp_path):
    path = tmp_path / "a#b.toml"
    path.write_text("[training]\nn_epochs = 3\n")
    assert load(str(path)).section("training")["n_epochs"] == 3


@pytest.mark.parametrize("text", [JOBS, '[sweep]\n"model.width" = [1, 2]\n'])
def test_a_plain_run_refuses_a_file_of_several(written, text):
    with pytest.raises(SettingsError, match="RunExperiment"):
        load(written(text))


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("[job.trainig]\n", "Did you mean 'training'"),
        ("problm = 'pneumonia'\n", "Did you mean 'problem'"),
        ("[job.training]\nn_epoch = 3\n", "Did you mean 'n_epochs'"),
        ("[job.training]\nn_epochs = 0\n", "at least 1"),
        ("[job.clips]\nstep_s = 50\n", "at most window_s"),
        ("split = 'groupd'\n", "Did you mean 'grouped'"),
        ("seeds = 0\n", "from 1"),
        ("seeds = true\n", "a whole number"),
        ("folds = '5'\n", "a whole number"),
        ("datasets = 3\n", "a text or a list"),
        ("problem = ['pneumonia']\n", "problem: a text"),
        ("description = 3\n", "description: a text"),
        ("[[job.job]]\n", "only known sections and keys"),
    ],
)
def test_what_a_job_may_not_say_is_refused_with_its_name(written, text, hint):
    with pytest.raises(SettingsError) as caught:
        jobs_of(written(f'[[job]]\nname = "fine"\n[[job]]\nname = "odd"\n{text}'))
    assert hint in str(caught.value)
    assert "mine.toml, job 'odd'" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("[[job]]\nseeds = 2\n", "a name for each"),
        ('[[job]]\nname = "a b"\n', "'a b'"),
        ('[[job]]\nname = "a#b"\n', "'a#b'"),
        ('[[job]]\nname = "a"\n[[job]]\nname = "a"\n', "twice"),
        ('[job]\nname = "a"\n', r"Write \[\[job\]\]"),
        ("job = [3]\n", "a table"),
        ("[jobs]\n", "Did you mean 'job'"),
        ('[[job]]\nname = "a"\n[sweep]\n"model.width" = [1]\n', "both"),
        ('[trainig]\n[[job]]\nname = "a"\n', "Did you mean 'training'"),
        ("sweep = 3\n", "a table"),
    ],
)
def test_what_a_file_of_jobs_may_not_say(written, text, hint):
    with pytest.raises(SettingsError, match=hint) as caught:
        jobs_of(written(text))
    assert "mine.toml" in caught.value.where


def test_what_all_share_is_refused_in_the_file_s_name(written):
    with pytest.raises(SettingsError) as caught:
        jobs_of(written('[training]\nn_epochs = 0\n[[job]]\nname = "a"\n'))
    assert "job" not in caught.value.where


def test_a_budget_stops_what_is_more_than_it(written):
    path = written('[sweep]\nbudget = 4\n"model.width" = [1, 2]\n')
    refuse_over_budget(budget_of(path), 4, path)
    with pytest.raises(SettingsError, match="5: every setting"):
        refuse_over_budget(budget_of(path), 5, path)
    refuse_over_budget(budget_of("baseline"), 10_000, "baseline")
