"""What is written in the open room: said, answered, changed, taken back, kept as a draft; no text is ever lost."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Final

from chat_tui.screens.paging import Parts, Shown
from chat_tui.spoken import ME, Plain, as_typed
from chat_tui.strings import _
from chat_tui.widgets.line_view import paint_now
from chat_tui.widgets.message_row import gist
from chat_tui.widgets.room_source import RoomSource
from chat_tui_core.actions import Action, Kind, State
from chat_tui_core.errors import LocalError
from chat_tui_core.model import EventKind, RoomEvent
from chat_tui_core.safe_text import one_line
from chat_tui_core.session import Session
from chat_tui_core.store.actions import load_action
from chat_tui_core.store.drafts import Draft

__all__ = ["Writing", "own_action", "own_id", "thread_of"]

_OWN: Final = "action "
"""How a message of ours that has no event yet is named where otherwise the id of an event stands."""


def own_action(action_id: int) -> str:
    """The name of a message of ours that may have no event yet."""
    return f"{_OWN}{action_id}"


def own_id(name: str) -> int:
    """The action that `own_action` named; 0 for the id of an event, and for nothing."""
    number = name.removeprefix(_OWN)
    return int(number) if name.startswith(_OWN) and number.isascii() and number.isdigit() else 0


def thread_of(action: Action) -> str:
    """The thread in which an action says something; "" for none."""
    return str(action.content.get("thread", "")) if action.kind is Kind.SEND else ""


class Writing(Shown):
    """The part of a conversation that takes what the person writes.

    `reply_to` and `edits` name a message, by its event's id or by `own_action`.
    """

    session: Session
    parts: Parts
    source: RoomSource | None
    reply_to: str
    edits: str
    _on_state: Callable[[], None]
    _settle: Callable[[], None]

    # ------------------------------------------------------------ saying

    async def send(self, text: str, typed: str) -> None:
        """Say a text; `typed` is what stands in the composer for it, see `until_safe`."""
        await self.until_safe(self.say(Plain(text)), typed)

    async def until_safe(self, work: Coroutine[Any, Any, object], typed: str) -> None:
        """Do what stores a text; `typed` stays in the composer until then. Raises what the work raises."""
        place = self.place
        try:
            await work
        except BaseException:
            if self.place == place:
                self.parts.composer.kept()
            raise
        if self.place == place:
            self._settle()
            self.parts.composer.sent(place, typed)
            self.keep_draft()
            self.parts.hints.tell(problem="", command="")
            paint_now(self.parts.timeline)
        else:
            self._draft_sent(place, typed)

    async def say(self, said: Plain, at_ms: int = 0) -> None:
        """Say something in the open room, or change what is being edited. `at_ms`: it leaves at that time.

        Raises LocalError, StoreError: then nothing was done.
        """
        if self.edits:
            if at_ms:
                raise LocalError(_("A change of a message cannot be put off; Esc leaves the message as it is."))
            await self._change(said)
            return
        place, reply_to = self.place, self.reply_to
        own = own_id(reply_to)
        await self.session.send(
            self.room_id,
            said.text,
            "" if own else reply_to,
            thread=self.thread or self._thread_of(reply_to),
            kind="emote" if said.emote else "",
            at_ms=at_ms,
            target_action=own,
        )
        if self.place == place:
            self.reply_to = ""  # kept as a draft with the text that goes
            self.parts.hints.tell(reply="")
            self.parts.timeline.set_unread_after(None)
            self.parts.timeline.to_end()

    def _thread_of(self, name: str) -> str:
        """The thread that a message is in which is answered: the answer belongs there, too."""
        event = self.source.event(name) if self.source else None
        own = self._own(name)
        return event.thread if event is not None else thread_of(own) if own is not None else ""

    def _draft_sent(self, place: str, typed: str) -> None:
        """The room was left while its text was stored: take the text out of the draft that was kept of it."""
        draft = self.session.drafts.get(place)
        if draft is not None and draft.text.startswith(typed):
            rest = draft.text[len(typed) :]
            self.session.save_draft(Draft(place, rest, len(rest), updated_at=self.session.now_ms()))

    # ------------------------------------------------------------ answering

    def set_reply(self, name: str) -> None:
        """Answer this message with the next text; empty: answer none."""
        if name != self.reply_to:
            self.reply_to = name
            self.parts.hints.tell(reply=self._reply_text())
            self.keep_draft()

    def _reply_text(self) -> str:
        if not self.reply_to:
            return ""
        if own := self._own(self.reply_to):
            return f"you: {one_line(own.text, 80)}"
        event = self.source.event(self.reply_to) if self.source else None
        return f"{event.sender_name or event.sender}: {_named(event)}" if event else _("an older message")

    # ------------------------------------------------------------ changing

    def begin_edit(self, event_id: str, typed: str) -> None:
        """Put a message's text into the composer, as it is typed, to be changed."""
        self._begin(event_id, typed)

    def begin_change(self, action: Action) -> None:
        """Put the text of something that waits, or was refused, into the composer; what is sent then takes its place."""
        self._begin(own_action(action.id), typed_form(action))

    def _begin(self, name: str, text: str) -> None:
        self.reply_to, self.edits = "", name
        self.parts.hints.tell(reply="", edit=self._edit_text())
        self.parts.composer.put_back(text)
        self.keep_draft()

    def end_edit(self) -> None:
        """Leave the message as it is; what was written can be brought back with the composer's own texts."""
        self.edits = ""
        self.parts.hints.tell(edit="")
        self.parts.composer.put_aside()
        self.keep_draft()

    async def _change(self, said: Plain) -> None:
        """Have the message changed that is being edited."""
        name, own = self.edits, self._own(self.edits)
        if own is not None and (own.kind is not Kind.SEND or own.state is State.FAILED):
            await self.session.resend(own.id, said.text)
        else:
            await self._edit(name, said)
        if self.edits == name:
            self.edits = ""
            self.parts.hints.tell(edit="")

    async def _edit(self, name: str, said: Plain) -> None:
        content: dict[str, object] = {"text": said.text}
        if said.emote:
            content["kind"] = "emote"
        if own := own_id(name):
            await self.session.perform(Kind.EDIT, self.room_id, target_action=own, **content)
            return
        event = self.source.event(name) if self.source else None
        if event is not None and as_typed(event.text, emote=event.kind is EventKind.EMOTE) == typed_again(said):
            return
        content |= {"target": name, "target_order": event.order if event else 0}
        await self.session.perform(Kind.EDIT, self.room_id, target_action=0, **content)

    def _edit_text(self) -> str:
        if not self.edits:
            return ""
        if own := self._own(self.edits):
            return _("Editing: {text}").format(text=one_line(own.text, 80))
        event = self.source.event(self.edits) if self.source else None
        return _("Editing: {text}").format(text=one_line(event.text, 80)) if event else _("Editing an older message")

    # ------------------------------------------------------------ taking back

    async def take_back(self, action: Action) -> None:
        """Bring the text of what has not left back to the composer, with what it answered. Raises LocalError."""
        await self.session.cancel(action.id)
        self.open(self.room_id, thread_of(action))
        self.parts.composer.put_back(typed_form(action))
        if not self.reply_to and not self.edits:
            self.reply_to = str(action.content.get("reply_to", "")) or (
                own_action(action.depends_on) if action.depends_on else ""
            )
            self.parts.hints.tell(reply=self._reply_text())
        self.keep_draft()
        self.parts.composer.focus()

    # ------------------------------------------------------------ drafts

    def load_draft(self) -> None:
        """Note what the open room's draft answers or changes; what was ours and has its event by now goes by that."""
        draft = self.session.drafts.get(self.place)
        self.reply_to, self.edits = (self._today(draft.reply_to), self._today(draft.edits)) if draft else ("", "")

    def keep_draft(self) -> None:
        """Keep what stands in the composer, and what it answers."""
        composer = self.parts.composer
        if composer.room_id and composer.room_id == self.place:
            self.save_draft(composer.room_id, composer.text, composer.cursor_index)

    def save_draft(self, place: str, text: str, cursor: int) -> None:
        """Keep the draft of a room or a thread, unless it is as it was."""
        old = self.session.drafts.get(place)
        kept = (old.reply_to, old.edits) if old else ("", "")
        reply_to, edits = (self.reply_to, self.edits) if place == self.place else kept
        if (old.text, old.reply_to, old.edits) != (text, reply_to, edits) if old else bool(text or reply_to or edits):
            self.session.save_draft(Draft(place, text, cursor, reply_to, updated_at=self.session.now_ms(), edits=edits))

    # ------------------------------------------------------------ parts

    def _own(self, name: str) -> Action | None:
        """The action of ours that is named, where it is known."""
        action_id = own_id(name)
        if not action_id:
            return None
        return self.session.open_actions.get(action_id) or self.session.store.read(load_action, action_id)

    def _today(self, name: str) -> str:
        """What a stored name stands for now; empty when that is gone."""
        if not own_id(name):
            return name
        action = self._own(name)
        if action is None or action.state is State.CANCELLED:
            return ""
        return action.event_id if action.state is State.CONFIRMED and action.kind is Kind.SEND else name


def typed_form(action: Action) -> str:
    """What was typed for an action."""
    return as_typed(action.text, emote=action.content.get("kind") == "emote")


def _named(event: RoomEvent) -> str:
    """What was said, on one line; of a file without words its name."""
    return one_line(gist(event.text), 80) or one_line(event.file.name if event.file else "", 80)


def typed_again(said: Plain) -> str:
    """What is typed to say this."""
    return ME + said.text if said.emote else as_typed(said.text)
