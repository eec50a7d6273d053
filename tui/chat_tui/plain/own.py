"""A person's own commands where there is no screen: what their programs say is read out, or said in the room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chat_tui.programs import Programs
from chat_tui.screens.own_work import about
from chat_tui.strings import _
from chat_tui_core.errors import LocalError

if TYPE_CHECKING:
    from chat_tui.commands import Call
    from chat_tui.own_tables import OwnCommand
    from chat_tui.plain.talking import Talking

__all__ = ["run_own"]


async def run_own(talking: Talking, own: OwnCommand, call: Call) -> None:
    """Run the program; what is for the composer or a page is read out. Raises ChatError with the sentence to read out."""
    room = talking.room
    if own.into == "send" and room is None:
        raise LocalError(_("/{name} works in a room: /switch or /join one first.").format(name=own.name))
    where = (room.room_id, room.title) if room else ("", "")
    text = await Programs().run(own, call.words, about(talking.session.account.name, *where, "", None))
    if not text.strip():
        talking.tell(_("/{name} gave nothing.").format(name=own.name))
    elif own.into == "send" and room is not None:
        await talking.session.send(room.room_id, text)
    else:
        for line in text.split("\n"):
            talking.tell(line)
