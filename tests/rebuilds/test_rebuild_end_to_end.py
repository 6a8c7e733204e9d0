"""The nights of one clinic, as a scheduler runs them: one story, told by the tests in order."""

from __future__ import annotations

import shutil

import pytest

from pipeline.contract import read_json
from pipeline.training.leakage import TRAINED_ON, subject_hash
from tests.rebuilds.nights import DATASET, Nights, ended


@pytest.fixture(scope="module")
def nights(tmp_path_factory):
    place = Nights(tmp_path_factory.mktemp("nights"))
    place.arrive(*range(24))
    return place


def seen_by(nights: Nights) -> set[str]:
    """Return the hashes of whoever any model was trained or validated on."""
    found = (nights.data / "07_models").glob(f"*/{TRAINED_ON}")
    return {each for path in found for each in read_json(path)["subjects"]}


def test_the_first_night_makes_a_champion_though_the_command_is_given_twice_at_once(nights):
    for code, said in [ended(one) for one in [nights.start("2026-03-01") for _ in range(2)]]:
        assert code == 0, said
        assert f"{nights.champion()} is the first champion" in said
    assert nights.events() == [("2026-03-01", "promoted")]
    assert nights.models() == {nights.champion()}
    assert nights.messages() == ["promoted"]


def test_every_side_has_somebody_of_each_class(nights):
    for side in ("train", "val", "test", "gate"):
        own = [subject for subject, each in nights.sides().items() if each == side]
        assert any("healthy" in subject for subject in own)
        assert any("pneumonia" in subject for subject in own)


def test_a_night_without_news_trains_nothing_and_the_same_night_again_does_nothing(nights):
    before = nights.models()
    for expected in ("stays champion: nothing is newer", "Nothing to do"):
        code, said = nights.night("2026-03-02")
        assert code == 0, said
        assert expected in said
    assert nights.models() == before
    assert nights.events()[1:] == [("2026-03-02", "unchanged")]
    assert nights.messages() == ["promoted", "unchanged"]
    assert "Nothing moved since the last rebuild." in nights.note("2026-03-02")


def test_a_night_whose_source_is_gone_leaves_the_champion_tells_once_and_ends_with_30(nights):
    champion, history = nights.champion(), nights.history()
    away = nights.source.rename(nights.folder / "away")
    code, said = nights.night("2026-03-03", "--workers", "2")
    away.rename(nights.source)
    assert code == 30, said
    assert "Rebuild 2026-03-03 of pneumonia did not come about. The champion stays." in said
    assert "NoSuchPath" in said
    assert (nights.champion(), nights.history()) == (champion, history)
    assert nights.messages()[2:] == ["failed"]
    assert nights.told_last().startswith("Rebuild 2026-03-03 of pneumonia did not come about")
    assert "FetchRecordings: " in nights.told_last()


def test_new_people_make_one_new_model_though_two_nights_are_made_up_at_once(nights):
    known, models = nights.sides(), nights.models()
    nights.arrive(*range(24, 32))
    both = [nights.start(date, "--margin", "1") for date in ("2026-03-03", "2026-03-04")]
    for code, said in [ended(one) for one in both]:
        assert code == 0, said
    assert known.items() <= nights.sides().items()
    assert len(nights.sides()) == len(known) + 8
    (new,) = nights.models() - models
    decided = [row["model"] for row in nights.history() if row["rebuild"] > "2026-03-02"]
    assert set(decided) == {new}
    # The older of the two may have been overtaken, or have come first.
    assert nights.events()[-1][0] == "2026-03-04"
    assert nights.history()[-1]["champion"] == nights.champion() == new


def test_the_outcome_of_the_new_model_tells_what_came_and_what_decided(nights):
    first = next(row["rebuild"] for row in nights.history() if row["rebuild"] > "2026-03-02")
    outcome = nights.outcome(first)
    assert outcome["changes"]["datasets"][DATASET]["new"] == 8
    assert sum(outcome["changes"]["new_subjects"].values()) == 8
    low, high = outcome["gate"]["limits"]
    assert outcome["event"] == "promoted"
    assert low <= outcome["gate"]["difference"] <= high


def test_nobody_of_the_gate_and_the_test_side_was_seen_by_any_model(nights):
    apart = {who for who, side in nights.sides().items() if side in ("gate", "test")}
    assert len(apart) > 8
    assert seen_by(nights)
    assert not {subject_hash(subject) for subject in apart} & seen_by(nights)


def test_a_night_before_the_newest_is_overtaken(nights):
    history, messages = nights.history(), nights.messages()
    code, said = nights.night("2026-02-28")
    assert code == 0, said
    assert "overtaken by the rebuild of 2026-03-04; nothing was done" in said
    assert (nights.history(), nights.messages()) == (history, messages)


def test_a_night_that_was_killed_before_history_knew_of_it_is_brought_to_its_end(nights):
    history, models = nights.history(), nights.models()
    path = nights.line / "history.csv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-1]))
    (nights.line / "current").unlink()
    code, said = nights.night("2026-03-04")
    assert code == 0, said
    ended_before, ended_now = history[-1], nights.history()[-1]
    assert ended_now["rebuild"] == "2026-03-04"
    assert (ended_now["champion"], nights.champion()) == (ended_before["champion"],) * 2
    assert nights.models() == models


def test_a_link_that_is_lost_is_mended_and_the_note_of_that_night_stays(nights):
    (nights.line / "current").unlink()
    note, history, messages = nights.note("2026-03-04"), nights.history(), nights.messages()
    code, said = nights.night("2026-03-04")
    assert code == 0, said
    assert nights.champion() == history[-1]["champion"]
    assert nights.note("2026-03-04") == note
    assert (nights.history(), nights.messages()) == (history, messages)


def test_after_a_roll_back_the_model_that_was_left_is_not_promoted_again(nights):
    first, latest = nights.history()[0]["champion"], nights.champion()
    assert first != latest
    code, said = ended(nights.luigi("RollBack", "--problem", "pneumonia"))
    assert code == 0, said
    assert nights.champion() == first
    code, said = nights.night("2026-03-05")
    assert code == 0, said
    assert nights.champion() == first
    assert nights.history()[-1]["event"] == "kept"
    assert nights.history()[-1]["model"] == latest
    assert "Somebody went back from this very model" in said


def test_a_damaged_champion_fails_the_night_in_words_until_it_is_whole_again(nights):
    weights = next((nights.data / "07_models" / nights.champion()).glob("*.keras"))
    shutil.copy(weights, nights.folder / "weights")
    weights.write_bytes(b"")
    code, said = nights.night("2026-03-06")
    assert code == 30, said
    assert "the champion's folder, whole" in said
    shutil.copy(nights.folder / "weights", weights)
    code, said = nights.night("2026-03-06")
    assert code == 0, said


def test_rangedaily_finds_every_day_up_to_the_newest_done(nights):
    history = nights.history()
    days = ("--start", "2026-02-25", "--stop", "2026-03-07", "--days-back", "4000")
    code, said = ended(nights.luigi("RangeDaily", "--of", "RebuildAll", *days))
    assert code == 0, said
    assert nights.history() == history
