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
    assert "tensorflow" in shared
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


def test_digest_of_shared_versions_sees_tensorflow_under_both_its_names(tmp_path):
    cpu, gpu = (tmp_path / name for name in environment.LOCKS.values())
    digests = set()
    for version in ("2.20.0", "2.21.0"):
        cpu.write_text(f"tensorflow-cpu=={version} \\\n")
        gpu.write_text(f"tensorflow=={version} \\\n")
        digests.add(shared_versions_digest(tmp_path))
    assert len(digests) == 2


@pytest.mark.parametrize(
    ("device", "n_gpus", "lock", "visible"),
    [
        ("auto", 0, "cpu", "-1"),
        ("cpu", 1, "cpu", "-1"),
        ("auto", 1, "gpu", None),
        ("gpu", 1, "gpu", None),
        ("0,1", 2, "gpu", "0,1"),
        ("3", 4, "gpu", "3"),
    ],
)
def test_device_selects_lock_and_visible_gpus(device, n_gpus, lock, visible):
    variables = choose_device(device, n_gpus)
    assert variables["AUSCULT_ENV"] == lock
    assert variables.get("CUDA_VISIBLE_DEVICES") == visible


@pytest.mark.parametrize(("device", "n_gpus"), [("gpu", 0), ("0", 0), ("1", 1), ("cuda", 1)])
def test_gpu_that_is_not_there_is_an_error(device, n_gpus):
    with pytest.raises(SettingsError, match="device = cpu"):
        choose_device(device, n_gpus)


def fake_nvidia_smi(folder, n):
    program = folder / "nvidia-smi"
    lines = "".join(f"GPU {i}: NVIDIA X (UUID: y)\n" for i in range(n))
    program.write_text(f"#!/bin/sh\nprintf '{lines}'\n")
    program.chmod(0o755)


def test_gpus_that_the_cluster_gave_or_hid_are_respected(tmp_path, monkeypatch):
    fake_nvidia_smi(tmp_path, 4)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert environment.count_gpus(None) == 4
    assert environment.count_gpus("") == environment.count_gpus("-1") == 0
    assert environment.variables_of("auto", {"CUDA_VISIBLE_DEVICES": "3"}) == {
        "AUSCULT_ENV": "gpu",
        "CUDA_VISIBLE_DEVICES": "3",
    }
    hidden = environment.variables_of("auto", {"CUDA_VISIBLE_DEVICES": ""})
    assert hidden == {"AUSCULT_ENV": "cpu", "CUDA_VISIBLE_DEVICES": "-1"}


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
