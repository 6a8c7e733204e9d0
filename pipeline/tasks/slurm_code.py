"""The code that a training's job needs on a cluster which has no checkout."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.remote.slurm_layout import OWN
from pipeline.remote.slurm_store import sha256_of
from pipeline.schema import OWN_NETWORK
from pipeline.training.environment import LOCKS, project_root
from pipeline.training.model_files import own_folders, own_sources, weights_file

SCRIPT = "external_script.sh"


def code_of(task: Any) -> dict[str, Path]:
    """Return the files that a training's job needs, by their names on the cluster.

    These are external_script.sh, the locks, the sources of `cnn` and `frontend`, and what the
    settings name besides: modules of the user's own, or a backbone's weights.
    """
    root = project_root()
    files = {SCRIPT: root / SCRIPT}
    files |= {f"ml_env/{name}": root / "ml_env" / name for name in LOCKS.values()}
    for folder in ("ml_env/cnn", "frontend"):
        found = (root / folder).rglob("*.py")
        files |= {path.relative_to(root).as_posix(): path for path in found}
    return files | _named_by(dict(task.model_settings), root / "ml_env")


def code_facts(code: Mapping[str, Path]) -> dict[str, tuple[int, str]]:
    """Return (size, sha256) by name."""
    return {name: (path.stat().st_size, sha256_of(path)) for name, path in code.items()}


@contextmanager
def gathered(code: Mapping[str, Path]) -> Iterator[Path]:
    """Give a folder in which the files lie under their names, as links."""
    with tempfile.TemporaryDirectory(prefix="auscult-code-") as folder:
        for name, path in code.items():
            link = Path(folder, name)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path.resolve())
        yield Path(folder)


def _named_by(settings: Mapping[str, Any], ml_env: Path) -> dict[str, Path]:
    """Return the files that the section ``[model]`` names."""
    if OWN_NETWORK.fullmatch(settings["name"]):
        found = own_sources(settings["name"], own_folders())
        return {f"{OWN}/{name}": path for name, path in found.items()}
    if settings["name"] == "pretrained" and settings["weights"] == "imagenet":
        path = weights_file(settings["backbone"], ml_env)
        return {path.relative_to(ml_env.parent).as_posix(): path}
    return {}
