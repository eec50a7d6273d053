"""Carry out a request on a session: one table of what can be asked."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Final

from chat_tui.requests import acting, filing, finding, following, reading
from chat_tui.requests.values import Request, Told
from chat_tui.strings import _
from chat_tui_core.actions import Kind
from chat_tui_core.errors import ConfigError
from chat_tui_core.session import Session

Performer = Callable[[Session, Request], AsyncGenerator[Told, None]]

PERFORMERS: Final[Mapping[str, Performer]] = {
    "rooms": reading.rooms,
    "members": reading.members,
    "history": reading.history,
    "tail": following.tail,
    "search": finding.search,
    "export": finding.export,
    "send": acting.send,
    Kind.JOIN.value: acting.change_room,
    Kind.LEAVE.value: acting.change_room,
    Kind.CREATE_ROOM.value: acting.change_room,
    "outbox": acting.outbox,
    "retry": acting.retry,
    "cancel": acting.cancel,
    "pass": acting.let_pass,
    "wait": acting.wait,
    "files": filing.files,
    "send_file": filing.send_file,
    "get_file": filing.get_file,
    "cancel_file": filing.cancel_file,
    "follow_file": filing.follow_file,
}

#: Requests after which something may have been stored even though nothing was told yet.
CHANGING: Final = frozenset(
    {"send", Kind.JOIN.value, Kind.LEAVE.value, Kind.CREATE_ROOM.value, "retry", "cancel", "pass"}
    | {"send_file", "get_file", "cancel_file"}
)


def perform(session: Session, request: Request) -> AsyncGenerator[Told, None]:
    """What is told, as it comes: rows, notes, cursors, and at the end Done. Raises ChatError, also on the way."""
    performer = PERFORMERS.get(request.do)
    if performer is None:
        raise ConfigError(
            _("There is no request {name!r}: the other program may be of another version.").format(name=request.do[:40])
        )
    return performer(session, request)
