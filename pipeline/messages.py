"""Luigi's log as a person wants to read it.

Errors of this project show their four sentences without a traceback, and the lines about a task's
start and end name the task and not the worker. Here it is also settled whether a luigid is asked.
"""

from __future__ import annotations

import logging
import re
import sys
from types import TracebackType

import luigi
from luigi.task_register import TaskClassException

from pipeline.errors import AuscultError, SchedulerDown

# "[pid 1] Worker Worker(...) running   Task(...)", and the words that follow "Worker Worker(...)".
_ABOUT_TASK = re.compile(r"\[pid \d+\] Worker Worker\(.*?\) (running|done|failed) +", re.S)
# Luigi also logs tracebacks as text: everything from its first line up to the error's own name.
_TRACEBACK = re.compile(
    r"Traceback \(most recent call last\):\n.*\npipeline\.errors\.(\w+): ", re.S
)
_WILL_NOT_RUN = re.compile(
    r"Will not run (\w+)\(.*?\)(?: or any dependencies)? due to error in \w+\(\) method:", re.S
)
_NOISE = ("Informed scheduler that task", "Worker Worker(", "Done scheduling", "Running Worker")
#: Luigi says it every second, and in words that help nobody.
_NO_PING = "Failed pinging scheduler"
#: Luigi logs an error while it schedules, and the same error once more when it ends by it.
_TOLD_TWICE = "Luigi unexpected framework error while scheduling"
#: What names a luigid, behind ``scheduler-``.
_ADDRESS = ("host", "port", "url")

ASK_FOR_HELP = "Every option: luigi --module pipeline TASK --help"
NO_ANSWER = "luigid does not answer; a task that is under way is brought to its end"
STOPPED = (
    "Stopped. What is finished stays, and nothing half-written counts: run the same command again "
    "to go on from there."
)


class PlainMessages(logging.Filter):
    """Rewrite what Luigi logs about tasks; drop what only concerns its own machinery."""

    def __init__(self) -> None:
        super().__init__()
        self._was_told_of_no_answer = False

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if record.levelno <= logging.INFO and text.startswith(_NOISE):
            return False
        if text == _NO_PING:
            record.msg, is_news = NO_ANSWER, not self._was_told_of_no_answer
            self._was_told_of_no_answer = True
            return is_news
        text = _TRACEBACK.sub(r"\1\n", text)
        record.msg, record.args = _ABOUT_TASK.sub(r"\1: ", text), ()
        if _WILL_NOT_RUN.match(record.msg):
            record.msg = _WILL_NOT_RUN.sub(r"\1 cannot run:", record.msg)
            record.levelno, record.levelname = logging.ERROR, "ERROR"
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, SchedulerDown) and text.startswith(_TOLD_TWICE):
            return False
        if isinstance(error, luigi.parameter.ParameterException):
            record.msg = f"{error}\n{ASK_FOR_HELP}"
            record.exc_info = record.exc_text = None
        if isinstance(error, SystemExit | KeyboardInterrupt):
            record.msg = f"{record.msg}\n{STOPPED}"
            record.exc_info = record.exc_text = None
        if isinstance(error, AuscultError):
            record.msg = f"{record.msg}\n{type(error).__name__}\n{error}"
            record.exc_info = record.exc_text = None
        return True


def show_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Show what a user can act on in its own words, and anything else with its traceback."""
    if issubclass(kind, AuscultError | TaskClassException | luigi.parameter.ParameterException):
        print(f"{kind.__name__}\n{error}", file=sys.stderr)
    elif issubclass(kind, KeyboardInterrupt):
        print(STOPPED, file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


def _choose_scheduler() -> None:
    """Schedule in this process, unless a luigid is named on the command line or in luigi.cfg.

    One on the command line counts, whatever the shipped luigi.cfg says; without any luigi.cfg
    nobody waits for a daemon.
    """
    config = luigi.configuration.get_config()
    if any(word.startswith("--scheduler-") for word in sys.argv):
        config.set("core", "local_scheduler", "false")
    elif not config.has_option("core", "local_scheduler") and not _names_a_daemon(config):
        config.set("core", "local_scheduler", "true")


def _names_a_daemon(config: luigi.configuration.LuigiConfigParser) -> bool:
    names = [f"{before}scheduler-{what}" for before in ("", "default-") for what in _ADDRESS]
    spelt = [one for name in names for one in (name, name.replace("-", "_"))]
    return any(config.has_option("core", name) for name in spelt)


def install() -> None:
    """Install the filter on Luigi's logger, once, and the hook for errors before it starts."""
    from pipeline.tasks import sharing

    sys.excepthook = show_uncaught
    _choose_scheduler()
    sharing.install()
    logger = logging.getLogger("luigi-interface")
    if not any(isinstance(one, PlainMessages) for one in logger.filters):
        logger.addFilter(PlainMessages())
