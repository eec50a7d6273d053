"""The composer: Enter, new lines, drafts, history, completion; no text is ever lost."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual import on
from textual.app import App, ComposeResult
from textual.events import Key, Paste
from textual.message import Message
from textual.pilot import Pilot
from textual.widgets import Button, TextArea
from textual.widgets.text_area import TextAreaTheme

from chat_tui.completing import completed_path
from chat_tui.widgets import composer as module
from chat_tui.widgets.composer import Composer


class Desk(App[None]):
    """A composer and what it said."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[Message] = []

    def compose(self) -> ComposeResult:
        yield Composer(id="composer")
        yield Button("next")

    @property
    def composer(self) -> Composer:
        return self.query_one(Composer)

    @property
    def submitted(self) -> list[str]:
        return [message.text for message in self.said if isinstance(message, Composer.Submitted)]

    @property
    def drafts(self) -> list[tuple[str, str, int]]:
        found = [message for message in self.said if isinstance(message, Composer.Drafted)]
        return [(message.room_id, message.text, message.cursor) for message in found]

    @on(Composer.Submitted)
    @on(Composer.Drafted)
    def _note(self, message: Message) -> None:
        self.said.append(message)


@asynccontextmanager
async def desk(text: str = "", history: list[str] | None = None) -> AsyncIterator[tuple[Desk, Pilot[None]]]:
    app = Desk()
    async with app.run_test(size=(40, 10)) as pilot:
        app.composer.show_room("r", text, len(text), history or [])
        app.composer.focus()
        await pilot.pause()
        yield app, pilot


async def test_enter_hands_the_text_on_and_keeps_it_until_it_is_safe() -> None:  # E2, E3
    async with desk() as (app, pilot):
        await pilot.press(*"hi", "enter")
        assert app.submitted == ["hi"]
        assert app.composer.text == "hi"
        app.composer.sent("r", "hi")
        assert app.composer.text == ""


async def test_a_text_that_was_not_taken_stays_and_can_be_sent_again() -> None:
    async with desk() as (app, pilot):
        await pilot.press(*"hi", "enter")
        app.composer.kept()
        assert app.composer.text == "hi"
        await pilot.press("enter")
        assert app.submitted == ["hi", "hi"]


async def test_what_is_typed_while_a_text_is_stored_stays() -> None:
    async with desk() as (app, pilot):
        await pilot.press(*"hi", "enter", *" you")
        app.composer.sent("r", "hi")
        assert app.composer.text == " you"


async def test_an_impatient_second_enter_sends_what_came_after_and_nothing_twice() -> None:
    async with desk() as (app, pilot):
        await pilot.press(*"hi", "enter", "enter")
        assert app.submitted == ["hi"]
        app.composer.sent("r", "hi")
        await pilot.pause()
        assert app.submitted == ["hi"]
        await pilot.press(*"a", "enter", *"b", "enter", *"c", "enter", *"d")
        for text in "abc":
            app.composer.sent("r", text)
            await pilot.pause()
        assert app.submitted == ["hi", "a", "b", "c"]
        assert app.composer.text == "d"


@pytest.mark.parametrize("blank", ["", "   ", "\n\n"])
async def test_nothing_is_not_sent(blank: str) -> None:
    async with desk(blank) as (app, pilot):
        await pilot.press("enter")
        assert app.submitted == []


@pytest.mark.parametrize("key", ["alt+enter", "shift+enter", "ctrl+j"])
async def test_new_lines_grow_the_box(key: str) -> None:
    async with desk() as (app, pilot):
        await pilot.press("a", key, "b")
        assert app.composer.text == "a\nb"
        assert app.composer.size.height == 2
        for _ in range(8):
            await pilot.press(key)
        assert app.composer.size.height == 5


async def test_a_paste_is_one_text_and_harmless() -> None:  # E7, E9
    async with desk() as (app, pilot):
        app.post_message(Paste("one\ntwo\x1b[2J\nthree"))
        await pilot.pause()
        assert app.composer.text == "one\ntwo\ufffd[2J\nthree"
        assert app.submitted == []


