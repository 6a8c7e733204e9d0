"""A pack gives back every recording, laid out for any reader."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from frontend.logmel import SpectrogramSettings
from pipeline.errors import ContractError
from pipeline.spectrograms.cache import Pack, store_path, write_pack
from pipeline.spectrograms.store import settings_folder
from tests.spectrograms.places import SETTINGS, files_of


def test_a_pack_gives_back_every_recording(place, pack):
    _, index, store = place
    opened = Pack.open(pack)
    assert len(opened.table) == 3
    for audio_hash in index["audio_hash"][1:]:
        stored = np.load(store_path(store, SETTINGS, audio_hash))
        frames, level_db = opened.recording(audio_hash)
        assert np.array_equal(frames, stored)
        assert level_db == pytest.approx(stored.astype(np.float64).mean(), abs=1e-9)
        assert isinstance(opened.frames, np.memmap)


def test_a_pack_is_laid_out_for_any_reader(pack):
    frames = np.load(pack / "frames.npy", mmap_mode="r")
    table = pd.read_csv(pack / "recordings.csv")
    assert list(table) == ["audio_hash", "first_frame", "n_frames", "level_db"]
    assert table["audio_hash"].is_monotonic_increasing
    ends = (table["first_frame"] + table["n_frames"]).tolist()
    assert [0, *ends] == [*table["first_frame"], len(frames)]
    assert frames.dtype == np.float16
    assert frames.flags.c_contiguous
    assert Pack.open(pack).settings == SpectrogramSettings(**SETTINGS)


def test_a_pack_depends_on_the_audio_alone(place, pack, tmp_path):
    _, index, store = place
    shuffled = [*index["audio_hash"][1:][::-1], index["audio_hash"][2]]
    write_pack(shuffled, store, SETTINGS, tmp_path / "again")
    assert files_of(tmp_path / "again") == files_of(pack)


def test_rows_come_in_the_order_asked_for(pack):
    opened = Pack.open(pack)
    asked = [*reversed(opened.table.index), opened.table.index[0]]
    assert opened.rows(asked).index.tolist() == asked


def test_a_recording_that_the_pack_lacks_is_an_error(place, pack):
    with pytest.raises(ContractError, match="missing"):
        Pack.open(pack).recording(place[1]["audio_hash"][0])


def test_packing_what_the_store_lacks_is_an_error(place, tmp_path):
    _, index, store = place
    with pytest.raises(ContractError, match="store"):
        write_pack(index["audio_hash"], store, SETTINGS, tmp_path / "pack")


@pytest.mark.parametrize("name", ["frames.npy", "recordings.csv", "settings.json"])
def test_a_pack_that_is_not_whole_is_an_error(pack, name):
    data = (pack / name).read_bytes()
    (pack / name).write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises(ContractError, match="pack"):
        Pack.open(pack)
    (pack / name).unlink()
    with pytest.raises(ContractError, match="pack"):
        Pack.open(pack)


def test_a_pack_of_nothing_can_be_opened(tmp_path):
    write_pack([], tmp_path / "store", SETTINGS, tmp_path / "pack")
    assert Pack.open(tmp_path / "pack").frames.shape == (0, 16)


def test_settings_folders_tell_settings_apart(tmp_path):
    others = [SETTINGS | {name: SETTINGS[name] * 2} for name in ("n_fft", "hop_length", "n_mels")]
    assert len({settings_folder(tmp_path, each) for each in [SETTINGS, *others]}) == 4
