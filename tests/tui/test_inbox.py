"""The inbox: mentions, answers and invitations of all accounts, from what is stored; what can be done with each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from chat_tui.screens.inbox import InboxScreen
from chat_tui.widgets.inbox_list import InboxList
from chat_tui_core.actions import Kind
from chat_tui_core.link import Link
from chat_tui_core.model import Membership, Room
from chat_tui_core.news import Arrived, RoomChanged, RoomGone
from tests.core.scripted import said
from tests.tui.house import Flat, House


def room(room_id: str, **fields: object) -> Room:
    return Room(room_id, head=9, **fields)  # type: ignore[arg-type]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Two accounts, in both a room `general`: in one of them home.me is named, in the other work.me is answered."""
    house = House(tmp_path, "home", "work")
    async with house.show():
        home, work = house["home"], house["work"]
        await home.online(room("general"), room("random"))
        await work.online(room("general"), room("party", membership=Membership.INVITED, inviter="zoe"))
        await home.news(Arrived("general", (said(1, "hi home.me", "bob", 0, "general"),)))
        answer = replace(said(3, "so it is", "carol", 0, "general"), reply_to="m2")
        await work.news(Arrived("general", (said(2, "it is late", "work.me", 0, "general"), answer)))
        await house.settle()
        yield house


def rows(house: House) -> list[str]:
    """Both lines of each entry as one, without blanks."""
    screen = house.app.screen
    assert isinstance(screen, InboxScreen)
    lines = [strip.text.strip() for strip in screen.query_one(InboxList).current_frame() if strip.text.strip()]
    return [" ".join(f"{first} {second}".split()) for first, second in zip(lines[::2], lines[1::2], strict=True)]


async def opened(house: House, count: int) -> None:
    """Open the inbox and wait until so many entries are listed."""
    await house.press("f4")
    await listed(house, count)


async def listed(house: House, count: int) -> None:
    def there() -> bool:
        found = house.app.screen.query(InboxList)
        return bool(found) and len(found.first().entries) == count

    await house["home"].comes(there)
    await house.settle()


async def test_all_that_was_said_to_me_in_all_accounts(house: House) -> None:  # B16
    await opened(house, 3)
    first, second, third = rows(house)
    assert first.startswith("+ zoe party · work")
    assert second.startswith("↩ carol general · work")
    assert second.endswith("so it is")
    assert third.startswith("@ bob general · home")
    assert third.endswith("hi home.me")
    assert "Inbox   1 invitation   " in house.screen_text()


async def test_enter_lands_on_the_message(house: House) -> None:
    await house.press("alt+1")
    await opened(house, 3)
    await house.press("down", "enter")
    assert house.here == ("work", "general")
    await house["work"].comes(lambda: house.main.timeline.cursor is not None)
    item = house.main.conversation.item(house.main.timeline.cursor_key() or "")
    assert item is not None
    assert item.event is not None
    assert item.event.text == "so it is"


async def test_what_is_read_is_no_longer_new(house: House) -> None:
    await house.press("alt+1")
    await house.settle()
    await opened(house, 3)
    new = {entry.account: entry.new for entry in house.app.screen.query_one(InboxList).entries if entry.event}
    assert new == {"home": False, "work": True}


async def test_what_comes_while_it_is_open_is_listed_at_once(house: House) -> None:
    await opened(house, 3)
    await house["home"].news(Arrived("random", (said(9, "home.me!", "dan", 0, "random"),)))
    await listed(house, 4)
    assert rows(house)[1].startswith("@ dan random · home")
    await house["home"].news(Arrived("random", (said(10, "nobody", "dan", 0, "random"),)))
    await listed(house, 4)


@pytest.mark.parametrize(
    ("key", "kind", "news"), [("a", Kind.JOIN, Membership.JOINED), ("x", Kind.LEAVE, Membership.NONE)]
)
async def test_an_invitation_is_answered_without_leaving_the_list(
    house: House, key: str, kind: Kind, news: Membership
) -> None:  # A18
    await opened(house, 3)
    await house.press(key)
    assert [(action.kind, action.room_id) for action in house["work"].doings()] == [(kind, "party")]
    await house["work"].news(RoomChanged(Room("party", membership=news), frozenset({"membership"})))
    await listed(house, 2)
    await house.press(key)  # nothing of that can be done with a message
    assert len(house["work"].doings()) == 1
    assert house["home"].doings() == []


async def test_enter_accepts_an_invitation_and_opens_its_room(house: House) -> None:  # A18
    await opened(house, 3)
    await house.press("enter")
    assert [action.kind for action in house["work"].doings()] == [Kind.JOIN]
    await house["work"].news(RoomChanged(Room("party"), frozenset({"membership"})))
    assert house.here == ("work", "party")


async def test_it_works_offline_and_after_a_restart(tmp_path: Path) -> None:  # E4
    first = House(tmp_path, "home")
    async with first.show():
        await first["home"].online(room("general"))
        await first["home"].news(Arrived("general", (said(1, "hi home.me", "bob", 0, "general"),)))
    again = House(tmp_path, "home")
    async with again.show():
        assert again["home"].session.link.link is Link.OFFLINE
        await opened(again, 1)
        assert rows(again)[0].startswith("@ bob general ")
        assert "·" not in rows(again)[0], "one account needs no name"


async def test_rooms_that_are_gone_are_not_listed(house: House) -> None:
    await opened(house, 3)
    await house["work"].news(RoomGone("general"))
    await listed(house, 2)


async def test_nothing_yet(tmp_path: Path) -> None:
    house = House(tmp_path, "home")
    async with house.show():
        await house["home"].online(room("general"))
        await house.press(*"/inbox", "enter")
        await house["home"].comes(lambda: "Nobody has said anything to you yet." in house.screen_text())


async def test_a_name_that_is_only_a_part_of_a_word_is_no_mention(house: House) -> None:
    flat: Flat = house["home"]
    await flat.news(Arrived("random", (said(5, "home.meadow, homeXme and welcome.home_me", "bob", 0, "random"),)))
    await opened(house, 3)
