"""How many trainings run at once, by Luigi's resource ``trainings``."""

from __future__ import annotations

import os

import luigi

from pipeline.config import compute, n_processes
from pipeline.training import environment

#: What every training takes one of: ``[resources]`` in luigi.cfg.
RESOURCE = "trainings"


def allow_trainings() -> None:
    """Say how many trainings may run at once, where luigi.cfg does not."""
    from pipeline.runs.slots import memory_bytes, n_at_once

    config = luigi.configuration.get_config()
    if config.has_option("resources", RESOURCE):
        return
    n_gpus = 0
    if compute().device != "cpu":
        n_gpus = environment.count_gpus(os.environ.get("CUDA_VISIBLE_DEVICES"))
    config.set("resources", RESOURCE, str(n_at_once(n_gpus, n_processes(), memory_bytes())))
