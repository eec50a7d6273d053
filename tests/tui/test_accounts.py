"""Several accounts in one window, with rooms of the same ids: nothing of one account ever reaches another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from chat_tui.config import Config
from chat_tui.control import ask
from chat_tui.notices import Notice
from chat_tui.requests.values import Request
from chat_tui.screens.switcher import Matches
from chat_tui_core import registry
from chat_tui_core.actions import Kind
from chat_tui_core.errors import ConfigError, TransportError
from chat_tui_core.link import Link, LinkChanged
from chat_tui_core.model import Account, Member, Membership, Room
from chat_tui_core.news import MembersListed, RoomChanged, RoomGone, RoomsListed
from tests.core.scripted import ScriptedBackend
from tests.tui.house import House
from tests.tui.stage import Stage


def room(room_id: str, ts: int, **fields: object) -> Room:
    return Room(room_id, head=3, last_ts=ts, last_sender="ann", last_text="said before", **fields)  # type: ignore[arg-type]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Two accounts that are online, each with `general` and `random`."""
    house = House(tmp_path, "home", "work")
    async with house.show():
        await house["home"].online(room("general", 4000), room("random", 3000))
        await house["work"].online(room("general", 2000), room("random", 1000))
        for flat in house.flats.values():
            await flat.lines("general", 1, 3)
        yield house


# ---------------------------------------------------------------- one list


async def test_each_account_has_its_line_and_its_rooms_below(house: House) -> None:  # B14
    listed = [line for line in house.listed() if "said before" not in line and "line 3" not in line]
    assert [line.split()[:2] for line in listed] == [
        ["●", "home"], ["▌#", "general"], ["#", "random"], ["●", "work"], ["#", "general"], ["#", "random"],
    ]  # fmt: skip
    assert "All accounts" in house.screen_text()


async def test_one_account_has_no_line(tmp_path: Path) -> None:  # B14
    stage = Stage(tmp_path / "chat.db")
    async with stage.show():
        await stage.rooms()
        assert [type(entry) for entry in stage.main.rooms.entries] == [Room, Room]
        assert "All accounts" not in stage.screen_text()


async def test_sections_are_within_each_account(house: House) -> None:  # B14
    await house["work"].news(RoomChanged(Room("party", membership=Membership.INVITED), frozenset({"membership"})))
    text = "\n".join(house.listed())
    assert text.index("● work") < text.index("Invitations") < text.index("party") < text.index("Rooms")
    assert text.index("● home") < text.index("general") < text.index("● work")


async def test_keys_go_over_the_rooms_of_all_accounts(house: House) -> None:  # B14
    for key, place in (
        ("alt+1", ("home", "general")),
        ("alt+3", ("work", "general")),
        ("alt+4", ("work", "random")),
        ("alt+z", ("work", "general")),
        ("alt+up", ("home", "random")),
        ("alt+down", ("work", "general")),
        ("alt+z", ("home", "random")),
    ):
        await house.press(key)
        assert house.here == place, key


async def test_the_next_unread_room_may_be_another_account_s(house: House) -> None:  # B14
    await house.press("alt+1")
    await house["home"].lines("random", 4, 5)
    await house["work"].lines("general", 4, 4, text="@work.me: look")
    work, home = house["work"].session.rooms["general"], house["home"].session.rooms["general"]
    assert (work.mentions, home.mentions, home.unread) == (1, 0, 0)
    await house.press("alt+a")
    assert house.here == ("work", "general"), "a mention goes before what is merely unread"
    await house.press("alt+a")
    assert house.here == ("home", "random")


async def test_the_filter_finds_rooms_of_all_accounts_and_by_account(house: House) -> None:
    house.main.rooms.focus()
    await house.press("slash", *"gen")
    assert sum("general" in line for line in house.listed()) == 2
    assert {line.split()[-1] for line in house.listed() if "said before" in line or "line 3" in line} == {
        "home",
        "work",
    }
    await house.press("space", *"work", "enter")
    assert house.here == ("work", "general")


# ---------------------------------------------------------------- the open room's account


