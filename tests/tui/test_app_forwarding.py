"""Sending a message on: to a room that is chosen or named, as a quotation, with its file; and links to messages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from chat_tui.addresses import link_to, message_link
from chat_tui.forwarding import forwarded_text
from chat_tui.screens.switcher import SwitcherScreen
from chat_tui_core.actions import Action, Kind
from chat_tui_core.file_news import AcceptFile, FileTaken
from chat_tui_core.link import Capability
from chat_tui_core.model import EventKind, FileInfo, Room, RoomEvent
from chat_tui_core.news import Arrived, SignedIn
from chat_tui_core.transfers import Direction, State
from tests.core.scripted import said
from tests.tui.file_stage import FileStage
from tests.tui.house import House
from tests.tui.stage import Stage

PICTURE = FileInfo("cat.png", 2_000, "image/png", "mxc://chat.example/cat", 40, 30)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path / "ann" / "chat.db")
    async with stage.show():
        await stage.rooms()
        await stage.lines("general", 1, 2, text="bread\nand jam")
        stage.main.open_room("general")
        await stage.settle()
        yield stage


async def press(stage: Stage, *keys: str) -> None:
    await stage.pilot.press(*keys)
    await stage.settle()


def last(stage: Stage) -> Action:
    return stage.doings()[-1]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"text": "a\n\nb"}, "Forwarded from Ann:\n> a\n>\n> b"),
        ({"text": "/me waves"}, "Forwarded from Ann:\n> * Ann waves"),
        ({"text": "waves", "kind": EventKind.EMOTE}, "Forwarded from Ann:\n> * Ann waves"),
        ({"text": "a", "sender_name": ""}, "Forwarded from ann:\n> a"),
        ({"text": "a", "sender": "me"}, "a"),
        ({"text": "waves", "sender": "me", "kind": EventKind.EMOTE}, "/me waves"),
    ],
)
def test_what_is_said_where_a_message_is_sent_on(fields: dict[str, str], text: str) -> None:
    event = RoomEvent("r", "m1", 1, EventKind.MESSAGE, "ann", 1, sender_name="Ann")
    assert forwarded_text(replace(event, **fields), "me") == text  # type: ignore[arg-type]


async def test_a_message_is_sent_on_to_the_room_that_is_chosen(stage: Stage) -> None:
    await press(stage, "up", "F")
    assert isinstance(stage.app.screen, SwitcherScreen)
    await press(stage, *"rand", "enter")
    assert (last(stage).kind, last(stage).room_id) == (Kind.SEND, "random")
    assert last(stage).text == "Forwarded from ann:\n> bread\n> and jam"
    assert "Forwarded to random." in stage.notices()
    assert stage.main.conversation.room_id == "general"


async def test_nothing_is_sent_where_no_room_is_chosen(stage: Stage) -> None:
    await press(stage, "up", "F", "escape")
    assert stage.doings() == []


async def test_the_newest_message_is_sent_on_by_a_command(stage: Stage) -> None:
    await stage.type("/forward random")
    await press(stage, "enter")
    assert (last(stage).room_id, last(stage).text) == ("random", "Forwarded from ann:\n> bread\n> and jam")
    await stage.type("/forward nowhere")
    await press(stage, "enter")
    assert "You are in no room" in stage.screen_text()


async def test_a_file_that_the_server_has_is_named_again(stage: Stage) -> None:
    brings = replace(said(3, "look", room_id="general"), kind=EventKind.FILE, file=PICTURE)
    await stage.news(Arrived("general", (brings,)))
    await press(stage, "up", "F")
    await press(stage, *"rand", "enter")
    action = last(stage)
    assert (action.room_id, action.text) == ("random", "look")
    assert action.content["file"]["ref"] == "mxc://chat.example/cat"
    stage.main.open_room("random")
    await stage.settle()
    assert "▤ cat.png" in stage.screen_text()


async def test_a_file_is_sent_again_from_here_where_the_server_cannot_name_it(tmp_path: Path) -> None:
    files = FileStage(tmp_path / "chat.db")
    async with files.show():
        await files.news(SignedIn("me", "device", 0, frozenset(Capability) - {Capability.REFER}))
        transfer = await files.offered()
        await files.type("/forward random")
        await press(files, "enter")
        assert "plan.txt must be on this machine before it can be sent on" in files.screen_text()
        await files.session.files.accept(transfer.id)
        await files.until_ordered(AcceptFile)
        await files.news(FileTaken(transfer.id, transfer.ref, "x9", size=4_000))
        files.wire.files.write(transfer.id, 0, b"x" * 4_000)
        await files.until(lambda: files.session.files.get(transfer.id).state is State.COMPLETE)
        await files.type("/forward random")
        await press(files, "enter")
        await files.until(lambda: files.transfer().direction is Direction.OUT)
        assert (files.transfer().room_id, files.transfer().name) == ("random", "plan.txt")


async def test_a_message_goes_to_a_room_of_another_account(tmp_path: Path) -> None:  # B14
    house = House(tmp_path, "home", "work")
    async with house.show():
        for name in ("home", "work"):
            await house[name].online(Room("general", head=1, last_ts=1), Room(f"of-{name}", last_ts=2))
            await house[name].lines("general", 1, 1, text=f"said at {name}")
        house.main.open_room("general", "home")
        await house.settle()
        await house.pilot.press("up", "F")
        await house.pilot.pause()
        await house.pilot.press(*"of-work", "enter")
        await house.settle()
        sent = [action for action in house["work"].doings() if action.kind is Kind.SEND]
        assert [(action.room_id, action.text) for action in sent] == [
            ("of-work", "Forwarded from ann:\n> said at home")
        ]
        assert not [action for action in house["home"].doings() if action.kind is Kind.SEND]


def test_links_name_the_servers_that_know_the_room() -> None:
    link = link_to("!room:a.example", "$e+/=v", "@me:b.example")
    assert link == "https://matrix.to/#/!room:a.example/$e%2B%2F%3Dv?via=a.example&via=b.example"
    assert message_link(link) == ("!room:a.example", "$e+/=v")
    assert message_link(link_to("!new", "$e", "@me:b.example:8448")) == ("!new", "$e")
    assert link_to("general", "m3", "me") == ""


async def test_a_link_or_the_id_is_copied(stage: Stage) -> None:
    await press(stage, "up", "l")
    assert stage.app.clipboard == "m2"
    assert "Its id is copied: /goto and the id goes there." in stage.notices()
