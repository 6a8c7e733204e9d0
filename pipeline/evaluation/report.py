"""One self-contained HTML page about a run: can it be trusted, and where does it fail?"""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipeline.evaluation import charts, report_tables, wording
from pipeline.evaluation.history import history_figures
from pipeline.evaluation.levels import LEVELS, level_tables
from pipeline.evaluation.metrics import MEASURES
from pipeline.evaluation.verdict import verdict

_TEMPLATES = Path(__file__).parent / "templates"
_EMPTY: dict[str, Any] = {
    "notes": [],
    "split_hash": None,
    "command": None,
    "made_at": None,
}
_TITLES = {
    "pneumonia": "Pneumonia in lung sounds",
    "crackle_wheeze": "Crackles and wheezes in lung sounds",
}
_DATASET = dict.fromkeys(("name", "title", "licence", "n_recordings", "n_subjects", "n_events"))
_LINEAGE = dict.fromkeys(("task", "salt", "version"))


def render_report(metrics: Mapping, predictions: pd.DataFrame, context: Mapping) -> str:
    """Render the report as one HTML document that needs no network and no script.

    Parameters
    ----------
    metrics : mapping
        The content of `metrics.json` (see `evaluate.evaluate`). Every number shown comes from it.
    predictions : DataFrame
        The content of `predictions.csv`, for the table of subjects and the histograms.
    context : mapping
        What is known of the run; each key may be missing or None: `title`, `datasets` (list of
        `name`, `title`, `licence`, `n_recordings`, `n_subjects`, `n_events`), `sides` (side ->
        counts, nested or not), `excluded` (rows of `dataset`, `reason`, `action`, `what`,
        `count`), `notes`, `split_hash`, `settings` (section -> key -> value), `versions`,
        `history` (rows of history.csv), `command`, `model`, `lineage` (`task`, `salt`,
        `version`), `made_at`.

    Returns
    -------
    str
        HTML. All names and texts are escaped.
    """
    known = {name: value for name, value in context.items() if value is not None}
    environment = _environment()
    labels = metrics["labels"]
    tables = level_tables(predictions, labels, metrics["aggregation"])
    return environment.get_template("report.html.j2").render(
        **{
            **_EMPTY,
            "title": _TITLES.get(metrics["problem"], metrics["problem"]),
            **known,
            "m": metrics,
            "byline": _byline(known),
            "labels": labels,
            "measures": MEASURES,
            "verdict": verdict(metrics),
            "sections": [_section(metrics, tables, level) for level in _by_importance(metrics)],
            "level_rows": report_tables.level_rows(metrics),
            "subjects": report_tables.subject_rows(predictions, tables["subject"], labels),
            "datasets": [_DATASET | dict(one) for one in known.get("datasets", [])],
            "settings": {
                section: report_tables.flat(values)
                for section, values in known.get("settings", {}).items()
            },
            "versions": report_tables.flat(known.get("versions", {})),
            "lineage": [_LINEAGE | dict(one) for one in known.get("lineage", [])],
            "excluded": report_tables.excluded_rows(known.get("excluded", [])),
            "sides": report_tables.sides_table(known.get("sides", {})),
            "model": report_tables.model_facts(known.get("model", {})),
            "history": history_figures(known.get("history", []), known.get("model", {})),
        }
    )


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "count_of": _count_of,
        "decimal": wording.decimal,
        "grouped": wording.grouped,
        "moment": wording.moment,
        "interval_text": wording.interval_text,
        "shown": _shown,
        "spaced": lambda name: str(name).replace("_", " "),
    }
    environment.globals |= {
        "names": wording.MEASURE_NAMES,
        "plural": wording.plural,
        "reasons": report_tables.reasons,
        # Our own file, no one else's text: the only thing let through unescaped but the charts.
        "stylesheet": Markup((_TEMPLATES / "report.css").read_text(encoding="utf-8")),
    }
    return environment


def _byline(known: Mapping) -> list[str]:
    model, datasets = known.get("model", {}), known.get("datasets", [])
    facts = [model.get("name"), ", ".join(str(one.get("name")) for one in datasets)]
    made = f"made {wording.moment(str(known['made_at']))}" if "made_at" in known else None
    return [str(fact) for fact in [*facts, made] if fact]


def _by_importance(metrics: Mapping) -> list[str]:
    main = metrics["main"]["level"]
    return [main, *(level for level in LEVELS if level != main)]


def _section(metrics: Mapping, tables: Mapping[str, pd.DataFrame], level: str) -> dict:
    scored = metrics["levels"][level]
    curves = {label: one for label, one in scored["labels"].items() if one["curves"]}
    parts = scored.get("quartiles", [])
    return {
        "level": level,
        "n_rows": scored["n_rows"],
        "roc": charts.roc_figure(curves, level) if curves else None,
        "pr": charts.precision_recall_figure(curves, level) if curves else None,
        "probabilities": _probabilities(scored, tables[level], level),
        "thresholds": {label: one["threshold"] for label, one in scored["labels"].items()},
        "confusions": report_tables.confusions(scored) if scored["n_rows"] else [],
        "trivial": report_tables.trivial_rows(scored),
        "quartiles": report_tables.quartile_rows(parts),
        "quartile_figure": _quartile_figure(parts, level),
    }


def _probabilities(scored: Mapping, table: pd.DataFrame, level: str) -> list[Markup]:
    return [
        charts.probability_figure(
            table[f"true_{label}"].to_numpy(int),
            table[f"prob_{label}"].to_numpy(float),
            one["threshold"],
            label,
            level,
        )
        for label, one in scored["labels"].items()
        if len(table)
    ]


def _quartile_figure(parts: list[Mapping], level: str) -> Markup | None:
    if not parts:
        return None
    series = {
        target: [report_tables.targets(part)[target]["figures"]["score"] for part in parts]
        for target in report_tables.targets(parts[0])
    }
    return charts.quartile_figure(series, report_tables.quartile_names(parts), level)


def _count_of(value: Any) -> str:
    """Return a count with its thousands set apart, anything else as text."""
    return wording.grouped(int(value)) if isinstance(value, Integral) else _shown(value)


def _shown(value: Any) -> str:
    """Return a setting or a count as text."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "–"}[value]
    if isinstance(value, int):
        return wording.grouped(value) if abs(value) >= 100_000 else str(value)
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, (list, tuple)):
        return ", ".join(_shown(one) for one in value)
    return str(value)
