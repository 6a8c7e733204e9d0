"""The isolated training environment as the pipeline sees it: locks, sources, device, variables."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pipeline.errors import SettingsError
from pipeline.salts import digest, sources_digest

#: One package under two names: the build without CUDA is published apart.
SAME_PACKAGE = {"tensorflow-cpu": "tensorflow"}
LOCKS = {"cpu": "requirements-cpu.txt", "gpu": "requirements-gpu.txt"}

#: Variables the training environment may see. Nothing else of the user's environment reaches it,
#: so that no secret can end in a log.
ALLOWED = re.compile(
    r"(PATH|HOME|USER|LANG|LC_\w+|TERM|TMPDIR|TZ|XDG_CACHE_HOME|LD_LIBRARY_PATH|CUDA_HOME"
    r"|NVIDIA_\w+|SSL_CERT_\w+|REQUESTS_CA_BUNDLE|(https?|no|all)_proxy|(HTTPS?|NO|ALL)_PROXY"
    r"|UV_(CACHE_DIR|OFFLINE|NATIVE_TLS|SYSTEM_CERTS|LINK_MODE|FIND_LINKS|CONFIG_FILE)"
    r"|UV_(DEFAULT_INDEX|INDEX|INDEX_URL|EXTRA_INDEX_URL|INSECURE_HOST)"
    r"|OMP_NUM_THREADS|TF_NUM_\w+_THREADS)"
)


def project_root() -> Path:
    """Return the folder with external_script.sh and ml_env: this checkout, or the working folder.

    Raises
    ------
    SettingsError
        If neither holds them.
    """
    for folder in (Path(__file__).resolve().parents[2], Path.cwd()):
        if (folder / "external_script.sh").is_file() and (folder / "ml_env").is_dir():
            return folder
    raise SettingsError(
        expected="external_script.sh and ml_env/ beside the pipeline package",
        found="neither there nor in the working folder",
        where=str(Path.cwd()),
        action="Run luigi from the root of the project's checkout.",
    )


def locked_versions(lock: Path) -> dict[str, str]:
    """Return ``{package with its marker: version}`` of a hashed lock."""
    pin = re.compile(r"^([a-z0-9][\w.-]*)(?:\[[\w,-]*\])?==([^\s;\\]+)([^\\\n]*)", re.M)
    pins = pin.findall(lock.read_text(encoding="utf-8"))
    return {
        f"{SAME_PACKAGE.get(name, name)} {marker.strip()}".strip(): version
        for name, version, marker in pins
    }


def shared_versions_digest(ml_env: Path) -> str:
    """Return one digest of every version that the CPU and the GPU lock have in common."""
    cpu, gpu = (locked_versions(ml_env / name) for name in LOCKS.values())
    return digest({name: version for name, version in cpu.items() if gpu.get(name) == version})


@cache
def training_identities() -> dict[str, str]:
    """Return what of the training environment enters the salt of a training.

    Looked up once per process: one run sees one state of the sources.
    """
    root = project_root()
    return {
        "environment": shared_versions_digest(root / "ml_env")[:12],
        "sources": sources_digest([root / "ml_env" / "cnn", root / "frontend"])[:12],
    }


def count_gpus(visible: str | None) -> int:
    """Return how many NVIDIA GPUs answer on this machine and may be used.

    Parameters
    ----------
    visible : str or None
        The user's or the cluster's own ``CUDA_VISIBLE_DEVICES``; empty or -1 hides every GPU.
    """
    if visible is not None and visible.strip() in ("", "-1"):
        return 0
    if shutil.which("nvidia-smi") is None:
        return 0
    try:
        probe = subprocess.run(
            ["nvidia-smi", "-L"], capture_output=True, text=True, timeout=30, check=False
        )
    except subprocess.TimeoutExpired:
        return 0
    return sum(line.startswith("GPU ") for line in probe.stdout.splitlines())


def choose_device(device: str, n_gpus: int) -> dict[str, str]:
    """Return the variables that select lock and device for ``[compute] device``.

    Parameters
    ----------
    device : str
        ``auto``, ``cpu``, ``gpu``, or GPU numbers such as ``0,1``.
    n_gpus : int
        How many GPUs may be used.

    Raises
    ------
    SettingsError
        If a GPU is asked for that is not there, or the value is none of these.
    """
    numbers = [int(n) for n in device.split(",")] if re.fullmatch(r"\d+(,\d+)*", device) else []
    if device not in ("auto", "cpu", "gpu") and not numbers:
        raise _bad_device(device, "[compute] device = auto, cpu, gpu, or GPU numbers (0,1)")
    if device == "cpu" or (device == "auto" and not n_gpus):
        return {"AUSCULT_ENV": "cpu", "CUDA_VISIBLE_DEVICES": "-1"}
    if n_gpus <= max(numbers, default=0):
        found = f"{n_gpus} GPU(s) that nvidia-smi shows and CUDA_VISIBLE_DEVICES allows"
        raise _bad_device(found, f"a GPU, for device = {device}")
    return {"AUSCULT_ENV": "gpu"} | ({"CUDA_VISIBLE_DEVICES": device} if numbers else {})


def variables_of(device: str, base: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return `choose_device` for this machine; GPUs given to this process stay the only ones."""
    visible = (os.environ if base is None else base).get("CUDA_VISIBLE_DEVICES")
    chosen = choose_device(device, 0 if device == "cpu" else count_gpus(visible))
    given = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    return given | chosen


def program_environment(device: str, base: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return all variables that external_script.sh and the trainer get to see."""
    base = os.environ if base is None else base
    kept = {name: value for name, value in base.items() if ALLOWED.fullmatch(name)}
    return {
        **kept,
        **variables_of(device, base),
        "AUSCULT_PYTHON": sys.executable,
        "AUSCULT_PARENT_PID": str(os.getpid()),
        "AUSCULT_PYTHONPATH": base.get("PYTHONPATH", ""),  # for networks of the user's own
        "PYTHONUNBUFFERED": "1",
    }


def _bad_device(found: str, expected: str) -> SettingsError:
    return SettingsError(
        expected=expected,
        found=found,
        where="luigi.cfg, [compute] device (or --compute-device)",
        action="Use device = cpu, or auto to take a GPU only where there is one.",
    )
