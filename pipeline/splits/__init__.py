"""Stage 3 and 4: who is on which side, and the development sample.

`sides` decides, `strata` deals, `grouping` keeps together, `official` reads the publishers' sides,
`folder` is the value and its files, `subset` the sample.
"""

from pipeline.splits.folder import SIDES, SPLIT_COLUMNS, Split, read_split, write_split
from pipeline.splits.grouping import check_disjoint
from pipeline.splits.sides import MODES, make_split, split_subjects

__all__ = [
    "MODES",
    "SIDES",
    "SPLIT_COLUMNS",
    "Split",
    "check_disjoint",
    "make_split",
    "read_split",
    "split_subjects",
    "write_split",
]
