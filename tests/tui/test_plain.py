"""Talking by lines, on a scripted server: what is read out, once each; what a typed line does; no command is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import pytest

from chat_tui.commands import COMMANDS
from chat_tui.config import AppOptions, Config
from chat_tui.plain.handling import ALIKE, INSTEAD, OWN
from chat_tui.plain.talking import Talking
from chat_tui.plain.words import event_line, link_line, room_line
from chat_tui.screens.doing import HANDLERS
from chat_tui_core.accounts import DataFolder
from chat_tui_core.actions import Kind
from chat_tui_core.link import Link, LinkChanged
from chat_tui_core.model import EventKind, FileInfo, Membership, Room, RoomEvent, RoomKind
from chat_tui_core.news import (
    Answered,
    Arrived,
    Echoed,
    Edited,
    HistoryGiven,
    Reacted,
    Redacted,
    RefusedAction,
    RoomChanged,
    Written,
)
from chat_tui_core.questions import AskHistory, Question
from tests.core.scripted import Play, said
from tests.tui.stage import ROOMS

EVENT = RoomEvent("general", "e", 4, EventKind.MESSAGE, "ann", 3_600_000, "hello")


def test_every_command_is_thought_of() -> None:
    groups = (set(OWN), set(INSTEAD), set(ALIKE))
    assert set().union(*groups) == {command.name for command in COMMANDS}
    assert sum(map(len, groups)) == len(COMMANDS)
    assert set(HANDLERS) >= ALIKE


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({}, "01:00 ann: hello"),
        ({"sender": "me"}, "01:00 You: hello"),
        ({"sender_name": "Ann"}, "01:00 Ann: hello"),
        ({"text": "one\ntwo"}, "01:00 ann: one\n    two"),
        ({"reply_to": "x"}, "01:00 ann (an answer): hello"),
        ({"thread": "x"}, "01:00 ann (in a thread): hello"),
        ({"thread": "x", "reply_to": "y"}, "01:00 ann (an answer, in a thread): hello"),
        ({"kind": EventKind.EMOTE, "text": "waves"}, "01:00 * ann waves"),
        ({"text": "/me waves"}, "01:00 * ann waves"),
        ({"kind": EventKind.JOIN, "text": ""}, "01:00 ann joined"),
        ({"kind": EventKind.TOPIC, "text": "cats"}, "01:00 ann set the topic: cats"),
        ({"kind": EventKind.REDACTED, "text": ""}, "01:00 ann deleted a message"),
        ({"kind": EventKind.UNSUPPORTED}, "01:00 ann sent something that cannot be shown"),
        (
            {"kind": EventKind.FILE, "text": "look", "file": FileInfo("cat.png", 12_000, "image/png")},
            "01:00 ann sent the file cat.png (12.0 KB, image/png): look",
        ),
        ({"text": "a\x1b[2Jb\u202ec\x07"}, "01:00 ann: a\ufffd[2Jbc\ufffd"),  # E7
        ({"sender_name": "a\x1b\nnn"}, "01:00 a\ufffd nn: hello"),  # E7
    ],
)
def test_events_as_lines(change: dict[str, object], line: str) -> None:
    assert event_line(replace(EVENT, **change), "me", zone=UTC) == line  # type: ignore[arg-type]


def test_rooms_and_the_link_as_lines() -> None:
    room = Room("r", "dogs", "cats\n", members=1)
    assert event_line(EVENT, "me", room=room, zone=UTC) == "01:00 in dogs, ann: hello"
    assert room_line(room) == "Room dogs, 1 member. Topic: cats"
    assert room_line(Room("r", "ann", kind=RoomKind.DIRECT, members=2)) == "Direct chat with ann, 2 members."
    assert link_line(LinkChanged(Link.WAITING, "no route")) == "No connection: no route. It is tried again."
    assert link_line(LinkChanged(Link.CONNECTING)) == ""


class Lines(Play):
    """A scripted session that is talked with by lines."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.told: list[str] = []
        options = AppOptions(DataFolder(path.parent), Config(), demo=True)
        self.talking = Talking(self.session, options, self.told.append, zone=UTC)

    def ask(self, question: Question) -> None:
        """The server has no older lines."""
        if isinstance(question, AskHistory):
            self.connection.deliver((HistoryGiven(question.request, question.room_id, (), more=False),))

    def new(self) -> list[str]:
        """What was read out since the last look, without the times."""
        lines, self.told[:] = list(self.told), []
        return [line[6:] if line[2:3] == ":" else line for line in lines]


