"""Uses every way there is, and says which of them failed instead of failing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pipeline.notifying.by_command import run_command
from pipeline.notifying.by_webhook import post
from pipeline.notifying.settings import NotifySettings, shown_hook


def notify(message: Mapping[str, Any], text: str, settings: NotifySettings) -> list[str]:
    """Return one sentence per way that failed; [] where everybody was told. Never raises.

    Parameters
    ----------
    message : mapping
        What happened, for programs: ``event`` ("promoted", "kept", "failed"), ``subject`` (one
        line; without it the text's first), and whatever else the web hook is to get.
    text : str
        What happened, for people: the command's standard input, and the web hook's ``text``.
    settings : NotifySettings
        The ways; one that is empty is not used.
    """
    failures = []
    if settings.command.strip():
        failures.append(_told("The command of [notify]", run_command, message, text, settings))
    if settings.webhook.strip():
        name = f"The web hook {shown_hook(settings.webhook.strip())}"
        failures.append(_told(name, post, message, text, settings))
    return [failure for failure in failures if failure]


def _told(name: str, way: Callable[..., str], *words: Any) -> str:
    """Return what a way says of its failure; of an error that nobody foresaw only its kind."""
    try:
        return way(*words)
    except Exception as error:
        # Its text could hold the address, and nobody's rebuild fails because of a message.
        return f"{name} failed: {type(error).__name__}."
