"""A tiny ICBHI 2017: five rates and depths, the alias, both-sided subjects, two metadata forms."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tests.fakes.sounds import write_sound
from tests.fakes.truth import Truth

SUBJECTS = {
    "101": "URTI",
    "102": "Healthy",
    "122": "Pneumonia",
    "140": "Pneumonia",
    "156": "COPD",
    "218": "COPD",
    "223": "COPD",
    "226": "Pneumonia",
}
"""Publisher's id -> diagnosis. 156 and 218 stand on both sides, 223 has no demographics."""

FORMATS = ((44100, "PCM_24"), (44100, "PCM_16"), (4000, "PCM_16"), (10000, "PCM_16"))
FLAGS = {"normal": "0\t0", "crackle": "1\t0", "wheeze": "0\t1", "both": "1\t1"}
# Files of the official split that this cohort, like the real sample, does not hold.
ABSENT = ("103_2b2_Ar_mc_LittC2SE\ttrain", "104_1b1_Al_sc_Litt3200\ttest")


def make_icbhi(
    folder: Path,
    seed: int = 0,
    subjects: Mapping[str, str] = SUBJECTS,
    n_recordings: int = 2,
    cycle_s: float = 0.3,
    flat: bool = False,
    older_metadata: bool = False,
) -> Truth:
    """Fill a folder with the recordings, cycles, metadata and official split of some subjects.

    Parameters
    ----------
    flat : bool
        Everything directly in the folder, as some copies have it.
    older_metadata : bool
        Diagnosis with commas and CRLF, demographics with blanks and a blank first line.
    """
    rng = np.random.default_rng(seed)
    truth = Truth("icbhi", folder, reasons={"recording not on disk"})
    place = folder if flat else folder / "ICBHI_final_database"
    place.mkdir(parents=True, exist_ok=True)
    split = list(ABSENT)
    if "226" in subjects:
        truth.reasons.add("named otherwise on disk")
    if "223" in subjects:
        truth.reasons.add("age and sex unknown")
    if n_recordings > 1 and {"156", "218"} & set(subjects):
        truth.reasons.add("on both sides of the official split")
    for i, (subject, diagnosis) in enumerate(subjects.items()):
        for k in range(n_recordings):
            name = _name(subject, i, k)
            side = _side(subject, i, k)
            # The split knows one file by another name than the disk.
            split.append(
                f"{name.replace('226_1b1_Pl_sc_LittC2SE', '226_1b1_Pl_sc_Meditron')}\t{side}"
            )
            _write_recording(truth, rng, place, name, (i + k) % len(FORMATS), cycle_s)
            person = {"age": np.nan, "sex": ""} if subject == "223" else {"age": 40.5, "sex": "F"}
            truth.recordings[f"icbhi/{name}"] |= {
                "subject_id": f"icbhi/{subject}",
                "diagnosis": diagnosis,
                "official_side": side,
                **person,
            }
    (folder / "ICBHI_challenge_train_test.txt").write_text("\r\n".join(split) + "\r\n", newline="")
    write_metadata(folder, subjects, older_metadata)
    return truth


def write_metadata(folder: Path, subjects: Mapping[str, str], older: bool = False) -> None:
    """Write diagnosis and demographics in one of the two forms that go round."""
    blank, comma, line = (" ", ",", "\r\n") if older else ("\t", "\t", "\n")
    diagnoses = [f"{subject}{comma}{name}" for subject, name in subjects.items()]
    people = [""] if older else []
    for subject in subjects:
        fields = ["NA"] * 5 if subject == "223" else ["40.5", "F", "NA", "19", "99"]
        people.append(blank.join([subject, *fields]))
    name = "ICBHI_Challenge_diagnosis.txt"
    (folder / name).write_text(line.join(diagnoses) + line, newline="")
    name = "ICBHI_Challenge_demographic_information.txt"
    (folder / name).write_text("\n".join(people) + "\n", newline="")


def _name(subject: str, i: int, k: int) -> str:
    if subject == "226":
        return "226_1b1_Pl_sc_LittC2SE" if k == 0 else f"226_1b{k + 1}_Ll_mc_Meditron"
    location = ("Tc", "Al", "Ar", "Pl", "Pr", "Ll", "Lr")[(i + k) % 7]
    device = ("AKGC417L", "LittC2SE", "Litt3200", "Meditron")[i % 4]
    return f"{subject}_{k + 1}b1_{location}_{'sm'[k % 2]}c_{device}"


def _side(subject: str, i: int, k: int) -> str:
    if subject in ("156", "218"):
        return ("train", "test")[k % 2]
    return "test" if subject in ("101", "102") else "train"


def _write_recording(
    truth: Truth, rng: np.random.Generator, place: Path, name: str, kind: int, cycle_s: float
) -> None:
    sample_rate, subtype = FORMATS[kind]
    ending = ".flac" if kind == 3 else ".wav"
    types = [list(FLAGS)[j] for j in rng.permutation(4)]
    duration_s = 0.1 + cycle_s * len(types)
    write_sound(place / (name + ending), rng, sample_rate, duration_s, subtype)
    lines = []
    for j, kind_of_cycle in enumerate(types):
        start_s, end_s = round(0.05 + j * cycle_s, 3), round(0.05 + (j + 1) * cycle_s, 3)
        lines.append(f"{start_s}\t{end_s}\t{FLAGS[kind_of_cycle]}\n")
        truth.events.add((f"icbhi/{name}", start_s, end_s, kind_of_cycle, 0))
    (place / f"{name}.txt").write_text("".join(lines), newline="")
    truth.recordings[f"icbhi/{name}"] = {
        "dataset": "icbhi",
        "sample_rate": sample_rate,
        "device": name.split("_")[4],
        "location": name.split("_")[2],
        "label_level": "event",
    }
