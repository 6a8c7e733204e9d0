"""What the publishers' words mean: sounds as crackle and wheeze, diagnoses as pneumonia."""

from __future__ import annotations

import re

#: What reading a word or diagnosis gives: 0 or 1 per label, or the reason why it gives none.
Verdict = tuple[int, ...] | str

POOR_QUALITY = "poor quality"

# (crackle, wheeze) of the publishers' words, case folded. DAS and CAS: discontinuous and
# continuous adventitious sounds (SPRSound); "Crep": crepitation (Jordan).
_CRACKLE = ("coarse crackle", "fine crackle", "crackle", "crep", "c", "das")
_WHEEZE = ("wheeze", "rhonchi", "stridor", "w", "cas")
_NEITHER = ("normal", "n", "bronchial", "b")
_SOUNDS: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(_CRACKLE, (1, 0)),
    **dict.fromkeys(_WHEEZE, (0, 1)),
    **dict.fromkeys(_NEITHER, (0, 0)),
    "both": (1, 1),
}
# Jordan's phases, inspiratory and expiratory: they say when a sound is heard, not which.
_PHASES = {"i", "e"}

_UNKNOWN = {"", "na", "n/a", "nan", "none", "?", "-", "unknown", "uninterpretable"}
_HEALTHY = {"healthy", "normal", "n"}


def read_diagnosis(diagnosis: str, negatives: str = "all") -> Verdict:
    """Return (1,) or (0,) for pneumonia, or the reason why a diagnosis says neither.

    A diagnosis that names several diseases ("Heart Failure + COPD") is positive if one of them
    is pneumonia.
    """
    whole = fold(diagnosis)
    diseases = {part.strip() for part in re.split(r"[+&,;/]|\band\b", whole)} - _UNKNOWN
    if whole in _UNKNOWN or not diseases:
        return "diagnosis unknown"
    if "pneumonia" in diseases:
        return (1,)
    if "pneumonia" in whole:
        # Such as "no pneumonia" or "bronchopneumonia": a person has to say which it is.
        return "diagnosis not understood"
    if negatives == "healthy" and not diseases <= _HEALTHY:
        return "diagnosis neither pneumonia nor healthy"
    return (0,)


def read_sound(word: str) -> Verdict:
    """Return (crackle, wheeze) of a publisher's word, or the reason why it says neither.

    >>> read_sound("Fine Crackle"), read_sound("Wheeze+Crackle"), read_sound("I E W")
    ((1, 0), (1, 1), (0, 1))
    """
    whole = fold(word)
    if whole == POOR_QUALITY:
        return POOR_QUALITY
    parts = [whole] if whole in _SOUNDS else [fold(part) for part in re.split(r"[+&]", whole)]
    if not all(part in _SOUNDS for part in parts):
        parts = [part for part in whole.split() if part not in _PHASES]
    if not parts or not all(part in _SOUNDS for part in parts):
        return "sound not understood"
    return tuple(int(any(values)) for values in zip(*(_SOUNDS[p] for p in parts), strict=True))


def fold(text: str) -> str:
    """Return a word as it is compared: case folded, blanks stripped and single."""
    return " ".join(text.casefold().split())
