"""What can be done with a message: answer, edit, delete, react, open, look into; by key, by mouse and by command."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chat_tui.addresses import link_to
from chat_tui.messages import Operation
from chat_tui.screens.writing import own_action, thread_of
from chat_tui.spoken import ME, as_typed
from chat_tui.strings import N_, _
from chat_tui.widgets.text_layout import clean_line
from chat_tui_core.actions import Action, Kind, State
from chat_tui_core.errors import LocalError
from chat_tui_core.link import Capability
from chat_tui_core.model import SPOKEN, EventKind, Membership, Room, RoomEvent
from chat_tui_core.store.rooms import load_reads
from chat_tui_core.timeline import Item
from chat_tui_core.transfers import State as Ended

if TYPE_CHECKING:
    from chat_tui.screens.window import Window
    from chat_tui_core.session import Session

__all__ = ["Operating", "substituted"]

NEEDS: Final = {
    Operation.REPLY: (Capability.REPLY, N_("This server knows no answers to a message.")),
    Operation.EDIT: (Capability.EDIT, N_("On this server nothing can be changed that was said.")),
    Operation.REDACT: (Capability.REDACT, N_("On this server nothing can be deleted that was said.")),
    Operation.THREAD: (Capability.THREADS, N_("This server knows no threads.")),
    Operation.REACT: (Capability.REACT, N_("This server knows no reactions.")),
}
_SUBSTITUTION: Final = re.compile(r"s/((?:[^/\\\n]|\\.)+)/((?:[^/\\\n]|\\.)*)/?(g?)\Z")


def substituted(typed: str, text: str) -> str | None:
    """A text after `s/old/new/` (`g` for every place), None where what was typed is no such thing.

    Raises LocalError when `old` does not occur.
    """
    match = _SUBSTITUTION.match(typed)
    if match is None:
        return None
    old, new = (re.sub(r"\\(.)", r"\1", part) for part in match.groups()[:2])
    if old not in text:
        raise LocalError(
            _("{old!r} is not in what you said last; a space before s/ sends it as it is.").format(old=old)
        )
    return text.replace(old, new, -1 if match.group(3) else 1)


class Operating:
    """Carries out an operation on a message of the open room."""

    def __init__(self, screen: Window) -> None:
        self._screen = screen
        self._session = screen.session

    async def do(self, operation: Operation, key: str) -> None:
        """Do it with the message that has this key. Raises ChatError with the sentence to show."""
        item = self._screen.conversation.item(key)
        if item is None:
            return
        if operation in NEEDS:
            needed, sentence = NEEDS[operation]
            if needed not in self._session.capabilities and _leaves(operation, item):
                raise LocalError(_(sentence))
        if (work := _WORK[operation](self, item)) is not None:
            await work

    # ------------------------------------------------------------ single operations

    async def _inform(self, item: Item) -> None:
        from chat_tui.screens.info import InfoScreen, facts_of, file_facts
        from chat_tui.screens.stats import usual_of

        facts, picture = facts_of(item), None
        if item.event is not None:
            facts.append((_("Read by"), ", ".join(self._readers(item.event))))
            facts.append((_("Link"), link_to(item.event.room_id, item.event.event_id, self._session.me)))
        facts += await usual_of(self._session) if item.action is not None else []
        has_file = item.event is not None and item.event.file is not None
        if item.event is not None and has_file:
            facts.append((_("Picture"), self._screen.cards.pictures.why(item.event)))
        if item.event is not None and has_file and (transfer := self._screen.cards.of_event(item.event)) is not None:
            facts += file_facts(transfer)
            if transfer.state is Ended.COMPLETE and transfer.mime.startswith("image/"):
                picture = Path(transfer.path)
        await self._screen.app.push_screen_wait(InfoScreen(facts, picture))

    def _readers(self, event: RoomEvent) -> list[str]:
        """Who else has read a message, as far as the server tells."""
        reads = self._session.store.read(load_reads, event.room_id)
        names = {member.user_id: member.name for member in self._session.members(event.room_id)}
        others = (user for user, order in reads.items() if order >= event.order)
        return sorted(names.get(user) or user for user in others if user not in {self._session.me, event.sender})

    def _picture(self, item: Item) -> None:
        if item.event is None or item.event.file is None:
            raise LocalError(_("This message brings no picture."))
        if problem := self._screen.cards.pictures.flip(item.event):
            raise LocalError(problem)

    def _reply(self, item: Item) -> None:
        conversation = self._screen.conversation
        conversation.set_reply(item.event.event_id if item.event else own_action(_action(item).id))
        self._to_composer()

    async def _edit(self, item: Item) -> None:
        self.must_be_free()
        if item.event is None:
            self._screen.conversation.begin_change(_action(item))
        elif item.event.sender != self._session.me:
            raise LocalError(_("Only the person who said it can edit it."))
        elif item.event.kind not in SPOKEN - {EventKind.FILE}:
            raise LocalError(_("This cannot be edited."))
        else:
            emote, text = self._said(item)
            self._screen.conversation.begin_edit(item.event.event_id, as_typed(text, emote=emote))
        self._to_composer()

    def _open_thread(self, item: Item) -> None:
        """Show the thread that a message is in, else the one that begins with it; in the thread, its place in the room."""
        conversation = self._screen.conversation
        if item.event is None and not thread_of(_action(item)):
            raise LocalError(_("A thread begins with a message that is there; this one is not sent yet."))
        root = (item.event.thread or item.event.event_id) if item.event is not None else thread_of(_action(item))
        if conversation.thread:
            conversation.open(conversation.room_id)
            if item.event is not None:
                conversation.land(item.event.order)
        elif item.event is not None and item.event.kind not in SPOKEN and not item.event.thread:
            raise LocalError(_("Only what somebody said can begin a thread."))
        else:
            self._screen.open_room(_room_of(item))  # a room that only stood there is entered with it
            conversation.open(_room_of(item), root)
            self._to_composer()

    async def _forward(self, item: Item) -> None:
        """Send a message on to the room that is chosen."""
        from chat_tui.screens.switcher import SwitcherScreen

        event = _event(item)
        sessions = self._screen.sessions
        rooms = [(name, room) for name, session in sessions.items() for room in session.rooms.values()]
        joined = [(name, room) for name, room in rooms if room.membership is Membership.JOINED and not room.is_space]
        joined.sort(key=lambda one: -one[1].last_ts)
        accounts = [name for name, _room in joined] if len(sessions) > 1 else ()
        screen = SwitcherScreen([room for _name, room in joined], _("Forward to…"), accounts)
        if chosen := await self._screen.app.push_screen_wait(screen):
            to = sessions.get(chosen.account, self._session)
            await self._forward_to(event, to.rooms[chosen.room_id], to)

    async def _forward_to(self, event: RoomEvent, room: Room, to: Session) -> None:
        from chat_tui.forwarding import forward

        await forward(self._session, event, to, room.room_id)
        self._screen.say(_("Forwarded to {room}.").format(room=clean_line(room.title)))

    async def forward_last(self, room: Room) -> None:
        """Send the newest message on to a room."""
        item = self._last(lambda item: item.event is not None and item.event.kind in SPOKEN)
        if item is None:
            raise LocalError(_("There is no message to forward."))
        await self._forward_to(_event(item), room, self._session)

    def _copy_link(self, item: Item) -> None:
        """Copy a link to a message, or its id where the server's rooms have no links."""
        if item.event is None:
            raise LocalError(_("It has no link yet: it is not sent."))
        link = link_to(item.event.room_id, item.event.event_id, self._session.me)
        self._screen.app.copy_to_clipboard(link or item.event.event_id)
        self._screen.say(_("Link copied.") if link else _("Its id is copied: /goto and the id goes there."))

    def must_be_free(self) -> None:
        """Raise LocalError while something is being written that an edit would have to stand in for."""
        if self._screen.composer.text.strip():
            raise LocalError(_("Send or clear what you are writing first; then the message can be edited."))

    async def change(self, action: Action) -> None:
        """Put the text of something that waits, or was refused, into the composer, to be sent in its place."""
        if action.kind not in {Kind.SEND, Kind.EDIT}:
            raise LocalError(_("There is no text in it that could be changed."))
        if self._screen.conversation.edits != own_action(action.id):
            self.must_be_free()
            self._screen.conversation.begin_change(action)
        self._to_composer()

    async def _redact(self, item: Item) -> None:
        from chat_tui.screens.confirm import ConfirmScreen

        ask = self._screen.app.push_screen_wait
        if item.event is not None and item.event.kind is EventKind.REDACTED:
            raise LocalError(_("It is deleted already."))
        if item.event is None and _action(item).may_cancel:
            if await ask(ConfirmScreen(_("Discard this message?"), _("discard it"))):
                await self._session.cancel(_action(item).id)
        elif await ask(ConfirmScreen(_("Delete this message for everybody?"), _("delete it"))):
            about, own = _about(item)
            await self._session.perform(Kind.REDACT, _room_of(item), target_action=own, **about)

    async def _choose_reaction(self, item: Item) -> None:
        from chat_tui.screens.react import ReactScreen

        if key := await self._screen.app.push_screen_wait(ReactScreen()):
            await self.react(item, key)

    async def react(self, item: Item, key: str) -> None:
        """Set a reaction, or take it back where it is set; one that has not left is just cancelled."""
        last = self._last_reaction(item, key)
        if last is not None and last.may_cancel:
            await self._session.cancel(last.id)
            if last.state is not State.FAILED:
                return
            last = None
        about, own = _about(item)
        if last is None:
            removes = item.event is not None and any(
                one.key == key and self._session.me in one.users for one in item.event.reactions
            )
        elif removes := not last.content.get("remove"):
            about, own = {}, last.id
        content: dict[str, object] = {**about, "key": key, **({"remove": True} if removes else {})}
        await self._session.perform(Kind.REACT, _room_of(item), target_action=own, **content)

    def _last_reaction(self, item: Item, key: str) -> Action | None:
        """Our own newest reaction to a message with this key that is not settled."""
        changes = self._screen.conversation.changes_of(item)
        found = [change for change in changes if change.kind is Kind.REACT and change.content.get("key") == key]
        return found[-1] if found else None

    async def toggle(self, item_key: str, reaction: str) -> None:
        """Set or take back the reaction that was clicked."""
        item = self._screen.conversation.item(item_key)
        if item is not None:
            await self.react(item, reaction)

    # ------------------------------------------------------------ by command

    async def react_to_last(self, key: str) -> None:
        """React to the newest message."""
        item = self._last(lambda item: item.event is None or item.event.kind in SPOKEN)
        if item is None:
            raise LocalError(_("There is no message to react to."))
        await self.react(item, key)

    async def redact_last(self) -> None:
        """Delete the own message said last."""
        await self._redact(self._last_own())

    async def edit_last(self) -> None:
        """Edit the own message said last."""
        await self._edit(self._last_own())

    async def reply_to_last(self, text: str) -> None:
        """Answer the newest message of somebody else."""
        me = self._session.me
        item = self._last(lambda item: bool(item.event and item.event.kind in SPOKEN and item.event.sender != me))
        if item is None or item.event is None:
            raise LocalError(_("There is no message to answer."))
        await self._session.send(item.event.room_id, text, item.event.event_id)

    async def substitute(self, typed: str) -> bool:
        """Edit the own message said last as `s/old/new/` says; False where that was not typed."""
        if _SUBSTITUTION.match(typed) is None:
            return False
        item = self._last_own()
        emote, old = self._said(item)
        text = substituted(typed, old)
        if item.event is not None and Capability.EDIT not in self._session.capabilities:
            raise LocalError(_(NEEDS[Operation.EDIT][1]))
        about, own = _about(item)
        content: dict[str, object] = {**about, "text": text, **({"kind": "emote"} if emote else {})}
        await self._session.perform(Kind.EDIT, _room_of(item), target_action=own, **content)
        return True

    # ------------------------------------------------------------ parts

    def _to_composer(self) -> None:
        self._screen.timeline.set_cursor(None)
        self._screen.composer.focus()

    def _said(self, item: Item) -> tuple[bool, str]:
        """(it tells what its sender does, the text) of a message, as it will be when our own edits of it are done."""
        changes = self._screen.conversation.changes_of(item)
        edits = [one for one in changes if one.kind is Kind.EDIT and one.state is not State.FAILED]
        if edits:
            emote, text = edits[-1].content.get("kind") == "emote", edits[-1].text
        elif item.event is not None:
            emote, text = item.event.kind is EventKind.EMOTE, item.event.text
        else:
            emote, text = _action(item).content.get("kind") == "emote", _action(item).text
        return emote or text.startswith(ME), text.removeprefix(ME)

    def _last_own(self) -> Item:
        """The own message said last; raises LocalError when there is none."""
        me = self._session.me
        item = self._last(lambda item: item.event is None or (item.event.sender == me and item.event.kind in SPOKEN))
        if item is None:
            raise LocalError(_("You have said nothing here that is loaded."))
        return item

    def _last(self, fits: Callable[[Item], bool]) -> Item | None:
        for item in reversed(self._screen.conversation.items()):
            if item.gap is None and fits(item):
                return item
        return None


