"""Names with blanks, quotes, letters of any language, ``;`` and a leading ``-``, from archives."""

from __future__ import annotations

import io
import tarfile
import zipfile

import pytest

from pipeline.errors import UnsafeSource
from tests.remote.conftest import STRANGE, content_of

#: Other systems would take them for a path: they are refused, by name.
PATHS_ELSEWHERE = ("back\\slash.wav", "a:b.wav")
NAMES = tuple(name for name in STRANGE if name not in PATHS_ELSEWHERE)


def zip_of(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def tar_of(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


@pytest.mark.parametrize(("pack", "ending"), [(zip_of, "zip"), (tar_of, "tar.gz")])
@pytest.mark.parametrize("way", ["web", "this disk"])
def test_strange_names_arrive_as_they_are(here, web, tmp_path, pack, ending, way):
    files = {name: name.encode() for name in NAMES}
    if way == "web":
        web.files[f"/all.{ending}"] = pack(files)
        address = f"{web.url}/all.{ending}"
    else:
        strange = tmp_path / f"-a 'b' \"c\"; ü.{ending}"
        strange.write_bytes(pack(files))
        address = str(strange)
    assert content_of(here.fetch(address)) == files
    assert not list(tmp_path.rglob("oops*"))


@pytest.mark.parametrize("name", PATHS_ELSEWHERE)
@pytest.mark.parametrize(("pack", "ending"), [(zip_of, "zip"), (tar_of, "tar.gz")])
def test_what_is_a_path_on_another_system_is_refused_by_name(here, web, pack, ending, name):
    web.files[f"/all.{ending}"] = pack({name: b"x"})
    with pytest.raises(UnsafeSource) as caught:
        here.fetch(f"{web.url}/all.{ending}")
    assert repr(name) in str(caught.value)
    assert here.shown() == []
