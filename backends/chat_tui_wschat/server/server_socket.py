"""The server's side of a WebSocket whose chunks of files come in with few copies."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from websockets.asyncio.server import ServerConnection
from websockets.typing import Subprotocol

from chat_tui_wschat.large_messages import Intake

SUBPROTOCOL: Final = Subprotocol("wschat-ie.1")


def choose_subprotocol(_ws: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """Speak wschat-ie.1 by name where the client asks for it by name (wschat 3.1)."""
    return SUBPROTOCOL if SUBPROTOCOL in offered else None


class ServerSocket(ServerConnection, asyncio.BufferedProtocol):
    """A connection of `websockets`; `intake` says how large a message may go around its parser."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.intake = Intake(self.protocol, self.data_received, self.process_event)

    def get_buffer(self, sizehint: int) -> memoryview:
        """See asyncio.BufferedProtocol."""
        return self.intake.space()

    def buffer_updated(self, nbytes: int) -> None:
        """See asyncio.BufferedProtocol."""
        self.intake.filled(nbytes)
