"""What people type for people and rooms, on protocols whose ids look different."""

from __future__ import annotations

import pytest

from chat_tui.addresses import find_room, person_id, room_address
from chat_tui_core.errors import LocalError
from chat_tui_core.model import Member, Room

MATRIX, PLAIN = "@me:home.example", "me"
MEMBERS = (Member("@ann:x.example", "Ann"), Member("@a1:x.example", "Sam"), Member("@a2:x.example", "sam"))


@pytest.mark.parametrize(
    ("word", "me", "meant"),
    [
        ("@bob", PLAIN, "bob"),
        ("bob", PLAIN, "bob"),
        ("@ann:x.example", MATRIX, "@ann:x.example"),
        ("ann:x.example", MATRIX, "@ann:x.example"),
        ("ann", MATRIX, "@ann:x.example"),
        ("@bob", MATRIX, "@bob:home.example"),
        ("bob:far.example:8448", MATRIX, "@bob:far.example:8448"),
    ],
)
def test_people(word: str, me: str, meant: str) -> None:
    assert person_id(word, me, MEMBERS if me is MATRIX else ()) == meant


def test_a_name_that_two_people_have_is_asked_about() -> None:
    with pytest.raises(LocalError, match="2 people here are called sam"):
        person_id("sam", MATRIX, MEMBERS)


@pytest.mark.parametrize(
    ("word", "me", "address"),
    [
        ("#general", PLAIN, "general"),
        ("general", PLAIN, "general"),
        ("#lobby", MATRIX, "#lobby:home.example"),
        ("lobby", MATRIX, "#lobby:home.example"),
        ("#lobby:far.example", MATRIX, "#lobby:far.example"),
        ("!opaque", MATRIX, "!opaque"),
    ],
)
def test_addresses_of_rooms(word: str, me: str, address: str) -> None:
    assert room_address(word, me) == address


@pytest.mark.parametrize("word", ["!1", "#Lobby:far.example", "lobby:far.example", "#lobby", "The Lobby", "the lobby"])
def test_finding_a_room(word: str) -> None:
    room = Room("!1", name="The Lobby", aliases=("#lobby:far.example",))
    assert find_room(word, [Room("!2", name="Other"), room]) is room


def test_no_room_of_that_name() -> None:
    assert find_room("nothing", [Room("!2", name="Other")]) is None
