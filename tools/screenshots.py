"""Make screenshots/: the app's own screens as SVG, and as PNG where a Chromium is installed."""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

os.environ |= {"TZ": "UTC", "TERM": "xterm-256color", "COLORTERM": "truecolor"}
time.tzset()

from textual.pilot import Pilot  # noqa: E402

from chat_tui.config import AppOptions, Config  # noqa: E402
from chat_tui.screens.settings import SettingsScreen  # noqa: E402
from chat_tui.screens.themes import ThemesScreen  # noqa: E402
from chat_tui.themes import DARK, LIGHT  # noqa: E402
from chat_tui_core.accounts import DataFolder  # noqa: E402
from chat_tui_core.actions import Kind  # noqa: E402
from chat_tui_core.link import Link, LinkChanged  # noqa: E402
from chat_tui_core.model import EventKind, Member, Membership, Presence, Room, RoomEvent, RoomKind  # noqa: E402
from chat_tui_core.news import (  # noqa: E402
    Answered,
    Arrived,
    Echoed,
    LostAction,
    MembersListed,
    Postponed,
    PresenceSet,
    Reacted,
    RefusedAction,
    TypingSet,
    Written,
)
from tests.core.file_play import FileBackend  # noqa: E402
from tests.tui.stage import Stage  # noqa: E402
from tools import file_scenes, generated  # noqa: E402

FOLDER: Final = generated.ROOT / "screenshots"
SIZES: Final = ((80, 24), (120, 40), (200, 60))
THEMES: Final = (DARK, LIGHT)
MONDAY: Final = 1_794_816_000_000  # 2026-11-16 08:00 UTC
MINUTE: Final = 60_000

ME: Final = "sam"
PEOPLE: Final = ("ada", "bruno", "chioma", "hana", "ivo", "mei")
ROOMS: Final = (
    Room("general", topic="Everything that concerns everybody", members=7, head=40, read=40),
    Room("dev", topic="Code, reviews, releases", members=5, head=9, unread=3, mentions=1),
    Room("help", topic="Nobody was born knowing it", members=6, head=4, unread=12),
    Room("music", topic="What are you listening to?", members=4, head=7),
    Room("@ada+sam", name="ada", kind=RoomKind.DIRECT, members=2, head=5),
    Room("garden", topic="Tomatoes, mostly", members=3, membership=Membership.INVITED),
    Room("book-club", topic="This month: Momo", members=9, membership=Membership.NONE),
)
LAST: Final = {
    "dev": (1655, "ivo", "sam: could you look at the timeline patch?"),
    "help": (1640, "hana", "how do I make a room private?"),
    "music": (-300, "chioma", "listening to rain on the roof"),
    "@ada+sam": (1500, "ada", "see you at four"),
}
TALK: Final = (
    (-1500, "hana", "I am off, see you on Monday 👋"),
    (-1499, "ivo", "bye hana"),
    (1440, "bruno", "good morning! did the night build pass?"),
    (1441, "chioma", "it did. 312 tests, 9 minutes, no red at all"),
    (1441, "chioma", "first time this month"),
    (
        1444,
        "ivo",
        "I would like to claim that was me, but it was the cache:\n```python\nkey = (event.id, width, theme)\n```",
    ),
    (
        1452,
        "mei",
        "J’ai mis les photos du voyage dans #music — and a few from the garden, see https://photos.example/mei/autumn",
    ),
    (1453, "ada", "these are *lovely*. `_autumn_03` is my new wallpaper"),
    (1630, "hana", "who has the release notes? I can only find last week's"),
    (1631, "sam", "I have them. Give me ten minutes, I want to say something kind about the old parser"),
    (1633, "hana", "take your time"),
    (1640, "bruno", "it did its best"),
)
UNREAD: Final = (
    (1652, "ivo", "sam: the draft reads well. One thing: “never reordered” deserves its own line"),
    (1653, "chioma", "and a picture"),
)


class Scene(Stage):
    """The app of somebody called Sam, at a fixed time."""

    ME = ME
    ACCOUNT = "home"

    def open(self) -> None:
        """Use a server that carries files."""
        if not isinstance(self.backend, FileBackend):
            self.backend = FileBackend()
        super().open()


