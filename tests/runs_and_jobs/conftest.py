"""Luigi in this process, on rooms in a temporary folder."""

from tests.tasks.conftest import rooms

__all__ = ["rooms"]
