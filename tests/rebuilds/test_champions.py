"""The champions of a line: the history counts, the link follows, and one may go back."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from pipeline.errors import ContractError, SettingsError
from pipeline.rebuilds.champions import COLUMNS, HISTORY, LINK, Line, rolled_back_to
from pipeline.rebuilds.decision import KEPT, PROMOTED, ROLLED_BACK, UNCHANGED


@pytest.fixture
def line(tmp_path):
    for name in ("m-a", "m-b", "m-c"):
        folder = tmp_path / "07_models" / name
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text("{}")
    return Line(tmp_path / "09_champions" / "m", tmp_path / "07_models")


def note(line: Line, rebuild: str, event: str, model: str, champion: str, why: str = "") -> None:
    nothing = dict.fromkeys(("difference", "low", "high"), "")
    row = {"rebuild": rebuild, "event": event, "model": model, "champion": champion, "why": why}
    line.note({**nothing, **row})


def go_back(line: Line, to: str = "") -> str:
    left, chosen = line.champion(), rolled_back_to(line, to, "--to")
    note(line, "", ROLLED_BACK, left, chosen)
    return chosen


@pytest.fixture
def three(line):
    """A, then B, then C became champion."""
    for day, model in (("2026-01-01", "m-a"), ("2026-01-02", "m-b"), ("2026-01-03", "m-c")):
        note(line, day, PROMOTED, model, model)
    return line


def linked(line: Line) -> Path:
    return (line.folder / LINK).resolve()


def test_before_the_first_there_is_no_champion_and_no_link(line):
    assert (line.champion(), line.newest(), line.history()) == ("", "", [])
    assert not line.has("2026-01-01")
    assert line.is_linked()
    line.link()
    assert not line.folder.exists()


def test_the_champion_is_the_last_row_s_and_the_link_leads_to_its_folder(line):
    note(line, "2026-01-01", PROMOTED, "m-a", "m-a")
    note(line, "2026-01-02", KEPT, "m-b", "m-a")
    assert line.champion() == "m-a"
    assert linked(line) == line.models / "m-a"
    assert not os.path.isabs(os.readlink(line.folder / LINK))
    note(line, "2026-01-03", PROMOTED, "m-c", "m-c")
    assert linked(line) == line.models / "m-c"
    assert line.past_champions() == ["m-a", "m-c"]


def test_a_rebuild_stands_in_the_history_once(line):
    note(line, "2026-01-01", PROMOTED, "m-a", "m-a")
    note(line, "2026-01-01", PROMOTED, "m-b", "m-b")
    assert [row["champion"] for row in line.history()] == ["m-a"]
    assert linked(line) == line.models / "m-a"


def test_rows_are_only_added_and_any_text_comes_back(line):
    note(line, "2026-01-01", PROMOTED, "m-a", "m-a", 'so, "they"\nsay')
    before = (line.folder / HISTORY).read_bytes()
    note(line, "2026-01-02", UNCHANGED, "m-a", "m-a")
    assert (line.folder / HISTORY).read_bytes().startswith(before)
    assert line.history()[0]["why"] == 'so, "they"\nsay'


def test_the_newest_date_counts_whatever_the_order_of_rows(line):
    note(line, "2026-02-01", PROMOTED, "m-a", "m-a")
    go_nowhere = ("2026-01-31", UNCHANGED, "m-a", "m-a")
    note(line, *go_nowhere)
    note(line, "", ROLLED_BACK, "m-a", "m-b")
    assert line.newest() == "2026-02-01"


@pytest.mark.parametrize("state", ["gone", "another", "dangling"])
def test_a_link_that_does_not_say_so_is_found_and_mended(line, state):
    note(line, "2026-01-01", PROMOTED, "m-a", "m-a")
    path = line.folder / LINK
    path.unlink()
    if state != "gone":
        path.symlink_to("../../07_models/m-b" if state == "another" else "nowhere")
    assert not line.is_linked()
    line.link()
    assert line.is_linked()
    assert linked(line) == line.models / "m-a"


def test_the_link_holds_where_a_room_is_itself_a_link_to_another_disk(tmp_path, line):
    disk = tmp_path / "disk" / "deep" / "champions"
    disk.mkdir(parents=True)
    (tmp_path / "09_champions").symlink_to(disk)
    note(line, "2026-01-01", PROMOTED, "m-a", "m-a")
    assert linked(line) == (line.models / "m-a").resolve()
    assert line.is_linked()


def test_a_reader_never_finds_the_link_away_or_leading_nowhere(line):
    note(line, "", ROLLED_BACK, "m-a", "m-b")
    found: list[bool] = []
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            found.append((line.folder / LINK / "manifest.json").is_file())

    reader = threading.Thread(target=read)
    reader.start()
    for k in range(50):
        note(line, "", ROLLED_BACK, "m-a", ("m-a", "m-b")[k % 2])
    over.set()
    reader.join()
    assert len(found) > 1
    assert all(found)
    assert [path.name for path in line.folder.glob(".*.part")] == []


@pytest.mark.parametrize(
    "text", ["date,champion\n2026-01-01,m-a\n", "", ",".join(COLUMNS) + "\n1,2,3\n"]
)
def test_a_foreign_history_is_refused_and_left_as_it_is(line, text):
    line.folder.mkdir(parents=True)
    path = line.folder / HISTORY
    path.write_text(text)
    for act in (line.champion, lambda: note(line, "2026-01-01", PROMOTED, "m-a", "m-a")):
        with pytest.raises(ContractError, match="Nothing was written"):
            act()
    assert path.read_text() == text
    assert not (line.folder / LINK).exists()


def test_going_back_makes_the_one_before_champion(three):
    assert go_back(three) == "m-b"
    assert linked(three) == three.models / "m-b"
    assert three.rejected() == {"m-c"}


def test_going_back_twice_goes_further_back_and_not_to_and_fro(three):
    assert [go_back(three), go_back(three)] == ["m-b", "m-a"]
    assert three.rejected() == {"m-b", "m-c"}
    with pytest.raises(SettingsError, match="a former champion of m"):
        go_back(three)


@pytest.mark.parametrize("wanted", ["m-a", "a", "2026-01-01"])
def test_one_may_name_the_folder_the_salt_or_the_day(three, wanted):
    assert go_back(three, wanted) == "m-a"


def test_the_day_of_a_rebuild_that_changed_nothing_does_as_well(three):
    note(three, "2026-01-04", KEPT, "m-d", "m-c")
    go_back(three)
    assert go_back(three, "2026-01-04") == "m-c"


def test_whoever_was_gone_to_by_name_may_come_back_by_himself_again(three):
    go_back(three)
    go_back(three, "m-c")
    assert three.rejected() == {"m-b"}


@pytest.mark.parametrize("wanted", ["m-c", "m-x", "2026-01-03", "2025-01-01", "-a", "m"])
def test_the_present_champion_and_whoever_was_none_are_refused(three, wanted):
    with pytest.raises(SettingsError) as caught:
        go_back(three, wanted)
    assert wanted in caught.value.found
    assert "m-a, m-b" in caught.value.found
    assert caught.value.where == "--to"


def test_nobody_to_go_back_to_is_said(line):
    with pytest.raises(SettingsError, match="no rebuild of it") as caught:
        rolled_back_to(line, "", "--to")
    assert "--line" in caught.value.action
    note(line, "2026-01-01", PROMOTED, "m-a", "m-a")
    with pytest.raises(SettingsError, match="there were: none"):
        rolled_back_to(line, "", "--to")


def test_a_former_champion_whose_folder_is_gone_is_refused(three):
    (three.models / "m-b" / "manifest.json").unlink()
    with pytest.raises(SettingsError, match="the folder of m-b"):
        rolled_back_to(three, "", "--to")
    assert go_back(three, "m-a") == "m-a"
