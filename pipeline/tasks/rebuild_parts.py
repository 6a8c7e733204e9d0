"""The parts of a rebuild: who stands where, what the gate side says, and what is written down."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.config import paths
from pipeline.contract import read_json
from pipeline.problems import problem_named
from pipeline.salts import digest
from pipeline.settings import load
from pipeline.targets import locked

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.rebuilds.decision import Decision
    from pipeline.runs.figures import Scored

SIDES, AUDIO, SPLITS, FACTS = "sides.csv", "audio.csv", "splits", "recordings.csv"
SIDES_COLUMNS = ("subject_id", "side", "since")
#: On which side audio stood first: somebody may come back under another name.
AUDIO_COLUMNS = ("content_hash", "side", "since")


@dataclass(frozen=True)
class Standing:
    """Who stands where in one rebuild.

    Attributes
    ----------
    path : Path
        The csv with the side of each recording.
    facts : DataFrame
        As `rebuilds.facts.facts_of`.
    n_left_out : int
        Recordings of which identical sound stands on two sides.
    """

    path: Path
    facts: pd.DataFrame
    n_left_out: int

    def has_gate(self) -> bool:
        """Return whether somebody with a label is on the gate side."""
        return bool(((self.facts["side"] == "gate") & (self.facts["labels"] != "")).any())


def write_sides(task: Any) -> Standing:
    """Give a side to every subject that has none yet, and write down this rebuild's split."""
    from pipeline.labels.labelling import label_recordings
    from pipeline.rebuilds.facts import facts_of
    from pipeline.rebuilds.sides import side_rows
    from pipeline.splits.sides import cohort_of
    from pipeline.tables import read_indexes

    problem, experiment = problem_named(task.problem), load(task.experiment)
    recordings, events = read_indexes([one.output().path for one in task.requires().values()])
    settings = experiment.section("splits", problem)
    labels, _ = label_recordings(problem, recordings, events, experiment.section("labels", problem))
    cohort, _ = cohort_of(problem, recordings, labels, settings)
    with locked(task.champions.folder / ".locks" / "sides.lock", "who stands where"):
        heard = _heard(task)
        sides = _grow(task, _subjects(cohort, problem.labels, heard), settings)
        rows, n_left_out = side_rows(cohort.recordings, sides, heard)
        _note_audio(task, rows)
    text = rows[["recording_id", "side"]].to_csv(index=False, lineterminator="\n")
    path = task.champions.folder / SPLITS / f"{digest(text)[:12]}.csv"
    _write_once(path, text)
    return Standing(path, facts_of(cohort.recordings, cohort.labels, rows), n_left_out)


def choose(task: Any, evaluation: Any, scored: Mapping[str, Any]) -> dict[str, Any]:
    """Return the decision, with the figures of the gate side that it rests on."""
    from pipeline.rebuilds.gate import gate_told, score_on_gate
    from pipeline.runs.figures import Scored

    settings = load(task.experiment).section("evaluate")
    draws = _draws(settings)
    model = evaluation.model_task.output().path.name
    compared = ("new", "champion") if task.champions.champion() not in ("", model) else ("new",)
    figures = dict.fromkeys(compared, Scored(reason="nobody with a label is on it")) | {
        name: score_on_gate(
            one.clips.output().path,
            one.output().path,
            one.model_task.output().path,
            problem_named(task.problem),
            draws,
        )
        for name, one in scored.items()
    }
    champion = figures.get("champion")
    decision = _decided(task, model, figures["new"], champion, draws.confidence)
    told = gate_told(
        figures["new"],
        champion,
        decision,
        task.margin,
        draws.confidence,
        settings["min_positive_subjects"],
    )
    return {"decision": decision, "gate": told}