@pytest.fixture
async def lines(tmp_path: Path) -> AsyncIterator[Lines]:
    play = Lines(tmp_path / "chat.db")
    play.session.watch(play.talking.note)
    following = asyncio.create_task(play.talking.follow())
    await play.online(replace(ROOMS[0], head=0, last_ts=0), ROOMS[1])
    play.connection.ask = play.ask  # type: ignore[method-assign]
    play.talking.open("general")
    await eventually(lambda: any("Room general" in line for line in play.told))
    play.new()
    yield play
    following.cancel()
    with suppress(asyncio.CancelledError):
        await following
    await play.close()


async def eventually(true: object) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(20):
        while not true():  # type: ignore[operator]
            await asyncio.sleep(0.005)


async def test_each_event_is_read_out_once_and_other_rooms_by_their_level(lines: Lines) -> None:
    await lines.news(Arrived("general", (said(1, "hello", room_id="general"),)))
    await lines.news(Arrived("general", (said(1, "hello", room_id="general"),)))
    await lines.news(
        Arrived("random", (said(1, "plain talk", room_id="random"), said(2, "me: look", room_id="random")))
    )
    await eventually(lambda: len(lines.told) >= 2)
    assert lines.new() == ["ann: hello", "in random, ann: me: look"]
    lines.talking.open("random")
    await eventually(lambda: len(lines.told) >= 2)
    assert lines.new() == ["Room random, 2 members. Topic: cats", "ann: plain talk"]


async def test_what_becomes_of_a_message_is_read_out_once(lines: Lines) -> None:
    spoken = tuple(said(order, f"line {order}", room_id="general") for order in (1, 2, 3))
    await lines.news(Arrived("general", spoken))
    await eventually(lambda: len(lines.told) >= 3)
    lines.new()
    edit = Edited("general", "m1", 1, "better\nby far", 5_000)
    await lines.news(edit, Reacted("general", "m2", 2, "bob", "👍"), Reacted("general", "m2", 2, "ann", "👍"))
    await lines.news(edit, Reacted("general", "m2", 2, "bob", "👍"))
    await lines.news(Reacted("general", "m2", 2, "bob", "👍", removed=True), Redacted("general", "m3", 3, "ann"))
    await lines.news(Redacted("general", "m3", 3, "ann"))
    assert lines.told == [
        "ann changed: better\n    by far",
        "ann reacted 👍 to: line 2",
        "bob reacted 👍 to: line 2",
        "bob took 👍 back from: line 2",
        "ann deleted a message: line 3",
    ]


async def test_what_becomes_of_messages_elsewhere_or_not_read_out_yet_is_not_told(lines: Lines) -> None:
    elsewhere = (said(1, "x", room_id="random"),)
    await lines.news(Arrived("random", elsewhere), Edited("random", "m1", 1, "y", 5_000))
    await lines.news(Arrived("general", (said(1, "a", room_id="general"),)), Edited("general", "m1", 1, "b", 5_000))
    await eventually(lambda: lines.told)
    assert lines.new() == ["ann: b"]


async def test_what_one_did_here_is_not_told_again_what_one_did_elsewhere_is(lines: Lines) -> None:
    await lines.news(Arrived("general", (said(1, "mine", "me", room_id="general"), said(2, room_id="general"))))
    await eventually(lambda: len(lines.told) >= 2)
    lines.new()
    taking = asyncio.create_task(lines.talking.take("/react 👍"))
    await eventually(lambda: any(action.kind is Kind.REACT for action in lines.connection.done))
    action = lines.connection.done[-1]
    await lines.news(
        Written(action.id), Reacted("general", "m2", 2, "me", "👍"), Answered(action.id), Echoed(action.id)
    )
    await taking
    await lines.news(Edited("general", "m1", 1, "mine too", 5_000))
    assert lines.told == ["Reacted.", "You changed: mine too"]