async def test_what_is_shown_and_said_is_the_open_account_s(house: House) -> None:  # C3, B14
    for name, key in (("work", "alt+3"), ("home", "alt+1"), ("work", "alt+3")):
        await house.press(key)
        assert f"{name} line 3" in " ".join(house.lines_shown())
        assert sum("line 3" in line for line in house.lines_shown()) == 1
    await house.press(*"hello", "enter")
    assert [action.text for action in house["work"].doings()] == ["hello"]
    assert house["home"].doings() == []


async def test_what_comes_in_the_room_of_the_same_name_is_not_shown(house: House) -> None:  # B2, B14
    await house.press("alt+1")
    await house["work"].lines("general", 4, 4)
    assert "work line 4" not in " ".join(house.lines_shown())
    await house.press("alt+3")
    assert "work line 4" in " ".join(house.lines_shown())
    assert "home line 3" not in " ".join(house.lines_shown())


async def test_drafts_stay_with_their_account(house: House) -> None:  # E11
    await house.press("alt+1", *"for home")
    await house.press("alt+3")
    assert house.main.composer.text == ""
    await house.press(*"for work")
    await house.press("alt+1")
    assert house.main.composer.text == "for home"
    await house["home"].comes(lambda: house.main.composer._timer is None)
    await house.settle()
    assert house["home"].session.drafts["general"].text == "for home"
    assert house["work"].session.drafts["general"].text == "for work"


async def test_an_answer_that_was_begun_is_kept_when_another_account_is_looked_at(house: House) -> None:  # C5, E11
    await house.press("alt+1", "up", "r", *"yes")
    await house.press("alt+3", "alt+1")
    assert house.main.conversation.reply_to == "m3"
    await house.press("enter")
    assert [action.content["reply_to"] for action in house["home"].doings()] == ["m3"]


