"""The drawings of a data set: hours by class, ages, durations, bandwidths, spectra by device."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from pipeline.evaluation.svg import DASHES, FAINT, MARKERS, SERIES, draw_svg
from pipeline.evaluation.wording import plural
from pipeline.inspection.inspected import Inspected
from pipeline.inspection.iterating import each_group
from pipeline.inspection.spectrum import CENTRES_HZ
from pipeline.inspection.summary import Table
from pipeline.inspection.wording import hertz

_CLASSES = ("Event type", "Diagnosis", "Recording's label")
_MAX_BARS, _MAX_DOTS = 12, 600
_LONGEST_NAME = 20
_OTHERS, _NO_DEVICE = "others", "all recordings"
# The share of the golden ratio spreads any number of dots evenly.
_GOLDEN = 0.618033988749895


def figures(data: Inspected, tables: list[Table]) -> list[tuple[Markup, str]]:
    """Return the drawings of a data set, each with its caption."""
    drawn = [hours_figure(data, one) for one in tables if one.title in _CLASSES]
    ages = data.recordings.groupby("subject_id")["age"].median().dropna().to_numpy()
    if len(ages):
        text = f"Ages of {plural(len(ages), 'subject')} of {data.name}"
        drawn.append(_histogram(ages, "Age in years", "Subjects", text, f"ages-{data.name}"))
    text = f"Lengths of {plural(len(data.recordings), 'recording')} of {data.name}"
    lengths_s = data.recordings["duration_s"].to_numpy()
    drawn.append(_histogram(lengths_s, "Length in s", "Recordings", text, f"lengths-{data.name}"))
    readable = data.measured()["problem"].eq("").to_numpy()
    if readable.any():
        drawn += [bandwidth_figure(data), spectra_figure(data)]
    return drawn


def hours_figure(data: Inspected, table: Table) -> tuple[Markup, str]:
    """Draw the hours of each class as bars."""
    rows = table.rows[:_MAX_BARS][::-1]
    names = [_short(name) for name in rows["name"]]

    def draw(axes: Axes) -> None:
        axes.barh(range(len(rows)), rows["hours"], color=SERIES[0], height=0.7)
        axes.set_yticks(range(len(rows)), names)
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="y", visible=False)
        axes.set(xlabel="Hours")

    caption = f"Hours by {table.title[0].lower()}{table.title[1:]}"
    spoken = ", ".join(f"{row.name} {row.hours:.2f}" for row in rows.itertuples(index=False))
    size = (4.4, 0.9 + 0.26 * max(len(rows), 4))
    svg = draw_svg(
        *(draw, f"hours-{data.name}-{table.title}", f"{caption} of {data.name}: {spoken}."),
        size=size,
        margins=(1.75, 0.5, 0.15, 0.1),
    )
    return svg, caption + "."


def bandwidth_figure(data: Inspected) -> tuple[Markup, str]:
    """Draw the band in use against the sample rate, one dot per recording."""
    table = data.measured()
    table = table[table["problem"] == ""]
    if len(table) > _MAX_DOTS:
        table = table.iloc[np.linspace(0, len(table) - 1, _MAX_DOTS).astype(int)]
    rates = sorted(table["sample_rate"].unique())

    def draw(axes: Axes) -> None:
        devices = _series(table)
        for index, device in enumerate(dict.fromkeys(devices)):
            own = table[devices == device]
            jitter = (np.arange(len(own)) * _GOLDEN) % 1 * 0.5 - 0.25
            places = own["sample_rate"].map(rates.index).to_numpy() + jitter
            style: dict[str, Any] = {"s": 14, "alpha": 0.6, "linewidths": 0}
            colour, marker = SERIES[index % 4], MARKERS[index % 4]
            axes.scatter(
                places, own["bandwidth_hz"], color=colour, marker=marker, label=device, **style
            )
        for place, rate in enumerate(rates):
            axes.plot([place - 0.4, place + 0.4], [rate / 2] * 2, color=FAINT, linewidth=1.5)
        axes.set_yscale("log")
        ticks = [f for f in (200, 500, 1000, 2000, 5000, 10000, 20000) if f <= max(rates)]
        axes.set_yticks(ticks, [hertz(tick) for tick in ticks])
        axes.minorticks_off()
        axes.set_xticks(range(len(rates)), [hertz(rate) for rate in rates])
        axes.set(xlabel="Sample rate", xlim=(-0.6, len(rates) - 0.4))
        if len(set(devices)) > 1:
            _legend(axes)

    spoken = "; ".join(
        f"at {hertz(rate)} half of them below {hertz(group.median())}"
        for rate, group in each_group(table["bandwidth_hz"], table["sample_rate"])
    )
    text = f"Bandwidth in use against sample rate of {data.name}: {spoken}."
    svg = draw_svg(
        *(draw, f"bandwidth-{data.name}", text), margins=(0.75, 0.5, 0.15, 0.55), size=(4.4, 4.0)
    )
    return svg, "Highest frequency that stands out of the noise. Grey: half of the sample rate."


def spectra_figure(data: Inspected) -> tuple[Markup, str]:
    """Draw the median spectrum of each device (or filter)."""
    table = data.measured()
    spectra = np.stack([one.spectrum for one in data.pictured])
    readable = table["problem"].eq("").to_numpy()
    devices = _series(table).to_numpy()
    names = [name for name in dict.fromkeys(devices) if readable[devices == name].any()]
    highest = max(table["sample_rate"].max() / 2, 1000) * 1.1

    def draw(axes: Axes) -> None:
        for index, name in enumerate(names):
            levels = _median(spectra[readable & (devices == name)])
            known = np.isfinite(levels)
            axes.plot(
                *(CENTRES_HZ[known], levels[known]),
                color=SERIES[index % 4],
                linestyle=DASHES[index % 4],
                label=name,
            )
        axes.set_xscale("log")
        ticks = [tick for tick in (50, 200, 1000, 5000, 20000) if tick < highest]
        axes.set_xticks(ticks, [hertz(tick) for tick in ticks])
        axes.minorticks_off()
        axes.set(xlabel="Frequency", ylabel="Level in dB per Hz", xlim=(20, highest))
        if len(names) > 1:
            _legend(axes)

    text = f"Median power spectrum of {data.name} for {', '.join(names)}."
    svg = draw_svg(
        *(draw, f"spectra-{data.name}", text), margins=(0.7, 0.5, 0.15, 0.55), size=(4.4, 4.0)
    )
    return svg, "Spectrum in third octaves, median over recordings, full scale = 0 dB."


def _histogram(
    values: np.ndarray, xlabel: str, ylabel: str, text: str, salt: str
) -> tuple[Markup, str]:
    low, high = np.percentile(values, [0, 100])

    def draw(axes: Axes) -> None:
        n_bins = int(np.clip(np.sqrt(len(values)) * 2, 5, 30))
        axes.hist(values, bins=n_bins, color=SERIES[0], alpha=0.85)
        axes.grid(axis="x", visible=False)
        axes.yaxis.set_major_locator(MaxNLocator(nbins="auto", integer=True))
        axes.set(xlabel=xlabel, ylabel=ylabel)

    spoken = f"{text}: {low:g} to {high:g}, half of them up to {np.median(values):g}."
    svg = draw_svg(draw, salt, spoken, size=(4.4, 3.0), margins=(0.65, 0.5, 0.15, 0.15))
    return svg, f"{text}; half of them up to {np.median(values):.3g}."


def _series(table: pd.DataFrame) -> pd.Series:
    """Return what tells recordings apart in a drawing: device, else filter; four names at most."""
    column = "device"
    if "filter" in table and table["device"].nunique() < 2 <= table["filter"].nunique():
        column = "filter"
    counts = table[column].value_counts()
    if set(counts.index) == {""}:
        return table[column].replace("", _NO_DEVICE)
    named = list(counts.index if len(counts) <= 4 else counts.index[:3])
    names = table[column].where(table[column].isin(named), _OTHERS).replace("", "unknown")
    return "filter " + names if column == "filter" else names


def _median(spectra: np.ndarray) -> np.ndarray:
    """Return the median over recordings of each band, NaN where no recording reaches it."""
    levels = np.full(spectra.shape[1], np.nan)
    known = np.isfinite(spectra).any(axis=0)
    levels[known] = np.nanmedian(spectra[:, known], axis=0)
    return levels


def _legend(axes: Axes) -> None:
    axes.legend(loc="lower center", bbox_to_anchor=(0.45, 1.0), ncols=2)


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
