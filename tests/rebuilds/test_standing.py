"""Who stands where, night by night: nobody of the gate ever comes into another side's sound."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.problems import problem_named
from pipeline.rebuilds.champions import Line
from pipeline.splits import make_split, read_side_file
from pipeline.splits.sides import by_recording
from pipeline.tasks.rebuild_parts import Standing, write_sides
from tests.rebuilds.nights import rows_of
from tests.splits.cohorts import LABELS, SETTINGS, recording, tables


@dataclass
class Clinic:
    """A line of champions, and an index that each night may be another."""

    folder: Path
    n_nights: int = 0
    seen: list[tuple[set[str], set[str]]] = field(default_factory=list)

    def night(self, rows: list[dict]) -> Standing:
        """Give sides to whoever is there."""
        self.n_nights += 1
        index = self.folder / "index"
        index.mkdir(exist_ok=True)
        for name, table in zip(("recordings", "events"), tables(rows), strict=True):
            table.to_csv(index / f"{name}.csv", index=False)
        found = SimpleNamespace(output=lambda: SimpleNamespace(path=index))
        line = Line(self.folder / "09_champions" / "pneumonia", self.folder / "07_models")
        task = SimpleNamespace(
            problem="pneumonia",
            experiment="baseline",
            requires=lambda: {"icbhi": found},
            champions=line,
            gate_share=0.25,
            day=f"2026-01-{self.n_nights:02d}",
        )
        return write_sides(task)

    def sides(self) -> dict[str, str]:
        rows = rows_of(self.folder / "09_champions" / "pneumonia" / "sides.csv")
        return {row["subject_id"]: row["side"] for row in rows}


@pytest.fixture
def clinic(tmp_path):
    return Clinic(tmp_path)


def person(name: str, *audio: str, diagnosis: str = "Healthy") -> list[dict]:
    """Return a recording of somebody for each audio, by default one of their own."""
    return [
        recording(f"icbhi/{name}", n, diagnosis=diagnosis, audio=each)
        for n, each in enumerate(audio or (name,))
    ]


def cohort(n: int = 12) -> list[dict]:
    kinds = ("Healthy", "Pneumonia")
    return [row for k in range(n) for row in person(str(k), diagnosis=kinds[k % 2])]


def side_of(standing: Standing, side: str) -> set[str]:
    """Return the subjects of whom something stands on a side."""
    facts = standing.facts
    return set(facts.loc[facts["side"] == side, "subject_id"])


def test_the_file_is_one_that_a_split_takes_and_the_gate_is_no_part_of_it(clinic):
    standing = clinic.night(cohort())
    given_sides = read_side_file(standing.path)
    split = make_split(
        problem_named("pneumonia"), *tables(cohort()), LABELS, SETTINGS, "file", given=given_sides
    )
    gate = side_of(standing, "gate")
    assert gate
    assert set(split.splits["subject_id"]) == {f"icbhi/{k}" for k in range(12)} - gate
    assert by_recording(given_sides.rename(columns={"value": "recording_id"})) == by_recording(
        standing.facts
    )


def test_the_same_state_gives_the_same_file_in_whatever_order_it_is_listed(clinic):
    first = clinic.night(cohort())
    again = clinic.night(cohort()[::-1])
    assert first.path == again.path
    assert first.facts.equals(again.facts)


def test_sides_are_only_added_to(clinic):
    clinic.night(cohort())
    path = clinic.folder / "09_champions" / "pneumonia" / "sides.csv"
    before = path.read_bytes()
    clinic.night(cohort(20))
    assert path.read_bytes().startswith(before)
    assert {row["since"] for row in rows_of(path)} == {"2026-01-01", "2026-01-02"}


def test_somebody_with_another_label_stays_and_somebody_without_one_has_no_side_yet(clinic):
    everybody = cohort()
    clinic.night([*everybody, *person("new", diagnosis="")])
    before = clinic.sides()
    assert "icbhi/new" not in before
    for row in everybody:
        row["diagnosis"] = "COPD" if row["diagnosis"] == "Pneumonia" else "Pneumonia"
    standing = clinic.night([*everybody, *person("new", diagnosis="Pneumonia")])
    after = clinic.sides()
    assert before.items() <= after.items()
    assert "icbhi/new" in after
    assert (standing.facts["side"] != "").all()


@pytest.mark.parametrize("side", ["train", "val", "test", "gate"])
def test_somebody_who_comes_back_under_another_name_stands_where_he_stood(clinic, side):
    standing = clinic.night(cohort(16))
    name = sorted(side_of(standing, side))[0].removeprefix("icbhi/")
    others = [row for row in cohort(16) if row["subject_id"] != f"icbhi/{name}"]
    clinic.night(others)
    clinic.night([*others, *person("renamed", name, diagnosis="Pneumonia")])
    assert clinic.sides()["icbhi/renamed"] == side


def test_a_copy_of_a_trained_recording_never_comes_onto_the_gate(clinic):
    standing = clinic.night(cohort())
    trained, gate = (sorted(side_of(standing, side))[0] for side in ("train", "gate"))
    copy = recording(gate, 7, audio=trained.removeprefix("icbhi/"))
    both = clinic.night([*cohort(), copy])
    assert both.n_left_out == 2
    without = [row for row in cohort() if row["subject_id"] != trained]
    later = clinic.night([*without, copy])
    assert later.n_left_out == 1
    sides = by_recording(later.facts)
    assert sides[copy["recording_id"]] == ""
    assert sides[f"{gate}_0"] == "gate"


@st.composite
def weeks(draw: st.DrawFn) -> list[list[dict]]:
    """Draw nights on which people come, go, return, are renamed, relabelled and copied."""
    nights = []
    for _ in range(draw(st.integers(2, 4))):
        rows = []
        for who in draw(st.sets(st.integers(0, 11), min_size=1)):
            audio = [str(each) for each in draw(st.sets(st.integers(0, 15), max_size=2))]
            diagnosis = draw(st.sampled_from(["Healthy", "Pneumonia", "Pneumonia", ""]))
            rows += person(str(who), *audio, diagnosis=diagnosis)
        nights.append(rows + person("anchor", diagnosis="Healthy"))
    return nights


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(weeks())
def test_no_subject_and_no_audio_ever_stands_on_two_sides_over_all_nights(nights):
    people: dict[str, set[str]] = {}
    audio: dict[str, set[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        clinic = Clinic(Path(folder))
        for rows in nights:
            facts = clinic.night(rows).facts
            for row in facts[facts["side"] != ""].itertuples():
                people.setdefault(row.subject_id, set()).add(row.side)
                audio.setdefault(row.content_hash, set()).add(row.side)
    assert all(len(sides) == 1 for sides in people.values())
    assert all(len(sides) == 1 for sides in audio.values())
