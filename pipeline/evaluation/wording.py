"""Numbers as readers want to see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

# fmt: off
_SMALL = (
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
# fmt: on

# What a person or a clip has, in a sentence, where it is not the label's own name.
_NOUNS = {"crackle": "crackles", "wheeze": "wheezes"}
# What holds a class, by the level on which labels live; a subject is of a class himself.
_HOLDERS = {"event": "events", "recording": "recordings"}
MEASURE_NAMES = {
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "score": "Score",
    "auroc": "AUROC",
    "average_precision": "Average precision",
    "harmonic_score": "Harmonic score",
    "challenge_score": "Challenge score",
}


def label_name(target: str) -> str:
    """Return a label, or the target "classes", as a heading: "Coarse crackle"."""
    return "Exact classes" if target == "classes" else spaced(target).capitalize()


def spaced(name: object) -> str:
    """Return a name from a table in words: "coarse crackle" for ``coarse_crackle``."""
    return str(name).replace("_", " ")


def having(metrics: Mapping, target: str) -> str:
    """Return what the positive subjects of a target have: "with pneumonia", "of class copd"."""
    if target == "classes" and not metrics["exclusive"]:
        return "with " + " or ".join(_NOUNS.get(one, spaced(one)) for one in metrics["labels"])
    if not metrics["exclusive"]:
        return f"with {_NOUNS.get(target, spaced(target))}"
    holder = _HOLDERS.get(metrics["label_level"])
    other = "other than" if target == "classes" else "of class"
    name = spaced(metrics["classes"][0] if target == "classes" else target)
    return f"with {holder} {other} {name}" if holder else f"{other} {name}"


def without(metrics: Mapping, label: str) -> str:
    """Return what the other subjects of an independent label lack: "without pneumonia"."""
    return having(metrics, label).replace("with ", "without ", 1)


def listed(names: Sequence[str]) -> str:
    """Return names as a list in a sentence: "a, b and c"."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def in_words(number: int) -> str:
    """Return a count in words below a hundred ("no" for zero), in digits from there."""
    if number < 20:
        return _SMALL[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return _TENS[tens - 2] + (f"-{_SMALL[ones]}" if ones else "")
    return grouped(number)


def grouped(number: int) -> str:
    """Return a count with its thousands set apart: 2,756."""
    return f"{number:,}"


def plural(number: int, noun: str, *, words: bool = False) -> str:
    """Return a count with its noun: "1 clip", "2,756 clips", "three positive subjects"."""
    count = in_words(number) if words else grouped(number)
    return f"{count} {noun}" if number == 1 else f"{count} {noun}s"


def decimal(value: float | None) -> str:
    """Return a figure with two decimals; three where two would claim a perfect 0 or 1."""
    if value is None:
        return "–"
    text = f"{value:.2f}"
    if text.lstrip("-") in ("0.00", "1.00") and abs(value) not in (0, 1):
        text = f"{value:.3f}"
    return text.replace("-", "−")


def seconds(value: float) -> str:
    """Return a duration with its unit: "0.54 s", "20 s"."""
    return f"{value:.2f}".rstrip("0").rstrip(".") + " s"


def span(seconds_taken: float) -> str:
    """Return a time taken: "42 s", "3 min 20 s", "2 h 5 min"."""
    if seconds_taken < 60:
        return f"{seconds_taken:.0f} s"
    minutes, rest = divmod(round(seconds_taken), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def moment(made_at: str) -> str:
    """Return an ISO 8601 time as readers write it; any other text as it is."""
    try:
        when = datetime.fromisoformat(made_at)
    except ValueError:
        return made_at
    return f"{when:%Y-%m-%d %H:%M} {when.tzname() or ''}".rstrip()


def interval_text(limits: list[float] | None) -> str:
    """Return an interval as "0.79 to 0.98"; nothing if there is none."""
    return f"{decimal(limits[0])} to {decimal(limits[1])}" if limits else ""
