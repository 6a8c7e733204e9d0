"""Stage 2, inspect: what is wrong with the data sets, as a page and a table.

Reads
    the recordings and the index of each data set.
Writes
    ``02_index/<data set>-measures-<salt>/``: measures.csv, what was measured of each recording,
    and pictures.npz, what the page draws; ``08_reports/inspection-<salt>/``: inspection.html and
    findings.csv.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import datasets as registry
from pipeline.compose import Requirement, Requirements, SaltedOutput, SaltedTask
from pipeline.config import n_processes, paths
from pipeline.tasks._01_fetch import FetchRecordings
from pipeline.tasks._02_index import IndexRecordings
from pipeline.tasks.parameters import OnDataset, OnDatasets

if TYPE_CHECKING:
    from pipeline.inspection.inspected import Inspected


class MeasureRecordings(OnDataset, SaltedTask):
    """Measure the recordings of one data set."""

    __version__ = "1"
    kind = "auscult/measures"
    salted_by = ("dataset",)
    recordings = Requirement(FetchRecordings)
    index = Requirement(IndexRecordings)
    output = SaltedOutput("02_index/{task.dataset}-measures-{salt}")

    def input_identities(self) -> dict[str, str]:
        """The index's salt: names, sizes and times of the files, since headers count, too."""
        return {"index": self.index.salt}

    def further_identities(self) -> dict[str, str]:
        """The front end's version, and that of what is measured."""
        import frontend
        from pipeline.inspection.measures import VERSION

        return {"frontend": frontend.VERSION, "measures": VERSION}

    def build(self, folder: Path) -> dict[str, Any]:
        """Decode what the cache does not know, then write the measures."""
        from pipeline.datasets.listing import require_unchanged
        from pipeline.inspection.cache import AudioFile, MeasuresCache
        from pipeline.inspection.measuring import measure_all, write_measures
        from pipeline.tables import read_table

        source = self.recordings.folder
        place = Path(paths().data) / "02_index" / ".measures"
        cache = MeasuresCache.at(place, self.dataset, source)
        recordings = read_table(self.index.output() / "recordings.csv")
        listing = self.recordings.listing()
        listed = listing.by_path()
        entries = [listed[path] for path in recordings["path"]]
        files = [AudioFile(entry.path, entry.size, entry.mtime_ns) for entry in entries]
        measured = measure_all(source, files, cache, n_processes(), self.reporter())
        # What changed meanwhile belongs to another index.
        require_unchanged(source, listing)
        return write_measures(folder, recordings, measured)


class WriteInspection(OnDatasets, SaltedTask):
    """Write the page and the table of findings of several data sets."""

    __version__ = "2"
    kind = "auscult/inspection"
    index = Requirements(IndexRecordings, each="datasets")
    measures = Requirements(MeasureRecordings, each="datasets")
    output = SaltedOutput("08_reports/inspection-{salt}")

    def further_identities(self) -> dict[str, str]:
        """The content of the indexes' tables."""
        return {
            f"{what}.{name}": task.manifest()["info"]["digests"][what]
            for name, task in self.index.items()
            for what in ("tables", "excluded")
        }

    def build(self, folder: Path) -> dict[str, Any]:
        """Write inspection.html and findings.csv; the manifest's info carries the counts."""
        from datetime import UTC, datetime

        from pipeline.inspection.findings import count_by_severity, find_all, write_findings
        from pipeline.inspection.page import render_inspection

        inspected = [self.inspected(name) for name in self.datasets]
        findings = find_all(inspected)
        write_findings(findings, folder / "findings.csv")
        made_at = datetime.now(UTC).isoformat(timespec="seconds")
        page = render_inspection(inspected, findings, made_at)
        (folder / "inspection.html").write_text(page, encoding="utf-8")
        return {"counts": count_by_severity(findings)}

    def inspected(self, name: str) -> Inspected:
        """Return what index and measures hold of one data set."""
        from pipeline.inspection.inspected import Inspected
        from pipeline.inspection.measuring import read_measures
        from pipeline.tables import read_table

        dataset = registry.load(name)
        index = self.index[name].output()
        measures, pictured = read_measures(self.measures[name].output().path)
        return Inspected(
            name=dataset.name,
            title=dataset.title,
            licence=dataset.licence,
            recordings=read_table(index / "recordings.csv"),
            events=read_table(index / "events.csv"),
            excluded=read_table(index / "excluded.csv"),
            measures=measures,
            pictured=pictured,
            classes=dataset.classes,
            official_sides=dataset.official_sides,
        )

    @property
    def page(self) -> Path:
        """The finished page."""
        return self.output() / "inspection.html"

    @property
    def counts(self) -> dict[str, int]:
        """Number of findings by severity: error, warning, note."""
        return self.manifest()["info"]["counts"]

    @property
    def content(self) -> str:
        """Sha256 of findings.csv: recordings that were only moved or touched have the same."""
        return self.manifest()["files"]["findings.csv"]["sha256"]

    def summary(self) -> str:
        """Return how much was found and the path of the page, in one line."""
        counts = [(name, self.counts[name]) for name in ("error", "warning", "note")]
        shown = ", ".join(f"{n} {name}{'s' * (n != 1)}" for name, n in counts)
        return f"{shown} ({self.page})"

    def shown_beside(self, folder: Path) -> dict[str, Any]:
        """Return the counts, and where the page lies as seen from another output folder."""
        page = Path(os.path.relpath(self.page, folder)).as_posix()
        return {"path": page, "counts": self.counts}
