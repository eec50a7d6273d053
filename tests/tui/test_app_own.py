"""The app with what a person made: own themes, own commands, keys that give command lines."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from textual.color import Color

from chat_tui import config
from chat_tui.config import Config
from chat_tui.screens.help import HelpScreen
from chat_tui.screens.output_screen import OutputScreen
from chat_tui.screens.palette import entries
from chat_tui.screens.themes import ThemesScreen
from chat_tui.widgets.nick_colors import nick_color
from chat_tui_core.errors import LocalError
from chat_tui_core.news import Arrived
from tests.core.scripted import said
from tests.tui.own_programs import gone, written
from tests.tui.stage import ROOMS
from tests.tui.test_app_settings import Kept
from tests.tui.test_nick_colors import contrast

TELLS = "import sys; sys.stdout.write(sys.stdin.read())"
WORDS = "import sys; print(*sys.argv[1:], sep='+')"
TOML = f"""
theme = "dusk"
[themes.dusk]
text = "#f6efe0"
background = "#4a4a50"
surface = "#3f3f45"
panel = "#35353b"
accent = "#f0b070"
[themes.paper]
from = "light"
people = ["#204060", "#602040"]
[keys]
"/words x" = "f12"
"/topic {{new}}" = "alt+t"
[commands.words]
run = [{json.dumps(sys.executable)}, "-c", {json.dumps(WORDS)}]
help = "puts words together"
[commands.tells]
run = [{json.dumps(sys.executable)}, "-c", {json.dumps(TELLS)}]
into = "notice"
[commands.says]
run = ["echo", "said by"]
into = "send"
[commands.sleeps]
run = ["sh", "-c", "echo $$ > $0; exec sleep 600"]
[commands.fails]
run = ["sh", "-c", "echo 'no such language' >&2; exit 2"]
[commands.silent]
run = ["true"]
"""


class Own(Kept):
    """The app with such a configuration, online."""

    def __init__(self, folder: Path, text: str = TOML) -> None:
        super().__init__(folder, config.read(text))

    async def finish(self) -> None:
        """Wait until no program runs, and what came of it is there; the scripted server leaves other questions open."""
        await self.until(lambda: not self.main.programs._running and not self.main.hints._runs)

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until something holds, half a minute at most."""
        for _ in range(3_000):
            await self.settle()
            if holds():
                return
            await asyncio.sleep(0.01)
        raise AssertionError(self.screen_text())

    async def ready(self) -> None:
        """The first room is open, and the composer has the focus."""
        await self.rooms(*ROOMS)
        await self.pilot.press("enter")
        self.main.set_focus(self.main.composer)
        await self.pilot.pause()


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Own]:
    stage = Own(tmp_path)
    async with stage.show():
        await stage.ready()
        yield stage


# ---------------------------------------------------------------- themes


async def test_an_own_theme_is_taken_and_people_can_be_read_on_it(stage: Own) -> None:
    assert stage.app.theme == "dusk"
    assert stage.app.theme_variables["background"] == "#4A4A50"
    ground = Color.parse("#4a4a50")
    look = stage.main.timeline.looks()[0]
    for at in range(60):
        triplet = getattr(look.name(f"@user{at}").color, "triplet", None)
        assert triplet is not None
        assert contrast(ground, Color(*triplet)) >= 4.5
    usual = nick_color("@user1", dark=True).triplet
    assert usual is not None
    assert contrast(ground, Color(*usual)) < 4.5


async def test_own_themes_stand_among_the_others_and_are_seen_before_they_are_taken(stage: Own) -> None:
    await stage.command("/theme")
    assert isinstance(stage.app.screen, ThemesScreen)
    shown = stage.screen_text()
    assert "dusk" in shown
    assert "light, yours" in shown
    await stage.pilot.press("down")
    await stage.pilot.pause()
    assert stage.app.theme == "paper"
    await stage.pilot.press("escape")
    assert stage.app.theme == "dusk"
    await stage.does("/theme paper")
    assert stage.app.theme == "paper"
    look = stage.main.timeline.looks()[0]
    assert {str(getattr(look.name(f"@u{at}").color, "name", "")) for at in range(40)} == {"#204060", "#602040"}


