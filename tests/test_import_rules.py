"""Who may import what (the table in docs/contract.rst), and what `import pipeline` costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LUIGI, AUDIO, NETWORK = {"luigi"}, {"librosa"}, {"keras", "tensorflow", "torch", "jax"}
TABLES = {"pandas", "scipy", "sklearn", "matplotlib", "jinja2"}
ORCHESTRATION = {"pipeline.tasks", "pipeline.config", "pipeline.compose", "pipeline.targets"}

#: Part of the tree -> modules it must not import, anywhere in its files.
FORBIDDEN = {
    "pipeline/tasks": AUDIO | NETWORK | {"cnn"},
    "pipeline/compose.py": AUDIO | NETWORK | {"cnn", "pipeline.tasks"},
    "pipeline/targets.py": AUDIO | NETWORK | {"cnn", "pipeline.tasks", "pipeline.compose"},
    "pipeline/config.py": AUDIO | NETWORK | {"cnn", "pipeline.tasks", "pipeline.compose"},
    "pipeline/datasets": LUIGI | AUDIO | NETWORK | ORCHESTRATION | {"cnn"},
    "pipeline/audio": LUIGI | NETWORK | ORCHESTRATION | {"cnn"},
    "pipeline/evaluation": LUIGI | AUDIO | NETWORK | ORCHESTRATION | {"cnn"},
    "pipeline/splits": LUIGI | AUDIO | NETWORK | ORCHESTRATION | {"cnn"},
    "pipeline/labels": LUIGI | AUDIO | NETWORK | ORCHESTRATION | {"cnn"},
    "pipeline/problems": LUIGI | AUDIO | NETWORK | TABLES | ORCHESTRATION | {"cnn", "numpy"},
    "pipeline/inspection": LUIGI | AUDIO | NETWORK | ORCHESTRATION | {"cnn"},
    "pipeline/augmentations": LUIGI | AUDIO | NETWORK | ORCHESTRATION | {"cnn"},
    "pipeline/runs": LUIGI | AUDIO | NETWORK | ORCHESTRATION | {"cnn"},
    "pipeline/rebuilds": LUIGI | AUDIO | NETWORK | ORCHESTRATION | {"cnn"},
    "pipeline/notifying": LUIGI
    | AUDIO
    | NETWORK
    | TABLES
    | ORCHESTRATION
    | {"cnn", "numpy", "pipeline.sources"},
    "pipeline/clips": LUIGI | AUDIO | NETWORK | ORCHESTRATION | {"cnn"},
    "pipeline/spectrograms": LUIGI | AUDIO | NETWORK | ORCHESTRATION | {"cnn"},
    "pipeline/variants": LUIGI | AUDIO | NETWORK | ORCHESTRATION | {"cnn"},
    "pipeline/pull": LUIGI | AUDIO | NETWORK | TABLES | ORCHESTRATION | {"cnn", "numpy"},
    "pipeline/training": LUIGI | AUDIO | NETWORK | ORCHESTRATION | {"cnn"},
    "pipeline/remote": LUIGI
    | AUDIO
    | NETWORK
    | TABLES
    | ORCHESTRATION
    | {"numpy", "frontend", "cnn", "pipeline.sources", "pipeline.contract"},
    "pipeline/sources": AUDIO | NETWORK | TABLES | {"cnn", "pipeline.tasks", "pipeline.config"},
    "pipeline/contract.py": LUIGI | AUDIO | NETWORK | TABLES | {"numpy", "frontend", "cnn"},
    "frontend": LUIGI | AUDIO | NETWORK | TABLES | {"pipeline", "cnn"},
    "ml_env/cnn": LUIGI | AUDIO | TABLES | {"pipeline"},
}


def imported(path: Path) -> set[str]:
    """Return the dotted names of everything a file imports, at any depth."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def files_of(part: str) -> list[Path]:
    path = ROOT / part
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]


@pytest.mark.parametrize("part", FORBIDDEN)
def test_part_imports_only_what_it_may(part):
    broken = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files_of(part)
        for name in imported(path)
        for no in FORBIDDEN[part]
        if name == no or name.startswith(f"{no}.")
    ]
    assert files_of(part)
    assert not broken


def test_import_pipeline_loads_nothing_heavy():
    heavy = sorted(AUDIO | NETWORK | TABLES | {"numpy", "soundfile", "soxr", "openpyxl", "numba"})
    code = f"import sys, pipeline; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]", done.stderr


def test_no_module_hides_under_a_name_that_says_nothing():
    nameless = {"utils.py", "helpers.py", "misc.py", "common.py"}
    folders = ("pipeline", "frontend", "ml_env/cnn", "tests", "bench")
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    assert not [path for path in found if path.name in nameless]
