"""What is decoded again and what is not, and what happens when files change meanwhile."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from pipeline import datasets
from pipeline.audio.check import RecordingFacts
from pipeline.datasets import facts, side_by_side
from pipeline.datasets.index import HashCache, build_index, list_files
from pipeline.datasets.listing import FileEntry
from pipeline.errors import RecordingsChanged
from tests.fakes.icbhi import make_icbhi
from tests.fakes.sounds import BROKEN, write_sound


@pytest.fixture
def truth(tmp_path):
    return make_icbhi(tmp_path / "icbhi")


@pytest.fixture
def place(truth):
    return truth.folder / "ICBHI_final_database"


@pytest.fixture
def decoded(monkeypatch):
    """Return the list of the names decoded so far."""
    names = []
    inspect = facts.inspect_recording

    def counting(path):
        names.append(path.name)
        return inspect(path)

    monkeypatch.setattr(facts, "inspect_recording", counting)
    return names


def test_nothing_is_decoded_twice(truth, index, decoded):
    first = index("icbhi", truth.folder)
    assert len(decoded) == len(truth.recordings)
    decoded.clear()
    assert index("icbhi", truth.folder).digests == first.digests
    assert decoded == []


def test_one_added_recording_is_one_decoding(truth, place, index, decoded):
    index("icbhi", truth.folder)
    decoded.clear()
    write_sound(place / "102_9b9_Al_sc_Meditron.wav", np.random.default_rng(9))
    index("icbhi", truth.folder)
    assert decoded == ["102_9b9_Al_sc_Meditron.wav"]


def test_one_corrected_annotation_is_no_decoding(truth, place, index, decoded):
    first = index("icbhi", truth.folder)
    decoded.clear()
    (place / "101_1b1_Tc_sc_AKGC417L.txt").write_text("0.1\t0.4\t1\t1\n")
    second = index("icbhi", truth.folder)
    assert decoded == []
    assert second.digests["audio"] == first.digests["audio"]
    assert second.digests["tables"] != first.digests["tables"]


def test_a_replaced_recording_is_decoded_again(truth, place, index, decoded):
    first = index("icbhi", truth.folder)
    decoded.clear()
    path = place / "101_1b1_Tc_sc_AKGC417L.wav"
    size = path.stat().st_size
    content = bytearray(path.read_bytes())
    content[1000:1003] = b"abc"
    path.write_bytes(content)
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
    assert path.stat().st_size == size
    assert index("icbhi", truth.folder).digests["audio"] != first.digests["audio"]
    assert decoded == [path.name]


def test_a_broken_recording_is_remembered_unless_it_could_not_be_opened(
    truth, place, index, decoded
):
    BROKEN["constant"](place / "101_1b1_Tc_sc_AKGC417L.wav")
    (place / "102_5b1_Al_sc_Meditron.wav").symlink_to("nowhere")
    index("icbhi", truth.folder)
    decoded.clear()
    tables = index("icbhi", truth.folder)
    assert decoded == ["102_5b1_Al_sc_Meditron.wav"]
    assert {"constant", "unreadable"} <= set(tables.excluded["reason"])


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"format": "other", "recordings": {}}'])
def test_a_cache_that_cannot_be_used_counts_as_empty(truth, index, tmp_path, decoded, content):
    first = index("icbhi", truth.folder)
    (tmp_path / "cache" / "icbhi.json").write_text(content)
    decoded.clear()
    assert index("icbhi", truth.folder).digests == first.digests
    assert len(decoded) == len(truth.recordings)


def test_entries_of_a_strange_form_are_passed_over(truth, index, tmp_path, decoded):
    index("icbhi", truth.folder)
    path = tmp_path / "cache" / "icbhi.json"
    path.write_text(path.read_text().replace('"audio_hash"', '"hash"', 1))
    decoded.clear()
    index("icbhi", truth.folder)
    assert len(decoded) == 1


def test_where_the_folder_really_lies_is_not_looked_up_for_every_file(truth, index, monkeypatch):
    index("icbhi", truth.folder)
    resolved = []
    resolve = Path.resolve

    def counting(path, *arguments, **options):
        resolved.append(path)
        return resolve(path, *arguments, **options)

    monkeypatch.setattr(Path, "resolve", counting)
    index("icbhi", truth.folder)
    assert resolved == [truth.folder]


def test_files_that_are_gone_leave_the_cache(truth, place, index, tmp_path):
    index("icbhi", truth.folder)
    (place / "101_1b1_Tc_sc_AKGC417L.wav").unlink()
    index("icbhi", truth.folder)
    assert "101_1b1_Tc_sc_AKGC417L" not in (tmp_path / "cache" / "icbhi.json").read_text()


def test_the_cache_appears_whole_and_leaves_nothing_beside_it(truth, index, tmp_path):
    index("icbhi", truth.folder)
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["icbhi.json"]


def test_a_cache_that_cannot_be_written_only_warns(truth, tmp_path, caplog):
    (tmp_path / "file").write_text("")
    cache = HashCache(tmp_path / "file" / "cache.json")
    dataset = datasets.load("icbhi")
    tables = build_index(dataset, truth.folder, list_files(truth.folder), cache)
    assert len(tables.recordings) == len(truth.recordings)
    assert "could not be written" in caplog.text


def test_what_was_decoded_before_an_error_is_kept(truth, tmp_path, decoded, monkeypatch):
    listing = list_files(truth.folder)
    counting = facts.inspect_recording

    def failing(path):
        if len(decoded) == 5:
            raise MemoryError
        return counting(path)

    monkeypatch.setattr(facts, "inspect_recording", failing)
    cache = HashCache(tmp_path / "cache.json")
    with pytest.raises(MemoryError):
        build_index(datasets.load("icbhi"), truth.folder, listing, cache)
    kept = HashCache(tmp_path / "cache.json")
    assert sum(kept.get(truth.folder, entry) is not None for entry in listing.entries) == 5


def test_what_was_decoded_is_saved_on_the_way(truth, index, tmp_path, monkeypatch):
    monkeypatch.setattr(side_by_side, "SAVE_EVERY_S", 0.0)
    kept = []

    def look(done, total, message):
        path = tmp_path / "cache" / "icbhi.json"
        kept.append(path.read_text().count("audio_hash") if path.exists() else 0)

    index("icbhi", truth.folder, progress=look)
    assert kept == list(range(len(truth.recordings)))


@pytest.mark.parametrize("n_workers", [1, 3])
def test_the_number_of_workers_does_not_change_the_result(truth, tmp_path, n_workers):
    dataset, listing = datasets.load("icbhi"), list_files(truth.folder)
    cache = HashCache(tmp_path / f"{n_workers}.json")
    tables = build_index(dataset, truth.folder, listing, cache, n_workers)
    again = build_index(dataset, truth.folder, listing, cache, 2)
    assert tables.digests == again.digests


def test_progress_counts_up_to_all_recordings(truth, index):
    seen = []
    index("icbhi", truth.folder, progress=lambda *step: seen.append(step))
    n_recordings = len(truth.recordings)
    assert [step[0] for step in seen] == list(range(1, n_recordings + 1))
    assert {step[1] for step in seen} == {n_recordings}


@pytest.mark.parametrize("how", ["changed", "removed"])
@pytest.mark.parametrize("ending", [".wav", ".txt"])
def test_a_file_touched_after_the_listing_is_an_error(truth, place, tmp_path, how, ending):
    listing = list_files(truth.folder)
    path = place / f"101_1b1_Tc_sc_AKGC417L{ending}"
    if how == "changed":
        path.write_bytes(path.read_bytes() + b"\n\n")
    else:
        path.unlink()
    cache = HashCache(tmp_path / "cache.json")
    with pytest.raises(RecordingsChanged, match=path.stem):
        build_index(datasets.load("icbhi"), truth.folder, listing, cache)
    entry = listing.by_path()[f"ICBHI_final_database/{path.name}"]
    assert HashCache(tmp_path / "cache.json").get(truth.folder, entry) is None


def test_a_recording_added_after_the_listing_waits_for_the_next_run(truth, place, tmp_path):
    listing = list_files(truth.folder)
    write_sound(place / "102_9b9_Al_sc_Meditron.wav", np.random.default_rng(9))
    cache = HashCache(tmp_path / "cache.json")
    tables = build_index(datasets.load("icbhi"), truth.folder, listing, cache)
    assert set(tables.recordings["recording_id"]) == set(truth.recordings)


def test_one_cache_serves_folders_that_hold_files_of_one_name(tmp_path):
    cache = HashCache(tmp_path / "cache.json")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.wav").write_text("")
    entry = list_files(tmp_path / "a").entries[0]
    cache.put(tmp_path / "a", entry, RecordingFacts(problem="constant"))
    assert cache.get(tmp_path / "a", entry) is not None
    assert cache.get(tmp_path / "b", entry) is None
    cache.forget_others(tmp_path / "b", set())
    assert cache.get(tmp_path / "a", entry) is not None


def test_every_data_set_and_folder_has_a_cache_file_of_its_own(tmp_path):
    folders = (tmp_path / "a", tmp_path / "b")
    entry = FileEntry("x.wav", 1, 2)
    for folder in folders:
        cache = HashCache.at(tmp_path / "caches", "icbhi", folder)
        cache.put(folder, entry, RecordingFacts(problem="constant", detail=folder.name))
        cache.save()
    assert len(list((tmp_path / "caches").iterdir())) == 2
    for folder in folders:
        kept = HashCache.at(tmp_path / "caches", "icbhi", folder).get(folder, entry)
        assert kept.detail == folder.name
