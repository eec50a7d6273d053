"""Which events a person is told of, by a table; in which words; and that no text breaks out of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chat_tui.config import Config
from chat_tui.notices import Notice, Why, invitation, invited, is_quiet, level_of, notice_of, summed_up, why_told
from chat_tui_core.model import EventKind, FileInfo, Membership, Room, RoomEvent, RoomKind

ROOM = Room("!r:x", "#general", head=5, read=3)
DIRECT = replace(ROOM, kind=RoomKind.DIRECT)
SAID = RoomEvent("!r:x", "e5", 5, EventKind.MESSAGE, "ada", 1, "the release is out")
NOON, NIGHT = 12 * 60, 23 * 60

EVERYTHING = Config(notify_level="all")
WORDS = Config(notify_keywords=("release", "c++"))
QUIET = Config(notify_level="all", notify_quiet="22:00-07:00")
HERE = Config(notify_level="nothing", notify_rooms={"general": "all"})
BY_ID = Config(notify_level="all", notify_rooms={"!r:x": "nothing"})

TABLE: list[tuple[str, Config, Room, dict[str, Any], dict[str, Any], Why | None]] = [
    ("a plain message, mentions only", Config(), ROOM, {}, {}, None),
    ("a mention", Config(), ROOM, {}, {"mentioned": True}, Why.MENTION),
    ("a direct message", Config(), DIRECT, {}, {}, Why.DIRECT),
    ("a direct mention is a mention", Config(), DIRECT, {}, {"mentioned": True}, Why.MENTION),
    ("everything", EVERYTHING, ROOM, {}, {}, Why.MESSAGE),
    ("an emote", EVERYTHING, ROOM, {"kind": EventKind.EMOTE}, {}, Why.MESSAGE),
    ("a file", EVERYTHING, ROOM, {"kind": EventKind.FILE}, {}, Why.MESSAGE),
    ("who comes is no message", EVERYTHING, ROOM, {"kind": EventKind.JOIN}, {}, None),
    ("what I said elsewhere", EVERYTHING, ROOM, {"sender": "me"}, {}, None),
    ("what is read elsewhere", EVERYTHING, ROOM, {"order": 3}, {}, None),
    ("what is before my eyes", EVERYTHING, ROOM, {}, {"seen": True, "mentioned": True}, None),
    ("a muted room", EVERYTHING, replace(ROOM, muted=True), {}, {"mentioned": True}, None),
    ("muted outdoes the room's own level", HERE, replace(ROOM, muted=True), {}, {}, None),
    ("a keyword", WORDS, ROOM, {}, {}, Why.KEYWORD),
    ("a keyword in capitals", WORDS, ROOM, {"text": "RELEASE!"}, {}, Why.KEYWORD),
    ("a keyword of signs", WORDS, ROOM, {"text": "more c++ please"}, {}, Why.KEYWORD),
    ("a part of a word", WORDS, ROOM, {"text": "released"}, {}, None),
    ("no keyword while nothing is wanted", replace(WORDS, notify_level="nothing"), ROOM, {}, {}, None),
    ("nothing", Config(notify_level="nothing"), ROOM, {}, {"mentioned": True}, None),
    ("a room of its own, by name", HERE, ROOM, {}, {}, Why.MESSAGE),
    ("a room of its own, by id", BY_ID, ROOM, {}, {"mentioned": True}, None),
    ("quiet hours", QUIET, ROOM, {}, {"minute": NIGHT, "mentioned": True}, None),
    ("after quiet hours", QUIET, ROOM, {}, {"minute": 7 * 60}, Why.MESSAGE),
]


@pytest.mark.parametrize(
    ("config", "room", "event", "how", "why"), [row[1:] for row in TABLE], ids=[r[0] for r in TABLE]
)
def test_who_is_told_of_what(
    config: Config, room: Room, event: dict[str, Any], how: dict[str, Any], why: Why | None
) -> None:
    about = {"minute": NOON, "mentioned": False, "seen": False} | how
    assert why_told(config, room, replace(SAID, **event), "me", **about) is why


@pytest.mark.parametrize(
    ("span", "minute", "quiet"),
    [
        ("", 0, False),
        ("22:00-07:00", 21 * 60 + 59, False),
        ("22:00-07:00", 22 * 60, True),
        ("22:00-07:00", 0, True),
        ("22:00-07:00", 7 * 60, False),
        ("12:00-13:00", 12 * 60 + 30, True),
        ("12:00-13:00", 13 * 60, False),
        ("08:00-08:00", 8 * 60, False),
    ],
)
def test_quiet_hours(span: str, minute: int, quiet: bool) -> None:
    assert is_quiet(span, minute) is quiet


def test_a_level_by_name_knows_no_hash() -> None:
    assert level_of(Config(notify_rooms={"general": "all"}), ROOM) == "all"
    assert level_of(Config(), ROOM) == "mentions"


def test_an_invitation_is_told_unless_it_is_quiet() -> None:
    room = Room("!r:x", "garden", membership=Membership.INVITED, inviter="ada")
    assert invited(Config(), room, minute=NOON)
    assert not invited(QUIET, room, minute=NIGHT)
    assert not invited(Config(notify_level="nothing"), room, minute=NOON)
    assert not invited(Config(), ROOM, minute=NOON)
    assert invitation(room) == Notice("garden", "ada invites you to this room", "!r:x")


def test_the_words_of_a_notice() -> None:
    assert notice_of(ROOM, SAID, SAID.text) == Notice("ada in #general", "the release is out", "!r:x")
    assert notice_of(ROOM, SAID, None) == Notice("ada in #general", "New message", "!r:x")
    assert notice_of(DIRECT, replace(SAID, sender_name="Ada"), "").title == "Ada"
    file = replace(SAID, kind=EventKind.FILE, text="look", file=FileInfo("cat.png"))
    assert notice_of(ROOM, file, file.text).body == "File: cat.png look"
    assert notice_of(ROOM, file, None).body == "New file"
    assert notice_of(ROOM, SAID, "the killer is ▒▒▒").body == "the killer is ▒▒▒"


# E7
def test_no_text_disturbs_a_terminal_or_forges_a_line() -> None:
    event = replace(SAID, text="a\x1b[2J\nb\x07\u202e" + "x" * 9000, sender_name="ada\x1b]0;\u200b")
    notice = notice_of(replace(ROOM, name="g\x9b\n"), event, event.text)
    assert "\x1b" not in notice.title + notice.body
    assert (notice.title + notice.body).isprintable()
    assert len(notice.body) <= 200


def test_several_become_one() -> None:
    one, two, far = Notice("ada", "hi", "r"), Notice("bo", "ho", "r"), Notice("cy", "hu", "s")
    assert summed_up([one]) is one
    assert summed_up([one, two]) == Notice("bo", "2 new messages; the last: ho", "r")
    assert summed_up([one, two, far]) == Notice("chat-tui", "3 new messages in 2 rooms")
