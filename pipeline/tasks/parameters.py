"""Parameters that several stages share, as mix-ins in flow order.

Each stage inherits what its inputs need and adds what it reads itself, so that a parameter given
to the last stage reaches the first.
"""

from __future__ import annotations

import re
from typing import Any

import luigi

from pipeline import datasets as registry
from pipeline.compose import SettingsParameter, plain
from pipeline.errors import SettingsError
from pipeline.problems import Problem
from pipeline.schema import SPLIT_MODES
from pipeline.settings import did_you_mean

SIMULATED = "simulated"
_DATE = re.compile(r"\d{4}-\d\d-\d\d(T\d{2,6})?")


class WholeNumberParameter(luigi.IntParameter):
    """A whole number; anything else is refused in words."""

    def parse(self, text: str) -> int:
        try:
            return int(text)
        except ValueError:
            raise SettingsError(
                expected=f"a whole number: {self.description}",
                found=text,
                where="the command line",
                action="Change the value.",
            ) from None


class FoldParameter(luigi.Parameter):
    """A fold: a number from 0, the name of what is held out, or nothing."""

    def normalize(self, value: Any) -> str:
        return "" if value is None else str(value).strip()


class SplitParameter(luigi.Parameter):
    """A way to split, by name."""

    def parse(self, text: str) -> str:
        if text in SPLIT_MODES:
            return text
        raise SettingsError(
            expected=f"a way to split among: {', '.join(SPLIT_MODES)}",
            found=repr(text),
            where="--split",
            action=did_you_mean(text, SPLIT_MODES),
        )


class NamesParameter(luigi.Parameter):
    """Base of names, comma-separated, of which there is one at least."""

    def chosen(self, names: list[str]) -> tuple[str, ...]:
        """Return the names that are meant, each once."""
        return tuple(dict.fromkeys(names))

    def known(self) -> tuple[str, str]:
        """Return what may be named, in words, and the option."""
        raise TypeError(f"{type(self).__name__} does not say what may be named")

    def parse(self, text: str) -> tuple[str, ...]:
        return self.normalize(text)

    def normalize(self, value: Any) -> tuple[str, ...]:
        names = value.split(",") if isinstance(value, str) else value
        chosen = self.chosen([name.strip() for name in names if name.strip()])
        if not chosen:
            expected, where = self.known()
            action = "Name one or more, separated by commas."
            raise SettingsError(expected=expected, found="none", where=where, action=action)
        return chosen

    def serialize(self, value: Any) -> str:
        return ",".join(value)


class DatasetsParameter(NamesParameter):
    """Data sets by name; aliases are understood, order and repeats ignored."""

    def chosen(self, names: list[str]) -> tuple[str, ...]:
        """Return their own names, sorted."""
        return tuple(sorted({registry.canonical_name(name) for name in names}))

    def known(self) -> tuple[str, str]:
        """Return what may be named."""
        return f"data sets among: {', '.join(registry.known())}", "--datasets"


class DatasetParameter(luigi.Parameter):
    """One data set by name; aliases are understood."""

    def normalize(self, value: str) -> str:
        return registry.canonical_name(value)


class SnapshotParameter(luigi.Parameter):
    """A state of a growing source, by its date; nothing: the one that has no date."""

    def parse(self, text: str) -> str:
        # Luigi writes and reads every parameter of a task that another one asks for as it runs.
        if not text or _DATE.fullmatch(text):
            return text
        raise SettingsError(
            expected="a date such as 2026-11-01, or 2026-11-01T0600",
            found=repr(text),
            where="--snapshot",
            action="Change the value.",
        )


class OnSources:
    """What depends on where the recordings come from; neither ever enters a salt."""

    fetch = luigi.BoolParameter(
        default=False,
        significant=False,
        description="fetch data sets that are not there from their sources ([fetch] in luigi.cfg)",
    )
    snapshot = SnapshotParameter(
        default="", description="read, or fetch, the state of this date of each growing source"
    )


class OnDataset(OnSources):
    """Stages that work on one data set."""

    dataset = DatasetParameter(description="data set by name, such as icbhi")
    simulated_settings = SettingsParameter("simulated")

    @staticmethod
    def relevant(values: dict[str, Any]) -> dict[str, Any]:
        """Blank the simulated cohort's settings for every other data set, and a source for it."""
        if values.get("dataset") == SIMULATED:
            return {**values, "fetch": False, "snapshot": ""}
        return {**values, "simulated_settings": {}}


class OnSpectrograms:
    """Stages that depend on how spectrograms are computed."""

    spectrogram_settings = SettingsParameter("spectrogram")


class OnDatasets(OnSources):
    """Stages that work on several data sets at once."""

    datasets = DatasetsParameter(description="data sets, comma-separated")
    simulated_settings = SettingsParameter("simulated")


class OnSplit(OnDatasets):
    """Stages that depend on the problem and its split."""

    problem = luigi.Parameter(description="name of what is to be recognised")
    split = luigi.Parameter(default="default", description="way to split")
    fold = FoldParameter(default="", description="fold: a number from 0, or what is held out")
    split_file = luigi.Parameter(default="", significant=False, description="csv of --split file")
    split_file_hash = luigi.Parameter(default="", description="sha256 of that csv")
    problem_settings = SettingsParameter("problem")
    labels_settings = SettingsParameter("labels")
    splits_settings = SettingsParameter("splits")
    limits_settings = SettingsParameter("limits")

    @property
    def question(self) -> Problem:
        """The problem in full; its figures only where the stage has them."""
        figures = getattr(self, "figures_settings", {})
        return Problem.of(plain(self.problem_settings), plain(figures))


class OnSample(OnSplit):
    """Stages that depend on the development sample."""

    subset = WholeNumberParameter(default=0, description="subjects per class and side; 0 = all")
    subset_settings = SettingsParameter("subset")


class OnClips(OnSample, OnSpectrograms):
    """Stages that depend on the clips."""

    clips_settings = SettingsParameter("clips")


class OnVariants(OnClips):
    """Stages that depend on the waveform variants of the train clips."""

    variants_settings = SettingsParameter("variants")


class OnNetwork(OnVariants):
    """Stages that depend on the trained network."""

    seed = WholeNumberParameter(default=0, description="seed of the training")
    extend_epochs = WholeNumberParameter(
        default=0, description="train so many epochs more, from a finished run's last one"
    )
    from_epoch = WholeNumberParameter(
        default=0, description="the epoch to extend from; 0 = the last"
    )
    where = luigi.Parameter(default="local", significant=False, description="as for TrainModel")
    label = luigi.Parameter(
        default="", significant=False, description="the experiment, as a job's name shows it"
    )
    augment_settings = SettingsParameter("augment")
    model_settings = SettingsParameter("model")
    training_settings = SettingsParameter("training")
    figures_settings = SettingsParameter("figures")
