"""Which figure stands on top of a report, and what it is about."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.problems import Problem

_NO_EVENTS = "no event of the test side has a label of its own, so recordings are scored"
_SEVERAL = "a {level} may hold several classes, so clips are scored"


def main_figure(problem: Problem, levels: Mapping[str, Mapping]) -> dict:
    """Return the problem's main figure with its counts.

    Parameters
    ----------
    levels : mapping
        The scores by level, of `metrics.json`.

    Returns
    -------
    dict
        `level`, `target` ("classes" or a label), `measure`, `moved` (None, or why the level is
        not the problem's own), `counts`, and the figure's `value`, `reason`, `interval`,
        `interval_reason`.
    """
    level, moved = problem.main_level, None
    if problem.main_measure != "auroc" and "classes" not in levels[level]:
        level, moved = "clip", _SEVERAL.format(level=level)
    if not levels[level]["n_rows"] and levels["recording"]["n_rows"]:
        level, moved = "recording", _NO_EVENTS
    target, measure = _asked(problem, levels[level])
    scored = target_scores(levels[level], target)
    return {
        "level": level,
        "target": target,
        "measure": measure,
        "moved": moved,
        **scored["figures"][measure],
        "counts": scored["counts"],
    }


def target_of(metrics: Mapping, level: str, target: str) -> Mapping:
    """Return the scores of a label, or of `"classes"`, at a level of `metrics.json`."""
    return target_scores(metrics["levels"][level], target)


def target_scores(scored: Mapping, target: str) -> Mapping:
    """Return the scores of a label, or of `"classes"`, of one level."""
    return scored["classes"] if target == "classes" else scored["labels"][target]


def blind_value(metrics: Mapping) -> float:
    """Return what answers drawn by lot reach of the main figure."""
    main = metrics["main"]
    if main["target"] != "classes":
        return 0.5
    return target_of(metrics, main["level"], "classes")["blind"][main["measure"]]


def _asked(problem: Problem, scored: Mapping) -> tuple[str, str]:
    """Return the target and the measure; without exact classes the first label's AUROC."""
    if problem.main_measure != "auroc" and "classes" in scored:
        return "classes", problem.main_measure
    return next(label for label in problem.labels if label != problem.normal), "auroc"
