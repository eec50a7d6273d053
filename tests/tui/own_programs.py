"""Look at programs that own commands have begun: what they wrote, and whether they are gone."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Final

LOOKS: Final = 3_000
PAUSE: Final = 0.01


async def written(path: Path) -> str:
    """What a program has written into a file, once that is a whole line."""
    for _ in range(LOOKS):
        text = path.read_text() if path.exists() else ""
        if text.endswith("\n"):
            return text
        await asyncio.sleep(PAUSE)
    raise AssertionError(f"{path.name} was not written")


async def gone(number: int) -> bool:
    """Whether a process ends soon; one that nobody has waited for yet counts as gone."""
    for _ in range(LOOKS):
        if not _lives(number):
            return True
        await asyncio.sleep(PAUSE)
    return False


def _lives(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{number}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"
