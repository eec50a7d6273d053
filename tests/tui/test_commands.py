"""Reading what was typed: commands, texts that begin with a slash, and what is neither (E9)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_tui.commands import COMMANDS, Call, Wrong, complete, hint_for, listed, read_line
from chat_tui.own_tables import OwnCommand
from chat_tui.screens.doing import HANDLERS
from chat_tui.spoken import Plain


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("hello", "hello"),
        (" /join x", " /join x"),  # a leading space makes it a text
        ("//join x", "/join x"),
        ("//", "/"),
        ("two\nlines", "two\nlines"),
        ("1/2", "1/2"),
        ("", ""),
    ],
)
def test_texts(typed: str, text: str) -> None:  # E9
    assert read_line(typed) == Plain(text)


@pytest.mark.parametrize(
    ("typed", "name", "words", "rest"),
    [
        ("/join general", "join", ("general",), "general"),
        ("/JOIN general", "join", ("general",), "general"),
        ("/part", "leave", (), ""),
        ("/leave", "leave", (), ""),
        ("/topic a new  topic", "topic", ("a", "new", "topic"), "a new  topic"),
        ("/kick bob too loud", "kick", ("bob", "too", "loud"), "bob too loud"),
        ("/msg ops on my way", "msg", ("ops", "on", "my", "way"), "ops on my way"),
        ("/create den --private a quiet one", "create", ("den", "--private", "a", "quiet", "one"), None),
        ("/me waves\ntwice", "me", ("waves", "twice"), "waves\ntwice"),
        ("/me\nwaves", "me", ("waves",), "waves"),
        ("/quit ", "quit", (), ""),
    ],
)
def test_calls(typed: str, name: str, words: tuple[str, ...], rest: str | None) -> None:
    call = read_line(typed)
    assert isinstance(call, Call)
    assert (call.command.name, call.words) == (name, words)
    if rest is not None:
        assert call.rest == rest


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("/jion general", "no command /jion"),
        ("/", "no command /"),
        ("/ join", "no command /"),
        ("/join", "/join ROOM"),
        ("/leave one two", "/leave [ROOM]"),
        ("/at 18:30", "/at TIME TEXT"),
        ("/msg ops", "/msg ROOM TEXT"),
        ("/invite", "/invite PERSON"),
        ("/etc/passwd is a file", "//etc/passwd sends it as text"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_sent(typed: str, said: str) -> None:  # E9
    wrong = read_line(typed)
    assert isinstance(wrong, Wrong)
    assert said in wrong.text


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    typed = read_line(text)
    if not text.startswith("/"):
        assert typed == Plain(text)
    elif text.startswith("//"):
        assert typed == Plain(text[1:])
    else:
        assert isinstance(typed, Call | Wrong)


def test_every_command_does_something() -> None:
    assert set(HANDLERS) == {command.name for command in COMMANDS}


def test_names_are_unique() -> None:
    names = [name for command in COMMANDS for name in (command.name, *command.aliases)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("hello", ""),
        ("//x", ""),
        ("/invite", "/invite PERSON · invite a person to this room"),
        ("/invite bo", "/invite PERSON · invite a person to this room"),
        ("/inv", "/invite"),
        ("/zzz", "/zzz is no command; F1 lists them"),
        ("/zzz x", "/zzz is no command; F1 lists them"),
    ],
)
def test_hints(typed: str, hint: str) -> None:
    assert hint_for(typed) == hint


def test_a_slash_alone_lists_all() -> None:
    assert all(f"/{command.name}" in hint_for("/") for command in COMMANDS)


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("/inv", "/invite "),
        ("/j", "/join "),
        ("/me", "/me"),  # /members begins like it
        ("/mem", "/members "),
        ("/zzz", "/zzz"),
        ("hello", "hello"),
        ("/join gen", "/join gen"),
    ],
)
def test_completion(typed: str, completed: str) -> None:
    assert complete(typed) == completed


def test_own_commands_are_read_explained_and_completed() -> None:
    own = {name: OwnCommand(name, ("trans",)) for name in ("translate", "trim", "join")}
    call = read_line("/Translate to  german\nand more", own)
    assert isinstance(call, Call)
    assert (call.command.own, call.words) == (own["translate"], ("to", "german", "and", "more"))
    assert isinstance(read_line("/translate x"), Wrong)
    ours = read_line("/join x", own)
    assert isinstance(ours, Call)
    assert ours.command.own is None, "the app's own goes before it"
    assert hint_for("/tri", own) == "/trim"
    assert hint_for("/trim ", own) == "/trim [WORDS] · run trans"
    assert complete("/transl", own) == "/translate "
    assert complete("/trim", own) == "/trim "
    assert [command.name for command in listed(own)] == [*(command.name for command in COMMANDS), "translate", "trim"]
