"""All fakes by data set, for tests that loop over the adapters."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.fakes.antwerp import make_antwerp, make_antwerp_sim
from tests.fakes.bangladesh import make_bangladesh
from tests.fakes.folder import make_folder
from tests.fakes.icbhi import make_icbhi
from tests.fakes.jordan import make_jordan
from tests.fakes.perch import make_perch
from tests.fakes.simulated import make_simulated
from tests.fakes.sprsound import make_sprsound
from tests.fakes.truth import Truth

FAKES: dict[str, Callable[[Path], Truth]] = {
    "antwerp": make_antwerp,
    "antwerp-sim": make_antwerp_sim,
    "bangladesh": make_bangladesh,
    "folder": make_folder,
    "icbhi": make_icbhi,
    "jordan": make_jordan,
    "perch": make_perch,
    "simulated": make_simulated,
    "sprsound": make_sprsound,
}
