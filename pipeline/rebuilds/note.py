"""The change note of a rebuild: as text, for a mail or a chat, and as a page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from pipeline import evaluation
from pipeline.evaluation import wording
from pipeline.evaluation.forest import forest_figure
from pipeline.evaluation.pages import page_environment
from pipeline.evaluation.wording import MEASURE_NAMES, decimal, interval_text, plural
from pipeline.rebuilds.decision import KEPT, PROMOTED, UNCHANGED
from pipeline.rebuilds.facts import MAX_NAMED, has_moved
from pipeline.runs.differences import three

_TEMPLATES = Path(__file__).parent / "templates"
_STYLE = Path(evaluation.__file__).parent / "templates" / "report.css"
#: Kinds of change, as a reader wants them said.
KINDS = {
    "new": "new",
    "gone": "gone",
    "changed": "with other sound",
    "relabelled": "with other labels",
}
_SIDE_NAMES = {"train": "train", "val": "validation", "test": "test", "gate": "gate"}


def headline(outcome: Mapping[str, Any]) -> str:
    """Return the outcome in one line.

    Parameters
    ----------
    outcome : mapping
        The content of ``outcome.json`` (docs/rebuild.rst).
    """
    said = {
        PROMOTED: f"{outcome['model']} is the new champion"
        if outcome["champion_before"]
        else f"{outcome['model']} is the first champion",
        KEPT: f"{outcome['champion']} stays champion",
        UNCHANGED: f"{outcome['champion']} stays champion: nothing is newer",
    }[outcome["event"]]
    return f"Rebuild {outcome['date']} of {outcome['line']}: {said}"


def text_of(outcome: Mapping[str, Any]) -> str:
    """Return the note as text."""
    blocks = [
        [headline(outcome), outcome["why"]],
        ["Data", *_indented(data_lines(outcome))],
        ["Gate side (it decides)", *_indented(gate_lines(outcome["gate"]))],
        ["Test side (it decides nothing)", *_indented(test_lines(outcome["test"]))],
        [f"Champion: {outcome['places']['champion']}", f"Report: {outcome['places']['report']}"],
    ]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def page_of(outcome: Mapping[str, Any]) -> str:
    """Return the note as one HTML page that needs no network."""
    filters = {"grouped": wording.grouped, "moment": wording.moment}
    environment = page_environment(_TEMPLATES, [_STYLE], filters)
    return environment.get_template("note.html.j2").render(
        title=headline(outcome),
        outcome=outcome,
        kinds=KINDS,
        max_named=MAX_NAMED,
        data=data_lines(outcome),
        gate=gate_lines(outcome["gate"]),
        test=test_lines(outcome["test"]),
        chart=_chart(outcome["gate"]),
    )


def data_lines(outcome: Mapping[str, Any]) -> list[str]:
    """Return what came, went and changed, a sentence for each data set."""
    found = outcome["changes"]
    lines = [_dataset_line(name, one, found["first"]) for name, one in found["datasets"].items()]
    if not found["first"] and not has_moved(found):
        lines.append("Nothing moved since the last rebuild.")
    came = [
        f"{n} on the {_SIDE_NAMES[side]} side" for side, n in found["new_subjects"].items() if n
    ]
    if came and not found["first"]:
        lines.append(f"New subjects: {', '.join(came)}.")
    sides = ", ".join(f"{_SIDE_NAMES[side]} {n}" for side, n in outcome["sides"].items())
    lines.append(f"Subjects with a label by side: {sides}.")
    if n := outcome["n_left_out"]:
        lines.append(
            f"Left out: {plural(n, 'recording')} of which identical sound stands on two sides."
        )
    return lines


def gate_lines(gate: Mapping[str, Any]) -> list[str]:
    """Return what the gate side says, in sentences."""
    if not gate:
        return ["Nothing was compared."]
    measure = MEASURE_NAMES[gate["measure"]] if gate["measure"] else "figure"
    lines = [
        f"{who}: {measure} {_figure(gate[name])}"
        for who, name in (("New model", "new"), ("Champion", "champion"))
        if gate[name]
    ]
    if gate["difference"] is not None:
        limits = gate["limits"]
        told = ""
        if limits:
            told = f" ({gate['confidence']:.0%}: {_signed(limits[0])} to {_signed(limits[1])})"
        lines.append(
            f"Difference: {_signed(gate['difference'])}{told}; "
            f"allowed: not worse by more than {gate['margin']:g}"
        )
    lines.append(f"{plural(gate['n_subjects'], 'subject')}, {gate['n_positive']} of them positive.")
    if gate["few"]:
        lines.append("So few positive subjects that chance decides: let the gate side grow.")
    return lines


def test_lines(test: Mapping[str, Any]) -> list[str]:
    """Return the test side's figure, in sentences."""
    if test["measure"] is None:
        return ["No figure."]
    uses = f"; looked at {plural(test['uses'], 'time')}" if test["uses"] else ""
    return [f"New model: {MEASURE_NAMES[test['measure']]} {_figure(test)}{uses}"]


def _dataset_line(name: str, one: Mapping[str, int], is_first: bool) -> str:
    size = f"{plural(one['recordings'], 'recording')} of {plural(one['subjects'], 'subject')}"
    moved = [] if is_first else [f"{one[kind]} {said}" for kind, said in KINDS.items() if one[kind]]
    return f"{name}: {size}" + (f" ({', '.join(moved)})" if moved else "")


def _figure(one: Mapping[str, Any]) -> str:
    if one["value"] is None:
        return f"none ({one['reason']})"
    limits = f" ({interval_text(one['interval'])})" if one["interval"] else ""
    return f"{decimal(one['value'])}{limits}"


def _signed(value: float) -> str:
    return three(value, signed=True)


def _indented(lines: list[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _chart(gate: Mapping[str, Any]) -> Markup | None:
    shown = [(who, gate.get(name)) for who, name in (("New", "new"), ("Champion", "champion"))]
    rows = [
        {"name": who, "n": "", "value": one["value"], "interval": one["interval"], "few": False}
        for who, one in shown
        if one and one["value"] is not None
    ]
    if len(rows) < 2:
        return None
    return forest_figure(rows, "model", MEASURE_NAMES[gate["measure"]])
