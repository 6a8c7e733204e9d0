"""The page: whole in one file, safe against names, and readable for any data set."""

import re
import shutil
import subprocess

import pytest

from pipeline.datasets.description import KEPT, LEFT_OUT, exclusion
from pipeline.inspection.findings import find_all
from pipeline.inspection.page import MAX_ROWS, render_inspection
from tests.evaluation.test_report_in_browser import OPTIONS
from tests.inspection.cohorts import breath, events_of, heard, inspected, rows_of

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
HOSTILE = "<script>document.title='taken'</script>\"'&"


def page_of(*data) -> str:
    return render_inspection(data, find_all(data), "2026-01-02T03:04:05+00:00")


def hostile_page() -> str:
    recordings = rows_of(
        HOSTILE,
        subject=[HOSTILE, HOSTILE, "2", "3"],
        device=[HOSTILE, "B", "C", "D"],
        diagnosis=HOSTILE,
        location=HOSTILE,
        content_hash=["x", "x", "y", "z"],
    )
    excluded = [exclusion(HOSTILE, "", "recording", HOSTILE, HOSTILE, LEFT_OUT)]
    measures = {0: {"clipped_share": 0.5, "silent_share": 0.5, "dc_offset": 1, "dc_to_rms": 1}}
    return page_of(inspected(recordings, excluded=excluded, measures=measures, title=HOSTILE))


def test_counts_stand_at_the_top(tmp_path):
    sounds = [breath(0) + 0.2, breath(1), breath(2)]
    page = page_of(heard(tmp_path, sounds))
    counts = dict(re.findall(r'data-severity="(\w+)" data-count="(\d+)"', page))
    assert counts == {"error": "0", "warning": "1", "note": "0"}
    assert "large DC offset" in page
    assert "2026-01-02 03:04 UTC" in page


def test_the_verdict_counts_what_is_concerned():
    row = exclusion("", "", "subject", "no subjects.csv", "59 recordings, the first: a", KEPT)
    page = page_of(inspected(rows_of("folder"), excluded=[row]))
    assert '<td class="concerned">59 recordings</td>' in page
    assert '<span class="count">59 recordings</span>' in page
    assert "Each is one row of findings.csv" in page


def test_title_and_licence_do_not_stand_in_the_narrow_column_of_names():
    page = page_of(
        inspected(rows_of(), title="A folder of the user's own", licence="the user's own")
    )
    table = page[page.index('<section id="data"') : page.index('<section id="findings"')]
    assert "own" not in table
    assert "Licence: the user&#39;s own." in page
    assert "own, the user" not in page


def test_a_narrow_screen_is_told_that_the_table_goes_on():
    page = page_of(inspected(rows_of()))
    assert "scroll it sideways" in page
    narrow = page[page.index("@media (max-width: 40rem) {\n  .swipe") :]
    assert narrow.split("}")[0].endswith(".swipe { display: block; ")


def test_nothing_found_is_said():
    page = page_of(inspected(rows_of()))
    assert "No errors and no warnings" in page
    assert "Nothing was found." in page


def test_page_needs_no_network_and_no_script(tmp_path):
    page = page_of(heard(tmp_path, [breath(seed) for seed in range(3)]))
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert not re.search(r'(src|href)="(?!#|data:)', page)
    assert not re.search(r"url\((?!#)", page)
    assert "http" not in page.replace('http-equiv="', "")


def test_names_are_escaped():
    page = hostile_page()
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_every_drawing_says_what_it_shows(tmp_path):
    sounds = [breath(seed) for seed in range(3)]
    sounds[0][:20000] = 0
    page = page_of(heard(tmp_path, sounds))
    drawings = re.findall(r"<svg[^>]*>", page)
    assert len(drawings) >= 6
    assert all('role="img"' in one and re.search('aria-label="[^"]{10}', one) for one in drawings)


def test_many_rows_stay_out_of_the_page():
    n = MAX_ROWS + 7
    offset = {"dc_offset": 0.3, "dc_to_rms": 2.0}
    data = inspected(rows_of(n=n), measures=dict.fromkeys(range(n), offset))
    page = page_of(data)
    assert page.count("of the rms</td>") == MAX_ROWS
    assert "7 more rows: see findings.csv" in page


@pytest.mark.parametrize(
    "recordings",
    [
        rows_of(n=1),
        rows_of(n=1, level="recording", age=None, sex="", device="", diagnosis=""),
        rows_of(n=3, age=None, sex="", device=""),
    ],
    ids=["one recording", "one of which nothing is known", "nothing known"],
)
def test_degenerate_data_sets_have_their_page(recordings):
    for events in (None, events_of([])):
        assert "</html>" in page_of(inspected(recordings, events))


def test_data_set_of_which_nothing_can_be_read_has_its_page():
    broken = {"problem": "truncated", "sample_rate": 0, "bandwidth_hz": 0.0}
    page = page_of(inspected(rows_of(), measures=dict.fromkeys(range(4), broken)))
    assert "recording cannot be read" in page


@pytest.mark.skipif(BROWSER is None, reason="no Chromium found (Debian: apt-get install chromium)")
def test_hostile_names_do_nothing_in_a_browser(tmp_path):
    path = tmp_path / "inspection.html"
    path.write_text(hostile_page(), encoding="utf-8")
    command = [BROWSER, *OPTIONS, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]
    shown = subprocess.run(
        [*command, path.as_uri()], capture_output=True, text=True, timeout=60, check=True
    ).stdout
    assert "<title>Inspection of &lt;script" in shown
    assert "<script" not in shown
    assert shown.count("<svg") >= 6
