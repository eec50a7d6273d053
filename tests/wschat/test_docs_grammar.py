"""The grammar of docs/wschat.md, compiled: it has the verbs of the code, and takes the frames that the codec takes."""

from __future__ import annotations

import re
from typing import Final

import pytest

from chat_tui_core import chat_syntax
from chat_tui_wschat.frames import Command
from chat_tui_wschat.grammar import FORMS, GROUPS, MAX_MESSAGE
from chat_tui_wschat.reply_codec import _READERS
from tests.wschat.abnf_regex import AbnfError, Grammar
from tests.wschat.docs_page import blocks, tables
from tests.wschat.frames import ROWS, Bad, Row, label

RULES_OF_THE_PAGE: Final = Grammar("\n".join(blocks("abnf")))


def verbs(rule: str) -> set[str]:
    """The first literals of every alternative that a rule leads to."""
    found: set[str] = set()
    for alternative in RULES_OF_THE_PAGE.alternatives(rule):
        kind, text = alternative[0]
        found |= verbs(text) if kind == "name" else {text.removeprefix("%s").strip('"')}
    return found


# A24
def test_the_grammar_has_every_verb_and_no_other() -> None:
    seconds = {f"{verb} {second}" for verb, group in GROUPS.items() for second in group}
    assert verbs("c2s") == {*FORMS} | seconds
    assert verbs("s2c") == {*_READERS}


NOT_IN_GRAMMAR: Final[tuple[tuple[str, str], ...]] = (
    (r"@(id=(0|01|-1|9007199254740992)|seq=0|seq=8;id=x) ", "id and seq are numbers from 1 to 2^53-1"),
    (r"@k0=v{60};", "a tag section has at most 256 bytes"),
    (r".* (an|b{33})( |$)", "a user's name has 3 to 32 characters"),
    (r"CREATE @(bob\+ann|ann\+ann)$", "the names of a direct channel are in order"),
    (r".* 9007199254740992( |$)", "a number is at most 2^53-1"),
    (r"[^{]*\{.*\}$", "what is JSON, and how deep it may be, is not ABNF's to say"),
)
"""Frames that the grammar lets pass and the codec does not: how they look, and why."""


def octets(frame: str | bytes) -> bytes:
    return frame if isinstance(frame, bytes) else frame.encode("utf-8", "surrogatepass")


def rule_of(row: Row) -> str:
    return ("client-" if row.side == "c2s" else "server-") + ("frame" if isinstance(row.frame, str) else "binary")


GOOD: Final = [row for row in ROWS if not isinstance(row.expected, Bad)]
BAD: Final = [row for row in ROWS if isinstance(row.expected, Bad) and len(octets(row.frame)) <= MAX_MESSAGE]
"""Without those over the size that the codec looks at."""


def excused(row: Row) -> str:
    """The reason for which the grammar may let a bad frame pass, "" when there is none."""
    text = octets(row.frame).decode("latin-1")
    return next((reason for pattern, reason in NOT_IN_GRAMMAR if re.match(pattern, text, re.DOTALL)), "")


# A24
@pytest.mark.parametrize("row", GOOD, ids=label)
def test_the_grammar_accepts_every_good_frame(row: Row) -> None:
    assert RULES_OF_THE_PAGE.compile(rule_of(row)).fullmatch(octets(row.frame))
    if isinstance(row.frame, str):
        assert RULES_OF_THE_PAGE.compile("frame").fullmatch(octets(row.frame))


# A24, A3, A5
@pytest.mark.parametrize("row", BAD, ids=label)
def test_the_grammar_refuses_every_bad_frame(row: Row) -> None:
    found = RULES_OF_THE_PAGE.compile(rule_of(row)).fullmatch(octets(row.frame))
    assert found is None or excused(row)


# A24: an excuse that excuses nothing is a hole.
@pytest.mark.parametrize(("pattern", "reason"), NOT_IN_GRAMMAR, ids=[reason for _, reason in NOT_IN_GRAMMAR])
def test_every_excuse_is_needed(pattern: str, reason: str) -> None:
    assert any(
        excused(row) == reason and RULES_OF_THE_PAGE.compile(rule_of(row)).fullmatch(octets(row.frame)) for row in BAD
    )


