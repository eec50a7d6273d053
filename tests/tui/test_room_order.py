"""The order of the room list after any changes is that of a list that was sorted afresh."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from chat_tui.widgets.room_order import Heading, RoomOrder, Splice
from chat_tui_core.model import Membership, Room


def room(room_id: str, ts: int = 0, membership: Membership = Membership.JOINED, name: str = "") -> Room:
    return Room(room_id, name, membership=membership, last_ts=ts)


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
    assert order.put(replace(room("b", 20), unread=3)) == [Splice(1, 1, 1)]
    assert order.put(replace(room("b", 20), unread=3)) == []


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
