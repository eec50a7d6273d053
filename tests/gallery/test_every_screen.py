"""The gallery has every screen of the app, and every scene a stored picture; the rules find what they are for."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.pilot import Pilot
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

import chat_tui.screens
from chat_tui.widgets.text_line import TextLine
from tests.gallery.colours import contrast, is_faded
from tests.gallery.picture import Look, picture_of, still
from tests.gallery.rules import LONG_START, broken
from tests.gallery.scenes import SCENES
from tests.gallery.stored import FOLDER

UNSEEN = frozenset({"ListScreen"})
"""Classes that other screens are made of."""


def screens() -> set[str]:
    """The names of the app's screens."""
    found = set()
    for module in pkgutil.iter_modules(chat_tui.screens.__path__):
        loaded = importlib.import_module(f"chat_tui.screens.{module.name}")
        for name, value in vars(loaded).items():
            own = isinstance(value, type) and value.__module__ == loaded.__name__
            if own and issubclass(value, Screen) and name.endswith("Screen"):
                found.add(name)
    return found


def test_every_screen_has_a_scene() -> None:
    assert screens() - {scene.screen for scene in SCENES} - UNSEEN == set()


def test_every_scene_has_a_stored_picture_and_nothing_else_is_stored() -> None:
    names = Counter(scene.name for scene in SCENES)
    assert [name for name, count in names.items() if count > 1] == []
    assert {path.stem for path in FOLDER.iterdir()} == set(names)


@pytest.mark.parametrize(
    ("look", "low", "high"),
    [
        (Look("#ffffff", "#000000", ""), 20.9, 21.1),
        (Look("#777777", "#ffffff", ""), 4.4, 4.5),
        (Look("#ffffff", "#ffffff", ""), 1.0, 1.0),
        (Look("#ffffff", "#000000", "dim"), 5.2, 5.4),
    ],
)
def test_contrast_is_that_of_wcag(look: Look, low: float, high: float) -> None:
    assert low <= contrast(look) <= high


def test_faded_is_what_lies_between_text_and_ground() -> None:
    assert is_faded(Look("#808080", "#000000", ""), "#d6dae2")
    assert not is_faded(Look("#d6dae2", "#000000", ""), "#d6dae2")
    assert not is_faded(Look("#e8787a", "#000000", ""), "#d6dae2")


class Ugly(ModalScreen[None]):
    """Does what the rules forbid."""

    DEFAULT_CSS = """
    Ugly { align: center middle; }
    Ugly > Vertical { width: 30; height: 8; background: #101010; }
    Ugly Static { height: 1; }
    Ugly #wide { width: 40; }
    Ugly #over { offset: 0 -1; }
    Ugly #pale { color: #303030; }
    """

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static("a text that goes on for longer than there is room for it", id="long")
            yield Static("wide", id="wide")
            yield Static("over", id="over")
            yield Static("pale", id="pale")
            yield Static(f"{LONG_START} name", id="cut")
            yield TextLine(id="line")


@pytest.fixture
async def ugly() -> AsyncIterator[Pilot[Any]]:
    app: App[None] = App()
    async with app.run_test(size=(60, 20)) as pilot:
        await app.push_screen(Ugly())
        app.screen.query_one(TextLine).show([("left", "")], [("x" * 40, "")])
        await still(pilot)
        yield pilot


@pytest.mark.parametrize(
    ("fault", "about"),
    [
        ("is not inside", "id='wide'"),
        ("overlaps", "id='over'"),
        ("needs 2 lines and has 1", "id='long'"),
        ("leaves out", "id='line'"),
        ("cut without an ellipsis", LONG_START),
        ("has a contrast of", "'pale'"),
    ],
)
async def test_the_rules_find_what_they_are_for(ugly: Pilot[Any], fault: str, about: str) -> None:
    found = broken(ugly.app, picture_of(ugly.app))
    assert any(fault in sentence and about in sentence for sentence in found), found
