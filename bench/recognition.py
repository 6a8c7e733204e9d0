"""How long a user waits before anything happens: imports, and seeing that all is done already.

    python -m bench.recognition

Targets: ``import pipeline`` at most 1.3 times ``import luigi``; a complete run of 1,000 recordings
recognised in under 3 s, 300 complete trainings in under 10 s, each by the real command or process.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import luigi
import numpy as np
import soundfile

import pipeline
from pipeline.tasks.program import ProgramTask

N_RECORDINGS = 1000
N_TRAININGS = 300
N_REPEATS = 5
ROOT = Path(__file__).parent.parent


def seconds(command: list[str]) -> float:
    """Return how long a command takes."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    return time.perf_counter() - start


def import_ratio() -> float:
    """Return the median of import pipeline over import luigi, measured in turn."""
    python = [sys.executable, "-c"]
    pairs = [
        (seconds([*python, "import pipeline"]), seconds([*python, "import luigi"]))
        for _ in range(2 * N_REPEATS)
    ]
    return statistics.median(ours / luigis for ours, luigis in pairs)


def make_recordings(folder: Path, n: int) -> None:
    """Write `n` short recordings of an ICBHI-style cohort."""
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True)
    for i in range(n):
        name = f"{101 + i // 10}_{i % 10}b1_Al_sc_Meditron"
        soundfile.write(folder / f"{name}.wav", 0.1 * rng.standard_normal(8000), 4000)
        (folder / f"{name}.txt").write_text("0.0\t2.0\t0\t0\n")
    subjects = sorted({int(path.name[:3]) for path in folder.glob("*.wav")})
    lines = [f"{s}\t{'Pneumonia' if s % 3 == 0 else 'Healthy'}\n" for s in subjects]
    (folder / "ICBHI_Challenge_diagnosis.txt").write_text("".join(lines))


def fill_without_training(task: luigi.Task) -> None:
    """Bring `task` about for real up to the clips, with empty folders for what comes after."""
    for required in luigi.task.flatten(task.requires()):
        fill_without_training(required)
    if not task.complete() and isinstance(task, ProgramTask | pipeline.EvaluateNetwork):
        task.output().write(lambda folder: None, salt=task.salt, lineage=task.lineage())
    elif not task.complete():
        task.run()


def main() -> int:
    """Measure, print and compare with the targets."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        make_recordings(folder / "recordings" / "icbhi", N_RECORDINGS)
        config = luigi.configuration.get_config()
        config.set("paths", "data", str(folder / "data"))
        config.set("paths", "recordings", str(folder / "recordings"))
        for seed in range(N_TRAININGS):
            fill_without_training(pipeline.TrainPneumonia(datasets="icbhi", seed=seed))
        places = ["--paths-data", str(folder / "data")]
        places += ["--paths-recordings", str(folder / "recordings")]
        command = [str(Path(sys.executable).with_name("luigi")), "--module", "pipeline"]
        one = [*command, "TrainPneumonia", "--datasets", "icbhi", *places]
        many = [sys.executable, "-c", _MANY.format(n=N_TRAININGS, folder=str(folder))]
        figures = {
            "import pipeline / import luigi": (import_ratio(), 1.3),
            "s until 1,000 recordings are known complete": (_median(one), 3.0),
            "s until 300 trainings are known complete": (_median(many), 10.0),
        }
    return report(figures)


def report(figures: dict[str, tuple[float, float]]) -> int:
    """Print the figures with their targets; return 1 if one is missed."""
    for name, (value, target) in figures.items():
        print(f"{name:48} {value:6.2f}   target: at most {target:g}")
    missed = [name for name, (value, target) in figures.items() if value > target]
    for name in missed:
        print(f"Missed: {name}", file=sys.stderr)
    return int(bool(missed))


def _median(command: list[str]) -> float:
    return statistics.median(seconds(command) for _ in range(N_REPEATS))


_MANY = """
import luigi, pipeline
config = luigi.configuration.get_config()
config.set("paths", "data", "{folder}/data")
config.set("paths", "recordings", "{folder}/recordings")
tasks = [pipeline.TrainPneumonia(datasets="icbhi", seed=seed) for seed in range({n})]
assert all(task.complete() for task in tasks)
"""

if __name__ == "__main__":
    sys.exit(main())
