"""The change note: what it says, the same as text and as a page, and nothing that could run."""

from __future__ import annotations

import html
import re

import pytest

from pipeline.evaluation.wording import grouped
from pipeline.rebuilds import note
from pipeline.rebuilds.note import data_lines, gate_lines, headline, page_of, text_of
from tests.rebuilds.outcomes import outcome

HOSTILE = "<script>alert('x & y')</script>\""
NOBODY = {"value": None, "reason": "nobody with a label is on it", "interval": None}
ALL = [
    outcome(),
    outcome(event="kept", champion="pneumonia-aaaaaaaaaaaa", gate__few=True),
    outcome(event="unchanged", champion_before="pneumonia-bbbbbbbbbbbb", gate__champion=None),
    outcome(champion_before="", changes__first=True, gate__champion=None, gate__difference=None),
    outcome(gate__new=NOBODY, gate__measure=None, gate__difference=None, gate__limits=None),
    outcome(test={"measure": None, "value": None, "reason": None, "interval": None, "uses": 0}),
]


def words_of(page: str) -> str:
    """Return what a page shows, without its tags and styles."""
    body = re.sub(r"<(style|svg).*?</\1>", "", page, flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (ALL[0], "Rebuild 2026-11-20 of pneumonia: pneumonia-bbbbbbbbbbbb is the new champion"),
        (ALL[1], "Rebuild 2026-11-20 of pneumonia: pneumonia-aaaaaaaaaaaa stays champion"),
        (ALL[2], "pneumonia-bbbbbbbbbbbb stays champion: nothing is newer"),
        (ALL[3], "pneumonia-bbbbbbbbbbbb is the first champion"),
    ],
)
def test_the_first_line_says_who_is_champion(made, said):
    assert headline(made).endswith(said)
    assert text_of(made).startswith(headline(made))
    assert f"<title>{headline(made)}</title>" in page_of(made)


def test_the_data_are_told_by_data_set_and_side():
    assert data_lines(outcome()) == [
        "folder-clinic: 1,200 recordings of 300 subjects (4 new, 3 gone, 2 with other sound, "
        "1 with other labels)",
        "New subjects: 2 on the train side, 1 on the gate side.",
        "Subjects with a label by side: train 180, test 60, gate 40, validation 20.",
        "Left out: 2 recordings of which identical sound stands on two sides.",
    ]


def test_the_gate_side_tells_both_figures_and_the_difference_with_what_is_allowed():
    assert gate_lines(outcome()["gate"]) == [
        "New model: AUROC 0.80 (0.70 to 0.90)",
        "Champion: AUROC 0.75 (0.62 to 0.86)",
        "Difference: +0.050 (95%: \N{MINUS SIGN}0.010 to +0.110); allowed: not worse by more than "
        "0.05",
        "40 subjects, 12 of them positive.",
    ]
    assert "chance decides" in gate_lines(ALL[1]["gate"])[-1]


def test_what_has_no_figure_says_why():
    assert gate_lines(ALL[4]["gate"])[0] == "New model: figure none (nobody with a label is on it)"
    assert note.test_lines(ALL[5]["test"]) == ["No figure."]


def test_nothing_moved_is_said_and_of_the_first_rebuild_not():
    still = dict.fromkeys(("new", "gone", "changed", "relabelled"), 0)
    counts = {"recordings": 3, "subjects": 3, **still}
    quiet = outcome(changes__datasets={"icbhi": counts})
    assert "Nothing moved since the last rebuild." in data_lines(quiet)
    assert "Nothing moved since the last rebuild." not in data_lines(
        outcome(changes__datasets={"icbhi": counts}, changes__first=True)
    )


@pytest.mark.parametrize("made", ALL)
def test_text_and_page_say_the_same(made):
    shown = words_of(page_of(made))
    for line in (*data_lines(made)[1:], *gate_lines(made["gate"]), *note.test_lines(made["test"])):
        assert " ".join(line.split()) in shown
        assert line in text_of(made)
    assert made["why"] in shown
    for counts in made["changes"]["datasets"].values():
        for number in counts.values() if not made["changes"]["first"] else ():
            assert " ".join(grouped(number).split()) in shown


@pytest.mark.parametrize("made", ALL)
def test_the_page_needs_no_network_and_runs_nothing(made):
    page = page_of(made)
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in page
    assert "<script" not in page
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", page)
    assert not re.search(r"\son\w+=", page)
    assert "@import" not in page


@pytest.mark.parametrize("made", ALL)
def test_no_path_of_this_machine_stands_in_the_page(made):
    assert "/home/me" not in page_of(made)
    assert 'href="../../../08_reports/pneumonia-cccccccccccc/report.html"' in page_of(made)
    assert "/home/me/data/07_models/" in text_of(made)


@pytest.mark.parametrize(
    "entry", ["line", "date", "why", "model", "champion", "champion_before", "command"]
)
def test_no_text_is_taken_for_markup(entry):
    page = page_of(outcome(**{entry: HOSTILE}))
    assert "<script" not in page
    assert "x & y" not in page
    assert HOSTILE in words_of_attributes(page)


@pytest.mark.parametrize("kind", ["new", "gone", "relabelled"])
def test_no_name_of_a_recording_or_a_data_set_is_taken_for_markup(kind):
    counts = outcome()["changes"]["datasets"]["folder-clinic"]
    made = outcome(
        **{f"changes__named__{kind}": [HOSTILE]}, changes__datasets={f"folder-{HOSTILE}": counts}
    )
    page = page_of(made)
    assert "<script" not in page
    assert words_of_attributes(page).count(HOSTILE) >= 2


def test_a_reason_is_not_taken_for_markup():
    none = {"value": None, "reason": HOSTILE, "interval": None}
    page = page_of(outcome(gate__new=none, test__value=None, test__reason=HOSTILE))
    assert "<script" not in page
    assert words_of_attributes(page).count(HOSTILE) >= 2


def words_of_attributes(page: str) -> str:
    """Return the page as text with its escapes undone."""
    return html.unescape(page)
