"""A folder of the user's own: what the names of folders say."""

from __future__ import annotations

import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.datasets.description import GRAVE
from pipeline.datasets.folder_labels import DIAGNOSES, SOUNDS, read_labels
from pipeline.errors import RecordingsMissing
from pipeline.problems import problem_named, read_word
from tests.datasets.looking import row_of
from tests.fakes.folder import make_folder


@pytest.fixture
def folder(tmp_path):
    return make_folder(tmp_path / "folder").folder


@pytest.mark.parametrize(
    ("name", "kind", "diagnosis", "label"),
    [
        ("crackle+wheeze", "crackle+wheeze", "", "crackle+wheeze"),
        ("Crackles", "crackle", "", "Crackles"),
        ("crackle+crackles", "crackle", "", "crackle+crackles"),
        (" fine_crackle + Rhonchus ", "fine crackle+rhonchi", "", "fine_crackle+Rhonchus"),
        ("normal", "normal", "normal", "normal"),
        ("Healthy", "normal", "Healthy", "Healthy"),
        ("normal+healthy", "normal", "healthy", "normal+healthy"),
        ("crackle+healthy", "crackle", "healthy", "crackle+healthy"),
        ("pneumonia", "pneumonia", "pneumonia", "pneumonia"),
        ("normal+pneumonia", "normal", "pneumonia", "normal+pneumonia"),
        ("COPD+asthma", "COPD+asthma", "COPD + asthma", "COPD+asthma"),
        ("crackle+COPD", "crackle", "COPD", "crackle+COPD"),
        ("poor quality", "poor quality", "", "poor quality"),
        ("unknown", "", "", ""),
        ("2021", "", "", ""),
        ("2021-03+crackle", "crackle", "", "crackle"),
        ("+", "", "", ""),
        ("", "", "", ""),
    ],
)
def test_a_folders_name_gives_type_diagnosis_and_label(name, kind, diagnosis, label):
    assert read_labels(name)[:3] == (kind, diagnosis, label)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("pnuemonia", "pnuemonia"),
        ("Pneumonie", "Pneumonie"),
        ("astma", "astma"),
        ("bronchiectasia", "bronchiectasia"),
        ("helthy", "helthy"),
        ("crackle+pnuemonia", "crackle"),
        ("healthy+pnuemonia", "healthy+pnuemonia"),
        ("COPD+pnuemonia", "COPD+pnuemonia"),
    ],
)
def test_a_misspelt_diagnosis_is_none(name, kind):
    found = read_labels(name)
    assert found[:3] == (kind, "", name)
    assert len(found.unclear) == 1


@pytest.mark.parametrize("name", [*sorted(DIAGNOSES - {"normal"}), "no pneumonia", "exports"])
def test_a_diagnosis_that_is_spelt_right_or_far_from_all_stays_one(name):
    assert read_labels(name).diagnosis == name


@pytest.mark.parametrize("name", ["abnormal", "mild wheeze", "no crackles", "crackle_wheeze"])
def test_a_word_around_a_sound_word_is_no_diagnosis(name):
    found = read_labels(name)
    assert found[:3] == (name, "", name)
    assert found.unclear


@given(st.lists(st.sampled_from(sorted(SOUNDS)), min_size=1, max_size=4))
def test_sounds_alone_never_say_what_a_person_has(words):
    found = read_labels("+".join(words))
    if found and found.diagnosis:
        assert set(words) == {found.diagnosis} == {"normal"}


@given(st.text(max_size=30))
def test_any_name_gives_labels_or_a_contradiction(name):
    found = read_labels(name)
    assert found is None or bool(found.type) == bool(found.record_label)


@pytest.mark.parametrize("name", ["normal+crackle", "healthy+pneumonia", "both+normal"])
def test_a_label_set_that_contradicts_itself_is_left_out(write, index, name):
    assert read_labels(name) is None
    tables = index("folder", write("wheeze/a.wav", f"{name}/b.wav"))
    assert tables.recordings["path"].tolist() == ["wheeze/a.wav"]
    row = row_of(tables, "labels contradict")
    assert (row["what"], row["action"], row["detail"]) == ("recording", "left out", name)


@pytest.mark.parametrize(
    ("name", "sounds", "ill"),
    [
        ("crackle+wheeze", (1, 1), "diagnosis unknown"),
        ("both", (1, 1), "diagnosis unknown"),
        ("stridor", (0, 1), "diagnosis unknown"),
        ("normal", (0, 0), (0,)),
        ("healthy", (0, 0), (0,)),
        ("pneumonia", "sound not understood", (1,)),
        ("pneumonia+COPD", "sound not understood", (1,)),
        ("asthma", "sound not understood", (0,)),
        ("crackle+pneumonia", (1, 0), (1,)),
        ("abnormal", "sound not understood", "diagnosis unknown"),
    ],
)
def test_labels_mean_what_they_should_and_nothing_becomes_negative_by_silence(name, sounds, ill):
    found = read_labels(name)
    assert read_word(problem_named("crackle_wheeze"), found.type) == sounds
    assert read_word(problem_named("pneumonia"), found.diagnosis) == ill


