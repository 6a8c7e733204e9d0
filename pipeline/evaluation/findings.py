"""What a reader must know before believing a figure: one sentence each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pipeline.evaluation.wording import LABEL_NOUNS, in_words, interval_text, plural

# Below this many positive subjects one person moves sensitivity by more than a tenth.
_FEW = 10
# From this many subjects a perfect rate speaks for itself (at least 0.9 at 95 %).
_MANY = 36


def find_warnings(metrics: Mapping, thresholds: Mapping) -> list[str]:
    """Return the sentences for the top of a report, the gravest first.

    Parameters
    ----------
    metrics : mapping
        `metrics.json` without its warnings.
    thresholds : mapping
        Of the model's `evaluation.json`.
    """
    if not metrics["levels"]["recording"]["n_rows"]:
        return ["The test side is empty: nothing was scored."]
    return [
        *_missing_classes(metrics),
        *_few_subjects(metrics),
        *_constant(metrics),
        *_against_trivial(metrics["main"], _main_scores(metrics)),
        *_perfect(metrics),
        *_weak(metrics),
        *_few_validation(metrics, thresholds),
    ]


def _main_scores(metrics: Mapping) -> Mapping:
    main = metrics["main"]
    level = metrics["levels"][main["level"]]
    return level["labels"].get(main["target"]) or level["four_class"]


def _missing_classes(metrics: Mapping) -> Iterator[str]:
    for label, scored in metrics["levels"]["subject"]["labels"].items():
        counts, name = scored["counts"], LABEL_NOUNS.get(label, label)
        if not counts["n_positive"]:
            yield (
                f"No subject on the test side has {name}: sensitivity, score and AUROC "
                "cannot be given."
            )
        elif counts["n_subjects"] == 1:
            yield "One subject only is on the test side: nothing can be said about other people."
        elif not counts["n_negative"]:
            yield (
                f"Every subject on the test side has {name}: per subject, specificity, score and "
                "AUROC cannot be given."
            )


def _few_subjects(metrics: Mapping) -> Iterator[str]:
    for label, scored in metrics["levels"]["subject"]["labels"].items():
        counts, name = scored["counts"], LABEL_NOUNS.get(label, label)
        n_positive, n_negative = counts["n_positive_subjects"], counts["n_negative_subjects"]
        if 0 < n_positive < _FEW:
            yield (
                f"Only {plural(n_positive, 'subject', words=True)} with {name} "
                f"{'is' if n_positive == 1 else 'are'} on the test side: one person more or less "
                f"found changes the sensitivity per subject by {100 / n_positive:.0f} percentage "
                "points."
            )
        if 0 < n_negative < _FEW:
            yield (
                f"Only {plural(n_negative, 'subject', words=True)} without {name} "
                f"{'is' if n_negative == 1 else 'are'} on the test side: specificity per subject "
                "rests on them alone."
            )


def _constant(metrics: Mapping) -> Iterator[str]:
    for label, scored in metrics["levels"]["recording"]["labels"].items():
        if scored["constant"]:
            yield (
                f"The model gives every recording the same probability of {label}: it has learnt "
                "nothing that tells them apart."
            )


def _against_trivial(main: Mapping, scored: Mapping) -> Iterator[str]:
    limits = main["interval"]
    if limits and limits[0] <= 0.5 <= limits[1]:
        yield (
            f"The interval of the main figure ({interval_text(limits)}) includes 0.50, which "
            "guessing reaches: this run does not show that the model hears anything."
        )
    elif main["value"] is not None and main["value"] < 0.5:
        yield "The main figure is below 0.50: the model does worse than guessing."
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
    scored = metrics["levels"]["subject"]["labels"][metrics["main"]["target"]]
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
        yield f"The main figure is per recording: {metrics['main']['moved']}."
    elif metrics["n_weak_clips"]:
        yield (
            f"{plural(metrics['n_weak_clips'], 'clip')} of the test side only inherit the label of "
            "their whole recording: they count per recording and per subject, not per clip."
        )


def _few_validation(metrics: Mapping, thresholds: Mapping) -> Iterator[str]:
    if metrics["settings"]["threshold"] != "validation":
        return
    main = metrics["main"]
    entries = thresholds[main["level"]]
    for label, entry in entries.items():
        if entry["threshold"] is not None and entry["n_positive_subjects"] < _FEW:
            subjects = plural(entry["n_positive_subjects"], "positive subject", words=True)
            yield f"The threshold for {label} was fitted on {subjects} of the validation side only."
