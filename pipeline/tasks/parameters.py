"""Parameters that several stages share, as mix-ins in flow order.

Each stage inherits what its inputs need and adds what it reads itself, so that a parameter given
to the last stage reaches the first.
"""

from __future__ import annotations

from typing import Any

import luigi

from pipeline import datasets as registry
from pipeline.compose import SettingsParameter
from pipeline.errors import SettingsError
from pipeline.schema import PROBLEMS

SIMULATED = "simulated"


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


class OptionalWholeNumberParameter(luigi.parameter.OptionalParameterMixin, WholeNumberParameter):
    """A whole number, or nothing."""

    expected_type = int


class DatasetsParameter(luigi.Parameter):
    """Data sets by name, comma-separated; aliases are understood, order and repeats ignored."""

    def parse(self, text: str) -> tuple[str, ...]:
        return self.normalize([name for name in text.split(",") if name.strip()])

    def normalize(self, value: Any) -> tuple[str, ...]:
        names = value.split(",") if isinstance(value, str) else value
        chosen = tuple(sorted({registry.canonical_name(name.strip()) for name in names}))
        if not chosen:
            raise SettingsError(
                expected=f"data sets among: {', '.join(registry.known())}",
                found="none",
                where="--datasets",
                action="Name one or more, separated by commas.",
            )
        return chosen

    def serialize(self, value: Any) -> str:
        return ",".join(value)


class DatasetParameter(luigi.Parameter):
    """One data set by name; aliases are understood."""

    def normalize(self, value: str) -> str:
        return registry.canonical_name(value)


class OnDataset:
    """Stages that work on one data set."""

    dataset = DatasetParameter(description="data set: icbhi, jordan, sprsound or simulated")
    simulated_settings = SettingsParameter("simulated")

    @staticmethod
    def relevant(values: dict[str, Any]) -> dict[str, Any]:
        """Blank the simulated cohort's settings for every other data set."""
        if values.get("dataset") == SIMULATED:
            return values
        return {**values, "simulated_settings": {}}


class OnSpectrograms:
    """Stages that depend on how spectrograms are computed."""

    spectrogram_settings = SettingsParameter("spectrogram")


class OnSplit:
    """Stages that depend on the problem and its split."""

    problem = luigi.ChoiceParameter(choices=PROBLEMS, description="what is to be recognised")
    datasets = DatasetsParameter(description="data sets, comma-separated")
    fold = OptionalWholeNumberParameter(default=None, description="cross-validation fold, from 0")
    simulated_settings = SettingsParameter("simulated")
    labels_settings = SettingsParameter("labels")
    splits_settings = SettingsParameter("splits")


class OnSample(OnSplit):
    """Stages that depend on the development sample."""

    subset = WholeNumberParameter(default=0, description="subjects per class and side; 0 = all")
    subset_settings = SettingsParameter("subset")


class OnClips(OnSample, OnSpectrograms):
    """Stages that depend on the clips."""

    clips_settings = SettingsParameter("clips")


class OnNetwork(OnClips):
    """Stages that depend on the trained network."""

    seed = WholeNumberParameter(default=0, description="seed of the training")
    augment_settings = SettingsParameter("augment")
    model_settings = SettingsParameter("model")
    training_settings = SettingsParameter("training")
