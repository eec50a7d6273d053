"""What the slash commands do where there is no screen; those that are about the screen say what does it instead."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from chat_tui.addresses import find_room
from chat_tui.commands import Call, listed, read_said
from chat_tui.forwarding import forward
from chat_tui.headless.output import line_for
from chat_tui.inbox import newest_first, text_of
from chat_tui.moments import said_moment, split_moment
from chat_tui.plain.words import room_lines, title_of
from chat_tui.requests.perform import perform
from chat_tui.requests.values import Note, Request, Row
from chat_tui.screens.doing import HANDLERS, Doing
from chat_tui.screens.inbox_finding import invitations, to_me
from chat_tui.screens.stats import stats_of
from chat_tui.strings import N_, _, n_
from chat_tui_core.actions import Action, Kind, State
from chat_tui_core.errors import LocalError
from chat_tui_core.model import SPOKEN, EventKind, Membership, Room, RoomEvent, RoomKind
from chat_tui_core.safe_text import one_line

if TYPE_CHECKING:
    from chat_tui.plain.talking import Talking

__all__ = ["ALIKE", "INSTEAD", "OWN", "carry_out"]

SAID: Final = 20
"""What /inbox tells at most."""
LOOKED_AT: Final = 50
"""Newest events of a room among which the last message is looked for."""

_Work = Callable[["Talking", Call], Awaitable[None]]


async def carry_out(talking: Talking, call: Call) -> None:
    """Carry out a command. Raises ChatError with the sentence to read out."""
    command, room = call.command, talking.room
    if command.needs is not None and command.needs not in talking.session.capabilities:
        raise LocalError(_("This server cannot do /{name}.").format(name=command.name))
    if command.in_room and room is None:
        raise LocalError(_("/{name} works in a room: /switch or /join one first.").format(name=command.name))
    if command.name in INSTEAD or (command.name == "set" and not call.words):
        raise LocalError(_(INSTEAD.get(command.name, INSTEAD["settings"])))
    if command.own is not None:
        from chat_tui.plain.own import run_own

        await run_own(talking, command.own, call)
    elif command.name in OWN:
        await OWN[command.name](talking, call)
    else:
        await HANDLERS[command.name](talking.doing, call)


async def _newest(talking: Talking, fits: Callable[[RoomEvent], bool], nothing: str) -> RoomEvent:
    room = talking.current
    events = await talking.session.history(room.room_id, LOOKED_AT)
    found = next((event for event in reversed(events) if fits(event)), None)
    if found is None:
        raise LocalError(nothing)
    return found


async def _newest_own(talking: Talking) -> RoomEvent:
    me = talking.session.me
    return await _newest(
        talking, lambda event: event.sender == me and event.kind in SPOKEN, _("You have said nothing here lately.")
    )


def _refused(talking: Talking) -> Action | None:
    """The first refused action of the current room."""
    here = (action for action in talking.session.open_actions.values() if action.room_id == talking.current.room_id)
    return min((action for action in here if action.state is State.FAILED), key=lambda action: action.id, default=None)


# ---------------------------------------------------------------- what is said


async def _me(talking: Talking, call: Call) -> None:
    await talking.session.send(talking.current.room_id, call.rest, kind="emote")


async def _at(talking: Talking, call: Call) -> None:
    now = talking.session.now_ms()
    moment, text = split_moment(call.rest, now)
    if not text:
        raise LocalError(_("What shall be said {moment}?").format(moment=said_moment(moment, now)))
    said = read_said(text)
    kind = "emote" if said.emote else ""
    await talking.session.send(talking.current.room_id, said.text, kind=kind, at_ms=moment)
    talking.tell(_("It goes {moment}, if chat-tui runs then.").format(moment=said_moment(moment, now)))


async def _reply(talking: Talking, call: Call) -> None:
    me = talking.session.me
    event = await _newest(
        talking, lambda one: one.sender != me and one.kind in SPOKEN, _("There is no message to answer.")
    )
    await talking.session.send(event.room_id, call.rest, event.event_id)


async def _forward(talking: Talking, call: Call) -> None:
    room = talking.doing.find(call.rest)
    if room is None or room.membership is not Membership.JOINED:
        raise LocalError(_("You are in no room {name}; /join it first.").format(name=repr(call.rest)))
    event = await _newest(talking, lambda one: one.kind in SPOKEN, _("There is no message to forward."))
    await forward(talking.session, event, talking.session, room.room_id)
    talking.tell(_("Forwarded to {room}.").format(room=title_of(room)))


async def _react(talking: Talking, call: Call) -> None:
    event = await _newest(talking, lambda one: one.kind in SPOKEN, _("There is no message to react to."))
    about = {"target": event.event_id, "target_order": event.order, "key": call.words[0]}
    await talking.session.perform(Kind.REACT, event.room_id, target_action=0, **about)


async def _redact(talking: Talking, _call: Call) -> None:
    event = await _newest_own(talking)
    gist = one_line(event.text or (event.file.name if event.file else ""), 60)
    if await talking.agrees(_("Delete “{gist}” for everybody?").format(gist=gist)):
        about = {"target": event.event_id, "target_order": event.order}
        await talking.session.perform(Kind.REDACT, event.room_id, target_action=0, **about)


async def _edit(talking: Talking, call: Call) -> None:
    if not call.rest:
        raise LocalError(_("Say the new text: /edit NEW TEXT."))
    refused = _refused(talking)
    if refused is not None and refused.kind is Kind.SEND:
        await talking.session.resend(refused.id, call.rest)
        return
    event = await _newest_own(talking)
    if event.kind is EventKind.FILE:
        raise LocalError(_("A file cannot be edited."))
    about = {"target": event.event_id, "target_order": event.order, "text": call.rest}
    await talking.session.perform(Kind.EDIT, event.room_id, target_action=0, **about)


async def _decide(talking: Talking, call: Call) -> None:
    refused = _refused(talking)
    if refused is None:
        raise LocalError(_("Nothing was refused in this room."))
    session = talking.session
    decisions = {"retry": session.retry, "discard": session.cancel, "pass": session.let_pass}
    await decisions[call.command.name](refused.id)


# ---------------------------------------------------------------- rooms


async def _switch(talking: Talking, call: Call) -> None:
    if call.words:
        room = talking.doing.named_or_open(call)
        if room.membership is not Membership.JOINED:
            await talking.doing.join(room.room_id)
        else:
            talking.open(room.room_id)
        return
    joined = sorted(talking.joined(), key=lambda room: (-room.unread, title_of(room).casefold()))
    for line in room_lines(joined) or [_("You are in no room. /join NAME or /create NAME.")]:
        talking.tell(line)


async def _delete(talking: Talking, _call: Call) -> None:
    room = talking.current
    if await talking.agrees(_("Delete {room} for everybody, with all its messages?").format(room=title_of(room))):
        talking.leaving(room, _("is deleted"))
        await talking.session.perform(Kind.DELETE_ROOM, room.room_id)


async def _forget(talking: Talking, call: Call) -> None:
    room = talking.doing.named_or_open(call)
    if await talking.agrees(_("Leave {room} and forget it, with its history?").format(room=title_of(room))):
        talking.leaving(room, _("is forgotten"))
        await talking.session.perform(Kind.FORGET, room.room_id)


async def _list(talking: Talking, call: Call) -> None:
    found = await talking.session.directory(call.rest)
    if not found:
        raise LocalError(_("The server lists no such room."))
    for room in found:
        talking.tell(_told(room))


async def _space(talking: Talking, call: Call) -> None:
    """Read out the spaces, or the rooms of one, also those that the person is not in."""
    from chat_tui_core.spaces import rooms_in, space_tree

    rooms = talking.session.rooms
    tree = [space for space, _depth in space_tree(rooms)]
    if call.rest:
        space = find_room(call.rest, tree)
        if space is None:
            raise LocalError(_("You are in no space {name!r}; /space lists yours.").format(name=call.rest))
        for listed_room in (await talking.session.space(space.room_id)).rooms:
            if listed_room.room.room_id != space.room_id:
                talking.tell(_told(listed_room.room))
        return
    for space in tree:
        inside = [rooms[room_id] for room_id in rooms_in(space.room_id, rooms) if room_id in rooms]
        count = sum(room.membership is Membership.JOINED and not room.is_space for room in inside)
        talking.tell(
            n_("{room}, {count} room", "{room}, {count} rooms", count).format(room=title_of(space), count=count)
        )
    if not tree:
        talking.tell(_("You are in no space."))


def _told(room: Room) -> str:
    """A room that one may not be in, with how many are and its topic."""
    words = n_("{room}, {count} member. {topic}", "{room}, {count} members. {topic}", room.members)
    return words.format(room=title_of(room), count=room.members, topic=one_line(room.topic)).rstrip()


# ---------------------------------------------------------------- looking


async def _help(talking: Talking, _call: Call) -> None:
    talking.tell(_("A line is said in the current room; // begins one with a slash. Commands:"))
    for command in listed(talking.own_commands):
        if command.name not in INSTEAD:
            talking.tell(f"{command.said_usage}  {_(command.help)}")


async def _search(talking: Talking, call: Call) -> None:
    if not call.rest:
        raise LocalError(_("Say what to search: /search WORDS."))
    if not await _asked(talking, Request("search", text=call.rest, count=20)):
        talking.tell(_("Nothing was found."))


async def _outbox(talking: Talking, _call: Call) -> None:
    if not await _asked(talking, Request("outbox")):
        talking.tell(_("Everything is sent."))


async def _inbox(talking: Talking, _call: Call) -> None:
    session = talking.session
    entries = newest_first([*invitations(session), *await to_me(session, SAID)], SAID)
    for entry in reversed(entries):
        who = one_line(entry.who) or _("somebody")
        where, said = one_line(entry.room.title), one_line(text_of(entry))
        line = "{who}: {text}" if entry.room.kind is RoomKind.DIRECT else _("{who} in {room}: {text}")
        talking.tell(line.format(who=who, room=where, text=said))
    if not entries:
        talking.tell(_("Nobody has said anything to you yet."))


async def _files(talking: Talking, _call: Call) -> None:
    if not await _asked(talking, Request("files")):
        talking.tell(_("There are no files."))


async def _file(talking: Talking, call: Call) -> None:
    if not call.rest:
        raise LocalError(_("Say which file: /file PATH."))
    path = await asyncio.to_thread(_whole_path, call.rest)
    request = Request("send_file", rooms=(talking.current.room_id,), file=path, wait="confirmed", timeout=86_400)
    talking.beside(_sent(talking, request))


async def _sent(talking: Talking, request: Request) -> None:
    """Follow a file that is sent; only how it ends is read out."""
    last: Mapping[str, object] = {}
    async for told in perform(talking.session, request):
        if isinstance(told, Row):
            last = told.data
        elif isinstance(told, Note):
            talking.tell(one_line(told.text))
    if last:
        talking.tell(_("File {name}: {state}.").format(name=last.get("name", ""), state=_(str(last.get("state", "")))))


def _whole_path(path: str) -> str:
    from pathlib import Path

    return str(Path(path).expanduser().absolute())


async def _stats(talking: Talking, _call: Call) -> None:
    for name, text in await stats_of(talking.session):
        if text:
            talking.tell(f"{name}: {text}")


async def _quit(talking: Talking, _call: Call) -> None:
    talking.quit()


async def _asked(talking: Talking, request: Request) -> bool:
    """Read out the answer to a request; whether there was anything."""
    found = False
    async for told in perform(talking.session, request):
        if isinstance(told, Row):
            found = True
            talking.tell(line_for(request, told))
    return found


#: Command -> what does it here.
OWN: Final[Mapping[str, _Work]] = MappingProxyType(
    {
        "me": _me,
        "at": _at,
        "reply": _reply,
        "forward": _forward,
        "react": _react,
        "redact": _redact,
        "edit": _edit,
        "retry": _decide,
        "discard": _decide,
        "pass": _decide,
        "switch": _switch,
        "delete": _delete,
        "forget": _forget,
        "list": _list,
        "space": _space,
        "help": _help,
        "search": _search,
        "outbox": _outbox,
        "inbox": _inbox,
        "files": _files,
        "file": _file,
        "stats": _stats,
        "quit": _quit,
        "members": lambda talking, call: HANDLERS["names"](talking.doing, call),
    }
)
#: Command -> what is said where a screen would be needed.
INSTEAD: Final[Mapping[str, str]] = MappingProxyType(
    {
        "goto": N_("There is no place to go to here: `chat-tui history ROOM --before ID` prints what came before."),
        "clear": N_("There is no screen to empty."),
        "editor": N_("Text from an editor goes in by `chat-tui send ROOM TEXT`, or line by line here."),
        "theme": N_("There are no colours here."),
        "settings": N_("Say which setting: /set NAME [VALUE]."),
        "account": N_("Leave, and name the account: `chat-tui --account NAME --plain`."),
        "login": N_("Leave, and sign in with `chat-tui login`."),
        "logout": N_("Leave, and sign out with `chat-tui logout NAME`."),
    }
)
#: Commands that do here what they do on the screen.
ALIKE: Final = frozenset(
    {
        *("join", "leave", "create", "topic", "invite", "kick", "ban", "unban", "name", "nick", "dm", "who", "knock"),
        *("favourite", "low", "mute", "msg", "names", "connect", "notify", "set"),
    }
)


def doing_on(stand_in: object) -> Doing:
    """The commands of the screen, on what stands in for it."""
    return Doing(stand_in)  # type: ignore[arg-type]
