"""Small drawings of the worst recordings of each kind of audio finding, written as plain SVG."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from markupsafe import Markup, escape

from pipeline.inspection.inspected import Inspected
from pipeline.inspection.measures import Pictured
from pipeline.inspection.spectrum import CENTRES_HZ
from pipeline.inspection.wording import hertz, percent

N_EXAMPLES = 3
_WIDTH, _HEIGHT = 240, 60
_SPECTRUM_SPAN_DB = 90.0


@dataclass(frozen=True)
class Example:
    """One recording that shows a defect.

    Attributes
    ----------
    recording_id, caption : str
    drawings : list of (Markup, str)
        Drawing and what it shows.
    """

    recording_id: str
    caption: str
    drawings: list[tuple[Markup, str]]


def examples(data: Inspected) -> dict[str, list[Example]]:
    """Return the worst recordings by kind ("Clipped", ...); kinds without any are left out."""
    table = data.measured()
    readable = table["problem"] == ""
    kinds = {
        "Clipped": (table["clipped_share"], table["clipped_share"] >= 0.001, _clipped),
        "Silent": (table["silent_share"], table["silent_share"] >= 0.01, _silent),
        "DC offset": (table["dc_to_rms"], table["dc_to_rms"] >= 0.1, _offset),
        "Least bandwidth for its rate": (
            -table["bandwidth_hz"] / table["sample_rate"].clip(lower=1),
            table["bandwidth_hz"] <= table["sample_rate"] / 8,
            _narrow,
        ),
    }
    found = {}
    for kind, (badness, is_bad, draw) in kinds.items():
        worst = badness[readable & is_bad].nlargest(N_EXAMPLES).index
        if len(worst):
            found[kind] = [draw(table.loc[index], data.pictured[index]) for index in worst]
    return found


def _clipped(row, pictured: Pictured) -> Example:
    span_ms = 1000 * len(pictured.close_up) / row["sample_rate"]
    drawings = [
        _outline(row, pictured),
        (_line(pictured.close_up), f"{span_ms:.0f} ms about the start of the longest run"),
    ]
    return Example(row["recording_id"], f"{percent(row['clipped_share'])} clipped", drawings)


def _silent(row, pictured: Pictured) -> Example:
    caption = f"{percent(row['silent_share'])} silent"
    return Example(row["recording_id"], caption, [_outline(row, pictured)])


def _offset(row, pictured: Pictured) -> Example:
    caption = f"offset {row['dc_offset']:+.3f}, {row['dc_to_rms']:.2f} of the rms"
    return Example(row["recording_id"], caption, [_outline(row, pictured)])


def _narrow(row, pictured: Pictured) -> Example:
    caption = f"nothing above {hertz(row['bandwidth_hz'])} of {hertz(row['sample_rate'] / 2)}"
    return Example(row["recording_id"], caption, [_spectrum(row, pictured)])


def _outline(row, pictured: Pictured) -> tuple[Markup, str]:
    lowest, highest = pictured.envelope
    # A quiet recording is drawn larger: its shape counts, not its level.
    scale = max(row["peak"], 1e-6)
    x = np.arange(len(lowest))
    upper, lower = _points(x, highest / scale), _points(x[::-1], lowest[::-1] / scale)
    body = f'<path class="wave" d="M{" ".join(upper + lower)}Z"/>'
    return _drawing(body, f"outline of {row['recording_id']}"), f"{row['duration_s']:.1f} s"


def _line(samples: np.ndarray) -> Markup:
    scale = max(float(np.abs(samples).max()), 1e-6)
    x = np.linspace(0, _WIDTH, len(samples))
    body = f'<path class="line" d="M{" ".join(_points(x, samples / scale))}"/>'
    return _drawing(body, "samples about the start of the longest clipped run")


def _spectrum(row, pictured: Pictured) -> tuple[Markup, str]:
    known = np.isfinite(pictured.spectrum)
    levels_db, x = pictured.spectrum[known], _position(CENTRES_HZ[known])
    y = 1 - 2 * (levels_db.max() - levels_db) / _SPECTRUM_SPAN_DB if known.any() else levels_db
    edge = float(_position(np.array([row["bandwidth_hz"]]))[0])
    body = (
        f'<path class="mark" d="M{edge:.0f} 0V{_HEIGHT}"/>'
        f'<path class="line" d="M{" ".join(_points(x, np.maximum(y, -1)))}"/>'
    )
    text = f"spectrum of {row['recording_id']} up to {hertz(row['sample_rate'] / 2)}"
    return _drawing(body, text, axis=False), "25 Hz to 20 kHz, 90 dB; upright: the band's end"


def _position(frequency_hz: np.ndarray) -> np.ndarray:
    low, high = np.log(CENTRES_HZ[0]), np.log(CENTRES_HZ[-1])
    return np.clip((np.log(frequency_hz) - low) / (high - low), 0, 1) * _WIDTH


def _points(x: np.ndarray, y: np.ndarray) -> list[str]:
    middle = _HEIGHT / 2
    return [f"{a:.0f} {middle - b * (middle - 2):.1f}" for a, b in zip(x, y, strict=True)]


def _drawing(body: str, text: str, axis: bool = True) -> Markup:
    spoken = escape(text)
    zero = f'<path class="zero" d="M0 {_HEIGHT / 2}H{_WIDTH}"/>' if axis else ""
    return Markup(
        f'<svg class="sketch" role="img" aria-label="{spoken}" viewBox="0 0 {_WIDTH} {_HEIGHT}">'
        f"<title>{spoken}</title>{body}{zero}</svg>"
    )