def test_only_the_folder_a_recording_lies_in_names_its_labels(write, index):
    tables = index("folder", write("wheeze/crackle/a.wav"))
    assert tables.events["type"].tolist() == ["crackle"]
    assert tables.events["weak"].tolist() == [1]


def test_recordings_without_a_label_are_kept_and_counted(write, index):
    tables = index("folder", write("a.wav", "unknown/b.wav", "crackle/c.wav"))
    assert len(tables.recordings) == 3
    assert tables.events["recording_id"].tolist() == ["folder/crackle/c"]
    row = row_of(tables, "no label")
    assert row["detail"].startswith("2 recordings, the first: a.wav")


def test_a_folder_without_any_label_says_so(write, index):
    tables = index("folder", write("a.wav", "unknown/b.wav"))
    row = row_of(tables, "no recording has a label")
    assert row["reason"] in GRAVE
    assert row["detail"].startswith("2 recordings, the first: a.wav")
    assert "no label" not in set(tables.excluded["reason"])


def test_a_diagnosis_in_the_file_is_a_label(write, index):
    text = "path,subject_id,diagnosis\na.wav,P1,COPD\nb.wav,P2,\n"
    tables = index("folder", write("a.wav", "b.wav", subjects=text))
    assert row_of(tables, "no label")["detail"].startswith("1 recording, the first: b.wav")


def test_words_taken_as_a_diagnosis_are_shown(write, index):
    tables = index("folder", write("exports/a.wav", "asthma/b.wav", "asthma/c.wav", "wheeze/d.wav"))
    row = row_of(tables, "folder names taken as diagnosis")
    assert row["detail"] == "1 recording: exports (1)"


def test_diagnoses_that_are_known_need_no_attention(write, index):
    tables = index("folder", write(*(f"{word}/a.wav" for word in ("COPD+asthma", "normal"))))
    assert "folder names taken as diagnosis" not in set(tables.excluded["reason"])


def test_words_that_are_not_understood_are_named_with_their_counts(write, index):
    names = ("pnuemonia/a", "pnuemonia/b", "abnormal/c", "crackle/d")
    tables = index("folder", write(*(f"{name}.wav" for name in names)))
    assert row_of(tables, "label not understood")["detail"] == (
        "3 recordings: abnormal (1), pnuemonia (2)"
    )
    assert set(tables.recordings["diagnosis"]) == {""}


def test_one_file_name_in_two_folders_is_two_recordings(write, index):
    tables = index("folder", write("crackle/a.wav", "wheeze/a.wav"))
    assert tables.recordings["recording_id"].tolist() == ["folder/crackle/a", "folder/wheeze/a"]


def test_only_wav_and_flac_are_read(write, index):
    folder = write("crackle/a.wav", "crackle/b.flac")
    (folder / "crackle" / "c.mp3").write_bytes(b"ID3")
    tables = index("folder", folder)
    assert len(tables.recordings) == 2
    assert row_of(tables, "format not read")["path"] == "crackle/c.mp3"


def test_a_folder_of_mp3_says_what_to_do(tmp_path, index):
    (tmp_path / "data" / "crackle").mkdir(parents=True)
    (tmp_path / "data" / "crackle" / "c.mp3").write_bytes(b"ID3")
    with pytest.raises(RecordingsMissing) as caught:
        index("folder", tmp_path / "data")
    assert caught.value.action == "convert the recordings to .wav or .flac"
    assert "format not read 1" in caught.value.found


@pytest.mark.parametrize("name", ["folder", "folder-clinic"])
def test_the_message_on_an_empty_folder_speaks_of_the_users_own(tmp_path, index, name):
    (tmp_path / "data").mkdir()
    with pytest.raises(RecordingsMissing) as caught:
        index(name, tmp_path / "data")
    assert caught.value.expected.startswith("a folder of your own: recordings")
    assert caught.value.action.startswith("put your recordings there, or name")
    assert ("--paths-folder" in caught.value.action) == (name == "folder")


def test_two_folders_of_ones_own_share_no_id(tmp_path, index):
    first = index("folder-clinic_a", make_folder(tmp_path / "a", name="folder-clinic_a").folder)
    truth = make_folder(tmp_path / "b", seed=1, name="folder-clinic_b")
    second = index("folder-clinic_b", truth.folder)
    assert set(second.recordings["recording_id"]) == set(truth.recordings)
    assert set(first.recordings["dataset"]) == {"folder-clinic_a"}
    for column in ("recording_id", "subject_id"):
        assert not set(first.recordings[column]) & set(second.recordings[column])


def test_moving_the_folder_changes_nothing(tmp_path, folder, index):
    before = index("folder", folder)
    shutil.copytree(folder, tmp_path / "elsewhere")
    assert index("folder", tmp_path / "elsewhere").digests == before.digests
