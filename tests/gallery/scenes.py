"""All scenes, in the order of the gallery."""

from __future__ import annotations

from typing import Final

from tests.gallery import scenes_dialogs, scenes_files, scenes_first, scenes_main, scenes_more, scenes_spaces
from tests.gallery.scene import Scene

__all__ = ["SCENES"]

SCENES: Final[tuple[Scene, ...]] = (
    *scenes_first.SCENES,
    *scenes_main.SCENES,
    *scenes_more.SCENES,
    *scenes_spaces.SCENES,
    *scenes_files.SCENES,
    *scenes_dialogs.SCENES,
)
