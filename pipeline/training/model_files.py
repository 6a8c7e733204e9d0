"""The files beside our own sources that a network is made of: what of them enters the salt.

Nothing is imported to find them: a module of the user's may need what only the training
environment has. `cnn.models.own` refuses a module that does not lie where it is looked for here.
"""

from __future__ import annotations

import ast
import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.errors import SettingsError
from pipeline.salts import digest
from pipeline.schema import OWN_NETWORK

#: Packages of this project, should the working folder be a checkout: salted as such already.
OURS = {"cnn", "frontend", "pipeline"}


def model_identities(
    settings: Mapping[str, Any], ml_env: Path, folders: Sequence[Path] | None = None
) -> dict[str, str]:
    """Return what of the files behind ``[model]`` enters the salt of a training; mostly nothing.

    Parameters
    ----------
    settings : mapping
        The section ``[model]``.
    ml_env : Path
        The folder that holds ``weights``.
    folders : sequence of Path, optional
        Where the user's modules may lie; None: `own_folders`.

    Returns
    -------
    dict
        ``own_network``: digest of the user's sources, or ``weights``: of a backbone's.

    Raises
    ------
    SettingsError
        The module, or the file with the weights, is not there.
    """
    if OWN_NETWORK.fullmatch(settings["name"]):
        files = own_sources(settings["name"], own_folders() if folders is None else folders)
        entries = [(name, _sha256(path)) for name, path in sorted(files.items())]
        return {"own_network": digest(entries)[:12]}
    if settings["name"] == "pretrained" and settings["weights"] == "imagenet":
        return {"weights": _sha256(weights_file(settings["backbone"], ml_env))[:12]}
    return {}


def own_folders(variables: Mapping[str, str] | None = None) -> list[Path]:
    """Return where modules of the user's may lie: the working folder, then PYTHONPATH."""
    named = (os.environ if variables is None else variables).get("PYTHONPATH", "")
    return [Path.cwd(), *(Path(f).resolve() for f in named.split(os.pathsep) if f)]


def own_sources(name: str, folders: Sequence[Path]) -> dict[str, Path]:
    """Return the sources behind ``package.module:function``, by their names on the path.

    These are the module's whole top package, or its file, and the same for everything that they
    import and that lies in `folders`, too.

    Raises
    ------
    SettingsError
        There is no such module in `folders`.
    """
    module = name.partition(":")[0]
    if not any(_is_module(folder, module) for folder in folders):
        raise SettingsError(
            expected=f"a module {module}, that is {module.replace('.', '/')}.py",
            found="none",
            where=", ".join(map(str, folders)),
            action=f"Mend [model] name = {name}, or set PYTHONPATH to the folder that holds it.",
        )
    found: dict[str, Path] = {}
    waiting, seen = [module.split(".")[0]], set(OURS)
    while waiting:
        top = waiting.pop()
        if top not in seen:
            seen.add(top)
            sources = _sources_of(top, folders)
            found |= sources
            waiting += [name for path in sources.values() for name in _imported(path)]
    return found


def weights_file(backbone: str, ml_env: Path) -> Path:
    """Return the file with a backbone's weights on ImageNet; raise where it is not there."""
    path = ml_env / "weights" / f"{backbone}.h5"
    if not path.is_file():
        raise SettingsError(
            expected=f"the weights of {backbone} on ImageNet",
            found="no such file",
            where=str(path),
            action="Fetch them from the address in ml_env/cnn/models/pretrained.py (FILES) and put "
            'them there under that name, or set [model] weights = "none" to train from scratch.',
        )
    return path


def _is_module(folder: Path, module: str) -> bool:
    path = folder.joinpath(*module.split("."))
    return path.with_name(f"{path.name}.py").is_file() or (path / "__init__.py").is_file()


def _sources_of(top: str, folders: Sequence[Path]) -> dict[str, Path]:
    """Return the sources of a package or a single module by name; nothing where there is none."""
    found: dict[str, Path] = {}
    for folder in reversed(folders):  # of all: a package without __init__.py may lie in several
        inside = [*(folder / top).rglob("*.py"), *folder.glob(f"{top}.py")]
        found |= {path.relative_to(folder).as_posix(): path for path in inside}
    return found


def _imported(path: Path) -> set[str]:
    """Return the top packages that a source names in its imports, wherever they stand."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return set()  # the trainer says what is wrong with it
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def _sha256(path: Path) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