#: What is done for each operation.
_WORK: Final[Mapping[Operation, Callable[[Operating, Item], Awaitable[None] | None]]] = {
    Operation.REPLY: Operating._reply,  # noqa: SLF001
    Operation.EDIT: Operating._edit,  # noqa: SLF001
    Operation.REDACT: Operating._redact,  # noqa: SLF001
    Operation.REACT: Operating._choose_reaction,  # noqa: SLF001
    Operation.PICTURE: Operating._picture,  # noqa: SLF001
    Operation.THREAD: Operating._open_thread,  # noqa: SLF001
    Operation.FORWARD: Operating._forward,  # noqa: SLF001
    Operation.LINK: Operating._copy_link,  # noqa: SLF001
    Operation.INFO: Operating._inform,  # noqa: SLF001
}


def _action(item: Item) -> Action:
    """The action of a message of ours that has no event yet."""
    if item.action is None:
        raise LocalError(_("There is nothing here that was said."))
    return item.action


def _event(item: Item) -> RoomEvent:
    """The event of a message that is sent on."""
    if item.event is None:
        raise LocalError(_("It can be forwarded once it is sent."))
    return item.event


def _about(item: Item) -> tuple[dict[str, object], int]:
    """What an action on a message says that it is about: the event, or as long as there is none, the action of ours."""
    if item.event is not None:
        return {"target": item.event.event_id, "target_order": item.event.order}, 0
    return {}, _action(item).id


def _leaves(operation: Operation, item: Item) -> bool:
    """Whether the server hears of an operation: what has not left is changed and taken back here."""
    if item.event is not None or operation not in {Operation.EDIT, Operation.REDACT}:
        return True
    action = _action(item)
    return not (action.may_change if operation is Operation.EDIT else action.may_cancel)


def _room_of(item: Item) -> str:
    return item.event.room_id if item.event is not None else _action(item).room_id
