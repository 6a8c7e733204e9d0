"""Looking into the index of a folder."""

from __future__ import annotations


def row_of(tables, reason):
    rows = tables.excluded[tables.excluded["reason"] == reason]
    assert len(rows) == 1
    return rows.iloc[0]


def subjects_of(tables):
    return dict(zip(tables.recordings["path"], tables.recordings["subject_id"], strict=True))
