"""The client's side of a WebSocket whose chunks of files come in with few copies."""

from __future__ import annotations

import asyncio
from typing import Any

from websockets.asyncio.client import ClientConnection

from chat_tui_wschat.grammar import MAX_MESSAGE
from chat_tui_wschat.large_messages import Intake


class ClientSocket(ClientConnection, asyncio.BufferedProtocol):
    """A connection of `websockets`; `intake` says how large a message may go around its parser."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.intake = Intake(self.protocol, self.data_received, self.process_event)
        self.intake.largest = MAX_MESSAGE

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.BaseProtocol; behind a proxy whose TLS tunnel failed there is nothing yet that could end."""
        if hasattr(self, "recv_messages"):
            super().connection_lost(exc)

    def get_buffer(self, sizehint: int) -> memoryview:
        """See asyncio.BufferedProtocol."""
        return self.intake.space()

    def buffer_updated(self, nbytes: int) -> None:
        """See asyncio.BufferedProtocol."""
        self.intake.filled(nbytes)
