"""A tiny KAUH: three filters per subject, wild case and blanks, shared audio, a sheet that errs."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import openpyxl

from tests.fakes.sounds import write_sound
from tests.fakes.truth import Truth

Fields = tuple[str, str, str, int, str]

SUBJECTS: dict[int, Fields] = {
    1: ("Asthma", "I E W", "P L L", 70, "M"),
    2: ("Asthma", "E W", "P L L R", 52, "F"),
    3: ("N", "N", "P R M", 18, "F"),
    4: ("Heart Failure + Lung Fibrosis ", "I C", "P L R", 72, "F"),
    5: ("pneumonia", "Crep", "P R L ", 36, "F"),
    6: ("asthma", "E W", "P R L ", 12, "F"),
    7: ("pneumonia", "Bronchial", "P R L ", 64, "M"),
    8: ("N", "N", "P R M", 70, "F"),
    9: ("Plueral Effusion", "I C B", "P L L", 70, "M"),
    11: ("heart failure", "C", "A R M", 54, "M"),
}
"""Number -> diagnosis, sound, location, age, sex, as the file names have them."""

SHEET_LOCATIONS = {2: "P L L ", 4: "P R L "}
"""Where the sheet says another location than the file names."""

SHARED_AUDIO = (3, 6)
"""Two subjects of conflicting labels whose B and D recordings are the same audio."""


def make_jordan(
    folder: Path,
    seed: int = 0,
    subjects: Mapping[int, Fields] = SUBJECTS,
    duration_s: float = 1.0,
    sheet: bool = True,
) -> Truth:
    """Fill a folder with three recordings per subject and, if wanted, the sheet."""
    rng = np.random.default_rng(seed)
    truth = Truth("jordan", folder, reasons=spellings(subjects))
    place = folder / "Audio Files"
    for number, (diagnosis, sound, location, age, sex) in subjects.items():
        for letter in "BDE":
            name = f"{letter}P{number}_{diagnosis},{sound},{location},{age},{sex}"
            write_sound(place / f"{name}.wav", rng, 4000, duration_s)
            truth.events.add((f"jordan/{name}", 0.0, duration_s, sound, 1))
            truth.recordings[f"jordan/{name}"] = {
                "subject_id": f"jordan/{number}",
                "dataset": "jordan",
                "sample_rate": 4000,
                "device": "Litt3200",
                "filter": letter,
                "diagnosis": diagnosis.strip(),
                "location": location.strip(),
                "age": float(age),
                "sex": sex,
                "official_side": "",
                "label_level": "recording",
            }
    _share_audio(place)
    if sheet:
        write_sheet(folder / "Data annotation.xlsx", subjects)
        truth.reasons |= {"sheet contradicts file name: location", "cells beside the table"}
    return truth


def spellings(subjects: Mapping[int, Fields]) -> set[str]:
    """Return the reasons that stand for blanks and case in the names of some subjects."""
    words = [word for fields in subjects.values() for word in fields[:3]]
    folded = {word.strip().casefold() for word in words}
    varies = len({word.strip() for word in words}) > len(folded)
    padded = any(word != word.strip() for word in words)
    reasons = {"case of words varies"} if varies else set()
    return reasons | ({"blanks at the ends of fields"} if padded else set())


def write_sheet(path: Path, subjects: Mapping[int, Fields]) -> None:
    """Write the sheet: row n is subject n, a legend in column J, two stray rows far below."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Age", "Gender", "Location", "Sound type", "Diagnosis"])
    for number in range(1, max(subjects) + 1):
        other = ("N", "N", "P L U", 31, "M")
        diagnosis, sound, location, age, sex = subjects.get(number, other)
        sheet.append([age, sex, SHEET_LOCATIONS.get(number, location), sound, diagnosis])
    sheet["J1"] = "Posterior: P Lower: L Left: L Right R, UPPER: U, ANTERIOR: A, MIDDLE: M"
    sheet["J2"] = "Insipratory: I, Experiatory: E, Wheezes: W, Crackles: C , N:Normal"
    # The publisher's file holds formulas, with 0 as the value last computed for each.
    for row in (42, 43):
        for column in "FG":
            sheet[f"{column}{max(subjects) + row}"] = 0
    book.save(path)


def _share_audio(place: Path) -> None:
    for letter in "BD":
        pair = [sorted(place.glob(f"{letter}P{number}_*.wav")) for number in SHARED_AUDIO]
        if all(pair):
            shutil.copyfile(pair[0][0], pair[1][0])
