"""Make screenshots/: the app's own screens as SVG, and as PNG where a Chromium is installed."""

from __future__ import annotations

import argparse
import asyncio
import re
import shutil
import subprocess
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from textual.pilot import Pilot

from chat_tui.config import AppOptions, Config
from chat_tui.screens.settings import SettingsScreen
from chat_tui.screens.themes import ThemesScreen
from chat_tui.themes import DARK, LIGHT
from chat_tui_core.accounts import DataFolder
from chat_tui_core.actions import Kind
from tests.gallery.fixed import fixed_surroundings
from tests.gallery.scene import SIZES
from tests.gallery.scenes_main import banner, scheduled, undo
from tests.gallery.world import ME, Sam, chat, general, offline, one_of_each, refused, talk
from tools import file_scenes, generated

FOLDER: Final = generated.ROOT / "screenshots"
THEMES: Final = (DARK, LIGHT)


async def _outbox(stage: Sam) -> None:
    await refused(stage)
    await stage.session.perform(Kind.JOIN, "book-club")
    await stage.pilot.press("f2")


async def _moving(stage: Sam) -> None:
    """Files on their way, one of each kind of standing."""
    await general(stage)
    await file_scenes.moving(stage, ME)


async def _pictured(stage: Sam) -> None:
    """Pictures among the messages."""
    await general(stage)
    await file_scenes.pictured(stage)


async def _picking(stage: Sam) -> None:
    """A folder of pictures, two of them marked."""
    await general(stage)
    await file_scenes.picking(stage)


async def _stats(stage: Sam) -> None:
    await chat(stage)
    await stage.type("/stats")
    await stage.pilot.press("enter")


def _then(scene: Callable[[Sam], Awaitable[None]], *keys: str) -> Callable[[Sam], Awaitable[None]]:
    async def play(stage: Sam) -> None:
        await scene(stage)
        await stage.pilot.press(*keys)

    return play


async def _nothing(stage: Sam) -> None:
    await stage.online()


async def _settings(stage: Sam) -> None:
    await chat(stage)
    stage.app.options = replace(stage.app.options, file=Path("~/.config/chat-tui/config.toml"))
    await stage.app.push_screen(SettingsScreen())
    await stage.pilot.pause()


async def _themes(stage: Sam) -> None:
    await chat(stage)
    await stage.app.push_screen(ThemesScreen())
    await stage.pilot.pause()


SCENES: Final[dict[str, Callable[[Sam], Awaitable[None]]]] = {
    "chat": chat,
    "home": talk,
    "offline": offline,
    "refused": refused,
    "outbox": _outbox,
    "outbox-full": _then(one_of_each, "f2", "down", "down"),
    "outbox-empty": _then(talk, "f2"),
    "banner": banner,
    "scheduled": scheduled,
    "undo": undo,
    "files": _moving,
    "files-list": _then(_moving, "f3"),
    "files-dialog": _picking,
    "pictures": _pictured,
    "stats": _stats,
    "switcher": _then(chat, "ctrl+k", "e"),
    "help": _then(chat, "f1"),
    "settings": _then(_settings, "down", "down"),
    "themes": _then(_themes, "down"),
    "empty": _nothing,
}


async def _show(scene: str, size: tuple[int, int], theme: str) -> str:
    with tempfile.TemporaryDirectory() as folder, fixed_surroundings(Path(folder) / "home"):
        stage = Sam(Path(folder) / "chat.db", Config(theme=theme))
        async with stage.show(size) as shown:
            shown.hold_clock()
            await SCENES[scene](shown)
            await shown.settle()
            return await _picture(shown.pilot)


async def _welcome(size: tuple[int, int], theme: str) -> str:
    from chat_tui.app import ChatApp

    with tempfile.TemporaryDirectory() as folder:
        app = ChatApp(AppOptions(DataFolder(Path(folder)), Config(theme=theme)))
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            return await _picture(pilot)


async def _picture(pilot: Pilot[int]) -> str:
    await pilot.pause(0.2)
    svg = pilot.app.export_screenshot(title="chat-tui", simplify=True)
    svg = re.sub(r"@font-face\s*{[^}]*}", "", svg)  # no font from elsewhere: the viewer's own monospace will do
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = svg.replace("Fira Code", "DejaVu Sans Mono")
    return "\n".join(line.rstrip() for line in svg.splitlines() if line.strip()) + "\n"


def _to_png(chromium: str, svg: Path) -> None:
    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg.read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(f"{svg} has no size")
    width, height = (round(float(number)) for number in found.groups())
    with tempfile.TemporaryDirectory() as profile:
        command = [chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"]
        command += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
        command += [f"--user-data-dir={profile}", f"--window-size={width},{height}"]
        command += [f"--screenshot={svg.with_suffix('.png')}", svg.as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=120)


def main() -> None:
    """Make all screens, or those that are named."""
    parser = argparse.ArgumentParser(description="Make screenshots/ from the app itself.")
    parser.add_argument("scenes", nargs="*", help=f"which ones (default all): welcome, {', '.join(SCENES)}")
    parser.add_argument("--no-png", action="store_true", help="only SVG")
    options = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    chromium = None if options.no_png else shutil.which("chromium") or shutil.which("chromium-browser")
    for scene in options.scenes or ["welcome", *SCENES]:
        for size in SIZES:
            for theme in THEMES:
                target = FOLDER / f"{scene}-{size[0]}x{size[1]}-{'dark' if theme.dark else 'light'}.svg"
                made = _welcome(size, theme.name) if scene == "welcome" else _show(scene, size, theme.name)
                target.write_text(asyncio.run(made), encoding="utf-8")
                if chromium:
                    _to_png(chromium, target)
                print(target.relative_to(generated.ROOT))


if __name__ == "__main__":
    main()
