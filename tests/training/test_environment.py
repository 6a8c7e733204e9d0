"""The training environment as the pipeline sees it: locks, device, variables."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline.errors import SettingsError
from pipeline.training import environment
from pipeline.training.environment import (
    choose_device,
    locked_versions,
    program_environment,
    shared_versions_digest,
)

ROOT = Path(__file__).parents[2]
LOCKS = [*(ROOT / "requirements").glob("*.txt"), *(ROOT / "ml_env").glob("requirements-*.txt")]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_lock_has_hashes_and_no_address(lock):
    text = lock.read_text()
    assert locked_versions(lock)
    assert not re.search(r"https?://|--index|--find-links", text)
    pins = re.findall(r"^[a-z0-9].*$", text, re.M)
    assert all(pin.endswith("\\") for pin in pins), "a pin without hashes"


def test_both_training_locks_agree_in_every_version_they_share():
    cpu, gpu = (locked_versions(ROOT / "ml_env" / name) for name in environment.LOCKS.values())
    shared = cpu.keys() & gpu.keys()
    assert {"keras", "numpy", "soundfile", "soxr"} <= shared
    assert {name: cpu[name] for name in shared} == {name: gpu[name] for name in shared}
    assert cpu["tensorflow-cpu"] == gpu["tensorflow"]
    assert any(name.startswith("nvidia-cudnn") for name in gpu)


def test_front_end_reads_audio_with_one_version_in_both_environments():
    cpu = locked_versions(ROOT / "ml_env" / "requirements-cpu.txt")
    ours = locked_versions(ROOT / "requirements" / "pipeline.txt")
    for name in ("numpy", "soundfile", "soxr"):
        assert cpu[name] == ours[name]


def test_digest_of_shared_versions_ignores_what_only_one_lock_has(tmp_path):
    cpu, gpu = (tmp_path / name for name in environment.LOCKS.values())
    cpu.write_text("keras==3.1 \\\n    --hash=sha256:00\nnumpy==2.4 \\\n")
    gpu.write_text("keras==3.1 \\\n    --hash=sha256:11\nnumpy==2.4 \\\nnvidia-x==1 \\\n")
    first = shared_versions_digest(tmp_path)
    gpu.write_text("keras==3.1 \\\nnumpy==2.4 \\\nnvidia-x==2 \\\n")
    assert shared_versions_digest(tmp_path) == first
    cpu.write_text("keras==3.2 \\\nnumpy==2.4 \\\n")
    gpu.write_text("keras==3.2 \\\nnumpy==2.4 \\\n")
    assert shared_versions_digest(tmp_path) != first


@pytest.mark.parametrize(
    ("device", "gpu", "lock", "visible"),
    [
        ("auto", False, "cpu", "-1"),
        ("cpu", True, "cpu", "-1"),
        ("auto", True, "gpu", None),
        ("gpu", True, "gpu", None),
        ("0,1", True, "gpu", "0,1"),
        ("3", True, "gpu", "3"),
    ],
)
def test_device_selects_lock_and_visible_gpus(device, gpu, lock, visible):
    variables = choose_device(device, gpu)
    assert variables["AUSCULT_ENV"] == lock
    assert variables.get("CUDA_VISIBLE_DEVICES") == visible


@pytest.mark.parametrize(("device", "gpu"), [("gpu", False), ("0", False), ("cuda", True)])
def test_gpu_that_is_not_there_is_an_error(device, gpu):
    with pytest.raises(SettingsError, match="device = cpu"):
        choose_device(device, gpu)


def test_only_allowed_variables_reach_the_program():
    base = {
        "PATH": "/bin",
        "HOME": "/root",
        "AWS_SECRET_ACCESS_KEY": "x",
        "CLUSTER_PASS": "x",
        "PYTHONPATH": "/elsewhere",
        "PATHOLOGY": "x",
        "https_proxy": "p",
    }
    seen = program_environment("cpu", base)
    assert {"PATH", "HOME", "https_proxy", "AUSCULT_PARENT_PID", "AUSCULT_PYTHON"} <= set(seen)
    assert not {"AWS_SECRET_ACCESS_KEY", "CLUSTER_PASS", "PYTHONPATH", "PATHOLOGY"} & set(seen)
