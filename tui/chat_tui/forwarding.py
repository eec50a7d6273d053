"""Send a message on to another room: what is said there, and by which way its file goes."""

from __future__ import annotations

import os
from pathlib import Path

from chat_tui.spoken import ME
from chat_tui.strings import _
from chat_tui_core.errors import LocalError
from chat_tui_core.link import Capability
from chat_tui_core.model import SPOKEN, EventKind, FileInfo, RoomEvent
from chat_tui_core.session import Session
from chat_tui_core.transfers import State, Transfer

__all__ = ["forward", "forwarded_text"]


def forwarded_text(event: RoomEvent, me: str) -> str:
    """What is said where a message is sent on to: one's own words again, those of others as a quotation with the name."""
    emote = event.kind is EventKind.EMOTE or event.text.startswith(ME)
    text = event.text.removeprefix(ME)
    if event.sender == me:
        return ME + text if emote else text
    name = event.sender_name or event.sender
    said = f"* {name} {text}" if emote else text
    quoted = "\n".join(f"> {line}".rstrip() for line in said.split("\n"))
    return _("Forwarded from {name}:").format(name=name) + f"\n{quoted}"


async def forward(session: Session, event: RoomEvent, to: Session, room_id: str) -> None:
    """Send a message on, from an account to a room of the same or of another one; it leaves in that room's turn.

    A file that the server has is named again, where servers can do that; else it is sent again from this machine.
    Raises LocalError for what cannot be sent on, FileTrouble, StoreError.
    """
    if event.kind not in SPOKEN:
        raise LocalError(_("Only what somebody said can be forwarded."))
    if event.file is None:
        text = forwarded_text(event, session.me)
        emote = event.sender == session.me and event.kind is EventKind.EMOTE
        await to.send(room_id, text.removeprefix(ME) if emote else text, kind="emote" if emote else "")
    elif to is session and Capability.REFER in session.capabilities:
        await to.send(room_id, event.text, file=event.file)
    else:
        path = _here(session.files.of_event(event.room_id, event.event_id), event.file)
        await to.files.offer(room_id, path, event.file.name)
        if event.text:
            await to.send(room_id, event.text)


def _here(transfer: Transfer | None, file: FileInfo) -> Path:
    """Where a message's file is on this machine; raises LocalError when it is not."""
    if transfer is not None and transfer.state is State.COMPLETE and transfer.path and os.path.isfile(transfer.path):  # noqa: PTH113
        return Path(transfer.path)
    raise LocalError(
        _("{name} must be on this machine before it can be sent on: a on the message brings it.").format(name=file.name)
    )
