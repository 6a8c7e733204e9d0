"""All fakes by data set, for tests that loop over the adapters."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.fakes.icbhi import make_icbhi
from tests.fakes.jordan import make_jordan
from tests.fakes.simulated import make_simulated
from tests.fakes.sprsound import make_sprsound
from tests.fakes.truth import Truth

FAKES: dict[str, Callable[[Path], Truth]] = {
    "icbhi": make_icbhi,
    "jordan": make_jordan,
    "simulated": make_simulated,
    "sprsound": make_sprsound,
}
