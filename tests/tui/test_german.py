"""The app in German on the smallest usual terminal: its screens are German, whole words, with the keys that work."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from chat_tui.keys import KEYS, Place, keys_in, shown_as
from chat_tui.screens.help import help_entries
from chat_tui.screens.switcher import SwitcherScreen
from chat_tui.strings import _, use
from tests.tui.file_stage import FileStage

SIZE = (80, 24)


@pytest.fixture
def german() -> Iterator[None]:
    use("de")
    yield
    use("en")


@pytest.fixture
async def stage(tmp_path: Path, german: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FileStage]:
    home = tmp_path / "own"
    (home / "Downloads").mkdir(parents=True)
    (home / "plan.txt").write_text("a plan", encoding="utf-8")
    monkeypatch.setenv("HOME", str(home))
    stage = FileStage(tmp_path / "chat.db")
    async with stage.show(SIZE):
        await stage.rooms()
        await stage.lines("general", 1, 3)
        await stage.until(lambda: "line 3" in stage.screen_text())
        yield stage


async def shown(stage: FileStage, *keys: str, text: str) -> str:
    """The screen, once these keys have brought a text there."""
    await stage.pilot.press(*keys)
    await stage.until(lambda: text in stage.screen_text())
    return stage.screen_text()


def said(screen: str) -> str:
    """A screen's words with one blank between them, whatever line they are on."""
    return re.sub(r"[\s▌▎▃▄▅▆▇█▂▁│]+", " ", screen)


async def test_the_main_screen(stage: FileStage) -> None:
    screen = await shown(stage, text="F1 Hilfe")
    assert "Räume" in screen
    assert "3 Mitglieder" in screen
    assert "Strg+K Räume" in screen
    assert "› Nachricht an general" in screen
    assert not re.search(r"\b(?:Rooms|members|help|Ctrl)\b", screen)


async def test_the_keys_that_are_named_work(stage: FileStage) -> None:
    """What the status line calls Strg+K is the key that Textual calls ctrl+k."""
    assert (shown_as("ctrl+k"), shown_as("pageup"), shown_as("delete")) == ("Strg+K", "Bild↑", "Entf")
    await shown(stage, "ctrl+k", text="Zu Raum oder Person…")
    assert isinstance(stage.app.screen, SwitcherScreen)


async def test_the_help(stage: FileStage) -> None:
    screen = await shown(stage, "f1", text="Überall")
    assert "Tasten und Befehle zeigen" in screen
    assert "Strg+K" in screen
    await shown(stage, "end", text="/quit")
    whole = [text.strip() for entry in help_entries({}) for text in entry if text]
    for key in (one for one in KEYS if one.place is Place.ROOM_LIST):
        assert key.said in whole
    assert "/invite PERSON" in whole
    assert "einen Text senden, der mit einem Schrägstrich beginnt" in whole


async def test_the_outbox(stage: FileStage) -> None:
    await stage.type("hallo")
    await stage.pilot.press("enter")
    await stage.settle()
    screen = said(await shown(stage, "f2", text="Postausgang"))
    assert "1 nicht erledigt" in screen
    for key in keys_in(Place.OUTBOX):
        word = {"outbox.cancel": _("take back"), "outbox.retry": _("now")}.get(key.id, _(key.hint))
        assert f"{shown_as(key.keys)} {word}" in screen, "a hint is cut off"


async def test_the_settings(stage: FileStage) -> None:
    await stage.type("/settings")
    screen = said(await shown(stage, "enter", text="Einstellungen"))
    assert "Enter ändert Entf stellt zurück Esc schließt" in screen
    await stage.pilot.press("down", "down")
    await stage.settle()
    assert "Wie Uhrzeiten erscheinen" in stage.screen_text()


async def test_the_dialog_for_files(stage: FileStage) -> None:
    screen = said(await shown(stage, "ctrl+o", text="plan.txt"))
    assert "Dateien senden an general" in screen
    for key in (one for one in keys_in(Place.PICKER) if one.hint):
        assert f"{shown_as(key.keys)} {_(key.hint)}" in screen, "a hint is cut off"
    await stage.pilot.press("down", "tab")
    await stage.until(
        lambda: re.search(r"● 1 Datei, (?:leer|[\d,]+ [KM]?B): \S", said(stage.screen_text())) is not None
    )


async def test_the_palette(stage: FileStage) -> None:
    await shown(stage, "ctrl+p", text="Befehl suchen…")
    await stage.type("hell")
    await stage.until(lambda: "Zwischen dunkel und hell wechseln" in stage.screen_text())
    await stage.type("zzzz")
    await stage.until(lambda: "Nichts gefunden" in stage.screen_text())


async def test_what_is_typed_wrong(stage: FileStage) -> None:
    await stage.type("/tanze")
    await stage.until(lambda: "/tanze ist kein Befehl; F1 zeigt alle" in stage.screen_text())
    await stage.pilot.press("enter")
    await stage.until(lambda: "Es gibt keinen Befehl /tanze" in stage.screen_text())
