"""Labels of commands that are no actions: numbers that no action id ever reaches."""

from __future__ import annotations

from itertools import count
from typing import Final

FIRST_LABEL: Final = 1 << 52
"""Ids from here on label what is asked; every id below is an action's."""


class Labels:
    """Ids that name a command and its answer."""

    def __init__(self) -> None:
        self._count = count(FIRST_LABEL)

    def next(self) -> int:
        """Give a label that was not given before."""
        return next(self._count)
