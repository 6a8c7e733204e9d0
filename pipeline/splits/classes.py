"""Which classes a side has to have, how many subjects it has of each, and the refusal if none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from pipeline.errors import SplitError
from pipeline.evaluation.wording import plural
from pipeline.problems import Problem


def classes_of(problem: Problem) -> tuple[str, ...]:
    """Return what a side should have: `"<label>=1"`, and `"<label>=0"` of independent labels.

    Of exclusive classes each is its own: what is not one of them is another.
    """
    positive = tuple(f"{name}=1" for name in problem.labels)
    negative = tuple(f"{name}=0" for name in problem.labels)
    return positive if problem.exclusive else positive + negative


def having(spans: pd.DataFrame, each: str) -> pd.DataFrame:
    """Return the spans of a class such as `"wheeze=1"`."""
    name, value = each.split("=")
    return spans[spans[name] == int(value)]


def noun(each: str, problem: Problem) -> str:
    """Return what a subject of a class is called: positive or negative, if it is either."""
    if problem.exclusive:
        return "subject"
    return "positive subject" if each.endswith("=1") else "negative subject"


def subjects_by_class(rows: pd.DataFrame, labels: pd.DataFrame, problem: Problem) -> pd.DataFrame:
    """Return how many subjects of each class (rows) stand on train, test and val (columns)."""
    spans = labels.merge(rows[["recording_id", "subject_id", "side"]], on="recording_id")
    counts = {
        each: having(spans, each).drop_duplicates(["subject_id", "side"])["side"].value_counts()
        for each in classes_of(problem)
    }
    return pd.DataFrame(counts).T.reindex(columns=["train", "test", "val"]).fillna(0).astype(int)


class Lack(NamedTuple):
    """A side that has no subject of a class (of none of several, where any would do).

    Parameters
    ----------
    classes : tuple of str
        The class, or the several.
    noun : str
        What a subject of them is called.
    side : str
        The side.
    elsewhere : dict
        {other side: how many subjects of them it has}.
    """

    classes: tuple[str, ...]
    noun: str
    side: str
    elsewhere: dict[str, int]

    @property
    def what(self) -> str:
        """The labels."""
        return " or ".join(each.split("=")[0] for each in self.classes)

    def sentence(self, known: str) -> str:
        """Return it in words; a label that the reader knows already is not named again."""
        others = ", ".join(f"{n} on the {side} side" for side, n in self.elsewhere.items())
        of_what = "" if self.what == known else f" for {self.what}"
        return f"no {self.noun}{of_what} on the {self.side} side ({others})"


def find_lack(
    rows: pd.DataFrame,
    labels: pd.DataFrame,
    problem: Problem,
    sides: Sequence[str] = ("train", "test"),
    partial: bool = False,
) -> Lack | None:
    """Return the first class that a side has no subject of, or None.

    Parameters
    ----------
    rows : DataFrame
        `recording_id, subject_id, side`.
    labels : DataFrame
        Labelled spans.
    problem : Problem
    sides : sequence of str
        The sides that need every class.
    partial : bool
        A published test side of exclusive classes is scored as it is: it has to have the normal
        class and any one of the others that are scored.
    """
    counts = subjects_by_class(rows, labels, problem)
    lacks = []
    for side in sides:
        for classes in _needs(problem, partial and side == "test"):
            on = {str(k): int(n) for k, n in counts.loc[list(classes)].sum().items()}
            if on[side] == 0:
                shown = [each for each in on if each != side and (each != "val" or on[each])]
                elsewhere = {each: on[each] for each in shown}
                lacks.append(Lack(classes, noun(classes[0], problem), side, elsewhere))
    order = classes_of(problem)
    return min(lacks, key=lambda lack: order.index(lack.classes[0]), default=None)


def counted(each: str, rows: pd.DataFrame, labels: pd.DataFrame, problem: Problem) -> str:
    """Return such as `wheeze: 3 positive subjects in all in 1 group that shares audio`."""
    of_class = having(labels.merge(rows, on="recording_id"), each)
    n, n_groups = of_class["subject_id"].nunique(), of_class["group_id"].nunique()
    share = "share" if n_groups != 1 else "shares"
    shared = f" in {plural(n_groups, 'group')} that {share} audio" if n_groups < n else ""
    return f"{each.split('=')[0]}: {plural(n, noun(each, problem))} in all{shared}"


def require_classes(
    rows: pd.DataFrame,
    labels: pd.DataFrame,
    problem: Problem,
    split: str,
    needs: tuple[str, ...],
    partial: bool,
    where: str = "splits",
    advice: str = "",
) -> None:
    """Refuse a split of which one of the sides in `needs` lacks a class.

    Parameters
    ----------
    rows, labels : DataFrame
    problem : Problem
    split : str
        How the split is called in the message: "a grouped split".
    needs : tuple of str
    partial : bool
        As `find_lack`.
    where, advice : str
        For the message: whose sides these are, and what to do, if that is not the usual.

    Raises
    ------
    SplitError
        One does; the message counts the subjects of that class, and the groups they form.
    """
    lack = find_lack(rows, labels, problem, needs, partial)
    if lack is None:
        return
    found = "; ".join(counted(each, rows, labels, problem) for each in lack.classes)
    sides = " and on the ".join(f"{each} side" for each in needs)
    found = f"{found}: {lack.sentence(lack.what)}"
    raise refusal(problem, f"the {sides} of {split}", found, advice, where)


def refusal(
    problem: Problem, sides: str, found: str, advice: str = "", where: str = "splits"
) -> SplitError:
    """Return the error that a side lacks a class."""
    what = "subjects of every class" if problem.exclusive else "positive and negative subjects"
    return SplitError(
        expected=f"{what} on {sides}",
        found=found,
        where=where,
        action=advice or "add recordings or data sets, or take another problem",
    )


def _needs(problem: Problem, partial: bool) -> list[tuple[str, ...]]:
    """Return the classes that a side must have, any one of each tuple."""
    if not (partial and problem.exclusive):
        return [(each,) for each in classes_of(problem)]
    unscored = {problem.normal, *problem.not_scored}
    others = tuple(f"{name}=1" for name in problem.labels if name not in unscored)
    return [each for each in ((f"{problem.normal}=1",), others) if each]
