"""What a person's own commands do: run their program, and put what it says where the command wants it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from chat_tui.spoken import Plain
from chat_tui.strings import _, of_error
from chat_tui.widgets.text_layout import clean_line
from chat_tui_core.errors import ChatError, LocalError
from chat_tui_core.values import frozen

if TYPE_CHECKING:
    from chat_tui.commands import Call
    from chat_tui.own_tables import OwnCommand
    from chat_tui.screens.doing import Doing
    from chat_tui.screens.window import Window
    from chat_tui_core.model import RoomEvent

__all__ = ["about", "run_own"]


@frozen
class _Start:
    """Where a command was given: its output belongs there, whatever the person opens meanwhile."""

    place: str
    room_id: str
    thread: str
    title: str


async def run_own(doing: Doing, call: Call) -> None:
    """Run an own command and put its output where it belongs. Raises ChatError with the sentence to show."""
    own, screen = call.command.own, doing.screen
    if own is None:
        return
    conversation = screen.conversation
    room = conversation.room
    if own.into != "notice" and room is None:
        raise LocalError(_("/{name} works in an open room: open one first.").format(name=own.name))
    start = _Start(
        conversation.place, conversation.room_id, conversation.thread, clean_line(room.title) if room else ""
    )
    screen.hints.tell(running=_("/{name} runs…").format(name=own.name))
    try:
        text = await screen.programs.run(own, call.words, _told(screen))
    finally:
        screen.hints.tell(running="")
    if not text.strip():
        doing.say(_("/{name} gave nothing.").format(name=own.name))
    elif own.into == "notice":
        from chat_tui.screens.output_screen import OutputScreen

        await screen.app.push_screen(OutputScreen(f"/{own.name}", text))
    elif own.into == "send":
        try:
            await _send(screen, start, text)
        except ChatError as error:
            _into_draft(screen, start, own, text)  # what cannot be said is not lost
            screen.say(of_error(error), serious=True)
    else:
        _into_draft(screen, start, own, text)


async def _send(screen: Window, start: _Start, text: str) -> None:
    """Say it in the room where the command was given; what is being changed there is left as it is."""
    conversation = screen.conversation
    if conversation.place == start.place and not conversation.edits:
        await conversation.say(Plain(text))
    else:
        await screen.session.send(start.room_id, text, thread=start.thread)


def _into_draft(screen: Window, start: _Start, own: OwnCommand, text: str) -> None:
    """Put it into the draft at the cursor; behind the draft where the person has gone elsewhere."""
    if screen.conversation.place == start.place:
        screen.composer.insert(text)
        screen.conversation.keep_draft()
        return
    old = screen.session.drafts.get(start.place)
    whole = f"{old.text}\n{text}" if old and old.text else text
    screen.conversation.save_draft(start.place, whole, len(whole))
    screen.say(_("What /{name} gave is in the draft of {room}.").format(name=own.name, room=start.title))


def _told(screen: Window) -> dict[str, Any]:
    """What the program is told of the room, the draft and the message that is chosen or answered."""
    conversation = screen.conversation
    key = screen.timeline.cursor_key() or ""
    item = conversation.item(key) if key else None
    event = item.event if item is not None else None
    if event is None and conversation.reply_to and conversation.source is not None:
        event = conversation.source.event(conversation.reply_to)
    draft = screen.composer.text if conversation.room_id else ""
    room = conversation.room
    return about(screen.session.account.name, room.room_id if room else "", room.title if room else "", draft, event)


def about(account: str, room_id: str, title: str, draft: str, event: RoomEvent | None) -> dict[str, Any]:
    """The JSON object that programs get; what is not there is null."""
    room: Mapping[str, str] | None = {"id": room_id, "name": title} if room_id else None
    message: Mapping[str, str] | None = (
        {"id": event.event_id, "sender": event.sender, "text": event.text} if event is not None else None
    )
    return {"account": account, "room": room, "draft": draft, "message": message}
