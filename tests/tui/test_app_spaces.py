"""The app on a scripted server: spaces narrow the list of rooms, what is new elsewhere is told, their rooms are joined."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from chat_tui.screens.space_page import SpaceScreen
from chat_tui.screens.space_view import LOOSE
from chat_tui.screens.spaces import SpacesScreen
from chat_tui.screens.switcher import SwitcherScreen
from chat_tui.widgets.text_line import TextLine
from chat_tui_core.actions import Kind
from chat_tui_core.link import Capability, Link, LinkChanged
from chat_tui_core.model import Membership, Room
from chat_tui_core.news import Answered, AskRefused, RoomChanged, SignedIn, Written
from chat_tui_core.spaces import AskSpace, Held, SpaceGiven, SpaceRoom
from tests.core.scripted import ALL
from tests.tui.house import House
from tests.tui.stage import Stage

GENERAL = Room("general", head=3, last_ts=9000)
WORK = Room("work", "Work", children=("plans", "inner", "secret"))
INNER = Room("inner", "Inner circle", children=("tea", "work"))
ROOMS = (
    GENERAL,
    Room("plans", last_ts=3000, unread=2, head=2),
    Room("tea", last_ts=2000, unread=1, mentions=1, head=1),
    Room("garden", last_ts=1000, unread=3, head=3),
    Room("party", membership=Membership.INVITED),
    WORK,
    INNER,
)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path / "chat.db")
    async with stage.show():
        yield stage


def listed(stage: Stage) -> list[str]:
    return [room.room_id for room in stage.main.rooms.rooms]


def title(stage: Stage) -> str:
    return stage.main.query_one("#rooms-title", TextLine).plain


def foot(stage: Stage) -> str:
    """What is said of rooms that are not listed, "" where that line is not there."""
    found = [line for line in stage.main.query("#rooms-elsewhere").results(TextLine) if line.display]
    return found[0].plain if found else ""


async def enter(stage: Stage, text: str) -> None:
    stage.main.composer.focus()
    stage.main.composer.insert(text)
    await stage.pilot.press("enter")
    await stage.settle()


async def test_a_space_stands_in_the_list_as_nothing_to_talk_in(stage: Stage) -> None:
    await stage.rooms(*ROOMS)
    assert listed(stage) == ["party", "tea", "plans", "garden", "general"]
    assert (title(stage), foot(stage)) == ("test", "")
    assert stage.main.conversation.room_id == "general"


async def test_a_command_narrows_the_list_and_says_so(stage: Stage) -> None:
    await stage.rooms(*ROOMS)
    await enter(stage, "/space work")
    assert listed(stage) == ["party", "tea", "plans"], "with what is in the space in it, and invitations"
    assert title(stage) == "test · Work"
    assert foot(stage) == "3 unread elsewhere\tAlt+A"
    await enter(stage, "/space inner circle")
    assert (listed(stage), title(stage)) == (["party", "tea", "plans"], "test · Inner circle"), "they hold each other"
    await enter(stage, "/space none")
    assert (listed(stage), title(stage)) == (["party", "garden", "general"], "test · in no space")
    assert foot(stage) == "@1 3 unread elsewhere\tAlt+A"
    await enter(stage, "/space all")
    assert (listed(stage), title(stage)) == (["party", "tea", "plans", "garden", "general"], "test")
    assert foot(stage) == ""
    await enter(stage, "/space Wrk")
    assert "You are in no space 'Wrk'; /space lists yours." in stage.screen_text()


async def test_tab_completes_the_names_of_spaces(stage: Stage) -> None:
    await stage.rooms(*ROOMS, Room("words", "Words"))
    stage.main.composer.focus()
    await stage.type("/space wo")
    await stage.pilot.press("tab")
    await stage.pilot.pause()
    assert stage.main.composer.text == "/space Work "
    await stage.pilot.press("enter")
    await stage.settle()
    assert title(stage) == "test · Work"


async def test_what_is_chosen_is_kept_for_the_next_start(tmp_path: Path) -> None:  # E4
    first = Stage(tmp_path / "chat.db")
    async with first.show():
        await first.rooms(*ROOMS)
        await enter(first, "/space Work")
    again = Stage(tmp_path / "chat.db")
    async with again.show():
        assert again.connection.asked == []
        assert (listed(again), title(again)) == (["party", "tea", "plans"], "test · Work")
        assert again.main.conversation.room_id == "plans", "what is shown is of what is listed"
        assert foot(again).startswith("3 unread elsewhere")


async def test_what_comes_elsewhere_is_counted_below(stage: Stage) -> None:
    await stage.rooms(*ROOMS)
    await enter(stage, "/space Work")
    await stage.lines("garden", 4, 5)
    assert foot(stage).startswith("5 unread elsewhere")
    await stage.news(RoomChanged(Room("garden", muted=True), frozenset({"muted"})))
    assert foot(stage) == "nothing new elsewhere"
    await stage.news(RoomChanged(Room("garden", mentions=2), frozenset({"mentions"})))
    assert foot(stage).startswith("@2 elsewhere")
    await stage.lines("plans", 3, 3)
    assert listed(stage) == ["party", "tea", "plans"]


async def test_the_next_unread_room_is_found_elsewhere_too(stage: Stage) -> None:
    await stage.rooms(*(replace(room, mentions=0) for room in ROOMS))
    await enter(stage, "/space Work")
    visited = []
    for _ in range(3):
        await stage.pilot.press("alt+a")
        await stage.settle()
        visited.append((stage.main.conversation.room_id, title(stage)))
        room_id = stage.main.conversation.room_id
        await stage.news(RoomChanged(Room(room_id), frozenset({"unread", "mentions"})))
    assert visited == [("plans", "test · Work"), ("tea", "test · Work"), ("garden", "test")]
    assert "garden" in listed(stage)


async def test_a_click_below_the_list_leads_elsewhere(stage: Stage) -> None:
    await stage.rooms(*ROOMS)
    await enter(stage, "/space Work")
    await stage.pilot.click("#rooms-elsewhere")
    await stage.settle()
    assert (stage.main.conversation.room_id, title(stage)) == ("garden", "test")


async def test_a_room_that_is_gone_to_is_in_the_list(stage: Stage) -> None:
    await stage.rooms(*ROOMS)
    await enter(stage, "/space Work")
    stage.main.open_room("plans")
    assert title(stage) == "test · Work"
    stage.main.open_room("general")
    await stage.settle()
    assert (title(stage), stage.main.rooms.marked(stage.main.rooms.cursor or 0)) == ("test", True)


async def test_a_space_changes_while_it_is_listed(stage: Stage) -> None:
    await stage.rooms(*ROOMS)
    await enter(stage, "/space Work")
    await stage.news(RoomChanged(replace(WORK, children=("garden",)), frozenset({"children"})))
    assert listed(stage) == ["party", "garden"]
    await stage.news(RoomChanged(Room("work", "Labour"), frozenset({"name"})))
    assert title(stage) == "test · Labour"
    await stage.news(RoomChanged(Room("work", membership=Membership.LEFT), frozenset({"membership"})))
    assert (title(stage), len(listed(stage))) == ("test", 5)


async def test_in_no_space_is_also_what_comes_later(stage: Stage) -> None:
    await stage.rooms(*ROOMS)
    stage.main.choose_view(stage.main.desk, LOOSE)
    await stage.news(RoomChanged(Room("new", last_ts=1), frozenset()))
    assert listed(stage) == ["party", "garden", "general", "new"]
    await stage.news(RoomChanged(replace(WORK, children=("new",)), frozenset({"children"})))
    assert "new" not in listed(stage)
    assert "plans" in listed(stage)


async def test_a_space_without_rooms_says_how_one_comes_to_them(stage: Stage) -> None:
    await stage.rooms(GENERAL, Room("empty", "Empty", children=("x",)))
    await enter(stage, "/space Empty")
    assert "of these rooms." in stage.screen_text()
    await enter(stage, "/space all")
    assert "of these rooms." not in stage.screen_text()


async def test_the_dialog_shows_the_tree_with_what_is_new_and_chooses(stage: Stage) -> None:
    await stage.rooms(*ROOMS)
    await stage.pilot.press("alt+o")
    await stage.settle()
    assert isinstance(stage.app.screen, SpacesScreen)
    entries = stage.app.screen._list.entries
    assert [(one.title, one.depth, one.rooms, one.unread, one.mentions, one.chosen) for one in entries] == [
        ("All rooms", 0, 4, 6, 1, True),
        ("Rooms in no space", 0, 2, 3, 0, False),
        ("Inner circle", 0, 2, 3, 1, False),
        ("Work", 1, 2, 3, 1, False),
    ]
    await stage.pilot.press("end", "enter")
    await stage.settle()
    assert title(stage) == "test · Work"
    assert stage.focus == "rooms"
    await stage.pilot.press("alt+o", "escape")
    assert title(stage) == "test · Work"


async def test_a_space_is_left_from_the_dialog_once_one_is_sure(stage: Stage) -> None:
    await stage.rooms(*ROOMS)
    await stage.pilot.press("alt+o", "end", "x")
    await stage.settle()
    assert "Leave the space Work? You stay in its rooms." in stage.screen_text()
    await stage.pilot.press("y")
    await stage.settle()
    assert [(action.kind, action.room_id) for action in stage.doings()] == [(Kind.LEAVE, "work")]
    await stage.news(RoomChanged(Room("work", membership=Membership.LEFT), frozenset({"membership"})))
    assert isinstance(stage.app.screen, SpacesScreen)
    await stage.comes(lambda: "Work" not in [one.title for one in stage.app.screen._list.entries])  # type: ignore[attr-defined]


async def test_ctrl_k_finds_spaces_and_rooms_that_are_not_listed(stage: Stage) -> None:
    await stage.rooms(*ROOMS)
    await enter(stage, "/space Work")
    await stage.pilot.press("ctrl+k")
    await stage.pilot.pause()
    assert isinstance(stage.app.screen, SwitcherScreen)
    await stage.type("garden")
    assert "# garden" in stage.screen_text()
    await stage.pilot.press(*(["backspace"] * 6))
    await stage.type("inner")
    assert "▣ Inner circle" in stage.screen_text()
    await stage.pilot.press("enter")
    await stage.settle()
    assert title(stage) == "test · Inner circle"


# ---------------------------------------------------------------- the rooms of a space


def asks(stage: Stage) -> list[AskSpace]:
    return [one for one in stage.connection.asked if isinstance(one, AskSpace)]


def question(stage: Stage) -> AskSpace:
    return asks(stage)[-1]


def at_the_door(room_id: str, **more: object) -> SpaceRoom:
    return SpaceRoom(replace(Room(room_id, membership=Membership.NONE, members=4), **more))  # type: ignore[arg-type]


PAGE = (
    SpaceRoom(WORK, (Held("plans"), Held("inner"), Held("secret", ("far.example",), suggested=True))),
    at_the_door("plans", topic="what comes next"),
    SpaceRoom(INNER, (Held("tea"), Held("work"))),
    at_the_door("tea"),
)


async def page(stage: Stage) -> SpaceScreen:
    """Open the page of the space Work."""
    await stage.rooms(*ROOMS)
    await stage.pilot.press("alt+o", "end", "r")
    await stage.settle()
    assert isinstance(stage.app.screen, SpaceScreen)
    await stage.comes(lambda: bool(asks(stage)))
    return stage.app.screen


async def test_the_rooms_of_a_space_come_page_by_page_and_are_joined(stage: Stage) -> None:
    screen = await page(stage)
    await stage.news(SpaceGiven(question(stage).request, "work", PAGE, "2"))
    await stage.comes(lambda: question(stage).token == "2")
    await stage.news(SpaceGiven(question(stage).request, "work", (at_the_door("secret", topic="psst"),)))
    await stage.comes(lambda: len(screen._list.entries) == 4)
    rows = [(row.listed.room.title, row.listed.depth, row.word) for row in screen._list.entries]
    assert rows == [
        ("plans", 1, "joined"),
        ("Inner circle", 1, "joined"),
        ("tea", 2, "joined"),
        ("secret", 1, "not joined"),
    ]
    assert "suggested" in stage.screen_text()
    await stage.pilot.press("end", "enter")
    await stage.settle()
    (action,) = stage.doings()
    assert (action.kind, action.room_id, action.content) == (Kind.JOIN, "secret", {"via": ["far.example"]})
    await stage.comes(lambda: screen._list.entries[-1].word == "joining…")
    await stage.pilot.press("enter", "j")
    await stage.settle()
    assert len(stage.doings()) == 1, "it is on its way"
    await stage.news(RoomChanged(Room("secret", last_ts=1), frozenset()))
    await stage.comes(lambda: screen._list.entries[-1].word == "joined")
    await stage.pilot.press("enter")
    await stage.settle()
    assert stage.main.conversation.room_id == "secret"


async def test_without_an_answer_what_is_stored_of_a_space_is_shown(stage: Stage) -> None:
    screen = await page(stage)
    await stage.news(AskRefused(question(stage).request, "M_UNRECOGNIZED", "This server cannot do this."))
    await stage.comes(lambda: len(screen._list.entries) == 3)
    assert "This server cannot do this." in stage.screen_text()
    asked = len(asks(stage))
    await stage.news(LinkChanged(Link.WAITING, "no route"), LinkChanged(Link.ONLINE))
    await stage.comes(lambda: len(asks(stage)) > asked)
    await stage.news(SpaceGiven(question(stage).request, "work", PAGE))
    await stage.comes(lambda: "This server cannot do this." not in stage.screen_text())
    assert [row.listed.room.room_id for row in screen._list.entries] == ["plans", "inner", "tea"]


async def test_a_space_that_one_joins_is_listed(stage: Stage) -> None:
    invited = replace(WORK, membership=Membership.INVITED)
    await stage.rooms(GENERAL, invited, Room("plans", last_ts=1))
    assert listed(stage) == ["work", "general", "plans"]
    assert "▣ Work" in stage.screen_text()
    stage.main.open_room("work")
    await stage.settle()
    assert [(action.kind, action.room_id) for action in stage.doings()] == [(Kind.JOIN, "work")]
    await stage.news(RoomChanged(WORK, frozenset({"membership", "children"})))
    assert (listed(stage), title(stage)) == (["plans"], "test · Work")


async def test_a_space_is_made_and_changed_by_commands(stage: Stage) -> None:
    await stage.rooms(*ROOMS)
    await enter(stage, "/space add garden")
    assert "Choose a space first: /space NAME." in stage.screen_text()
    await enter(stage, "/space Work")
    await enter(stage, "/space add garden")
    await enter(stage, "/space remove plans")
    await enter(stage, "/space add nothing")
    assert "There is no room 'nothing' here." in stage.screen_text()
    await enter(stage, "/space create Tea time")
    done = [action for action in stage.unsettled() if action.kind in {Kind.HOLD, Kind.CREATE_ROOM}]
    assert [(action.kind, action.room_id, action.content) for action in done] == [
        (Kind.HOLD, "work", {"room": "garden", "held": True}),
        (Kind.HOLD, "work", {"room": "plans", "held": False}),
        (Kind.CREATE_ROOM, "Tea time", {"private": True, "space": True}),
    ]
    await stage.news(
        Written(done[2].id),
        RoomChanged(Room("tea-time", "Tea time", children=()), frozenset()),
        Answered(done[2].id, room_id="tea-time", final=True),
    )
    assert title(stage) == "test · Tea time"


async def test_tab_completes_the_rooms_to_put_into_a_space(stage: Stage) -> None:
    await stage.rooms(*ROOMS)
    stage.main.composer.focus()
    await stage.type("/space add gar")
    await stage.pilot.press("tab")
    await stage.pilot.pause()
    assert stage.main.composer.text == "/space add garden "


# ---------------------------------------------------------------- where there are none, and where there are several


async def test_where_no_server_knows_spaces_nothing_is_offered(stage: Stage) -> None:
    await stage.rooms(*ROOMS)
    await stage.news(SignedIn("me", "device", 0, ALL - {Capability.SPACES}))
    await stage.pilot.press("alt+o")
    assert not isinstance(stage.app.screen, SpacesScreen)
    await enter(stage, "/space Work")
    assert "This server cannot do /space." in stage.screen_text()
    offered = [command.title for command in stage.app.get_system_commands(stage.app.screen)]
    assert not [words for words in offered if "space" in words.lower()]


async def test_each_account_has_its_own_choice(tmp_path: Path) -> None:
    house = House(tmp_path, "home", "work")
    async with house.show():
        await house["home"].online(Room("h1"), Room("h2"), Room("hs", "Family", children=("h1",)))
        await house["work"].online(Room("w1"), Room("w2"), Room("ws", "Team", children=("w2",)))
        main = house.main
        main.choose_view(main.desks["work"], "ws")
        await house.settle()
        assert [room.room_id for room in main.rooms.rooms] == ["h1", "h2", "w2"]
        assert any("work · Team" in line for line in house.listed())
        assert main.query_one("#rooms-title", TextLine).plain == "All accounts"
        await house.press("alt+o")
        assert isinstance(house.app.screen, SpacesScreen)
        assert [one.title for one in house.app.screen._list.entries if one.chosen] == ["All rooms", "Team"]
        await house.press("escape")
        main.remove_account("work")
        assert [room.room_id for room in main.rooms.rooms] == ["h1", "h2"]
        assert main.rooms.order.elsewhere is None


async def test_where_a_space_lists_no_room_what_is_typed_goes_to_the_composer(stage: Stage) -> None:  # E9
    await stage.online(GENERAL, Room("empty", "Empty", children=("elsewhere",)))
    stage.main.open_room("general")
    await enter(stage, "/space Empty")
    assert "You are in none" in stage.screen_text()
    await stage.type("hello")
    assert stage.main.composer.text == "hello"
