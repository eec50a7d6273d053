"""Looking words up with a program beside the app: which words, its answers, and what becomes of one that fails."""

from __future__ import annotations

import asyncio
import shutil
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_tui import spell_checker
from chat_tui.spell_checker import RESTARTS, SpellChecker, add_own_word, command_for, own_words
from chat_tui.spelling_words import WINDOW, word_at, words_in
from chat_tui_core.errors import LocalError
from tests.tui.fake_speller import FakeSpeller


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello wrod, it's don’t", ["Hello", "wrod", "it's", "don’t"]),
        ("über Straße", ["über", "Straße"]),
        ("@ann:host.example hi (@bob) #general !abc ~/file /usr/bin", ["hi"]),
        ("see https://exmple.example/foo?bar=wrod www.exmple.example mail me@exmple.example", ["see", "mail"]),
        ("`cod` and ```\nblokc\n``` after `open", ["and", "after"]),
        ("```python\nnever ends wrod", []),
        (":thumbsup: and :smlie :-)", ["and"]),
        ("/topic the topc", ["the", "topc"]),
        ("s/old/nwe/", []),
        ("abc123 x_y a B2B v1", []),
        ("a.b.c one.two", ["one", "two"]),
        ("x" * 41 + " " + "y" * 40, ["y" * 40]),
    ],
)
def test_which_words(text: str, words: list[str]) -> None:
    found = list(words_in(text))
    assert [word for _, _, word in found] == words
    assert all(text[start:end] == word for start, end, word in found)


@given(st.text(max_size=200), st.integers(0, 200))
def test_any_text_has_words(text: str, cursor: int) -> None:
    assert all(text[start:end] == word and word for start, end, word in words_in(text, cursor))


