"""What a training's job asks of the cluster, and how it is submitted."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import Any

from pipeline.compose import plain
from pipeline.config import cluster, n_processes, paths
from pipeline.remote.sizing import Size, Work, size_of
from pipeline.remote.slurm_asked import Wishes, request_of
from pipeline.remote.slurm_body import Place, job_script
from pipeline.remote.slurm_history import earlier_runs, parameters_of
from pipeline.remote.slurm_layout import OWN, Layout, checked_folder
from pipeline.remote.slurm_record import JobRecord, read_record
from pipeline.remote.slurm_script import Request, job_name, sbatch_command, variables_for_job
from pipeline.remote.slurm_store import digest_of
from pipeline.salts import digest
from pipeline.tasks.slurm_code import code_facts, code_of
from pipeline.training.environment import project_root

MODELS = "07_models"
MOST_CPUS = 4
#: What every program expects to be set, as the node has it.
OF_ITS_OWN = "export PATH HOME=~"


def wishes() -> Wishes:
    """Return ``[cluster]`` as far as it is about one job."""
    own = cluster()
    return Wishes(
        partition=own.partition,
        account=own.account,
        qos=own.qos,
        gres=own.gres,
        constraint=own.constraint,
        n_cpus=own.cpus or min(n_processes(), MOST_CPUS),
        time=own.time,
        mem=own.mem,
        warn_s=own.warn_s,
        requeue=own.requeue,
        further=own.sbatch,
    )


def request_for(task: Any, record: JobRecord, epoch: int = 0) -> Request:
    """Return what a training's next job asks for."""
    name = job_name(task.problem, task.label, task.salt)
    return request_of(wishes(), name, size_for(task), record, epoch)


def size_for(task: Any) -> Size:
    """Return time and memory by earlier runs on the partition."""
    asked = wishes()
    history = earlier_runs(Path(paths().data) / MODELS)
    return size_of(work_of(task), history, asked.partition, asked.device, asked.n_cpus)


def work_of(task: Any) -> Work:
    """Return what a training has to do."""
    settings = task.all_settings()
    model = settings["model"]
    network = digest([model, settings["spectrogram"], settings["clips"]["window_s"]])[:12]
    n_clips = task.clips.manifest()["info"]["n_clips"]["train"]
    n_clips += sum(one.manifest()["info"]["n_variants"] for one in task.variants.values())
    packs = [*task.spectrograms.values(), *task.variants.values()]
    n_bytes = sum((one.output() / "frames.npy").stat().st_size for one in packs)
    history = earlier_runs(Path(paths().data) / MODELS)
    return Work(
        n_clips=n_clips,
        n_epochs=task.extend_epochs or plain(task.training_settings)["n_epochs"],
        n_parameters=parameters_of(network, model, history),
        inputs_mb=n_bytes / 2**20,
        network=network,
    )


def script_for(task: Any, request: Request, n_requeues: int) -> tuple[list[str], str]:
    """Return the command that submits a training, and the script that the job runs."""
    seen = variables_for(request)
    is_far = bool(cluster().host.strip())
    place = _place_there(task) if is_far else _place_here(task)
    command = sbatch_command(request, place.run_dir, seen)
    setup = "\n".join(line for line in (OF_ITS_OWN if is_far else "", cluster().setup) if line)
    return command, job_script(place, command, seen, n_requeues, setup)


def array_command(request: Request, folder: Path, n_elements: int) -> list[str]:
    """Return the command that submits an array whose folder is `folder`."""
    seen = variables_for(request)
    return sbatch_command(request, str(folder), seen, n_elements=n_elements)


def variables_for(request: Request) -> dict[str, str]:
    """Return the variables that a job sees."""
    own = cluster()
    is_far = bool(own.host.strip())
    wanted = [name.strip() for name in own.export.split(",") if name.strip()]
    # Of this machine's variables none says anything about a cluster that shares no disk with it.
    base = {n: v for n, v in os.environ.items() if n in wanted} if is_far else dict(os.environ)
    variables = {
        "AUSCULT_ENV": wishes().device,
        "AUSCULT_PYTHON": own.python or ("python3" if is_far else sys.executable),
        "AUSCULT_PYTHONPATH": "" if is_far else os.environ.get("PYTHONPATH", ""),
        "AUSCULT_WARNING_S": str(request.warn_s),
        "PYTHONUNBUFFERED": "1",
    }
    return variables_for_job(base, variables, wanted)


def layout() -> Layout:
    """Return where things lie on a cluster that is reached over ssh.

    Raises
    ------
    SettingsError
        ``[cluster] work_dir`` is not stated, or a folder is none of the cluster's.
    """
    own = cluster()
    return Layout(
        checked_folder(own.work_dir, "work_dir", is_needed=True),
        checked_folder(own.home_dir, "home_dir"),
    )


def _place_here(task: Any) -> Place:
    """Return where a job finds things on a disk that is this machine's, too."""
    home = cluster().home_dir.strip()
    safe = Path(home).expanduser().resolve() if home else ""
    program = project_root() / "external_script.sh"
    return Place(str(task.run_dir.resolve()), str(program), str(Path.cwd()), str(safe))


def _place_there(task: Any) -> Place:
    """Return where a job finds things on a cluster that is reached over ssh; asks nobody."""
    there = layout()
    code = there.code(digest_of(code_facts(code_of(task))))
    run_dir = there.run_dir(task.run_dir.name)
    return Place(run_dir, f"{code}/external_script.sh", f"{code}/{OWN}", there.home_dir)


def dry_run(task: Any) -> str:
    """Return what would be submitted: the command, and the script below it."""
    record = read_record(task.run_dir)
    request = request_for(task, record, newest_epoch(task.run_dir))
    n_requeues = cluster().max_resubmits if request.requeue else 0
    command, script = script_for(task, request, n_requeues)
    why = f"# Time and memory {size_for(task).why}; what [cluster] states comes first."
    return f"{why}\n{shlex.join(command)}\n\n{script}"


def newest_epoch(run_dir: Path) -> int:
    """Return the number of the newest checkpoint; 0: there is none."""
    found = (run_dir / "checkpoints").glob("epoch-*")
    numbers = [path.name.removeprefix("epoch-") for path in found]
    return max((int(number) for number in numbers if number.isdigit()), default=0)
