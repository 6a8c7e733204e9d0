"""What all tests share: skipped tests are named with their reason at the end of a run."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(scope="session")
def real_data():
    """Folder of the real recordings, where ``AUSCULT_REAL_DATA`` names it."""
    folder = os.environ.get("AUSCULT_REAL_DATA")
    if not folder:
        pytest.skip("AUSCULT_REAL_DATA is not set: no real recordings on this machine")
    return folder
