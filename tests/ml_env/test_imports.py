"""What the trainer's modules may import."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

CNN = Path(__file__).resolve().parents[2] / "ml_env/cnn"
FILES = sorted(CNN.rglob("*.py"))
# Checked before the slow imports, or used where there is no Keras.
LIGHT = "__main__ __init__ errors process schema job contract order augment weighting metrics"
LIGHT += " schedule data packs prefetch progress identity checkpoint resume"


def imported(path: Path, top_level: bool = False) -> set[str]:
    tree = ast.parse(path.read_text())
    nodes = tree.body if top_level else list(ast.walk(tree))
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def roots(names: set[str]) -> set[str]:
    return {name.split(".")[0] for name in names}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(CNN).as_posix())
def test_nothing_of_the_pipeline_and_tensorflow_in_one_place_only(path: Path) -> None:
    found = roots(imported(path))
    assert not found & {"pipeline", "luigi", "librosa", "pandas", "scipy", "sklearn"}
    assert "tensorflow" not in found or path.name == "backend.py"


@pytest.mark.parametrize("name", LIGHT.split())
def test_light_modules_import_no_keras(name: str) -> None:
    found = imported(CNN / f"{name}.py", top_level=True)
    assert "keras" not in roots(found)
    heavy = {"backend", "loop", "network", "predict", "train", "statistics", "averaging"}
    assert not {module for module in found if module.removeprefix("cnn.") in heavy}
