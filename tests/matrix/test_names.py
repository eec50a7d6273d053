"""Tests the names of people, told apart where two share one, and of rooms that have none of their own."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat_tui_matrix.protocol.names import MEMBER, Names, called_after, display_name, heroes_of, with_id
from chat_tui_matrix.protocol.state_tracker import StateTracker
from tests.matrix.rooms_stage import ANN, BOB, ROOM, Stored


class People:
    """One room's members, as they come and go."""

    def __init__(self, most: int = 1_000) -> None:
        self.stored = Stored()
        self.state = StateTracker(self.stored)
        self.names = Names(self.state, most)

    def put(self, user: str, name: object = None, membership: str = "join", room: str = ROOM) -> tuple[str, ...]:
        """A member event; gives who else is shown differently now."""
        content: dict[str, Any] = {"membership": membership} | ({} if name is None else {"displayname": name})
        self.state.put((room, MEMBER, user), content)
        return self.names.moved(room, user, content)

    def shown(self, user: str, room: str = ROOM) -> str:
        """The name that is shown."""
        return self.names.shown(room, user)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Ann", "Ann"),
        ("  Ann\n", "Ann"),
        ("", ""),
        (" \t", ""),
        (None, ""),
        (7, ""),
        (["Ann"], ""),
        ("A\u202enn\u200b", "Ann"),
        ("x" * 500, "x" * 79 + "…"),
        (ANN, ""),
        (BOB, f"{BOB} ({ANN})"),
        ("Bob (@bob:y)", f"Bob (@bob:y) ({ANN})"),
    ],
)
def test_a_name_by_itself(name: object, shown: str) -> None:
    # B18, E7: a name that looks like somebody's id is never shown alone
    people = People()
    people.put(ANN, name)
    assert people.shown(ANN) == shown


def test_who_is_not_known_has_no_name() -> None:
    # B18
    assert People().shown(ANN) == ""


def test_two_with_the_same_name_are_told_apart_until_one_is_gone() -> None:
    # B18
    people = People()
    people.put(ANN, "Sam")
    assert people.shown(ANN) == "Sam"
    assert people.put(BOB, "Sam") == (ANN,)
    assert (people.shown(ANN), people.shown(BOB)) == (f"Sam ({ANN})", f"Sam ({BOB})")
    assert people.put("@eve:z", "Sam") == ()
    assert people.put("@eve:z", "Sam", "ban") == ()
    assert people.put(BOB, "Bob") == (ANN,)
    assert (people.shown(ANN), people.shown(BOB)) == ("Sam", "Bob")


def test_names_that_look_alike_are_the_same_name() -> None:
    # B18, E7
    people = People()
    people.put(ANN, "Sam")
    people.put(BOB, "Sam\u200b\u202e ")
    assert people.shown(BOB) == f"Sam ({BOB})"


def test_invited_people_count_and_people_who_left_do_not() -> None:
    # B18 (Matrix: joined or invited members)
    people = People()
    people.put(ANN, "Sam")
    people.put(BOB, "Sam", "leave")
    assert people.shown(ANN) == "Sam"
    people.put(BOB, "Sam", "invite")
    assert people.shown(ANN) == f"Sam ({ANN})"


def test_rooms_do_not_mix() -> None:
    # B9
    people = People()
    people.put(ANN, "Sam")
    people.put(BOB, "Sam", room="!other:x")
    assert people.shown(ANN) == "Sam"


def test_the_id_stays_whole_beside_a_long_name() -> None:
    # B18: the session cuts names at 80 characters
    assert with_id("n" * 80, "@somebody:server.example") == f"{'n' * 53} (@somebody:server.example)"
    assert with_id("n" * 80, "@" + "u" * 200) == f"{'n' * 20} (@{'u' * 200})"


def test_rooms_out_of_use_are_dropped_and_made_again() -> None:
    # B9: what is kept is bounded
    people = People(most=4)
    for room in ("!a:x", "!b:x", "!c:x"):
        people.put(ANN, "Sam", room=room)
        people.put(BOB, "Sam", room=room)
        assert people.shown(ANN, room) == f"Sam ({ANN})"
    people.put(BOB, "Bob", room="!a:x")
    assert people.shown(ANN, "!a:x") == "Sam"


def test_rooms_in_use_are_kept_as_far_as_there_is_room() -> None:
    # B9
    people = People(most=7)
    for room in ("!a:x", "!b:x", "!c:x"):
        people.put(ANN, "Sam", room=room)
        people.put(BOB, "Bob", room=room)
        people.shown(ANN, room)
    made = people.stored.asked
    for room in ("!b:x", "!c:x"):
        people.put(BOB, "Sam", room=room)
        assert people.shown(ANN, room) == f"Sam ({ANN})"
    assert people.stored.asked == made
    people.shown(ANN, "!a:x")
    assert people.stored.asked == made + 1


MOVES = st.lists(
    st.tuples(
        st.sampled_from([ANN, BOB, "@eve:z"]),
        st.sampled_from([None, "Sam", "Eve", ""]),
        st.sampled_from(["join", "invite", "leave"]),
        st.booleans(),
    ),
    max_size=25,
)


@given(MOVES)
@settings(deadline=None)
def test_the_index_says_what_counting_says(moves: list[tuple[str, str | None, str, bool]]) -> None:
    # B18
    people = People()
    now: dict[str, str] = {}
    in_use = False
    for user, name, membership, look in moves:
        before = {one: _counted(now, one) for one in now}
        told = people.put(user, name, membership)
        now.pop(user, None)
        if membership != "leave":
            now[user] = name or ""
        changed = {one for one in now if one != user and one in before and before[one] != _counted(now, one)}
        assert set(told) == (changed if in_use else set()), "who is shown differently is told, and nobody else"
        if look:
            in_use = True
            assert {one: people.shown(one) for one in now} == {one: _counted(now, one) for one in now}
            assert dict(people.names.people(ROOM)) == now


def _counted(now: dict[str, str], user: str) -> str:
    name = now[user]
    return with_id(name, user) if name and list(now.values()).count(name) > 1 else name


@pytest.mark.parametrize(
    ("heroes", "others", "name"),
    [
        ([], -1, "Empty room"),
        (["Ann"], -1, "Empty room (was Ann)"),
        (["Ann", "Bob", "Eve"], -1, "Empty room (was Ann, Bob and Eve)"),
        (["Ann"], 0, "Ann"),
        (["Ann", "Bob"], 0, "Ann and Bob"),
        (["Ann", "Bob", "Eve"], 0, "Ann, Bob and Eve"),
        (["Ann"], 1, "Ann and 1 other"),
        (["Ann", "Bob"], 3, "Ann, Bob and 3 others"),
    ],
)
def test_a_room_without_a_name_is_called_after_people(heroes: list[str], others: int, name: str) -> None:
    # B14 (Matrix: calculating the display name for a room)
    assert called_after(heroes, others) == name


def test_without_heroes_the_first_by_id_are_taken() -> None:
    # B14
    people = {f"@u{number}:x": "" for number in range(9)} | {"@a:x": "", "@me:x": ""}
    assert heroes_of(people, "@me:x") == ["@a:x", "@u0:x", "@u1:x", "@u2:x", "@u3:x"]


@given(st.dictionaries(st.text(max_size=3), st.none() | st.integers() | st.text() | st.lists(st.text())))
def test_any_member_event_gives_a_name_on_one_short_line(content: dict[str, Any]) -> None:
    # B5
    for one in (content, content | {"displayname": "".join(content)}):
        name = display_name(one)
        assert len(name) <= 80
        assert "\n" not in name
