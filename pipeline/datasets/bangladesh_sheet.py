"""Bangladesh's spreadsheet: the primary endpoint (PEP1) of every HOSP_ID, as a diagnosis."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from pathlib import Path, PurePosixPath

from pipeline.datasets.description import KEPT, LEFT_OUT, Row, exclusion
from pipeline.datasets.files import Unusable
from pipeline.datasets.sheets import Cells, cell_text, find_sheets, read_rows
from pipeline.errors import AnnotationError
from pipeline.evaluation.wording import plural

SHEET = "Bangladesh_PCV_onlyStudyPatients.xlsx"
SUBJECT, ENDPOINT = "HOSP_ID", "PEP1"
_DIAGNOSIS_OF = {
    "1": "primary endpoint pneumonia",
    "0": "no primary endpoint pneumonia",
    "uninterpretable": "uninterpretable",
}
DIAGNOSES = tuple(_DIAGNOSIS_OF.values())
# Some sheets of studies begin with a title.
_HEADER_WITHIN = 10
LINE_NOT_UNDERSTOOD = "line not understood"


def read_diagnoses(
    folder: Path, files: list[str], on_disk: Collection[str]
) -> tuple[dict[str, str], list[Row]]:
    """Return {HOSP_ID: diagnosis} and rows for excluded.csv.

    Parameters
    ----------
    folder : Path
    files : list of str
        All posix paths below `folder`; the sheet may be anywhere.
    on_disk : collection of str
        The HOSP_IDs that have recordings.

    Raises
    ------
    AnnotationError
        The sheet cannot be understood.
    """
    sheets = find_sheets(files)
    named = [path for path in sheets if PurePosixPath(path).name.casefold() == SHEET.casefold()]
    paths = named or sheets
    if not paths:
        detail = f"no {SHEET}; the diagnosis stays unknown"
        return {}, [exclusion("", "", "metadata", "file missing", detail, KEPT)]
    all_told: dict[str, set[str]] = defaultdict(set)
    rows: list[Row] = []
    for path in paths:
        rows += _add_sheet(all_told, folder, path)
    # An empty cell beside a filled one of the same person is no contradiction.
    told = {subject: found - {""} for subject, found in all_told.items()}
    contradicted = sorted(subject for subject, found in told.items() if len(found) > 1)
    rows += _counted(paths[0], "rows contradict", contradicted, "taken as unknown", LEFT_OUT)
    unknown = sorted(set(on_disk) - set(told))
    rows += _counted("", "not in the sheet", unknown, "diagnosis unknown", what="subject")
    silent = sorted(set(told) - set(on_disk))
    rows += _counted(paths[0], "recording not on disk", silent, "in the sheet, no recording")
    diagnoses = {subject: _DIAGNOSIS_OF.get("".join(found), "") for subject, found in told.items()}
    return diagnoses, rows


def hospital_id(text: str) -> str:
    """Return a HOSP_ID with its seven digits, as spreadsheets drop leading zeros; "" for none."""
    return text.zfill(7) if text.isascii() and text.isdigit() else ""


def _add_sheet(told: dict[str, set[str]], folder: Path, path: str) -> list[Row]:
    """Add what a sheet says of each HOSP_ID; return rows on lines that say nothing certain."""
    try:
        lines = _lines(read_rows(folder / path))
    except Unusable as error:
        raise AnnotationError(
            expected=f"a spreadsheet whose first sheet has columns {SUBJECT} and {ENDPOINT}",
            found=error.detail,
            where=str(folder / path),
            action=f"put {SHEET} there as its publisher made it, and no other .xlsx",
        ) from error
    malformed = []
    for subject, endpoint in lines:
        known = not endpoint or endpoint.casefold() in _DIAGNOSIS_OF
        if hospital_id(subject):
            told[hospital_id(subject)].add(endpoint.casefold())
        if not hospital_id(subject) or not known:
            malformed.append(f"{SUBJECT} {subject!r} with {ENDPOINT} {endpoint!r}")
    return _counted(path, LINE_NOT_UNDERSTOOD, malformed, "taken as unknown", LEFT_OUT)


def _lines(rows: list[Cells]) -> list[tuple[str, str]]:
    """Return HOSP_ID and PEP1 of every line below the header that has either."""
    for n, row in enumerate(rows[:_HEADER_WITHIN]):
        header = [cell_text(cell).upper() for cell in row]
        if SUBJECT in header and ENDPOINT in header:
            columns = (header.index(SUBJECT), header.index(ENDPOINT))
            lines = [[cell_text(line[k]) for k in columns] for line in rows[n + 1 :]]
            return [(subject, endpoint) for subject, endpoint in lines if subject or endpoint]
    raise Unusable("sheet not understood", f"no row with both, the first: {rows[0]}"[:200])


def _counted(
    path: str,
    reason: str,
    found: list[str],
    meaning: str,
    action: str = KEPT,
    what: str = "metadata",
) -> list[Row]:
    if not found:
        return []
    noun = "line" if reason == LINE_NOT_UNDERSTOOD else "subject"
    detail = f"{plural(len(found), noun)}, the first: {found[0]}; {meaning}"
    return [exclusion(path, "", what, reason, detail, action)]
