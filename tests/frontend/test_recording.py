"""Recordings are decoded alike whatever their container, and refused with a plain reason."""

from __future__ import annotations

import hashlib
import os
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from frontend.hashes import AudioHasher, ContentHasher
from frontend.recording import (
    RecordingError,
    audio_hash,
    content_hash,
    decode,
    describe_recording,
    open_recording,
    read_recording,
)

REAL_DATA = os.environ.get("AUSCULT_REAL_DATA", "")


def noise(n: int = 5000, seed: int = 0) -> np.ndarray:
    """16 bit samples."""
    return np.random.default_rng(seed).integers(-20000, 20000, n).astype(np.int16)


def write(path: Path, samples: np.ndarray, rate: int = 8000, subtype: str = "PCM_16") -> Path:
    soundfile.write(path, samples, rate, subtype=subtype)
    return path


def with_block_align(path: Path, block_align: int) -> Path:
    """The defect of every SPRSound file."""
    data = bytearray(path.read_bytes())
    struct.pack_into("<H", data, 32, block_align)
    path.write_bytes(data)
    return path


def code_of(path: Path) -> str:
    with pytest.raises(RecordingError) as caught:
        describe_recording(path)
    reason = caught.value.reason
    assert reason[0].islower(), reason
    assert reason.endswith("."), reason
    assert str(path) in str(caught.value)
    return caught.value.code


@pytest.mark.parametrize("suffix", ["wav", "flac"])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_containers_and_widths_of_one_recording_share_samples_and_hashes(tmp_path, suffix, subtype):
    samples = noise()
    plain = write(tmp_path / "plain.wav", samples)
    wide = samples.astype(np.int32) << 16
    other = write(tmp_path / f"other.{suffix}", wide, subtype=subtype)
    assert np.array_equal(decode(other)[0], wide)
    assert describe_recording(other) == describe_recording(plain)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "PCM_32", "PCM_U8", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("form", ["WAV", "WAVEX", "RF64"])
def test_floats_are_those_of_libsndfile(tmp_path, subtype, form):
    path = tmp_path / "a.wav"
    soundfile.write(path, noise() / 32768, 4000, subtype=subtype, format=form)
    samples, rate = read_recording(path)
    assert (samples.dtype, rate) == (np.float32, 4000)
    assert np.array_equal(samples, soundfile.read(path, dtype="float32")[0])


def test_24_bit_samples_are_read_to_the_last_bit(tmp_path):
    samples = np.array([0, 1, -1, 255, -256, 65536, 2**23 - 1, -(2**23)], np.int32) << 8
    path = write(tmp_path / "a.wav", samples, subtype="PCM_24")
    assert np.array_equal(decode(path)[0], samples)
    with open_recording(path) as reader:
        assert [len(block) for block in reader.blocks(3)] == [3, 3, 2]


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
def test_channels_are_averaged(tmp_path, subtype):
    left, right = noise(seed=1) / 32768, noise(seed=2) / 32768
    path = write(tmp_path / "a.wav", np.stack([left, right], axis=1), subtype=subtype)
    assert np.abs(read_recording(path)[0] - (left + right) / 2).max() < 1e-7


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_a_wrong_block_align_is_passed_over(tmp_path, subtype, n_channels):
    samples = noise(6000).reshape(-1, n_channels)
    path = write(tmp_path / "a.wav", samples, subtype=subtype)
    before = describe_recording(path)
    content = path.read_bytes()
    assert describe_recording(with_block_align(path, 8)) == before
    assert len(path.read_bytes()) == len(content)


def test_a_header_whose_fields_all_disagree_is_left_to_libsndfile(tmp_path):
    path = with_block_align(write(tmp_path / "a.wav", noise()), 4)
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, 28, 12345)
    path.write_bytes(data)
    assert np.array_equal(decode(path)[0], soundfile.read(path, dtype="int32")[0])


def test_chunks_around_the_audio_are_no_audio(tmp_path):
    path = write(tmp_path / "a.wav", noise())
    before = describe_recording(path)
    data = path.read_bytes()
    listed = b"LIST" + struct.pack("<I", 5) + b"INFOx\0"
    path.write_bytes(data[:36] + listed + data[36:] + listed)
    assert describe_recording(path) == before


