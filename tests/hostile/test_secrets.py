"""A trainer that fails shows its last lines and its log, and never the user's environment."""

from __future__ import annotations

from tests.runs import Rooms

SECRET = "hunter2-hunter2"
VARIABLES = {
    "AUSCULT_TEST_SECRET": SECRET,
    "MY_PASSWORD": SECRET,
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "HTTPS_PROXY": f"http://somebody:{SECRET}@127.0.0.1:9",
}


def damage_pack(rooms: Rooms) -> None:
    """Change the table of a pack but not its size, which only the trainer will notice."""
    for table in rooms.data.glob("05_spectrograms/simulated-*/recordings.csv"):
        table.write_bytes(table.read_bytes().replace(b"first_frame", b"frist_frame"))


def test_failed_training_shows_last_lines_and_log_but_no_variable(before_training):
    rooms = before_training
    damage_pack(rooms)
    run = rooms.start(variables=VARIABLES)
    assert run.wait() != 0
    (log,) = rooms.data.glob("07_models/runs/*/train.log")
    last_line = log.read_text().splitlines()[-1]
    assert last_line.startswith("error: ")
    shown = run.output()
    assert shown.count(last_line) == 2  # as it happened, and in the task's error
    assert f"Where: {log}" in shown
    assert "ENVIRONMENT" not in shown
    holding = [path for path, text in rooms.texts() if SECRET in text]
    assert not holding
