"""Simulated Antwerp: simulated recordings in Antwerp's layout; not public.

Format: as Antwerp (see `pipeline.datasets.antwerp`), subjects included. Its subjects are its own:
whether a number is a person of Antwerp's, too, is not published.
Types: normal, crackle, wheeze, both.
Licence: not public.
Citation: none published; the layout is known from public source code.
Split origin: none of its own.
Problems: crackle_wheeze, icbhi-4.
"""

from __future__ import annotations

from pathlib import Path

from pipeline.datasets.antwerp import LAYOUT, read_sessions
from pipeline.datasets.cycles import TYPES
from pipeline.datasets.description import Annotations, DataSet


def read(folder: Path, files: list[str]) -> Annotations:
    """Return what simulated Antwerp's names and cycles say."""
    return read_sessions("antwerp-sim", folder, files)


DATASET = DataSet(
    name="antwerp-sim",
    title="Simulated Antwerp",
    licence="not public",
    citation="None published.",
    homepage="",
    classes={"type": tuple(TYPES.values())},
    label_level="event",
    layout=LAYOUT,
    split_origin="none of its own: the pipeline splits it by subject",
    read=read,
)
