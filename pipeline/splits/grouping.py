"""Who and what must stay on one side: people, identical audio, and copies that contradict."""

from __future__ import annotations

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


def leave_out_conflicts(
    recordings: pd.DataFrame, labels: pd.DataFrame, names: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the labels without copies of identical audio that contradict, and those copies.

    Copies contradict if their labels, span by span in the order of time, differ. Where one of
    them has a label for the whole recording only, what counts is which labels occur at all.
    """
    known = recordings[recordings["recording_id"].isin(labels["recording_id"])]
    copied = known[known["content_hash"].duplicated(keep=False)]["recording_id"]
    of_copies = labels[labels["recording_id"].isin(copied)]
    spans = dict(iter(of_copies[["recording_id", *names, "weak"]].groupby("recording_id")))
    tables = []
    for _, copies in _copies(known):
        ids = sorted(copies["recording_id"])
        if len({*_signatures([spans[each] for each in ids], names)}) > 1:
            detail = f"identical audio, labelled differently: {', '.join(ids)}"
            tables.append(left_out(copies, "recording", CONFLICT, detail))
    lost = joined(tables)
    kept = labels[~labels["recording_id"].isin(lost["recording_id"])]
    return kept.reset_index(drop=True), lost


def overlap(rows: pd.DataFrame) -> dict[str, list[str]]:
    """Return the subjects, and the copies of identical audio, that stand on two sides.

    Parameters
    ----------
    rows : DataFrame
        `recording_id, subject_id, content_hash, side`.

    Returns
    -------
    dict
        `{"subjects": ["icbhi/156", ...], "audio": ["<recording_id> = <recording_id>", ...]}`.
    """
    return {"subjects": list(_crossing(rows, "subject_id")), "audio": list(_crossing_audio(rows))}


def check_disjoint(
    splits: pd.DataFrame,
    where: str = "splits",
    action: str = "correct the split, or report this if the pipeline made it",
) -> None:
    """Check that no subject and no audio stands on two sides.

    Parameters
    ----------
    splits : DataFrame
        `recording_id, subject_id, content_hash, side`.
    where, action : str
        For the message: whose sides these are, and what to do.

    Raises
    ------
    SplitError
        One does, or a recording is there twice; the message names them.
    """
    twice = splits["recording_id"][splits["recording_id"].duplicated()]
    problems = [f"recording {each} is there twice" for each in sorted(set(twice))]
    crossing = _crossing(splits, "subject_id")
    problems += [f"{each} is on {sides}" for each, sides in crossing.items()]
    crossing = _crossing_audio(splits)
    problems += [f"{each} (identical audio) is on {sides}" for each, sides in crossing.items()]
    if problems:
        raise SplitError(
            expected="every subject and every audio on one side only",
            found=some(problems, "; "),
            where=where,
            action=action,
        )


def _copies(recordings: pd.DataFrame):
    """Return (content hash, rows) of the audio that is there more than once, sorted."""
    known = recordings[recordings["content_hash"] != ""]
    return known[known["content_hash"].duplicated(keep=False)].groupby("content_hash")


def _signatures(spans: list[pd.DataFrame], names: Sequence[str]) -> list[tuple]:
    if any(each["weak"].any() for each in spans):
        return [tuple(each[list(names)].max()) for each in spans]
    return [tuple(each[list(names)].itertuples(index=False, name=None)) for each in spans]


def _crossing(rows: pd.DataFrame, column: str) -> dict[str, str]:
    """Return {what stands on two sides: "test and train"}."""
    pairs = rows[[column, "side"]].drop_duplicates()
    crossing = pairs[pairs[column].duplicated(keep=False)].sort_values([column, "side"])
    return {str(key): " and ".join(each["side"]) for key, each in crossing.groupby(column)}


def _crossing_audio(rows: pd.DataFrame) -> dict[str, str]:
    known = rows[rows["content_hash"] != ""]
    copies = known.sort_values("recording_id").groupby("content_hash")["recording_id"]
    return {
        " = ".join(copies.get_group(content)): sides
        for content, sides in _crossing(known, "content_hash").items()
    }


def some(texts: Sequence[str], separator: str, at_most: int = 10) -> str:
    """Return the first of them, and how many more there are."""
    more = [f"and {len(texts) - at_most} more"] if len(texts) > at_most else []
    return separator.join([*texts[:at_most], *more])
