"""Both locks install from nothing, and TensorFlow comes up without a GPU."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROBE = """
import keras, tensorflow as tf
assert tf.config.list_physical_devices("GPU") == []
assert float(tf.reduce_sum(tf.ones((3, 3)))) == 9
print(tf.__version__, keras.__version__, tf.test.is_built_with_cuda())
"""


@pytest.mark.soak
@pytest.mark.parametrize(("lock", "has_cuda"), [("cpu", "False"), ("gpu", "True")])
def test_lock_installs_cold_and_tensorflow_works_without_a_gpu(tmp_path, lock, has_cuda):
    place = tmp_path / "checkout"
    (place / "ml_env").mkdir(parents=True)
    shutil.copy(ROOT / "external_script.sh", place)
    shutil.copy(ROOT / "ml_env" / f"requirements-{lock}.txt", place / "ml_env")
    environment = {
        **os.environ,
        "AUSCULT_ENV": lock,
        "AUSCULT_PYTHON": sys.executable,
        "UV_CACHE_DIR": str(tmp_path / "cold"),
    }
    made = subprocess.run(
        ["./external_script.sh", "prepare"], cwd=place, env=environment, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    python = made.stdout.strip().splitlines()[-1]
    environment |= {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    found = subprocess.run(
        [place / python, "-c", PROBE], env=environment, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
    assert found.stdout.split()[-1] == has_cuda
