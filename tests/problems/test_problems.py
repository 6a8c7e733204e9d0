"""Problems as files: what they mean, who can serve them, and what a user's own file may say."""

from __future__ import annotations

import textwrap
import tomllib

import pytest

from pipeline.errors import SettingsError
from pipeline.problems import FOLDER, NAMES, Problem, problem_named, read_word, served_by
from pipeline.problems import refuse_unsuited as refuse

OWN = """
labels = ["stridor", "rhonchi"]
level = "event"
column = "type"
negative = ["normal"]

[words]
stridor = ["Stridor"]
rhonchi = ["Rhonchi", " low  wheeze "]

[figures]
title = "Two sounds"
main = "score"
level = "recording"
"""


def own(tmp_path, text, name="mine.toml"):
    path = tmp_path / name
    path.write_text(textwrap.dedent(text))
    return problem_named(str(path))


def test_the_issue_s_problems_are_shipped():
    assert set(NAMES) == {
        *("pneumonia", "crackle_wheeze", "icbhi-4", "icbhi-diagnosis"),
        *("sprsound-1-1", "sprsound-1-2", "sprsound-2-1", "sprsound-2-2"),
    }


@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_problem_survives_the_way_through_a_task_s_parameters(name):
    problem = problem_named(name)
    assert Problem.of(problem.content, problem.figures) == problem
    assert problem.name == name
    assert problem.title


@pytest.mark.parametrize("name", NAMES)
def test_what_only_the_report_reads_is_not_part_of_what_is_trained(name):
    problem = problem_named(name)
    assert not set(problem.content) & set(problem.figures)
    assert set(tomllib.loads((FOLDER / f"{name}.toml").read_text())["figures"]) == {
        *("title", "main", "level")
    }


@pytest.mark.parametrize(
    ("name", "word", "label"),
    [
        ("icbhi-4", "normal", "normal"),
        ("icbhi-4", "both", "both"),
        ("icbhi-4", "Wheeze+Crackle", "both"),
        ("icbhi-4", "I C E W", "both"),
        ("icbhi-4", "I C B", "crackle"),
        ("icbhi-4", "Bronchial", "normal"),
        ("sprsound-1-1", "Normal", "normal"),
        ("sprsound-1-1", "Fine Crackle", "adventitious"),
        ("sprsound-1-2", "Coarse Crackle", "coarse_crackle"),
        ("sprsound-1-2", "Wheeze+Crackle", "wheeze_crackle"),
        ("sprsound-2-1", "CAS & DAS", "adventitious"),
        ("sprsound-2-1", "Poor Quality", "poor_quality"),
        ("sprsound-2-2", "CAS & DAS", "cas_das"),
        ("sprsound-2-2", "CAS", "cas"),
        ("icbhi-diagnosis", "COPD", "chronic"),
        ("icbhi-diagnosis", "LRTI", "non_chronic"),
        ("icbhi-diagnosis", "Healthy", "healthy"),
    ],
)
def test_an_exclusive_word_makes_exactly_one_class(name, word, label):
    problem = problem_named(name)
    found = read_word(problem, word)
    assert sum(found) == 1
    assert found[problem.labels.index(label)] == 1


def test_words_of_several_exclusive_classes_are_left_out():
    assert read_word(problem_named("icbhi-diagnosis"), "Healthy + COPD") == (
        0,
        1,
        0,
    )
    contradicting = read_word(problem_named("icbhi-diagnosis"), "COPD + URTI")
    assert contradicting == "diagnosis of several classes"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("pneumonia", {"icbhi", "jordan", "simulated", "bangladesh", "folder"}),
        (
            "crackle_wheeze",
            {"icbhi", "jordan", "simulated", "sprsound", "perch", "antwerp", "antwerp-sim"}
            | {"folder"},
        ),
        ("icbhi-diagnosis", {"icbhi"}),
        ("sprsound-1-2", {"sprsound"}),
        ("sprsound-2-1", {"sprsound"}),
    ],
)
def test_data_sets_serve_what_they_have_words_for(name, expected):
    assert set(served_by(problem_named(name))) == expected
    refuse(problem_named(name), expected)


@pytest.mark.parametrize(
    ("name", "dataset"), [("crackle_wheeze", "bangladesh"), ("pneumonia", "sprsound")]
)
def test_a_data_set_that_cannot_serve_is_refused_and_those_that_can_are_listed(name, dataset):
    with pytest.raises(SettingsError) as caught:
        refuse(problem_named(name), [dataset, "icbhi"])
    assert dataset in caught.value.found
    assert "icbhi" not in caught.value.found
    assert "icbhi" in caught.value.expected
    assert dataset not in caught.value.expected


def test_a_user_s_file_is_a_problem_without_code(tmp_path):
    problem = own(tmp_path, OWN)
    assert problem.name == "mine"
    assert read_word(problem, "low wheeze") == (0, 1)
    assert read_word(problem, "Stridor + rhonchi") == (1, 1)
    assert read_word(problem, "crackle") == "sound not understood"
    assert "sprsound" in served_by(problem)
    assert "icbhi" not in served_by(problem)


