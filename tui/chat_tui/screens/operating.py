"""What can be done with a message: answer, edit, delete, react, open, look into; by key, by mouse and by command."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chat_tui.commands import ME
from chat_tui.messages import Operation
from chat_tui.screens.writing import own_action
from chat_tui_core.actions import Action, Kind, State
from chat_tui_core.errors import LocalError
from chat_tui_core.model import SPOKEN, EventKind
from chat_tui_core.news import Capability
from chat_tui_core.timeline import Item
from chat_tui_core.transfers import State as Ended

if TYPE_CHECKING:
    from chat_tui.screens.main import MainScreen

__all__ = ["Operating", "substituted"]

NEEDS: Final = {
    Operation.REPLY: (Capability.REPLY, "This server knows no answers to a message."),
    Operation.EDIT: (Capability.EDIT, "On this server nothing can be changed that was said."),
    Operation.REDACT: (Capability.REDACT, "On this server nothing can be deleted that was said."),
    Operation.REACT: (Capability.REACT, "This server knows no reactions."),
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
        raise LocalError(f"{old!r} is not in what you said last; a space before s/ sends it as it is.")
    return text.replace(old, new, -1 if match.group(3) else 1)


class Operating:
    """Carries out an operation on a message of the open room."""

    def __init__(self, screen: MainScreen) -> None:
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
                raise LocalError(sentence)
        match operation:
            case Operation.REPLY:
                self._reply(item)
            case Operation.EDIT:
                await self._edit(item)
            case Operation.REDACT:
                await self._redact(item)
            case Operation.REACT:
                await self._choose_reaction(item)
            case Operation.INFO:
                await self._inform(item)

    # ------------------------------------------------------------ single operations

    async def _inform(self, item: Item) -> None:
        from chat_tui.screens.info import InfoScreen, facts_of, file_facts
        from chat_tui.screens.stats import usual_of

        facts, picture = facts_of(item), None
        facts += await usual_of(self._session) if item.action is not None else []
        has_file = item.event is not None and item.event.file is not None
        if item.event is not None and has_file and (transfer := self._screen.cards.of_event(item.event)) is not None:
            facts += file_facts(transfer)
            if transfer.state is Ended.COMPLETE and transfer.mime.startswith("image/"):
                picture = Path(transfer.path)
        await self._screen.app.push_screen_wait(InfoScreen(facts, picture))

    def _reply(self, item: Item) -> None:
        conversation = self._screen.conversation
        conversation.set_reply(item.event.event_id if item.event else own_action(_action(item).id))
        self._to_composer()

    async def _edit(self, item: Item) -> None:
        self.must_be_free()
        if item.event is None:
            self._screen.conversation.begin_change(_action(item))
        elif item.event.sender != self._session.me:
            raise LocalError("Only the person who said it can edit it.")
        elif item.event.kind not in SPOKEN - {EventKind.FILE}:
            raise LocalError("This cannot be edited.")
        else:
            self._screen.conversation.begin_edit(item.event)
        self._to_composer()

    def must_be_free(self) -> None:
        """Raise LocalError while something is being written that an edit would have to stand in for."""
        if self._screen.composer.text.strip():
            raise LocalError("Send or clear what you are writing first; then the message can be edited.")

    async def change(self, action: Action) -> None:
        """Put the text of something that waits, or was refused, into the composer, to be sent in its place."""
        if action.kind not in {Kind.SEND, Kind.EDIT}:
            raise LocalError("There is no text in it that could be changed.")
        if self._screen.conversation.edits != own_action(action.id):
            self.must_be_free()
            self._screen.conversation.begin_change(action)
        self._to_composer()

    async def _redact(self, item: Item) -> None:
        from chat_tui.screens.confirm import ConfirmScreen

        ask = self._screen.app.push_screen_wait
        if item.event is not None and item.event.kind is EventKind.REDACTED:
            raise LocalError("It is deleted already.")
        if item.event is None and _action(item).may_cancel:
            if await ask(ConfirmScreen("Discard this message?", "discard it")):
                await self._session.cancel(_action(item).id)
        elif await ask(ConfirmScreen("Delete this message for everybody?", "delete it")):
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
            raise LocalError("There is no message to react to.")
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
            raise LocalError("There is no message to answer.")
        await self._session.send(item.event.room_id, text, item.event.event_id)

    async def substitute(self, typed: str) -> bool:
        """Edit the own message said last as `s/old/new/` says; False where that was not typed."""
        if _SUBSTITUTION.match(typed) is None:
            return False
        item = self._last_own()
        emote, old = _spoken(item)
        text = substituted(typed, old)
        if item.event is not None and Capability.EDIT not in self._session.capabilities:
            raise LocalError(NEEDS[Operation.EDIT][1])
        about, own = _about(item)
        content: dict[str, object] = {**about, "text": text, **({"kind": "emote"} if emote else {})}
        await self._session.perform(Kind.EDIT, _room_of(item), target_action=own, **content)
        return True

    # ------------------------------------------------------------ parts

    def _to_composer(self) -> None:
        self._screen.timeline.set_cursor(None)
        self._screen.composer.focus()

    def _last_own(self) -> Item:
        """The own message said last; raises LocalError when there is none."""
        me = self._session.me
        item = self._last(lambda item: item.event is None or (item.event.sender == me and item.event.kind in SPOKEN))
        if item is None:
            raise LocalError("You have said nothing here that is loaded.")
        return item

    def _last(self, fits: Callable[[Item], bool]) -> Item | None:
        for item in reversed(self._screen.conversation.items()):
            if item.gap is None and fits(item):
                return item
        return None


def _action(item: Item) -> Action:
    """The action of a message of ours that has no event yet."""
    if item.action is None:
        raise LocalError("There is nothing here that was said.")
    return item.action


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


def _spoken(item: Item) -> tuple[bool, str]:
    """(it tells what its sender does, the text) of a message."""
    if item.event is not None:
        emote, text = item.event.kind is EventKind.EMOTE, item.event.text
    else:
        emote, text = _action(item).content.get("kind") == "emote", _action(item).text
    return emote or text.startswith(ME), text.removeprefix(ME)
