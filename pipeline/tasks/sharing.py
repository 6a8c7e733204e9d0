"""Work shared by several commands, perhaps on several machines, through one luigid.

Luigi's own worker leaves as soon as what it needs is being made by another one. Here it waits for
that one, goes on with what is then left, and takes over what the other one failed at or left.
"""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path
from typing import Any

import luigi
from luigi import interface, task_status
from luigi.rpc import RemoteScheduler
from luigi.worker import WORKER_STATE_ACTIVE, GetWorkResponse, Worker

from pipeline.daemon import Daemon
from pipeline.progress import result_of
from pipeline.tasks.resources import RESOURCE

logger = logging.getLogger("luigi-interface")


class SharingWorker(Worker):
    """A worker that waits for others, and tells luigid where results are."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._has_waited = False
        self._waited_for: set[str] = set()
        self._asked_for: dict[str, luigi.Task] = {}

    @property
    def _has_daemon(self) -> bool:
        return isinstance(self._scheduler, RemoteScheduler)

    def add(self, task: luigi.Task, *args: Any, **kwargs: Any) -> bool:
        """Return whether a task and what it needs could be scheduled."""
        self._asked_for[task.task_id] = task
        return bool(super().add(task, *args, **kwargs))

    def run(self) -> bool:
        """Return whether all is there, made by whomever."""
        succeeded = super().run()
        while succeeded and self._has_waited and not self._stop_requesting_work:
            self._has_waited = False
            # As if the command were given again: what another worker failed at is tried here.
            again = [self.add(task) for task in list(self._asked_for.values())]
            succeeded = super().run() and all(again)
        self._take_in_what_others_made()
        return succeeded

    def _keep_alive(self, get_work_response: GetWorkResponse) -> bool:
        """Return whether to stay: as long as another worker makes what is needed here."""
        for running in get_work_response.running_tasks or []:
            self._has_waited = True
            self._say_waiting(running)
        return bool(get_work_response.running_tasks) or super()._keep_alive(get_work_response)

    def _say_waiting(self, running: dict[str, Any]) -> None:
        task = self._scheduled_tasks.get(running["task_id"])
        if task is not None and running["task_id"] not in self._waited_for:
            self._waited_for.add(running["task_id"])
            by = f"{running.get('host', 'another machine')}, process {running.get('pid', '?')}"
            logger.info("%s is being made by %s; waiting for it", task.task_family, by)

    def _take_in_what_others_made(self) -> None:
        """Count as done what others made: neither Luigi's summary nor its exit code know of it."""
        own = {task for task, status, _ in self._add_task_history if status == task_status.DONE}
        others = {task for task in self._scheduled_tasks.values() if task not in own}
        made = {task for task in others if _is_there(task)}
        self._add_task_history += [(task, task_status.DONE, False) for task in made]
        done = {task.task_id for task in own | made}
        for response in self._get_work_response_history:
            left = [one for one in response["running_tasks"] if one["task_id"] not in done]
            response["running_tasks"] = left

    def _get_work(self) -> GetWorkResponse:
        """Ask for work, unless this machine has as many trainings as it bears."""
        if self._has_daemon and self._n_trainings() >= _trainings_at_once():
            return GetWorkResponse(None, [], 0, 0, 0, WORKER_STATE_ACTIVE)
        return super()._get_work()

    def _n_trainings(self) -> int:
        running = [process.task for process in self._running_tasks.values()]
        return sum(RESOURCE in task.process_resources() for task in running)

    def _add_task(self, *args: Any, **kwargs: Any) -> None:
        """Tell the scheduler about a task; of one that is done, where its result lies."""
        if not self._has_daemon:
            super()._add_task(*args, **kwargs)
            return
        # luigid knows one number for all machines; each has its own, which `_get_work` keeps to.
        kwargs["resources"] = {
            name: n for name, n in (kwargs.get("resources") or {}).items() if name != RESOURCE
        }
        text, page = "", None
        if kwargs["status"] == task_status.DONE:
            text, page = result_of(self._scheduled_tasks.get(kwargs["task_id"]))
        if page is not None:
            kwargs["tracking_url"] = Path(page).absolute().as_uri()
        super()._add_task(*args, **kwargs)
        if text:
            with contextlib.suppress(Exception):
                self._scheduler.set_task_status_message(kwargs["task_id"], text)


class SharingFactory(interface._WorkerSchedulerFactory):
    """Makes the workers and schedulers of the ``luigi`` command."""

    def create_remote_scheduler(self, url: str) -> Daemon:
        """Return the way to a luigid."""
        return Daemon(url)

    def create_worker(
        self, scheduler: Any, worker_processes: int, assistant: bool = False
    ) -> SharingWorker:
        """Return a worker that waits for others."""
        return SharingWorker(scheduler, worker_processes=worker_processes, assistant=assistant)


def _is_there(task: luigi.Task) -> bool:
    with contextlib.suppress(Exception):  # why it cannot be told was said when it was scheduled
        return bool(task.complete())
    return False


def _trainings_at_once() -> int:
    config = luigi.configuration.get_config()
    return max(1, int(config.getint("resources", RESOURCE, 1)))


def install() -> None:
    """Have the ``luigi`` command use these workers; it takes no factory of a project's own."""
    interface._WorkerSchedulerFactory = SharingFactory
