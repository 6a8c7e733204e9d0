"""A tiny folder of a user's own: labels as folders, one file name twice, a subjects.csv."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.fakes.sounds import write_sound
from tests.fakes.truth import Truth

RECORDINGS: dict[str, tuple[str, str, str]] = {
    "crackle+wheeze/a": ("crackle+wheeze", "", "crackle+wheeze"),
    "clinic/Crackles/a": ("crackle", "", "Crackles"),
    "normal/b": ("normal", "normal", "normal"),
    "healthy/c": ("normal", "healthy", "healthy"),
    "pneumonia/d": ("pneumonia", "pneumonia", "pneumonia"),
    "fine_crackle+Pneumonia/e": ("fine crackle", "Pneumonia", "fine_crackle+Pneumonia"),
    "COPD+asthma/f": ("COPD+asthma", "COPD + asthma", "COPD+asthma"),
    "g": ("", "", ""),
}
"""Path without suffix -> type of the event, diagnosis, record_label."""

SUBJECTS: dict[str, dict[str, Any]] = {
    "crackle+wheeze/a": {"subject_id": "P 1", "age": 40.5, "sex": "F", "device": "D1"},
    "clinic/Crackles/a": {"subject_id": "P 1", "age": 41.0, "sex": "F", "device": "D2"},
    "normal/b": {"subject_id": "007", "age": np.nan, "sex": "M", "device": ""},
    "healthy/c": {"subject_id": "7", "age": 3.0, "sex": "", "device": ""},
    "pneumonia/d": {"subject_id": 'Ó, d; "x"', "age": 70.0, "sex": "M", "device": ""},
    "fine_crackle+Pneumonia/e": {"subject_id": "icbhi/101", "age": 1.0, "sex": "F", "device": ""},
    "COPD+asthma/f": {"subject_id": "f", "age": 2.0, "sex": "F", "device": ""},
    "g": {"subject_id": "g", "age": 3.0, "sex": "F", "device": ""},
}


def make_folder(folder: Path, seed: int = 0, subjects: bool = True, name: str = "folder") -> Truth:
    """Fill a folder with eight recordings of seven people, and, if wanted, subjects.csv."""
    rng = np.random.default_rng(seed)
    truth = Truth(name, folder, reasons={"no label"})
    truth.reasons |= set() if subjects else {"no subjects.csv"}
    for path, (kind, diagnosis, label) in RECORDINGS.items():
        write_sound(folder / f"{path}.wav", rng, 4000, 1.0)
        person = SUBJECTS[path] if subjects else {"subject_id": path}
        truth.recordings[f"{name}/{path}"] = {
            **person,
            "subject_id": f"{name}/{person['subject_id']}",
            "dataset": name,
            "path": f"{path}.wav",
            "diagnosis": diagnosis,
            "official_side": "",
            "label_level": "recording",
            "record_label": label,
        }
        if kind:
            truth.events.add((f"{name}/{path}", 0.0, 1.0, kind, 1))
    if subjects:
        write_subjects(folder / "subjects.csv")
    return truth


def write_subjects(path: Path, delimiter: str = ",", encoding: str = "utf-8-sig") -> None:
    """Write the file as a spreadsheet program would."""
    lines = [["path", "subject_id", "age", "sex", "device"]]
    for name, person in SUBJECTS.items():
        age = "" if np.isnan(person["age"]) else str(person["age"])
        lines.append([f"{name}.wav", person["subject_id"], age, person["sex"], person["device"]])
    cells = ([f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in line] for line in lines)
    text = "".join(delimiter.join(line) + "\r\n" for line in cells)
    path.write_bytes(text.encode(encoding))
