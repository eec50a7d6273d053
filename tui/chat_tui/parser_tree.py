"""The command line as data: every command with its words and options, read from the parser that reads command lines."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from chat_tui_core.values import frozen

__all__ = ["Option", "Page", "pages"]


@frozen
class Option:
    """One option, or one word where `flags` is empty. `takes` names its value, "" where it takes none."""

    flags: tuple[str, ...]
    takes: str
    help: str
    choices: tuple[str, ...] = ()
    path: bool = False


@frozen
class Page:
    """One command. `words` lead to it, () for the program itself; `below` are its subcommands with their purposes."""

    words: tuple[str, ...]
    usage: str
    about: str
    examples: str
    options: tuple[Option, ...]
    below: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        """How it is called, "outbox retry"."""
        return " ".join(self.words)


def pages(parser: argparse.ArgumentParser, words: tuple[str, ...] = ()) -> Iterator[Page]:
    """Every command of a parser, each before those below it, in the order of the help."""
    tree = next((action for action in parser._actions if isinstance(action, argparse._SubParsersAction)), None)  # noqa: SLF001
    shown = [action for action in parser._actions if action is not tree]  # noqa: SLF001
    below = tuple((one.dest, one.help or "") for one in tree._choices_actions) if tree else ()  # noqa: SLF001
    yield Page(
        words,
        " ".join(parser.format_usage().removeprefix("usage: ").split()),
        parser.description or "",
        parser.epilog or "",
        tuple(map(_option, shown)),
        below,
    )
    if tree is not None:
        for name, inner in tree.choices.items():
            yield from pages(inner, (*words, name))


def _option(action: argparse.Action) -> Option:
    takes = ""
    choices = tuple(map(str, action.choices or ()))
    if action.nargs != 0:
        shown = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
        takes = "{" + ",".join(choices) + "}" if choices else shown
    return Option(
        tuple(action.option_strings), takes, action.help or "", choices, path=takes in {"FILE", "DIR", "PATH"}
    )
