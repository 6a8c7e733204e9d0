"""What luigid's pages show: stages, progress, where the log is, and the report's address."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from pipeline.progress import NO_LOG
from tests.runs import report_of

STAGES = (
    "FetchRecordings IndexRecordings SplitSubjects SampleSubset CacheSpectrograms CutClips "
    "TrainNetwork EvaluateNetwork TrainPneumonia"
)


def rows_of(shared, name: str) -> list[dict]:
    return [row for row in shared.rows if row["name"] == name]


def test_every_stage_stands_there_by_its_name_and_is_done(shared):
    assert set(STAGES.split()) <= {row["name"] for row in shared.rows}
    assert {row["status"] for row in shared.rows} == {"DONE"}


def test_a_task_is_told_by_what_was_asked_for_and_not_by_its_settings(shared):
    for row in shared.rows:
        assert not [value for value in row["params"].values() if value.startswith("{")], row
        assert len(row["display_name"]) < 300
    names = [row["display_name"] for row in rows_of(shared, "TrainNetwork")]
    assert sorted("seed=1" in name for name in names) == [False, True]
    assert all("problem=pneumonia" in name for name in names)


def test_a_training_shows_its_progress_and_where_its_log_is(shared):
    messages = [(text, done) for name, text, done in shared.shown if name == "TrainNetwork"]
    logs = [text.rpartition("Log: ")[2] for text, _ in messages if text]
    assert logs
    assert all(log.startswith(str(shared.rooms.data)) for log in logs)
    assert all(log.endswith("/train.log") for log in logs)
    assert any("epoch" in text and done is not None for text, done in messages if text)


def test_of_a_training_that_is_done_the_log_that_is_kept_is_named(shared):
    logs = {row["status_message"].removeprefix("Log: ") for row in rows_of(shared, "TrainNetwork")}
    assert logs == {str(path) for path in shared.rooms.data.glob("07_models/pneumonia-*/train.log")}


def test_no_path_of_a_log_stays_that_is_gone(shared):
    (message,) = {row["status_message"] for row in rows_of(shared, "PredictTestSide")}
    assert message == NO_LOG


def test_the_report_has_its_address_in_message_and_link(shared):
    reports = {str(report_of(run) / "report.html") for run in shared.runs}
    for name in ("EvaluateNetwork", "TrainPneumonia"):
        rows = rows_of(shared, name)
        assert {path_of(row["tracking_url"]) for row in rows} == reports
        assert all(row["tracking_url"] in row["status_message"] for row in rows)


def path_of(address: str) -> str:
    parts = urlsplit(address)
    assert (parts.scheme, parts.netloc) == ("file", "")
    return unquote(parts.path)
