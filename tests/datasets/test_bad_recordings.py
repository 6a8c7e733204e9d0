"""Recordings and events that cannot be used: listed with a reason, never a traceback."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest

from pipeline.datasets.index import write_index
from pipeline.errors import RecordingsMissing
from tests.fakes.icbhi import make_icbhi
from tests.fakes.sounds import BROKEN, INFINITE, SILENT, write_sound

NAME = "101_1b1_Tc_sc_AKGC417L"


@pytest.fixture
def truth(tmp_path):
    return make_icbhi(tmp_path / "icbhi")


@pytest.fixture
def place(truth):
    return truth.folder / "ICBHI_final_database"


def listed(tables):
    rows = tables.excluded[tables.excluded["what"].isin(["recording", "event"])]
    return rows[["recording_id", "what", "reason", "action"]].to_numpy().tolist()


@pytest.mark.parametrize("reason", BROKEN)
def test_a_broken_recording_is_left_out_with_its_events(truth, place, index, reason):
    BROKEN[reason](place / f"{NAME}.wav")
    tables = index("icbhi", truth.folder)
    assert f"icbhi/{NAME}" not in set(tables.recordings["recording_id"])
    assert f"icbhi/{NAME}" not in set(tables.events["recording_id"])
    assert len(tables.recordings) == len(truth.recordings) - 1
    assert listed(tables) == [[f"icbhi/{NAME}", "recording", reason, "left out"]]
    assert tables.excluded["detail"].str.len().gt(0).all()


@pytest.mark.parametrize(("write", "reason"), [(INFINITE, "not a number"), (SILENT, "constant")])
def test_infinite_samples_and_silence_are_left_out(truth, place, index, write, reason):
    write(place / f"{NAME}.wav")
    assert listed(index("icbhi", truth.folder))[0][2] == reason


def test_a_link_that_leads_nowhere_is_left_out(truth, place, index):
    (place / f"{NAME}.wav").unlink()
    (place / f"{NAME}.wav").symlink_to(truth.folder / "gone.wav")
    rows = listed(index("icbhi", truth.folder))
    assert rows == [[f"icbhi/{NAME}", "recording", "unreadable", "left out"]]


def test_of_a_wav_and_a_flac_of_one_name_the_wav_is_used(truth, place, index):
    write_sound(place / f"{NAME}.flac", np.random.default_rng(5))
    tables = index("icbhi", truth.folder)
    paths = tables.recordings.set_index("recording_id")["path"]
    assert paths[f"icbhi/{NAME}"].endswith(".wav")
    assert listed(tables) == [[f"icbhi/{NAME}", "recording", "duplicate name", "left out"]]
    row = tables.excluded.set_index("reason").loc["duplicate name"]
    assert row["path"].endswith(".flac")
    assert row["detail"] == f"ICBHI_final_database/{NAME}.wav is used"


def test_of_copies_in_two_folders_the_one_nearest_to_the_top_is_used(truth, place, index):
    shutil.copytree(place, truth.folder / "backup" / "of" / "it")
    tables = index("icbhi", truth.folder)
    assert tables.recordings["path"].str.startswith("ICBHI_final_database/").all()
    assert len(listed(tables)) == len(truth.recordings)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("0.5\t0.5\t1\t0", "zero length"),
        ("0.6\t0.5\t1\t0", "negative length"),
        ("-0.2\t0.5\t1\t0", "starts before the recording"),
        ("50\t51\t1\t0", "starts past the recording"),
        ("nan\t0.5\t1\t0", "time not a number"),
        ("0.1\tinf\t1\t0", "time not a number"),
        ("soon\t0.5\t1\t0", "time not a number"),
    ],
)
def test_an_event_of_impossible_times_is_left_out(truth, place, index, line, reason):
    with (place / f"{NAME}.txt").open("a") as file:
        file.write(f"{line}\n")
    tables = index("icbhi", truth.folder)
    assert len(tables.events) == len(truth.events)
    assert listed(tables) == [[f"icbhi/{NAME}", "event", reason, "left out"]]


@pytest.mark.parametrize(("over_s", "is_listed"), [(0.02, False), (0.2, True)])
def test_an_event_past_the_end_is_cut_and_listed_beyond_50_ms(
    truth, place, index, over_s, is_listed
):
    duration_s = index("icbhi", truth.folder).recordings.set_index("recording_id")["duration_s"]
    end_s = duration_s[f"icbhi/{NAME}"]
    (place / f"{NAME}.txt").write_text(f"0.1\t{end_s + over_s}\t1\t0\n")
    tables = index("icbhi", truth.folder)
    events = tables.events[tables.events["recording_id"] == f"icbhi/{NAME}"]
    assert events["end_s"].tolist() == [end_s]
    row = [f"icbhi/{NAME}", "event", "ends past the recording", "repaired"]
    assert listed(tables) == ([row] if is_listed else [])


def test_when_no_recording_is_usable_the_error_counts_the_reasons(truth, place, index):
    for path in [*place.glob("*.wav"), *place.glob("*.flac")]:
        path.write_bytes(b"")
    with pytest.raises(RecordingsMissing) as error:
        index("icbhi", truth.folder)
    assert f"recordings left out: empty file {len(truth.recordings)}" in error.value.found


def test_a_name_that_is_not_utf_8_is_left_out_and_can_be_written(truth, place, index, tmp_path):
    odd = os.fsencode(truth.folder) + b"/caf\xe9"
    os.mkdir(odd)
    for ending in (b"wav", b"txt"):
        name = NAME.encode() + b"." + ending
        os.rename(os.fsencode(place) + b"/" + name, odd + b"/" + name)
    tables = index("icbhi", truth.folder)
    write_index(tables, tmp_path)
    assert "caf\\udce9" in (tmp_path / "excluded.csv").read_text(encoding="utf-8")
    assert [row[2] for row in listed(tables)] == ["name is not UTF-8"]