async def test_f9_goes_to_the_other_shade_and_back_to_the_own_theme(stage: Own) -> None:
    await stage.pilot.press("f9")
    assert stage.app.theme == "chat-tui-light"
    await stage.pilot.press("f9")
    assert stage.app.theme == "dusk"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('theme = "dsk"\n[themes.dusk]\ntext = "#fff"', "There is no theme 'dsk' (did you mean 'dusk'?)"),
        ('theme = "dusk"\n[themes.dusk]\ntext = "no"', 'line 3: themes.dusk.text must be a colour such as "#6fb3f2"'),
    ],
)
async def test_a_bad_theme_is_told_and_never_stops_the_app(tmp_path: Path, text: str, told: str) -> None:
    stage = Own(tmp_path, text)
    async with stage.show():
        assert stage.notices() == [told]
        assert stage.app.theme in {"dusk", "chat-tui-dark"}


# ---------------------------------------------------------------- commands


async def test_output_goes_into_the_draft_where_the_cursor_is(stage: Own) -> None:
    await stage.command("/words a b")
    await stage.until(lambda: stage.main.composer.text)
    assert stage.main.composer.text == "a+b"
    stage.main.composer.insert(" and ")
    await stage.pilot.press("f12")
    await stage.until(lambda: stage.main.composer.text == "a+b and x")
    assert stage.session.drafts["general"].text == "a+b and x"
    assert stage.doings() == []


async def test_output_is_shown_on_a_page_with_what_the_program_was_told(stage: Own) -> None:
    await stage.news(Arrived("general", (said(4, "guten Tag", room_id="general"),)))
    stage.main.composer.insert("half a draft")
    await stage.pilot.pause()
    stage.main.timeline.move_cursor(-1)
    stage.main.action_give_line("/tells")
    await stage.until(lambda: isinstance(stage.app.screen, OutputScreen))
    page = stage.app.screen
    assert isinstance(page, OutputScreen)
    assert json.loads(page.text) == {
        "account": "test",
        "room": {"id": "general", "name": "general"},
        "draft": "half a draft",
        "message": {"id": "m4", "sender": "ann", "text": "guten Tag"},
    }
    await stage.pilot.pause()
    assert "guten Tag" in stage.screen_text()
    await stage.pilot.press("y")
    assert stage.app.clipboard == page.text
    await stage.pilot.press("escape")
    assert stage.app.screen is stage.main


async def test_what_is_answered_is_told_too(stage: Own) -> None:
    await stage.news(Arrived("general", (said(4, "wie geht es?", room_id="general"),)))
    stage.main.timeline.move_cursor(-1)
    stage.main.set_focus(stage.main.timeline)
    await stage.pilot.press("r")
    await stage.pilot.pause()
    await stage.command("/tells")
    await stage.until(lambda: isinstance(stage.app.screen, OutputScreen))
    page = stage.app.screen
    assert isinstance(page, OutputScreen)
    assert json.loads(page.text)["message"]["text"] == "wie geht es?"


async def test_output_is_said_in_the_room(stage: Own) -> None:
    await stage.command("/says me")
    await stage.until(stage.doings)
    assert [action.content["text"] for action in stage.doings()] == ["said by me"]


async def test_output_that_cannot_be_said_is_in_the_draft(stage: Own, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_words: object, **_more: object) -> None:
        raise LocalError("It is too long.")

    monkeypatch.setattr(stage.session, "send", refuse)
    await stage.command("/says me")
    await stage.until(lambda: "It is too long." in stage.notices())
    assert stage.main.composer.text == "said by me"


