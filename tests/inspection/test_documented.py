"""docs/inspection.rst describes every kind of finding and every column, as they are."""

import pytest

from pipeline.inspection import audio_findings, index_findings
from pipeline.inspection.kinds import COLUMNS, KINDS
from pipeline.inspection.measuring import MEASURE_COLUMNS
from tests.pages import rows, tables_of, terms, titled, words

PAGE = "inspection.rst"


def documented():
    tables = {name: body for name, body in tables_of(PAGE).items() if name.endswith("finding")}
    return {row[0]: tuple(row[1:3]) for body in tables.values() for row in body}


def test_every_kind_stands_there_with_its_severity_and_action():
    assert documented() == {kind.finding: (kind.severity, kind.action) for kind in KINDS.values()}


@pytest.mark.parametrize(
    ("finding", "limit"),
    [
        ("clipped", f"{100 * audio_findings.CLIPPED_SHARE:g} %"),
        ("slightly clipped", f"{100 * audio_findings.SLIGHTLY_CLIPPED_SHARE:g} %"),
        ("silent in part", f"{100 * audio_findings.SILENT_SHARE:g} %"),
        ("short silence", f"{100 * audio_findings.SHORT_SILENCE_SHARE:g} %"),
        ("DC offset", f"{audio_findings.DC_TO_RMS:g} of the rms"),
        ("large DC offset", f"{audio_findings.MIN_DC:g} of full scale"),
        ("narrow bandwidth", f"{audio_findings.NARROW_HZ:g} Hz"),
    ],
)
def test_limits_stand_there_as_they_are(finding, limit):
    (row,) = [row for row in rows(titled(PAGE)["Audio"]) if row[0] == finding]
    assert limit in row[3]


def test_every_column_stands_there():
    section = titled(PAGE)["Columns of findings.csv"]
    assert terms(section) == set(COLUMNS)
    measured = set(MEASURE_COLUMNS) - {"recording_id"}
    text = titled(PAGE)["What is measured"].astext()
    assert all(name in text for name in measured)


def test_harmless_reasons_stand_there():
    assert all(reason in words(PAGE) for reason in index_findings.HARMLESS)
