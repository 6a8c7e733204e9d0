"""Several trainings submitted at once, as one job array: an element for each run directory.

An array has a folder with a link to each run directory, named by the element's number. The element
works in there by the same script as a job of its own, and what it prints goes there. By the links
an element is found again whose number was never noted.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import resource
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.errors import ClusterError
from pipeline.remote.slurm_body import comment
from pipeline.remote.slurm_cluster import Cluster
from pipeline.remote.slurm_record import JobRecord, held, read_record, write_record
from pipeline.remote.slurm_script import SCRIPT, Request, job_name
from pipeline.remote.slurm_state import JobState

#: Each element holds a lock until the array is submitted, and a process may hold so many files.
_OTHER_FILES = 128


@dataclass(frozen=True)
class Element:
    """A training that can be submitted with others.

    Attributes
    ----------
    run_dir : Path
    name : str
        Of its job, where it is one of its own.
    size : callable
        Returns what to ask for, given the record and the newest epoch.
    prepare : callable
        Makes the run directory ready for what is asked, the job's script included.
    epoch : callable
    """

    run_dir: Path
    name: str
    size: Callable[[JobRecord, int], Request]
    prepare: Callable[[Request], object]
    epoch: Callable[[], int]

    def request(self) -> Request:
        """Return what it asks for by itself."""
        return self.size(read_record(self.run_dir, self.name), self.epoch())


@dataclass(frozen=True)
class Group:
    """Trainings that go into one array, and what each element asks for."""

    request: Request
    elements: tuple[Element, ...]


def grouped(
    elements: Iterable[Element], problem: str, label: str, warning: Callable[[int], int], most: int
) -> list[Group]:
    """Return arrays of two and more elements; what is left over is for jobs of their own.

    All of an array ask for the same kind of thing, and for the most time and memory of any.

    Parameters
    ----------
    elements : iterable of Element
    problem, label : str
        Begin the arrays' names.
    warning : callable
        Returns how long before its end a job of so many seconds is warned.
    most : int
        Elements of one array.
    """
    kinds: dict[Request, list[tuple[Element, Request]]] = {}
    for element in sorted(elements, key=lambda one: one.run_dir.name):
        request = element.request()
        kind = replace(request, name="", time_s=0, mem_mb=0, warn_s=0)
        kinds.setdefault(kind, []).append((element, request))
    parts = [
        (kind, found[first : first + most])
        for kind, found in kinds.items()
        for first in range(0, len(found), most)
    ]
    return [_group(kind, part, problem, label, warning) for kind, part in parts if len(part) > 1]


def array_script(command: Sequence[str], names: Sequence[str]) -> str:
    """Return the script of an array: what is in it, and the step into the element's own script."""
    listed = [f"#   {k}: {comment(name)}" for k, name in enumerate(names)]
    lines = ["#!/bin/bash", "# Submitted by:", f"# {comment(shlex.join(command))}"]
    lines += ["# Its elements:", *listed, 'cd "$SLURM_ARRAY_TASK_ID" || exit 1']
    return "\n".join([*lines, f"exec bash ./{SCRIPT}", ""])


def submit_array(
    group: Group,
    arrays: Path,
    cluster: Cluster,
    command: Callable[[Request, Path, int], list[str]],
) -> str:
    """Submit an array whose run directories are held by the caller; return its number.

    Every run directory says what is asked for before it is asked for, as for a single job.
    """
    elements, folder = group.elements, arrays / group.request.name
    for one in elements:
        one.prepare(group.request)
    words = command(group.request, folder, len(elements))
    make_folder(folder, [one.run_dir for one in elements], words)
    before = [read_record(one.run_dir, one.name) for one in elements]
    before = [record.without_last() if record.open else record for record in before]
    asked = [
        replace(record.asked(group.request, one.epoch()), host="")
        for record, one in zip(before, elements, strict=True)
    ]
    _write(elements, asked)  # a kill from here on leaves questions to be answered
    try:
        job_id = cluster.submit(words)
    except ClusterError:
        _write(elements, before)
        raise
    _write(elements, [one.changed(job_id=f"{job_id}_{k}") for k, one in enumerate(asked)])
    return job_id


def make_folder(folder: Path, run_dirs: Sequence[Path], command: Sequence[str]) -> None:
    """Make the folder of an array: its script, and a link to each run directory."""
    folder.mkdir(parents=True, exist_ok=True)
    for k, run_dir in enumerate(run_dirs):
        link = folder / str(k)
        link.unlink(missing_ok=True)
        link.symlink_to(run_dir)
    text = array_script(command, [run_dir.name for run_dir in run_dirs])
    (folder / SCRIPT).write_text(text, encoding="utf-8")


def active_in(queue: Iterable[JobState], arrays: Path, run_dir: Path) -> list[str]:
    """Return the numbers of the elements that work, or wait to work, in a run directory."""
    own = {
        (link.parent.name, link.name)
        for link in arrays.glob("*/[0-9]*")
        if link.is_symlink() and os.readlink(link) == str(run_dir)
    }
    return [
        job.job_id
        for job in queue
        if not job.has_ended and (job.name, job.job_id.rpartition("_")[2]) in own
    ]


@contextlib.contextmanager
def held_free(
    elements: Sequence[Element], arrays: Path, cluster: Cluster
) -> Iterator[list[Element]]:
    """Give those trainings that have no job under way, with the right to submit for them."""
    with contextlib.ExitStack() as stack:
        for one in sorted(elements, key=lambda one: str(one.run_dir)):
            one.run_dir.mkdir(parents=True, exist_ok=True)
            stack.enter_context(held(one.run_dir))
        queue = list(cluster.queue().values())
        yield [one for one in elements if not _has_job(one, queue, arrays)]


def most_at_once(max_array_size: int) -> int:
    """Return how many elements an array may have, by the cluster and by this process's files."""
    n_files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return max(1, min(max_array_size, n_files - _OTHER_FILES))


def _has_job(one: Element, queue: Sequence[JobState], arrays: Path) -> bool:
    record = read_record(one.run_dir, one.name)
    if record.open and (record.open.job_id or record.host):
        return True  # noted, or sent to another cluster: its own task says what to do
    by_name = any(job.name == one.name and not job.has_ended for job in queue)
    return by_name or bool(active_in(queue, arrays, one.run_dir))


def _group(
    kind: Request,
    part: Sequence[tuple[Element, Request]],
    problem: str,
    label: str,
    warning: Callable[[int], int],
) -> Group:
    names = "\n".join(element.run_dir.name for element, _ in part)
    time_s = max(request.time_s for _, request in part)
    request = replace(
        kind,
        name=job_name(problem, label, hashlib.sha256(names.encode()).hexdigest()[:12]),
        time_s=time_s,
        mem_mb=max(request.mem_mb for _, request in part),
        warn_s=warning(time_s),
    )
    return Group(request, tuple(element for element, _ in part))


def _write(elements: Sequence[Element], records: Sequence[JobRecord]) -> None:
    for one, record in zip(elements, records, strict=True):
        write_record(one.run_dir, record)
