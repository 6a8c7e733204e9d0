"""A tiny Bangladesh: hyphens for underscores, a sheet of numbers and texts with zeros lost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl

from tests.fakes.sounds import write_sound
from tests.fakes.truth import Truth

PLACE, SHEET = "PCV_SEGMENTED_Processed_Files", "Bangladesh_PCV_onlyStudyPatients.xlsx"

RECORDINGS: dict[str, tuple[str, ...]] = {
    "1203345": ("1203345_140301_001-1_F", "1203345_140301_001-2_F", "1203345_140315_001-1_F"),
    "1203346": ("1203346-140302-001-1_F", "1203346_140302_002-1_F"),
    "0203347": ("0203347_140303_001-1_F",),
    "1203348": ("1203348_140304_001-1_F",),
    "1203349": ("1203349_140305_001-1_F",),
}
"""HOSP_ID -> names of its recordings. 1203349 is not in the sheet."""

ROWS: tuple[tuple[Any, Any], ...] = (
    (1203345, 1),
    ("1203346", "0"),
    (203347, 0),
    ("1203348 ", "Uninterpretable"),
    (1209999, 1),
)
"""HOSP_ID and PEP1 as the cells hold them; 0203347 lost its zero, 1209999 has no recording."""

DIAGNOSES = {
    "1203345": "primary endpoint pneumonia",
    "1203346": "no primary endpoint pneumonia",
    "0203347": "no primary endpoint pneumonia",
    "1203348": "uninterpretable",
    "1203349": "",
}


def make_bangladesh(folder: Path, seed: int = 0, rows: Sequence[tuple[Any, Any]] = ROWS) -> Truth:
    """Fill a folder with eight segments of five people, and the sheet."""
    rng = np.random.default_rng(seed)
    truth = Truth("bangladesh", folder, reasons={"not in the sheet", "recording not on disk"})
    for subject, names in RECORDINGS.items():
        for name in names:
            write_sound(folder / PLACE / f"{subject}_SEGMENTED" / f"{name}.wav", rng, 8000)
            truth.recordings[f"bangladesh/{name}"] = {
                "subject_id": f"bangladesh/{subject}",
                "dataset": "bangladesh",
                "sample_rate": 8000,
                "diagnosis": DIAGNOSES[subject],
                "official_side": "",
                "label_level": "recording",
            }
    write_sheet(folder / SHEET, rows)
    return truth


def write_sheet(
    path: Path, rows: Sequence[tuple[Any, Any]], columns: Sequence[str] = ("HOSP_ID", "PEP1")
) -> None:
    """Write the sheet; the two columns stand among others."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["No", columns[0], "AGE_MONTHS", columns[1]])
    for number, (subject, endpoint) in enumerate(rows, start=1):
        sheet.append([number, subject, 5 + number, endpoint])
    book.save(path)
