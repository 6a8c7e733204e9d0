"""A source that has no room left, and files of odd names: all arrives, nothing is written there."""

from __future__ import annotations

import shutil

from pipeline.contract import read_manifest, write_manifest
from tests.pull.conftest import address
from tests.pull.models import make_model, same_files
from tests.remote.conftest import STRANGE
from tests.small_disk import state_of


def test_a_disk_that_is_full_at_the_source_is_no_hindrance(small_disk, here, sshd, tmp_path):
    place = small_disk(tmp_path / "there")
    model = make_model(place.folder)
    place.fill()
    before = state_of(place.folder)
    here.use(sshd.config)
    pulled = here.pull(address(model))
    assert same_files(pulled, model)
    shutil.rmtree(pulled)
    assert same_files(here.pull(model), model)
    assert state_of(place.folder) == before


def test_files_of_odd_names_come_over_ssh_as_they_are(here, sshd, tmp_path):
    model = make_model(tmp_path / "there")
    for name in STRANGE:
        (model / name).parent.mkdir(exist_ok=True)
        (model / name).write_text(name)
    manifest = read_manifest(model)
    own = {name: manifest[name] for name in ("salt", "lineage", "info")}
    write_manifest(model, "auscult/model", **own)
    before = state_of(tmp_path / "there")
    here.use(sshd.config)
    assert same_files(here.pull(address(model)), model)
    assert state_of(tmp_path / "there") == before
    assert not list(tmp_path.rglob("oops*"))
