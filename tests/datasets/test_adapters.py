"""What holds for every adapter: the index of a fake is exactly what is in the fake."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from pipeline import datasets
from pipeline.datasets.index import list_files, write_index
from pipeline.datasets.tables import (
    EVENT_COLUMNS,
    EXCLUDED_COLUMNS,
    RECORDING_COLUMNS,
)
from tests.fakes.every import FAKES

every_data_set = pytest.mark.parametrize("name", datasets.known())


def test_there_is_a_fake_of_every_data_set():
    assert tuple(sorted(FAKES)) == datasets.known()


@every_data_set
def test_the_index_holds_exactly_what_is_there(name, tmp_path, index):
    truth = FAKES[name](tmp_path / name)
    tables = index(name, truth.folder)
    rows = tables.recordings.set_index("recording_id").to_dict("index")
    assert set(rows) == set(truth.recordings)
    for recording_id, known in truth.recordings.items():
        shown = {column: rows[recording_id][column] for column in known}
        assert pd.Series(shown).equals(pd.Series(known)), recording_id
    events = [tuple(row) for row in tables.events.to_numpy().tolist()]
    assert sorted(events) == sorted(truth.events)
    assert set(tables.excluded["reason"]) == truth.reasons


@every_data_set
def test_every_row_is_complete_and_in_order(name, tmp_path, index):
    truth = FAKES[name](tmp_path / name)
    tables = index(name, truth.folder)
    assert tuple(tables.recordings.columns) == RECORDING_COLUMNS
    assert tuple(tables.events.columns) == EVENT_COLUMNS
    assert tuple(tables.excluded.columns) == EXCLUDED_COLUMNS
    assert tables.recordings["recording_id"].is_monotonic_increasing
    assert set(tables.recordings["dataset"]) == {name}
    assert tables.recordings["audio_hash"].str.fullmatch("[0-9a-f]{64}").all()
    assert tables.recordings["subject_id"].str.startswith(f"{name}/").all()
    assert set(tables.recordings["label_level"]) == {datasets.load(name).label_level}
    for row in tables.recordings.itertuples():
        assert (truth.folder / row.path).is_file()
        path = Path(row.path)
        bare = path.with_suffix("").as_posix() if name == "folder" else path.stem
        assert row.recording_id == f"{name}/{bare}"
        assert row.duration_s == row.n_samples / row.sample_rate
    order = ["recording_id", "start_s", "end_s", "type"]
    assert tables.events.equals(tables.events.sort_values(order, ignore_index=True))


@every_data_set
def test_the_order_of_the_files_does_not_matter(name, tmp_path):
    folder = FAKES[name](tmp_path / name).folder
    dataset = datasets.load(name)
    paths = list_files(folder).paths()
    shuffled = random.Random(0).sample(paths, len(paths))
    assert dataset.read(folder, shuffled).recordings == dataset.read(folder, paths).recordings


@every_data_set
def test_reading_touches_no_audio_and_writes_nothing(name, tmp_path, index):
    folder = FAKES[name](tmp_path / name).folder
    listing = list_files(folder)
    index(name, folder)
    assert list_files(folder) == listing
    for path in listing.paths():
        if path.endswith((".wav", ".flac")):
            (folder / path).unlink()
    assert datasets.load(name).read(folder, listing.paths()).recordings


@every_data_set
def test_flac_instead_of_wav_gives_the_same_audio(name, tmp_path, index):
    import soundfile

    folder = FAKES[name](tmp_path / name).folder
    before = index(name, folder)
    for path in list(folder.rglob("*.wav")):
        # SPRSound's header defect is repaired by name: this reader would refuse the file.
        content = bytearray(path.read_bytes())
        content[32:34] = (content[34] // 8).to_bytes(2, "little")
        path.write_bytes(content)
        samples, sample_rate = soundfile.read(path, dtype="int32")
        subtype = soundfile.info(path).subtype
        soundfile.write(path.with_suffix(".flac"), samples, sample_rate, subtype=subtype)
        path.unlink()
    after = index(name, folder)
    assert after.digests["audio"] == before.digests["audio"]
    same = ["recording_id", "audio_hash", "content_hash", "duration_s"]
    assert after.recordings[same].equals(before.recordings[same])
    assert after.events.equals(before.events)


@every_data_set
def test_a_data_set_without_one_recording_says_what_was_expected(name, tmp_path, index):
    from pipeline.errors import RecordingsMissing

    folder = FAKES[name](tmp_path / name).folder
    for path in [*folder.rglob("*.wav"), *folder.rglob("*.flac")]:
        path.unlink()
    (folder / "paper.pdf").write_bytes(b"")
    with pytest.raises(RecordingsMissing) as error:
        index(name, folder)
    assert error.value.expected == datasets.load(name).layout
    assert "1 .pdf" in error.value.found
    assert error.value.where == str(folder)
    assert "--paths-recordings" in error.value.action


@every_data_set
def test_the_written_tables_read_back(name, tmp_path, index):
    tables = index(name, FAKES[name](tmp_path / name).folder)
    (tmp_path / "out").mkdir()
    info = write_index(tables, tmp_path / "out")
    assert tables.digests.items() <= info["digests"].items()
    assert set(info["digests"]) == {"audio", "tables", "excluded"}
    assert info["counts"]["recordings"] == len(tables.recordings)
    assert info["counts"]["left_out_recordings"] == 0
    assert sum(info["counts"]["excluded"].values()) == len(tables.excluded)
    for table in ("recordings", "events", "excluded"):
        content = (tmp_path / "out" / f"{table}.csv").read_bytes()
        assert b"\r" not in content
        frame = pd.read_csv(
            tmp_path / "out" / f"{table}.csv", keep_default_na=False, na_values={"age": [""]}
        )
        shown = getattr(tables, table)
        pd.testing.assert_frame_equal(frame, shown, check_dtype=False, check_exact=True)


def test_no_two_data_sets_share_an_id(tmp_path, index):
    made = [index(name, FAKES[name](tmp_path / name).folder).recordings for name in FAKES]
    together = pd.concat(made)
    assert together["recording_id"].is_unique
    assert together.groupby("subject_id")["dataset"].nunique().eq(1).all()


@every_data_set
def test_recordings_left_out_are_counted_and_their_copies_are_not(name, tmp_path, index):
    import shutil

    truth = FAKES[name](tmp_path / name)
    first, second, *_ = sorted(truth.folder.rglob("*.wav"))
    shutil.copyfile(first, first.with_suffix(".flac"))
    second.write_bytes(b"")
    (tmp_path / "out").mkdir()
    counts = write_index(index(name, truth.folder), tmp_path / "out")["counts"]
    assert counts["left_out_recordings"] == 1
    assert counts["recordings"] == len(truth.recordings) - 1
    assert counts["excluded"]["recording: duplicate name"] == 1


def test_digests_tell_audio_from_tables(tmp_path, index):
    truth = FAKES["icbhi"](tmp_path / "icbhi")
    first = index("icbhi", truth.folder)
    assert index("icbhi", truth.folder).digests == first.digests
    diagnosis = truth.folder / "ICBHI_Challenge_diagnosis.txt"
    diagnosis.write_text(diagnosis.read_text().replace("COPD", "Asthma"))
    second = index("icbhi", truth.folder)
    assert second.digests["audio"] == first.digests["audio"]
    assert second.digests["tables"] != first.digests["tables"]


def test_two_rows_of_one_id_are_never_both_kept(tmp_path, index, monkeypatch):
    truth = FAKES["simulated"](tmp_path / "simulated")
    dataset = datasets.load("simulated")

    def twice(folder, files):
        annotations = dataset.read(folder, files)
        annotations.recordings *= 2
        return annotations

    monkeypatch.setattr(datasets, "load", lambda name: replace(dataset, read=twice))
    tables = index("simulated", truth.folder)
    assert tables.recordings["recording_id"].is_unique
    assert set(tables.excluded["reason"]) == {"duplicate name"}
