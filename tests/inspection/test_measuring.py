"""Measures of a whole data set: each recording decoded once, kept, and written down."""

import numpy as np
import pytest
import soundfile

from pipeline.inspection import measuring
from pipeline.inspection.cache import AudioFile, MeasuresCache
from pipeline.inspection.measuring import measure_all, read_measures, write_measures
from tests.inspection.cohorts import breath, rows_of


def listed(folder) -> list[AudioFile]:
    files = sorted(folder.glob("*.wav"))
    return [AudioFile(f.name, f.stat().st_size, f.stat().st_mtime_ns) for f in files]


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "recordings"
    place.mkdir()
    for i in range(4):
        soundfile.write(place / f"r{i}.wav", breath(i), 8000)
    return place


@pytest.fixture
def decoded(monkeypatch):
    """Return the names of the recordings decoded so far."""
    names = []
    plain = measuring.measure_recording

    def counted(path):
        names.append(path.name)
        return plain(path)

    monkeypatch.setattr(measuring, "measure_recording", counted)
    return names


def test_one_more_recording_costs_one_decode(folder, tmp_path, decoded):
    first = measure_all(folder, listed(folder), MeasuresCache(tmp_path / "cache"), 2)
    assert sorted(decoded) == ["r0.wav", "r1.wav", "r2.wav", "r3.wav"]
    decoded.clear()
    soundfile.write(folder / "r4.wav", breath(4), 8000)
    again = measure_all(folder, listed(folder), MeasuresCache(tmp_path / "cache"), 2)
    assert decoded == ["r4.wav"]
    for path in first:
        assert again[path][0] == first[path][0]
        np.testing.assert_array_equal(again[path][1].envelope, first[path][1].envelope)
        np.testing.assert_array_equal(again[path][1].spectrum, first[path][1].spectrum)


def test_changed_recording_is_measured_again(folder, tmp_path, decoded):
    measure_all(folder, listed(folder), MeasuresCache(tmp_path / "cache"))
    decoded.clear()
    soundfile.write(folder / "r1.wav", breath(9, duration_s=3.0), 8000)
    found = measure_all(folder, listed(folder), MeasuresCache(tmp_path / "cache"))
    assert decoded == ["r1.wav"]
    assert found["r1.wav"][0].n_samples == 24000


def test_run_that_is_stopped_keeps_what_it_decoded(folder, tmp_path, decoded):
    def stop(done, total, message):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure_all(folder, listed(folder), MeasuresCache(tmp_path / "cache"), 1, stop)
    n_before = len(decoded)
    decoded.clear()
    measure_all(folder, listed(folder), MeasuresCache(tmp_path / "cache"))
    assert 2 <= 4 - len(decoded) <= n_before


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 no archive", b"text"])
def test_damaged_cache_counts_as_none(folder, tmp_path, decoded, damage):
    measure_all(folder, listed(folder), MeasuresCache(tmp_path / "cache"))
    whole = (tmp_path / "cache").read_bytes()
    for content in (damage, whole[: len(whole) // 2]):
        (tmp_path / "cache").write_bytes(content)
        decoded.clear()
        measure_all(folder, listed(folder), MeasuresCache(tmp_path / "cache"))
        assert len(decoded) == 4


def test_cache_that_cannot_be_written_only_warns(folder, tmp_path, caplog):
    (tmp_path / "file").write_text("in the way")
    found = measure_all(folder, listed(folder), MeasuresCache(tmp_path / "file" / "cache"))
    assert len(found) == 4
    assert "could not be written" in caplog.text


def test_unreadable_recording_does_not_stop_the_others(folder, tmp_path):
    (folder / "r2.wav").write_bytes(b"no audio at all")
    found = measure_all(folder, listed(folder), MeasuresCache(tmp_path / "cache"), 2)
    assert [path for path, (one, _) in sorted(found.items()) if one.problem] == ["r2.wav"]


def test_measures_read_back_in_the_order_of_the_recordings(folder, tmp_path):
    measured = measure_all(folder, listed(folder), MeasuresCache(tmp_path / "cache"))
    recordings = rows_of(n=4)[::-1].reset_index(drop=True)
    assert write_measures(tmp_path, recordings, measured) == {
        "n_recordings": 4,
        "n_unreadable": 0,
    }
    table, pictured = read_measures(tmp_path)
    assert list(table["recording_id"]) == ["made/r3", "made/r2", "made/r1", "made/r0"]
    for i, path in enumerate(recordings["path"]):
        row = table.drop(columns="recording_id").iloc[i].to_dict()
        assert row == pytest.approx(measured[path][0].row())
        np.testing.assert_array_equal(pictured[i].envelope, measured[path][1].envelope)
