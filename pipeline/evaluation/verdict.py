"""The first lines of a report: the main figure, what it rests on and what trivial rules reach."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from pipeline.evaluation.charts import comparison_figure
from pipeline.evaluation.wording import LABEL_NOUNS, grouped, in_words, plural

_HEADINGS = {
    "auroc": "AUROC",
    "score": "ICBHI four-class score",
}


def verdict(metrics: Mapping) -> dict:
    """Return what the verdict shows.

    Returns
    -------
    dict
        `heading`, `figure` (of `metrics["main"]`), `sentence` (what it rests on, counts in
        words), `also` (list of (name, figure) of the same target), `comparison` (an SVG, or
        None where the main figure is undefined), `explanation`.
    """
    main = metrics["main"]
    level = metrics["levels"][main["level"]]
    four_class = main["target"] == "four_class"
    scored = level["four_class"] if four_class else level["labels"][main["target"]]
    return {
        "heading": f"{_HEADINGS[main['measure']]} per {main['level']}",
        "figure": {name: main[name] for name in ("value", "reason", "interval", "interval_reason")},
        "sentence": _rests_on(main),
        "also": [
            (name, scored["figures"][name])
            for name in ("sensitivity", "specificity", "score")
            if name != main["measure"]
        ],
        "comparison": _comparison(main, scored),
        "explanation": _explanation(main),
    }


def _rests_on(main: Mapping) -> str:
    counts, what = main["counts"], _what(main["target"])
    if not counts["n_rows"]:
        return "The test side is empty."
    positive = plural(counts["n_positive_subjects"], "subject", words=True)
    negative = in_words(counts["n_negative_subjects"]) if counts["n_negative_subjects"] else "none"
    sentence = f"From {positive} with {what} and {negative} without"
    if main["level"] != "subject":
        rows = f"{plural(counts['n_rows'], main['level'])}, {grouped(counts['n_positive'])} of them"
        sentence += f" ({rows} {_adjective(main['target'])})"
    return f"{sentence}, none of whom the model was trained on."


def _what(target: str) -> str:
    return LABEL_NOUNS.get(target, target)


def _adjective(target: str) -> str:
    return "abnormal" if target == "four_class" else "positive"


def _explanation(main: Mapping) -> str:
    if main["measure"] == "auroc":
        return (
            f"The chance that a {main['level']} with {_what(main['target'])} gets a higher "
            "probability than one without: 0.5 is guessing, 1 is perfect."
        )
    return (
        "Mean of sensitivity (abnormal clips given exactly their own class of crackle, wheeze or "
        "both) and specificity (normal clips called normal): always answering normal gives 0.5."
        if main["level"] == "clip"
        else "The ICBHI score, applied to whole recordings: always answering normal gives 0.5."
    )


def _comparison(main: Mapping, scored: Mapping) -> Markup | None:
    measure, trivial = main["measure"], scored["trivial"]
    candidates = (
        ("This model", scored["figures"]),
        ("Duration alone", trivial["duration"].get("figures", {})),
        ("Always normal", trivial["always_normal"]["figures"]),
    )
    rows = [
        {"name": name, **figures[measure]}
        for name, figures in candidates
        if figures.get(measure, {}).get("value") is not None
    ]
    return comparison_figure(rows, _HEADINGS[measure]) if main["value"] is not None else None
