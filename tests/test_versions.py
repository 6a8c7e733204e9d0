"""No change of what a stage computes without a new version: stale caches cannot happen."""

from __future__ import annotations

import json

from tools import versions


def test_every_stage_whose_sources_changed_has_a_new_version():
    changed = versions.unversioned()
    assert not changed, (
        f"{', '.join(changed)}: raise __version__ and run `python tools/versions.py --write`, or, "
        "if no output is altered, `python tools/versions.py --write --same-result`"
    )


def test_record_is_that_of_the_present_sources():
    assert json.loads(versions.RECORD.read_text()) == versions.present()


def test_comments_docstrings_and_blank_lines_do_not_count():
    plain = 'def f(x):\n    return x + 1\n\n\nTEXT = "# not a comment"\n'
    dressed = (
        '"""Module."""\n\n# why\ndef f(x):\n    """Doc\n\n    more."""\n'
        '    return x + 1  # one\n\nTEXT = "# not a comment"\n'
    )
    assert versions.code_of(dressed) == versions.code_of(plain)


def test_any_other_change_counts():
    assert versions.code_of("x = 1\n") != versions.code_of("x = 2\n")
    assert versions.code_of('x = "a"\n') != versions.code_of('x = "b"\n')


def test_every_module_of_a_stage_is_watched():
    rooms = ("audio", "clips", "datasets", "evaluation", "labels", "spectrograms", "splits")
    watched = set()
    for _, patterns in versions.STAGES.values():
        watched |= set(versions.sources_of(patterns))
    modules = {path for room in rooms for path in (versions.ROOT / "pipeline" / room).glob("*.py")}
    assert {path for path in modules if path.name != "__init__.py"} <= watched
