"""The list of rooms: what each says, what stays where it is while rooms move."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from textual import on
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from chat_tui.messages import RoomChosen
from chat_tui.widgets.room_list import RoomList, time_text
from chat_tui_core.model import Membership, Room, RoomKind

TODAY = date(2026, 5, 6)
NOW = int(datetime(2026, 5, 6, 12, 0, tzinfo=UTC).timestamp() * 1000)
DAY = 86_400_000


class Lobby(App[None]):
    """A room list and what was chosen."""

    def __init__(self) -> None:
        super().__init__()
        self.chosen: list[str] = []

    def compose(self) -> ComposeResult:
        yield RoomList(today=lambda: TODAY, zone=UTC, id="rooms")

    @property
    def rooms(self) -> RoomList:
        return self.query_one(RoomList)

    def shown(self) -> list[str]:
        return [strip.text.rstrip() for strip in self.rooms.current_frame() if strip.text.strip()]

    @on(RoomChosen)
    def _note(self, event: RoomChosen) -> None:
        self.chosen.append(event.room_id)


@asynccontextmanager
async def lobby(*rooms: Room, size: tuple[int, int] = (30, 12)) -> AsyncIterator[tuple[Lobby, Pilot[None]]]:
    app = Lobby()
    async with app.run_test(size=size) as pilot:
        app.rooms.me[""] = "me"
        app.rooms.show_all(rooms)
        app.rooms.focus()
        await pilot.pause()
        yield app, pilot


def many(count: int) -> list[Room]:
    return [Room(f"room{n:05}", last_ts=NOW - n * 1000, last_sender="ann", last_text=f"text {n}") for n in range(count)]


@pytest.mark.parametrize(
    ("ts", "text"),
    [
        (NOW, "12:00"),
        (NOW + DAY, "12:00"),  # a clock that is ahead
        (NOW - DAY, "Tue"),
        (NOW - 6 * DAY, "Thu"),
        (NOW - 7 * DAY, "29 Apr"),
        (0, ""),
    ],
)
def test_times(ts: int, text: str) -> None:
    assert time_text(ts, TODAY, UTC) == text


async def test_two_lines_a_room() -> None:  # B14
    quiet = Room("quiet", topic="about nothing", members=4)
    talk = Room("talk", last_ts=NOW, last_sender="ann", last_text="hello there")
    own = Room("own", last_ts=NOW - 1000, last_sender="me", last_text="see you", unread=0)
    async with lobby(quiet, talk, own) as (app, _):
        assert app.shown() == [
            " # talk                 12:00",
            "   ann: hello there",
            " # own                  11:59",
            "   you: see you",
            " # quiet",
            "   about nothing",
        ]


async def test_what_was_said_last_is_shown_without_its_markup() -> None:  # E7
    said = "**see** `x_y` and *this*: https://a.example/x_y_z"
    async with lobby(Room("talk", last_ts=NOW, last_sender="ann", last_text=said)) as (app, _):
        assert app.shown()[1] == "   ann: see x_y and this: ht…"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("||snape|| did", "   ann: ▒▒▒▒▒ did"),
        ("it ‖was ada‖", "   ann: it ▒▒▒ ▒▒▒"),
        ("it ||" + "was " * 25 + "ada…", "   ann: it ▒▒▒ ▒▒▒ ▒▒▒ ▒▒▒ ▒…"),  # the store keeps the beginning alone
        ("a ||b", "   ann: a ||b"),
    ],
)
async def test_what_is_hidden_in_the_room_is_hidden_in_the_list(said: str, shown: str) -> None:  # E7
    async with lobby(Room("talk", last_ts=NOW, last_sender="ann", last_text=said)) as (app, _):
        assert app.shown()[1] == shown


async def test_unread_and_mentions_are_words_and_not_only_colours() -> None:  # E6
    async with lobby(
        Room("a", last_ts=NOW, unread=12, last_text="x"),
        Room("b", last_ts=NOW - 1, unread=5, mentions=2, last_text="x"),
        Room("c", last_ts=NOW - 2, unread=4321, last_text="x"),
    ) as (app, _):
        firsts = app.shown()[::2]
        assert [line.split()[2:] for line in firsts[:3]] == [["@2", "5"], ["12"], ["999+"]]


async def test_invitations_and_public_rooms() -> None:  # B6
    async with lobby(
        Room("mine"),
        Room("come", membership=Membership.INVITED, members=3),
        Room("open", membership=Membership.NONE, topic="tomatoes", members=9),
        Room("secret", kind=RoomKind.PRIVATE),
    ) as (app, _):
        text = "\n".join(app.shown())
        assert text.index("Invitations") < text.index("come") < text.index("Rooms") < text.index("Public rooms")
        assert "Enter joins" in text
        assert "◆ secret" in text


async def test_names_cannot_disturb_the_screen() -> None:  # E7
    evil = Room("evil", name="a\x1b[31mb\u202ec", last_ts=NOW, last_sender="x\x07y", last_text="\x1b]52;c;AAAA\x07 hi")
    async with lobby(evil) as (app, _):
        text = "".join(app.shown())
        assert "\x1b" not in text
        assert "\x07" not in text
        assert "\u202e" not in text


async def test_keys_move_over_headings_and_choose() -> None:
    async with lobby(Room("a"), Room("b"), Room("i", membership=Membership.INVITED)) as (app, pilot):
        await pilot.press(
            "home", "enter", "down", "enter", "down", "enter", "down", "enter", "up", "enter", "end", "enter"
        )
        assert app.chosen == ["i", "a", "b", "b", "a", "b"]


async def test_a_click_chooses() -> None:
    async with lobby(Room("a"), Room("b")) as (app, pilot):
        await pilot.click("#rooms", offset=(4, 3))
        assert app.chosen == ["b"]


async def test_the_cursor_stays_on_its_room_when_others_move() -> None:  # E6
    rooms = many(5)
    async with lobby(*rooms) as (app, pilot):
        await pilot.press("home", "down")
        app.rooms.update_rooms([replace(rooms[4], last_ts=NOW + 1)], [])
        await pilot.pause()
        await pilot.press("enter")
        assert app.chosen == ["room00001"]
        assert app.shown()[0].strip().startswith("# room00004")


async def test_the_cursor_stays_on_its_room_when_that_moves() -> None:
    rooms = many(5)
    async with lobby(*rooms) as (app, pilot):
        await pilot.press("end")
        app.rooms.update_rooms([replace(rooms[4], last_ts=NOW + 1)], [])
        await pilot.pause()
        await pilot.press("enter")
        assert app.chosen == ["room00004"]


async def test_rooms_that_are_gone_go() -> None:  # A6
    rooms = many(3)
    async with lobby(*rooms) as (app, _):
        app.rooms.update_rooms([replace(rooms[0], membership=Membership.LEFT)], ["room00002"])
        assert [room.room_id for room in app.rooms.rooms] == ["room00001"]


async def test_many_changes_at_once() -> None:
    rooms = many(400)
    async with lobby(*rooms) as (app, _):
        app.rooms.update_rooms([replace(room, last_ts=room.last_ts + n * 5000) for n, room in enumerate(rooms)], ["x"])
        assert [room.last_ts for room in app.rooms.rooms] == sorted((r.last_ts for r in app.rooms.rooms), reverse=True)


async def test_the_open_room_is_marked_by_shape() -> None:
    async with lobby(*many(3)) as (app, pilot):
        app.rooms.mark_open("room00001")
        await pilot.pause()
        assert [line[0] for line in app.shown()] == [" ", " ", "▌", "▌", " ", " "]
        app.rooms.mark_open("")
        await pilot.pause()
        assert not any(line.startswith("▌") for line in app.shown())


async def test_a_letter_is_meant_for_the_composer() -> None:
    heard: list[str] = []

    class Listening(Lobby):
        @on(RoomList.Typed)
        def _typed(self, event: RoomList.Typed) -> None:
            heard.append(event.text)

    app = Listening()
    async with app.run_test() as pilot:
        app.rooms.focus()
        await pilot.press("space", "h", "space", "down")
    assert heard == ["h", " "], "a space is meant so only once a word has begun"
