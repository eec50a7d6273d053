"""The app on a scripted server: rooms are listed, opened, joined, left, and close when they are gone."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from textual.events import AppBlur, AppFocus, Key

from chat_tui.screens.switcher import Matches, SwitcherScreen
from chat_tui.widgets.members import MembersPane
from chat_tui_core.actions import Kind
from chat_tui_core.link import Link, LinkChanged
from chat_tui_core.model import Member, Membership, Presence, Room, RoomKind
from chat_tui_core.news import (
    Answered,
    HistoryGiven,
    MembersListed,
    PresenceSet,
    RefusedAction,
    RoomChanged,
    RoomGone,
    TypingSet,
    Written,
)
from chat_tui_core.questions import AskHistory
from tests.core.scripted import said
from tests.tui.stage import ROOMS, Stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path / "chat.db")
    async with stage.show():
        yield stage


async def test_stored_rooms_and_lines_are_there_before_any_network(tmp_path: Path) -> None:  # E4, B14
    first = Stage(tmp_path / "chat.db")
    async with first.show():
        await first.rooms()
        await first.lines("general", 1, 3)
    again = Stage(tmp_path / "chat.db")
    async with again.show():
        assert again.connection.asked == []
        assert [room.room_id for room in again.main.rooms.rooms] == ["general", "random"]
        assert "line 3" in again.screen_text()
        assert "offline" in again.screen_text()


async def test_enter_in_the_list_opens_the_room_and_lets_one_write(stage: Stage) -> None:  # B14
    await stage.rooms()
    assert stage.focus == "rooms"
    await stage.pilot.press("end", "enter")
    assert stage.main.conversation.room_id == "random"
    assert stage.focus == "composer"
    assert "# random" in stage.screen_text()


async def test_looking_at_the_list_marks_nothing_read(stage: Stage) -> None:  # E6
    await stage.rooms(replace(ROOMS[0], read=1, unread=2))
    await stage.lines("general", 1, 3)
    assert stage.main.conversation.room_id == "general"
    assert stage.session.rooms["general"].read == 1
    await stage.pilot.press("enter")
    await stage.settle()
    assert stage.session.rooms["general"].read == 3


async def test_nothing_is_read_while_the_terminal_is_elsewhere(stage: Stage) -> None:  # E6
    await stage.rooms()
    await stage.lines("general", 1, 3)
    await stage.pilot.press("enter")
    await stage.settle()
    stage.app.post_message(AppBlur())
    await stage.pilot.pause()
    await stage.lines("general", 4, 4)
    assert stage.session.rooms["general"].read == 3
    stage.app.post_message(AppFocus())
    await stage.pilot.pause()
    await stage.settle()
    assert stage.session.rooms["general"].read == 4


async def test_what_came_while_one_was_away_stands_under_a_line(stage: Stage) -> None:
    await stage.rooms()
    await stage.lines("general", 1, 3)
    await stage.pilot.press("enter")
    stage.app.post_message(AppBlur())
    await stage.pilot.pause()
    await stage.lines("general", 4, 4)
    shown = stage.lines_shown()
    assert any(" new " in line for line in shown[shown.index("line 3") if "line 3" in shown else 0 :])


async def test_the_unread_line_is_at_the_first_unread(stage: Stage) -> None:  # E6
    room = replace(ROOMS[1], read=4, unread=3, head=7)
    await stage.rooms(ROOMS[0], room)
    await stage.lines("random", 1, 7)
    stage.main.open_room("random")
    await stage.settle()
    shown = stage.lines_shown()
    line = next(index for index, text in enumerate(shown) if " new " in text)
    assert "line 5" in "".join(shown[line + 1 : line + 3])


async def test_a_room_that_is_deleted_while_open_closes_with_a_notice(stage: Stage) -> None:  # A6
    await stage.rooms()
    await stage.lines("general", 1, 3)
    await stage.pilot.press("enter")
    await stage.type("half a tho")
    await stage.news(RoomGone("general"))
    assert stage.main.conversation.room_id == ""
    assert "general is gone: deleted, or you were removed." in stage.notices()
    assert stage.session.drafts["general"].text == "half a tho"


async def test_leaving_is_no_surprise(stage: Stage) -> None:  # A18, C7
    await stage.rooms()
    await stage.pilot.press("enter")
    await stage.type("/leave")
    await stage.pilot.press("enter")
    await stage.settle()
    assert stage.doings()[-1].kind is Kind.LEAVE
    await stage.news(RoomChanged(Room("general", membership=Membership.LEFT), frozenset({"membership"})))
    assert stage.main.conversation.room_id == ""
    assert "you left it" in stage.screen_text()


async def test_choosing_a_public_room_joins_and_opens_it(stage: Stage) -> None:  # A18, B16
    await stage.rooms(*ROOMS, Room("music", membership=Membership.NONE, members=9))
    await stage.pilot.press("end", "enter")
    await stage.settle()
    action = stage.doings()[-1]
    assert (action.kind, action.room_id) == (Kind.JOIN, "music")
    assert stage.main.conversation.room_id == "general"
    await stage.news(
        Written(action.id),
        Answered(action.id, final=True),
        RoomChanged(Room("music", membership=Membership.JOINED, members=10), frozenset({"membership", "members"})),
    )
    assert stage.main.conversation.room_id == "music"
    assert stage.focus == "composer"


async def test_a_refused_join_is_said_and_forgotten(stage: Stage) -> None:  # A22
    await stage.rooms()
    await stage.pilot.press("enter")
    await stage.type("/join secret")
    await stage.pilot.press("enter")
    await stage.settle()
    action = stage.doings()[-1]
    await stage.news(Written(action.id), RefusedAction(action.id, "NOTFOUND", "there is no such room"))
    await stage.settle()
    assert "Joining secret was refused: there is no such room" in stage.notices()
    assert stage.unsettled() == []
    assert stage.main.conversation.room_id == "general"


async def test_creating_opens_the_new_room(stage: Stage) -> None:  # A18
    await stage.rooms()
    await stage.type("/create den --private a quiet place")
    await stage.pilot.press("enter")
    await stage.settle()
    action = stage.doings()[-1]
    assert (action.kind, action.room_id, dict(action.content)) == (
        Kind.CREATE_ROOM,
        "den",
        {"topic": "a quiet place", "private": True},
    )
    await stage.news(
        Answered(action.id, final=True), RoomChanged(Room("den", kind=RoomKind.PRIVATE), frozenset({"kind"}))
    )
    assert stage.main.conversation.room_id == "den"


async def test_moving_between_rooms_by_keys(stage: Stage) -> None:
    await stage.rooms(*(Room(name, last_ts=9 - at, head=1) for at, name in enumerate("abcd")))
    opened = []
    for key in ("alt+3", "alt+down", "alt+down", "alt+up", "alt+z", "alt+9"):
        await stage.pilot.press(key)
        opened.append(stage.main.conversation.room_id)
    assert opened == ["c", "d", "d", "c", "d", "d"]


async def test_the_next_unread_room_is_the_one_with_a_mention(stage: Stage) -> None:
    await stage.rooms(
        Room("a", last_ts=9),
        Room("b", last_ts=8, unread=9, read=1, head=9),
        Room("c", last_ts=1, unread=1, mentions=1, read=1, head=2),
    )
    await stage.pilot.press("alt+a")
    assert stage.main.conversation.room_id == "c"


async def test_the_switcher_finds_by_letters(stage: Stage) -> None:
    await stage.rooms(*(Room(name) for name in ("general", "design-review", "random")))
    await stage.pilot.press("ctrl+k")
    assert isinstance(stage.app.screen, SwitcherScreen)
    await stage.pilot.press(*"dsgn", "enter")
    await stage.pilot.pause()
    assert stage.main.conversation.room_id == "design-review"
    await stage.pilot.press("ctrl+k", "down", "escape")
    await stage.pilot.pause()
    assert stage.main.conversation.room_id == "design-review"


async def test_choosing_twice_in_the_switcher_is_choosing_once(stage: Stage) -> None:  # B15
    await stage.rooms(*(Room(name) for name in ("general", "design-review")))
    await stage.pilot.press("ctrl+k")
    switcher = stage.app.screen
    assert isinstance(switcher, SwitcherScreen)
    await stage.pilot.press(*"dsgn")
    switcher.action_choose()
    switcher.action_choose()
    await stage.pilot.pause()
    assert stage.main.conversation.room_id == "design-review"


async def test_the_switcher_finds_people_too(stage: Stage) -> None:  # B15
    await stage.rooms(Room("general"), Room("@bob+me", kind=RoomKind.DIRECT))
    people = (Member("me"), Member("bob"), Member("carol", "Caroline Hill"))
    await stage.news(MembersListed("general", people))
    await stage.pilot.press("ctrl+k", *"bob")
    assert [room.room_id for _, room in stage.app.screen.query_one(Matches).found] == ["@bob+me"]
    await stage.pilot.press(*["backspace"] * 3, *"@crl")
    await stage.pilot.pause()
    assert "Caroline Hill" in stage.screen_text()
    await stage.pilot.press("enter")
    await stage.settle()
    made = stage.doings()[-1]
    assert (made.kind, made.room_id) == (Kind.CREATE_ROOM, "@carol+me")


async def test_each_room_keeps_its_place_and_its_draft(stage: Stage) -> None:  # E3, E5
    await stage.rooms(replace(ROOMS[0], head=90, read=90), ROOMS[1])
    await stage.lines("general", 1, 90)
    await stage.settle()
    await stage.pilot.press("enter")
    await stage.pilot.press("pageup", "pageup")
    await stage.type("draft one")
    before = stage.lines_shown()
    await stage.pilot.press("alt+2")
    await stage.type("draft two")
    await stage.pilot.press("alt+1")
    await stage.pilot.pause()
    assert stage.main.composer.text == "draft one"
    assert stage.lines_shown() == before
    await stage.pilot.press("alt+2")
    assert stage.main.composer.text == "draft two"


async def test_scrolling_back_brings_older_lines_without_a_jump(stage: Stage) -> None:  # E5, A17
    await stage.rooms(replace(ROOMS[0], head=200, read=200))
    await stage.lines("general", 151, 200)
    await stage.pilot.press("enter", "ctrl+home")
    await stage.pilot.pause()
    question = [q for q in stage.connection.asked if isinstance(q, AskHistory) and q.room_id == "general"][-1]
    before = [line for line in stage.lines_shown() if line.startswith("line")]
    older = tuple(said(order, room_id="general") for order in range(51, 151))
    await stage.news(HistoryGiven(question.request, "general", older, more=True))
    await stage.settle()
    after = [line for line in stage.lines_shown() if line.startswith("line")]
    assert set(before) - set(after) <= {before[-1]}  # where history began there was a day's line, now there is none
    assert stage.main.conversation.source is not None
    assert stage.main.conversation.source.hi - stage.main.conversation.source.lo >= 150


async def test_members_and_typing(stage: Stage) -> None:  # A7, A19
    await stage.rooms()
    people = (Member("ann", "Ann", Presence.ONLINE), Member("bob", presence=Presence.OFFLINE), Member("me"))
    await stage.news(MembersListed("general", people), TypingSet("general", ("ann", "me")))
    await stage.pilot.press("enter", "f8")
    await stage.settle()
    text = stage.screen_text()
    assert "Ann is typing…" in text
    assert "● Ann" in text
    assert "○ bob" in text
    await stage.news(TypingSet("general", ()))
    assert "typing" not in stage.screen_text()
    await stage.pilot.press("f8")
    assert "● Ann" not in stage.screen_text()


@pytest.mark.parametrize(
    ("link", "words"),
    [
        (LinkChanged(Link.ONLINE), "● online"),
        (LinkChanged(Link.RESUMING), "resuming"),
        (LinkChanged(Link.STOPPED, "wrong password"), "✗ stopped: wrong password"),
        (LinkChanged(Link.OFFLINE), "○ offline"),
    ],
)
async def test_the_status_line_tells_the_truth(stage: Stage, link: LinkChanged, words: str) -> None:  # E10
    await stage.rooms()
    await stage.news(link)
    assert words in stage.screen_text()


async def test_the_wait_is_counted_down_and_can_be_cut_short(stage: Stage) -> None:  # E10, A21
    await stage.rooms()
    await stage.news(LinkChanged(Link.WAITING, "connection lost", time.monotonic() + 7.5, 1))
    assert "reconnecting in 8 s (connection lost)" in stage.screen_text()
    await stage.pilot.press("f5")
    assert stage.connection.forced == 1


async def test_hostile_names_and_markup_are_only_text(stage: Stage) -> None:  # E7
    await stage.rooms(Room("x", name="[red]a[/red]", topic="[bold]t[/bold]\x1b[2J", head=1))
    await stage.lines("x", 1, 1, text="[link=file:///etc]hi[/link] \x1b]52;c;AAAA\x07", sender="[b]ann[/b]")
    text = stage.screen_text()
    for shown in (
        "Message [red]a[/red]",
        "# [red]a[/red]",
        "[bold]t[/bold]",
        "[link=file:///etc]hi[/link]",
        "[b]ann[/b]",
    ):
        assert shown in text
    assert "\x1b" not in text
    assert "\x07" not in text


async def test_enter_and_a_line_in_one_breath(stage: Stage) -> None:
    await stage.rooms()
    for key in ["enter", *"hi", "enter", *"you"]:
        stage.app.post_message(Key(key, key if len(key) == 1 else None))
    await stage.settle()
    await stage.settle()
    assert [action.content["text"] for action in stage.doings()] == ["hi"]
    assert stage.main.composer.text == "you"


async def test_beginning_to_type_in_the_list_writes(stage: Stage) -> None:
    await stage.rooms()
    for key in "hello":
        stage.app.post_message(Key(key, key))
    await stage.settle()
    assert stage.main.composer.text == "hello"
    assert stage.focus == "composer"


@pytest.mark.parametrize(
    ("command", "kind", "room_id", "content"),
    [
        ("/ban ann spam again", Kind.BAN, "general", {"user": "ann", "reason": "spam again"}),
        ("/unban @ann", Kind.UNBAN, "general", {"user": "ann"}),
        ("/name The Lobby", Kind.NAME, "general", {"name": "The Lobby"}),
        ("/nick Ann of Old", Kind.PROFILE, "", {"name": "Ann of Old"}),
        ("/dm ann", Kind.CREATE_ROOM, "@ann+me", {}),
        ("/knock private let me in", Kind.KNOCK, "private", {"reason": "let me in"}),
        ("/favourite", Kind.TAG, "general", {"tag": "favourite"}),
        ("/low random", Kind.TAG, "random", {"tag": "low"}),
        ("/mute", Kind.MUTE, "general", {"muted": True}),
    ],
)
async def test_work_on_rooms_and_people_by_command(
    tmp_path: Path, command: str, kind: Kind, room_id: str, content: dict[str, object]
) -> None:  # A7, C4, C5
    stage = Stage(tmp_path / "ann" / "chat.db")
    async with stage.show():
        await stage.rooms()
        stage.main.open_room("general")
        await stage.settle()
        await stage.type(command)
        await stage.pilot.press("enter")
        await stage.settle()
        action = stage.doings()[-1]
        assert (action.kind, action.room_id, dict(action.content)) == (kind, room_id, content)


async def test_the_members_show_who_is_there_as_far_as_that_was_told(stage: Stage) -> None:  # A19
    await stage.rooms()
    stage.main.open_room("general")
    await stage.pilot.press("f8")
    people = tuple(Member(name) for name in ("ann", "bob", "cleo"))
    await stage.news(MembersListed("general", people), PresenceSet("cleo", Presence.ONLINE))
    assert [line.split()[0] for line in members_shown(stage)] == ["●", "·", "·"]
    await stage.news(PresenceSet("ann", Presence.IDLE), PresenceSet("cleo", Presence.OFFLINE))
    assert [" ".join(line.split()[:2]) for line in members_shown(stage)] == ["◐ ann", "· bob", "○ cleo"]


def members_shown(stage: Stage) -> list[str]:
    """The lines of the members below their heading."""
    pane = stage.app.screen.query_one(MembersPane)
    return [pane.rows(position)[0][0][0][0] + pane.rows(position)[0][0][1][0] for position in range(1, 4)]
