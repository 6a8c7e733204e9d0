"""What a folder's name says of the recordings in it: sound words, diagnosis words, or both."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher
from functools import cache
from typing import NamedTuple

_NORMAL, _HEALTHY = "normal", "healthy"
# Spellings -> the word that the problems know.
SOUNDS = {
    **{word: word for word in (_NORMAL, "crackle", "wheeze", "both", "rhonchi", "stridor")},
    **{word: word for word in ("fine crackle", "coarse crackle", "bronchial", "poor quality")},
    **{word: word for word in ("crep", "cas", "das", "cas & das")},
    "crackles": "crackle",
    "fine crackles": "fine crackle",
    "crepitation": "crep",
    "coarse crackles": "coarse crackle",
    "crepitations": "crep",
    "wheezes": "wheeze",
    "wheezing": "wheeze",
    "rhonchus": "rhonchi",
}
# A word around one of these speaks of a sound in a way that only a person can read ("abnormal",
# "mild wheeze"): as a diagnosis it would make a healthy subject of a sick one, or the reverse.
_ABOUT_SOUNDS = (_NORMAL, "crackl", "wheez", "rhonch", "stridor", "crepit")
# Diagnoses that need no second look, as `_level` writes them.
# Jordan writes "plueral".
DIAGNOSES = frozenset(
    (
        *(_NORMAL, _HEALTHY, "asthma", "bronchiectasis", "bronchiolitis", "bronchitis", "copd"),
        *("covid", "covid 19", "croup", "cystic fibrosis", "emphysema", "heart failure", "ild"),
        *("interstitial lung disease", "laryngitis", "lrti", "lung cancer", "lung fibrosis"),
        *("pertussis", "pleural effusion", "plueral effusion", "pneumonia", "bronchopneumonia"),
        *("pneumonitis", "pneumothorax", "pulmonary edema", "pulmonary embolism", "urti"),
        *("pulmonary fibrosis", "pulmonary hypertension", "sarcoidosis", "silicosis"),
        "tuberculosis",
    )
)
# A word so near to a diagnosis is a misspelling ("pnuemonia"): as it stands it would make a
# healthy subject of a sick one.
_NEAR, _SHORTEST = 0.85, 4
_UNKNOWN = ("unknown", "unlabelled", "unlabeled", "na", "none")


class Labels(NamedTuple):
    """What a label set fills in; "" is unknown.

    Attributes
    ----------
    type : str
        Of the one event over the whole recording.
    diagnosis, record_label : str
        Columns of the recording.
    unclear : tuple of str
        Words that speak of sounds but are none of `SOUNDS`, and misspelt diagnoses.
    """

    type: str = ""
    diagnosis: str = ""
    record_label: str = ""
    unclear: tuple[str, ...] = ()


def read_labels(name: str) -> Labels | None:
    """Return what a folder's name means; None where it contradicts itself.

    Parameters
    ----------
    name : str
        Words joined by `+`; case does not matter, `_` is as good as a blank within a sound word.
    """
    words = [" ".join(part.split()) for part in name.split("+")]
    # A number is no label: such a folder is a date or a visit.
    words = [word for word in words if any(map(str.isalpha, word)) and _level(word) not in _UNKNOWN]
    sounds = list(dict.fromkeys(SOUNDS[_level(word)] for word in words if _level(word) in SOUNDS))
    others = [word for word in words if _level(word) not in SOUNDS]
    odd_sounds = [word for word in others if _is_about_sounds(word)]
    misspelt = [word for word in others if is_near_diagnosis(word) and word not in odd_sounds]
    unclear = (*odd_sounds, *misspelt)
    people = [word for word in others if word not in unclear]
    diseases = [word for word in people if _level(word) != _HEALTHY]
    healthy, whole = len(diseases) < len(people), "+".join(words)
    if (_NORMAL in sounds and len(sounds) > 1) or (healthy and diseases):
        return None
    if healthy and not sounds and not unclear:
        sounds = [_NORMAL]
    if sounds == [_NORMAL] and not others:
        people = [_NORMAL]
    kind = "+".join(sounds) if sounds and not odd_sounds else whole
    # Half of what a person has is no diagnosis: the other half may be pneumonia.
    return Labels(kind, "" if misspelt else " + ".join(people), whole, unclear)


@cache
def is_near_diagnosis(word: str) -> bool:
    """Say whether a word is a misspelt diagnosis: near one of `DIAGNOSES`, but none of them."""
    level = _level(word)
    if level in DIAGNOSES or len(level) < _SHORTEST:
        return False
    return any(
        SequenceMatcher(None, level, known).ratio() >= _NEAR
        for known in DIAGNOSES
        # "No pneumonia" is no misspelling.
        if level.count(" ") == known.count(" ")
    )


def unknown_diagnoses(words: Iterable[str]) -> list[str]:
    """Return the words of diagnoses joined by `+` that are none of `DIAGNOSES`."""
    parts = (part.strip() for word in words for part in word.split("+"))
    return [part for part in parts if part and _level(part) not in DIAGNOSES]


def _is_about_sounds(word: str) -> bool:
    return any(part in _level(word) for part in _ABOUT_SOUNDS)


def _level(word: str) -> str:
    return " ".join(word.replace("_", " ").replace("-", " ").casefold().split())