# X1, X3, X4, X5
@pytest.mark.parametrize(
    ("message", "good"),
    [
        (b" x.msg.new c.text x.text:5 hello ", True),
        (b"3 x.msg.new c.text x.text:0  ", True),
        (b" x.msg.delete 41  ", True),
        (b"5 x.grp.leave   ", True),
        (b" w.msg.react 41,add x.text:4 \xf0\x9f\x91\x8d ", True),
        (b" x.msg.new c.image,i.image/jpg:9:AbC= i.image/jpg:2,x.text:1 \xff\x00 a ", True),
        (b" x.file n\xc3\xa4me  ", True),
        (b" x.msg.delete 41 ", False),
        (b" msg 41  ", False),
        (b" x.1 41  ", False),
        (b" x.msg.new a,,b  ", False),
        (b" x.msg.new a\tb  ", False),
        (b" x.msg.new  x.text a ", False),
        (b" x.msg.new  text:1 a ", False),
        (b" x.msg.new  x.text:-1 a ", False),
        (b" x.msg.new \xc2\x80  ", False),
        (b"x x.msg.new   ", False),
    ],
)
def test_the_grammar_of_chat_messages_is_the_codecs(message: bytes, good: bool) -> None:
    assert (RULES_OF_THE_PAGE.compile("chat-message").fullmatch(message) is not None) == good
    if good:
        chat_syntax.parse(message)
    else:
        with pytest.raises(chat_syntax.ChatSyntaxError):
            chat_syntax.parse(message)


# X1, X6
def test_the_chat_messages_of_the_table_parse_and_mean_what_it_says() -> None:
    (rows,) = tables("Chat messages")
    meant = [type(chat_syntax.read(chat_syntax.parse(cell[1:-1].encode()))).__name__ for cell in chat_cells(rows)]
    assert meant == ["New", "Reply", "Update", "Delete", "React"]


def chat_cells(rows: list[list[str]]) -> list[str]:
    return [row[0] for row in rows if row[0].startswith("`")]


# A24
@pytest.mark.parametrize(
    ("text", "good", "bad"),
    [
        ('a = %s"Ab" / "cd" ; "x" / "y"', ["Ab", "cd", "CD", "cD"], ["ab", "AB", "", "x"]),
        ("a = 2*3b\nb = %x61-62\n  / %x64", ["ab", "dad"], ["a", "abab", "ac"]),
        ('a = [ "x" ] 2DIGIT *"z" 1*( "(" / ")" )', ["12(", "x00zz)("], ["x1(", "12"]),
    ],
)
def test_the_compiler_of_grammars(text: str, good: list[str], bad: list[str]) -> None:
    pattern = Grammar(text).compile("a")
    assert [word for word in good if not pattern.fullmatch(word.encode())] == []
    assert [word for word in bad if pattern.fullmatch(word.encode())] == []


# A24
@pytest.mark.parametrize(
    "text", ["a = b", "a = a", "a = ( %x61", "a = / %x61", "a = <prose>", "a = %x61 )", "a = %x61\na = %x62", "  x"]
)
def test_the_compiler_refuses_what_it_cannot_compile(text: str) -> None:
    with pytest.raises(AbnfError):
        Grammar(text).compile("a")


# A24
def test_every_rule_of_the_grammar_is_used() -> None:
    used = {"frame", "client-binary", "server-binary", "chat-message"}
    for tokens in RULES_OF_THE_PAGE.rules.values():
        used |= {text for kind, text in tokens if kind == "name"}
    assert used == RULES_OF_THE_PAGE.rules.keys()


# A24: what the table above calls a good command is one.
def test_good_rows_are_commands_or_replies() -> None:
    assert sum(isinstance(row.expected, Command) for row in GOOD) > 60
    assert len(BAD) > 150
