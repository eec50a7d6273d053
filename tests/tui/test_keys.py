"""The table of keys: no two actions on one key, every action exists, bindings and names come from it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from textual.binding import Binding

from chat_tui.app import ChatApp
from chat_tui.commands import COMMANDS
from chat_tui.config import Config
from chat_tui.keys import KEYS, Key, Place, bindings, key_of, keys_in, shown_as
from chat_tui.screens.inbox import InboxScreen
from chat_tui.screens.login import LoginScreen
from chat_tui.screens.main import MainScreen
from chat_tui.screens.outbox import OutboxScreen
from chat_tui.screens.palette import actions
from chat_tui.screens.picker import PickerScreen
from chat_tui.screens.space_page import SpaceScreen
from chat_tui.screens.spaces import SpacesScreen
from chat_tui.screens.transfers import TransfersScreen
from chat_tui.widgets.banner import Banner
from chat_tui.widgets.composer import Composer
from chat_tui.widgets.pick_list import PickList
from chat_tui.widgets.room_timeline import RoomTimeline
from tests.tui.file_stage import FileStage
from tests.tui.stage import Stage

#: Where an action of a place may live: the first class is asked first.
HOMES: dict[Place, tuple[type, ...]] = {
    Place.EVERYWHERE: (ChatApp,),
    Place.MAIN: (MainScreen,),
    Place.ROOM_LIST: (PickList,),
    Place.TIMELINE: (RoomTimeline,),
    Place.COMPOSER: (Composer,),
    Place.BANNER: (Banner,),
    Place.OUTBOX: (OutboxScreen,),
    Place.TRANSFERS: (TransfersScreen,),
    Place.INBOX: (InboxScreen,),
    Place.SPACES: (SpacesScreen,),
    Place.SPACE: (SpaceScreen,),
    Place.PICKER: (PickerScreen,),
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
    assert key_of("app.help").keys.startswith("f1,")
    with pytest.raises(KeyError):
        key_of("nothing")


def reachable(stage: Stage) -> set[str]:
    """The ids of what the palette lists on the screen that is shown."""
    return {key.id for _, key in actions(stage.app.screen)}


async def test_every_action_can_be_reached_by_the_palette(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "chat.db")
    async with stage.show():
        await stage.rooms()
        stage.main.standing._mount_banner()
        found = reachable(stage)
        labels = [entry.title for entry in stage.app.get_system_commands(stage.app.screen)]
        for screen in (OutboxScreen([stage.session]), LoginScreen(stage.app.options.data, "wschat", "wschat")):
            await stage.app.push_screen(screen)
            await stage.pilot.pause()
            found |= reachable(stage)
            stage.app.pop_screen()
    inner = (Place.TRANSFERS, Place.INBOX, Place.SPACES, Place.SPACE, Place.PICKER)
    assert {key.id for key in KEYS if key.place not in inner} - found == {"app.palette"}
    assert {key.label for key in KEYS if key.place is Place.TIMELINE} <= set(labels)
    assert {f"/{command.name}" for command in COMMANDS} >= {label.split()[0] for label in labels if label[0] == "/"}


@pytest.mark.parametrize(
    ("opens", "place"),
    [
        ("files.open", Place.TRANSFERS),
        ("files.send", Place.PICKER),
        ("inbox.open", Place.INBOX),
        ("spaces.open", Place.SPACES),
    ],
)
async def test_the_keys_of_a_dialog_are_in_the_palette_too(tmp_path: Path, opens: str, place: Place) -> None:
    stage = FileStage(tmp_path / "chat.db")
    async with stage.show():
        await stage.pilot.press(key_of(opens).keys.partition(",")[0])
        await stage.until(lambda: stage.app.screen is not stage.main)
        assert {key.id for key in keys_in(place)} <= reachable(stage)


async def test_the_palette_does_it_where_the_key_would(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "chat.db")
    async with stage.show():
        await stage.rooms()
        await stage.pilot.press("enter", *"a")
        entries = {entry.title: entry.callback for entry in stage.app.get_system_commands(stage.app.screen)}
        await entries["Begin a new line"]()
        assert stage.main.composer.text == "a\n"
        await entries["Go to the message above"]()
        assert stage.focus == "timeline"
        await entries["To the last room"]()
        assert stage.focus == "rooms"


def test_what_the_palette_lists_at_once_has_no_place_of_its_own() -> None:
    assert {key.place for key in KEYS if key.palette} <= {Place.EVERYWHERE, Place.MAIN}


@pytest.mark.parametrize("keymap", ["emacs", "vim", "irc"])
async def test_a_set_of_keys_holds_in_the_app(tmp_path: Path, keymap: str) -> None:
    stage = Stage(tmp_path / "chat.db", Config(keymap=keymap))
    async with stage.show():
        await stage.rooms()
        if keymap == "vim":
            await stage.pilot.press("j", "enter")
            assert stage.main.conversation.room_id == "random"
            return
        await stage.pilot.press("enter", *"one", "enter")
        await stage.settle()
        await stage.pilot.press("up" if keymap == "irc" else "alt+p")
        assert stage.main.composer.text == "one"
        if keymap == "emacs":
            await stage.pilot.press("ctrl+a", "right", "ctrl+k")
            assert stage.main.composer.text == "o"


async def test_conflicting_keys_are_told_at_the_start_in_one_line(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "chat.db", Config(keys={"room.switch": "ctrl+f", "app.hlp": "f2"}))
    async with stage.show():
        notices = stage.notices()
        assert len(notices) == 1
        assert "there is no 'app.hlp' (did you mean 'app.help'?) (1 more: see `chat-tui doctor`)" in notices[0]