async def test_output_for_a_room_that_was_left_goes_into_its_draft(stage: Own, tmp_path: Path) -> None:
    go = tmp_path / "go"
    slow = ["sh", "-c", f"echo $$ > {tmp_path}/own; while [ ! -e {go} ]; do sleep 0.02; done; echo late"]
    stage.app.configure(config.read(f"[commands.slow]\nrun = {json.dumps(slow)}\n"))
    stage.main.composer.insert("/slow")
    await stage.pilot.press("enter")
    await written(tmp_path / "own")
    await stage.settle()
    await stage.pilot.pause()
    assert "/slow runs…  Esc stops it" in stage.screen_text()
    stage.main.open_room("random")
    await stage.pilot.pause()
    go.touch()
    await stage.until(lambda: stage.notices() == ["What /slow gave is in the draft of general."])
    assert stage.session.drafts["general"].text == "late"
    assert stage.main.composer.text == ""


async def test_failures_are_said_above_the_composer(stage: Own) -> None:
    await stage.command("/fails")
    await stage.until(lambda: "/fails failed: no such language" in stage.screen_text())
    await stage.command("/silent")
    await stage.until(lambda: stage.notices() == ["/silent gave nothing."])


async def test_escape_stops_what_runs(stage: Own, tmp_path: Path) -> None:
    stage.main.composer.insert(f"/sleeps {tmp_path}/own")
    await stage.pilot.press("enter")
    number = int(await written(tmp_path / "own"))
    await stage.pilot.press("escape")
    assert await gone(number)
    await stage.until(lambda: "/sleeps was stopped." in stage.screen_text())


async def test_what_runs_ends_with_the_app(tmp_path: Path) -> None:
    stage = Own(tmp_path)
    async with stage.show():
        await stage.ready()
        stage.main.composer.insert(f"/sleeps {tmp_path}/own")
        await stage.pilot.press("enter")
        number = int(await written(tmp_path / "own"))
    assert await gone(number)


async def test_without_a_room_only_what_needs_none_works(tmp_path: Path) -> None:
    stage = Own(tmp_path)
    async with stage.show():
        await stage.command("/words a")
        assert "/words works in an open room: open one first." in stage.screen_text()


# ---------------------------------------------------------------- where they are found


async def test_commands_are_completed_explained_and_listed(stage: Own) -> None:
    composer = stage.main.composer
    composer.insert("/wor")
    await stage.pilot.press("tab")
    assert composer.text == "/words "
    await stage.pilot.pause()
    assert "/words [WORDS] · puts words together" in stage.screen_text()
    found = {entry.title: entry for entry in entries(stage.app, stage.main)}
    assert found["/words (WORDS)"].help == "puts words together"
    assert found["/words x"].help == "F12"
    await stage.pilot.press("f1")
    assert isinstance(stage.app.screen, HelpScreen)
    text = "\n".join(f"{name}|{about}" for name, about in stage.app.screen.query("TwoColumns").first()._entries)  # type: ignore[attr-defined]
    assert "  /words [WORDS]|puts words together" in text
    assert "  F12|/words x" in text


async def test_a_key_gives_a_command_line_and_leaves_the_draft(stage: Own) -> None:
    stage.main.composer.insert("half")
    await stage.pilot.press("alt+t")
    await stage.until(stage.doings)
    assert stage.main.composer.text == "half"
    assert [(action.kind.value, action.content["topic"]) for action in stage.doings()] == [("topic", "{new}")]


async def test_keys_can_be_given_other_lines_while_the_app_runs(stage: Own) -> None:
    stage.app.configure(config.read('[keys]\n"/topic other" = "f12"\n'))
    stage.main.set_focus(stage.main.rooms)
    await stage.pilot.press("f12", "alt+t")
    await stage.until(stage.doings)
    assert [action.content["topic"] for action in stage.doings()] == ["other"]
    stage.app.configure(Config())
    await stage.pilot.press("f12")
    await stage.finish()
    assert len(stage.doings()) == 1


async def test_a_line_that_means_nothing_is_told(tmp_path: Path) -> None:
    stage = Own(tmp_path, '[keys]\n"/tpoic x" = "f12"\n')
    async with stage.show():
        await stage.ready()
        assert stage.notices()[0].startswith("keys: /tpoic x: There is no command /tpoic; /help lists them")
        await stage.pilot.press("f12")
        await stage.finish()
        assert "There is no command /tpoic" in stage.screen_text()
