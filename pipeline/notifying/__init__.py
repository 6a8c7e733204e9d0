"""Tells somebody how a command ended: by a program, by a web hook, or by both.

`settings` has who is told and what may be shown of it, `by_command` and `by_webhook` are the ways,
`telling` uses them and never fails.
"""

from pipeline.notifying.settings import NotifySettings
from pipeline.notifying.telling import notify

__all__ = ["NotifySettings", "notify"]
