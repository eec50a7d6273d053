"""Sets of keys: no two actions on one key, and a person's own keys are checked."""

from __future__ import annotations

import pytest

from chat_tui.config import Config
from chat_tui.eaten_keys import PROGRAMS, TERMINALS, taken_by, takers
from chat_tui.keymaps import KEYMAPS, bound_keys, keymap_of, problems
from chat_tui.keys import KEYS, Key, key_of
from chat_tui.own_tables import OwnCommand
from chat_tui.settings import setting_of


def test_every_set_can_be_chosen() -> None:
    setting = setting_of("keymap")
    assert setting is not None
    assert setting.choices == tuple(KEYMAPS)


@pytest.mark.parametrize("name", KEYMAPS)
def test_a_set_has_no_conflict_and_names_only_what_there_is(name: str) -> None:
    assert problems(Config(keymap=name)) == []
    assert problems(Config(keys=dict(KEYMAPS[name]))) == []


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.id)
@pytest.mark.parametrize("name", KEYMAPS)
def test_every_action_has_a_key_that_no_terminal_takes(name: str, key: Key) -> None:
    keys = bound_keys(KEYMAPS[name], key)
    assert [one for one in keys if not taken_by(one)], f"{key.id} has only {keys}"


def test_a_table_of_what_terminals_take() -> None:
    assert taken_by("f11")
    assert not taken_by("alt+1")
    assert not taken_by("ctrl+j")
    assert list(takers("ctrl+b")) == [("tmux", "")]
    assert ("GNOME Terminal", "with several tabs") in takers("alt+1")
    known = {name for keys in (*TERMINALS.values(), *PROGRAMS.values()) for name in keys}
    assert (
        problems(
            Config(keys={"app.theme": ",".join(sorted(known - {key for one in KEYS for key in one.keys.split(",")}))})
        )
        == []
    )


def test_no_terminal_takes_the_key_that_help_and_hints_name() -> None:
    """But for F1, which everybody knows: GNOME Terminal has it, and there Alt+? does the same."""
    shown = [(key.id, key.keys.partition(",")[0]) for key in KEYS]
    taken = {(key_id, name) for key_id, first in shown for name, keys in TERMINALS.items() if keys.get(first) == ""}
    assert taken == {("app.help", "GNOME Terminal")}


@pytest.mark.parametrize("terminal", TERMINALS)
@pytest.mark.parametrize("name", KEYMAPS)
def test_in_every_terminal_every_action_has_a_key(name: str, terminal: str) -> None:
    taken = {key for key, when in TERMINALS[terminal].items() if not when}
    assert [key.id for key in KEYS if not set(bound_keys(KEYMAPS[name], key)) - taken] == []


def test_own_keys_go_before_the_set() -> None:
    config = Config(keymap="vim", keys={"rooms.up": "up"})
    assert keymap_of(config)["rooms.up"] == "up"
    assert keymap_of(config)["rooms.down"] == "down,j"
    assert bound_keys(keymap_of(config), key_of("rooms.down")) == ("down", "j")


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"app.hlp": "f2"}, "there is no 'app.hlp' (did you mean 'app.help'?)"),
        ({"zzzzzz": "f2"}, "there is no 'zzzzzz' (docs/keys.md and F1 list the names)"),
        ({"app.help": "ctl+h"}, "app.help names 'ctl+h', which is no key"),
        ({"app.help": "f1,"}, "app.help names '', which is no key"),
        ({"app.help": "ctrl+"}, "app.help names 'ctrl+', which is no key"),
        ({"app.help": "ctrl+nothing_known"}, "which is no key"),
        ({"room.switch": "ctrl+f"}, "ctrl+f is both room.switch and search.open"),
        ({"app.help": "f2"}, "f2 is both app.help and outbox.open"),
        ({"timeline.up": "r"}, "r is both timeline.up and timeline.reply"),
        ({"composer.send": "alt+a"}, "alt+a is both room.unread and composer.send"),
    ],
)
def test_what_is_wrong_with_own_keys_is_told(keys: dict[str, str], told: str) -> None:
    found = problems(Config(keys=keys))
    assert any(told in problem for problem in found), found


def test_one_key_may_mean_different_things_in_different_places() -> None:
    assert problems(Config(keys={"timeline.up": "k", "rooms.up": "k", "outbox.retry": "alt+a"})) == []


def test_own_keys_may_be_named_as_textual_does() -> None:
    good = {
        "timeline.react": "plus,+",
        "composer.complete": "tab,ctrl+space",
        "app.back": "escape,alt+exclamation_mark",
    }
    assert problems(Config(keys=good)) == []


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"/goto 2026-05-01": "alt+g"}, []),
        ({"/own a b": "f12,alt+o"}, ["keys: alt+o is both spaces.open and /own a b"]),
        ({"/names": "ctrl+k"}, ["keys: ctrl+k is both room.switch and /names"]),
        ({"/names": "f12", "/members": "f12"}, ["keys: f12 is both /names and /members"]),
        ({"/names": "f99"}, ["keys: /names names 'f99', which is no key"]),
        ({"/names": "ctrl+k", "room.switch": "f12"}, []),
        (
            {"/nmaes": "f12"},
            [
                "keys: /nmaes: There is no command /nmaes; /help lists them, and //nmaes sends it as text. (did you mean '/names'?)"
            ],
        ),
        ({"/goto": "f12"}, ["keys: /goto: This is typed as /goto DATE|ID|LINK."]),
        ({"//text": "f12"}, ["keys: //text: It is no command."]),
    ],
)
def test_keys_that_give_command_lines_are_checked(keys: dict[str, str], told: list[str]) -> None:
    own = {"own": OwnCommand("own", ("true",))}
    assert problems(Config(keys=keys, commands=own)) == told
