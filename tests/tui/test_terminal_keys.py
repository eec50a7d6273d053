"""Alt keys as old terminals report them reach the app as Alt keys; what other terminals report is as before."""

from __future__ import annotations

import pytest
from textual._xterm_parser import XTermParser
from textual.events import Key

from chat_tui.keymaps import KEYMAPS
from chat_tui.keys import KEYS
from chat_tui.terminal_keys import teach_alt_keys


def keys(data: str) -> list[str]:
    """The keys that Textual reads from what a terminal wrote."""
    parser = XTermParser()
    return [event.key for event in [*parser.feed(data), *parser.feed("")] if isinstance(event, Key)]


@pytest.mark.parametrize(
    ("data", "names"),
    [
        ("\x1b\r", ["alt+enter"]),
        ("\x1b1", ["alt+1"]),
        ("\x1b9", ["alt+9"]),
        ("\x1b\x7f", ["alt+backspace"]),
        ("\x1ba", ["alt+a"]),
        ("\x1bu\x1b[1;5F", ["alt+u", "ctrl+end"]),
        ("\x1bq\x1ba", ["alt+q", "alt+a"]),
        ("\x1bOP\x1b[A", ["f1", "up"]),
        ("\x1b[13;3u", ["alt+enter"]),
        ("\x1b[49;3u", ["alt+1"]),
        ("\x1b[1;3A", ["alt+up"]),
        ("\r", ["enter"]),
        ("1", ["1"]),
        ("\x1b", ["escape"]),
        ("a\r", ["a", "enter"]),
    ],
)
def test_what_a_terminal_reports(data: str, names: list[str]) -> None:
    teach_alt_keys()
    assert keys(data) == names


SIGNS = {"slash": "/", "question_mark": "?", "less_than_sign": "<", "greater_than_sign": ">"}


def alt_keys() -> list[str]:
    """Every Alt key with a character that the app has by itself or in a set."""
    tables = [{key.id: key.keys for key in KEYS}, *KEYMAPS.values()]
    names = {name for table in tables for keys in table.values() for name in keys.split(",")}
    return sorted(name for name in names if name.startswith("alt+") and (len(name) == 5 or name[4:] in SIGNS))


@pytest.mark.parametrize("name", alt_keys())
def test_every_alt_key_of_ours_is_understood_the_old_way(name: str) -> None:
    teach_alt_keys()
    sign = name.removeprefix("alt+")
    assert keys(f"\x1b{SIGNS.get(sign, sign)}") == [name]
