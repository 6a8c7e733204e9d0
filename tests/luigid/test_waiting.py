"""What a worker does about work that another one has, on one scheduler and without any program."""

from __future__ import annotations

import threading

import luigi
import pytest
from luigi import execution_summary
from luigi.scheduler import Scheduler

from pipeline.tasks import sharing
from pipeline.tasks.resources import RESOURCE
from pipeline.tasks.sharing import SharingWorker

SOON = {
    "wait_interval": 0.02,
    "wait_jitter": 0.0,
    "ping_interval": 0.1,
    "no_install_shutdown_handler": True,  # signals are the main thread's
}


class Made(luigi.Task):
    """Something that is made by waiting for a signal."""

    name = luigi.Parameter()
    made, events, tries, failing = set(), {}, [], set()

    def run(self):
        type(self).tries.append((self.name, threading.current_thread().name))
        if self.name in self.events:
            started, go_on = self.events[self.name]
            started.set()
            assert go_on.wait(60)
        if self.name in self.failing:
            self.failing.discard(self.name)  # the next try goes well
            raise ValueError("it failed")
        self.made.add(self.name)

    def complete(self):
        return self.name in self.made


class Last(luigi.WrapperTask):
    """What is asked for."""

    names = luigi.ListParameter()

    def requires(self):
        return [Made(name) for name in self.names]


@pytest.fixture(autouse=True)
def fresh():
    Made.made, Made.events, Made.tries, Made.failing = set(), {}, [], set()


def work(scheduler, *names: str, tasks=()) -> SharingWorker:
    """Do the work as the command does; return the worker for a look at it."""
    worker = SharingWorker(scheduler, **SOON)
    with worker:
        for task in tasks or [Last(names=names)]:
            worker.add(task)
        worker.run()
    return worker


class Beside(threading.Thread):
    """A worker that is in the midst of a piece of work, until it is let go."""

    def __init__(self, scheduler, *names: str, held: str):
        super().__init__(name="first", daemon=True)
        self.scheduler, self.names = scheduler, names
        self.started, self.go_on = Made.events[held] = threading.Event(), threading.Event()
        self.start()
        assert self.started.wait(60)

    def run(self):
        work(self.scheduler, *self.names)


def left_open(worker: SharingWorker) -> set[str]:
    """Return what Luigi's exit code would be made from."""
    summary = execution_summary._summary_dict(worker)
    return {name for name, tasks in summary.items() if tasks} - {"completed", "already_done"}


def let_go_when_waited_for(first: Beside, monkeypatch) -> None:
    """Let the first worker go as soon as somebody says to wait for it."""
    say = SharingWorker._say_waiting
    monkeypatch.setattr(
        SharingWorker, "_say_waiting", lambda *both: (say(*both), first.go_on.set())
    )


def test_what_another_worker_makes_is_waited_for_and_counts_as_done(monkeypatch):
    scheduler = Scheduler()
    first = Beside(scheduler, "a", held="a")
    let_go_when_waited_for(first, monkeypatch)
    worker = work(scheduler, "a", "b")
    assert left_open(worker) == set()
    assert Made.tries == [("a", "first"), ("b", "MainThread")]


def test_what_another_worker_failed_at_is_tried_here(monkeypatch):
    scheduler = Scheduler()
    Made.failing.add("a")
    first = Beside(scheduler, "a", held="a")
    let_go_when_waited_for(first, monkeypatch)
    worker = work(scheduler, "a")
    assert left_open(worker) == set()
    assert Made.tries == [("a", "first"), ("a", "MainThread")]


def test_of_several_tasks_each_is_looked_at_again(monkeypatch):
    scheduler = Scheduler()
    Made.failing.add("a")
    first = Beside(scheduler, "b", "a", held="a")
    let_go_when_waited_for(first, monkeypatch)
    worker = work(scheduler, tasks=[Made("c"), Made("a")])
    assert left_open(worker) == set()
    assert Made.made >= {"a", "c"}


def test_what_fails_here_is_not_tried_for_ever():
    Made.failing.add("a")
    worker = work(Scheduler(), "a", "b")
    assert "failed" in left_open(worker)
    assert sorted(name for name, _ in Made.tries) == ["a", "b"]


def test_what_was_made_elsewhere_meanwhile_counts_as_done():
    scheduler = Scheduler()
    worker = SharingWorker(scheduler, **SOON)
    with worker:
        worker.add(Last(names=("a", "b")))
        first = threading.Thread(target=work, args=(scheduler, "a"), name="first", daemon=True)
        first.start()
        first.join(60)
        worker.run()
    assert left_open(worker) == set()
    assert Made.tries == [("a", "first"), ("b", "MainThread")]


def test_what_a_worker_that_was_killed_had_begun_is_done_here():
    scheduler = Scheduler(worker_disconnect_delay=0.5, prune_on_get_work=True)
    task = Made("a")
    scheduler.add_task(worker="dead", task_id=task.task_id, family="Made", params={"name": "a"})
    assert scheduler.get_work(worker="dead")["task_id"] == task.task_id
    worker = work(scheduler, tasks=[task])
    assert left_open(worker) == set()
    assert Made.tries == [("a", "MainThread")]


class Training(luigi.Task):
    """Takes one of what a machine bears few of."""

    number = luigi.IntParameter()
    resources = {RESOURCE: 1, "licences": 1}

    def complete(self):
        return False


class Asked(Scheduler):
    """A scheduler that passes for one on another machine."""


def test_luigid_is_not_asked_to_count_the_trainings_of_this_machine(monkeypatch):
    monkeypatch.setattr(sharing, "RemoteScheduler", Asked)
    scheduler = Asked()
    SharingWorker(scheduler, **SOON).add(Training(0))
    (row,) = scheduler.task_list(status="", upstream_status="").values()
    assert row["resources"] == {"licences": 1}


def test_a_machine_that_trains_as_much_as_it_bears_asks_for_no_more(monkeypatch):
    monkeypatch.setattr(sharing, "RemoteScheduler", Asked)
    monkeypatch.setattr(sharing, "_trainings_at_once", lambda: 1)
    scheduler = Asked(resources={"licences": 2})
    worker, other = (SharingWorker(scheduler, worker_processes=2, **SOON) for _ in range(2))
    for one in (worker, other):
        one.add(Training(0))
        one.add(Training(1))
    task_id = worker._get_work().task_id
    task = worker._scheduled_tasks[task_id]
    worker._running_tasks[task_id] = worker._create_task_process(task)
    assert worker._get_work().task_id is None
    assert other._get_work().task_id not in (None, task_id)
