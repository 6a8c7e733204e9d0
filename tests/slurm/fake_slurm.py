"""A cluster in memory: it knows the commands that are used, and raises on any other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.remote.slurm_cluster import Answer

FLAGS = {
    *("--parsable", "--job-name", "--time", "--mem", "--cpus-per-task", "--gres", "--partition"),
    *("--account", "--qos", "--constraint", "--signal", "--export", "--chdir", "--output"),
    *("--open-mode", "--requeue", "--no-requeue", "--array"),
}
UNREACHABLE = Answer(1, "", "slurm_load_jobs error: Unable to contact slurm controller")


class FakeSlurm:
    """Jobs by number; what becomes of each is scripted as a list of states.

    Each look at the queue moves every job one state on. A state may be a function, which is called
    and returns the state: so a job can do something when it gets there.
    """

    def __init__(self, *plans: list):
        self.plans = list(plans)
        self.jobs: dict[str, dict] = {}
        self.asked: list[list[str]] = []
        self.is_down = False
        self.has_accounting = False
        self.forgets = False
        self.max_array_size = 1001

    def __call__(self, command: Sequence[str]) -> Answer:
        self.asked.append(list(command))
        known = {
            "sbatch": self._sbatch,
            "squeue": self._squeue,
            "scontrol": self._scontrol,
            "sacct": self._sacct,
            "scancel": self._scancel,
        }
        if command[0] not in known:
            raise AssertionError(f"the fake cluster does not know {command}")
        return UNREACHABLE if self.is_down else known[command[0]](list(command[1:]))

    def count(self, name: str) -> int:
        return sum(words[0] == name for words in self.asked)

    def _sbatch(self, words: list[str]) -> Answer:
        *flags, script = words
        unknown = {flag.partition("=")[0] for flag in flags} - FLAGS
        assert not unknown, f"the fake cluster does not know {unknown}"
        assert Path(script).is_file(), "a script that is there"
        given = dict(flag.lstrip("-").partition("=")[::2] for flag in flags)
        job_id = str(100 + len(self.jobs))
        plan = list(self.plans.pop(0))
        first, _, last = given.get("array", "").partition("-")
        elements = [f"{job_id}_{k}" for k in range(int(first), int(last) + 1)] if last else []
        for one in elements or [job_id]:
            self.jobs[one] = {"name": given["job-name"], "plan": list(plan), "flags": given}
        return Answer(0, f"{job_id}\n", "")

    def _squeue(self, words: list[str]) -> Answer:
        assert set(words) == {
            *("--me", "--states=all", "--array", "--noheader"),
            "--format=%i|%T|%r|%j",
        }, words
        lines = []
        for job_id, job in self.jobs.items():
            self._move_on(job)
            state, reason = self._now(job)
            if not (self.forgets and state not in ("PENDING", "RUNNING")):
                lines.append(f"{job_id}|{state}|{reason}|{job['name']}")
        return Answer(0, "\n".join(lines), "")

    def _scontrol(self, words: list[str]) -> Answer:
        if words == ["show", "config"]:
            return Answer(0, f"MaxArraySize            = {self.max_array_size}\n", "")
        assert words[:2] == ["show", "job"], words
        job = self.jobs.get(words[2])
        if job is None or self.forgets:
            return Answer(1, "", "slurm_load_jobs error: Invalid job id specified")
        state, reason = self._now(job)
        code = job.get("code", "0:0")
        return Answer(
            0,
            f"JobId={words[2]} JobName={job['name']}\n JobState={state} Reason={reason} "
            f"Restarts=0 ExitCode={code} RunTime=00:01:00",
            "",
        )

    def _sacct(self, words: list[str]) -> Answer:
        return Answer(1, "", "Slurm accounting storage is disabled")

    def _scancel(self, words: list[str]) -> Answer:
        self.jobs[words[0]]["plan"] = ["CANCELLED"]
        return Answer(0, "", "")

    def _move_on(self, job: dict) -> None:
        if job.get("seen") and len(job["plan"]) > 1:
            job["plan"].pop(0)
        job["seen"] = True

    def _now(self, job: dict) -> tuple[str, str]:
        if callable(job["plan"][0]):
            job["plan"][0] = job["plan"][0]()
        told = job["plan"][0]
        state, _, rest = told.partition(" ")
        reason, _, job["code"] = rest.partition(" ")
        job["code"] = job["code"] or "0:0"
        return state, reason or "None"
