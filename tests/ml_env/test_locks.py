"""The two locks of the training environment fit together and name no place to fetch from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ML_ENV = Path(__file__).resolve().parents[2] / "ml_env"
LOCKS = {name: (ML_ENV / f"requirements-{name}.txt").read_text() for name in ("cpu", "gpu")}
PIN = re.compile(
    r"^([a-z0-9][\w.-]*)(?:\[[\w,-]*\])?==([^\s;\\]+)([^\\\n]*)\\?\n((?: .*\n?)*)", re.M
)


def pins(name: str) -> dict[tuple[str, str], tuple[str, str]]:
    """Return {(package, marker): (version, hashes)}."""
    found = PIN.findall(LOCKS[name])
    return {
        (package, marker.strip()): (version, hashes) for package, version, marker, hashes in found
    }


def test_versions_that_both_locks_hold_are_equal() -> None:
    cpu, gpu = pins("cpu"), pins("gpu")
    shared = set(cpu) & set(gpu)
    assert len(shared) > 25
    assert {key: cpu[key][0] for key in shared} == {key: gpu[key][0] for key in shared}


def test_tensorflow_has_one_version_under_its_two_names() -> None:
    versions = {package: version for (package, _), (version, _) in pins("gpu").items()}
    of_cpu = {package: version for (package, _), (version, _) in pins("cpu").items()}
    assert versions["tensorflow"] == of_cpu["tensorflow-cpu"]
    assert any(package.startswith("nvidia-") for package in versions)


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_hashed(name: str) -> None:
    lines = [line for line in LOCKS[name].splitlines() if line and line[0] not in " #"]
    assert len(lines) == len(pins(name))
    assert all("--hash=sha256:" in hashes for _, hashes in pins(name).values())


@pytest.mark.parametrize("name", LOCKS)
def test_no_address_is_in_a_lock(name: str) -> None:
    assert not re.search(r"://|--(index|extra-index|find-links)|(^|\s)-[if]\s", LOCKS[name])
