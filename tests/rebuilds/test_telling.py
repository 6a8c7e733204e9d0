"""Who is told of a rebuild: once when it was decided, and once when it did not come about."""

from __future__ import annotations

import atexit
import datetime
import os
from types import SimpleNamespace

import luigi
import pytest

from pipeline import notifying
from pipeline.errors import SettingsError
from pipeline.tasks import rebuild_telling
from pipeline.tasks.rebuild_telling import note_failure, tell_if_unfinished, tell_outcome
from tests.rebuilds.outcomes import outcome


@pytest.fixture
def told(monkeypatch):
    """Return the messages that would have gone out: (message, text, settings)."""
    found: list = []
    monkeypatch.setattr(
        notifying, "notify", lambda message, text, how: found.append((message, text, how)) or []
    )
    monkeypatch.setattr(rebuild_telling, "_failures", [])
    return found


@pytest.fixture
def at_exit(monkeypatch):
    """Return what this process would do at its end."""
    found: list = []
    monkeypatch.setattr(atexit, "register", lambda act, *words: found.append((act, words)))
    return found


def end(at_exit: list) -> None:
    for act, words in at_exit:
        act(*words)


def asked(*complete: object, line: str = "") -> SimpleNamespace:
    """Return a RebuildAll of as many problems, each complete, not, or failing when asked."""
    problems = tuple(f"p{k}" for k in range(len(complete)))

    def is_done(state: object) -> bool:
        if isinstance(state, Exception):
            raise state
        return bool(state)

    goals = [
        SimpleNamespace(problem=problem, complete=lambda state=state: is_done(state))
        for problem, state in zip(problems, complete, strict=True)
    ]
    date = datetime.date(2026, 3, 1)
    return SimpleNamespace(date=date, problems=problems, line=line, goal=lambda: goals)


def test_an_outcome_is_told_with_its_note_and_without_paths_in_what_programs_get(told):
    tell_outcome(outcome(), "the note")
    ((message, text, _),) = told
    assert text == "the note"
    assert message["event"] == "promoted"
    assert message["subject"].endswith("pneumonia-bbbbbbbbbbbb is the new champion")
    assert "/home/me" not in str(message)


def test_a_way_that_fails_is_logged_and_undoes_nothing(monkeypatch, caplog):
    monkeypatch.setattr(notifying, "notify", lambda *_: ["The command mail failed."])
    tell_outcome(outcome(), "the note")
    assert "Nobody was told: The command mail failed." in caplog.text


def test_settings_that_cannot_be_read_undo_nothing(monkeypatch, caplog):
    from pipeline import config

    def fail():
        raise SettingsError(expected="a", found="b", where="[notify]", action="c")

    monkeypatch.setattr(config, "notify_settings", fail)
    tell_outcome(outcome(), "the note")
    assert "[notify]" in caplog.text


def test_the_web_hook_of_the_environment_is_used(told, monkeypatch):
    monkeypatch.setenv("AUSCULT_WEBHOOK", "https://hooks.invalid/secret")
    tell_outcome(outcome(), "the note")
    assert told[0][2].webhook == "https://hooks.invalid/secret"


def test_what_came_about_is_not_told_as_failed(told, at_exit):
    tell_if_unfinished(asked(True, True))
    end(at_exit)
    assert told == []


def test_what_did_not_come_about_is_told_once_with_the_newest_reason(told, at_exit, capsys):
    task = asked(True, False, False, line="b")
    tell_if_unfinished(task)
    tell_if_unfinished(task)
    note_failure(luigi.WrapperTask(), ValueError("first"))
    note_failure(luigi.WrapperTask(), ValueError("disk <full>"))
    end(at_exit)
    ((message, text, _),) = told
    assert message["event"] == "failed"
    assert message["subject"] == "Rebuild 2026-03-01 of p1.b, p2.b did not come about"
    assert message["why"] == "WrapperTask: disk <full>"
    assert "The champion stays." in text
    assert text in capsys.readouterr().out


def test_without_a_reason_the_log_is_named(told, at_exit):
    tell_if_unfinished(asked(False))
    end(at_exit)
    assert told[0][0]["why"] == "The log says why."


def test_a_rebuild_that_cannot_even_be_asked_for_is_told_with_the_reason(told, at_exit):
    tell_if_unfinished(asked(SettingsError(expected="a", found="b", where="w", action="c")))
    end(at_exit)
    assert "Expected: a" in told[0][0]["why"]


def test_what_fails_in_a_fork_is_told_by_the_process_that_forked(told, at_exit):
    tell_if_unfinished(asked(False))
    child = os.fork()
    if child == 0:
        note_failure(luigi.WrapperTask(), ValueError("in the fork"))
        os._exit(0)
    os.waitpid(child, 0)
    end(at_exit)
    assert told[0][0]["why"] == "WrapperTask: in the fork"
