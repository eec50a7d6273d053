"""Finding a room in the list: what is typed after a slash narrows it, Enter opens the best fit, Escape ends it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date

from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.pilot import Pilot
from textual.widgets import TextArea

from chat_tui.messages import RoomChosen
from chat_tui.widgets.filter_line import FilterLine
from chat_tui.widgets.room_filter import FOUND
from chat_tui.widgets.room_list import RoomList
from chat_tui_core.model import Membership, Room

NAMES = ("general", "design-review", "reviews", "random", "python-users")
ROOMS = [Room(name, last_ts=1_000_000 - n, unread=n == 3, last_text="x") for n, name in enumerate(NAMES)]


class Lobby(App[None]):
    """A room list, and what comes out of it."""

    BINDINGS = [Binding("escape", "step_back")]

    def __init__(self) -> None:
        super().__init__()
        self.chosen: list[str] = []
        self.typed: list[str] = []
        self.went_back = 0

    def compose(self) -> ComposeResult:
        yield RoomList(today=lambda: date(2026, 5, 6), zone=UTC, id="rooms")
        yield TextArea()

    @property
    def rooms(self) -> RoomList:
        return self.query_one(RoomList)

    def line(self) -> str:
        """What stands above the list, "" when nothing does."""
        line = next(iter(self.query(FilterLine)), None)
        return line.plain.replace("\t", " ") if line is not None and line.display else ""

    def listed(self) -> list[str]:
        """The names of the rooms that are listed, and headings."""
        firsts = [strip.text.split() for strip in self.rooms.current_frame()]
        return [words[1] for words in firsts if words and words[0] in {"#", "▌#"}]

    def action_step_back(self) -> None:
        self.went_back += 1

    @on(RoomChosen)
    def _chosen(self, event: RoomChosen) -> None:
        self.chosen.append(event.room_id)

    @on(RoomList.Typed)
    def _typed(self, event: RoomList.Typed) -> None:
        self.typed.append(event.text)


@asynccontextmanager
async def lobby(*rooms: Room) -> AsyncIterator[tuple[Lobby, Pilot[None]]]:
    app = Lobby()
    async with app.run_test(size=(40, 24)) as pilot:
        app.rooms.show_all(rooms or ROOMS)
        app.rooms.focus()
        await pilot.pause()
        yield app, pilot


async def test_letters_narrow_the_list_and_escape_ends_it() -> None:
    async with lobby() as (app, pilot):
        everything = app.listed()
        assert everything == ["random", "general", "design-review", "reviews", "python-users"]
        await pilot.press("slash")
        assert (app.line(), app.listed()) == ("/▏ 5", everything)
        await pilot.press(*"re")
        assert (app.line(), app.listed()) == ("/re▏ 2", ["reviews", "design-review"])
        await pilot.press("backspace", "backspace", "p", "u")
        assert (app.line(), app.listed()) == ("/pu▏ 1", ["python-users"])
        await pilot.press("ctrl+u")
        assert (app.line(), app.listed()) == ("/▏ 5", everything)
        await pilot.press("r", "escape")
        assert (app.line(), app.listed()) == ("", everything)
        assert (app.went_back, app.typed) == (0, []), "nobody else got a key of it"
        await pilot.press("escape", "slash", "backspace")
        assert (app.line(), app.went_back) == ("", 1)


async def test_enter_opens_the_best_fit_and_ends_the_search() -> None:
    async with lobby() as (app, pilot):
        await pilot.press("slash", *"rev", "enter")
        assert (app.chosen, app.line(), len(app.listed())) == (["reviews"], "", 5)
        await pilot.press("slash", *"rev", "down", "enter")
        assert app.chosen == ["reviews", "design-review"]
        await pilot.press("slash", *"gen")
        await pilot.click("#rooms", offset=(4, 0))
        await pilot.pause()
        assert (app.chosen[-1], app.line()) == ("general", "")


async def test_what_fits_no_room_was_a_command() -> None:
    async with lobby() as (app, pilot):
        await pilot.press("slash", *"join me", "enter")
        assert (app.typed, app.line(), app.chosen) == (["/join me", "\n"], "", [])
    async with lobby(Room("left", membership=Membership.LEFT)) as (app, pilot):
        await pilot.press("slash", "j")
        assert (app.typed, app.line()) == (["/", "j"], ""), "without rooms there is nothing to find"


async def test_rooms_go_on_changing_while_one_is_sought() -> None:  # E6
    async with lobby() as (app, pilot):
        await pilot.press("slash", *"re", "down")
        app.rooms.update_rooms([replace(ROOMS[0], last_ts=9_000_000), replace(ROOMS[2], unread=8)], [])
        await pilot.pause()
        assert app.listed() == ["reviews", "design-review"], "ranked by name, wherever the talk is"
        assert any(strip.text.rstrip().endswith(" 8") for strip in app.rooms.current_frame())
        app.rooms.update_rooms([Room("re", last_ts=1)], ["reviews"])
        await pilot.pause()
        assert app.listed() == ["re", "design-review"]
        await pilot.press("enter")
        assert app.chosen == ["design-review"], "the cursor stayed on its room"
        assert app.listed() == ["random", "general", "design-review", "python-users", "re"]


async def test_going_elsewhere_ends_the_search() -> None:
    async with lobby() as (app, pilot):
        await pilot.press("slash", "r")
        app.query_one(TextArea).focus()
        await pilot.pause()
        assert (app.line(), len(app.listed())) == ("", 5)


async def test_names_and_queries_cannot_disturb_the_screen() -> None:  # E7
    async with lobby(Room("a", name="x\x1b[2Jy\u202e" + "z" * 5_000)) as (app, pilot):
        await pilot.press("slash", *"xy")
        assert len(app.listed()) == 1
        app.rooms._seek("\x1b[2J")
        await pilot.pause()
        assert "\x1b" not in app.line()


async def test_more_than_anybody_reads_are_not_listed() -> None:
    async with lobby(*(Room(f"room-{number}") for number in range(2 * FOUND))) as (app, pilot):
        await pilot.press("slash", *"room")
        assert (len(app.rooms.entries), app.line()) == (FOUND, f"/room▏ {FOUND}+")
