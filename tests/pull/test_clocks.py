"""Wrong clocks: what a model is, and whether it is here, is told by bytes and never by times."""

from __future__ import annotations

import shutil

import pytest

from tests.pull.conftest import address
from tests.pull.models import make_model, same_files
from tests.wrong_times import FUTURE_S, PAST_S, set_times


@pytest.fixture(params=["folder", "ssh"])
def named(request, here):
    """Return a function that names a folder as a source, by each way."""
    if request.param == "folder":
        return str
    here.use(request.getfixturevalue("sshd").config)
    return address


@pytest.mark.parametrize("time_s", [FUTURE_S, PAST_S])
def test_a_model_of_any_time_arrives_and_is_then_here(here, tmp_path, named, time_s):
    model = make_model(tmp_path / "there")
    set_times(model, time_s)
    pulled = here.pull(named(model))
    assert same_files(pulled, model)
    before = {path: path.stat().st_ino for path in pulled.rglob("*")}
    set_times(model, FUTURE_S + PAST_S - time_s)
    here.pull(named(model))
    assert here.said[-1].startswith("Nothing to do")
    assert {path: path.stat().st_ino for path in pulled.rglob("*")} == before


@pytest.mark.parametrize(
    ("there_s", "here_s"), [(PAST_S, FUTURE_S), (FUTURE_S, PAST_S), (PAST_S, PAST_S)]
)
def test_what_a_cut_pull_left_is_judged_by_its_bytes(here, tmp_path, named, there_s, here_s):
    """The old state has the same names, sizes and, where the clocks agree, times as the new one."""
    old, new = make_model(tmp_path / "old"), make_model(tmp_path / "there", noise=1)
    part = here.data / "07_models" / f".pull-{here.task(named(new)).origin().digest}"
    shutil.copytree(old, part)
    set_times(part, here_s)
    set_times(new, there_s)
    assert same_files(here.pull(named(new)), new)
    assert not here.parts()
