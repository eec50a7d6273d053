"""What slash commands do about rooms and people: bans, names, favourites, direct chats, the directory."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from chat_tui.addresses import direct_address, find_room, person_id
from chat_tui.commands import Call
from chat_tui.strings import _
from chat_tui.widgets.text_layout import clean_line
from chat_tui_core.actions import Kind
from chat_tui_core.errors import LocalError
from chat_tui_core.model import Membership, RoomTag

if TYPE_CHECKING:
    from chat_tui.screens.doing import Doing

__all__ = ["ROOM_WORK"]

FOUND: Final = 12
"""Rooms or people that are named at most."""


async def _about_person(doing: Doing, call: Call, kind: Kind) -> None:
    room = doing.open_room()
    members = doing.session.members(room.room_id)
    user = person_id(call.words[0], doing.session.me, members)
    reason = call.rest.partition(" ")[2].strip()
    content = {"user": user} | ({"reason": reason} if reason else {})
    await doing.session.perform(kind, room.room_id, target_action=0, **content)


async def ban(doing: Doing, call: Call) -> None:
    """Remove somebody who may not come back."""
    await _about_person(doing, call, Kind.BAN)


async def unban(doing: Doing, call: Call) -> None:
    """Lift a ban."""
    await _about_person(doing, call, Kind.UNBAN)


async def name(doing: Doing, call: Call) -> None:
    """Name the open room."""
    await doing.session.perform(Kind.NAME, doing.open_room().room_id, name=call.rest)


async def nick(doing: Doing, call: Call) -> None:
    """Take another name, everywhere on this account."""
    await doing.session.perform(Kind.PROFILE, "", name=call.rest)
    doing.say(_("From now on you are called {name}.").format(name=clean_line(call.rest)))


async def forget(doing: Doing, call: Call) -> None:
    """Leave a room and take it off the list for good, once the person is sure."""
    from chat_tui.screens.confirm import ConfirmScreen

    room = doing.named_or_open(call)
    question = _("Leave {room} and forget it, with its history?").format(room=clean_line(room.title))
    if await doing.app.push_screen_wait(ConfirmScreen(question, _("forget it"))):
        await doing.session.perform(Kind.FORGET, room.room_id)


async def knock(doing: Doing, call: Call) -> None:
    """Ask to be let into a room."""
    reason = call.rest.partition(" ")[2].strip()
    content = {"reason": reason} if reason else {}
    await doing.session.perform(Kind.KNOCK, doing.address(call.words[0]), target_action=0, **content)


async def favourite(doing: Doing, call: Call) -> None:
    """Put a room among the favourites, or take it out again."""
    await _tag(doing, call, RoomTag.FAVOURITE)


async def low(doing: Doing, call: Call) -> None:
    """Put a room at the end of the list, or take it from there again."""
    await _tag(doing, call, RoomTag.LOW)


async def _tag(doing: Doing, call: Call, tag: RoomTag) -> None:
    room = doing.named_or_open(call)
    await doing.session.perform(Kind.TAG, room.room_id, tag=(RoomTag.NONE if room.tag is tag else tag).value)


async def mute(doing: Doing, call: Call) -> None:
    """Have a room be quiet, or not any more."""
    room = doing.named_or_open(call)
    await doing.session.perform(Kind.MUTE, room.room_id, muted=not room.muted)


async def direct(doing: Doing, call: Call) -> None:
    """Open the direct chat with somebody whom a word names."""
    await open_direct(doing, person_id(call.words[0], doing.session.me))


async def open_direct(doing: Doing, user: str) -> None:
    """Open the direct chat with somebody, by their id; it is made if there is none."""
    address = direct_address(user, doing.session.me)
    for room in doing.session.rooms.values():
        if (room.direct == user or room.room_id == address) and room.membership is Membership.JOINED:
            doing.open(room.room_id)
            return
    doing.open_when_there(address or user)
    if address:
        await doing.session.perform(Kind.CREATE_ROOM, address)
    else:
        await doing.session.perform(Kind.CREATE_ROOM, user, direct=True, invite=[user])


async def rooms(doing: Doing, call: Call) -> None:
    """Choose among the rooms that the server lists, and join one."""
    from chat_tui.screens.switcher import SwitcherScreen

    found = await doing.session.directory(call.rest)
    if not found:
        raise LocalError(_("The server lists no such room."))
    chosen = await doing.app.push_screen_wait(SwitcherScreen(found))
    if chosen is not None:
        await doing.join(chosen.room_id)


async def who(doing: Doing, call: Call) -> None:
    """Say who fits a name."""
    people = await doing.session.people(call.rest)
    if not people:
        raise LocalError(_("The server knows nobody like {word!r}.").format(word=call.rest))
    told = [f"{clean_line(p.name)} ({clean_line(p.user_id)})" if p.name else clean_line(p.user_id) for p in people]
    more = _(" and {count} more").format(count=len(told) - FOUND) if len(told) > FOUND else ""
    doing.say(", ".join(told[:FOUND]) + more)


async def space(doing: Doing, call: Call) -> None:
    """Have the list show the rooms of a space, or all, or those in no space; without a name, choose."""
    from chat_tui.screens.space_view import ALL, LOOSE
    from chat_tui_core.spaces import is_ours

    if not call.rest:
        doing.screen.action_spaces()
        return
    found = find_room(call.rest, (room for room in doing.session.rooms.values() if is_ours(room)))
    if found is None and len(call.words) > 1 and call.words[0] in SPACE_WORK:
        await SPACE_WORK[call.words[0]](doing, call.rest.partition(" ")[2].strip())
        return
    words = {"all": ALL, _("all"): ALL, "none": LOOSE, _("none"): LOOSE}
    if found is None and call.rest.lower() not in words:
        raise LocalError(_("You are in no space {name!r}; /space lists yours.").format(name=call.rest))
    doing.screen.choose_view(found.room_id if found is not None else words[call.rest.lower()])


async def _create_space(doing: Doing, name: str) -> None:
    """Make a space, and list its rooms as soon as it is there."""
    doing.open_when_there(name)
    await doing.session.perform(Kind.CREATE_ROOM, name, target_action=0, private=True, space=True)


def _holding(*, held: bool) -> Callable[[Doing, str], Awaitable[None]]:
    """Put a room into the space whose rooms are listed, or take it out."""

    async def change(doing: Doing, word: str) -> None:
        from chat_tui_core.spaces import is_ours

        space, room = doing.session.rooms.get(doing.screen.view), doing.find(word)
        if space is None or not is_ours(space):
            raise LocalError(_("Choose a space first: /space NAME."))
        if room is None:
            raise LocalError(_("There is no room {name!r} here.").format(name=word))
        await doing.session.perform(Kind.HOLD, space.room_id, target_action=0, room=room.room_id, held=held)

    return change


SPACE_WORK: Final[Mapping[str, Callable[[Doing, str], Awaitable[None]]]] = MappingProxyType(
    {"create": _create_space, "add": _holding(held=True), "remove": _holding(held=False)}
)
ROOM_WORK: Final[Mapping[str, Callable[[Doing, Call], Awaitable[None]]]] = MappingProxyType(
    {
        "ban": ban,
        "unban": unban,
        "name": name,
        "nick": nick,
        "forget": forget,
        "knock": knock,
        "favourite": favourite,
        "low": low,
        "mute": mute,
        "dm": direct,
        "list": rooms,
        "who": who,
        "space": space,
    }
)
