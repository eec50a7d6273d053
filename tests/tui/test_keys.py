"""The table of keys: no two actions on one key, every action exists, bindings and names come from it."""

from __future__ import annotations

from collections import Counter

import pytest
from textual.binding import Binding

from chat_tui.app import ChatApp
from chat_tui.keys import KEYS, Key, Place, bindings, key_of, keys_in, palette_keys, shown_as
from chat_tui.screens.login import LoginScreen
from chat_tui.screens.main import MainScreen
from chat_tui.screens.outbox import OutboxScreen
from chat_tui.widgets.banner import Banner
from chat_tui.widgets.composer import Composer
from chat_tui.widgets.pick_list import PickList
from chat_tui.widgets.room_timeline import RoomTimeline

#: Where an action of a place may live: the first class is asked first.
HOMES: dict[Place, tuple[type, ...]] = {
    Place.EVERYWHERE: (ChatApp,),
    Place.MAIN: (MainScreen,),
    Place.ROOM_LIST: (PickList,),
    Place.TIMELINE: (RoomTimeline,),
    Place.COMPOSER: (Composer,),
    Place.BANNER: (Banner,),
    Place.OUTBOX: (OutboxScreen,),
    Place.DIALOG: (OutboxScreen,),
    Place.LOGIN: (LoginScreen,),
}


def test_ids_are_unique() -> None:
    assert [key_id for key_id, count in Counter(key.id for key in KEYS).items() if count > 1] == []


@pytest.mark.parametrize("place", list(Place))
def test_no_key_means_two_things_in_one_place(place: Place) -> None:
    everywhere = keys_in(Place.EVERYWHERE) if place is not Place.EVERYWHERE else ()
    used = [name for key in (*everywhere, *keys_in(place)) for name in key.keys.split(",")]
    assert [name for name, count in Counter(used).items() if count > 1] == []


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.id)
def test_every_key_does_something(key: Key) -> None:
    method = f"action_{key.action.partition('(')[0]}"
    assert any(callable(getattr(home, method, None)) for home in HOMES[key.place]), method


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.id)
def test_every_key_is_explained(key: Key) -> None:
    assert key.label
    assert key.label[0].isupper()
    assert not key.label.endswith(".")


def test_bindings_carry_ids_for_the_configuration() -> None:
    made = bindings(Place.MAIN)
    assert [binding.id for binding in made if isinstance(binding, Binding)] == [key.id for key in keys_in(Place.MAIN)]


def test_widgets_take_their_bindings_from_the_table() -> None:
    assert [b.id for b in Banner.BINDINGS if isinstance(b, Binding)] == [k.id for k in keys_in(Place.BANNER)]


@pytest.mark.parametrize(
    ("keys", "shown"),
    [
        ("ctrl+k,alt+k", "Ctrl+K"),
        ("f1", "F1"),
        ("pageup", "PgUp"),
        ("escape", "Esc"),
        ("alt+up", "Alt+↑"),
        ("r", "r"),
        ("ctrl+home", "Ctrl+Home"),
        ("enter", "Enter"),
    ],
)
def test_keys_are_written_for_people(keys: str, shown: str) -> None:
    assert shown_as(keys) == shown


def test_lookup() -> None:
    assert key_of("app.help").keys == "f1"
    with pytest.raises(KeyError):
        key_of("nothing")


def test_the_palette_lists_what_has_no_place_of_its_own() -> None:
    assert {key.place for key in palette_keys()} <= {Place.EVERYWHERE, Place.MAIN}
    assert "room.unread" in {key.id for key in palette_keys()}
