"""Whether a folder holds the bytes that a manifest states, and tells of the same training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pipeline.contract import read_json, sha256_of
from pipeline.errors import ContractError
from pipeline.pull.claim import TRAINING, Claim


def differing(folder: Path, files: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the names of the files that are missing in `folder` or are not the stated bytes."""
    return [name for name, facts in files.items() if not _is_as_stated(folder / name, facts)]


def n_bytes_to_come(folder: Path, files: Mapping[str, Mapping[str, Any]]) -> int:
    """Return the bytes of the files that are not there in their full size.

    What came of a file before a cut counts as still to come: it is kept beside the new one until
    that is whole.
    """
    return sum(
        facts["size"] for name, facts in files.items() if _size(folder / name) != facts["size"]
    )


def refuse_other(folder: Path, here: Claim, there: Claim, where: str) -> None:
    """Raise where the model `here` has another content than the one at the source.

    Raises
    ------
    ContractError
        With the hashes of both, and the first file in which they differ.
    """
    if here.content_hash == there.content_hash:
        return
    names = sorted(here.files.keys() | there.files.keys())
    other = [name for name in names if here.files.get(name) != there.files.get(name)]
    first = f"{_hash(here, other[0])} here, {_hash(there, other[0])} there"
    raise ContractError(
        expected=f"the model that is here already: content {here.content_hash}",
        found=f"the same salt with other bytes: content {there.content_hash}; {len(other)} of "
        f"{len(names)} files differ, first {other[0]} ({first})",
        where=f"{folder} and {where}",
        action="Both were trained from the same inputs, on different machines or at different "
        "times. Nothing was overwritten: keep the one here, or move it out of 07_models and run "
        "the same command again.",
    )


def refuse_damaged(folder: Path, claim: Claim) -> None:
    """Raise where the bytes of a model that is here are not those of its own manifest."""
    bad = differing(folder, claim.files)
    if bad:
        raise ContractError(
            expected=f"sha256 {claim.files[bad[0]]['sha256']}",
            found=f"sha256 {sha256_of(folder / bad[0])}: the model that is here was changed",
            where=str(folder / bad[0]),
            action="Delete that model's folder and run the same command again.",
        )


def check_described(folder: Path, claim: Claim, where: str) -> None:
    """Raise where ``model.json`` tells of another training than the lineage that was proved.

    Raises
    ------
    ContractError
        Problem, seed or a setting of the trainer differs, or model.json cannot be read.
    """
    if claim.record["task"] != TRAINING:
        return
    try:
        stated = _training_of(read_json(folder / "model.json"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ContractError(
            expected="model.json with problem, seed and settings",
            found=f"{type(error).__name__}: {error}",
            where=where,
            action="The model is of another version; pull it with the version that made it.",
        ) from None
    proved = _proved(claim.record)
    for name in sorted(stated.keys() | proved.keys()):
        if stated.get(name) != proved.get(name):
            raise ContractError(
                expected=f"{name} = {proved.get(name)!r}, which the salt {claim.salt} covers",
                found=f"{stated.get(name)!r} in model.json",
                where=where,
                action="Files of two models were mixed. Pull it from where it was trained.",
            )


def _training_of(model: Mapping[str, Any]) -> dict[str, Any]:
    own = {"problem": model["problem"], "seed": model["seed"]}
    return own | _flat(model["settings"], ("augment", "model", "training"))


def _proved(record: Mapping[str, Any]) -> dict[str, Any]:
    parameters = record["parameters"]
    own = {"problem": parameters["problem"], "seed": parameters.get("seed")}
    return own | _flat(record["settings"], ("augment", "model", "training"))


def _flat(settings: Mapping[str, Any], sections: Iterable[str]) -> dict[str, Any]:
    """Return ``[section] key`` -> value; without the epochs, which an extension adds to."""
    return {
        f"[{section}] {key}": value
        for section in sections
        for key, value in settings[section].items()
        if (section, key) != ("training", "n_epochs")
    }


def _is_as_stated(path: Path, facts: Mapping[str, Any]) -> bool:
    is_plain = path.is_file() and not path.is_symlink()
    return is_plain and _size(path) == facts["size"] and sha256_of(path) == facts["sha256"]


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _hash(claim: Claim, name: str) -> str:
    facts = claim.files.get(name)
    return f"sha256 {facts['sha256']}" if facts else "no such file"
