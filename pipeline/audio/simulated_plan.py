"""What a simulated recording holds: breathing cycles, crackles, wheezes and the background.

Drawing only; `pipeline.audio.simulate` turns a plan into audio. Device, level, length, breathing
and background come from generators that know nothing of the subject's diagnosis; only the shares
of cycles with crackles and wheezes, and their kind, do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.audio.simulated_subjects import Subject, deal, generator

Floats = NDArray[np.floating]
Flags = NDArray[np.bool_]

LOCATIONS = ("Tc", "Al", "Ar", "Pl", "Pr", "Ll", "Lr")
DEVICES = ("SimA", "SimB", "SimC")


@dataclass(frozen=True)
class Cycles:
    """Contiguous breathing cycles: bounds (n + 1,), and per cycle (n,) what happens in them."""

    bounds_s: Floats
    in_length_s: Floats  # inspiration; starts with the cycle
    out_length_s: Floats  # expiration; follows at once, a pause comes after it
    depth: Floats
    crackle: Flags
    wheeze: Flags


@dataclass(frozen=True)
class Crackles:
    """Single crackles, arrays (n_crackles,); `gain` is signed."""

    start_s: Floats
    two_cycle_s: Floats
    deflection_s: Floats
    gain: Floats


@dataclass(frozen=True)
class Wheezes:
    """Single wheezes, arrays (n_wheezes,); `harmonics` (n_wheezes, n_harmonics) are amplitudes."""

    start_s: Floats
    length_s: Floats
    fundamental_hz: Floats
    drift: Floats
    harmonics: Floats


@dataclass(frozen=True)
class Background:
    """What else is heard; units as in `pipeline.audio.simulated_sounds`."""

    knee_hz: float
    in_slope_db: float
    out_slope_db: float
    out_gain: float
    chest_gain_db: Floats
    heart_s: float
    heart_gain: float
    mains_hz: int
    hum_gain: float
    room_db: float
    room_slope_db: float
    rub_start_s: Floats
    rub_length_s: Floats
    rub_hz: float
    rub_gain: float


@dataclass(frozen=True)
class Recording:
    """One planned recording."""

    stem: str
    device: str
    duration_s: float
    level_db: float  # root mean square over full scale
    cycles: Cycles
    crackles: Crackles
    wheezes: Wheezes
    background: Background


def draw_recording(
    seed: int, number: int, index: int, duration_s: float, subject: Subject
) -> Recording:
    """Recording `index` of `subject` (place `number`, both from 0), about `duration_s` long."""
    rng = generator(seed, "recording", number, index)
    findings = generator(seed, "findings", number, index)
    device = deal(DEVICES, number, seed, "device", index)
    places = generator(seed, "location", number).permutation(LOCATIONS)
    # A whole number of samples at every device's rate: no cycle ends past the last one.
    length_s = round(duration_s * float(rng.uniform(0.85, 1.15)), 2)
    cycles = _draw_cycles(rng, findings, length_s, subject)
    return Recording(
        stem=f"{subject.subject_id}_{index + 1}b1_{places[index % len(places)]}_sc_{device}",
        device=device,
        duration_s=length_s,
        level_db=float(rng.uniform(-44, -30)),
        cycles=cycles,
        crackles=_draw_crackles(findings, subject, cycles),
        wheezes=_draw_wheezes(findings, subject, cycles),
        background=_draw_background(rng, length_s),
    )


def _draw_cycles(
    rng: np.random.Generator, findings: np.random.Generator, length_s: float, subject: Subject
) -> Cycles:
    """12 to 24 breaths a minute that fill the recording; inspiration takes 35 to 45 % of each."""
    lead_s = float(rng.uniform(0, 0.3))
    n_cycles = max(1, round((length_s - lead_s) * float(rng.uniform(12, 24)) / 60))
    lengths = np.exp(rng.normal(0, 0.1, n_cycles))
    lengths *= (length_s - lead_s) / lengths.sum()
    bounds = np.round(lead_s + np.concatenate([[0.0], np.cumsum(lengths)]), 3)
    in_length = lengths * float(rng.uniform(0.35, 0.45))
    return Cycles(
        bounds_s=np.minimum(bounds, length_s),
        in_length_s=in_length,
        out_length_s=(lengths - in_length) * float(rng.uniform(0.7, 0.95)),
        depth=np.exp(rng.normal(0, 0.15, n_cycles)),
        crackle=findings.random(n_cycles) < subject.crackle_share,
        wheeze=findings.random(n_cycles) < subject.wheeze_share,
    )


def _draw_crackles(rng: np.random.Generator, subject: Subject, cycles: Cycles) -> Crackles:
    """3 or more crackles in every cycle that has them, in the subject's part of inspiration."""
    counts = np.where(cycles.crackle, 3 + rng.poisson(5, len(cycles.crackle)), 0)
    cycle = np.repeat(np.arange(len(counts)), counts)
    n = len(cycle)
    start = cycles.bounds_s[cycle] + cycles.in_length_s[cycle] * rng.uniform(*subject.when, n)
    two_cycle, deflection, gain = (
        ((0.004, 0.007), (0.0006, 0.0009), 5.0)
        if subject.fine
        else ((0.009, 0.015), (0.0013, 0.0020), 11.0)
    )
    return Crackles(
        start_s=start,
        two_cycle_s=rng.uniform(*two_cycle, n),
        deflection_s=rng.uniform(*deflection, n),
        gain=gain * np.exp(rng.normal(0, 0.35, n)) * rng.choice([-1.0, 1.0], n),
    )


