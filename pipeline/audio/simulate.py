"""A simulated cohort on disk, in the layout of ICBHI 2017, with known truth.

`simulated_subjects` and `simulated_plan` draw what is in it, `simulated_sounds` makes the sounds;
here a plan becomes audio and files.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import scipy.fft
import soundfile

from pipeline.audio import simulated_sounds as sounds
from pipeline.audio.simulated_plan import Cycles, Recording, draw_recording
from pipeline.audio.simulated_subjects import Subject, draw_subject, generator
from pipeline.errors import SettingsError

Floats = sounds.Floats
Progress = Callable[[int, int, str], None]

# Rates and depths of ICBHI's recordings. At 4 kHz nothing is left above 2 kHz; crackles lie below.
FORMATS = {"SimA": (4000, "PCM_16"), "SimB": (10000, "PCM_16"), "SimC": (44100, "PCM_24")}
SHORTEST_S = 5.0


def simulate_cohort(
    folder: Path, settings: dict[str, Any], progress: Progress | None = None
) -> None:
    """Write a simulated cohort: recordings, annotations, diagnoses and demographics.

    Beside each ``101_1b1_Al_sc_SimA.wav`` lies ``101_1b1_Al_sc_SimA.txt`` with one breathing cycle
    a line (start and end in seconds, crackle, wheeze); `folder` is made where it is missing, and
    making it appear whole is the caller's affair. The same settings give the same bytes.

    Parameters
    ----------
    folder : Path
        Where the files go.
    settings : dict
        ``n_subjects``, ``n_recordings`` (per subject), ``duration_s`` (mean; single recordings
        are up to 15 % shorter or longer), ``seed``.
    progress : callable, optional
        Called as ``progress(done, total, message)`` after every recording.

    Raises
    ------
    SettingsError
        There would be no subject or no recording, or recordings too short to hold a breath.
    """
    _check(settings)
    folder.mkdir(parents=True, exist_ok=True)
    seed, n_recordings = settings["seed"], settings["n_recordings"]
    subjects = [draw_subject(seed, number) for number in range(settings["n_subjects"])]
    total = len(subjects) * n_recordings
    for done in range(total):
        number, index = divmod(done, n_recordings)
        plan = draw_recording(seed, number, index, settings["duration_s"], subjects[number])
        rng = generator(seed, "noise", number, index)
        _write_recording(folder, plan, render(plan, FORMATS[plan.device][0], rng))
        if progress:
            progress(done + 1, total, f"simulated {plan.stem}")
    _write_rows(folder / "diagnosis.txt", [[s.subject_id, s.diagnosis] for s in subjects])
    _write_rows(folder / "demographics.txt", [_demographics(s) for s in subjects])


def render(plan: Recording, sample_rate: int, rng: np.random.Generator) -> Floats:
    """Samples (n_samples,) of a planned recording, in [-1, 1]."""
    n_samples = round(plan.duration_s * sample_rate)
    background, n_fast = plan.background, scipy.fft.next_fast_len(n_samples, real=True)
    hz = scipy.fft.rfftfreq(n_fast, 1 / sample_rate)
    signal = _breathing(plan, hz, n_fast, sample_rate, rng)
    _add_findings(signal, plan, sample_rate)
    _add_heart(signal, plan, sample_rate, rng)
    response = sounds.chest_response(hz, background.chest_gain_db)
    response *= sounds.device_response(hz, plan.device)
    signal = scipy.fft.irfft(scipy.fft.rfft(signal) * response, n_fast)
    signal += _room(plan, hz, n_fast, sample_rate, rng)
    signal = signal[:n_samples] * 10 ** (plan.level_db / 20) / _rms(signal[:n_samples])
    # Clipping, not scaling: a level that gave way to loud crackles would tell of the diagnosis.
    return np.clip(signal, -1.0, 1.0)


def _breathing(
    plan: Recording, hz: Floats, n_samples: int, sample_rate: int, rng: np.random.Generator
) -> Floats:
    """Breath noise, in and out, and the rubbing of the device on the skin."""
    cycles, background = plan.cycles, plan.background
    inhale_s, exhale_s = cycles.bounds_s[:-1], cycles.bounds_s[:-1] + cycles.in_length_s
    even = np.ones(len(background.rub_start_s))
    inward = sounds.breath_spectrum(hz, background.knee_hz, background.in_slope_db)
    outward = sounds.breath_spectrum(hz, background.knee_hz, background.out_slope_db)
    rub = sounds.band_spectrum(hz, background.rub_hz, 0.7)
    parts = [
        (inward, 1.0, 1.0, (inhale_s, cycles.in_length_s, cycles.depth)),
        (outward, background.out_gain, 0.7, (exhale_s, cycles.out_length_s, cycles.depth)),
        (rub, background.rub_gain, 1.0, (background.rub_start_s, background.rub_length_s, even)),
    ]
    signal = np.zeros(n_samples)
    for spectrum, gain, skew, phases in parts:
        loudness = sounds.swells(n_samples, sample_rate, skew, *phases)
        signal += gain * loudness * sounds.noise(spectrum, n_samples, rng)
    return signal


def _add_findings(signal: Floats, plan: Recording, sample_rate: int) -> None:
    """Crackles and wheezes, as planned."""
    crackles, wheezes = plan.crackles, plan.wheezes
    snippets = sounds.crackles(
        crackles.two_cycle_s, crackles.deflection_s, crackles.gain, sample_rate
    )
    sounds.overlay(signal, crackles.start_s, snippets, sample_rate)
    for place in range(len(wheezes.start_s)):
        tone = sounds.wheeze(
            wheezes.length_s[place],
            wheezes.fundamental_hz[place],
            wheezes.drift[place],
            wheezes.harmonics[place],
            sample_rate,
        )
        sounds.overlay(signal, wheezes.start_s[[place]], tone[None, :], sample_rate)


def _add_heart(signal: Floats, plan: Recording, sample_rate: int, rng: np.random.Generator) -> None:
    """First and second heart sounds, the second after about a third of the beat."""
    beat_s, gain = plan.background.heart_s, plan.background.heart_gain
    n_beats = int(np.ceil(plan.duration_s / beat_s))
    first_s = (np.arange(n_beats) + rng.uniform()) * beat_s + rng.normal(0, 0.02, n_beats)
    for start_s, pitch_hz, share in ((first_s, 45.0, 1.0), (first_s + 0.35 * beat_s, 65.0, 0.7)):
        pitches = pitch_hz * rng.uniform(0.9, 1.1, n_beats)
        gains = gain * share * rng.uniform(0.8, 1.2, n_beats)
        snippets = sounds.heart_sounds(pitches, gains, sample_rate)
        sounds.overlay(signal, start_s, snippets, sample_rate)


def _room(
    plan: Recording, hz: Floats, n_samples: int, sample_rate: int, rng: np.random.Generator
) -> Floats:
    """Noise of room and cable, and mains hum: what a device adds after the chest."""
    background = plan.background
    spectrum = sounds.tilted_spectrum(hz, background.room_slope_db)
    noise = 10 ** (background.room_db / 20) * sounds.noise(spectrum, n_samples, rng)
    harmonics = background.hum_gain * np.array([1.0, 0.3, 0.4])
    return noise + sounds.hum(n_samples, background.mains_hz, harmonics, sample_rate)


def _rms(samples: Floats) -> float:
    return float(np.sqrt(np.mean(samples**2)))


def _write_recording(folder: Path, plan: Recording, samples: Floats) -> None:
    sample_rate, subtype = FORMATS[plan.device]
    # By way of memory: libsndfile would call a full disk "System error" and nothing else.
    audio = io.BytesIO()
    soundfile.write(audio, samples, sample_rate, subtype=subtype, format="WAV")
    (folder / f"{plan.stem}.wav").write_bytes(audio.getvalue())
    _write_rows(folder / f"{plan.stem}.txt", _annotation(plan.cycles))


def _annotation(cycles: Cycles) -> list[list[object]]:
    bounds = [f"{bound:.3f}" for bound in cycles.bounds_s]
    flags = np.stack([cycles.crackle, cycles.wheeze], axis=1).astype(int)
    return [[*span, *flag] for span, flag in zip(pairwise(bounds), flags, strict=True)]


def _demographics(subject: Subject) -> list[object]:
    body = (subject.bmi, subject.child_weight, subject.child_height)
    known = ["NA" if value is None else value for value in body]
    return [subject.subject_id, subject.age, subject.sex, *known]


def _write_rows(path: Path, rows: list[list[object]]) -> None:
    lines = ["\t".join(map(str, row)) + "\n" for row in rows]
    path.write_text("".join(lines), encoding="utf-8", newline="\n")


def _check(settings: dict[str, Any]) -> None:
    least = {"n_subjects": 1, "n_recordings": 1, "duration_s": SHORTEST_S}
    for key, smallest in least.items():
        if settings[key] < smallest:
            raise SettingsError(
                expected=f"{key} of at least {smallest}",
                found=str(settings[key]),
                where="[simulated] in the experiment file",
                action=f"Raise {key}.",
            )
