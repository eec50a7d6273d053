"""What can be done with a message: answer, edit, delete, react, open, look into; by key, by mouse and by command."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from chat_tui.messages import Operation
from chat_tui_core.actions import Kind
from chat_tui_core.errors import LocalError
from chat_tui_core.model import SPOKEN, EventKind, RoomEvent
from chat_tui_core.news import Capability
from chat_tui_core.timeline import Item

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
            if needed not in self._session.capabilities and item.event is not None:
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
                from chat_tui.screens.info import InfoScreen

                await self._screen.app.push_screen_wait(InfoScreen(item))

    # ------------------------------------------------------------ single operations

    def _reply(self, item: Item) -> None:
        self._screen.conversation.set_reply(_event(item).event_id)
        self._to_composer()

    async def _edit(self, item: Item) -> None:
        if self._screen.composer.text.strip():
            raise LocalError("Send or clear what you are writing first; then the message can be edited.")
        if item.event is None:
            await self._take_back(item)
            return
        if item.event.sender != self._session.me:
            raise LocalError("Only the person who said it can edit it.")
        if item.event.kind not in SPOKEN - {EventKind.FILE}:
            raise LocalError("This cannot be edited.")
        self._screen.conversation.begin_edit(item.event)
        self._to_composer()

    async def _take_back(self, item: Item) -> None:
        """Bring the text of what has not left, or was refused, back to the composer."""
        action = item.action
        if action is None or not action.may_cancel:
            raise LocalError("It is on its way; it can be edited as soon as the server has it.")
        await self._session.cancel(action.id)
        self._screen.composer.put_back(action.text)
        self._screen.conversation.keep_draft()
        self._to_composer()

    async def _redact(self, item: Item) -> None:
        from chat_tui.screens.confirm import ConfirmScreen

        if item.event is None:
            if item.action is None or not item.action.may_cancel:
                raise LocalError("It is on its way; it can be deleted as soon as the server has it.")
            if await self._screen.app.push_screen_wait(ConfirmScreen("Discard this message?", "discard it")):
                await self._session.cancel(item.action.id)
            return
        event = item.event
        if event.kind is EventKind.REDACTED:
            raise LocalError("It is deleted already.")
        if await self._screen.app.push_screen_wait(ConfirmScreen("Delete this message for everybody?", "delete it")):
            await self._session.perform(Kind.REDACT, event.room_id, target=event.event_id, target_order=event.order)

    async def _choose_reaction(self, item: Item) -> None:
        from chat_tui.screens.react import ReactScreen

        event = _event(item)
        if key := await self._screen.app.push_screen_wait(ReactScreen()):
            await self.react(event, key)
            self._to_composer()

    async def react(self, event: RoomEvent, key: str) -> None:
        """Set a reaction, or take it back where it is set."""
        mine = any(one.key == key and self._session.me in one.users for one in event.reactions)
        content: dict[str, object] = {"target": event.event_id, "target_order": event.order, "key": key}
        await self._session.perform(Kind.REACT, event.room_id, **content, **({"remove": True} if mine else {}))

    async def toggle(self, item_key: str, reaction: str) -> None:
        """Set or take back the reaction that was clicked."""
        item = self._screen.conversation.item(item_key)
        if item is not None and item.event is not None:
            await self.react(item.event, reaction)

    # ------------------------------------------------------------ by command

    async def react_to_last(self, key: str) -> None:
        """React to the message under the cursor, else to the newest one."""
        event = self._last(lambda event: event.kind in SPOKEN)
        if event is None:
            raise LocalError("There is no message to react to.")
        await self.react(event, key)

    async def redact_last(self) -> None:
        """Delete the own message said last."""
        item = self._last_own()
        if item is None:
            raise LocalError("You have said nothing here that is loaded.")
        await self._redact(item)

    async def edit_last(self) -> None:
        """Edit the own message said last."""
        item = self._last_own()
        if item is None:
            raise LocalError("You have said nothing here that is loaded.")
        await self._edit(item)

    async def reply_to_last(self, text: str) -> None:
        """Answer the newest message of somebody else."""
        event = self._last(lambda event: event.kind in SPOKEN and event.sender != self._session.me)
        if event is None:
            raise LocalError("There is no message to answer.")
        await self._session.send(event.room_id, text, event.event_id)

    async def substitute(self, typed: str) -> bool:
        """Edit the own message said last as `s/old/new/` says; False where that was not typed."""
        item = self._last_own()
        event = item.event if item else None
        text = substituted(typed, event.text if event else "")
        if text is None:
            return False
        if event is None or Capability.EDIT not in self._session.capabilities:
            raise LocalError(NEEDS[Operation.EDIT][1])
        content: dict[str, object] = {"target": event.event_id, "target_order": event.order, "text": text}
        await self._session.perform(Kind.EDIT, event.room_id, **content)
        return True

    # ------------------------------------------------------------ parts

    def _to_composer(self) -> None:
        self._screen.timeline.set_cursor(None)
        self._screen.composer.focus()

    def _last_own(self) -> Item | None:
        for item in reversed(self._screen.conversation.items()):
            if item.event is not None and item.event.sender == self._session.me and item.event.kind in SPOKEN:
                return item
        return None

    def _last(self, fits: Callable[[RoomEvent], bool]) -> RoomEvent | None:
        for item in reversed(self._screen.conversation.items()):
            if item.event is not None and fits(item.event):
                return item.event
        return None


def _event(item: Item) -> RoomEvent:
    if item.event is None:
        raise LocalError("The server has not taken it yet; wait for ✓✓.")
    return item.event
