"""Keys that come faster than the app looks at them mean what they would mean to somebody who waits for each."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.screen import Screen
from textual.widgets import Input, TextArea

from chat_tui import key_gate
from chat_tui.key_gate import KeyGate
from chat_tui_core.actions import Kind
from tests.tui.stage import Stage


class Slow(Input):
    """A field that waits at F6, and leaves the field for that."""

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "f6":
            assert isinstance(self.app, Desk)
            self.screen.set_focus(self.screen.query_one("#first", Input))
            await self.app.gate.wait()


class Form(Screen[None]):
    """Two fields, and a key that opens a third one on a screen of its own."""

    BINDINGS = [("f5", "ask", "")]

    def compose(self) -> ComposeResult:
        yield Input(id="first", select_on_focus=False)
        yield Slow(id="second")

    def on_input_submitted(self) -> None:
        self.focus_next()

    def action_ask(self) -> None:
        self.app.push_screen(Question())


class Question(Screen[None]):
    """A field that takes its time to come."""

    async def on_mount(self) -> None:
        await asyncio.sleep(0.05)

    def compose(self) -> ComposeResult:
        yield Input(id="answer")

    def on_input_submitted(self) -> None:
        self.dismiss()


class Desk(KeyGate, App[int]):
    """The form, and what was answered."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[str] = []
        self.gate = asyncio.Event()

    def get_default_screen(self) -> Form:
        return Form()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.answers.append(event.value)


def typed(app: KeyGate, *keys: str) -> None:
    """Give all keys before the app looks at the first; a word with a blank in front is pasted."""
    for key in keys:
        if key.startswith(" "):
            app.post_message(events.Paste(key[1:]))
        else:
            app.post_message(events.Key(key, key if len(key) == 1 else None))


@pytest.mark.parametrize(
    ("keys", "first", "second"),
    [
        ("abc", "abc", ""),
        ([*"abc", "ctrl+u", *"de"], "de", ""),
        ([*"abc", "tab", *"de", "shift+tab", "ctrl+u", *"fg"], "fg", "de"),
        ([*"abc", "enter", *"de", "left", "x"], "abc", "dxe"),
        (["a", " pasted", "b", "tab", " too", "!"], "apastedb", "too!"),
        (["f5", *"yes", "enter", *"abc"], "abc", ""),
        (["tab", "f5", *"yes", "enter", *"abc", "tab", "d"], "d", "abc"),
    ],
)
async def test_what_is_typed_at_once_goes_where_it_belongs(keys: list[str], first: str, second: str) -> None:  # E9
    app = Desk()
    async with app.run_test() as pilot:
        await pilot.pause()
        typed(app, *keys)
        async with asyncio.timeout(20):
            while (app.screen.query_one("#first", Input).value if isinstance(app.screen, Form) else None) != first or (
                app.screen.query_one("#second", Input).value != second
            ):
                await pilot.pause(0.01)
        if "f5" in keys:
            assert app.answers == ["yes"]


async def test_what_takes_for_ever_does_not_hold_the_keys_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_gate, "PATIENCE", 0.05)
    app = Desk()
    async with app.run_test() as pilot:
        await pilot.pause()
        typed(app, "a", "tab", "f6", "b")
        async with asyncio.timeout(20):
            while app.screen.query_one("#first", Input).value != "ab":
                await asyncio.sleep(0.01)
        app.gate.set()


async def test_the_switcher_and_the_room_behind_it(tmp_path: Path) -> None:  # E9
    stage = Stage(tmp_path / "chat.db")
    async with stage.show():
        await stage.rooms()
        await stage.lines("general", 1, 2)
        stage.main.open_room("general")
        await stage.settle()
        typed(stage.app, "ctrl+k", *"rand", "enter", *"hello", "enter", "ctrl+k", *"gene", "enter", *"there")

        def said() -> list[tuple[str, str]]:  # what is on screen is marked as read, too, sooner or later
            return [(one.room_id, one.text) for one in stage.connection.done if one.kind is Kind.SEND]

        async with asyncio.timeout(20):
            while stage.main.composer.text != "there" or not said():
                await stage.settle()
        assert said() == [("random", "hello")]
        assert stage.main.conversation.room_id == "general"


async def test_a_room_that_is_not_there_is_not_mistaken_for_the_open_one(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "chat.db")
    async with stage.show():
        await stage.rooms()
        await stage.lines("general", 1, 2)
        stage.main.open_room("general")
        await stage.settle()
        typed(stage.app, "ctrl+k", *"zzz", "enter", *"hello", "enter")
        await stage.settle()
        assert "Nothing fits." in stage.screen_text()
        assert stage.app.screen.query_one("#query", TextArea).text == "zzzhello"
        assert stage.doings() == []
