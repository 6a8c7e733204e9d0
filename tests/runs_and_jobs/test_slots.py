"""How many trainings run at once."""

from __future__ import annotations

import pytest

from pipeline.runs.slots import memory_bytes, n_at_once

GIB = 2**30


@pytest.mark.parametrize(
    ("machine", "expected"),
    [
        ((0, 1, GIB), 1),
        ((0, 2, 64 * GIB), 1),
        ((0, 16, 128 * GIB), 4),
        ((0, 16, 9 * GIB), 2),
        ((1, 64, 512 * GIB), 1),
        ((8, 4, 16 * GIB), 1),
    ],
)
def test_one_training_on_gpus_else_by_cores_and_memory(machine, expected):
    assert n_at_once(*machine) == expected


def test_memory_is_that_of_a_machine():
    assert memory_bytes() > GIB / 4
