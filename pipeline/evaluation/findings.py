"""What a reader must know before believing a figure: one sentence each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pipeline.evaluation.main_figure import blind_value, target_of
from pipeline.evaluation.wording import (
    having,
    in_words,
    interval_text,
    listed,
    plural,
    spaced,
    without,
)

# From this many subjects a perfect rate speaks for itself (at least 0.9 at 95 %).
_MANY = 36
# More labels than this share one sentence.
_FEW_LABELS = 2


def find_warnings(metrics: Mapping, thresholds: Mapping[str, Mapping]) -> list[str]:
    """Return the sentences for the top of a report, the gravest first.

    Parameters
    ----------
    metrics : mapping
        `metrics.json` without its warnings.
    thresholds : mapping
        Fold -> those of its model's `evaluation.json`.
    """
    if not metrics["levels"]["recording"]["n_rows"]:
        return ["The test side is empty: nothing was scored."]
    return [
        *_missing_classes(metrics),
        *_few_subjects(metrics),
        *_constant(metrics),
        *_against_trivial(metrics),
        *_perfect(metrics),
        *_weak(metrics),
        *_not_in_one_class(metrics),
        *_few_validation(metrics, thresholds),
    ]


def _missing_classes(metrics: Mapping) -> Iterator[str]:
    labels = metrics["levels"]["subject"]["labels"]
    if metrics["levels"]["subject"]["n_subjects"] == 1:
        yield "One subject only is on the test side: nothing can be said about other people."
    absent = [label for label, scored in labels.items() if not scored["counts"]["n_positive"]]
    if len(absent) > _FEW_LABELS:
        names = listed([spaced(label) for label in absent])
        yield f"No subject on the test side has {names}: figures of these cannot be given."
    else:
        for label in absent:
            yield (
                f"No subject {having(metrics, label)} is on the test side: sensitivity, score and "
                "AUROC cannot be given."
            )
    if metrics["exclusive"] or metrics["levels"]["subject"]["n_subjects"] == 1:
        return
    for label, scored in labels.items():
        if not scored["counts"]["n_negative"]:
            yield (
                f"No subject {without(metrics, label)} is on the test side: per subject, "
                "specificity, score and AUROC cannot be given."
            )


def _few_subjects(metrics: Mapping) -> Iterator[str]:
    enough = metrics["settings"]["min_positive_subjects"]
    counts = {name: one["counts"] for name, one in metrics["levels"]["subject"]["labels"].items()}
    few = {
        label: one["n_positive_subjects"]
        for label, one in counts.items()
        if 0 < one["n_positive_subjects"] < enough
    }
    if len(few) > _FEW_LABELS:
        counted = listed([f"{spaced(label)} ({n})" for label, n in few.items()])
        yield (
            f"Not all classes have {in_words(enough)} subjects on the test side: {counted}. "
            "Figures of these rest on few people."
        )
    else:
        for label, n_positive in few.items():
            yield (
                f"Only {plural(n_positive, 'subject', words=True)} {having(metrics, label)} "
                f"{'is' if n_positive == 1 else 'are'} on the test side: one person more or less "
                f"found changes the sensitivity per subject by {100 / n_positive:.0f} percentage "
                "points."
            )
    if metrics["exclusive"]:
        return
    for label, one in counts.items():
        n_negative = one["n_negative_subjects"]
        if 0 < n_negative < enough:
            yield (
                f"Only {plural(n_negative, 'subject', words=True)} "
                f"{without(metrics, label)} "
                f"{'is' if n_negative == 1 else 'are'} on the test side: specificity per subject "
                "rests on them alone."
            )


def _constant(metrics: Mapping) -> Iterator[str]:
    labels = metrics["levels"]["recording"]["labels"]
    found = [spaced(label) for label, scored in labels.items() if scored["constant"]]
    if found:
        yield (
            f"The model gives every recording the same probability of {listed(found)}: it has "
            "learnt nothing that tells them apart."
        )


def _against_trivial(metrics: Mapping) -> Iterator[str]:
    main, blind = metrics["main"], blind_value(metrics)
    limits = main["interval"]
    if limits and limits[0] <= blind <= limits[1]:
        yield (
            f"The interval of the main figure ({interval_text(limits)}) includes {blind:.2f}, "
            "which guessing reaches: this run does not show that the model hears anything."
        )
    elif main["value"] is not None and main["value"] < blind:
        yield f"The main figure is below {blind:.2f}: the model does worse than guessing."
    scored = target_of(metrics, main["level"], main["target"])
    difference = scored["trivial"]["duration"].get("difference", {}).get(main["measure"])
    if difference and difference["interval"] and difference["interval"][0] <= 0:
        yield (
            "The model is not shown to be better than a rule on duration alone: the interval of "
            f"the difference is {interval_text(difference['interval'])}."
        )


def _perfect(metrics: Mapping) -> Iterator[str]:
    """A perfect rate has an interval of no width, which is not certainty."""
    if metrics["main"]["level"] != "subject":
        return
    scored = target_of(metrics, "subject", metrics["main"]["target"])
    for measure, word in (("sensitivity", "positive"), ("specificity", "negative")):
        n_subjects = scored["counts"][f"n_{word}"]
        if 1 < n_subjects < _MANY and scored["figures"][measure]["value"] == 1:
            # Clopper and Pearson 1934 for n of n: the smallest rate not ruled out at 95 %.
            at_least = 0.025 ** (1 / n_subjects)
            yield (
                f"All {in_words(n_subjects)} {word} subjects are called rightly; so few do not "
                f"rule out a true {measure} of {at_least:.2f}."
            )


def _weak(metrics: Mapping) -> Iterator[str]:
    if metrics["main"]["moved"]:
        yield f"The main figure is per {metrics['main']['level']}: {metrics['main']['moved']}."
    elif metrics["n_weak_clips"]:
        yield (
            f"{plural(metrics['n_weak_clips'], 'clip')} of the test side only inherit the label of "
            "their whole recording: they count per recording and per subject, not per clip."
        )


def _not_in_one_class(metrics: Mapping) -> Iterator[str]:
    for level, scored in metrics["levels"].items():
        n_several = scored.get("classes", {}).get("n_several", 0)
        if n_several:
            yield (
                f"{plural(n_several, level)} of the test side {'is' if n_several == 1 else 'are'} "
                "of several exclusive classes: no figure of exact classes counts them."
            )


def _few_validation(metrics: Mapping, thresholds: Mapping[str, Mapping]) -> Iterator[str]:
    if metrics["settings"]["threshold"] != "validation":
        return
    level, enough = metrics["main"]["level"], metrics["settings"]["min_positive_subjects"]
    for fold, fitted in thresholds.items():
        of_fold = f" of fold {fold}" if len(thresholds) > 1 else ""
        for label, entry in fitted[level].items():
            if entry["threshold"] is not None and entry["n_positive_subjects"] < enough:
                subjects = plural(entry["n_positive_subjects"], "positive subject", words=True)
                yield (
                    f"The threshold for {spaced(label)}{of_fold} was fitted on {subjects} of the "
                    "validation side only."
                )
