"""The app on a scripted server: settings are shown and changed, themes looked at, notices told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from textual.events import AppBlur

from chat_tui import config
from chat_tui.commands import Call, read_line
from chat_tui.config import Config
from chat_tui.notices import Notice
from chat_tui.screens.settings import Settings, SettingsScreen
from chat_tui.screens.themes import ThemesScreen
from chat_tui.settings import SETTINGS
from chat_tui.widgets.message_look import tell_by
from chat_tui_core.errors import LocalError
from chat_tui_core.model import Membership, Room, RoomKind
from chat_tui_core.news import Arrived, RoomChanged
from tests.core.scripted import said
from tests.tui.stage import ROOMS, Stage


class Kept(Stage):
    """The app with a configuration file of its own, and a desktop that only remembers."""

    def __init__(self, folder: Path, config: Config | None = None) -> None:
        super().__init__(folder / "chat.db", config)
        self.file = folder / "config.toml"
        self.app.options = replace(self.app.options, file=self.file)
        self.told: list[Notice] = []

    async def away(self) -> None:
        """Come online, and look elsewhere; what is told from now on is remembered."""
        await self.rooms(*ROOMS, Room("@ann+me", name="ann", kind=RoomKind.DIRECT, members=2))
        await self.pilot.press("enter")
        self.main.notifying._shown_on().show = self.told.extend  # type: ignore[method-assign, assignment]
        self.main.notifying.minute = lambda: 12 * 60
        self.app.post_message(AppBlur())
        await self.pilot.pause()

    async def command(self, line: str) -> None:
        """Type a command."""
        self.main.set_focus(self.main.composer)
        self.main.composer.insert(line)
        await self.pilot.press("enter")
        await self.finish()

    async def does(self, line: str) -> None:
        """Have a command done, without the keys."""
        typed = read_line(line)
        assert isinstance(typed, Call)
        await self.main.doing.call(typed)

    async def finish(self) -> None:
        """Wait for what was begun."""
        await self.app.workers.wait_for_complete()
        await self.settle()


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Kept]:
    stage = Kept(tmp_path)
    async with stage.show():
        yield stage
    tell_by("24h")


async def test_who_looks_elsewhere_is_told_of_mentions_and_direct_chats(stage: Kept) -> None:
    await stage.away()
    await stage.lines("general", 4, 5)
    assert stage.told == []
    await stage.news(Arrived("general", (said(6, "me: look", room_id="general"),)))
    await stage.news(Arrived("@ann+me", (said(1, "psst", room_id="@ann+me"),)))
    assert [notice.title for notice in stage.told] == ["ann in general", "ann"]
    assert [notice.body for notice in stage.told] == ["me: look", "psst"]


async def test_what_is_on_screen_and_looked_at_is_not_told(stage: Kept) -> None:
    await stage.away()
    stage.main.set_focus(stage.main.composer)
    await stage.news(Arrived("general", (said(4, "me: here", room_id="general"),)))
    assert stage.told == []
    await stage.news(Arrived("random", (said(1, "me: there", room_id="random"),)))
    assert [notice.body for notice in stage.told] == ["me: there"]


async def test_what_comes_below_a_reader_who_went_up_is_told(stage: Kept) -> None:
    await stage.away()
    await stage.lines("general", 4, 60)
    stage.main.set_focus(stage.main.composer)
    await stage.pilot.press("pageup")
    await stage.news(Arrived("general", (said(61, "me: below", room_id="general"),)))
    assert [notice.body for notice in stage.told] == ["me: below"]


async def test_history_and_what_was_there_before_are_not_told(stage: Kept) -> None:
    await stage.away()
    await stage.news(Arrived("general", (said(4, "me: old", room_id="general"),), live=False))
    assert stage.told == []


async def test_an_invitation_is_told_once(stage: Kept) -> None:
    await stage.away()
    garden = Room("garden", membership=Membership.INVITED, inviter="ann")
    await stage.news(RoomChanged(garden, frozenset({"membership", "inviter"})))
    await stage.news(RoomChanged(replace(garden, topic="tomatoes"), frozenset({"topic"})))
    assert [notice.body for notice in stage.told] == ["ann invites you to this room"]


async def test_a_room_gets_a_level_of_its_own_and_keeps_it(stage: Kept) -> None:
    await stage.away()
    await stage.command("/notify all")
    assert "You are told of all in general." in stage.notices()
    assert config.load(stage.file).notify_rooms == {"general": "all"}
    stage.main.set_focus(None)
    await stage.lines("general", 4, 4)
    assert [notice.body for notice in stage.told] == ["line 4"]
    await stage.does("/notify default")
    assert config.load(stage.file).notify_rooms == {}
    with pytest.raises(LocalError, match="/notify takes all, mentions, nothing or default"):
        await stage.does("/notify loud")


async def test_settings_are_said_and_set_by_command(stage: Kept) -> None:
    await stage.away()
    await stage.command("/set clock")
    assert any(notice.startswith("clock is 24h. How times") for notice in stage.notices())
    await stage.command("/set density compact")
    assert not stage.main.timeline.spacious
    await stage.command("/set notify.keywords lunch, release")
    assert config.load(stage.file) == Config(density="compact", notify_keywords=("lunch", "release"))
    await stage.command("/set density huge")
    assert 'density must be "cozy" or "compact".' in stage.screen_text()
    await stage.command("/set densty compact")
    assert "did you mean 'density'?" in stage.screen_text()


async def test_the_demo_keeps_no_setting(stage: Kept) -> None:
    stage.app.options = replace(stage.app.options, demo=True)
    await stage.away()
    await stage.command("/set notify.level all")
    await stage.command("/notify nothing")
    assert stage.app.options.config == Config(notify_level="all", notify_rooms={"general": "nothing"})
    assert not stage.file.exists()


async def test_times_are_told_by_the_chosen_clock(stage: Kept) -> None:
    await stage.away()
    await stage.lines("general", 1, 3)
    stage.app.configure(Config(clock="12h"))
    await stage.pilot.pause()
    assert any("am" in line.split("line")[0] or "pm" in line.split("line")[0] for line in stage.lines_shown())


def shown(stage: Kept) -> object:
    """What is on top."""
    return stage.app.screen


def setting_row(name: str) -> int:
    return [setting.name for setting in SETTINGS].index(name)


async def test_the_page_of_settings_shows_and_changes_them(stage: Kept) -> None:
    await stage.away()
    await stage.command("/settings")
    assert isinstance(stage.app.screen, SettingsScreen)
    await stage.finish()  # the page is drawn
    for words in ("keep_days", "cozy", "not set"):
        assert words in stage.screen_text()
    box = stage.app.screen.query_one("#settings-file").content_region
    lines = stage.screen_text().splitlines()[box.y : box.bottom]
    # A long one is wrapped, not cut.
    assert "".join(line[box.x : box.right].strip() for line in lines) == str(stage.file)
    settings = stage.app.screen.query_one(Settings)
    settings.set_cursor(setting_row("density"))
    await stage.pilot.press("enter")
    await stage.finish()
    assert config.load(stage.file).density == "compact"
    settings.set_cursor(setting_row("notify.bell"))
    await stage.pilot.press("enter")
    await stage.finish()
    assert config.load(stage.file).notify_bell is False
    settings.set_cursor(setting_row("notify.quiet"))
    await stage.pilot.press("enter", *"22-7", "enter")
    await stage.finish()
    assert 'notify.quiet must be a span such as "22:00-07:00"' in stage.screen_text().replace("\n", " ")
    await stage.pilot.press("escape", "enter", *"22:00-07:00", "enter")
    await stage.finish()
    assert stage.app.options.config.notify_quiet == "22:00-07:00"
    await stage.pilot.press("delete")
    await stage.finish()
    assert config.load(stage.file) == Config(density="compact", notify_bell=False)
    await stage.pilot.press("escape")
    assert shown(stage) is stage.main


async def test_a_theme_is_seen_before_it_is_kept(stage: Kept) -> None:
    await stage.away()
    await stage.command("/theme")
    assert isinstance(stage.app.screen, ThemesScreen)
    await stage.pilot.press("down")
    assert stage.app.theme == "chat-tui-light"
    await stage.pilot.press("escape")
    await stage.pilot.pause()
    assert stage.app.theme == "chat-tui-dark"
    await stage.command("/theme")
    await stage.pilot.press("down", "enter")
    await stage.finish()
    assert shown(stage) is stage.main
    assert config.load(stage.file).theme == stage.app.theme == "chat-tui-light"
    await stage.command("/theme nord")
    assert config.load(stage.file).theme == stage.app.theme == "nord"


async def test_a_file_that_cannot_be_written_is_told(stage: Kept) -> None:
    stage.file.mkdir()
    await stage.away()
    await stage.command("/set clock 12h")
    assert not [path for path in stage.folder.iterdir() if path.name.startswith(".config")]
    assert stage.file.is_dir()
    assert stage.app.options.config.clock == "24h"
