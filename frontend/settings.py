"""The settings that turn a waveform into log-mel frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class SpectrogramSettings:
    """How a waveform becomes log-mel frames; the names and meanings are librosa's.

    Raises
    ------
    ValueError
        A number is out of range; the message says which.
    """

    sample_rate: int
    n_fft: int
    hop_length: int
    n_mels: int
    fmin: float
    fmax: float

    def __post_init__(self) -> None:
        for name in ("sample_rate", "n_fft", "hop_length", "n_mels"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} should be a whole number of at least 1, not {value!r}.")
        if self.hop_length > self.n_fft:
            raise ValueError(f"hop_length should be at most n_fft, not {self.hop_length}.")
        if self.n_fft % 2:
            raise ValueError(f"n_fft should be even, not {self.n_fft}.")
        if not 0 <= self.fmin < self.fmax <= self.sample_rate / 2:
            raise ValueError(
                f"fmin and fmax should satisfy 0 <= fmin < fmax <= sample_rate / 2 = "
                f"{self.sample_rate / 2:g} Hz, not {self.fmin!r} and {self.fmax!r}."
            )
        # TOML writes 0 and 0.0, which should not make two different settings.
        object.__setattr__(self, "fmin", float(self.fmin))
        object.__setattr__(self, "fmax", float(self.fmax))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> SpectrogramSettings:
        """Return the settings of a ``[spectrogram]`` section; other keys are refused."""
        names = {field.name for field in fields(cls)}
        if names != set(values):
            raise ValueError(f"expected the settings {sorted(names)}, found {sorted(values)}.")
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as a dict that `from_dict` takes."""
        return asdict(self)

    @property
    def frames_per_second(self) -> float:
        """Frames per second of audio."""
        return self.sample_rate / self.hop_length
