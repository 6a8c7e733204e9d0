"""Log-mel frames are librosa's, within 0.05 dB, whatever the rate, the length and the blocks."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np
import pytest
import soundfile

from frontend.logmel import (
    SpectrogramSettings,
    log_mel,
    log_mel_blocks,
    log_mel_of_file,
    mel_matrix,
    n_frames_of,
)

librosa = pytest.importorskip("librosa")

BASELINE = SpectrogramSettings(8000, 1024, 254, 128, 0.0, 4000.0)
OTHERS = [
    BASELINE,
    SpectrogramSettings(4000, 512, 128, 40, 50.0, 2000.0),
    SpectrogramSettings(22050, 2048, 512, 128, 20.0, 8000.0),
    SpectrogramSettings(16000, 400, 160, 80, 0.0, 8000.0),
    SpectrogramSettings(8000, 256, 256, 5, 100.0, 3000.0),
]
REAL_DATA = os.environ.get("AUSCULT_REAL_DATA", "")


def librosa_log_mel(samples, rate, settings):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that n_fft exceeds the signal, that bands are empty
        at_rate = librosa.resample(samples, orig_sr=rate, target_sr=settings.sample_rate)
        mels = librosa.feature.melspectrogram(
            y=at_rate, sr=settings.sample_rate, n_fft=settings.n_fft,
            hop_length=settings.hop_length, n_mels=settings.n_mels, fmin=settings.fmin,
            fmax=settings.fmax,
        )  # fmt: skip
    return librosa.power_to_db(mels, top_db=None).T


def sound(n: int, rate: int) -> np.ndarray:
    """Loud low tones over faint noise: the hardest case for rounding."""
    rng = np.random.default_rng(n)
    time = np.arange(n) / rate
    samples = 0.6 * np.sin(2 * np.pi * 90 * time) + 0.3 * np.sin(2 * np.pi * 410 * time)
    return (samples + 1e-5 * rng.standard_normal(n)).astype(np.float32)


@pytest.mark.parametrize("settings", OTHERS)
def test_the_mel_matrix_is_librosas(settings):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = librosa.filters.mel(
            sr=settings.sample_rate, n_fft=settings.n_fft, n_mels=settings.n_mels,
            fmin=settings.fmin, fmax=settings.fmax,
        )  # fmt: skip
    assert mel_matrix(settings).dtype == np.float32
    assert np.array_equal(mel_matrix(settings), expected)


@pytest.mark.parametrize("settings", OTHERS)
@pytest.mark.parametrize("rate", [4000, 8000, 10000, 44100])
@pytest.mark.parametrize("duration_s", [0.003, 0.06, 0.13, 4.77])
def test_frames_are_librosas(settings, rate, duration_s):
    samples = sound(int(duration_s * rate), rate)
    frames = log_mel(samples, rate, settings)
    expected = librosa_log_mel(samples, rate, settings)
    assert frames.dtype == np.float32
    assert frames.shape == expected.shape == (
        n_frames_of(len(samples), rate, settings), settings.n_mels,
    )  # fmt: skip
    assert np.abs(frames - expected).max() < 0.005


@pytest.mark.parametrize("n", [1, 2, 253, 254, 255, 1023, 1024, 1025, 32 * 254, 128 * 254 + 1])
def test_every_length_has_librosas_number_of_frames(n):
    samples = sound(n, 8000)
    frames = log_mel(samples, 8000, BASELINE)
    assert len(frames) == 1 + n // 254 == n_frames_of(n, 8000, BASELINE)
    assert np.abs(frames - librosa_log_mel(samples, 8000, BASELINE)).max() < 0.005


@pytest.mark.parametrize("rate", [4000, 8000, 44100])
@pytest.mark.parametrize("block", [1, 777, 10_000])
def test_frames_do_not_depend_on_the_blocks(rate, block):
    samples = sound(2 * rate if block > 1 else 2000, rate)
    blocks = (samples[start : start + block] for start in range(0, len(samples), block))
    pieces = list(log_mel_blocks(blocks, len(samples), rate, BASELINE))
    assert np.abs(np.concatenate(pieces) - log_mel(samples, rate, BASELINE)).max() < 1e-3


def test_long_recordings_come_in_small_pieces():
    rate, n_blocks = 4000, 60
    blocks = (sound(rate * 10, rate) for _ in range(n_blocks))
    pieces = log_mel_blocks(blocks, rate * 10 * n_blocks, rate, BASELINE)
    lengths = [len(piece) for piece in pieces]
    assert sum(lengths) == n_frames_of(rate * 10 * n_blocks, rate, BASELINE)
    assert max(lengths) <= 512


def test_silence_is_the_floor():
    frames = log_mel(np.zeros(5000, np.float32), 8000, BASELINE)
    assert (frames.astype(np.float16) == -100).all()


def test_a_file_gives_the_frames_of_its_samples(tmp_path):
    samples = np.rint(sound(30_000, 10_000) * 2**15) / 2**15
    soundfile.write(tmp_path / "a.wav", samples, 10_000, subtype="PCM_16")
    frames = log_mel_of_file(tmp_path / "a.wav", BASELINE)
    assert np.abs(frames - log_mel(samples, 10_000, BASELINE)).max() == 0


def test_real_recordings_of_every_rate_are_librosas():
    paths = real_recordings()
    assert set(paths) == {4000, 8000, 10000, 44100}
    for rate, path in paths.items():
        samples, _ = librosa.load(path, sr=None)
        expected = librosa_log_mel(samples, rate, BASELINE)
        frames = log_mel_of_file(path, BASELINE)
        assert np.abs(frames - expected).max() < 0.005
        assert np.abs(frames.astype(np.float16) - expected).max() < 0.05


def real_recordings() -> dict[int, Path]:
    """One per sample rate."""
    if not REAL_DATA:
        pytest.skip("AUSCULT_REAL_DATA is not set")
    paths = [
        *sorted((Path(REAL_DATA) / "icbhi").rglob("*.wav")),
        *sorted((Path(REAL_DATA) / "sprsound").rglob("*.wav"))[:1],
    ]
    return {soundfile.info(path).samplerate: path for path in paths}


def test_settings_are_checked_and_numbers_of_toml_made_equal():
    values = BASELINE.to_dict()
    assert SpectrogramSettings.from_dict(values | {"fmin": 0, "fmax": 4000}) == BASELINE
    for wrong in (
        {"n_fft": 1023}, {"n_mels": 0}, {"hop_length": 2000}, {"fmax": 4001.0}, {"fmin": -1.0},
        {"sample_rate": 8000.5}, {"fmin": 4000.0}, {"sr": 8000},
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"should|expected"):
            SpectrogramSettings.from_dict(values | wrong)
