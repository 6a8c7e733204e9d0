"""What is measured of a recording, on sounds whose truth is known."""

import numpy as np
import pytest
import soundfile

from pipeline.inspection.measures import measure_recording
from tests.fakes.sounds import BROKEN, spoil_block_align
from tests.inspection.cohorts import breath


def measured(folder, sound, rate=8000, subtype="PCM_16", suffix=".wav"):
    path = folder / f"sound{suffix}"
    soundfile.write(path, sound, rate, subtype=subtype)
    return measure_recording(path)[0]


def test_clean_sound_has_no_defect(tmp_path):
    found = measured(tmp_path, breath())
    assert found.problem == found.header_defect == ""
    assert found.clipped_share == found.silent_share == 0
    assert abs(found.dc_offset) < 1e-3
    assert found.rms_db == pytest.approx(20 * np.log10(breath().std()), abs=0.05)
    assert (found.sample_rate, found.n_samples, found.n_channels) == (8000, 48000, 1)


@pytest.mark.parametrize("rail", [1.0, 0.3])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_share_of_samples_on_the_rails_is_found_at_and_below_full_scale(tmp_path, rail, subtype):
    loud = breath() * rail / 0.15
    clipped = np.clip(loud, -rail, rail * (1 - 2**-15))
    expected = np.mean((loud >= rail) | (loud <= -rail))
    assert expected > 0.05
    found = measured(tmp_path, clipped, subtype=subtype)
    # Runs of one or two samples do not count.
    assert 0.6 * expected < found.clipped_share <= expected + 1e-3


def test_one_sided_clipping_counts_one_side(tmp_path):
    loud = breath()
    both = measured(tmp_path, np.clip(loud, -0.1, 0.1)).clipped_share
    above = measured(tmp_path, np.minimum(loud, 0.1)).clipped_share
    assert above == pytest.approx(both / 2, rel=0.2)


def test_jitter_in_the_lowest_bits_does_not_hide_clipping(tmp_path):
    rail = 3276 / 2**15
    clipped = np.clip(breath(), -rail, rail)
    plain = measured(tmp_path, clipped, subtype="PCM_24").clipped_share
    jitter = np.random.default_rng(1).uniform(0, 2**-17, len(clipped))
    jittered = np.where(np.abs(clipped) == rail, clipped + jitter, clipped)
    assert measured(tmp_path, jittered, subtype="PCM_24").clipped_share > 0.8 * plain


def test_normalised_sound_is_not_clipped(tmp_path):
    sound = breath()
    assert measured(tmp_path, sound / np.abs(sound).max() * 0.99999).clipped_share == 0


@pytest.mark.parametrize("level", [0.9, 0.02])
def test_slow_wave_is_not_clipped_for_its_flat_top(tmp_path, level):
    rate = 44100
    time_s = np.arange(3 * rate) / rate
    wave = level * np.sin(2 * np.pi * 40 * time_s) * (1 - 0.1 * time_s)
    assert measured(tmp_path, wave, rate).clipped_share < 1e-3


def test_recording_stuck_on_a_rail_is_clipped_and_not_silent(tmp_path):
    sound = breath()
    sound[8000:16000] = -1.0
    found = measured(tmp_path, sound)
    assert found.clipped_share == pytest.approx(1 / 6, abs=0.01)
    assert found.silent_share == 0


@pytest.mark.parametrize("silence", [0.0, 0.05, 1e-5])
def test_silence_is_found_whatever_its_offset(tmp_path, silence):
    rng = np.random.default_rng(2)
    sound = breath(duration_s=10.0)
    quiet = np.full(16000, silence) if silence != 1e-5 else silence * rng.standard_normal(16000)
    sound[20000:36000] = quiet
    assert measured(tmp_path, sound).silent_share == pytest.approx(0.2, abs=0.02)


def test_quiet_recording_is_not_silent(tmp_path):
    assert measured(tmp_path, breath(level=0.003)).silent_share == 0


def test_offset_is_given_by_full_scale_and_by_rms(tmp_path):
    found = measured(tmp_path, breath(level=0.1) - 0.2)
    assert found.dc_offset == pytest.approx(-0.2, abs=1e-3)
    assert found.dc_to_rms == pytest.approx(0.2 / breath(level=0.1).std(), rel=0.02)
    assert found.rms_db == pytest.approx(-20, abs=0.2)


