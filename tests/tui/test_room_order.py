"""The order of the room list after any changes is that of a list that was sorted afresh."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from chat_tui.widgets.room_order import Heading, RoomOrder, Splice
from chat_tui_core.model import Membership, Room, RoomTag


def room(
    room_id: str,
    ts: int = 0,
    membership: Membership = Membership.JOINED,
    name: str = "",
    unread: int = 0,
    mentions: int = 0,
    tag: RoomTag = RoomTag.NONE,
    muted: bool = False,
) -> Room:
    return Room(
        room_id, name, membership=membership, last_ts=ts, unread=unread, mentions=mentions, tag=tag, muted=muted
    )


def names(order: RoomOrder) -> list[str]:
    return [f"[{e.title} {e.count}]" if isinstance(e, Heading) else e.title for e in order.entries]


def applied(entries: list[object], splices: list[Splice], result: list[object]) -> list[object]:
    """What a view that replays the splices holds; places of inserted entries are filled from the result."""
    view = list(entries)
    for splice in splices:
        view[splice.position : splice.position + splice.removed] = [None] * splice.inserted
    return [new if old is None else old for old, new in zip(view, result, strict=True)]


def test_newest_talk_first_then_by_name() -> None:  # E6, B14
    order = RoomOrder()
    order.reset([room("b", 10), room("quiet-b"), room("a", 20), room("Quiet-a")])
    assert names(order) == ["a", "b", "Quiet-a", "quiet-b"]


def test_sections_have_headings_when_there_is_more_than_one() -> None:
    order = RoomOrder()
    order.reset(
        [room("a"), room("z", membership=Membership.NONE), room("i", membership=Membership.INVITED), room("b", 5)]
    )
    assert names(order) == ["[Invitations 1]", "i", "[Rooms 2]", "b", "a", "[Public rooms 1]", "z"]


def test_favourites_and_what_is_unimportant_have_sections_of_their_own() -> None:  # E6
    order = RoomOrder()
    order.reset(
        [
            room("plain", 9),
            room("fav", 1, tag=RoomTag.FAVOURITE),
            room("low", 99, tag=RoomTag.LOW),
            room("i", membership=Membership.INVITED),
            room("open", membership=Membership.NONE, tag=RoomTag.FAVOURITE),
        ]
    )
    assert names(order) == [
        *("[Invitations 1]", "i", "[Favourites 1]", "fav", "[Rooms 1]", "plain"),
        *("[Low priority 1]", "low", "[Public rooms 1]", "open"),
    ]
    order.put(room("plain", 9, tag=RoomTag.FAVOURITE))
    order.drop("low")
    order.drop("i")
    order.drop("open")
    assert names(order) == ["[Favourites 2]", "plain", "fav"]


def test_mentions_then_unread_ones_first_muted_ones_last() -> None:  # E6
    order = RoomOrder()
    order.reset(
        [
            room("read", 90),
            room("muted-mention", 10, unread=1, mentions=1, muted=True),
            room("muted-unread", 99, unread=7, muted=True),
            room("muted", 98, muted=True),
            room("unread", 20, unread=7),
            room("mention", 10, unread=1, mentions=1),
        ]
    )
    assert names(order) == ["mention", "unread", "read", "muted-mention", "muted-unread", "muted"]


def test_the_room_that_is_read_stays_until_another_one_is() -> None:  # E6
    order = RoomOrder()
    order.reset([room("a", 30), room("b", 20, unread=3), room("c", 10, unread=1)])
    assert order.hold("c") == []
    assert order.put(room("c", 10)) == [Splice(1, 1, 1)]
    assert names(order) == ["b", "c", "a"]
    assert order.hold("b") == [Splice(1, 1, 0), Splice(2, 0, 1)]
    assert names(order) == ["b", "a", "c"]
    assert order.hold("nobody") == []
    assert order.put(room("b", 20)) == [Splice(0, 1, 0), Splice(1, 0, 1)]


def test_left_rooms_are_not_listed() -> None:
    order = RoomOrder()
    order.reset([room("a"), room("gone", membership=Membership.LEFT)])
    assert names(order) == ["a"]
    order.put(room("a", membership=Membership.LEFT))
    assert names(order) == []


def test_a_message_moves_its_room_up() -> None:  # E6
    order = RoomOrder()
    order.reset([room("a", 30), room("b", 20), room("c", 10)])
    assert order.put(room("c", 40)) == [Splice(2, 1, 0), Splice(0, 0, 1)]
    assert names(order) == ["c", "a", "b"]


def test_a_change_that_moves_nothing_is_one_in_place() -> None:
    order = RoomOrder()
    order.reset([room("a", 30), room("b", 20)])
    assert order.put(replace(room("b", 20), topic="new")) == [Splice(1, 1, 1)]
    assert order.put(replace(room("b", 20), topic="new")) == []


def test_newer_talk_in_the_room_that_stands_first_is_one_change_in_place() -> None:  # E2, E6
    order = RoomOrder()
    order.reset([room("a", 5), room("b", 3)])
    assert order.put(room("a", 9)) == [Splice(0, 1, 1)]
    assert names(order) == ["a", "b"]


def test_positions() -> None:
    order = RoomOrder()
    order.reset([room("a", 30), room("b", 20)])
    assert (order.position("b"), order.position("nobody")) == (1, None)
    assert order.drop("nobody") == []


rooms = st.builds(
    room,
    st.sampled_from(list("abcdefgh")),
    st.integers(0, 3),
    st.sampled_from(list(Membership)),
    st.sampled_from(["", "same", "Name"]),
    st.integers(0, 2),
    st.integers(0, 1),
    st.sampled_from(list(RoomTag)),
    st.booleans(),
)


@given(st.lists(rooms, max_size=8), st.lists(st.one_of(rooms, st.sampled_from(list("abcdefgh"))), max_size=12))
def test_any_changes(start: list[Room], changes: list[Room | str]) -> None:
    known = {r.room_id: r for r in start}
    order = RoomOrder()
    order.reset(known.values())
    for change in changes:
        before: list[object] = list(order.entries)
        if isinstance(change, Room):
            known[change.room_id] = change
            splices = order.put(change)
        else:
            known.pop(change, None)
            splices = order.drop(change)
        fresh = RoomOrder()
        fresh.reset(known.values())
        assert order.entries == fresh.entries
        assert applied(before, splices, list(order.entries)) == order.entries
        for room_id in known:
            assert order.position(room_id) == fresh.position(room_id)
        assert order.empty == (not order.rooms())


@given(
    st.lists(rooms, max_size=8, unique_by=lambda one: one.room_id),
    st.lists(st.one_of(rooms, st.sampled_from([f"hold {letter}" for letter in "abcdefgh"])), max_size=12),
)
def test_holding_rooms_loses_none_and_ends_in_the_usual_order(start: list[Room], changes: list[Room | str]) -> None:
    known = {r.room_id: r for r in start}
    order = RoomOrder()
    order.reset(start)
    for change in (*changes, "hold nobody"):
        before: list[object] = list(order.entries)
        if isinstance(change, Room):
            known[change.room_id] = change
            splices = order.put(change)
        else:
            splices = order.hold(change.removeprefix("hold "))
        assert applied(before, splices, list(order.entries)) == order.entries
    fresh = RoomOrder()
    fresh.reset(known.values())
    assert order.entries == fresh.entries
