"""Bring a trained model here from another machine.

Reads
    a model folder at ``--source``, over ssh or on this machine.
Writes
    ``07_models/<problem>-<salt>/``: the very folder that a training here of the same lineage would
    have made. Until all of it is there and proved, ``07_models/.pull-<digest of the source>``.
"""

from __future__ import annotations

import contextlib
import logging
import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import luigi
from luigi.task_register import Register, TaskClassException

from pipeline.compose import ShortName
from pipeline.config import paths, ssh_config
from pipeline.errors import NoSuchPath, SettingsError
from pipeline.targets import FolderTarget, disk_error, locked
from pipeline.tasks.last_words import say_last
from pipeline.tasks.trust import TrustNetwork, stated_by

if TYPE_CHECKING:
    from pipeline.pull.claim import Claim
    from pipeline.pull.source import Source

logger = logging.getLogger("luigi-interface")

ROOM = "07_models"


class SourceParameter(luigi.Parameter):
    """An address that is refused at once where it cannot be used, before anything logs it."""

    def normalize(self, value: Any) -> str:
        from pipeline.pull.source import source_of

        source_of(str(value))
        return str(value)


class NameParameter(luigi.Parameter):
    """The name of a folder, or nothing."""

    def normalize(self, value: Any) -> str:
        name = str(value or "")
        if "/" in name or "\0" in name or name in (".", ".."):
            raise SettingsError(
                expected="the name of one folder below --source",
                found=repr(name),
                where="--model",
                action="Write the folders before it into --source.",
            )
        return name


class PullModel(ShortName, luigi.Task):
    """Bring a trained model here, with everything that it says of itself proved."""

    source = SourceParameter(
        description="folder of a model: ssh://HOST/PATH with HOST as your ssh_config names it, "
        "ssh://HOST/~/PATH, file:///PATH or a path on this machine"
    )
    model = NameParameter(
        default="", description="name of the model's folder below --source; empty: --source is it"
    )
    trust = luigi.BoolParameter(
        default=False,
        description="take a .keras network without a manifest, of which nothing can be proved",
    )
    problem = luigi.Parameter(default="", description="with --trust: what the network recognises")
    experiment = luigi.Parameter(
        default="baseline",
        description="with --trust: where [clips] and [spectrogram] say what its input is",
    )

    def complete(self) -> bool:
        """Return whether this process pulled it: only the source knows what lies there now."""
        return bool(self.__dict__.get("_is_complete"))

    def run(self) -> None:
        """Pull the model, and say where it is."""
        room = Path(paths().data) / ROOM
        source = self.origin()
        part = room / f".pull-{source.digest}"
        try:
            with locked(room / ".locks" / f"{part.name}.lock", f"the pull from {source.shown}"):
                folder, is_new = self._pull(source, part)
        except OSError as error:
            raise disk_error(error, part) from error
        self.__dict__["_is_complete"] = True
        say_last(self.shown(folder, is_new))

    def origin(self) -> Source:
        """Return the source, with the user's ssh_config."""
        from dataclasses import replace

        from pipeline.pull.source import source_of

        source = replace(source_of(self.source), ssh_config=ssh_config())
        return source.below(self.model) if self.model else source

    def shown(self, folder: Path, is_new: bool) -> str:
        """Return where the model is, and what can be done with it."""
        begin = "" if is_new else "Nothing to do: this model is here already.\n"
        return (
            f"{begin}{_about_its_code(folder)}Model: {folder}\n"
            f"Score it: luigi --module pipeline EvaluateModel --model {shlex.quote(str(folder))} "
            "--datasets NAMES"
        )

    def _pull(self, source: Source, part: Path) -> tuple[Path, bool]:
        """Return the model's folder, and whether it was brought now."""
        if self.trust != bool(self.problem):
            raise _not_together(self.trust)
        claim = self._claim(source, part)
        return self._take_model(source, part, claim) if claim else self._trust(source, part)

    def _claim(self, source: Source, part: Path) -> Claim | None:
        """Return what the manifest at the source claims; None: there is none, and need be none."""
        from pipeline.pull import found, pulling

        try:
            return pulling.fetch_claim(source, part)
        except NoSuchPath as error:
            with contextlib.suppress(OSError):  # what a cut pull of a bare network left stays
                part.rmdir()
            if found.is_without_manifest(error) or found.is_a_file(error):
                if self.trust:
                    return None
                raise found.no_model(source) from None
            raise found.explained(error, source) from None

    def _trust(self, source: Source, part: Path) -> tuple[Path, bool]:
        """Take in a network without a manifest."""
        from pipeline.contract import sha256_of
        from pipeline.pull.found import NORMALISATION
        from pipeline.pull.network import fetch_network

        stated = stated_by(self.problem, self.experiment)
        name, has_normalisation = fetch_network(source, part)
        digests = {"network_hash": sha256_of(part / name)}
        if has_normalisation:
            digests["normalisation_hash"] = sha256_of(part / NORMALISATION)
        logger.info("%s: sha256 %s", name, digests["network_hash"])
        task = TrustNetwork(folder=str(part), name=name, **digests, **stated)
        is_new = not task.complete()
        if is_new:
            task.run()
        shutil.rmtree(part)
        return task.output().path, is_new

    def _take_model(self, source: Source, part: Path, claim: Claim) -> tuple[Path, bool]:
        from pipeline.pull import contents, pulling
        from pipeline.pull.claim import MODEL_KIND, read_claim

        target = FolderTarget(part.parent / claim.name, MODEL_KIND)
        with target.locked():
            is_here = target.exists()
            if is_here:
                shutil.rmtree(part)
                here = read_claim(target.path, str(target.path))
                contents.refuse_other(target.path, here, claim, source.shown)
                contents.refuse_damaged(target.path, here)
            else:
                logger.info("%s: %s", claim.name, pulling.in_words(claim.n_bytes))
                pulling.fetch_files(self._with_progress(source, claim), part, claim)
                target.take(part)
        return target.path, not is_here

    def _with_progress(self, source: Source, claim: Claim) -> Source:
        from dataclasses import replace

        from pipeline.progress import Reporter

        reporter, total = Reporter(self), claim.n_bytes // 1000
        return replace(source, on_bytes=lambda n: reporter(n // 1000, total, "kB brought"))


def _about_its_code(folder: Path) -> str:
    """Return a line where other code than this checkout's made a model; "" where it did not."""
    from pipeline.contract import MANIFEST, read_json
    from pipeline.pull.other_code import other_code
    from pipeline.training.environment import training_identities

    manifest = read_json(folder / MANIFEST)
    lineage = manifest["lineage"]
    versions = {record["task"]: _version_here(record["task"]) for record in lineage.values()}
    known = {task: version for task, version in versions.items() if version}
    here = {}
    with contextlib.suppress(SettingsError):  # there is no checkout to compare with
        here = training_identities()
    found = other_code(lineage, manifest["salt"], known, here)
    if not found:
        return ""
    return (
        f"Made by other code than this checkout's: {'; '.join(found)}. It can be scored and used; "
        "TrainModel would train its own beside it.\n"
    )


def _version_here(task: str) -> str:
    try:
        return str(getattr(Register.get_task_cls(task), "__version__", ""))
    except TaskClassException:
        return ""


def _not_together(trust: bool) -> SettingsError:
    return SettingsError(
        expected="--problem with --trust: what the network recognises"
        if trust
        else "--problem with --trust only: a model with a manifest says what it recognises",
        found="no --problem" if trust else "no --trust",
        where="the command line",
        action="Add it (docs/pull.rst)." if trust else "Leave --problem out, or add --trust.",
    )
