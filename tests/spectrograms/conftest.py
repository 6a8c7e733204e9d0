"""A place with recordings, and a pack of them."""

from __future__ import annotations

import pandas as pd
import pytest

from pipeline.spectrograms.cache import write_pack
from tests.spectrograms.places import SETTINGS, fill, make_recording


@pytest.fixture
def place(tmp_path):
    """A folder of four recordings, its index, an empty store."""
    folder = tmp_path / "recordings"
    rows = [make_recording(folder, f"{k}.wav", k) for k in range(4)]
    return folder, pd.DataFrame(rows), tmp_path / "store"


@pytest.fixture
def pack(place, tmp_path):
    """A pack of all recordings but the first."""
    fill(place)
    _, index, store = place
    write_pack(index["audio_hash"][1:], store, SETTINGS, tmp_path / "pack")
    return tmp_path / "pack"
