"""A narrowed list of rooms: the same order as that of all rooms, told as splices, with the others counted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chat_tui.widgets.room_accounts import AccountRooms, Entry, RoomKey
from chat_tui.widgets.room_order import Splice, mark_of, section_of
from chat_tui_core.model import Membership, Room, RoomKind, RoomTag

IDS = [f"r{number}" for number in range(8)]
ROOMS = st.builds(
    Room,
    st.sampled_from(IDS),
    membership=st.sampled_from([Membership.JOINED, Membership.JOINED, Membership.INVITED, Membership.LEFT]),
    unread=st.integers(0, 3),
    mentions=st.integers(0, 2),
    last_ts=st.integers(0, 5),
    muted=st.booleans(),
    tag=st.sampled_from(RoomTag),
    children=st.sampled_from([None, None, None, ()]),
)
STEPS = st.lists(
    st.tuples(st.just("put"), ROOMS)
    | st.tuples(st.sampled_from(["drop", "hold"]), st.sampled_from(IDS))
    | st.tuples(st.just("narrow"), st.none() | st.frozensets(st.sampled_from(IDS)))
    | st.tuples(st.just("reset"), st.lists(ROOMS, unique_by=lambda room: room.room_id)),
    max_size=25,
)


def replayed(entries: list[Entry], rooms: AccountRooms, splices: list[Splice]) -> list[Entry]:
    """The list as a view has it after these splices; what is new in it is taken from the end of all of them."""
    shown: list[Entry | None] = list(entries)
    for splice in splices:
        shown[splice.position : splice.position + splice.removed] = [None] * splice.inserted
    return [now if entry is None else entry for entry, now in zip(shown, rooms, strict=True)]


@given(st.lists(ROOMS, unique_by=lambda room: room.room_id), STEPS)
def test_what_is_listed_is_a_part_of_the_whole_in_its_order(first: list[Room], steps: list[tuple[str, object]]) -> None:
    rooms, whole = AccountRooms(), AccountRooms()
    wanted: frozenset[str] | None = None
    for one in (rooms, whole):
        one.reset(first, "a")
        one.reset([Room("other", unread=5)], "b")
    for kind, what in steps:
        before = list(rooms)
        splices = None
        if kind == "put" and isinstance(what, Room):
            splices = rooms.put(what, "a")
            whole.put(what, "a")
        elif kind == "drop" and isinstance(what, str):
            splices = rooms.drop(RoomKey("a", what))
            whole.drop(RoomKey("a", what))
        elif kind == "hold" and isinstance(what, str):
            splices = rooms.hold(RoomKey("a", what))
            whole.hold(RoomKey("a", what))
        elif kind == "narrow" and not isinstance(what, str | Room | list):
            wanted = what  # type: ignore[assignment]
            rooms.narrow("a", wanted)
        elif isinstance(what, list):
            rooms.reset(what, "a")
            whole.reset(what, "a")
        if splices is not None:
            assert replayed(before, rooms, splices) == list(rooms)
        check(rooms, whole, wanted)


def check(rooms: AccountRooms, whole: AccountRooms, wanted: frozenset[str] | None) -> None:
    """The list against that of all rooms, of which those that are wanted are taken."""
    listed = [
        (account, room)
        for account, room in whole.keyed()
        if account == "b" or wanted is None or room.room_id in wanted or room.membership is Membership.INVITED
    ]
    assert list(rooms.keyed()) == listed
    assert list(rooms.everything()) == list(whole.keyed())
    assert [key for key in listed if not rooms.lists(*key)] == []
    for room_id in IDS:
        assert rooms.room(RoomKey("a", room_id)) == whole.room(RoomKey("a", room_id))
    hidden = [room for account, room in whole.keyed() if (account, room) not in listed]
    unread = sum(room.unread for room in hidden if room.membership is Membership.JOINED and not room.muted)
    assert rooms.elsewhere == (None if wanted is None else (unread, sum(room.mentions for room in hidden)))


def test_a_space_that_one_is_in_has_no_place_in_the_list() -> None:
    space = Room("s", kind=RoomKind.PRIVATE, children=("a",))
    assert section_of(space) is None
    assert mark_of(space) == "▣"
    assert [mark_of(Room("r", kind=kind)) for kind in RoomKind] == ["#", "◆", "@"]
