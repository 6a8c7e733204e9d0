"""A controller of Slurm that does not answer: the job goes on, and so does who follows it."""

from __future__ import annotations

import pytest

from pipeline.errors import ClusterError
from pipeline.remote.slurm_cluster import OutOfReach
from pipeline.remote.slurm_record import read_record
from pipeline.remote.slurm_run import JobFailed


def test_controller_that_is_away_for_a_while_is_waited_for(place):
    def goes_away(command):
        place.slurm.is_down = bool(place.slurm.jobs) and 1010 < place.time.now < 2000
        return place.slurm(command)

    place.slurm.plans = [["RUNNING", "RUNNING", "RUNNING", "RUNNING", place.done]]
    assert place.run(goes_away).finish().jobs[-1].kind == "done"
    assert sum("does not answer" in text for text in place.told) == 1


def test_controller_that_stays_away_ends_the_waiting_not_the_job(place):
    def goes_away(command):
        place.slurm.is_down = place.time.now > 1010
        return place.slurm(command)

    place.slurm.plans = [["RUNNING"]]
    with pytest.raises(ClusterError, match="job goes on"):
        place.run(goes_away).finish()
    assert read_record(place.run_dir).open


def test_controller_that_is_away_when_the_next_job_is_due_is_an_error_that_goes_on(place):
    def goes_away(command):
        place.slurm.is_down = command[0] == "sbatch" and bool(place.slurm.jobs)
        return place.slurm(command)

    state = "TIMEOUT TimeLimit"
    place.slurm.plans = [["RUNNING", place.end_of_try("100", 143, state)], ["RUNNING", place.done]]
    with pytest.raises(ClusterError, match="Run the same command again"):
        place.run(goes_away).finish()
    place.slurm.is_down = False
    assert place.run().finish().jobs[-1].kind == "done"


class Cut:
    """What is asked over a connection that is cut so many times."""

    def __init__(self, act, n_cuts: int):
        self.act, self.n_cuts = act, n_cuts

    def __call__(self, *words):
        if self.n_cuts:
            self.n_cuts -= 1
            raise OutOfReach("connection closed", "cluster (over ssh)")
        return self.act(*words)


@pytest.mark.parametrize("what", ["prepare", "has_result", "epoch"])
def test_connection_that_is_cut_is_waited_for_and_costs_no_second_job(place, what):
    place.slurm.plans = [["RUNNING", place.done]]
    run = place.run()
    cut = Cut(getattr(run, what), 3)
    setattr(run, what, cut)
    run.host = "cluster"
    record = run.finish()
    assert [job.kind for job in record.jobs] == ["done"]
    assert place.slurm.count("sbatch") == 1
    assert cut.n_cuts == 0
    assert sum("cluster (over ssh) does not answer" in text for text in place.told) == 1
    assert read_record(place.run_dir).host == "cluster"


def test_what_the_job_wrote_is_brought_before_its_end_is_judged(place):
    ended = place.end_of_try("100", 1, "FAILED")
    place.slurm.forgets = True
    place.slurm.plans = [["RUNNING", "COMPLETED"]]
    run = place.run()
    run.follower.bring = Cut(ended, 2)
    with pytest.raises(JobFailed) as failed:
        run.finish()
    assert failed.value.failure.kind == "program"


def test_connection_that_stays_cut_ends_the_fetching_not_the_record_of_the_job(place):
    place.slurm.plans = [["RUNNING", place.done]]
    run = place.run()
    run.has_result = Cut(run.has_result, 10**6)
    with pytest.raises(ClusterError, match="Run the same command again"):
        run.finish()
    assert place.run().finish().jobs[-1].kind == "done"
    assert place.slurm.count("sbatch") == 1
