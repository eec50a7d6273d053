"""The part of the contract that is about servers: how one that a backend ships is to run, and what it begins with."""

from __future__ import annotations

from typing import Protocol

from chat_tui_core.values import frozen

__all__ = ["RunningServer", "SeedLine", "SeedRoom", "ServerMaker", "ServerOptions"]


@frozen
class SeedLine:
    """One line of made-up history for a demo room."""

    sender: str
    ts: int
    text: str


@frozen
class SeedRoom:
    """A demo room and its history, oldest first."""

    room_id: str
    topic: str
    members: tuple[str, ...]
    lines: tuple[SeedLine, ...]
    private: bool = False


@frozen
class ServerOptions:
    """How a server that a backend ships is to run.

    `data` is a file, empty = nothing is kept. Port 0 = any free one. `welcome` is the room that newcomers find
    themselves in, empty = none.
    """

    host: str = "127.0.0.1"
    port: int = 0
    data: str = ""
    open_registration: bool = False
    welcome: str = ""
    tls_cert: str = ""
    tls_key: str = ""
    seed: tuple[SeedRoom, ...] = ()
    chaos: str = ""
    rate: int = 120


class RunningServer(Protocol):
    """A server that is up. `url` is what clients connect to."""

    url: str

    async def serve_until_stopped(self) -> None:
        """Serve until SIGTERM or SIGINT, then shut down cleanly."""

    async def close(self) -> None:
        """Tell the sessions, make everything durable, release the port."""


class ServerMaker(Protocol):
    """The server that a backend ships, where it ships one."""

    async def start(self, options: ServerOptions) -> RunningServer:
        """Bind and serve; raises ConfigError or StoreError with a sentence that says what to do."""

    async def add_user(self, data: str, name: str, password: str) -> None:
        """Make an account in a server's data file, or give it a new password; raises ConfigError or StoreError."""