async def test_a_message_is_forwarded(lines: Lines) -> None:
    await lines.news(Arrived("general", (said(1, "a", room_id="general"),)))
    await eventually(lambda: lines.told)
    taking = asyncio.create_task(lines.talking.take("/forward random"))
    await eventually(lambda: any(action.room_id == "random" for action in lines.connection.done))
    action = lines.connection.done[-1]
    assert action.text == "Forwarded from ann:\n> a"
    await lines.news(Written(action.id), Answered(action.id, "m9", 9), Echoed(action.id, "m9", 9))
    await taking
    assert "Forwarded to random." in lines.told


async def test_a_refused_message_is_read_out_with_what_can_be_done(lines: Lines) -> None:  # A22
    taking = asyncio.create_task(lines.talking.take("not here"))
    await eventually(lambda: lines.connection.done)
    action = lines.connection.done[-1]
    await lines.news(Written(action.id), RefusedAction(action.id, "NOPERM", "You may not speak here."))
    await taking
    assert lines.new() == [
        "Refused: not here. Reason: You may not speak here. /retry, /edit NEW TEXT, /discard or /pass decides about it."
    ]
    await lines.talking.take("/discard")
    assert not lines.session.open_actions
    await lines.talking.take("/retry")
    assert lines.new() == ["Nothing was refused in this room."]


async def test_a_change_is_told_once_though_answer_and_event_both_tell_it(lines: Lines) -> None:
    await lines.news(Arrived("general", (said(1, "helo", sender=lines.session.me, room_id="general"),)))
    await eventually(lines.new)
    taking = asyncio.create_task(lines.talking.take("/edit hello"))
    await eventually(lambda: lines.connection.done)
    action = lines.connection.done[-1]
    told = Answered(action.id, "e2", 2), Echoed(action.id, "e2", 2)
    await lines.news(Written(action.id), *told)
    await lines.news(*told)
    await taking
    assert lines.new() == ["Changed."]


async def test_what_cannot_be_taken_back_is_asked_first(lines: Lines) -> None:
    for answer, asked in (("no", 0), ("yes", 1)):
        taking = asyncio.create_task(lines.talking.take("/delete"))
        await eventually(lambda: lines.talking.asks)
        assert lines.new() == ["Delete general for everybody, with all its messages? Type yes or no."]
        await lines.talking.take(answer)
        await eventually(lambda asked=asked: len(lines.connection.done) == asked)
        if asked:
            assert lines.connection.done[0].kind is Kind.DELETE_ROOM
            taking.cancel()
        await asyncio.gather(taking, return_exceptions=True)


async def test_without_a_connection_a_line_is_kept(lines: Lines) -> None:  # E3
    await lines.offline()
    await lines.talking.take("later")
    assert lines.new()[-1] == "It is kept, and leaves with the next connection."
    assert [action.text for action in lines.session.open_actions.values()] == ["later"]


async def test_an_invitation_is_read_out_once(lines: Lines) -> None:
    garden = Room("garden", membership=Membership.INVITED, inviter="ann")
    await lines.news(RoomChanged(garden, frozenset({"membership", "inviter"})))
    await lines.news(RoomChanged(replace(garden, topic="x"), frozenset({"topic"})))
    assert lines.new() == ["ann invites you to garden. /join garden accepts."]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("/dance", "There is no command /dance; /help lists them, and //dance sends it as text."),
        ("/theme", "There are no colours here."),
        ("/set", "Say which setting: /set NAME [VALUE]."),
        ("/switch nowhere", "There is no room 'nowhere' here."),
        ("/edit", "Say the new text: /edit NEW TEXT."),
        ("/outbox", "Everything is sent."),
    ],
)
async def test_what_cannot_be_done_is_one_sentence(lines: Lines, line: str, told: str) -> None:
    await lines.talking.take(line)
    assert lines.new() == [told]


async def test_settings_can_be_changed(lines: Lines) -> None:
    await lines.talking.take("/notify all")
    assert lines.new() == ["You are told of all in general."]
    await lines.talking.take("/set undo_send 5")
    assert lines.session.undo_seconds == 5


async def test_leaving(lines: Lines) -> None:
    await lines.talking.take("/quit")
    assert lines.talking.ended.is_set()
