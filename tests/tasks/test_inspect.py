"""The doctor's tasks on fake data sets."""

import shutil

import luigi
import pytest
import soundfile

from pipeline.inspection import measuring
from pipeline.tables import read_table
from pipeline.tasks._02_inspect import MeasureRecordings, WriteInspection
from tests.inspection.cohorts import breath


def inspection(datasets="icbhi,jordan"):
    luigi.task_register.Register.clear_instance_cache()
    return WriteInspection(datasets=datasets, simulated_settings={})


@pytest.fixture
def decoded(monkeypatch):
    """Return the names of the recordings decoded for their measures."""
    names = []
    plain = measuring.measure_recording

    def counted(path):
        names.append(path.name)
        return plain(path)

    monkeypatch.setattr(measuring, "measure_recording", counted)
    return names


def test_page_and_table_say_the_same(rooms):
    rooms.fill("icbhi", "jordan")
    task = inspection()
    assert rooms.run(task)
    findings = read_table(task.output() / "findings.csv")
    counts = findings["severity"].value_counts().to_dict()
    assert {name: n for name, n in task.counts.items() if n} == counts
    assert set(findings["dataset"]) == {"icbhi", "jordan"}
    page = task.page.read_text(encoding="utf-8")
    for severity, n in task.counts.items():
        assert f'data-severity="{severity}" data-count="{n}"' in page


def test_nothing_new_costs_nothing(rooms, decoded):
    rooms.fill("icbhi")
    assert rooms.run(inspection("icbhi"))
    n_recordings = len(read_table(inspection("icbhi").measures["icbhi"].output() / "measures.csv"))
    assert len(decoded) == n_recordings
    assert inspection("icbhi").complete()


def test_one_more_recording_costs_one_decode_and_gives_a_new_page(rooms, decoded):
    rooms.fill("icbhi")
    first = inspection("icbhi")
    assert rooms.run(first)
    decoded.clear()
    place = rooms.recordings / "icbhi" / "ICBHI_final_database"
    soundfile.write(place / "199_1b1_Al_sc_Meditron.wav", breath(), 8000)
    (place / "199_1b1_Al_sc_Meditron.txt").write_text("0.0\t6.0\t0\t0\n")
    second = inspection("icbhi")
    assert not second.complete()
    assert rooms.run(second)
    assert decoded == ["199_1b1_Al_sc_Meditron.wav"]
    assert second.page != first.page
    assert first.page.exists()


def test_measures_of_one_data_set_serve_every_page(rooms, decoded):
    rooms.fill("icbhi", "jordan")
    assert rooms.run(inspection("icbhi"))
    n = len(decoded)
    assert rooms.run(inspection("icbhi,jordan"))
    assert len(set(decoded)) == len(decoded) > n


def test_header_that_was_put_right_is_no_finding_any_more(rooms):
    from tests.fakes.sounds import spoil_block_align

    rooms.fill("jordan")
    path = next(iter(sorted((rooms.recordings / "jordan").rglob("*.wav"))))
    whole = path.read_bytes()
    spoil_block_align(path)
    spoiled = inspection("jordan")
    assert rooms.run(spoiled)
    path.write_bytes(whole)
    mended = inspection("jordan")
    assert rooms.run(mended)
    words = [set(read_table(one.output() / "findings.csv")["finding"]) for one in (spoiled, mended)]
    assert "header repaired" in words[0]
    assert "header repaired" not in words[1]


def test_lost_cache_is_measured_again(rooms, decoded):
    rooms.fill("icbhi")
    task = inspection("icbhi")
    assert rooms.run(task)
    n = len(decoded)
    shutil.rmtree(rooms.data / "02_index" / ".measures")
    shutil.rmtree(task.measures["icbhi"].output().path)
    assert rooms.run(MeasureRecordings(dataset="icbhi", simulated_settings={}))
    assert len(decoded) >= n
