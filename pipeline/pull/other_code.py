"""Whether a model was made by the code of this checkout, as its lineage tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.pull.claim import TRAINING

#: Inputs of a training that are code -> what a reader knows them by.
_CODE = {"sources": "the training's sources", "environment": "the locked packages"}


def other_code(
    lineage: Mapping[str, Mapping[str, Any]],
    own: str,
    versions: Mapping[str, str],
    identities: Mapping[str, str],
) -> list[str]:
    """Return in what the code that made a model differs from the code here; [] if in nothing.

    Parameters
    ----------
    lineage : dict
        Records by salt, the model's own among them.
    own : str
        The model's salt.
    versions : dict
        Version by task, of this checkout. Tasks that it does not know are passed over.
    identities : dict
        Digests of the training's code by input, of this checkout.
    """
    stages = {(record["task"], str(record.get("version"))) for record in lineage.values()}
    found = [
        f"{task} of version {version} (here {versions[task]})"
        for task, version in sorted(stages)
        if task in versions and versions[task] != version
    ]
    record = lineage.get(own, {})
    made_with = record.get("inputs", {}) if record.get("task") == TRAINING else {}
    return found + [
        f"{_CODE[name]} {made_with[name]} (here {here})"
        for name, here in sorted(identities.items())
        if name in _CODE and made_with.get(name, here) != here
    ]
