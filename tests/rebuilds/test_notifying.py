"""Telling somebody: by a web hook, by a command, with nothing that fails and no secret shown."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from types import SimpleNamespace

import luigi
import pytest

from pipeline.config import notify_settings
from pipeline.errors import SettingsError
from pipeline.notifying import NotifySettings, by_webhook, notify
from tests.rebuilds.hook import Hook
from tests.runs import ROOT
from tests.services.sshd import free_port

SECRET = "T0planted5ecret9"
MESSAGE = {"event": "promoted", "subject": "a new champion", "n_new": 3}
TEXT = "Grüße: 肺 heard\nline two; $(touch oops) `x`"


@pytest.fixture
def hook(monkeypatch):
    monkeypatch.setattr(by_webhook, "WAIT_S", 0.01)
    server = Hook()
    yield server
    server.stop()


@pytest.fixture
def tell(caplog, capfd):
    """Tell by a web hook whose address holds a secret; nothing shows it."""
    caplog.set_level(logging.DEBUG)

    def call(server_url: str, **more) -> list[str]:
        settings = NotifySettings(webhook=f"{server_url}/services/{SECRET}?key={SECRET}", **more)
        failures = notify(MESSAGE, TEXT, settings)
        shown = [*failures, repr(settings), str(settings), caplog.text, *capfd.readouterr()]
        assert SECRET not in "\n".join(shown)
        return failures

    return call


def test_a_web_hook_gets_the_text_and_the_message(hook, tell):
    assert tell(hook.url) == []
    assert hook.posted == [(f"/services/{SECRET}?key={SECRET}", {"text": TEXT, **MESSAGE})]


@pytest.mark.parametrize("code", [500, 503])
def test_a_server_that_fails_is_asked_again(hook, tell, code):
    hook.codes = [code]
    assert tell(hook.url) == []
    assert len(hook.posted) == 2


def test_a_server_that_goes_on_failing_is_named_without_its_words(hook, tell):
    hook.codes = [500] * 9
    said = f"The web hook {hook.url}/... was not told: it answers 500 Internal Server Error."
    assert tell(hook.url) == [said]
    assert len(hook.posted) == 3


@pytest.mark.parametrize("code", [400, 404, 410, 429])
def test_a_server_that_refuses_is_asked_once(hook, tell, code):
    hook.codes = [code]
    (failure,) = tell(hook.url)
    assert f"it answers {code}" in failure
    assert len(hook.posted) == 1


def test_a_server_that_never_answers_is_not_waited_for(hook, tell):
    hook.codes = [0] * 9
    (failure,) = tell(hook.url, timeout_s=0.2)
    assert "no answer within 0.2 s" in failure
    assert len(hook.posted) == 3


def test_nobody_listens(hook, tell):
    (failure,) = tell(f"http://127.0.0.1:{free_port()}")
    assert "no connection (Connection refused)" in failure


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_a_redirect_on_the_same_server_keeps_the_message(hook, tell, code):
    hook.codes, hook.location = [code], "/elsewhere"
    assert tell(hook.url) == []
    assert hook.posted[1] == ("/elsewhere", {"text": TEXT, **MESSAGE})


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_a_redirect_to_another_server_is_not_followed(hook, tell, code):
    other = Hook()
    hook.codes, hook.location = [code], f"{other.url}/services/{SECRET}"
    (failure,) = tell(hook.url)
    assert f"it sends elsewhere, to {other.url}/..." in failure
    assert other.posted == []
    other.stop()


@pytest.mark.parametrize("location", ["/around", "", "http://[broken", f"file:///etc/{SECRET}"])
def test_a_redirect_that_leads_nowhere_is_a_failure(hook, tell, location):
    hook.codes, hook.location = [302] * 20, location
    assert len(tell(hook.url)) == 1
    assert len(hook.posted) <= 4


def test_a_post_that_is_answered_by_look_elsewhere_is_a_failure(hook, tell):
    hook.codes, hook.location = [303], "/"
    assert "it answers 303" in tell(hook.url)[0]
    assert len(hook.posted) == 1


@pytest.mark.parametrize(
    "url",
    [
        f"hooks.example.org/{SECRET}",
        f"ftp://h/{SECRET}",
        f"file:///{SECRET}",
        f"https://[h/{SECRET}",
        f"https://h:port/{SECRET}",
        f"https:///{SECRET}",
        f"https://h/{SECRET} and more",
        f"https://h/{SECRET}\nmore",
        SECRET,
    ],
)
def test_an_address_of_another_form_is_not_asked_and_not_shown(tell, url):
    settings = NotifySettings(webhook=url)
    (failure,) = notify(MESSAGE, TEXT, settings)
    assert "https://HOST/" in failure
    assert SECRET not in failure + repr(settings)


def test_a_login_in_the_address_is_not_shown():
    settings = NotifySettings(webhook=f"https://me:{SECRET}@h.example:8443/{SECRET}")
    assert "webhook='https://h.example:8443/...'" in repr(settings)
    assert SECRET not in repr(settings)


def test_what_json_does_not_know_does_not_stop_the_text(hook):
    settings = NotifySettings(webhook=hook.url)
    assert notify({"event": "kept", "gain": float("nan")}, TEXT, settings) == []
    assert notify({"event": "kept", "path": hook}, TEXT, settings) == []
    assert [posted["text"] for _, posted in hook.posted] == [TEXT, TEXT]


def test_nothing_is_asked_where_nothing_is_set():
    assert notify(MESSAGE, TEXT, NotifySettings()) == []


def test_an_error_that_nobody_foresaw_is_told_by_its_kind(hook, tell, monkeypatch):
    def broken(*words):
        raise RuntimeError(SECRET)

    monkeypatch.setattr(by_webhook, "_followed", broken)
    assert tell(hook.url) == [f"The web hook {hook.url}/... failed: RuntimeError."]


def test_each_way_is_used_though_the_other_fails(hook, tmp_path):
    hook.codes = [404]
    settings = NotifySettings(f"touch '{tmp_path}/told'", hook.url)
    assert len(notify(MESSAGE, TEXT, settings)) == 1
    assert (tmp_path / "told").exists()


def test_a_python_on_its_way_out_tells_too(hook):
    code = (
        "import atexit; from pipeline.notifying import NotifySettings, notify\n"
        f"settings = NotifySettings(webhook='{hook.url}')\n"
        "atexit.register(lambda: print(notify({'event': 'failed'}, 'words', settings)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")
    assert hook.posted == [("/", {"text": "words", "event": "failed"})]


def test_where_no_thread_can_be_started_it_asks_without_one(hook, tell, monkeypatch):
    threading = SimpleNamespace(Thread=lambda **more: NoThread())
    monkeypatch.setattr(by_webhook, "threading", threading)
    assert tell(hook.url) == []


class NoThread:
    def start(self):
        raise RuntimeError("can't create new thread at interpreter shutdown")


# [notify]


@pytest.fixture
def section(monkeypatch):
    config = luigi.configuration.LuigiConfigParser()
    config.add_section("notify")
    monkeypatch.setattr(luigi.configuration, "get_config", lambda *words: config)
    monkeypatch.setattr("luigi.parameter.get_config", lambda *words: config, raising=False)
    monkeypatch.setattr(luigi.configuration.LuigiConfigParser, "_instance", config)
    monkeypatch.delenv("AUSCULT_WEBHOOK", raising=False)
    return config


def test_settings_come_from_the_file_and_the_variable_comes_first(section, monkeypatch):
    section.set("notify", "command", " mail -s x me ")
    section.set("notify", "webhook", "https://h.example/100%%25")
    assert notify_settings() == NotifySettings("mail -s x me", "https://h.example/100%25")
    monkeypatch.setenv("AUSCULT_WEBHOOK", "https://other.example/a")
    assert notify_settings().webhook == "https://other.example/a"


def test_a_web_hook_that_cannot_be_read_is_refused_without_being_shown(section):
    section._sections["notify"]["webhook"] = f"https://h/%{SECRET}"
    with pytest.raises(SettingsError, match="%%") as caught:
        notify_settings()
    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("word", ["--notify-webhook", f"--notify-web=https://h/{SECRET}"])
def test_a_web_hook_on_the_command_line_is_refused(monkeypatch, word):
    monkeypatch.setattr(sys, "argv", ["luigi", "RebuildAll", word])
    with pytest.raises(SettingsError, match="AUSCULT_WEBHOOK") as caught:
        notify_settings()
    assert SECRET not in str(caught.value)


def test_the_shipped_file_names_every_key_and_tells_nobody():
    config = luigi.configuration.LuigiConfigParser()
    config.read(os.path.join(os.path.dirname(__file__), "../../luigi.cfg"))
    assert dict(config.items("notify")) == {"command": "", "webhook": ""}