def test_the_header_length_of_sprsound_files_matches_their_samples():
    folder = Path(REAL_DATA) / "sprsound" / "train_wav"
    paths = sorted(folder.glob("*.wav")) if REAL_DATA else []
    if not paths:
        pytest.skip("AUSCULT_REAL_DATA is not set")
    assert len(paths) == 40
    for path in paths:
        data = path.read_bytes()
        assert struct.unpack_from("<H", data, 32) == (4,)
        expected = np.frombuffer(data, "<i2", offset=44).astype(np.int32) << 16
        samples, rate = decode(path)
        assert rate == 8000
        assert np.array_equal(samples, expected)
        assert np.array_equal(samples, soundfile.read(path, dtype="int32")[0])


def test_hashes_do_not_depend_on_how_the_samples_come():
    samples = np.concatenate([np.zeros(7), noise(1000), np.zeros(40), noise(5), np.zeros(9)])
    samples = samples.astype(np.int32)
    for size in (1, 13, 64, 2000):
        audio, content = AudioHasher(4000), ContentHasher()
        for start in range(0, len(samples), size):
            audio.update(samples[start : start + size])
            content.update(samples[start : start + size])
        assert audio.hexdigest() == audio_hash(samples, 4000)
        assert content.hexdigest() == content_hash(samples)


def test_the_audio_hash_knows_the_rate_and_the_content_hash_no_padding():
    samples = noise().astype(np.int32)
    padded = np.pad(samples, (3, 5))
    assert audio_hash(samples, 4000) != audio_hash(samples, 8000)
    assert audio_hash(padded, 4000) != audio_hash(samples, 4000)
    assert content_hash(padded) == content_hash(samples)
    assert content_hash(np.insert(samples, 100, 0)) != content_hash(samples)
    assert content_hash(np.zeros(9, np.int32)) == hashlib.sha256().hexdigest()


def test_facts_of_a_recording(tmp_path):
    path = write(tmp_path / "a.wav", noise(6000), rate=4000)
    facts = describe_recording(path)
    assert (facts.sample_rate, facts.n_samples, facts.duration_s) == (4000, 6000, 1.5)
    assert facts.audio_hash == audio_hash(*decode(path))
    assert facts.content_hash == content_hash(decode(path)[0])
    assert not facts.is_constant
    assert describe_recording(write(path, np.full(70, 3, np.int16))).is_constant


def test_what_is_no_recording_is_refused_with_its_reason(tmp_path):
    path = tmp_path / "a.wav"
    assert code_of(path) == "unreadable"
    path.write_bytes(b"")
    assert code_of(path) == "empty file"
    path.write_text("0.5\t1.5\t0\t1\n" * 40)
    assert code_of(path) == "not audio"
    write(path, noise(0))
    assert code_of(path) == "no samples"
    write(path, noise(), rate=3)
    assert code_of(path) == "sample rate"


def test_truncated_recordings_are_refused(tmp_path):
    wav = write(tmp_path / "a.wav", noise(50_000)).read_bytes()
    flac = write(tmp_path / "a.flac", noise(50_000)).read_bytes()
    for name, data in (("a.wav", wav), ("a.flac", flac)):
        for share in (0.5, 0.99):
            (tmp_path / name).write_bytes(data[: int(share * len(data))])
            assert code_of(tmp_path / name) == "truncated"
    (tmp_path / "a.wav").write_bytes(wav[:36])
    assert code_of(tmp_path / "a.wav") == "truncated"


def test_floats_that_are_no_samples_are_refused(tmp_path):
    path = tmp_path / "a.wav"
    for value, code in ((np.nan, "not a number"), (np.inf, "not a number"), (900, "out of range")):
        samples = np.zeros(90_000)
        samples[80_000] = value
        assert code_of(write(path, samples, subtype="FLOAT")) == code
    samples[80_000] = 1.2  # an overshoot, as resampling makes it
    assert read_recording(write(path, samples, subtype="FLOAT"))[0].max() == 1.0


def test_the_error_survives_the_way_from_another_process():
    error = pickle.loads(pickle.dumps(RecordingError("a.wav", "truncated", "it ends early.")))
    assert (error.path, error.code, error.reason) == ("a.wav", "truncated", "it ends early.")