async def test_a_text_that_is_being_stored_stays_out_of_the_other_account(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:  # C3, E11
    go_on = asyncio.Event()
    send = house["home"].session.send

    async def slowly(*args: object, **fields: object) -> object:
        await go_on.wait()
        return await send(*args, **fields)  # type: ignore[arg-type]

    monkeypatch.setattr(house["home"].session, "send", slowly)
    await house.press("alt+1", *"slow", "enter")
    await house.press("alt+3", *"mine")
    go_on.set()
    await house["home"].comes(lambda: bool(house["home"].doings()))
    await house.settle()
    assert house.main.composer.text == "mine"
    assert house["work"].doings() == []
    await house.press("alt+1")
    assert house.main.composer.text == ""


async def test_commands_act_on_the_open_account(house: House) -> None:  # B18
    await house.press("alt+3", *"/topic all about work", "enter")
    assert [(action.kind, action.room_id) for action in house["work"].doings()] == [(Kind.TOPIC, "general")]
    assert house["home"].doings() == []


async def test_a_room_that_goes_closes_only_where_it_was(house: House) -> None:  # A18
    await house.press("alt+1")
    await house["work"].news(RoomGone("general"))
    assert house.here == ("home", "general")
    assert house.main.rooms.position("general", "work") is None
    assert house.main.rooms.position("general", "home") is not None


# ---------------------------------------------------------------- connections


async def test_the_status_bar_tells_the_open_account_and_what_is_wrong_with_others(house: House) -> None:  # B15
    assert "online" in house.status()
    assert "work" not in house.status()
    await house["work"].news(LinkChanged(Link.OFFLINE, "no network"))
    await house.press("alt+1")
    assert "online" in house.status()
    assert "work: offline" in house.status()
    assert [line.split() for line in house.listed() if line.startswith("○")] == [["○", "work", "offline"]]
    await house.press("alt+3")
    assert "offline (no network)" in house.status()
    assert "work: offline" not in house.status()


async def test_an_account_that_is_not_open_is_shown_and_said(tmp_path: Path) -> None:  # E4
    house = House(tmp_path, "home", absent={"work": "The account is run by process 7."})
    async with house.show():
        await house["home"].online(room("general", 1))
        assert "✗ work" in "\n".join(house.listed())
        assert "work: not open" in house.status()
        assert house.notices() == ["work is not open. The account is run by process 7."]


async def test_a_keyring_that_fails_keeps_only_its_own_account(tmp_path: Path) -> None:  # E4, E12
    house = House(tmp_path, "home", "work")
    seat = house.app._opened[1]

    def locked() -> str:
        raise ConfigError("The keyring is locked.")

    seat.ask_token, seat.token = locked, ""
    async with house.show():
        await house["home"].online(room("general", 1))
        await house["home"].comes(lambda: bool(house.notices()))
        assert house.notices() == ["work: The keyring is locked."]
        assert "work: not connected" in house.status()
        assert house["work"].backend.connections == []


async def test_other_programs_reach_each_account(house: House) -> None:  # E7
    for name in ("home", "work"):
        told = [one async for one in ask(house.data.folder(name), Request("rooms"))]
        assert told, name


async def test_all_are_closed_at_the_same_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # E11
    house = House(tmp_path, "home", "work")
    inside: list[str] = []
    both = asyncio.Event()
    async with house.show():
        for name, flat in house.flats.items():
            close = flat.session.close

            def closing(name: str = name, close: Callable[[], object] = close) -> object:
                async def wait() -> None:
                    inside.append(name)
                    if len(inside) == len(house.flats):
                        both.set()
                    await asyncio.wait_for(both.wait(), 20)
                    await close()  # type: ignore[misc]

                return wait()

            monkeypatch.setattr(flat.session, "close", closing)
    assert sorted(inside) == ["home", "work"]


async def test_old_messages_are_forgotten_in_all(tmp_path: Path) -> None:  # E4
    from chat_tui_core.store import events, rooms
    from tests.core.scripted import said

    house = House(tmp_path, "home", "work", config=Config(keep_days=30))
    for flat in house.flats.values():
        flat.store.write_now(rooms.save_rooms, [Room("general", head=300, read=300)])
        flat.store.write_now(events.insert_events, [said(order, room_id="general") for order in range(1, 301)])
    async with house.show():
        for flat in house.flats.values():
            await flat.comes(lambda flat=flat: flat.store.read(events.bounds, "general")[0] > 1)  # type: ignore[misc]


# ---------------------------------------------------------------- one switcher, outbox, list of files, search


async def test_the_switcher_finds_rooms_people_and_accounts_of_all(house: House) -> None:  # B15
    await house["work"].news(MembersListed("general", (Member("work.me"), Member("carol", "Caroline Hill"))))
    await house.press("ctrl+k", *"gen work", "enter")
    assert house.here == ("work", "general")
    await house.press("ctrl+k", *"caroline", "enter")
    made = house["work"].doings()[-1]
    assert (made.kind, made.room_id) == (Kind.CREATE_ROOM, "@carol+work.me")
    assert house["home"].doings() == []
    await house.press("ctrl+k", *"home")
    assert "account" in house.screen_text()
    account = next(at for at, (_, found) in enumerate(house.app.screen.query_one(Matches).found) if not found.room_id)
    await house.press(*["down"] * account, "enter")
    assert house.here == ("home", "general")


async def test_an_account_without_rooms_can_be_gone_to_and_typed_about(tmp_path: Path) -> None:  # B15
    house = House(tmp_path, "home", "work")
    async with house.show():
        await house["home"].online(room("general", 4000))
        await house["work"].online(room("general", 3000, membership=Membership.LEFT))
        await house.press("alt+1", "ctrl+k", *"work", "enter")
        assert house.here == ("work", "")
        await house.press(*"/join cats", "enter")
        assert [action.kind for action in house["work"].doings()] == [Kind.JOIN]
        await house["work"].news(RoomChanged(Room("cats"), frozenset({"membership"})))
        assert house.here == ("work", "cats")


async def test_one_outbox_for_all(house: House) -> None:  # E3, A22
    for name in ("home", "work"):
        await house[name].news(LinkChanged(Link.OFFLINE, "gone"))
        await house[name].session.send("general", f"{name} waits")
    assert house["home"].unsettled()[0].id == house["work"].unsettled()[0].id, "ids may be the same"
    await house.press("f2")
    text = house.screen_text()
    assert "2 not settled" in text
    assert "home: offline, work: offline" in text
    assert "general · home" in text.splitlines()[line_of(text, "home waits")]
    assert "general · work" in text.splitlines()[line_of(text, "work waits")]
    await house.press("down", "x")
    await house["work"].comes(lambda: not house["work"].unsettled())
    assert len(house["home"].unsettled()) == 1
    await house["work"].comes(lambda: "1 not settled" in house.screen_text())
    await house.press("enter")
    assert house.here == ("home", "general")


async def test_the_outbox_leads_to_the_room_of_the_account(house: House) -> None:  # E3
    await house["work"].news(LinkChanged(Link.OFFLINE, "gone"))
    await house.press("alt+1")
    await house["work"].session.send("random", "where am I")
    await house.press("f2", "enter")
    assert house.here == ("work", "random")
    await house.press("alt+1", "f2", "b")
    await house["work"].comes(lambda: house.main.composer.text == "where am I")
    assert house.here == ("work", "random")


async def test_unsent_counts_all(house: House) -> None:  # B15
    await house["work"].news(LinkChanged(Link.OFFLINE, "gone"))
    await house["work"].session.send("general", "later")
    await house.press("alt+1")
    assert "1 unsent" in house.status()
    assert "online" in house.status()


async def test_one_list_of_files_for_all(house: House, tmp_path: Path) -> None:  # D5
    for name in ("home", "work"):
        path = tmp_path / f"{name}.txt"
        path.write_text("x" * 4000)
        await house[name].session.files.offer("general", path)
    await house.settle()
    assert "↑2" in house.status()
    await house.press("f3")
    text = house.screen_text()
    assert "general · home" in text.splitlines()[line_of(text, "home.txt")]
    assert "general · work" in text.splitlines()[line_of(text, "work.txt")]


async def test_one_search_for_all(house: House) -> None:  # B16
    await house["work"].lines("random", 5, 5, text="the same word")
    await house["home"].lines("general", 4, 4, text="the same word")
    await house.press("ctrl+f", *"same")
    await house["home"].comes(lambda: "2 found" in house.screen_text())
    text = house.screen_text()
    assert line_of(text, "random · work") < line_of(text, "general · home"), "the newest first"
    await house.press("enter")
    assert house.here == ("work", "random")
    await house["work"].comes(lambda: house.main.timeline.cursor is not None)
    await house.press("ctrl+f", *"same in:general")
    await house["home"].comes(lambda: "1 found" in house.screen_text())
    await house.press("enter")
    assert house.here == ("home", "general")


def line_of(text: str, words: str) -> int:
    return next(at for at, line in enumerate(text.splitlines()) if words in line)


# ---------------------------------------------------------------- adding and leaving accounts


class Willing(ScriptedBackend):
    """Lets anybody in, and notes who signs out."""

    name = "wschat"
    url_example = "ws://chat.example.org"

    def __init__(self) -> None:
        super().__init__()
        self.left: list[str] = []

    async def logout(self, account: Account, token: str) -> None:
        self.left.append(account.name)


@pytest.fixture
def willing(monkeypatch: pytest.MonkeyPatch) -> Willing:
    made = Willing()
    monkeypatch.setattr(registry, "load", lambda _name: made)
    monkeypatch.setattr(registry, "names", lambda: ["wschat"])
    return made


async def test_an_account_is_added_while_the_app_runs(house: House, willing: Willing) -> None:  # E4
    await house.press("alt+1", *"/account", "enter")
    assert "Add an account" in house.screen_text()
    assert "Look around" not in house.screen_text(), "the demo is no account"
    await house.press("escape", *"/account", "enter", "enter")
    await house.press("tab", *"Zoe", "tab", *"secret", "enter")
    await house["home"].comes(lambda: "zoe" in house.main.desks)
    await house.settle()
    assert list(house.main.desks) == ["home", "work", "zoe"]
    assert house.here == ("zoe", "")
    assert any(line.split()[1:] == ["zoe", "offline"] for line in house.listed())
    await house["home"].comes(lambda: len(willing.connections) == 1)
    new = house.main.desks["zoe"]
    willing.connection.deliver([RoomsListed((room("general", 9000),)), LinkChanged(Link.ONLINE)])
    await house["home"].comes(lambda: "general" in new.session.rooms)
    await house.press("alt+1")
    assert house.here == ("home", "general")
    await house["home"].comes((house.data.folder("zoe") / "control.sock").exists)


async def test_one_account_becomes_two(tmp_path: Path, willing: Willing) -> None:
    house = House(tmp_path, "home")
    async with house.show():
        await house["home"].online(room("general", 4000))
        assert "● home" not in "\n".join(house.listed())
        house.data.save(Account("work", "wschat", "ws://x", "me", "d"), "token")
        await house.press("alt+1", *"/account work", "enter")
        await house["home"].comes(lambda: "work" in house.main.desks)
        await house.settle()
        assert house.listed()[0].split() == ["●", "home"]
        assert "All accounts" in house.screen_text()
        assert len(willing.connections) == 1


async def test_an_account_that_was_not_open_is_opened_when_it_is_free(tmp_path: Path, willing: Willing) -> None:  # E4
    house = House(tmp_path, "home", absent={"work": "It is run by another process."})
    house.data.save(Account("work", "wschat", "ws://x", "me", "d"), "token")
    async with house.show():
        await house["home"].online(room("general", 4000))
        with house.data.lock("work"):
            await house.press("alt+1", *"/account work", "enter")
            await house["home"].comes(lambda: "is run by process" in house.screen_text())
        assert "work: not open" in house.status()
        await house.press(*"/account work", "enter")
        await house["home"].comes(lambda: "work" in house.main.desks)
        await house.settle()
        assert "not open" not in house.status()
        assert len(willing.connections) == 1


async def test_signing_out_of_one_leaves_the_others(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[str] = []

    async def logout(account: Account, _token: str) -> None:
        left.append(account.name)

    monkeypatch.setattr(house["work"].backend, "logout", logout)
    await house.press("alt+3", *"/logout", "enter", "n")
    assert list(house.main.desks) == ["home", "work"]
    await house.press(*"/logout", "enter")
    house.main.composer.insert("typed a moment before")
    await house.press("y")
    await house["home"].comes(lambda: list(house.main.desks) == ["home"])
    await house.settle()
    assert left == ["work"]
    assert house.here == ("home", "general")
    assert "work" not in "\n".join(house.listed())
    assert not (house.data.folder("work") / "token").exists()
    await house["home"].comes(lambda: house.app._household.seat("work") is None)
    await house.press("alt+z")
    assert house.here == ("home", "general")


async def test_signing_out_that_the_server_does_not_hear_changes_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def logout(_account: Account, _token: str) -> None:
        raise TransportError("The server cannot be reached.")

    monkeypatch.setattr(house["work"].backend, "logout", logout)
    await house.press("alt+3", *"/logout", "enter", "y")
    await house["home"].comes(lambda: "cannot be reached" in house.screen_text())
    assert list(house.main.desks) == ["home", "work"]
    assert (house.data.folder("work") / "token").exists()


async def test_signing_out_of_the_only_one_ends_the_app(tmp_path: Path) -> None:
    house = House(tmp_path, "home")
    async with house.show():
        await house["home"].online(room("general", 4000))
        await house.press("alt+1", *"not answered yet", "enter", *"/logout", "enter")
        await house["home"].comes(lambda: "One thing is not sent yet" in " ".join(house.screen_text().split()))
        await house.pilot.press("y")
        await house["home"].comes(lambda: house.app.return_code == 0)
    assert not (house.data.folder("home") / "token").exists()


async def test_one_is_told_of_mentions_in_all_accounts(house: House, monkeypatch: pytest.MonkeyPatch) -> None:  # E9
    told: list[Notice] = []
    monkeypatch.setattr(house.main.notifying._shown_on(), "show", told.extend)
    await house.press("alt+1")
    await house["home"].lines("general", 4, 4, text="home.me, this is on screen")
    await house["work"].lines("general", 4, 4, text="work.me, this is not")
    await house["home"].lines("random", 4, 4, text="work.me is not who I am here")
    assert [(notice.title, notice.body) for notice in told] == [("ann in general · work", "work.me, this is not")]


async def test_the_first_frame_has_the_stored_rooms_of_all(tmp_path: Path) -> None:  # E4, B14
    first = House(tmp_path, "home", "work")
    async with first.show():
        await first["home"].online(room("general", 4000), room("garden", 3000))
        await first["work"].online(room("general", 5000))
        await first["work"].lines("general", 1, 3)
    again = House(tmp_path, "home", "work")
    async with again.show():
        assert all(flat.connection.asked == [] for flat in again.flats.values())
        assert [found.room_id for _, found in again.main.rooms.keyed] == ["general", "garden", "general"]
        assert [account for account, _ in again.main.rooms.keyed] == ["home", "home", "work"]
        assert again.here == ("work", "general"), "the room with the newest talk, whoever's it is"
        assert "work line 3" in " ".join(again.lines_shown())
