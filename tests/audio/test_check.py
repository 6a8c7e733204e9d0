"""One look at a recording: facts, or a problem in words."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from frontend.recording import audio_hash, content_hash, decode
from pipeline.audio.check import RecordingFacts, inspect_recording
from tests.fakes.sounds import BROKEN, INFINITE, SILENT, noise, spoil_block_align, write_sound


def test_a_whole_recording_has_its_facts_and_no_problem(tmp_path):
    path = tmp_path / "x.wav"
    write_sound(path, np.random.default_rng(0), 8000, 1.25)
    samples, sample_rate = decode(path)
    assert inspect_recording(path) == RecordingFacts(
        audio_hash=audio_hash(samples, sample_rate),
        content_hash=content_hash(samples),
        sample_rate=8000,
        n_samples=10000,
        duration_s=1.25,
    )


@pytest.mark.parametrize("problem", BROKEN)
def test_a_broken_recording_has_a_problem_and_nothing_else(tmp_path, problem):
    BROKEN[problem](tmp_path / "x.wav")
    facts = inspect_recording(tmp_path / "x.wav")
    assert facts.problem == problem
    assert facts.detail.endswith(".")
    assert facts == RecordingFacts(problem=problem, detail=facts.detail)


def test_infinite_samples_silence_and_a_missing_file_are_problems(tmp_path):
    INFINITE(tmp_path / "infinite.wav")
    SILENT(tmp_path / "silent.wav")
    assert inspect_recording(tmp_path / "infinite.wav").problem == "not a number"
    assert inspect_recording(tmp_path / "silent.wav").problem == "constant"
    assert inspect_recording(tmp_path / "missing.wav").problem == "unreadable"
    assert inspect_recording(tmp_path).problem == "unreadable"


def test_flac_wav_24_bit_and_the_defect_header_are_one_audio(tmp_path):
    samples = np.round(noise(np.random.default_rng(0), 8000, 1.0) * 32767) / 32768
    for name, subtype in (("a.wav", "PCM_16"), ("b.wav", "PCM_24"), ("c.flac", "PCM_16")):
        soundfile.write(tmp_path / name, samples, 8000, subtype=subtype)
    (tmp_path / "d.wav").write_bytes((tmp_path / "a.wav").read_bytes())
    spoil_block_align(tmp_path / "d.wav")
    assert len({inspect_recording(path) for path in tmp_path.iterdir()}) == 1


def test_no_damage_to_a_header_raises(tmp_path):
    rng = np.random.default_rng(0)
    for ending in (".wav", ".flac"):
        path = tmp_path / f"x{ending}"
        write_sound(path, rng, 4000, 0.1)
        whole = path.read_bytes()
        for _ in range(150):
            content = bytearray(whole)
            for position in rng.integers(0, 60, size=2):
                content[position] = rng.integers(0, 256)
            path.write_bytes(content[: rng.integers(1, len(content))])
            facts = inspect_recording(path)
            assert bool(facts.problem) == (not facts.audio_hash)
