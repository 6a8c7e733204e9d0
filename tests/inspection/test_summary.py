"""How much of what a data set holds."""

import pandas as pd
import pytest

from pipeline.datasets.description import event_row
from pipeline.inspection.summary import age_band, tables, totals
from pipeline.inspection.wording import hertz
from tests.inspection.cohorts import cycles, events_of, inspected, rows_of


def table_of(data, title) -> pd.DataFrame:
    (found,) = [one.rows for one in tables(data) if one.title == title]
    return found.set_index("name")


def test_classes_count_subjects_recordings_events_and_hours():
    recordings = rows_of(subject=list("1123"), diagnosis=["COPD", "copd", "N", ""])
    found = table_of(inspected(recordings), "Diagnosis")
    assert found.loc["COPD"].to_dict() == {
        "n_subjects": 1,
        "n_recordings": 2,
        "n_events": 6,
        "hours": pytest.approx(12 / 3600),
    }
    assert set(found.index) == {"COPD", "N", "unknown"}


def test_event_types_count_the_hours_of_events():
    recordings = rows_of(n=2)
    rows = [event_row("made/r0", 0, 1, "wheeze"), event_row("made/r1", 0, 3, "wheeze")]
    found = table_of(inspected(recordings, events_of(rows)), "Event type")
    assert found.loc["wheeze", "hours"] == pytest.approx(4 / 3600)
    assert found.loc["wheeze", "n_subjects"] == 2


@pytest.mark.parametrize(
    ("age", "band"),
    [(0, "0 to 1"), (1.9, "0 to 1"), (2, "2 to 5"), (64.9, "40 to 64"), (65, "65 and over")],
)
def test_age_bands(age, band):
    assert age_band(age) == band


@pytest.mark.parametrize(
    ("value", "text"),
    [(440, "440 Hz"), (1638, "1.6 kHz"), (4000, "4 kHz"), (44100, "44.1 kHz")],
)
def test_frequencies_as_text(value, text):
    assert hertz(value) == text


def test_bands_and_rates_stand_in_their_order():
    data = inspected(rows_of(age=[70.0, 3.0, None, 20.0], sample_rate=[44100, 4000, 8000, 10000]))
    assert list(table_of(data, "Age in years").index) == [
        "2 to 5",
        "18 to 39",
        "65 and over",
        "unknown",
    ]
    assert list(table_of(data, "Sample rate").index) == ["4 kHz", "8 kHz", "10 kHz", "44.1 kHz"]


def test_what_nothing_is_known_of_has_no_table():
    data = inspected(rows_of(age=None, sex="", device=""))
    assert [one.title for one in tables(data)] == ["Event type", "Sample rate"]


def test_index_without_filters_is_read():
    recordings = rows_of().drop(columns="filter", errors="ignore")
    assert "Filter" not in [one.title for one in tables(inspected(recordings))]


def test_long_tables_keep_their_largest_and_add_up():
    recordings = rows_of(n=60, diagnosis=[f"d{i % 30}" if i < 50 else "d0" for i in range(60)])
    found = table_of(inspected(recordings), "Diagnosis")
    assert len(found) == 20
    assert found.index[0] == "d0"
    assert found["n_recordings"].sum() == 60
    assert found["n_events"].sum() == 180


def test_totals():
    data = inspected(rows_of(subject=list("1123")))
    assert totals(data) == {
        "n_subjects": 3,
        "n_recordings": 4,
        "n_events": len(cycles(data.recordings)),
        "hours": pytest.approx(24 / 3600),
    }
