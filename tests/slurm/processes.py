"""What the processes of jobs look like from outside."""

from __future__ import annotations

import os
from pathlib import Path


def environment_of(run_dir: Path) -> str:
    """Return the variables of the process that trains in a run directory."""
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                words = Path(entry.path, "cmdline").read_bytes()
                if str(run_dir).encode() in words and b"train" in words:
                    return Path(entry.path, "environ").read_bytes().decode(errors="replace")
            except OSError:
                continue
    return ""
