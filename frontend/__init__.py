"""Waveform -> log-mel -> normalised clip: the one front end that both environments share.

`frontend.recording` reads recordings and hashes them, `frontend.logmel` makes log-mel frames of
them, `frontend.clip` cuts and normalises what a model sees. A model carries `VERSION` and the
settings it was made with: raise `VERSION` whenever the same recording and settings would give
other numbers. Only what needs nothing but the standard library is imported here.
"""

from frontend.errors import RecordingError
from frontend.settings import SpectrogramSettings

VERSION = "1"

__all__ = ["VERSION", "RecordingError", "SpectrogramSettings"]
