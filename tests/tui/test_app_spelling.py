"""Spelling in the composer: what is marked and when, suggestions, own words, and no cost while it is off."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from chat_tui import spell_checker
from chat_tui.config import Config
from chat_tui.screens.spelling_work import SuggestScreen
from tests.tui.fake_speller import FakeSpeller
from tests.tui.stage import Stage


class Writing(Stage):
    """The app with an own configuration file, and the room general open."""

    def __init__(self, folder: Path, config: Config) -> None:
        super().__init__(folder / "chat.db", config)
        self.file = folder / "config" / "config.toml"
        self.app.options = type(self.app.options)(self.app.options.data, config, file=self.file)

    def marked(self) -> list[str]:
        """The words that are underlined on screen."""
        segments = [
            segment for strip in self.main.composer.render_lines(self.main.composer.region.at_offset((0, 0)))
            for segment in strip
        ]  # fmt: skip
        return [segment.text for segment in segments if segment.style and segment.style.underline]

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(30):
            while not condition():
                await asyncio.sleep(0.01)
                await self.pilot.pause()

    @property
    def asks(self) -> bool:
        return isinstance(self.app.screen, SuggestScreen)


@pytest.fixture
def speller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeSpeller:
    monkeypatch.setattr(spell_checker, "STILL", 0.0)
    fake = FakeSpeller(tmp_path / "bin", sys.executable)
    monkeypatch.setenv("PATH", f"{fake.folder}:{os.environ['PATH']}")
    return fake


@pytest.fixture
async def stage(tmp_path: Path, speller: FakeSpeller) -> AsyncIterator[Writing]:
    shown = Writing(tmp_path, Config(composer_spelling="en_GB", composer_speller="aspell"))
    async with shown.show():
        await shown.rooms()
        shown.main.open_room("general")
        await shown.until(lambda: shown.main._spelling is not None)
        yield shown


async def test_a_misspelled_word_is_underlined_once_it_is_written(stage: Writing, speller: FakeSpeller) -> None:
    await stage.type("a wrod")
    await stage.pilot.pause(0.05)
    assert stage.marked() == []
    assert speller.asked() == []  # never while it is being typed
    await stage.type(" is")
    await stage.until(lambda: stage.marked() == ["wrod"])
    await stage.pilot.press("left", "left", "left")
    await stage.until(lambda: stage.marked() == [])  # it is being changed
    await stage.pilot.press("end", "home", "delete", "ctrl+j")
    await stage.until(lambda: stage.marked() == ["wrod"])
    await stage.pilot.press("end")
    await stage.type(" ä helo ")
    await stage.until(lambda: stage.marked() == ["wrod", "helo"])
    assert sorted(speller.asked()) == ["helo", "is", "wrod"]  # each once, and no half of one
    assert speller.log()[0] == "start -a --encoding=utf-8 --lang=en_GB"
    await stage.pilot.press("enter")
    assert stage.marked() == []


async def test_marks_come_back_with_a_draft(stage: Writing) -> None:
    await stage.type("wrod wrod wrod ")
    await stage.until(lambda: len(stage.marked()) == 3)
    stage.main.open_room("random")
    assert stage.marked() == []
    stage.main.open_room("general")
    await stage.pilot.pause()
    assert len(stage.marked()) == 3


async def test_a_suggestion_takes_the_place_of_the_word(stage: Writing) -> None:
    await stage.type("a wrod or so ")
    await stage.until(lambda: stage.marked() == ["wrod"])
    await stage.pilot.press("alt+s")
    await stage.until(lambda: stage.asks)
    assert "rod" in stage.screen_text()
    await stage.pilot.press("down", "enter")
    await stage.until(lambda: stage.main.composer.text == "a rod or so ")
    assert stage.marked() == []
    await stage.pilot.press("ctrl+z")
    assert stage.main.composer.text == "a wrod or so "
    await stage.until(lambda: stage.marked() == ["wrod"])
    await stage.pilot.press("alt+s")
    await stage.until(lambda: stage.asks)
    await stage.pilot.press("escape")
    await stage.until(lambda: not stage.asks)
    assert stage.main.composer.text == "a wrod or so "


async def test_a_word_can_be_ones_own(stage: Writing) -> None:
    await stage.type("qqqq ")
    await stage.until(lambda: stage.marked() == ["qqqq"])
    await stage.pilot.press("alt+dollar_sign")
    await stage.until(lambda: stage.asks)
    assert "Nothing is like “qqqq”." in stage.screen_text()
    await stage.pilot.press("enter")
    await stage.until(lambda: stage.marked() == [])
    assert (stage.file.parent / "words.txt").read_text() == "qqqq\n"


async def test_what_is_right_or_not_there_is_said(stage: Writing) -> None:
    await stage.pilot.press("alt+s")
    await stage.until(lambda: "No misspelled word is here." in stage.screen_text())
    await stage.type("word")
    await stage.pilot.press("alt+s")
    await stage.until(lambda: "“word” is spelled well." in stage.screen_text())


async def test_names_of_people_are_no_mistakes(stage: Writing) -> None:
    stage.main.composer.names = ("Wrod Qqqq", "bob")
    await stage.type("wrod Wrod Qqqq ")
    await stage.until(lambda: stage.marked() == ["wrod"])


async def test_it_is_switched_on_and_off(tmp_path: Path, speller: FakeSpeller) -> None:
    stage = Writing(tmp_path, Config())
    async with stage.show():
        await stage.rooms()
        stage.main.open_room("general")
        await stage.type("wrod is")
        assert stage.main.composer.misspelled is None
        assert stage.main._spelling is None
        await stage.pilot.press("alt+s")
        await stage.until(lambda: "Spelling is not checked" in stage.screen_text())
        stage.app.configure(Config(composer_spelling="en_GB", composer_speller="aspell"))
        await stage.until(lambda: stage.marked() == ["wrod"])
        before = stage.main._spelling
        stage.app.configure(Config(composer_spelling="en_GB", composer_speller="aspell", clock="12h"))
        assert stage.main._spelling is before
        stage.app.configure(Config())
        await stage.until(lambda: stage.marked() == [])
        assert speller.starts() == 1


async def test_what_is_missing_is_said_when_it_is_switched_on_and_never_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    stage = Writing(tmp_path, Config(composer_spelling="en_GB", composer_speller="aspell"))
    async with stage.show():
        await stage.rooms()
        stage.main.open_room("general")
        await stage.type("wrod is")
        await stage.pilot.pause(0.05)
        assert "aspell" not in stage.screen_text() + " ".join(stage.notices())
        stage.app.configure(Config(composer_spelling="en_GB", composer_speller="hunspell"))
        await stage.until(lambda: "install hunspell" in stage.screen_text())
        stage.main.hints.tell(problem="")
        stage.app.configure(Config(composer_spelling="en_GB", composer_speller="hunspell", clock="12h"))
        await stage.pilot.pause(0.05)
        assert "install hunspell" not in stage.screen_text() + " ".join(stage.notices())


async def test_a_program_without_a_dictionary_is_told_of_once(tmp_path: Path, speller: FakeSpeller) -> None:
    speller.fails("dies")
    stage = Writing(tmp_path, Config())
    async with stage.show():
        await stage.rooms()
        stage.main.open_room("general")
        stage.app.configure(Config(composer_spelling="xx", composer_speller="aspell"))
        await stage.type("one two three four five six ")
        await stage.until(lambda: any("has it a dictionary" in notice for notice in stage.notices()))
        assert stage.main.composer.misspelled is None
        await stage.type("seven eight ")
        assert sum("has it a dictionary" in notice for notice in stage.notices()) == 1


async def test_a_key_costs_less_than_a_millisecond(stage: Writing) -> None:  # C4
    text = "these are wrod of a long draft, and a helo\n" * 90
    stage.main.composer.load_text(text)
    stage.main.composer.move_cursor((45, 5))
    await stage.until(stage.marked)
    assert stage.main._spelling is not None
    marks, times = stage.main._spelling.marks, []
    for _ in range(30):
        begun = time.thread_time()
        marks(text, len(text) // 2, True)
        times.append(time.thread_time() - begun)
    print(f"{min(times) * 1e6:.0f} us for {len(text)} characters")
    assert 2 * min(times) < 0.001  # for what was before the key, and after it
    begun = time.thread_time()
    for _ in range(100):
        marks("a usual message of a wrod and some more of them", 20, True)
    usual = (time.thread_time() - begun) / 100
    print(f"{usual * 1e6:.0f} us for a usual message")
    assert usual < 0.001