async def test_a_draft_is_handed_on_soon_and_once(monkeypatch: pytest.MonkeyPatch) -> None:  # E3
    monkeypatch.setattr(module, "DRAFT_SECONDS", 0.3)
    async with desk() as (app, pilot):
        await pilot.press(*"abc")
        assert app.drafts == []
        await pilot.pause(0.4)
        assert app.drafts == [("r", "abc", 3)]
        await pilot.pause(0.4)
        assert len(app.drafts) == 1


async def test_switching_hands_the_old_room_s_draft_on_first() -> None:
    async with desk() as (app, pilot):
        await pilot.press(*"abc", "left")
        app.composer.show_room("other", "there", 2, [])
        await pilot.pause()
        assert app.drafts == [("r", "abc", 2)]
        assert (app.composer.text, app.composer.cursor_index) == ("there", 2)


async def test_a_text_that_is_safe_only_after_a_switch_leaves_the_other_room_alone() -> None:
    async with desk() as (app, pilot):
        await pilot.press(*"hi", "enter")
        app.composer.show_room("other", "hi", 2, [])
        app.composer.sent("r", "hi")
        assert app.composer.text == "hi"


@pytest.mark.parametrize("text", ["", "one", "one\ntwo", "日本\nこんにちは", "a\n\nb\n"])
async def test_the_cursor_is_counted_in_characters(text: str) -> None:
    async with desk() as (app, _):
        for index in range(len(text) + 1):
            app.composer.show_room("r", text, index, [])
            assert app.composer.cursor_index == index


async def test_history() -> None:  # E9
    async with desk("half", ["first", "second"]) as (app, pilot):
        shown = []
        for key in ("ctrl+up", "ctrl+up", "ctrl+up", "ctrl+down", "ctrl+down", "ctrl+down"):
            await pilot.press(key)
            shown.append(app.composer.text)
        assert shown == ["second", "first", "first", "second", "half", "half"]


async def test_what_was_sent_can_be_brought_back() -> None:
    async with desk() as (app, pilot):
        await pilot.press(*"hi", "enter")
        app.composer.sent("r", "hi")
        await pilot.press("ctrl+up")
        assert app.composer.text == "hi"


async def test_completion_of_commands_and_names() -> None:
    async with desk() as (app, pilot):
        app.composer.names = ("bob", "bobby", "glitchy")
        app.composer.rooms = lambda spaces: ["garage"] if spaces else ["garden", "general"]
        for typed, completed in [
            ("/inv", "/invite "),
            ("gl", "glitchy: "),
            ("hey @gl", "hey @glitchy "),
            ("see #gen", "see #general "),
            ("/switch ga", "/switch garden "),
            ("/space ga", "/space garage "),
            ("/space add ga", "/space add garden "),
            ("/invite bo", "/invite bob "),
            ("nice :crab", "nice 🦀 "),
            ("look at :red_heart", "look at :red_heart"),
        ]:
            app.composer.show_room("r", typed, len(typed), [])
            await pilot.press("tab")
            assert app.composer.text == completed


async def test_a_path_is_completed_as_far_as_it_is_certain(tmp_path: Path) -> None:
    for name in ("plan one.pdf", "plan two.pdf", "notes.txt", ".hidden"):
        (tmp_path / name).touch()
    (tmp_path / "pictures").mkdir()
    async with desk() as (app, pilot):
        for typed, completed in [
            ("n", "notes.txt"),
            ("pl", "plan "),
            ("pi", "pictures/"),
            ("p", "p"),
            (".", ".hidden"),
            ("z", "z"),
        ]:
            app.composer.show_room("r", f"/file {tmp_path}/{typed}", 10_000, [])
            await pilot.press("tab")
            await app.workers.wait_for_complete()
            assert app.composer.text == f"/file {tmp_path}/{completed}"
    assert completed_path("nowhere/x") == "nowhere/x"
    assert completed_path("~nobody-of-that-name/x") == "~nobody-of-that-name/x"


async def test_tab_goes_on_where_there_is_nothing_to_complete() -> None:
    async with desk("zzz") as (app, pilot):
        await pilot.press("tab")
        assert app.composer.text == "zzz"
        assert not app.composer.has_focus


async def test_up_in_the_empty_box_looks_for_a_message() -> None:
    async with desk() as (app, pilot):
        left: list[str] = []
        app.composer.leaves = lambda: left.append(app.composer.text)
        await pilot.press("up", "x", "up")
        assert left == [""]


