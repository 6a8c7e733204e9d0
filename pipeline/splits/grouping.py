"""Who and what must stay on one side: people, identical audio, and copies that contradict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import pandas as pd

from pipeline.errors import SplitError
from pipeline.labels.exclusions import joined, left_out

#: Reason in `excluded.csv`.
CONFLICT = "conflicting labels"


def subject_groups(recordings: pd.DataFrame) -> dict[str, str]:
    """Return {subject: its group}; subjects that share identical audio are in one group.

    Parameters
    ----------
    recordings : DataFrame
        `subject_id` and `content_hash`, of all recordings, labelled or not.

    Returns
    -------
    dict
        A group's name is the smallest id of its subjects; chains of shared audio count.
    """
    parent = {subject: subject for subject in recordings["subject_id"]}

    def root(subject: str) -> str:
        while parent[subject] != subject:
            parent[subject] = subject = parent[parent[subject]]
        return subject

    for _, copies in _copies(recordings):
        roots = sorted({root(subject) for subject in copies["subject_id"]})
        parent.update(dict.fromkeys(roots, roots[0]))
    return {subject: root(subject) for subject in sorted(parent)}


def describe_groups(groups: dict[str, str]) -> list[str]:
    """Return a sentence on subjects that share audio, or none."""
    members = defaultdict(list)
    for subject, group in groups.items():
        members[group].append(subject)
    shared = [" = ".join(each) for each in members.values() if len(each) > 1]
    if not shared:
        return []
    text = f"{len(shared)} group(s) of subjects share identical audio and stay on one side"
    return [f"{text}: {_some(shared, '; ')}."]


def leave_out_conflicts(
    recordings: pd.DataFrame, labels: pd.DataFrame, names: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the labels without copies of identical audio that contradict, and those copies.

    Copies contradict if their labels, span by span in the order of time, differ. Where one of
    them has a label for the whole recording only, what counts is which labels occur at all.
    """
    known = recordings[recordings["recording_id"].isin(labels["recording_id"])]
    spans = dict(iter(labels[["recording_id", *names, "weak"]].groupby("recording_id")))
    tables = []
    for _, copies in _copies(known):
        ids = sorted(copies["recording_id"])
        if len({*_signatures([spans[each] for each in ids], names)}) > 1:
            detail = f"identical audio, labelled differently: {', '.join(ids)}"
            tables.append(left_out(copies, "recording", CONFLICT, detail))
    lost = joined(tables)
    kept = labels[~labels["recording_id"].isin(lost["recording_id"])]
    return kept.reset_index(drop=True), lost


def check_disjoint(splits: pd.DataFrame) -> None:
    """Check that no subject and no audio stands on two sides.

    Parameters
    ----------
    splits : DataFrame
        `recording_id, subject_id, content_hash, side`.

    Raises
    ------
    SplitError
        One does, or a recording is there twice; the message names them.
    """
    twice = splits["recording_id"][splits["recording_id"].duplicated()]
    problems = [f"recording {each} is there twice" for each in sorted(set(twice))]
    problems += [f"{each} is on {sides}" for each, sides in _crossing(splits, "subject_id")]
    for content, sides in _crossing(splits[splits["content_hash"] != ""], "content_hash"):
        copies = sorted(splits["recording_id"][splits["content_hash"] == content])
        problems.append(f"{' = '.join(copies)} (identical audio) is on {sides}")
    if problems:
        raise SplitError(
            expected="every subject and every audio on one side only",
            found=_some(problems, "; "),
            where="splits",
            action="correct the split, or report this if the pipeline made it",
        )


def _copies(recordings: pd.DataFrame):
    """Return (content hash, rows) of the audio that is there more than once, sorted."""
    known = recordings[recordings["content_hash"] != ""]
    return known[known["content_hash"].duplicated(keep=False)].groupby("content_hash")


def _signatures(spans: list[pd.DataFrame], names: Sequence[str]) -> list[tuple]:
    if any(each["weak"].any() for each in spans):
        return [tuple(each[list(names)].max()) for each in spans]
    return [tuple(each[list(names)].itertuples(index=False, name=None)) for each in spans]


def _crossing(splits: pd.DataFrame, column: str) -> list[tuple[str, str]]:
    pairs = splits[[column, "side"]].drop_duplicates()
    crossing = pairs[pairs[column].duplicated(keep=False)].sort_values([column, "side"])
    return [(str(key), " and ".join(each["side"])) for key, each in crossing.groupby(column)]


def _some(texts: Sequence[str], separator: str, at_most: int = 10) -> str:
    """Return the first of them, and how many more there are."""
    more = [f"and {len(texts) - at_most} more"] if len(texts) > at_most else []
    return separator.join([*texts[:at_most], *more])
