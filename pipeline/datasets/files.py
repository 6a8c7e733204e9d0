"""Finding a data set's recordings and annotation files by name, and reading small text files."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from pipeline.datasets.description import KEPT, Row, exclusion

AUDIO_SUFFIXES = (".wav", ".flac")
#: Reason in `excluded.csv`.
FORMAT_NOT_READ = "format not read"
# Other audio is listed as left out: a folder of .mp3 must not look like an empty one.
_OTHER_AUDIO_SUFFIXES = (".mp3", ".ogg", ".m4a", ".aac", ".aif", ".aiff", ".wma", ".opus")


class Unusable(ValueError):
    """One annotation cannot be used; adapters list it and go on.

    Parameters
    ----------
    reason, detail : str
        As the columns of excluded.csv: a few fixed words, and what was found.
    """

    def __init__(self, reason: str, detail: str = ""):
        self.reason, self.detail = reason, detail
        super().__init__(f"{reason}: {detail}")


def suffix(path: str) -> str:
    """Return the suffix of a posix path in lower case, with its dot."""
    return PurePosixPath(path).suffix.lower()


def stem(path: str) -> str:
    """Return a file's name without its last suffix."""
    return PurePosixPath(path).stem


def is_recording(path: str) -> bool:
    """Say whether a path names a recording that can be read."""
    return suffix(path) in AUDIO_SUFFIXES


def as_it_is(name: str) -> str:
    """Return the name: the data set spells every name in one way."""
    return name


def find_recordings(
    dataset: str,
    files: Iterable[str],
    pattern: re.Pattern[str],
    name_of: Callable[[str], str] = stem,
    level: Callable[[str], str] = as_it_is,
    wanted: str = "",
) -> tuple[dict[str, re.Match[str]], list[Row]]:
    """Return {path: match of its name with `pattern`} and the rows of what was left out.

    Of several recordings of one name a .wav goes before a .flac, then the nearest to the top.

    Parameters
    ----------
    name_of : callable
        Path -> the recording's name.
    level : callable
        Name -> what all spellings of the name have in common.
    wanted : str
        What a name has to hold, for the rows of those that do not match.
    """
    found: dict[str, re.Match[str]] = {}
    chosen: dict[str, str] = {}
    excluded = []
    for path in sorted(files, key=lambda each: (suffix(each) != ".wav", each.count("/"), each)):
        name = name_of(path)
        if suffix(path) in _OTHER_AUDIO_SUFFIXES:
            detail = f"only {' and '.join(AUDIO_SUFFIXES)} are read"
            excluded.append(exclusion(path, "", "recording", FORMAT_NOT_READ, detail))
        elif not is_recording(path):
            continue
        # A path that no .csv can hold could not be found again by the next stage.
        elif not _is_text(path):
            excluded.append(exclusion(path, "", "recording", "name is not UTF-8"))
        elif not (match := pattern.fullmatch(name)):
            excluded.append(exclusion(path, "", "recording", "name not understood", wanted))
        elif (key := level(name)) in chosen:
            row = (path, f"{dataset}/{name}", "recording", "duplicate name")
            excluded.append(exclusion(*row, f"{chosen[key]} is used"))
        else:
            chosen[key], found[path] = path, match
    return dict(sorted(found.items())), excluded


def _is_text(path: str) -> bool:
    try:
        return bool(path.encode("utf-8"))
    except UnicodeEncodeError:
        return False


class AnnotationFiles:
    """The annotation files of a data set, to be found by a recording's path.

    Parameters
    ----------
    folder : Path
    files : iterable of str
        Posix paths relative to `folder`; only those that end in `ending` count.
    level : callable
        Stem -> what a recording's stem and that of its annotation have in common.
    """

    def __init__(
        self,
        folder: Path,
        files: Iterable[str],
        ending: str,
        level: Callable[[str], str] = as_it_is,
    ):
        self._folder, self._level = folder, level
        self._paths: dict[str, list[str]] = defaultdict(list)
        for path in files:
            if suffix(path) == ending:
                self._paths[level(stem(path))].append(path)

    def orphans(self, recordings: Iterable[str], pattern: re.Pattern[str]) -> list[Row]:
        """Return one row for all annotations whose recording is not on disk, or none.

        Only levelled stems that match `pattern` count: other files of the same suffix are no
        annotations.
        """
        on_disk = {self._level(stem(path)) for path in recordings}
        missing = [
            paths[0]
            for name, paths in self._paths.items()
            if name not in on_disk and pattern.fullmatch(name)
        ]
        if not missing:
            return []
        counts = sorted(Counter(str(PurePosixPath(path).parent) for path in missing).items())
        detail = "annotation files: " + ", ".join(f"{n} in {parent}" for parent, n in counts)
        return [exclusion("", "", "metadata", "recording not on disk", detail, KEPT)]

    def read(self, recording: str) -> tuple[str, str]:
        """Return path and text of a recording's annotation: beside it, else anywhere below.

        Raises
        ------
        Unusable
            There is none, it cannot be read, or several differ and none lies beside it.
        """
        paths = self._paths.get(self._level(stem(recording)), [])
        folder = PurePosixPath(recording).parent
        candidates = [path for path in paths if PurePosixPath(path).parent == folder] or paths
        if not candidates:
            raise Unusable("annotation missing", "no annotation file of the recording's name")
        texts = {path: read_text(self._folder / path) for path in candidates}
        if len(set(texts.values())) > 1:
            raise Unusable("annotation ambiguous", f"{' and '.join(candidates)} differ")
        return next(iter(texts.items()))


def read_text(path: Path) -> str:
    """Return a small text file's content; ASCII or UTF-8, with or without byte-order mark.

    Raises
    ------
    Unusable
        It cannot be opened, or is no text.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise Unusable("file unreadable", f"{path.name}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Unusable("file is no text", f"{path.name} is not UTF-8") from error