def _event(
    order: int, minute: int, sender: str, text: str, *, room_id: str = "general", action_id: int = 0
) -> RoomEvent:
    at = MONDAY + minute * MINUTE
    return RoomEvent(room_id, f"{room_id}{order}", order, EventKind.MESSAGE, sender, at, text, action_id=action_id)


async def _talk(stage: Stage) -> None:
    await stage.online(*ROOMS)
    for room_id, (minute, sender, text) in LAST.items():
        await stage.news(Arrived(room_id, (_event(9, minute, sender, text, room_id=room_id),), live=False))
    lines = tuple(_event(order, *line) for order, line in enumerate(TALK, 41 - len(TALK)))
    await stage.news(Arrived("general", lines, live=False))
    members = tuple(Member(name) for name in (*PEOPLE, ME))
    states = (Presence.ONLINE, Presence.ONLINE, Presence.IDLE, Presence.ONLINE, Presence.OFFLINE, Presence.IDLE)
    await stage.news(
        MembersListed("general", members),
        *(PresenceSet(name, state) for name, state in zip(PEOPLE, states, strict=True)),
        Reacted("general", lines[3].event_id, lines[3].order, "ada", "🎉"),
        Reacted("general", lines[3].event_id, lines[3].order, "hana", "🎉"),
    )


async def _chat(stage: Stage) -> None:
    await _talk(stage)
    await stage.news(Arrived("general", tuple(_event(o, *line) for o, line in enumerate(UNREAD, 41))))
    stage.main.open_room("general")
    action = await stage.session.send("general", "You are right. Done, with a picture")
    await stage.news(Written(action.id))
    stage.clock += 84
    await stage.news(
        Answered(action.id, "general43", 43),
        Arrived("general", (_event(43, 1655, ME, action.text, action_id=action.id),)),
        Echoed(action.id, "general43", 43),
        TypingSet("general", ("chioma",)),
    )
    sent = await stage.session.send("general", "Shall we ship it today?")
    await stage.news(Written(sent.id), Answered(sent.id, "general44", 44))
    await stage.session.send("general", "I could do the announcement, too")


async def _offline(stage: Stage) -> None:
    await _talk(stage)
    stage.main.open_room("general")
    reason = LinkChanged(Link.WAITING, "the server does not answer", time.monotonic() + 7.5, 3)
    await stage.news(reason)
    for text in ("Written in a tunnel", "and kept until there is a network again"):
        await stage.session.send("general", text)


async def _refused(stage: Stage) -> None:
    await _talk(stage)
    stage.main.open_room("general")
    action = await stage.session.send("general", "An announcement for everybody")
    await stage.session.send("general", "and what comes after it")
    await stage.news(Written(action.id), RefusedAction(action.id, "NOPERM", "Only moderators may speak here."))


async def _outbox(stage: Stage) -> None:
    await _refused(stage)
    await stage.session.perform(Kind.JOIN, "book-club")
    await stage.pilot.press("f2")


async def _outbox_full(stage: Stage) -> None:
    """One of everything that an action can wait for."""
    await _chat(stage)
    send, perform = stage.session.send, stage.session.perform
    refused = await send("dev", "Release 0.4 goes out at noon, unless somebody objects")
    await stage.news(Written(refused.id), RefusedAction(refused.id, "NOPERM", "Only moderators may speak here."))
    await send("dev", "and here are the notes for it")
    await perform(Kind.REACT, "dev", target="dev9", target_order=9, key="👍")
    doubt = await send("help", "You make a room private with /create NAME --private")
    await stage.news(Written(doubt.id), LostAction(doubt.id))
    later = await send("music", "Rain again? Try the Köln Concert")
    await stage.news(Written(later.id), Postponed(later.id, 12, "RATELIMIT", "too many messages"))
    question = await send("@ada+sam", "See you at four, then")
    await perform(Kind.EDIT, "@ada+sam", target_action=question.id, text="See you at five, then")
    await send("general", "Good morning, all. The new build is up", at_ms=stage.clock + 15 * 3_600_000)
    await perform(Kind.JOIN, "book-club")


