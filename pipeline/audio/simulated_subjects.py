"""Who is in a simulated cohort: subjects, their diagnoses, and how these sound.

Every subject has a seed of its own, so a cohort of n + 1 subjects contains the one of n.

Sources of the ranges
---------------------
.. [1] Murphy, Vyshedskiy, Power-Charnitsky et al.: Automated lung sound analysis in patients with
   pneumonia. Respir Care 49 (2004) 1490-1497 (crackles in most patients, not all; in some
   controls, too).
.. [2] Piirila, Sovijarvi: Crackles: recording, analysis and clinical significance. Eur Respir J 8
   (1995) 2139-2148 (when in the breath a disease crackles, and how coarsely).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Range = tuple[float, float]

FIRST_SUBJECT = 101  # as in ICBHI
# Dealt in hands of six, so that every cohort has a third with pneumonia: enough for a test side.
DIAGNOSES = ("Pneumonia", "Pneumonia", "COPD", "Asthma", "Healthy", "Heart failure")
# Numbers of the independent streams of random numbers; adding one at the end changes no other.
STREAMS = ("subject", "diagnosis", "device", "location", "recording", "findings", "noise")


@dataclass(frozen=True)
class Profile:
    """How a diagnosis sounds: chances for a subject, and ranges for the share of its cycles."""

    crackling: float  # chance that a subject crackles at all
    crackle_share: Range  # share of such a subject's cycles with crackles
    fine: float  # chance that a subject's crackles are fine
    when: Range  # part of inspiration in which they fall [2]
    wheezing: float
    wheeze_share: Range
    age_years: Range


PROFILES = {
    "Pneumonia": Profile(0.95, (0.4, 0.95), 0.5, (0.2, 0.95), 0.15, (0.1, 0.4), (2, 85)),
    "COPD": Profile(0.40, (0.1, 0.5), 0.0, (0.0, 0.5), 0.60, (0.3, 0.8), (45, 85)),
    "Asthma": Profile(0.10, (0.1, 0.3), 0.3, (0.0, 0.7), 0.85, (0.3, 0.9), (5, 65)),
    "Healthy": Profile(0.08, (0.05, 0.2), 0.5, (0.5, 1.0), 0.0, (0.0, 0.0), (5, 80)),
    "Heart failure": Profile(0.60, (0.2, 0.85), 0.6, (0.4, 1.0), 0.10, (0.1, 0.3), (50, 90)),
}


@dataclass(frozen=True)
class Subject:
    """One simulated person: demographics as ICBHI gives them, then how the chest sounds."""

    subject_id: str
    diagnosis: str
    age: int
    sex: str
    bmi: float | None  # adults only
    child_weight: float | None  # kg
    child_height: float | None  # cm
    crackle_share: float  # of this subject's cycles, 0 to 1
    fine: bool
    when: Range
    wheeze_share: float
    wheeze_hz: float
    n_harmonics: int


def generator(seed: int, stream: str, *numbers: int) -> np.random.Generator:
    """The generator of one stream of one cohort, for example ``(seed, "noise", subject, 0)``."""
    return np.random.default_rng([seed, STREAMS.index(stream), *numbers])


def deal(items: tuple[str, ...], number: int, seed: int, stream: str, *numbers: int) -> str:
    """Item for place `number` when `items` are shuffled anew for every ``len(items)`` places."""
    hand, place = divmod(number, len(items))
    return str(generator(seed, stream, hand, *numbers).permutation(items)[place])


def draw_subject(seed: int, number: int) -> Subject:
    """Subject `number` (from 0) of the cohort with this seed."""
    rng = generator(seed, "subject", number)
    diagnosis = deal(DIAGNOSES, number, seed, "diagnosis")
    profile = PROFILES[diagnosis]
    crackles, wheezes = rng.random() < profile.crackling, rng.random() < profile.wheezing
    return Subject(
        subject_id=str(FIRST_SUBJECT + number),
        diagnosis=diagnosis,
        crackle_share=float(rng.uniform(*profile.crackle_share)) * crackles,
        fine=bool(rng.random() < profile.fine),
        when=profile.when,
        wheeze_share=float(rng.uniform(*profile.wheeze_share)) * wheezes,
        wheeze_hz=float(rng.uniform(140, 480)),
        n_harmonics=int(rng.integers(1, 4)),
        **_draw_body(rng, profile.age_years),
    )


def _draw_body(rng: np.random.Generator, age_years: Range) -> dict[str, Any]:
    """Age, sex, and what ICBHI lists beside them: BMI of adults, weight and height of children."""
    age, sex = round(float(rng.uniform(*age_years))), str(rng.choice(["F", "M"]))
    body = {"age": age, "sex": sex, "bmi": None, "child_weight": None, "child_height": None}
    if age >= 18:
        return body | {"bmi": round(float(rng.normal(26, 4)), 1)}
    height_cm = 75 + 6 * age + float(rng.normal(0, 5))
    weight_kg = 16 * (height_cm / 100) ** 2 * float(rng.uniform(0.9, 1.2))
    return body | {"child_weight": round(weight_kg, 1), "child_height": round(height_cm)}
