"""What is handed to Slurm: the command line of ``sbatch`` and the script that the job runs.

Pure functions. Nothing here says how the run directory gets to where the job runs: it is taken to
lie there already, on a disk that both sides see.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from pipeline.errors import SettingsError

#: One line for each try of a job, below the run directory.
ENDS = "slurm_ends.jsonl"
SCRIPT = "slurm.sh"
#: The trainer's exit code that says: stopped as asked, to be gone on from.
GO_ON_LATER = 75
#: The variables that reach a job. A node has its own folders for temporary files, and its own GPUs.
ALLOWED = re.compile(
    r"(PATH|HOME|USER|LANG|LC_\w+|TZ|LD_LIBRARY_PATH|CUDA_HOME|SSL_CERT_\w+|REQUESTS_CA_BUNDLE"
    r"|(https?|no|all)_proxy|(HTTPS?|NO|ALL)_PROXY"
    r"|UV_(CACHE_DIR|OFFLINE|NATIVE_TLS|SYSTEM_CERTS|LINK_MODE|FIND_LINKS|CONFIG_FILE)"
    r"|UV_(DEFAULT_INDEX|INDEX|INDEX_URL|EXTRA_INDEX_URL|INSECURE_HOST)"
    r"|AUSCULT_(ENV|PYTHON|PYTHONPATH|WARNING_S)|PYTHONUNBUFFERED)"
)
#: Names that are refused even where a user asks for them: Slurm shows and keeps what it exports.
SECRET = re.compile(r"(?i)pass|secret|token|credential|auth|(^|_)key($|_)|cookie|session")
_WITH_LOGIN = re.compile(r"://[^/\s@]*@")
#: What Slurm's own parsing of --export does not take as it is.
_NOT_IN_EXPORT = re.compile(r"[,'\"\\\n]")


@dataclass(frozen=True)
class Request:
    """What is asked of the cluster for one job; what is empty or 0 is left to the cluster.

    Attributes
    ----------
    name : str
    time_s, mem_mb, n_cpus : int
    gres, partition, account, qos, constraint : str
    warn_s : int
        Seconds before the end at which the job is told; 0: it is not.
    requeue : bool
        Whether Slurm may start the job again, and the job asks for that itself.
    further : tuple of str
        Arguments of ``sbatch`` that come last, and so win.
    """

    name: str
    time_s: int
    mem_mb: int
    n_cpus: int
    gres: str = ""
    partition: str = ""
    account: str = ""
    qos: str = ""
    constraint: str = ""
    warn_s: int = 0
    requeue: bool = True
    further: tuple[str, ...] = field(default=())


def sbatch_command(
    request: Request,
    run_dir: str,
    variables: Mapping[str, str],
    script: str = SCRIPT,
    n_elements: int = 0,
) -> list[str]:
    """Return the command line that submits a job; its last line of output is the job's number.

    With `n_elements` it is an array, whose folder has one for each element (`slurm_array`).

    Examples
    --------
    >>> asked = Request("pneumonia.smoke.0a", time_s=5400, mem_mb=4096, n_cpus=2, partition="gpu")
    >>> sbatch_command(asked, "/runs/x", {"LANG": "C"})[2:7]
    ['--job-name=pneumonia.smoke.0a', '--time=1:30:00', '--mem=4096M', '--cpus-per-task=2', \
'--partition=gpu']
    """
    flags = {
        "job-name": request.name,
        "time": slurm_time(request.time_s),
        "mem": f"{request.mem_mb}M" if request.mem_mb else "",
        "cpus-per-task": str(request.n_cpus or ""),
        "partition": request.partition,
        "gres": request.gres,
        "account": request.account,
        "qos": request.qos,
        "constraint": request.constraint,
        "signal": f"B:USR1@{request.warn_s}" if request.warn_s else "",
        "export": export_list(variables),
        "chdir": run_dir,
        "output": "%a/slurm-%A_%a.out" if n_elements else "slurm-%j.out",
        "open-mode": "append",
        "array": f"0-{n_elements - 1}" if n_elements else "",
    }
    given = [f"--{name}={value}" for name, value in flags.items() if value]
    requeue = "--requeue" if request.requeue else "--no-requeue"
    path = str(PurePosixPath(run_dir) / script)
    return ["sbatch", "--parsable", *given, requeue, *request.further, path]


def slurm_time(seconds: int) -> str:
    """Return a time as Slurm reads it: ``1-02:30:00`` or ``0:45:00``."""
    days, rest = divmod(seconds, 86400)
    told = f"{rest // 3600:0{2 if days else 1}d}:{rest % 3600 // 60:02d}:{rest % 60:02d}"
    return f"{days}-{told}" if days else told


def job_name(problem: str, label: str, salt: str) -> str:
    """Return the name of a run's jobs: problem, experiment and salt.

    Examples
    --------
    >>> job_name("pneumonia", "my ladder#wide", "0a1b2c3d4e5f")
    'pneumonia.my_ladder_wide.0a1b2c3d4e5f'
    """
    parts = [re.sub(r"[^A-Za-z0-9_+=-]", "_", part)[:40] for part in (problem, label, salt)]
    return ".".join(part for part in parts if part)


def variables_for_job(
    base: Mapping[str, str], own: Mapping[str, str], wanted: Sequence[str] = ()
) -> dict[str, str]:
    """Return the variables that a job sees: allowed ones, the pipeline's own, those asked for.

    An address with a user's name or password in it is left out.

    Raises
    ------
    SettingsError
        A name that is asked for is that of a secret, or is not set.
    """
    for name in wanted:
        if SECRET.search(name) or not re.fullmatch(r"[A-Za-z_]\w*", name):
            raise _not_exported(name, "the name of a variable that holds no secret")
        if name not in base:
            raise _not_exported(name, "the name of a variable that is set here")
    kept = {name: base[name] for name in base if ALLOWED.fullmatch(name) or name in wanted}
    chosen = {**kept, **own}
    return {name: value for name, value in chosen.items() if not _WITH_LOGIN.search(value)}


def export_list(variables: Mapping[str, str]) -> str:
    """Return what ``--export`` is given: what its form can hold; the script sets the rest."""
    plain = {name: value for name, value in variables.items() if not _NOT_IN_EXPORT.search(value)}
    return ",".join(f"{name}={value}" for name, value in sorted(plain.items())) or "NONE"


def set_in_script(variables: Mapping[str, str]) -> list[str]:
    """Return the lines that set those variables which ``--export`` cannot hold."""
    rest = {name: value for name, value in variables.items() if _NOT_IN_EXPORT.search(value)}
    return [f"export {name}={shlex.quote(value)}" for name, value in sorted(rest.items())]


def _not_exported(name: str, expected: str) -> SettingsError:
    return SettingsError(
        expected=expected,
        found=name,
        where="luigi.cfg, [cluster] export",
        action="Take it out: Slurm shows what it exports, and keeps it with the job.",
    )
