"""Spaces as a tree whatever rooms say of each other, and a space's list put together of pages."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from chat_tui_core.model import Membership, Room
from chat_tui_core.news import RoomChanged, RoomsListed
from chat_tui_core.session.ingest_rooms import MOST_CHILDREN
from chat_tui_core.spaces import (
    DEEPEST,
    MOST_LISTED,
    AskSpace,
    Held,
    Listing,
    Loose,
    SpaceGiven,
    SpaceRoom,
    rooms_in,
    space_tree,
    stored_listing,
)
from tests.core.scripted import Play


def space(room_id: str, *children: str, name: str = "", membership: Membership = Membership.JOINED) -> Room:
    return Room(room_id, name, membership=membership, children=children)


def known(*rooms: Room) -> dict[str, Room]:
    return {room.room_id: room for room in rooms}


WORK = known(
    space("work", "a", "deep", "gone", name="Work"),
    space("deep", "b", "far", "work", name="Deep"),  # it holds what holds it
    space("own", "own", "c", name="Own"),  # it holds itself
    space("left", "d", name="Left", membership=Membership.LEFT),
    *(Room(name) for name in "abcde"),
)


def test_a_space_holds_what_is_in_the_spaces_in_it() -> None:
    assert rooms_in("work", WORK) == {"a", "b", "deep", "far", "gone"}
    assert rooms_in("own", WORK) == {"c"}
    assert rooms_in("left", WORK) == set(), "what a space that was left says is old"
    assert rooms_in("a", WORK) == rooms_in("nowhere", WORK) == set()


def test_what_is_in_no_space_is_known_of_any_room() -> None:
    loose = Loose(WORK)
    assert [name for name in "abcde" if name in loose] == ["d", "e"]
    assert "a room that comes later" in loose
    assert loose == Loose(dict(WORK))
    assert loose != Loose({})


def test_spaces_stand_below_the_first_that_holds_them() -> None:
    assert [(room.title, depth) for room, depth in space_tree(WORK)] == [("Own", 0), ("Deep", 0), ("Work", 1)]
    tree = known(space("z", "y", "x", name="Z"), space("x", name="X"), space("y", "x", name="Y"), space("q", name="q"))
    assert [(room.title, depth) for room, depth in space_tree(tree)] == [("q", 0), ("Z", 0), ("Y", 1), ("X", 2)]


IDS = st.sampled_from([f"r{number}" for number in range(9)])
TREES = st.dictionaries(IDS, st.none() | st.lists(IDS, max_size=9)).map(
    lambda told: known(*(Room(name, children=None if held is None else tuple(held)) for name, held in told.items()))
)


@given(TREES)
def test_no_tree_hangs_or_lists_a_space_twice(rooms: dict[str, Room]) -> None:
    spaces = {room_id for room_id, room in rooms.items() if room.is_space}
    tree = space_tree(rooms)
    assert sorted(room.room_id for room, _ in tree) == sorted(spaces)
    for room, depth in tree:
        assert 0 <= depth <= DEEPEST
        inside = rooms_in(room.room_id, rooms)
        assert room.room_id not in inside
        assert set(room.children or ()) - {room.room_id} <= inside
        for held in inside & spaces:
            assert rooms_in(held, rooms) <= inside | {room.room_id}, "what is in it is in what holds it"


def test_a_chain_of_ten_thousand_spaces_is_no_depth_of_the_program() -> None:
    chain = known(*(space(f"s{number}", f"s{number + 1}") for number in range(10_000)))
    assert len(space_tree(chain)) == 10_000
    assert len(rooms_in("s0", chain)) == 10_000
    assert len(stored_listing("s0", chain).rooms) == MOST_LISTED + 1


# ---------------------------------------------------------------- pages


def page(*rooms: SpaceRoom, token: str = "") -> SpaceGiven:
    return SpaceGiven(1, "top", rooms, token)


def holding(room_id: str, *held: Held | str) -> SpaceRoom:
    entries = tuple(one if isinstance(one, Held) else Held(one) for one in held)
    return SpaceRoom(space(room_id, *(one.room_id for one in entries)), entries)


def test_pages_become_one_list_in_which_every_room_has_its_depth() -> None:
    listing = Listing("top")
    inner = Held("a", ("one.example",), suggested=True)
    listing.take(page(holding("top", "a", "b", "sub"), SpaceRoom(Room("a")), token="2"))
    assert (listing.token, listing.whole) == ("2", False)
    listing.take(page(holding("sub", inner, Held("c", ("two.example",))), SpaceRoom(Room("a")), SpaceRoom(Room("c"))))
    assert [(one.room.room_id, one.depth) for one in listing.listed] == [("a", 1), ("sub", 1), ("c", 2)]
    assert listing.listed[2].held == Held("c", ("two.example",))
    assert listing.listed[0].held == Held("a"), "what the first space says of it holds"
    assert listing.whole


def test_a_server_that_leads_in_a_circle_is_not_followed() -> None:
    listing, ends = Listing("top"), []
    for given_page in (
        page(holding("top", "a"), token="x"),
        page(SpaceRoom(Room("a")), token="y"),
        page(token="x"),
    ):
        listing.take(given_page)
        ends.append((listing.whole, listing.token))
    assert ends == [(False, "x"), (False, "y"), (True, "")]


def test_a_list_without_end_ends() -> None:
    listing = Listing("top")
    for number in range(MOST_LISTED // 50 + 2):
        listing.take(page(*(SpaceRoom(Room(f"r{number}.{one}")) for one in range(50)), token=str(number)))
        if listing.whole:
            break
    assert listing.whole
    assert len(listing.listed) == MOST_LISTED


def test_what_is_stored_is_listed_in_the_spaces_order() -> None:
    listing = Listing("work")
    listing.take(stored_listing("work", WORK))
    assert [(one.room.room_id, one.depth) for one in listing.listed] == [("a", 1), ("deep", 1), ("b", 2)]


# ---------------------------------------------------------------- a session


async def test_a_space_is_kept_and_what_it_holds_changes(tmp_path: Path) -> None:  # E4
    play = Play(tmp_path / "chat.db")
    many = tuple(f"r{number}" for number in range(MOST_CHILDREN + 5))
    await play.online(Room("a"), space("s", "a", "b"), space("large", *many), space("none"))
    await play.news(RoomChanged(space("s", "b"), frozenset({"children"})))
    await play.news(RoomsListed((Room("a"), Room("s"), space("large"), space("none"))))
    await play.session.close()
    play.store.close_now()
    play.open()
    rooms = play.session.rooms
    assert rooms["s"].children == ("b",), "what a list does not tell overwrites nothing"
    assert (rooms["a"].is_space, rooms["a"].children) == (False, None)
    assert (rooms["none"].is_space, rooms["none"].children) == (True, ())
    assert rooms["large"].children == ()
    await play.session.close()
    play.store.close_now()


async def test_a_space_is_asked_for_page_by_page(tmp_path: Path) -> None:
    play = Play(tmp_path / "chat.db")
    await play.online(space("top", "a"))
    asked = asyncio.create_task(play.session.space("top", "2"))
    await play.comes(lambda: any(isinstance(one, AskSpace) for one in play.connection.asked))
    question = next(one for one in play.connection.asked if isinstance(one, AskSpace))
    assert (question.room_id, question.token) == ("top", "2")
    given = SpaceGiven(question.request, "top", (SpaceRoom(Room("a")),), "3")
    await play.news(given)
    assert await asked == given
    assert not any(getattr(one, "room_id", "") == "top" for one in play.connection.asked if one is not question), (
        "nobody talks in a space: its history is not fetched"
    )
    await play.session.close()
    play.store.close_now()
