"""What slash commands and decisions do: one method a command, found by a table."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from chat_tui.addresses import day_start, find_room, message_link, person_id, room_address
from chat_tui.commands import Call, read_said
from chat_tui.feed import Batch
from chat_tui.screens.account_work import ACCOUNT_WORK
from chat_tui.screens.editor_work import EDITOR_WORK
from chat_tui.screens.file_work import FILE_WORK
from chat_tui.screens.outbox_work import OUTBOX_WORK
from chat_tui.screens.room_work import ROOM_WORK
from chat_tui.screens.settings_work import SETTINGS_WORK
from chat_tui.strings import N_, _
from chat_tui.widgets.text_layout import clean_line
from chat_tui_core.actions import Action, Kind, State
from chat_tui_core.errors import LocalError
from chat_tui_core.model import Membership, Room

if TYPE_CHECKING:
    from textual.app import App

    from chat_tui.screens.window import Window

__all__ = ["HANDLERS", "Doing"]

NAMED: Final = 30
"""Names that /names says at most."""

#: What is said when an action of this kind was refused.
FAILED: Final = {
    Kind.JOIN: N_("Joining {room} was refused"),
    Kind.LEAVE: N_("Leaving {room} was refused"),
    Kind.CREATE_ROOM: N_("Creating {room} was refused"),
    Kind.DELETE_ROOM: N_("Deleting {room} was refused"),
    Kind.INVITE: N_("The invitation to {room} was refused"),
    Kind.KICK: N_("Removing somebody from {room} was refused"),
    Kind.TOPIC: N_("The topic of {room} was refused"),
    Kind.BAN: N_("Banning somebody from {room} was refused"),
    Kind.UNBAN: N_("Lifting a ban in {room} was refused"),
    Kind.NAME: N_("The name of {room} was refused"),
    Kind.PROFILE: N_("Your new name was refused"),
    Kind.FORGET: N_("Forgetting {room} was refused"),
    Kind.KNOCK: N_("Asking to be let into {room} was refused"),
    Kind.TAG: N_("Marking {room} was refused"),
    Kind.MUTE: N_("Muting {room} was refused"),
    Kind.HOLD: N_("Changing {room} was refused"),
}
DONE: Final = {
    Kind.INVITE: N_("{text} is invited to {room}."),
    Kind.KICK: N_("{text} was removed from {room}."),
    Kind.BAN: N_("{text} is banned from {room}."),
}


class Doing:
    """Carries out what was typed. Everything that changes a room is an action, stored before it leaves."""

    def __init__(self, screen: Window) -> None:
        self._screen = screen
        self.session = screen.session
        self.leaving: dict[str, str] = {}
        """Rooms that the person leaves or deletes, and what to say then: that they vanish is no news."""
        self._to_open: set[str] = set()

    async def call(self, call: Call) -> None:
        """Carry out a command. Raises ChatError with the sentence to show."""
        command = call.command
        if command.needs is not None and command.needs not in self.session.capabilities:
            raise LocalError(_("This server cannot do /{name}.").format(name=command.name))
        if command.in_room and self._screen.conversation.room is None:
            raise LocalError(_("/{name} works in an open room: open one first.").format(name=command.name))
        if command.own is not None:
            from chat_tui.screens.own_work import run_own

            await run_own(self, call)
            return
        await HANDLERS[command.name](self, call)

    def apply(self, batch: Batch) -> None:
        """Open what was waited for; say what was refused."""
        for action in batch.actions.values():
            if action.kind is Kind.SEND:
                continue
            room = clean_line(self._title(action.room_id))
            if action.state is State.FAILED and action.kind in FAILED:
                self._to_open.discard(action.room_id)
                self.leaving.pop(action.room_id, None)
                reason = clean_line(_(action.error_text) or action.error_code)
                self._screen.say(f"{_(FAILED[action.kind]).format(room=room)}: {reason}", serious=True)
                self._screen.start(self._drop(action))
            elif action.state is State.CONFIRMED and action.kind in DONE:
                self._screen.say(_(DONE[action.kind]).format(room=room, text=clean_line(self._called(action))))
            if action.room != action.room_id and action.room_id in self._to_open:
                self._to_open.discard(action.room_id)
                self._to_open.add(action.room)
        for room_id in tuple(self._to_open):
            room_now = self.session.rooms.get(room_id)
            if room_now is not None and room_now.membership is Membership.JOINED:
                self._to_open.discard(room_id)
                self._screen.open_room(room_id)

    async def _drop(self, action: Action) -> None:
        """It was said; nothing waits for it, so it need not stay in the outbox."""
        await self.session.cancel(action.id)

    def _title(self, room_id: str) -> str:
        room = self.session.rooms.get(room_id)
        return room.title if room else room_id

    def _called(self, action: Action) -> str:
        """What the person is called whom an action was about, also one who is no longer in the room; else their id."""
        conversation, user = self._screen.conversation, action.text
        known = {member.user_id: member.name for member in self.session.members(action.room)}
        if conversation.source is not None and conversation.room_id == action.room:
            known = {**conversation.source.names, **known}
        return known.get(user) or user

    def find(self, word: str) -> Room | None:
        """The room that a word names."""
        rooms = [room for room in self.session.rooms.values() if room.membership is not Membership.LEFT]
        return find_room(word, sorted(rooms, key=lambda room: room.is_space))  # a space may be called as a room is

    @property
    def screen(self) -> Window:
        """The screen on which it is done."""
        return self._screen

    @property
    def app(self) -> App[object]:
        """The app, for dialogs."""
        return self._screen.app

    def say(self, text: str) -> None:
        """Say one sentence for a while."""
        self._screen.say(text)

    def open(self, room_id: str) -> None:
        """Open a room that we are in."""
        self._screen.open_room(room_id)

    @property
    def opens(self) -> bool:
        """Whether a room is waited for, to be opened."""
        return bool(self._to_open)

    def open_when_there(self, room_id: str) -> None:
        """Open a room as soon as it is in the list, by the address that it was asked for."""
        self._to_open.add(room_id)

    def address(self, word: str) -> str:
        """The id of a room that is known, else the address that a word stands for."""
        room = self.find(word)
        return room.room_id if room else room_address(word, self.session.me)

    def _person(self, word: str) -> str:
        """The id of the person that a word names."""
        return person_id(word, self.session.me, self.session.members(self.open_room().room_id))

    # ------------------------------------------------------------ rooms

    async def join(self, room_id: str) -> None:
        """Join a room and open it as soon as the server lets us in."""
        room = self.session.rooms.get(room_id)
        if room is not None and room.membership is Membership.JOINED:
            self._screen.open_room(room_id)
            return
        self._to_open.add(room_id)
        await self.session.perform(Kind.JOIN, room_id)
        self._screen.hints.tell(problem="")

    async def _join(self, call: Call) -> None:
        await self.join(self.address(call.rest))

    async def _create(self, call: Call) -> None:
        name = call.words[0].removeprefix("#")
        private = "--private" in call.words[1:]
        topic = " ".join(word for word in call.words[1:] if word != "--private")
        self._to_open.add(name)
        content: dict[str, object] = ({"private": True} if private else {}) | ({"topic": topic} if topic else {})
        await self.session.perform(Kind.CREATE_ROOM, name, target_action=0, **content)

    async def _leave(self, call: Call) -> None:
        room = self.named_or_open(call)
        self.leaving[room.room_id] = _("is closed: you left it")
        await self.session.perform(Kind.LEAVE, room.room_id)

    async def _delete(self, _call: Call) -> None:
        from chat_tui.screens.confirm import ConfirmScreen

        room = self.open_room()
        question = _("Delete {room} for everybody, with all its messages?").format(room=clean_line(room.title))
        if await self._screen.app.push_screen_wait(ConfirmScreen(question, _("delete it"))):
            self.leaving[room.room_id] = _("is deleted")
            await self.session.perform(Kind.DELETE_ROOM, room.room_id)

    def open_room(self) -> Room:
        """The open room; raises LocalError when there is none."""
        room = self._screen.conversation.room
        if room is None:
            raise LocalError(_("Open a room first."))
        return room

    def named_or_open(self, call: Call) -> Room:
        """The room that a command names, else the open one; raises LocalError."""
        if not call.words:
            return self.open_room()
        room = self.find(call.words[0])
        if room is None:
            raise LocalError(_("There is no room {name!r} here.").format(name=call.words[0]))
        return room

    async def _topic(self, call: Call) -> None:
        room = self.open_room()
        if call.rest:
            await self.session.perform(Kind.TOPIC, room.room_id, topic=call.rest)
        else:
            self._screen.say(f"{clean_line(room.title)}: {clean_line(room.topic) or _('no topic is set')}")

    async def _invite(self, call: Call) -> None:
        await self.session.perform(Kind.INVITE, self.open_room().room_id, user=self._person(call.words[0]))

    async def _kick(self, call: Call) -> None:
        reason = call.rest.partition(" ")[2].strip()
        content = {"user": self._person(call.words[0])} | ({"reason": reason} if reason else {})
        await self.session.perform(Kind.KICK, self.open_room().room_id, target_action=0, **content)

    async def _names(self, _call: Call) -> None:
        names = sorted(clean_line(m.name or m.user_id) for m in self.session.members(self.open_room().room_id))
        more = _(" and {count} more").format(count=len(names) - NAMED) if len(names) > NAMED else ""
        self._screen.say(", ".join(names[:NAMED]) + more if names else _("Nobody is known to be here yet."))

    async def _switch(self, call: Call) -> None:
        if not call.words:
            self._screen.action_switch()
            return
        self._screen.open_room(self.named_or_open(call).room_id)

    # ------------------------------------------------------------ messages

    async def _msg(self, call: Call) -> None:
        room = self.find(call.words[0])
        if room is None or room.membership is not Membership.JOINED:
            raise LocalError(_("You are in no room {name!r}; /join it first.").format(name=call.words[0]))
        said = read_said(call.rest.partition(" ")[2].strip())
        await self.session.send(room.room_id, said.text, kind="emote" if said.emote else "")
        self._screen.say(_("Sent to {room}.").format(room=clean_line(room.title)))

    def open_link(self, url: str) -> None:
        """Open a link outside; without a desktop it is copied, for a text browser would take this terminal."""
        app = self._screen.app
        if (link := message_link(url)) is not None:
            self._screen.start(self.go_to_link(*link))
        elif os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or sys.platform == "darwin" or app.is_web:
            app.open_url(url)
        else:
            app.copy_to_clipboard(url)
            self._screen.say(_("Copied {url}").format(url=url))

    async def _reply(self, call: Call) -> None:
        await self._screen.operating.reply_to_last(call.rest)

    async def _react(self, call: Call) -> None:
        await self._screen.operating.react_to_last(call.words[0])

    async def _forward(self, call: Call) -> None:
        room = self.find(call.rest)
        if room is None or room.membership is not Membership.JOINED:
            raise LocalError(_("You are in no room {name}; /join it first.").format(name=repr(call.rest)))
        await self._screen.operating.forward_last(room)

    async def _redact(self, _call: Call) -> None:
        await self._screen.operating.redact_last()

    async def _search(self, call: Call) -> None:
        await self._screen.search(call.rest)

    async def _goto(self, call: Call) -> None:
        word = call.words[0]
        if (link := message_link(word)) is not None:
            await self.go_to_link(*link)
        elif (day := day_start(word)) is not None:
            await self._screen.conversation.go_to(ts=day)
        else:
            await self._screen.conversation.go_to(word)

    async def go_to_link(self, address: str, event_id: str) -> None:
        """Open the room and the message that a link names; a room that we are not in is joined first."""
        room = self.find(address)
        if room is None or room.membership is not Membership.JOINED:
            await self.join(address)
        elif event_id:
            self._screen.open_room(room.room_id)
            await self._screen.conversation.go_to(event_id)
        else:
            self._screen.open_room(room.room_id)

    # ------------------------------------------------------------ the program

    async def _clear(self, _call: Call) -> None:
        self._screen.conversation.clear()

    async def _connect(self, _call: Call) -> None:
        self.session.connect_now()

    async def _login(self, _call: Call) -> None:
        await self._screen.app.run_action("sign_in_again")

    async def _help(self, _call: Call) -> None:
        await self._screen.app.run_action("help")

    async def _members(self, _call: Call) -> None:
        self._screen.action_toggle_members()

    async def _quit(self, _call: Call) -> None:
        await self._screen.app.run_action("quit")


_Handler = Callable[[Doing, Call], Awaitable[None]]

#: Command -> what it does. Every command of the table is here.
HANDLERS: Final[Mapping[str, _Handler]] = MappingProxyType(
    {
        "help": Doing._help,  # noqa: SLF001
        "join": Doing._join,  # noqa: SLF001
        "leave": Doing._leave,  # noqa: SLF001
        "create": Doing._create,  # noqa: SLF001
        "delete": Doing._delete,  # noqa: SLF001
        "topic": Doing._topic,  # noqa: SLF001
        "invite": Doing._invite,  # noqa: SLF001
        "kick": Doing._kick,  # noqa: SLF001
        "msg": Doing._msg,  # noqa: SLF001
        "search": Doing._search,  # noqa: SLF001
        "goto": Doing._goto,  # noqa: SLF001
        "names": Doing._names,  # noqa: SLF001
        "members": Doing._members,  # noqa: SLF001
        "switch": Doing._switch,  # noqa: SLF001
        "reply": Doing._reply,  # noqa: SLF001
        "react": Doing._react,  # noqa: SLF001
        "forward": Doing._forward,  # noqa: SLF001
        "redact": Doing._redact,  # noqa: SLF001
        "connect": Doing._connect,  # noqa: SLF001
        "login": Doing._login,  # noqa: SLF001
        "clear": Doing._clear,  # noqa: SLF001
        "quit": Doing._quit,  # noqa: SLF001
        **EDITOR_WORK,
        **FILE_WORK,
        **OUTBOX_WORK,
        **ACCOUNT_WORK,
        **SETTINGS_WORK,
        **ROOM_WORK,
    }
)
