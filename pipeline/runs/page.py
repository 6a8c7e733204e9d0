"""One self-contained HTML page: the runs of a problem beside each other."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.axes import Axes

from pipeline import evaluation
from pipeline.evaluation import wording
from pipeline.evaluation.bootstrap import BootstrapSettings
from pipeline.evaluation.svg import FAINT, SERIES, draw_svg
from pipeline.problems import Problem
from pipeline.runs import tables
from pipeline.runs.compare import Group
from pipeline.runs.found import Skipped

#: Settings that a chart shows; the table has all.
MAX_DRAWN = 24
_LONGEST_NAME = 44
_TEMPLATES = Path(__file__).parent / "templates"
# The run report's own style: both pages look alike.
_STYLES = (
    Path(evaluation.__file__).parent / "templates" / "report.css",
    _TEMPLATES / "runs.css",
)
_SCRIPT = _TEMPLATES / "sort.js"


def render_runs(
    groups: Sequence[Group],
    skipped: Sequence[Skipped],
    problem: Problem,
    names: tables.Names,
    settings: BootstrapSettings,
    made_at: str = "",
) -> str:
    """Render the page as one HTML document that needs no network.

    Its only script sorts the tables; without it they stand in the order of the figures.

    Parameters
    ----------
    groups, skipped
        What `compare.compare` returned, and all that was skipped.
    names : mapping
        Salt of a model -> what the user called it (`names.read_names`).
    settings : BootstrapSettings
        With which the figures were made.
    made_at : str
        ISO 8601 time, or "".
    """
    shown = [_group(group, names, settings.confidence) for group in groups]
    return (
        _environment()
        .get_template("runs.html.j2")
        .render(
            title=f"Runs of {problem.title or problem.name}",
            groups=shown,
            skipped=sorted(skipped, key=lambda one: one.name),
            n_runs=sum(len(row.runs) for group in groups for row in group.rows),
            confidence=settings.confidence,
            n_bootstrap=settings.n_bootstrap,
            made_at=made_at,
        )
    )


def _group(group: Group, names: tables.Names, confidence: float) -> dict[str, Any]:
    rows = tables.group_rows(group, names, confidence)
    shared = {key: group.rows[0].setting.get(key) for key in ("datasets", "subset", "split")}
    return {
        "kind": group.kind,
        "heading": tables.heading(group),
        "question": tables.question(group),
        "splits": group.splits,
        "shared": {key: value for key, value in shared.items() if key not in group.differing},
        "differing": group.differing,
        "has_best": group.best is not None,
        "rows": rows,
        "folded": any(row["n_folds"] for row in rows),
        "chart": _chart(rows, group, confidence),
    }


def _chart(rows: Sequence[Mapping], group: Group, confidence: float) -> Markup | None:
    """Draw each setting's figure with its interval, and every seed's own as a small mark."""
    drawn = [row for row in rows if row["mean"] is not None][:MAX_DRAWN]
    asked = tables.question(group)
    if len(drawn) < 2 or asked is None:
        return None
    measure = wording.MEASURE_NAMES[asked["measure"]]

    def draw(axes: Axes) -> None:
        for place, row in enumerate(drawn):
            colour = SERIES[1] if row["best"] else SERIES[0]
            if row["interval"]:
                axes.plot(row["interval"], [place, place], color=colour, linewidth=5, alpha=0.35)
            axes.plot(row["trials"], [place] * len(row["trials"]), "|", color=FAINT, markersize=11)
            axes.plot(row["mean"], place, "D" if row["best"] else "o", color=colour, markersize=8)
        axes.set_yticks(range(len(drawn)), [_short(row["name"]) for row in drawn])
        axes.set(ylim=(len(drawn) - 0.5, -0.5), xlabel=f"{measure}, {group.kind}")
        axes.grid(visible=False, axis="y")

    spoken = ", ".join(f"{row['name']} {wording.decimal(row['mean'])}" for row in drawn)
    text = f"{measure} of each setting with its {100 * confidence:g} % interval: {spoken}."
    longest = max(len(_short(row["name"])) for row in drawn)
    margins = (0.25 + 0.085 * longest, 0.5, 0.15, 0.05)
    size = (max(5.0, margins[0] + 3), 0.65 + 0.34 * len(drawn))
    return draw_svg(draw, f"runs-{group.splits[0][1]}", text, size=size, margins=margins)


def _short(name: str) -> str:
    name = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
    return name.replace("$", r"\$")  # matplotlib would read it as a formula


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "decimal": wording.decimal,
        "grouped": wording.grouped,
        "interval_text": wording.interval_text,
        "moment": wording.moment,
        "shown": _shown,
        "span": wording.span,
    }
    script = _SCRIPT.read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    environment.globals |= {
        "measure_names": wording.MEASURE_NAMES,
        "plural": wording.plural,
        # Our own files, no one else's text; the page's policy lets no other script run.
        "stylesheet": Markup("\n".join(path.read_text(encoding="utf-8") for path in _STYLES)),
        "script": Markup(script),
        "script_digest": digest,
    }
    return environment


def _shown(value: Any) -> str:
    """Return a setting as text."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "–"}[value]
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, (list, tuple)):
        return ", ".join(_shown(one) for one in value)
    return str(value)
