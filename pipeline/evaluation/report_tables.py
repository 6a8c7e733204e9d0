"""The rows of a report's tables: picked from `metrics.json`, nothing computed anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import pandas as pd

from pipeline.evaluation.levels import LEVELS
from pipeline.evaluation.metrics import FOUR_CLASSES, MEASURES
from pipeline.evaluation.wording import LABEL_NAMES, seconds

_NOTHING: dict[str, Any] = {
    "value": None,
    "reason": None,
    "interval": None,
    "interval_reason": None,
}
SUBJECT_ROWS = 300
_SAID_ELSEWHERE = ("kind", "version", "problem", "labels", "settings", "versions", "frontend")


def targets(level: Mapping) -> dict[str, Mapping]:
    """Return what is scored at a level: the four classes, if they are, then each label."""
    first = {"four_class": level["four_class"]} if "four_class" in level else {}
    return {**first, **level["labels"]}


def trivial_rows(level: Mapping) -> list[dict]:
    """Return, per target, the model's row between the trivial ones: name, rule and figures."""
    return [
        {"target": _name(target), "rows": list(_beside(scored))}
        for target, scored in targets(level).items()
    ]


def level_rows(metrics: Mapping) -> list[dict]:
    """Return every figure of every level: one row per level and target."""
    return [
        {
            "level": level,
            "target": _name(target),
            "counts": scored["counts"],
            "figures": _padded(scored["figures"]),
        }
        for level in LEVELS
        for target, scored in targets(metrics["levels"][level]).items()
    ]


def reasons(rows: Sequence[Mapping]) -> list[str]:
    """Return, each once, why figures or intervals of these rows (with `figures`) are missing."""
    found = [
        one[kind]
        for row in rows
        for one in row["figures"].values()
        for kind in ("reason", "interval_reason")
        if one[kind]
    ]
    return list(dict.fromkeys(found))


def quartile_names(parts: Sequence[Mapping]) -> list[str]:
    """Return the span of each quartile in words, as "0.50 s to 1.2 s"."""
    return [
        seconds(part["from_s"])
        if part["from_s"] == part["to_s"]
        else f"{seconds(part['from_s']).removesuffix(' s')} to {seconds(part['to_s'])}"
        for part in parts
    ]


def quartile_rows(parts: Sequence[Mapping]) -> list[dict]:
    """Return one row per quartile of duration and target."""
    return [
        {
            "span": name,
            "target": _name(target),
            "counts": scored["counts"],
            "figures": _padded(scored["figures"]),
        }
        for name, part in zip(quartile_names(parts), parts, strict=True)
        for target, scored in targets(part).items()
    ]


def confusions(level: Mapping) -> list[dict]:
    """Return the confusion matrices of a level: title, classes, rows of cells with their share."""
    found = []
    for target, scored in targets(level).items():
        name = _name(target).lower()
        classes = FOUR_CLASSES if target == "four_class" else (f"no {name}", name)
        rows = [
            {"name": truth, "cells": [_cell(count, sum(counts)) for count in counts]}
            for truth, counts in zip(classes, scored["confusion"], strict=True)
        ]
        found.append(
            {
                "title": _name(target),
                "classes": classes,
                "rows": rows,
                "threshold": scored.get("threshold"),
            }
        )
    return found


def subject_rows(predictions: pd.DataFrame, table: pd.DataFrame, labels: Sequence[str]) -> dict:
    """Return the subjects with truth and probability, at most `SUBJECT_ROWS` of them."""
    n_recordings = predictions.groupby("subject_id")["recording_id"].nunique()
    rows = [
        {
            "id": row["id"],
            "dataset": row["dataset"],
            "n_recordings": int(n_recordings[row["id"]]),
            "n_clips": int(row["n_clips"]),
            "labels": [(int(row[f"true_{name}"]), float(row[f"prob_{name}"])) for name in labels],
        }
        for row in table.head(SUBJECT_ROWS).to_dict("records")
    ]
    return {"rows": rows, "n_left_out": max(0, len(table) - SUBJECT_ROWS)}


def excluded_rows(excluded: Sequence[Mapping]) -> list[dict]:
    """Return what was left out or repaired, summed by data set, what, reason and action."""
    keys = ("dataset", "action", "what", "reason")

    def key(row: Mapping) -> tuple[str, ...]:
        # A table read from CSV has NaN where nothing is known.
        return tuple("" if pd.isna(row.get(name)) else str(row[name]) for name in keys)

    return [
        dict(zip(keys, values, strict=True))
        | {"count": sum(int(row.get("count", 1)) for row in rows)}
        for values, rows in groupby(sorted(excluded, key=key), key=key)
    ]


def flat(mapping: Mapping, prefix: str = "") -> dict[str, Any]:
    """Return nested mappings as one: `{"a": {"b": 1}}` as `{"a b": 1}`."""
    found: dict[str, Any] = {}
    for name, value in mapping.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{name} ")
        else:
            found[f"{prefix}{name}"] = value
    return found


def model_facts(model: Mapping) -> dict[str, Any]:
    """Return what there is to say of a model that no other part of the report says."""
    return flat({name: value for name, value in model.items() if name not in _SAID_ELSEWHERE})


def sides_table(sides: Mapping[str, Mapping]) -> dict:
    """Return the sides as a table: columns in order of first appearance, a row per side."""
    rows = {side: flat(counts) for side, counts in sides.items()}
    columns = list(dict.fromkeys(name for row in rows.values() for name in row))
    return {"columns": columns, "rows": rows}


def rule_words(rule: Mapping | None) -> str:
    """Return a duration rule as a sentence."""
    if rule is None or rule["reason"]:
        return f"no rule: {rule['reason']}" if rule else ""
    cutoff = seconds(rule["cutoff_s"])
    if "positive" in rule:
        return f"positive if {'at most' if rule['positive'] == 'shorter' else 'over'} {cutoff}"
    return f"{rule['shorter']} if at most {cutoff}, else {rule['longer']}"


def _beside(scored: Mapping) -> Iterator[dict]:
    trivial = scored["trivial"]
    normal, duration = trivial["always_normal"], trivial["duration"]
    yield {"name": "This model", "rule": "", "figures": _padded(scored["figures"])}
    yield {"name": "Always normal", "rule": "", "figures": _fixed(normal["figures"])}
    yield {
        "name": "Duration alone",
        "rule": rule_words(duration["rule"]),
        "figures": _padded(duration.get("figures", {})),
    }


def _padded(figures: Mapping) -> dict[str, Mapping]:
    return {measure: figures.get(measure, _NOTHING) for measure in MEASURES}


def _fixed(figures: Mapping) -> dict[str, Mapping]:
    """Leave out intervals of no width: what is so by definition does not spread."""
    return {
        measure: {**one, "interval": None}
        if one["interval"] and one["interval"][0] == one["interval"][1]
        else one
        for measure, one in _padded(figures).items()
    }


def _cell(count: int, total: int) -> dict:
    return {"count": count, "share": count / total if total else 0.0}


def _name(target: str) -> str:
    return LABEL_NAMES.get(target, target)
