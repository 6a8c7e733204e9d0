"""Simulated cohort: recordings with known truth, made by this project in ICBHI's layout.

Format: as ICBHI (see `pipeline.datasets.icbhi`), with devices SimA, SimB and SimC, and
diagnosis.txt and demographics.txt beside the recordings.
Types: normal, crackle, wheeze, both.
Licence: Apache-2.0, as this project.
Citation: this project.
Split origin: none of its own.
Problems: crackle_wheeze, icbhi-4, pneumonia.
"""

from __future__ import annotations

from pathlib import Path

from pipeline.datasets.cycles import TYPES
from pipeline.datasets.description import Annotations, DataSet
from pipeline.datasets.icbhi import read_cohort

DEVICES = ("SimA", "SimB", "SimC")


def read(folder: Path, files: list[str]) -> Annotations:
    """Return what a simulated cohort's names, cycles and metadata say."""
    return read_cohort("simulated", DEVICES, folder, files)


DATASET = DataSet(
    name="simulated",
    title="Simulated cohort",
    licence="Apache-2.0",
    citation="Auscult, pipeline.audio: the simulated cohort.",
    homepage="",
    classes={"type": tuple(TYPES.values()), "diagnosis": ("Pneumonia", "Healthy")},
    label_level="event",
    layout=(
        "recordings such as 101_1b1_Al_sc_SimA.wav with a .txt of cycles beside each, and "
        "diagnosis.txt and demographics.txt"
    ),
    split_origin="none of its own: the pipeline splits it by subject",
    read=read,
)
