"""Mark misspelled words in the composer, and choose what was meant; a program beside the app looks the words up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from chat_tui.aside import aside
from chat_tui.config import default_file
from chat_tui.keys import Place, bindings
from chat_tui.screens.dialog import Dialog
from chat_tui.screens.settings_work import settable
from chat_tui.spell_checker import SpellChecker, add_own_word, command_for, own_words
from chat_tui.spelling_words import Found, word_at, words_in
from chat_tui.strings import _
from chat_tui.widgets.pick_list import PickList, Row
from chat_tui_core.errors import LocalError

if TYPE_CHECKING:
    from chat_tui.config import Config
    from chat_tui.screens.main_keys import MainKeys

__all__ = ["Spelling", "suggest"]

OWN: Final = "\0own"
"""The answer that a word is one of the person's own."""


class Spelling:
    """What is known of the words in the composer."""

    def __init__(self, screen: MainKeys, config: Config, *, speak: bool) -> None:
        """`speak`: the person has just switched it on, and is told if it cannot be. Raises LocalError."""
        self._screen = screen
        self._speak = speak
        command = command_for(config.composer_spelling, config.composer_speller)
        self.checker = SpellChecker(command, screen.composer.mark, self._failed)
        self.folder = (settable(screen.app).options.file or default_file()).parent
        screen.composer.misspelled = self.marks

    async def read_own(self) -> None:
        """Know the person's own words."""
        self.checker.own = await aside(own_words, self.folder)
        self._screen.composer.mark()

    def _failed(self, why: str) -> None:
        self._screen.composer.misspelled = None
        self._screen.composer.mark()
        if self._speak:
            self._screen.notify(why, severity="error", markup=False)

    async def close(self) -> None:
        """Mark nothing any more."""
        self._screen.composer.misspelled = None
        self._screen.composer.mark()
        await self.checker.close()

    def wrong(self, text: str, cursor: int) -> list[Found]:
        """The words of the text that are known to be misspelled, also the one at the cursor."""
        names = {part for name in self._screen.composer.names for part in name.split()}
        return [one for one in words_in(text, cursor) if one[2] not in names and self.checker.is_wrong(one[2])]

    def marks(self, text: str, cursor: int, ask: bool) -> Mapping[int, list[tuple[int, int]]]:
        """Where misspelled words are, by line, in bytes from its start; the word that is being typed is none.

        `ask`: what is not known is asked for.
        """
        lines = text.split("\n")
        found: dict[int, list[tuple[int, int]]] = defaultdict(list)
        unknown: list[str] = []
        row, begin = 0, 0
        names = {part for name in self._screen.composer.names for part in name.split()}
        for start, end, word in words_in(text, cursor):
            if start <= cursor <= end or word in names:
                continue
            wrong = self.checker.is_wrong(word)
            if wrong is None:
                unknown.append(word)
            elif wrong:
                while start > begin + len(lines[row]):
                    begin += len(lines[row]) + 1
                    row += 1
                first = len(lines[row][: start - begin].encode())
                found[row].append((first, first + len(word.encode())))
        if ask:
            self.checker.ask(unknown)
        return found


async def suggest(screen: MainKeys, spelling: Spelling | None) -> None:
    """Show what could be meant by the word at the cursor, and put it there. Raises LocalError."""
    if spelling is None or spelling.checker.given_up:
        raise LocalError(_("Spelling is not checked: `/set composer.spelling en_GB` switches it on."))
    composer = screen.composer
    text, cursor = composer.text, composer.cursor_index
    here = [one for one in words_in(text, cursor) if one[0] <= cursor <= one[1]]
    for _start, _end, word in here:
        await spelling.checker.suggestions(word)  # so that it is known whether it is right
    one = word_at([one for one in here if spelling.checker.is_wrong(one[2])] or spelling.wrong(text, cursor), cursor)
    if one is None and here:
        raise LocalError(_("“{word}” is spelled well.").format(word=here[0][2]))
    if one is None:
        raise LocalError(_("No misspelled word is here."))
    start, end, word = one
    suggestions = await spelling.checker.suggestions(word)
    answer = await screen.app.push_screen_wait(SuggestScreen(word, suggestions))
    if answer == OWN:
        await aside(add_own_word, spelling.folder, word)
        spelling.checker.own |= {word.casefold()}
        composer.mark()
    elif answer and composer.text[start:end] == word:
        composer.replace_range(start, end, answer)


class Suggestions(PickList):
    """What could be meant, a word a line, and below it that the word is one of the person's own."""

    DEFAULT_CSS = "Suggestions { max-height: 10; min-height: 1; margin-top: 1; }"

    def __init__(self, word: str, words: tuple[str, ...]) -> None:
        super().__init__(id="suggestions")
        self.words = (*words, OWN)
        self._word = word

    def on_mount(self) -> None:
        """Show them, the first one chosen."""
        self.styles.height = len(self.words)
        self.reset(0, len(self.words))
        self.set_cursor(0)

    def rows(self, position: int) -> list[Row]:
        """Give a word's line."""
        word = self.words[position]
        own = _("Add “{word}” to my own words").format(word=self._word)
        return [([(own, "dim") if word == OWN else (word, "")], [])]


class SuggestScreen(Dialog[str]):
    """A word and what could be meant by it; gives that, OWN, or nothing."""

    BINDINGS = bindings(Place.DIALOG)
    DEFAULT_CSS = """
    SuggestScreen {
        align: center bottom;
        & > Vertical {
            width: 48; max-width: 96%; height: auto; margin-bottom: 3; padding: 1 2; background: $surface;
        }
        & #suggest-word { text-style: bold; height: 1; }
        & #suggest-keys { color: $foreground 60%; height: auto; margin-top: 1; }
    }
    """

    def __init__(self, word: str, words: tuple[str, ...]) -> None:
        super().__init__()
        self._word = word
        self._words = words

    def compose(self) -> ComposeResult:
        """Give the word, what could be meant, the keys."""
        with Vertical():
            none = _("Nothing is like “{word}”.").format(word=self._word)
            yield Static(self._word if self._words else none, id="suggest-word", markup=False)
            yield Suggestions(self._word, self._words)
            yield Static(_("Enter takes it   Esc closes"), id="suggest-keys", markup=False)

    def on_mount(self) -> None:
        """Have the list get the keys."""
        self.query_one(Suggestions).focus()

    @on(PickList.Picked)
    def _picked(self, event: PickList.Picked) -> None:
        event.stop()
        self.dismiss(self.query_one(Suggestions).words[event.position])

    def action_close(self) -> None:
        """Leave the word as it is."""
        self.dismiss("")
