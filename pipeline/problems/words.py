"""What a publisher's word means for a problem: 0 or 1 per label, or the reason why it says none."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.problems.description import Problem

#: What reading a word gives: 0 or 1 per label, or the reason why it gives none.
Verdict = tuple[int, ...] | str

UNKNOWN = frozenset(
    (
        *("", "na", "n/a", "n.a.", "nan", "none", "null", "?", "-", "unknown", "not known"),
        *("uninterpretable", "undiagnosed", "undetermined", "unclear", "missing", "tbd"),
        *("not available", "to be determined"),
    )
)
#: How alike a word and a known one are where it is taken for a slip of the pen.
SLIP = 0.85
# How each column is called in a reason.
_NOUNS = {"type": "sound", "diagnosis": "diagnosis", "record_label": "label"}
_SEPARATORS = re.compile(r"[+&,;/]|\band\b")


def read_word(problem: Problem, word: str, negatives: str = "all") -> Verdict:
    """Return 0 or 1 per label of the problem for a publisher's word, or why it says none.

    A word that is known as a whole counts as it is. Otherwise its parts count: first those
    between ``+ & , ; /`` and "and", then, where all of them are known, those between blanks. An
    independent label is 1 if any part means it; parts of exclusive classes have to agree, or to
    make one of the problem's combinations.

    Parameters
    ----------
    problem : Problem
    word : str
        As published; case and blanks do not matter.
    negatives : "all" or "healthy"
        ``healthy``: only the problem's healthy words are negative.
    """
    whole, noun = fold(word), _NOUNS.get(problem.column, problem.column)
    if whole in problem.skipped:
        return whole
    parts = [] if whole in UNKNOWN else _parts(problem, whole)
    if parts is None:
        return f"{noun} not understood"
    if not parts:
        return f"{noun} unknown"
    if problem.exclusive:
        return _one_class(problem, parts, noun)
    words = [problem.words[label] for label in problem.labels]
    found = tuple(int(any(part in meant for part in parts)) for meant in words)
    only_healthy = negatives == "healthy" and bool(problem.healthy)
    if only_healthy and not any(found) and not set(parts) <= set(problem.healthy):
        return f"{noun} neither {' nor '.join(problem.labels)} nor healthy"
    return found


def means_something(problem: Problem, words: tuple[str, ...]) -> bool:
    """Say whether any of a data set's words means a class of the problem."""
    verdicts = (read_word(problem, word) for word in words)
    return any(not isinstance(found, str) and any(found) for found in verdicts)


def fold(text: str) -> str:
    """Return a word as it is compared: case folded, blanks stripped and single."""
    return " ".join(text.casefold().split())


def _parts(problem: Problem, whole: str) -> list[str] | None:
    """Return the parts of a word that say something; None where it cannot be understood."""
    known = {*problem.negative, *problem.healthy, *problem.ignored}
    known = known.union(*problem.words.values())
    if whole in known:
        return [each for each in (whole,) if each not in problem.ignored]
    parts = [part for part in map(fold, _SEPARATORS.split(whole)) if part]
    if not all(part in known for part in parts):
        words = whole.split()
        if all(word in known for word in words):
            parts = words
    others = [part for part in parts if part not in known]
    if others:
        meant = [each for words in problem.words.values() for each in words]
        unclear = any(part in UNKNOWN or _nearly(part, meant) for part in others)
        if problem.others != "negative" or unclear:
            return None
    return [part for part in parts if part not in problem.ignored]


def _nearly(part: str, meant: list[str]) -> bool:
    """Say whether a word holds or resembles one that is meant: a person has to say which it is.

    Such as "no pneumonia", "bronchopneumonia" and "pnuemonia".
    """
    held = any(word in part for word in meant)
    return held or bool(get_close_matches(part, meant, n=1, cutoff=SLIP))


def _one_class(problem: Problem, parts: list[str], noun: str) -> Verdict:
    classes = {
        label for label in problem.labels for part in parts if part in problem.words.get(label, ())
    }
    for label, made_of in problem.combinations.items():
        if classes - {problem.normal} == set(made_of):
            classes = {label}
    # A word such as bronchial beside crackle says how it sounds, not that there is none.
    if len(classes) > 1:
        classes.discard(problem.normal)
    if len(classes) != 1:
        return f"{noun} of several classes" if classes else f"{noun} not understood"
    return tuple(int(label in classes) for label in problem.labels)
