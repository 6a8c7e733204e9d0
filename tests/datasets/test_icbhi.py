"""Quirks of ICBHI 2017."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.errors import AnnotationError
from tests.fakes.icbhi import SUBJECTS, make_icbhi, write_metadata
from tests.fakes.sounds import write_sound

SPLIT = "ICBHI_challenge_train_test.txt"
DIAGNOSIS = "ICBHI_Challenge_diagnosis.txt"
DEMOGRAPHICS = "ICBHI_Challenge_demographic_information.txt"


def test_the_split_finds_the_recording_it_calls_by_another_name(tmp_path, index):
    truth = make_icbhi(tmp_path / "icbhi")
    assert "226_1b1_Pl_sc_Meditron\ttrain" in (truth.folder / SPLIT).read_text()
    tables = index("icbhi", truth.folder)
    recordings = tables.recordings.set_index("recording_id")
    assert recordings.loc["icbhi/226_1b1_Pl_sc_LittC2SE", "official_side"] == "train"
    row = tables.excluded.set_index("reason").loc["named otherwise on disk"]
    assert row["action"] == "repaired"
    assert "226_1b1_Pl_sc_LittC2SE as 226_1b1_Pl_sc_Meditron" in row["detail"]


def test_a_disk_that_uses_the_splits_own_name_is_right_too(tmp_path, index):
    folder = make_icbhi(tmp_path / "icbhi").folder
    for path in list(folder.rglob("226_1b1_Pl_sc_LittC2SE.*")):
        path.rename(path.with_name(path.name.replace("LittC2SE", "Meditron")))
    tables = index("icbhi", folder)
    recordings = tables.recordings.set_index("recording_id")
    assert recordings.loc["icbhi/226_1b1_Pl_sc_Meditron", "official_side"] == "train"
    assert "named otherwise on disk" not in set(tables.excluded["reason"])


@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize("older", [False, True])
def test_every_layout_of_the_folder_and_of_the_metadata_reads_the_same(
    tmp_path, index, flat, older
):
    usual = index("icbhi", make_icbhi(tmp_path / "usual").folder)
    truth = make_icbhi(tmp_path / "other", flat=flat, older_metadata=older)
    other = index("icbhi", truth.folder)
    assert other.recordings.drop(columns="path").equals(usual.recordings.drop(columns="path"))
    assert other.events.equals(usual.events)


def test_both_forms_of_the_metadata_really_differ(tmp_path):
    for name, older in (("new", False), ("old", True)):
        (tmp_path / name).mkdir()
        write_metadata(tmp_path / name, SUBJECTS, older)
    assert b"101\tURTI\n" in (tmp_path / "new" / DIAGNOSIS).read_bytes()
    assert b"101,URTI\r\n" in (tmp_path / "old" / DIAGNOSIS).read_bytes()
    assert (tmp_path / "old" / DEMOGRAPHICS).read_bytes().startswith(b"\n101 40.5 F NA 19 99\n")


def test_a_subject_whose_demographics_are_all_na_is_unknown(tmp_path, index):
    tables = index("icbhi", make_icbhi(tmp_path / "icbhi").folder)
    recordings = tables.recordings
    row = tables.excluded.set_index("reason").loc["age and sex unknown"]
    assert (row["what"], row["detail"]) == ("subject", "subject 223")
    unknown = recordings[recordings["subject_id"] == "icbhi/223"]
    assert len(unknown) == 2
    assert unknown["age"].isna().all()
    assert set(unknown["sex"]) == {""}


def test_subjects_that_stand_on_both_sides_keep_the_published_sides(tmp_path, index):
    tables = index("icbhi", make_icbhi(tmp_path / "icbhi").folder)
    recordings = tables.recordings
    rows = tables.excluded[tables.excluded["reason"] == "on both sides of the official split"]
    assert rows["detail"].tolist() == [
        "subject 156: 1 recordings in train, 1 in test",
        "subject 218: 1 recordings in train, 1 in test",
    ]
    sides = recordings.groupby("subject_id")["official_side"].agg(set)
    assert sides["icbhi/156"] == {"train", "test"}
    assert sides["icbhi/218"] == {"train", "test"}
    assert sides["icbhi/122"] == {"train"}


def test_recordings_that_are_not_on_disk_take_one_row_with_the_count_by_side(tmp_path, index):
    folder = make_icbhi(tmp_path / "icbhi").folder
    with (folder / SPLIT).open("a", newline="") as file:
        file.writelines(f"{300 + k}_1b1_Al_sc_Litt3200\ttest\r\n" for k in range(500))
    rows = index("icbhi", folder).excluded
    rows = rows[rows["reason"] == "recording not on disk"]
    assert rows["detail"].tolist() == ["official split: 1 of train, 501 of test"]


def test_annotations_that_have_no_recording_take_one_row(tmp_path, index):
    folder = make_icbhi(tmp_path / "icbhi").folder
    (folder / "annotations_all").mkdir()
    for k in range(3):
        (folder / "annotations_all" / f"{300 + k}_1b1_Al_sc_Litt3200.txt").write_text(
            "0\t1\t0\t0\n"
        )
    excluded = index("icbhi", folder).excluded
    assert "annotation files: 3 in annotations_all" in set(excluded["detail"])
    assert excluded["reason"].eq("recording not on disk").sum() == 2


def test_cycles_are_taken_from_beside_the_recording_before_anywhere_else(tmp_path, index):
    folder = make_icbhi(tmp_path / "icbhi").folder
    before = index("icbhi", folder).events
    (folder / "copy").mkdir()
    for path in list(folder.rglob("*_sc_*.txt")):
        (folder / "copy" / path.name).write_text("0.0\t0.1\t1\t1\n")
    assert index("icbhi", folder).events.equals(before)


def test_cycles_that_lie_elsewhere_are_found_unless_copies_differ(tmp_path, index):
    folder = make_icbhi(tmp_path / "icbhi").folder
    before = index("icbhi", folder).events
    name = "101_1b1_Tc_sc_AKGC417L"
    (folder / "all").mkdir()
    moved = (folder / "ICBHI_final_database" / f"{name}.txt").rename(folder / "all" / f"{name}.txt")
    assert index("icbhi", folder).events.equals(before)
    (folder / "other").mkdir()
    (folder / "other" / moved.name).write_text("0.0\t0.1\t1\t1\n")
    tables = index("icbhi", folder)
    assert f"icbhi/{name}" not in set(tables.events["recording_id"])
    assert "annotation ambiguous" in set(tables.excluded["reason"])


def test_a_recording_without_cycles_is_kept_and_listed(tmp_path, index):
    folder = make_icbhi(tmp_path / "icbhi").folder
    (folder / "ICBHI_final_database" / "101_1b1_Tc_sc_AKGC417L.txt").unlink()
    (folder / "ICBHI_final_database" / "101_2b1_Al_mc_AKGC417L.txt").write_text("\n")
    tables = index("icbhi", folder)
    assert "icbhi/101" in set(tables.recordings["subject_id"])
    assert not tables.events["recording_id"].str.startswith("icbhi/101_").any()
    rows = tables.excluded.set_index("reason")
    assert rows.loc["annotation missing", "what"] == "event"
    assert rows.loc["annotation empty", "detail"] == "it holds no cycle; the recording is kept"


@pytest.mark.parametrize(
    "line", ["0.1\t0.2\t1", "0.1\t0.2\t1\t2", "start\tend\tcrackle\twheeze", "0.1\t0.2\t1\t0\t0"]
)
def test_lines_that_are_no_cycle_are_counted_and_the_others_used(tmp_path, index, line):
    truth = make_icbhi(tmp_path / "icbhi")
    path = truth.folder / "ICBHI_final_database" / "101_1b1_Tc_sc_AKGC417L.txt"
    path.write_text(f"{line}\n{path.read_text()}{line}\n")
    tables = index("icbhi", truth.folder)
    assert len(tables.events) == len(truth.events)
    row = tables.excluded.set_index("reason").loc["annotation malformed"]
    assert row["detail"].startswith("2 lines, the first: ")
    assert row["path"] == "ICBHI_final_database/101_1b1_Tc_sc_AKGC417L.txt"


def test_windows_line_ends_and_a_byte_order_mark_do_no_harm(tmp_path, index):
    folder = make_icbhi(tmp_path / "icbhi").folder
    before = index("icbhi", folder)
    for path in folder.rglob("*.txt"):
        text = path.read_text().replace("\r\n", "\n").replace("\n", "\r\n")
        path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert index("icbhi", folder).digests == before.digests


@pytest.mark.parametrize("name", [SPLIT, DIAGNOSIS, DEMOGRAPHICS])
@pytest.mark.parametrize("content", [b"<html>404</html>\n", b"", b"\xff\xfe1\x000\x001\x00"])
def test_a_metadata_file_that_cannot_be_understood_is_an_error(tmp_path, index, name, content):
    folder = make_icbhi(tmp_path / "icbhi").folder
    (folder / name).write_bytes(content)
    with pytest.raises(AnnotationError) as error:
        index("icbhi", folder)
    assert error.value.where == str(folder / name)
    assert all((error.value.expected, error.value.found, error.value.action))


@pytest.mark.parametrize("name", [SPLIT, DIAGNOSIS, DEMOGRAPHICS])
def test_a_missing_metadata_file_is_listed_and_its_column_unknown(tmp_path, index, name):
    folder = make_icbhi(tmp_path / "icbhi").folder
    (folder / name).unlink()
    tables = index("icbhi", folder)
    row = tables.excluded.set_index("reason").loc["file missing"]
    assert (row["what"], row["action"]) == ("metadata", "kept")
    column = {SPLIT: "official_side", DIAGNOSIS: "diagnosis", DEMOGRAPHICS: "sex"}[name]
    assert set(tables.recordings[column]) == {""}


def test_two_metadata_files_that_differ_are_an_error_and_equal_copies_are_not(tmp_path, index):
    folder = make_icbhi(tmp_path / "icbhi").folder
    text = (folder / DIAGNOSIS).read_text()
    (folder / "patient_diagnosis.csv").write_text(text.replace("\t", ","))
    index("icbhi", folder)
    (folder / "patient_diagnosis.csv").write_text(text.replace("\tHealthy", ",COPD"))
    with pytest.raises(AnnotationError, match=r"patient_diagnosis\.csv"):
        index("icbhi", folder)


def test_lines_of_the_metadata_that_contradict_or_say_nothing_are_listed(tmp_path, index):
    folder = make_icbhi(tmp_path / "icbhi").folder
    with (folder / DIAGNOSIS).open("a") as file:
        file.write("102\tCOPD\nhere it ends\n")
    tables = index("icbhi", folder)
    recordings = tables.recordings.set_index("subject_id")
    assert set(recordings.loc["icbhi/102", "diagnosis"]) == {""}
    assert set(recordings.loc["icbhi/122", "diagnosis"]) == {"Pneumonia"}
    assert {"lines contradict", "line not understood"} <= set(tables.excluded["reason"])


def test_a_recording_the_official_split_does_not_name_is_listed(tmp_path, index):
    folder = make_icbhi(tmp_path / "icbhi").folder
    lines = (folder / SPLIT).read_text().splitlines()
    (folder / SPLIT).write_text("\n".join(line for line in lines if not line.startswith("101_")))
    tables = index("icbhi", folder)
    row = tables.excluded.set_index("reason").loc["not in the official split"]
    assert row["detail"].startswith("2 recordings, the first: 101_1b1")


def test_names_of_another_form_are_listed(tmp_path, index, reasons):
    folder = make_icbhi(tmp_path / "icbhi").folder
    write_sound(folder / "my recording.wav", np.random.default_rng(0))
    (folder / "102_1b1_Al_sc_Meditron.mp3").write_bytes(b"ID3")
    found = reasons(index("icbhi", folder))
    assert ("recording", "name not understood", "left out") in found
    assert ("recording", "format not read", "left out") in found