@pytest.mark.parametrize("rate", [4000, 8000, 22050, 44100])
@pytest.mark.parametrize("edge_hz", [600, 1500])
def test_bandwidth_ends_where_the_sound_does(tmp_path, rate, edge_hz):
    rng = np.random.default_rng(3)
    n = 6 * rate
    spectrum = np.fft.rfft(rng.standard_normal(n))
    frequencies = np.fft.rfftfreq(n, 1 / rate)
    falling = 1 / np.maximum(frequencies, 50)
    sound = np.fft.irfft(spectrum * falling * (frequencies < edge_hz), n)
    sound = 0.1 * sound / sound.std() + 1e-5 * rng.standard_normal(n)
    found = measured(tmp_path, sound, rate, "PCM_24")
    assert found.bandwidth_hz == pytest.approx(edge_hz, abs=120)


def test_upsampled_file_is_as_narrow_as_its_origin(tmp_path):
    import soxr

    high = soxr.resample(breath(rate=4000, duration_s=8.0), 4000, 44100)
    found = measured(tmp_path, high, 44100)
    assert found.bandwidth_hz < 2200


def test_white_noise_uses_its_whole_band(tmp_path):
    noise = 0.1 * np.random.default_rng(4).standard_normal(80000)
    assert measured(tmp_path, noise).bandwidth_hz == 4000


def test_whistle_of_one_frequency_is_no_bandwidth(tmp_path):
    time_s = np.arange(48000) / 8000
    whistle = 0.003 * np.sin(2 * np.pi * 3333 * time_s)
    assert measured(tmp_path, breath() + whistle).bandwidth_hz < 1300


def test_wav_and_flac_of_one_sound_measure_alike(tmp_path):
    sound = (32768 * (np.clip(breath(), -0.15, 0.15) + 0.01)).astype(np.int16)
    first, second = (measured(tmp_path, sound, suffix=suffix) for suffix in (".wav", ".flac"))
    same = {name: one for name, one in first.row().items() if name != "suffix"}
    assert same == {name: one for name, one in second.row().items() if name != "suffix"}
    assert (first.suffix, second.suffix) == (".wav", ".flac")


def test_channels_are_counted(tmp_path):
    found = measured(tmp_path, np.stack([breath(0), breath(1)], axis=1))
    assert found.n_channels == 2
    assert found.n_samples == 48000


def test_wrong_block_align_is_told_and_the_sound_measured(tmp_path):
    plain = measured(tmp_path, breath())
    spoil_block_align(tmp_path / "sound.wav")
    found = measure_recording(tmp_path / "sound.wav")[0]
    assert found.header_defect == "nBlockAlign is 4, not 2"
    assert found.rms_db == plain.rms_db


@pytest.mark.parametrize("fault", [name for name in BROKEN if name != "constant"])
def test_what_cannot_be_read_gives_its_problem(tmp_path, fault):
    BROKEN[fault](tmp_path / "broken.wav")
    assert measure_recording(tmp_path / "broken.wav")[0].problem == fault


def test_missing_file_gives_its_problem(tmp_path):
    assert measure_recording(tmp_path / "gone.wav")[0].problem == "unreadable"


@pytest.mark.parametrize("sound", [np.zeros(4000), np.full(4000, 0.25), np.array([0.5]), [0.1, 0]])
def test_degenerate_sounds_are_measured(tmp_path, sound):
    path = tmp_path / "sound.wav"
    soundfile.write(path, np.asarray(sound, float), 4000)
    found, pictured = measure_recording(path)
    assert found.problem == ""
    assert all(np.isfinite(one) for one in found.row().values() if isinstance(one, float))
    assert pictured.envelope.shape == (2, 240)
    assert pictured.close_up.shape == (200,)


def test_long_recording_measures_as_its_blocks_do(tmp_path, monkeypatch):
    sound = np.clip(breath(duration_s=12.0), -0.15, 0.15) + 0.02
    sound[30000:40000] = 0.02
    whole = measured(tmp_path, sound)
    monkeypatch.setattr("pipeline.inspection.measures._BLOCK_SAMPLES", 6000)
    parts = measured(tmp_path, sound)
    assert parts.silent_share == whole.silent_share
    assert parts.clipped_share == pytest.approx(whole.clipped_share, rel=0.02)
    assert parts.dc_offset == pytest.approx(whole.dc_offset)
    assert parts.bandwidth_hz == pytest.approx(whole.bandwidth_hz, abs=200)


def test_outline_reaches_every_extreme(tmp_path):
    sound = breath()
    path = tmp_path / "sound.wav"
    soundfile.write(path, sound, 8000)
    envelope = measure_recording(path)[1].envelope
    parts = sound[: len(sound) // 240 * 240].reshape(240, -1)
    np.testing.assert_allclose(envelope[1], parts.max(axis=1), atol=1e-4)
    np.testing.assert_allclose(envelope[0], parts.min(axis=1), atol=1e-4)
