"""What a reader must know of the data behind a report: one sentence each, for its top."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pipeline.datasets.description import LEAKAGE_POSSIBLE
from pipeline.evaluation.wording import having, in_words, listed, plural, spaced

# How the notes of a split speak of subjects or audio that cross it.
_CROSSING = ("on both sides", "on two sides")
_SIDES = {"train": "train", "val": "validation"}
# More labels than this share one sentence.
_FEW_LABELS = 2


def find_cautions(metrics: Mapping, context: Mapping) -> list[str]:
    """Return the sentences on the data, the gravest first.

    Parameters
    ----------
    metrics : mapping
        `metrics.json`, for the problem's labels and settings.
    context : mapping
        The report's context (see `report.render_report`): `crossing`, `excluded`, `sides` or
        `folds`, and `inspection` are read; each may be missing.
    """
    return [
        *(context.get("crossing") or []),
        *_unknown_subjects(context.get("excluded") or []),
        *_few_on_sides(metrics, _sides_by_fold(context)),
        *_inspected(context.get("inspection") or {}),
    ]


def crossing_notes(
    notes: Sequence[str], overlap: Mapping[str, Sequence[str]]
) -> tuple[list[str], list[str]]:
    """Return the notes of a split that say who crosses it, and the others, both in order.

    Parameters
    ----------
    notes : sequence of str
        Of the split.
    overlap : mapping
        What stands on both sides, `subjects` and `audio`; nothing of it, nothing crosses.
    """
    if not any(overlap.values()):
        return [], list(notes)
    crossing = [note for note in notes if any(words in note for words in _CROSSING)]
    if not crossing:
        counts = [plural(len(found), _THINGS[kind]) for kind, found in overlap.items() if found]
        crossing = [f"{listed(counts)} on both sides of the split: figures are optimistic."]
    return crossing, [note for note in notes if note not in crossing]


_THINGS = {"subjects": "subject", "audio": "identical recording"}


def _unknown_subjects(excluded: Sequence[Mapping]) -> Iterator[str]:
    found = sorted({str(row["dataset"]) for row in excluded if row["reason"] in LEAKAGE_POSSIBLE})
    for dataset in found:
        yield (
            f"{dataset}: it is not known who is who (no subjects.csv, or one that lacks files), so "
            "every such file counts as a subject of its own: that one person stands on both sides "
            "cannot be ruled out."
        )


def _sides_by_fold(context: Mapping) -> dict[str, Mapping]:
    folds = context.get("folds") or {}
    return {name: one["sides"] for name, one in folds.items()} or {"": context.get("sides") or {}}


def _few_on_sides(metrics: Mapping, by_fold: Mapping[str, Mapping]) -> Iterator[str]:
    """Look at what was trained and chosen on; the test side's counts are in `metrics`."""
    enough = metrics["settings"]["min_positive_subjects"]
    for side, name in _SIDES.items():
        few = {}
        for label in metrics["labels"]:
            least = _least(by_fold, side, label)
            if least and 0 < least[0] < enough:
                few[label] = least
        if len(few) > _FEW_LABELS:
            which = "of every fold" if len(by_fold) > 1 else ""
            counted = listed([f"{spaced(label)} ({n})" for label, (n, _) in few.items()])
            at_least = "at the least " if which else ""
            yield (
                f"Not all classes have {in_words(enough)} subjects on the {name} side"
                f"{' ' * bool(which)}{which}: {at_least}{counted}."
            )
        else:
            for label, (n, fold) in few.items():
                which = f" of fold {fold}, the fewest of all folds" if len(by_fold) > 1 else ""
                verb = "is" if n == 1 else "are"
                yield (
                    f"Only {plural(n, 'subject', words=True)} {having(metrics, label)} {verb} "
                    f"on the {name} side{which}."
                )


def _least(by_fold: Mapping[str, Mapping], side: str, label: str) -> tuple[int, str] | None:
    """Return the fewest positive subjects above none on a side, and the fold that has them."""
    counts = [
        (int(n), fold)
        for fold, sides in by_fold.items()
        if (n := sides.get(side, {}).get("positive_subjects", {}).get(label))
    ]
    return min(counts, key=lambda one: one[0]) if counts else None


def _inspected(inspection: Mapping) -> Iterator[str]:
    n_errors = int(inspection.get("counts", {}).get("error", 0))
    if n_errors:
        yield (
            f"The inspection of the data has {plural(n_errors, 'finding')} of severity error: "
            "see What data went in."
        )
