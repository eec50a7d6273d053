"""In a language whose words are longer nothing is cut or overlapped either; the pictures are not stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chat_tui import strings
from tests.gallery.playing import play
from tests.gallery.scenes import SCENES

NAMES = ("welcome", "login", "refused", "outbox", "transfers", "search", "help", "settings", "scheduled", "accounts")


@pytest.fixture
def german() -> Iterator[None]:
    strings.use("de")
    yield
    strings.use(strings.ENGLISH)


@pytest.mark.parametrize("name", NAMES)
async def test_a_scene_keeps_the_rules_in_german(name: str, german: None, tmp_path: Path) -> None:
    scene = next(scene for scene in SCENES if scene.name == name)
    played = await play(replace(scene, shows=()), tmp_path)
    assert not played.faults, "\n".join(dict.fromkeys(played.faults))
