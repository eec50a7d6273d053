"""Have Textual look at the parameters of a callback once, and not again for every message and every drawing."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from types import CodeType
from typing import Any, Final

__all__ = ["count_once"]

_counts: Final[dict[tuple[CodeType, bool], int]] = {}
"""By a function's code, and whether it is bound to an object: how many parameters it takes."""


def count_once() -> None:
    """Take effect; Textual wraps what it is to call later anew each time, and so forgets what it knew of it."""
    from textual import _callback

    _callback._count_parameters = _count  # noqa: SLF001 - there is no other way in


def _count(func: Callable[..., Any]) -> int:
    """Give the number of parameters of a callable, as Textual counts them."""
    plain = getattr(func, "__func__", func)
    code = getattr(plain, "__code__", None)
    if code is None or hasattr(plain, "__wrapped__") or hasattr(plain, "__signature__"):
        return len(signature(func).parameters)
    key = code, plain is not func
    count = _counts.get(key)
    if count is None:
        count = _counts[key] = len(signature(func).parameters)
    return count
