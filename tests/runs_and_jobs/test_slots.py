"""How many trainings run at once, and that two never share a GPU."""

from __future__ import annotations

import pytest

from pipeline.runs.slots import free_gpu, memory_bytes, n_at_once

GIB = 2**30


@pytest.mark.parametrize(
    ("machine", "expected"),
    [
        ((0, 1, GIB), 1),
        ((0, 2, 64 * GIB), 1),
        ((0, 16, 128 * GIB), 4),
        ((0, 16, 9 * GIB), 2),
        ((1, 64, 512 * GIB), 1),
        ((8, 4, 16 * GIB), 8),
    ],
)
def test_one_training_per_gpu_else_by_cores_and_memory(machine, expected):
    assert n_at_once(*machine) == expected


def test_memory_is_that_of_a_machine():
    assert memory_bytes() > GIB / 4


def test_each_training_holds_a_gpu_of_its_own(tmp_path):
    with free_gpu("01", tmp_path) as first, free_gpu("01", tmp_path) as second:
        assert (first, second) == ("0", "1")
        with free_gpu("01", tmp_path) as third:
            assert third is None
    with free_gpu("01", tmp_path) as again:
        assert again == "0"


def test_a_failed_training_gives_its_gpu_back(tmp_path):
    with pytest.raises(ValueError, match="no loss"), free_gpu("0", tmp_path):
        raise ValueError("no loss")
    with free_gpu("0", tmp_path) as again:
        assert again == "0"
