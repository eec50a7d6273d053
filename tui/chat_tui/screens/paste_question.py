"""Ask what becomes of a paste of many lines; it stands in the composer already, and what is typed goes behind it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from chat_tui.keys import Place, bindings
from chat_tui.screens.dialog import Dialog
from chat_tui.strings import N_, _
from chat_tui.widgets.key_line import keys_told
from chat_tui.widgets.pick_list import PickList, Row
from chat_tui.widgets.text_layout import clean_line, fit

__all__ = ["CODE", "FILE", "KEEP", "OUT", "PasteScreen"]

QUIET: Final = 0.4
"""Seconds without a key after which a key is an answer: what was typed before the question was seen is none."""
SHOWN: Final = 3
"""First lines of the paste that are shown."""
WIDTH: Final = 52
KEEP, CODE, FILE, OUT = "keep", "code", "file", "out"
WORDS: Final = {
    KEEP: N_("Leave it as it is"),
    CODE: N_("Make it a block of code"),
    FILE: N_("Send it as a file, pasted.txt"),
    OUT: N_("Take it out again"),
}


class Answers(PickList):
    """What can be done with the paste, a line each."""

    DEFAULT_CSS = "Answers { height: 4; margin-top: 1; }"

    def __init__(self, answers: tuple[str, ...], typed: Callable[[str], None]) -> None:
        """`typed` gets what is typed and is no answer."""
        super().__init__(id="answers")
        self.answers = answers
        self._typed = typed
        self._last = time.monotonic()

    def on_mount(self) -> None:
        """Show the answers, the first one chosen."""
        self.reset(0, len(self.answers))
        self.styles.height = len(self.answers)
        self.set_cursor(0)

    def rows(self, position: int) -> list[Row]:
        """Give an answer's line."""
        return [([(_(WORDS[self.answers[position]]), "")], [])]

    async def _on_key(self, event: events.Key) -> None:
        """Take a key as an answer, unless it is text, or came with what was typed before."""
        now = time.monotonic()
        quiet = now - self._last >= QUIET
        if event.is_printable or not quiet:
            self._last = now
            event.stop()
            event.prevent_default()
            if event.is_printable and event.character:
                self._typed(event.character)
        else:
            await super()._on_key(event)


class PasteScreen(Dialog[str]):
    """The question; gives KEEP, CODE, FILE or OUT."""

    BINDINGS = bindings(Place.DIALOG)
    DEFAULT_CSS = f"""
    PasteScreen {{
        align: center middle;
        & > Vertical {{ width: {WIDTH + 4}; max-width: 96%; height: auto; padding: 1 2; background: $surface; }}
        & #paste-title {{ text-style: bold; height: auto; margin-bottom: 1; }}
        & #paste-lines {{ color: $foreground 60%; height: auto; }}
        & #paste-keys {{ color: $foreground 60%; height: auto; margin-top: 1; }}
    }}
    """

    def __init__(self, text: str, lines: int, typed: Callable[[str], None], *, files: bool) -> None:
        """`typed` gets what is typed meanwhile, and `files` tells whether the room takes files."""
        super().__init__()
        self._text = text
        self._lines = lines
        self._typed = typed
        self._answers = (KEEP, CODE, FILE, OUT) if files else (KEEP, CODE, OUT)

    def compose(self) -> ComposeResult:
        """Give the question, the first lines, the answers."""
        first = [fit(clean_line(line), WIDTH) for line in self._text.splitlines()[:SHOWN]]
        with Vertical():
            title = _("{count} lines were pasted").format(count=f"{self._lines:,}")
            yield Static(title, id="paste-title", markup=False)
            yield Static("\n".join([*first, *(["…"] if self._lines > SHOWN else [])]), id="paste-lines", markup=False)
            yield Answers(self._answers, self._typed)
            yield Static(keys_told(_("Enter does it   Esc leaves it as it is")), id="paste-keys")

    def on_mount(self) -> None:
        """Have the answers get the keys."""
        self.query_one(Answers).focus()

    def on_paste(self, event: events.Paste) -> None:
        """Another paste is no answer either."""
        event.stop()
        self._typed(event.text)

    @on(PickList.Picked)
    def _picked(self, event: PickList.Picked) -> None:
        event.stop()
        self.dismiss(self._answers[event.position])

    def action_close(self) -> None:
        """Leave it as it is."""
        self.dismiss(KEEP)
