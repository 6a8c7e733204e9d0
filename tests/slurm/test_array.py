"""Several trainings submitted as one array on a fake cluster; each then follows its own element."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.errors import ClusterError
from pipeline.remote.slurm_array import Element, grouped, held_free, submit_array
from pipeline.remote.slurm_cluster import Answer, Cluster
from pipeline.remote.slurm_record import read_record
from pipeline.remote.slurm_run import JobFailed
from pipeline.remote.slurm_script import sbatch_command
from tests.slurm.fake_slurm import FakeSlurm
from tests.slurm.places import ASKED, Place

N = 3


class Killed(BaseException):
    """Luigi is gone from here on."""


class Together:
    """Run directories, and what submits them together as a new luigi would."""

    def __init__(self, folder):
        self.slurm = FakeSlurm(["RUNNING"])
        self.arrays = folder / "arrays"
        self.places = [Place(folder / str(k), self.slurm) for k in range(N)]
        self.hours = [1, 3, 2]

    def element(self, k: int) -> Element:
        place = self.places[k]
        asked = replace(ASKED, time_s=3600 * self.hours[k], mem_mb=1000 * (k + 1))
        return Element(
            place.run_dir,
            f"own.{k}",
            lambda record, epoch: asked,
            lambda request: place.prepare(request, 3),
            lambda: 0,
        )

    def groups(self, most: int = 1001):
        elements = [self.element(k) for k in range(N)]
        return grouped(elements, "pneumonia", "tiny", lambda time_s: time_s // 100, most)

    def submit(self, run=None) -> None:
        cluster = Cluster(run or self.slurm)
        elements = [self.element(k) for k in range(N)]
        with held_free(elements, self.arrays, cluster) as free:
            for group in grouped(free, "pneumonia", "tiny", lambda time_s: 0, 1001):
                submit_array(group, self.arrays, cluster, self.command)

    def command(self, request, folder, n):
        return sbatch_command(request, str(folder), {"PATH": "/bin"}, n_elements=n)

    def run(self, k: int):
        run = self.places[k].run()
        run.name, run.arrays = f"own.{k}", self.arrays
        return run


@pytest.fixture
def together(tmp_path):
    return Together(tmp_path)


def test_an_array_asks_for_the_most_that_any_of_it_needs(together):
    (group,) = together.groups()
    assert (group.request.time_s, group.request.mem_mb) == (3 * 3600, 3000)
    assert group.request.warn_s == 108
    assert group.request.name.startswith("pneumonia.tiny.")


def test_an_array_has_no_more_elements_than_the_cluster_allows_and_none_has_one(together):
    assert [len(group.elements) for group in together.groups(2)] == [2]


def test_other_kinds_of_request_go_into_other_arrays(together):
    elements = [together.element(k) for k in range(2)]
    own = [replace(ASKED, partition=name) for name in ("a", "b", "a", "b")]
    mixed = [
        replace(elements[0], run_dir=elements[0].run_dir / str(k), size=lambda r, e, k=k: own[k])
        for k in range(4)
    ]
    found = grouped(mixed, "p", "x", lambda time_s: 0, 10)
    assert sorted((one.request.partition, len(one.elements)) for one in found) == [
        ("a", 2),
        ("b", 2),
    ]


def test_each_training_follows_its_own_element_and_nothing_else_is_submitted(together):
    together.submit()
    for k, place in enumerate(together.places):
        together.slurm.jobs[f"100_{k}"]["plan"] = ["PENDING Priority", "RUNNING", place.done]
        record = together.run(k).finish()
        assert [(job.job_id, job.kind) for job in record.jobs] == [(f"100_{k}", "done")]
        assert place.told[0] == f"following job 100_{k}, which was submitted before"
    assert together.slurm.count("sbatch") == 1


def test_trainings_that_have_jobs_are_not_submitted_again(together):
    together.submit()
    together.submit()
    assert together.slurm.count("sbatch") == 1


@pytest.mark.parametrize("how", ["again together", "each by itself", "records lost"])
def test_kill_between_sbatch_and_its_answer_leads_to_no_second_job(together, how):
    def dies(command):
        answer = together.slurm(command)
        if command[0] == "sbatch":
            raise Killed
        return answer

    with pytest.raises(Killed):
        together.submit(dies)
    for place in together.places:
        assert read_record(place.run_dir).open.job_id == ""
        if how == "records lost":
            (place.run_dir / "slurm.json").unlink()
    if how != "each by itself":
        together.submit()
    for k, place in enumerate(together.places):
        together.slurm.jobs[f"100_{k}"]["plan"] = ["RUNNING", "RUNNING", "RUNNING", place.done]
        assert together.run(k).finish().jobs[-1].job_id == f"100_{k}"
    assert together.slurm.count("sbatch") == 1


def test_refused_array_leaves_no_trace_in_the_records(together):
    def refuses(command):
        if command[0] == "sbatch":
            return Answer(1, "", "sbatch: error: Invalid job array specification")
        return together.slurm(command)

    with pytest.raises(ClusterError, match="array specification"):
        together.submit(refuses)
    assert all(read_record(place.run_dir).jobs == () for place in together.places)


def test_element_that_ran_out_of_time_is_submitted_again_as_a_job_of_its_own(together):
    together.submit()
    place = together.places[1]
    end = place.end_of_try("100_1", 143, "TIMEOUT TimeLimit")
    together.slurm.jobs["100_1"]["plan"] = ["RUNNING", end]
    together.slurm.plans = [["RUNNING", place.done]]
    jobs = together.run(1).finish().jobs
    assert [job.kind for job in jobs] == ["time limit", "done"]
    assert "_" not in jobs[1].job_id
    assert "array" not in together.slurm.jobs[jobs[1].job_id]["flags"]


def test_what_has_ended_without_a_result_is_submitted_again_with_the_others(together):
    together.submit()
    together.slurm.jobs["100_0"]["plan"] = ["FAILED None 1:0"]
    together.slurm.jobs["100_1"]["plan"] = ["CANCELLED None 0:15"]
    for k in range(2):
        with pytest.raises(JobFailed):
            together.run(k).finish()
    together.slurm.plans = [["RUNNING"]]
    together.submit()
    ids = [read_record(place.run_dir).jobs[-1].job_id for place in together.places]
    assert [one.partition("_")[2] for one in ids] == ["0", "1", "2"]
    assert ids[0].partition("_")[0] == ids[1].partition("_")[0] != "100"
    assert ids[2] == "100_2"
