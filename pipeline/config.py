"""Where things are and what they run on: the sections of luigi.cfg. Never part of a salt."""

from __future__ import annotations

import os

import luigi

# The class names are the names of the sections, which is why they are lower case.


class paths(luigi.Config):
    """Folders. On the command line: ``--paths-recordings DIR``, ``--paths-data DIR``."""

    recordings = luigi.Parameter(
        default="data/01_recordings",
        description="folder with one sub-folder per data set (icbhi, jordan, sprsound), each in "
        "its publisher's layout; read in place, never written to",
    )
    folder = luigi.Parameter(
        default="",
        description="directory of your own recordings for --datasets folder, one sub-folder per "
        "label set; default: 'folder' below the recordings",
    )
    data = luigi.Parameter(
        default="data", description="folder with the numbered rooms that the stages write"
    )


class compute(luigi.Config):
    """What to compute on. On the command line: ``--compute-device cpu``."""

    device = luigi.Parameter(
        default="auto",
        description="what the training environment uses: auto, cpu, gpu, or GPU numbers (0,1)",
    )
    n_workers = luigi.IntParameter(
        default=0, description="processes for reading audio and spectrograms; 0 = one per core"
    )


def n_processes() -> int:
    """Return ``[compute] n_workers``, or the number of cores this process may use."""
    return compute().n_workers or len(os.sched_getaffinity(0))
