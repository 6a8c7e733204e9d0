"""Annotation files of respiratory cycles."""

from __future__ import annotations

from pipeline.datasets.cycles import parse_cycles


def test_types_follow_from_crackle_and_wheeze():
    cycles, malformed = parse_cycles(
        "0.0\t1.0\t0\t0\n1.0\t2.0\t1\t0\n2.0\t3.0\t0\t1\n3.0\t4.5\t1\t1\n"
    )
    assert cycles == [
        (0.0, 1.0, "normal"),
        (1.0, 2.0, "crackle"),
        (2.0, 3.0, "wheeze"),
        (3.0, 4.5, "both"),
    ]
    assert malformed == []