def test_a_long_text_costs_what_a_screen_of_it_does() -> None:
    text = "words of a line\n" * 20_000
    begun = time.process_time()
    found = list(words_in(text, len(text) // 2))
    assert time.process_time() - begun < 0.5
    assert found[-1][1] - found[0][0] <= WINDOW
    assert found[0][0] < len(text) // 2 < found[-1][1]
    hostile = "a" * 100_000
    assert list(words_in(hostile, 50_000)) == []


def test_the_word_that_is_meant() -> None:
    found = [(0, 3, "one"), (8, 11, "two")]
    assert [word_at(found, cursor) for cursor in (0, 2, 6, 9, 99)] == [found[0]] * 3 + [found[1]] * 2
    assert word_at(found[1:], 1) == found[1]
    assert word_at([], 1) is None


@pytest.mark.parametrize(
    ("there", "program", "command"),
    [
        (("hunspell", "aspell"), "auto", ("aspell", "-a", "--encoding=utf-8", "--lang=en_GB")),
        (("hunspell",), "auto", ("hunspell", "-a", "-i", "utf-8", "-d", "en_GB")),
        (("aspell", "enchant-2"), "enchant-2", ("enchant-2", "-a", "-d", "en_GB")),
    ],
)
def test_the_command(there: tuple[str, ...], program: str, command: tuple[str, ...]) -> None:
    assert command_for("en_GB", program, lambda name: name if name in there else None) == command


def test_what_is_not_installed_is_named() -> None:
    with pytest.raises(LocalError, match="aspell / hunspell / enchant-2"):
        command_for("en_GB", "auto", lambda _name: None)
    with pytest.raises(LocalError, match="install hunspell"):
        command_for("en_GB", "hunspell", lambda _name: None)


def test_own_words_stand_in_a_file(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    assert own_words(folder) == frozenset()
    add_own_word(folder, "Wrod")
    (folder / "words.txt").write_bytes((folder / "words.txt").read_bytes() + "\n äpfl \r\n\xff".encode() + b"\xff")
    add_own_word(folder, "helo")
    assert {"wrod", "äpfl", "helo"} <= own_words(folder)
    (folder / "words.txt").unlink()
    (folder / "words.txt").mkdir()
    assert own_words(folder) == frozenset()
    with pytest.raises(LocalError, match="cannot be written"):
        add_own_word(folder, "x")


class Desk:
    """A checker on the fake, and what it told."""

    def __init__(self, folder: Path) -> None:
        self.speller = FakeSpeller(folder / "bin", sys.executable)
        self.troubles: list[str] = []
        self.told = 0
        self.checker = SpellChecker([str(self.speller.path)], self._tell, self.troubles.append)

    def _tell(self) -> None:
        self.told += 1


@asynccontextmanager
async def checking(folder: Path, monkeypatch: pytest.MonkeyPatch, how: str = "") -> AsyncIterator[Desk]:
    monkeypatch.setattr(spell_checker, "STILL", 0.0)
    desk = Desk(folder)
    if how:
        desk.speller.fails(how)
    try:
        yield desk
    finally:
        await desk.checker.close()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)


async def test_words_are_looked_up_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with checking(tmp_path, monkeypatch) as desk:
        assert desk.checker.is_wrong("wrod") is None
        desk.checker.ask(["wrod", "word", "äpfl"])
        await until(lambda: desk.told)
        assert [desk.checker.is_wrong(word) for word in ("wrod", "word", "äpfl")] == [True, False, True]
        desk.checker.ask(["wrod", "helo"])
        await until(lambda: desk.told == 2)
        assert desk.speller.asked() == ["wrod", "word", "äpfl", "helo"]
        assert await desk.checker.suggestions("wrod") == ("word", "rod")
        assert await desk.checker.suggestions("qqqq") == ()
        assert desk.speller.starts() == 1
        desk.checker.own = frozenset({"wrod"})
        assert desk.checker.is_wrong("Wrod") is False


async def test_its_answers_are_harmless_and_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # E7
    async with checking(tmp_path, monkeypatch) as desk:
        found = await desk.checker.suggestions("bad")
        assert "good" in found
        assert all(word.isprintable() and len(word) <= spell_checker.LONGEST for word in found)
        for hostile in ("two\nlines", "", " ", "\x1b"):
            with pytest.raises(LocalError):
                await desk.checker.suggestions(hostile)
        assert desk.speller.asked() == ["bad"]
        monkeypatch.setattr(spell_checker, "KNOWN", 3)
        desk.checker.ask(f"word{letter}" for letter in "abcdef")
        await until(lambda: desk.told)
        assert len(desk.checker._known) == 3
        desk.checker.ask(str(number) for number in range(9999))
        assert len(desk.checker._wanted) == spell_checker.AT_ONCE


@pytest.mark.parametrize("how", ["dies", "dies later", "babbles", "long", "hangs"])
async def test_a_program_that_fails_is_given_up_and_told_of_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(spell_checker, "PATIENCE", 0.5 if how == "hangs" else 20.0)
    async with checking(tmp_path, monkeypatch, how) as desk:
        desk.checker.ask(f"word{letter}" for letter in "abcdefgh")
        await until(lambda: desk.troubles)
        assert desk.checker.given_up
        assert "has it a dictionary" in desk.troubles[0]
        desk.checker.ask(["more"])
        with pytest.raises(LocalError, match="dictionary"):
            await desk.checker.suggestions("more")
        assert len(desk.troubles) == 1
        assert desk.speller.starts() == RESTARTS + 1


async def test_a_program_that_failed_is_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with checking(tmp_path, monkeypatch, "dies once") as desk:
        desk.checker.ask(["wrod", "helo"])
        await until(lambda: desk.told)
        assert desk.checker.is_wrong("wrod") is None  # it died of this one; it is asked for again with the next key
        assert desk.checker.is_wrong("helo") is True
        assert desk.troubles == []


@pytest.mark.parametrize(
    ("program", "language"), [("aspell", "en"), ("hunspell", "en_US"), ("enchant-2", "en_US")], ids=str
)
async def test_real_programs(program: str, language: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    told: list[bool] = []
    checker = SpellChecker(command_for(language, program), lambda: told.append(True), lambda _why: told.append(False))
    try:
        checker.ask(["hello", "wrod", "it's", "naïve", "qqqzzzx"])
        await until(lambda: told)
        if told == [False]:
            pytest.skip(f"{program} has no dictionary for {language}")
        wrong = {word for word in ("hello", "wrod", "it's", "qqqzzzx") if checker.is_wrong(word)}
        assert wrong == {"wrod", "qqqzzzx"}
        assert "word" in await checker.suggestions("wrod")
    finally:
        await checker.close()
