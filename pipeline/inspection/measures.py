"""One decode of a recording -> everything the doctor measures of it, in bounded memory."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from math import log10
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from frontend.recording import RecordingError, RecordingReader, open_recording
from frontend.sources import FULL_SCALE
from pipeline.inspection.headers import Header, read_header
from pipeline.inspection.rails import Rails
from pipeline.inspection.sketch import Sketch
from pipeline.inspection.spectrum import CENTRES_HZ, Spectrum, bandwidth_hz, third_octaves_db

#: Raised with every change of what is measured: kept measures of another version do not count.
VERSION = "1"
FRAME_S = 0.05
#: A frame is silent where it lies so far below the recording's own level (both without offset).
SILENT_BELOW_DB = 60.0
_BLOCK_SAMPLES = 1 << 19
_LOWEST_DB = -200.0


@dataclass(frozen=True)
class Measures:
    """What was measured of one recording; numbers are 0 where `problem` is not "".

    Attributes
    ----------
    peak : float
        Largest absolute sample, full scale = 1.
    clipped_share : float
        Share of the samples that lie on a rail (see `rails.Rails`).
    silent_share : float
        Share of the frames of 50 ms that are digitally silent or 60 dB or more below the level
        of the whole recording; frames stuck on a rail are clipped, not silent.
    dc_offset, dc_to_rms : float
        Mean of the samples, full scale = 1, and its size relative to their rms without it.
    rms_db : float
        Level without the offset, dB below full scale.
    bandwidth_hz : float
        See `spectrum.bandwidth_hz`.
    sample_rate, n_samples, n_channels : int
    subtype, suffix, header_defect : str
        As `headers.Header`; the suffix in lower case with its dot.
    problem, detail : str
        "" or why it could not be read, as the front end says it.
    """

    peak: float = 0.0
    clipped_share: float = 0.0
    silent_share: float = 0.0
    dc_offset: float = 0.0
    dc_to_rms: float = 0.0
    rms_db: float = 0.0
    bandwidth_hz: float = 0.0
    sample_rate: int = 0
    n_samples: int = 0
    n_channels: int = 0
    subtype: str = ""
    suffix: str = ""
    header_defect: str = ""
    problem: str = ""
    detail: str = ""

    def row(self) -> dict[str, Any]:
        """Return it as a row of measures.csv."""
        return asdict(self)


@dataclass(frozen=True)
class Pictured:
    """What the page draws of one recording.

    Attributes
    ----------
    spectrum : ndarray of float32 (30,)
        dB per Hz in third octaves; NaN above half the sample rate.
    envelope : ndarray of float32 (2, 240)
        Lowest and highest sample in 240 equal parts, full scale = 1.
    close_up : ndarray of float32 (200,)
        Samples about the start of the longest run on a rail, or about the peak.
    """

    spectrum: np.ndarray = field(default_factory=lambda: np.full(len(CENTRES_HZ), np.nan, "f4"))
    envelope: np.ndarray = field(default_factory=lambda: np.zeros((2, Sketch.N_COLUMNS), "f4"))
    close_up: np.ndarray = field(default_factory=lambda: np.zeros(Rails.N_CLOSE_UP, "f4"))


def measure_recording(path: str | Path) -> tuple[Measures, Pictured]:
    """Return the measures of a .wav or .flac recording; nothing that is wrong with it raises."""
    header = read_header(path)
    try:
        with open_recording(path) as reader:
            return _measure(reader, header, PurePosixPath(path).suffix.lower())
    except RecordingError as error:
        return Measures(problem=error.code, detail=error.reason), Pictured()
    except OSError as error:  # a disk that fails on the way
        reason = f"it cannot be read ({error.strerror})."
        return Measures(problem="unreadable", detail=reason), Pictured()


def _measure(reader: RecordingReader, header: Header, suffix: str) -> tuple[Measures, Pictured]:
    rate, n_samples = reader.sample_rate, reader.n_samples
    n_frame = max(1, min(round(FRAME_S * rate), n_samples))
    spectrum, sketch = Spectrum(rate, n_samples), Sketch(n_samples)
    rails, frames = Rails(), _Frames(n_frame)
    start = 0
    for block in reader.blocks(max(1, _BLOCK_SAMPLES // n_frame) * n_frame):
        samples = np.multiply(block, np.float32(1 / FULL_SCALE), dtype=np.float32)
        for each in (spectrum, sketch):
            each.update(samples, start)
        rails.update(block, samples)
        frames.update(samples)
        start += len(block)
    mean, rms = frames.mean_and_rms()
    power = spectrum.power()
    measures = Measures(
        peak=rails.peak,
        clipped_share=rails.share(),
        silent_share=frames.silent_share(rms, rails.limits()),
        dc_offset=mean,
        dc_to_rms=abs(mean) / rms if rms else 0.0,
        rms_db=20 * log10(rms) if rms else _LOWEST_DB,
        bandwidth_hz=bandwidth_hz(power, rate),
        sample_rate=rate,
        n_samples=n_samples,
        n_channels=header.n_channels,
        subtype=header.subtype,
        suffix=suffix,
        header_defect=header.defect,
    )
    return measures, Pictured(third_octaves_db(power, rate), sketch.envelope, rails.close_up())


class _Frames:
    """Sums, and level and span of every frame."""

    def __init__(self, n_frame: int):
        self._n_frame = n_frame
        self._sums = np.zeros(2)
        self._n = 0
        self._levels: list[np.ndarray] = []
        self._spans: list[np.ndarray] = []

    def update(self, samples: np.ndarray) -> None:
        self._sums += samples.sum(dtype=np.float64), np.square(samples).sum(dtype=np.float64)
        self._n += len(samples)
        whole = samples[: len(samples) // self._n_frame * self._n_frame]
        frames = whole.reshape(-1, self._n_frame)
        offsets = frames.mean(axis=1, keepdims=True)
        self._levels.append(np.sqrt(np.square(frames - offsets).mean(axis=1)))
        self._spans.append(np.stack([frames.min(axis=1), frames.max(axis=1)]))

    def mean_and_rms(self) -> tuple[float, float]:
        mean, square = self._sums / self._n
        return float(mean), float(np.sqrt(max(0.0, square - mean**2)))

    def silent_share(self, rms: float, rails: tuple[float, float]) -> float:
        levels, (lowest, highest) = np.concatenate(self._levels), np.hstack(self._spans)
        stuck = (lowest >= rails[1]) | (highest <= rails[0])
        constant = lowest == highest
        silent = (constant | (levels <= rms * 10 ** (-SILENT_BELOW_DB / 20))) & ~stuck
        return float(silent.mean())
