"""What a folder's name says of the recordings in it: sound words, diagnosis words, or both."""

from __future__ import annotations

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
_UNKNOWN = ("unknown", "unlabelled", "unlabeled", "na", "none")


class Labels(NamedTuple):
    """What a label set fills in; "" is unknown.

    Attributes
    ----------
    type : str
        Of the one event over the whole recording.
    diagnosis, record_label : str
        Columns of the recording.
    unclear : bool
        A word speaks of sounds, but is none of `SOUNDS`.
    """

    type: str = ""
    diagnosis: str = ""
    record_label: str = ""
    unclear: bool = False


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
    people = [word for word in others if not _is_about_sounds(word)]
    diseases = [word for word in people if _level(word) != _HEALTHY]
    healthy, whole, unclear = len(diseases) < len(people), "+".join(words), people != others
    if (_NORMAL in sounds and len(sounds) > 1) or (healthy and diseases):
        return None
    if healthy and not sounds and not unclear:
        sounds = [_NORMAL]
    if sounds == [_NORMAL] and not others:
        people = [_NORMAL]
    kind = "+".join(sounds) if sounds and not unclear else whole
    return Labels(kind, " + ".join(people), whole, unclear)


def _is_about_sounds(word: str) -> bool:
    return any(part in _level(word) for part in _ABOUT_SOUNDS)


def _level(word: str) -> str:
    return " ".join(word.replace("_", " ").replace("-", " ").casefold().split())