def test_a_problem_about_another_disease_finds_its_data_sets(tmp_path):
    problem = own(
        tmp_path,
        """
        labels = ["copd"]
        level = "subject"
        column = "diagnosis"
        others = "negative"
        [words]
        copd = ["COPD"]
        """,
    )
    assert read_word(problem, "Asthma + COPD") == (1,)
    assert read_word(problem, "heart failure") == (0,)
    assert {"icbhi", "jordan"} <= set(served_by(problem))
    assert "bangladesh" not in served_by(problem)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("level =", "levle =", "Did you mean 'level'"),
        ('level = "event"', 'level = "events"', "Did you mean 'event'"),
        ('column = "type"', 'column = "diagnosis"', "level 'event' with column 'type'"),
        ('"rhonchi"]', '"Rhonchi"]', "small letters"),
        ('"rhonchi"]', '"weak"]', "no column of a table"),
        ('labels = ["stridor", "rhonchi"]', 'labels = ["stridor", "stridor"]', "each label once"),
        ('stridor = ["Stridor"]', "stridor = []", "words for the label 'stridor'"),
        ('stridor = ["Stridor"]', 'stridor = "Stridor"', "a list of words under 'words.stridor'"),
        ('main = "score"', 'main = "accuracy"', "auroc, score, challenge_score"),
        ("[figures]", "[figure]", "Did you mean"),
        ('negative = ["normal"]', 'normal = "stridor"', "'normal' with exclusive"),
        ('negative = ["normal"]', "exclusive = true", "which of stridor, rhonchi it is"),
        ("[words]", "[words", "TOML"),
        ('negative = ["normal"]', 'main_measure = "auroc"', "figures"),
        ('negative = ["normal"]', 'negative = ["rhonchi"]', "not both"),
        ('negative = ["normal"]', 'negative = ["none"]', "words that say something"),
        ('negative = ["normal"]', 'datasets = ["icbih"]', "'icbih'"),
        ('column = "type"', 'column = "typ"', "Did you mean 'type'"),
        ('negative = ["normal"]', "labels = []", "TOML"),
        ('labels = ["stridor", "rhonchi"]\n', "", "the key 'labels'"),
        (
            'labels = ["stridor", "rhonchi"]',
            'labels = ["stridor", "rhonchi", "x"]',
            "the label 'x'",
        ),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path, old, new, says):
    assert old in OWN
    with pytest.raises(SettingsError) as caught:
        own(tmp_path, OWN.replace(old, new))
    assert says in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_one_word_cannot_mean_two_exclusive_classes(tmp_path):
    text = """
    labels = ["a", "b"]
    level = "recording"
    column = "record_label"
    exclusive = true
    normal = "a"
    [words]
    a = ["x"]
    b = ["X "]
    """
    with pytest.raises(SettingsError, match="'x' in two"):
        own(tmp_path, text)


EXCLUSIVE = """
labels = ["normal", "crackle", "both"]
level = "event"
column = "type"
exclusive = true
normal = "normal"
[words]
normal = ["normal"]
crackle = ["crackle"]
both = ["both"]
[combinations]
both = ["crackle", "normal"]
"""


@pytest.mark.parametrize(
    "found", ["[]", '["crackle"]', '["crackle", "normal"]', '["both", "crackle"]', "5"]
)
def test_a_combination_that_rewrites_labels_is_refused(tmp_path, found):
    with pytest.raises(SettingsError, match=r"combinations\.both"):
        own(tmp_path, EXCLUSIVE.replace('["crackle", "normal"]', found))


def test_the_normal_class_is_scored(tmp_path):
    text = EXCLUSIVE.split("[combinations]")[0]
    with pytest.raises(SettingsError, match="a scored class as 'normal'"):
        own(tmp_path, text.replace("[words]", 'not_scored = ["normal"]\n[words]'))


@pytest.mark.parametrize(
    ("problem", "word"),
    [
        ("pneumonia", "COPD, unknown"),
        ("pneumonia", "undiagnosed"),
        ("pneumonia", "pnuemonia"),
        ("pneumonia", "COPD + pneumona"),
        ("crackle_wheeze", "crackle+?"),
        ("crackle_wheeze", "normal/unknown"),
    ],
)
def test_what_is_unknown_or_misspelt_never_becomes_a_negative(problem, word):
    assert isinstance(read_word(problem_named(problem), word), str)


def test_a_file_with_a_byte_order_mark_is_read(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(OWN, encoding="utf-8-sig")
    assert problem_named(str(path)).labels == ("stridor", "rhonchi")


def test_an_unknown_name_is_refused_with_the_nearest_one():
    with pytest.raises(SettingsError, match="Did you mean 'pneumonia'"):
        problem_named("pneumona")
    with pytest.raises(SettingsError, match="a problem among"):
        problem_named("whooping")
    with pytest.raises(SettingsError, match="no such file"):
        problem_named("nowhere/mine.toml")


def test_a_file_cannot_take_a_shipped_problem_s_name(tmp_path):
    with pytest.raises(SettingsError, match="Rename the file"):
        own(tmp_path, OWN, "pneumonia.toml")
