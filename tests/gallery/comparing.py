"""Compare a scene with its stored picture; `python3 dev.py snapshots` stores what is shown instead."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.gallery.playing import play
from tests.gallery.scene import Scene
from tests.gallery.stored import FOLDER, diff, told

__all__ = ["check"]

PATIENT: Final = 60
"""So many times in a row the same must be shown."""


async def check(scene: Scene, folder: Path) -> None:
    """Play a scene: nothing is wrong with it, and it looks as it is stored."""
    path = FOLDER / f"{scene.name}.txt"
    stored = path.read_text(encoding="utf-8") if path.is_file() else ""
    played = await play(scene, folder / "1")
    if stored != told(played.shots):
        played = await play(scene, folder / "2", PATIENT)  # on a loaded machine a part of it may come late
    assert not played.faults, "\n".join([f"{scene.name}:", *dict.fromkeys(played.faults)])
    shown = told(played.shots)
    if stored != shown:
        raise AssertionError(
            f"{scene.name} looks different; where that is meant: python3 dev.py snapshots {scene.name}\n"
            + diff(stored, shown)
        )