def outcome_of(
    task: Any, sides: Standing, evaluation: Any, chosen: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the content of ``outcome.json`` (docs/rebuild.rst)."""
    from pipeline.rebuilds.decision import PROMOTED
    from pipeline.rebuilds.facts import changes
    from pipeline.rebuilds.sides import counted

    model, decision = evaluation.model_task.output().path.name, chosen["decision"]
    before = task.champions.champion()
    champion = model if decision.event == PROMOTED else before
    standing = sides.facts[sides.facts["side"] != ""].drop_duplicates("subject_id")
    return {
        "date": task.day,
        "line": task.champions.folder.name,
        "problem": task.problem,
        "asked": task.asked(),
        "event": decision.event,
        "why": decision.why,
        "model": model,
        "champion_before": before,
        "champion": champion,
        "changes": changes(_before(task), sides.facts),
        "sides": counted(list(standing["side"])),
        "n_left_out": sides.n_left_out,
        "gate": chosen["gate"],
        "test": _test_figure(evaluation),
        "command": evaluation.command,
        "places": {
            "champion": str(task.champions.models / champion),
            "report": str(evaluation.report),
        },
        "links": {"report": os.path.relpath(evaluation.report, task.output().path)},
    }


def _decided(
    task: Any, model: str, new: Scored, champion: Scored | None, confidence: float
) -> Decision:
    from pipeline.rebuilds.decision import KEPT, PROMOTED, UNCHANGED, Decision, decide

    now = task.champions.champion()
    if model == now:
        return Decision(UNCHANGED, "What would be trained is the champion already.")
    if not now:
        return Decision(PROMOTED, "There was no champion yet.")
    if model in task.champions.rejected():
        return Decision(KEPT, "Somebody went back from this very model (RollBack).")
    if champion is None:
        raise ValueError(f"{now}: the champion was not scored")
    return decide(new, champion, task.margin, confidence)


def _draws(settings: Mapping[str, Any]) -> Any:
    from pipeline.evaluation.bootstrap import BootstrapSettings

    return BootstrapSettings(settings["n_bootstrap"], settings["confidence"])


def _grow(task: Any, subjects: pd.DataFrame, settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the side of every subject there ever was, those of today included."""
    from pipeline.rebuilds.sides import Shares, grown
    from pipeline.runs.ledger import add_rows

    shares = Shares(task.gate_share, settings["test_share"], settings["val_share"])
    sides: dict[str, str] = {}

    def new_rows(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        sides.update({row["subject_id"]: row["side"] for row in rows})
        new = grown(sides, subjects, shares, settings["seed"])
        sides.update(new)
        return [{"subject_id": each, "side": new[each], "since": task.day} for each in sorted(new)]

    add_rows(task.champions.folder / SIDES, SIDES_COLUMNS, new_rows)
    return sides


def _heard(task: Any) -> dict[str, str]:
    """Return {content hash: side} of all audio that ever stood on a side."""
    from pipeline.runs.ledger import read_rows

    rows = read_rows(task.champions.folder / AUDIO, AUDIO_COLUMNS)
    return {row["content_hash"]: row["side"] for row in rows}


def _note_audio(task: Any, rows: pd.DataFrame) -> None:
    """Write down on which side audio stands that was not heard before."""
    from pipeline.runs.ledger import add_rows

    standing = dict(zip(rows["content_hash"], rows["side"], strict=True))

    def new_rows(known: list[dict[str, str]]) -> list[dict[str, str]]:
        new = sorted(standing.keys() - {row["content_hash"] for row in known} - {""})
        return [{"content_hash": each, "side": standing[each], "since": task.day} for each in new]

    add_rows(task.champions.folder / AUDIO, AUDIO_COLUMNS, new_rows)


def _subjects(cohort: Any, names: tuple[str, ...], heard: Mapping[str, str]) -> pd.DataFrame:
    """Return a row per labelled subject, as `rebuilds.sides.grown` takes them.

    A stratum is a data set with a combination of labels.
    """
    recordings = cohort.recordings
    before = recordings.assign(heard=[heard.get(each, "") for each in recordings["content_hash"]])
    spans = cohort.labels.merge(cohort.recordings, on="recording_id")
    found = spans.groupby("subject_id")[["dataset", "group_id", *names]].max().reset_index()
    patterns = found[list(names)].astype(str).agg("".join, axis=1)
    found = found.merge(before.groupby("subject_id")["heard"].max().reset_index())
    return found.assign(stratum=found["dataset"] + ":" + patterns)


def _write_once(path: Path, text: str) -> None:
    """Write a file that is named by its content, in one step."""
    if path.is_file():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with open(part, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(part, path)


def _before(task: Any) -> pd.DataFrame | None:
    """Return the recordings of the newest rebuild before this one; None: there is none."""
    from pipeline.rebuilds.facts import COLUMNS
    from pipeline.tables import read_table

    earlier = [row["rebuild"] for row in task.champions.history() if row["rebuild"]]
    for day in sorted((one for one in earlier if one < task.day), reverse=True):
        path = task.champions.folder / day / FACTS
        if path.is_file():
            return read_table(path)[list(COLUMNS)].astype(str)
    return None


def _test_figure(evaluation: Any) -> dict[str, Any]:
    from pipeline.runs.test_uses import count_test_uses

    main = read_json(evaluation.output() / "metrics.json")["main"]
    told = {key: main.get(key) for key in ("measure", "value", "reason", "interval")}
    split_hash = read_json(evaluation.model_task.output() / "record.json")["split_hash"]
    return {**told, "uses": count_test_uses(Path(paths().data), split_hash)}