def _draw_wheezes(rng: np.random.Generator, subject: Subject, cycles: Cycles) -> Wheezes:
    """One wheeze in the expiration of every cycle that has one, at about the subject's pitch."""
    which = np.flatnonzero(cycles.wheeze)
    n = len(which)
    room_s = cycles.out_length_s[which]
    length = np.maximum(0.1, room_s * rng.uniform(0.3, 0.8, n))
    onset = cycles.bounds_s[which] + cycles.in_length_s[which]
    fundamental = subject.wheeze_hz * np.exp(rng.normal(0, 0.05, n))
    n_harmonics = max(1, min(subject.n_harmonics, int(900 / max(fundamental, default=1.0))))
    falling = 0.6 ** np.arange(n_harmonics)
    return Wheezes(
        start_s=onset + rng.uniform(0, 1, n) * np.maximum(0, room_s - length),
        length_s=length,
        fundamental_hz=fundamental,
        drift=rng.uniform(-0.1, 0.1, n),
        harmonics=rng.uniform(0.3, 0.9, (n, 1)) * falling * rng.uniform(0.6, 1, (n, n_harmonics)),
    )


def _draw_background(rng: np.random.Generator, length_s: float) -> Background:
    """Breath, chest, heart, hum, room and rubbing; so varied that mean levels tell little."""
    n_rubs = int(rng.poisson(length_s / 8))
    in_slope = float(rng.uniform(12.7, 15.2))
    return Background(
        knee_hz=float(np.exp(rng.uniform(np.log(100), np.log(200)))),
        in_slope_db=in_slope,
        out_slope_db=in_slope + float(rng.uniform(0.5, 5)),
        out_gain=float(rng.uniform(0.3, 0.6)),
        chest_gain_db=rng.normal(0, 3, 7),
        heart_s=60 / float(rng.uniform(58, 105)),
        heart_gain=float(np.exp(rng.uniform(np.log(0.3), np.log(3)))),
        mains_hz=int(rng.choice([50, 60])),
        hum_gain=float(np.exp(rng.uniform(np.log(0.003), np.log(0.3)))),
        room_db=float(rng.uniform(-34, -16)),
        room_slope_db=float(rng.uniform(2, 5)),
        rub_start_s=rng.uniform(0, length_s, n_rubs),
        rub_length_s=rng.uniform(0.3, 1.0, n_rubs),
        rub_hz=float(rng.uniform(200, 900)),
        rub_gain=float(np.exp(rng.uniform(np.log(0.1), np.log(0.6)))),
    )
