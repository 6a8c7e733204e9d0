"""What pytest.raises is, where there is no pytest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def error_of(kind: type[Exception], function: Callable[..., Any], *arguments: Any) -> str:
    """Return the message of the error of `kind` that `function` ends with."""
    try:
        function(*arguments)
    except kind as error:
        return str(error)
    raise AssertionError(f"no {kind.__name__}")