async def test_putting_back_keeps_what_is_there() -> None:
    async with desk("new thought") as (app, _):
        app.composer.put_back("refused")
        assert app.composer.text == "refused\nnew thought"
        app.composer.begin_command("me")
        assert app.composer.text == "/me refused\nnew thought"


async def test_keys_are_done_in_order_however_fast_they_come() -> None:
    async with desk() as (app, pilot):
        for key in ["a", "b", "backspace", "c", "enter", "d", "left", "e"]:
            app.post_message(Key(key, key if len(key) == 1 else None))
        await pilot.pause()
        await pilot.pause()
        assert app.submitted == ["ac"]
        assert app.composer.text == "aced"


async def test_keys_that_come_late_stand_before_those_that_came_directly() -> None:
    async with desk() as (app, pilot):
        app.query_one(Button).focus()
        await pilot.pause()
        app.composer.type_ahead("a")
        app.composer.focus()
        await pilot.press("c", "d")
        app.composer.type_ahead("b")
        assert app.composer.text == "abcd"
        await pilot.press("e")
        assert app.composer.text == "abcde"


# ---------------------------------------------------------------- drawing


async def test_a_key_works_out_no_styles_anew(monkeypatch: pytest.MonkeyPatch) -> None:  # E2
    async with desk() as (app, pilot):
        await pilot.press("a")
        applied: list[TextAreaTheme] = []
        apply = TextAreaTheme.apply_css

        def counted(theme: TextAreaTheme, area: TextArea) -> None:
            applied.append(theme)
            apply(theme, area)

        monkeypatch.setattr(TextAreaTheme, "apply_css", counted)
        await pilot.press(*"bcdef")
        assert app.composer.text == "abcdef"
        assert applied == []
        app.theme = "textual-light"
        await pilot.pause()
        assert applied


async def test_other_colours_are_taken_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk() as (app, pilot):
        app.composer.invite("write something")
        for text in ("", "ab"):
            app.composer.load_text(text)
            for theme in ("textual-light", "textual-dark", "textual-light"):
                app.theme = theme
                await pilot.pause()
                here = [(segment.text, segment.style) for segment in app.composer.render_line(0)]
                monkeypatch.setattr(app.composer, "_invited", None)
                app.composer._line_cache.clear()
                app.composer._theme.apply_css(app.composer)
                assert here == [(segment.text, segment.style) for segment in app.composer.render_line(0)]


async def test_the_invitation_is_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:  # E2
    async with desk() as (app, pilot):
        app.composer.invite("write something")
        await pilot.pause()
        first = app.composer.render_line(0)
        assert "write something" in first.text
        await pilot.press("a", "backspace")
        assert app.composer.render_line(0) is first
        app.composer.invite("write something else")
        await pilot.pause()
        assert "something else" in app.composer.render_line(0).text


PASTED = "one\ntwo\n" * 5
KEYS = ("x", "ctrl+j", "backspace", "up", "down", "home", "ctrl+u", "ctrl+k", "ctrl+w", "shift+up", "delete", "ctrl+a")
UNDOING = ("ctrl+z", "ctrl+z", "ctrl+y")


@pytest.mark.parametrize("lines", [2, 5, 6, 60])
async def test_many_lines_are_undone_and_come_back(lines: int) -> None:  # E2
    text = "\n".join(f"line {number}" for number in range(lines))
    async with desk() as (app, pilot):
        app.post_message(Paste(text))
        await pilot.pause()
        await pilot.press("ctrl+z")
        assert app.composer.text == ""
        await pilot.press("ctrl+y")
        assert app.composer.text == text
        await pilot.press("ctrl+z", "h")
        assert app.composer.text == "h"


@pytest.mark.parametrize("seed", range(8))
async def test_no_keys_end_it(seed: int) -> None:  # E2
    chance = random.Random(seed)
    async with desk() as (app, pilot):
        for _ in range(25):
            if chance.random() < 0.3:
                app.post_message(Paste(PASTED))
            for key in chance.choices(KEYS + UNDOING, k=8):
                app.post_message(Key(key, key if len(key) == 1 else None))
            await pilot.pause()
            wrapped = app.composer.wrapped_document.lines
            assert ["".join(parts) for parts in wrapped] == app.composer.document.lines
        app.post_message(Paste("still there"))
        await pilot.pause()
        assert "still there" in app.composer.text
