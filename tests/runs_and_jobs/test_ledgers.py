"""Uses of test sides and names of runs: kept whoever else writes, and never counted twice."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import ContractError
from pipeline.runs import names, test_uses
from pipeline.runs.names import RunName, are_named, name_run, read_names
from pipeline.runs.test_uses import count_test_uses, record_test_use

ROOT = Path(__file__).parent.parent.parent
MANY = """
import sys
from pathlib import Path
from pipeline.runs.test_uses import record_test_use
for k in range(20):
    report = Path(f"pneumonia-{sys.argv[2]}{k}")
    record_test_use(
        Path(sys.argv[1]), split_hash="s", problem="pneumonia", model_salt="m", report=report
    )
"""


def use(data, split="s", model="m", report="pneumonia-1"):
    return record_test_use(
        data, split_hash=split, problem="pneumonia", model_salt=model, report=Path(report)
    )


def test_every_use_counts_once_for_its_split(tmp_path):
    assert count_test_uses(tmp_path, "s") == 0
    assert use(tmp_path)
    assert use(tmp_path, model="n", report="pneumonia-2")
    assert use(tmp_path, split="t", report="pneumonia-3")
    assert (count_test_uses(tmp_path, "s"), count_test_uses(tmp_path, "t")) == (2, 1)


def test_the_same_report_made_again_is_no_further_use(tmp_path):
    assert use(tmp_path, report="here/08_reports/pneumonia-1")
    assert not use(tmp_path, report="elsewhere/08_reports/pneumonia-1")
    assert count_test_uses(tmp_path, "s") == 1


def test_the_ledger_says_when_what_and_where(tmp_path):
    use(tmp_path)
    with open(tmp_path / "08_reports" / "test_uses.csv", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert row.pop("time").endswith("+00:00")
    assert row == {
        "split_hash": "s",
        "problem": "pneumonia",
        "model": "m",
        "report": "pneumonia-1",
    }


def test_no_use_is_lost_when_many_write_at_once(tmp_path):
    started = [
        subprocess.Popen([sys.executable, "-c", MANY, str(tmp_path), name], cwd=ROOT)
        for name in "abc"
    ]
    assert [one.wait(timeout=120) for one in started] == [0, 0, 0]
    assert count_test_uses(tmp_path, "s") == 60
    left = [path.name for path in (tmp_path / "08_reports").iterdir()]
    assert sorted(left) == [".locks", "test_uses.csv"]


@pytest.mark.parametrize("text", ["", "time,what\n1,2\n", "\xff", "{header}\n1,2\n"])
@pytest.mark.parametrize("ledger", [test_uses, names])
def test_another_file_in_its_place_is_left_as_it_is(tmp_path, text, ledger):
    path = tmp_path / ledger.LEDGER
    path.parent.mkdir()
    content = text.format(header=",".join(ledger.COLUMNS)).encode("latin-1")
    path.write_bytes(content)
    with pytest.raises(ContractError, match=path.name):
        use(tmp_path) if ledger is test_uses else name_run(tmp_path, "m", RunName("e"))
    assert path.read_bytes() == content


def test_a_model_may_have_several_names_and_the_last_comes_first(tmp_path):
    first, second = RunName("ladder", "a", "line one\nand, two"), RunName("ladder", "b")
    assert name_run(tmp_path, "m", first)
    assert name_run(tmp_path, "m", second)
    assert not name_run(tmp_path, "m", first)
    assert read_names(tmp_path) == {"m": [second, first]}
    assert are_named(tmp_path, ["m"], first)
    assert not are_named(tmp_path, ["m", "n"], first)
    assert (str(second), str(RunName("ladder"))) == ("b", "ladder")