async def _scheduled(stage: Stage) -> None:
    """What is said later, what can still be taken back, what was put off and what is asked about a waiting line."""
    await _talk(stage)
    stage.main.open_room("general")
    first = await stage.session.send("general", "I have the notes here, they read well")
    await stage.news(Written(first.id), Postponed(first.id, 4, "RATELIMIT", "too many messages"))
    await stage.session.perform(Kind.REACT, "general", target_action=first.id, key="🎉")
    await stage.session.send("general", "checks the old parser once more", kind="emote")
    await stage.session.send("general", "Happy December!", at_ms=stage.clock + 16 * 24 * 3_600_000)
    await stage.session.send("general", "The notes go out in two minutes", at_ms=stage.clock + 130 * MINUTE)
    await stage.type("/at 18:30 ")


async def _undo(stage: Stage) -> None:
    await _talk(stage)
    stage.main.open_room("general")
    stage.session.undo_seconds = 5
    await stage.session.send("general", "Shall we ship it today?")


async def _banner(stage: Stage) -> None:
    """Something invisible holds messages back."""
    await _talk(stage)
    stage.main.open_room("general")
    topic = await stage.session.perform(Kind.TOPIC, "general", topic="Release day")
    await stage.news(Written(topic.id), Postponed(topic.id, 40, "RATELIMIT", "too many changes in a short time"))
    for text in ("It is done", "Thanks to everybody"):
        await stage.session.send("general", text)


async def _moving(stage: Stage) -> None:
    """Files on their way, one of each kind of standing."""
    await _talk(stage)
    stage.main.open_room("general")
    await file_scenes.moving(stage, ME)


async def _pictured(stage: Stage) -> None:
    """Pictures among the messages."""
    await _talk(stage)
    stage.main.open_room("general")
    await file_scenes.pictured(stage)


async def _picking(stage: Stage) -> None:
    """A folder of pictures, two of them marked."""
    await _talk(stage)
    stage.main.open_room("general")
    await file_scenes.picking(stage)


async def _stats(stage: Stage) -> None:
    await _chat(stage)
    await stage.type("/stats")
    await stage.pilot.press("enter")


def _then(scene: Callable[[Stage], Awaitable[None]], *keys: str) -> Callable[[Stage], Awaitable[None]]:
    async def play(stage: Stage) -> None:
        await scene(stage)
        await stage.pilot.press(*keys)

    return play


async def _nothing(stage: Stage) -> None:
    await stage.online()


async def _settings(stage: Stage) -> None:
    await _chat(stage)
    stage.app.options = replace(stage.app.options, file=Path("~/.config/chat-tui/config.toml"))
    await stage.app.push_screen(SettingsScreen())
    await stage.pilot.pause()


async def _themes(stage: Stage) -> None:
    await _chat(stage)
    await stage.app.push_screen(ThemesScreen())
    await stage.pilot.pause()


SCENES: Final[dict[str, Callable[[Stage], Awaitable[None]]]] = {
    "chat": _chat,
    "home": _talk,
    "offline": _offline,
    "refused": _refused,
    "outbox": _outbox,
    "outbox-full": _then(_outbox_full, "f2", "down", "down"),
    "outbox-empty": _then(_talk, "f2"),
    "banner": _banner,
    "scheduled": _scheduled,
    "undo": _undo,
    "files": _moving,
    "files-list": _then(_moving, "f3"),
    "files-dialog": _picking,
    "pictures": _pictured,
    "stats": _stats,
    "switcher": _then(_chat, "ctrl+k", "e"),
    "help": _then(_chat, "f1"),
    "settings": _then(_settings, "down", "down"),
    "themes": _then(_themes, "down"),
    "empty": _nothing,
}


async def _show(scene: str, size: tuple[int, int], theme: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        stage = Scene(Path(folder) / "chat.db", Config(theme=theme))
        stage.clock = MONDAY + 1656 * MINUTE
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
