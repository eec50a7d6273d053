"""Play a scene once: its pictures at all sizes in both themes, and what is wrong with them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

from textual.app import App
from textual.pilot import Pilot

from chat_tui.themes import DARK, LIGHT
from tests.gallery.fixed import fixed_surroundings
from tests.gallery.picture import TIMES, Picture, own_cells, still
from tests.gallery.rules import broken
from tests.gallery.scene import SIZES, Scene

__all__ = ["Played", "play"]

THEMES: Final = (DARK, LIGHT)


class Played:
    """What came of a scene: `shots` to be stored, `faults` as sentences."""

    def __init__(self) -> None:
        self.shots: dict[tuple[int, int], tuple[Picture, Picture]] = {}
        self.faults: list[str] = []


async def play(scene: Scene, folder: Path, times: int = TIMES) -> Played:
    """Bring the scene about in a folder of its own and take it at all sizes in both themes, once it stays the same."""
    played = Played()
    with fixed_surroundings(folder / "home"):
        async with scene.opens(folder) as pilot:
            name = type(pilot.app.screen).__name__
            if name != scene.screen:
                played.faults.append(f"{name} is in front, and not {scene.screen}")
            async for size, pictures in _all_sizes(scene, pilot, played.faults, times):
                played.shots[size] = pictures
            await _check_focus(pilot, played.faults)
    return played


async def _all_sizes(
    scene: Scene, pilot: Pilot[Any], faults: list[str], times: int
) -> AsyncIterator[tuple[tuple[int, int], tuple[Picture, Picture]]]:
    for size in SIZES:
        if size != pilot.app.size:
            await pilot.resize_terminal(*size)
        taken = []
        for theme in THEMES:
            pilot.app.theme = theme.name
            await pilot.pause()
            pilot.app.stylesheet.update(pilot.app.screen)  # the command palette does not follow the app's theme
            whole = await still(pilot, times)
            where = f"{size[0]}x{size[1]} {'dark' if theme.dark else 'light'}"
            taken.append(_taken(scene, pilot.app, whole, faults, where))
        yield size, (taken[0], taken[1])


def _taken(scene: Scene, app: App[Any], whole: Picture, faults: list[str], where: str) -> Picture:
    shown = whole.behind(own_cells(app.screen))
    said = "\n".join(shown.lines)
    faults += [f"{where}: {fault}" for fault in broken(app, shown)]
    faults += [f"{where}: {text!r} is not to be seen" for text in scene.shows if text not in said]
    return whole if scene.whole else shown


async def _check_focus(pilot: Pilot[Any], faults: list[str]) -> None:
    """Where something else could have the focus, one sees which has it."""
    screen = pilot.app.screen
    focused = screen.focused
    others = [one for one in screen.focus_chain if one is not focused]
    if focused is None or not others:
        return
    before = await still(pilot)
    screen.set_focus(others[0])
    if await still(pilot) == before:
        faults.append(f"one does not see that {focused!r} has the focus")
    screen.set_focus(focused)
