"""Every picture of scenes_spaces.py: as it is stored, and in line with the rules, at all sizes in both themes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gallery.comparing import check
from tests.gallery.scene import Scene
from tests.gallery.scenes_spaces import SCENES


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
async def test_a_scene_looks_as_it_should(scene: Scene, tmp_path: Path) -> None:
    await check(scene, tmp_path)
