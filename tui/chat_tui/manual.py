"""Write the manual page of chat-tui, from the parser that reads command lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from chat_tui.parser_tree import Option, Page

__all__ = ["manual"]

PURPOSE: Final = "a chat client for the terminal in which nothing you typed is lost, doubled or reordered"
CODES: Final = (
    ("0", "done"),
    ("1", "failed; standard error says why in one sentence"),
    ("2", "wrong usage"),
    ("3", "refused by the server"),
    ("4", "still pending, and kept in the outbox"),
    ("130", "interrupted"),
)
FILES: Final = (
    (
        "~/.local/share/chat-tui",
        "accounts, messages, drafts, outbox and the log; --data-dir or CHAT_TUI_DATA_DIR name another folder",
    ),
    ("~/.config/chat-tui/config.toml", "the configuration; --config names another file"),
    ("~/.config/chat-tui/words.txt", "your own words, one a line: the app never takes them for misspelled"),
)
VARIABLES: Final = (
    ("VISUAL, EDITOR", "the editor in which the app has you write, with its arguments; the first one that is set"),
    ("CHAT_TUI_DATA_DIR", "the folder for accounts and messages"),
)


def manual(pages: Sequence[Page], version: str) -> str:
    """The page in the man macros."""
    root, *commands = pages
    lines = [
        '.\\" Made by `chat-tui man`; do not edit.',
        f'.TH CHAT\\-TUI 1 "" "chat\\-tui {_plain(version)}" "User Commands"',
        ".SH NAME",
        f"chat\\-tui \\- {_plain(PURPOSE)}",
        ".SH SYNOPSIS",
        ".B chat\\-tui",
        "[\\fIOPTION\\fR ...] [\\fICOMMAND\\fR ...]",
        ".SH DESCRIPTION",
        _plain(root.about),
        "In the app, F1 shows keys and commands.",
        ".SH OPTIONS",
        *_options(root.options),
        ".SH COMMANDS",
    ]
    for page in commands:
        lines += [f".SS chat\\-tui {_plain(page.name)}", _plain(page.about), ".PP", f"\\fI{_plain(page.usage)}\\fR"]
        lines += _options(tuple(option for option in page.options if option not in root.options))
        lines += _examples(page)
    lines.append(".SH EXIT STATUS")
    for code, meaning in CODES:
        lines += [".TP", f".B {code}", _plain(meaning)]
    lines.append(".SH ENVIRONMENT")
    for name, meaning in VARIABLES:
        lines += [".TP", f".B {_plain(name)}", _plain(meaning)]
    lines.append(".SH FILES")
    for name, meaning in FILES:
        lines += [".TP", f".I {_plain(name)}", _plain(meaning)]
    return "\n".join(lines) + "\n"


def _options(options: Sequence[Option]) -> Iterator[str]:
    for option in options:
        if not option.help and not option.flags:
            continue
        flags = ", ".join(f"\\fB{_plain(flag)}\\fR" for flag in option.flags)
        takes = f"\\fI{_plain(option.takes)}\\fR" if option.takes else ""
        yield from (".TP", " ".join(part for part in (flags, takes) if part), _plain(option.help) or "\\&")


def _examples(page: Page) -> Iterator[str]:
    examples = page.examples.removeprefix("examples:").strip("\n")
    if examples.strip():
        yield from (".PP", ".nf", *(_plain(line) for line in examples.splitlines()), ".fi")


def _plain(text: str) -> str:
    """A text that no macro can be in."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("%%", "%")
    return f"\\&{text}" if text.startswith((".", "'")) else text
