"""What a backend is: a protocol core that does no I/O, and a shell that carries it.

A session gives a backend actions and questions; the backend gives the session news. News come in batches:
the session stores a whole batch in one transaction, with the `Position` that it ends in, and only then
tells the backend that it is `stored`. S1's API, row by row, is in docs/architecture.md.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import field
from importlib import import_module
from typing import TYPE_CHECKING, Final, Protocol, TypeVar, runtime_checkable

from chat_tui_core.link import Capability, Link, LinkChanged
from chat_tui_core.no_files import NoFiles, NoState
from chat_tui_core.values import frozen

if TYPE_CHECKING:
    from chat_tui_core.actions import Action
    from chat_tui_core.file_news import FileBytes
    from chat_tui_core.model import Account
    from chat_tui_core.news import (
        Answered,
        AroundGiven,
        Arrived,
        AskRefused,
        DirectoryGiven,
        Echoed,
        Edited,
        GapFound,
        HistoryGiven,
        LostAction,
        MemberChanged,
        MembersListed,
        News,
        Position,
        Postponed,
        PresenceSet,
        Problem,
        Reacted,
        ReadMoved,
        Redacted,
        RefusedAction,
        RoomChanged,
        RoomGone,
        RoomsListed,
        SignedIn,
        StateSet,
        TypingSet,
        UsersGiven,
        Written,
    )
    from chat_tui_core.questions import (
        AskAround,
        AskDirectory,
        AskHistory,
        AskMembers,
        AskUsers,
        Question,
        SetPresence,
        SetTyping,
    )
    from chat_tui_core.serving import RunningServer, SeedLine, SeedRoom, ServerMaker, ServerOptions
    from chat_tui_core.signing_in import Credentials, LoginWay, ServerFound

__all__ = [
    "API_VERSION",
    "Answered",
    "AroundGiven",
    "Arrived",
    "AskAround",
    "AskDirectory",
    "AskHistory",
    "AskMembers",
    "AskRefused",
    "AskUsers",
    "Backend",
    "Browse",
    "Capability",
    "Connection",
    "Credentials",
    "Deliver",
    "DirectoryGiven",
    "Echoed",
    "Edited",
    "FileBytes",
    "GapFound",
    "HistoryGiven",
    "KeepSecret",
    "Link",
    "LinkChanged",
    "LoginWay",
    "LostAction",
    "MemberChanged",
    "MembersListed",
    "News",
    "Position",
    "Postponed",
    "PresenceSet",
    "Problem",
    "ProtocolCore",
    "Question",
    "Reacted",
    "ReadMoved",
    "Redacted",
    "RefusedAction",
    "RoomChanged",
    "RoomGone",
    "RoomStates",
    "RoomsListed",
    "RunningServer",
    "SeedLine",
    "SeedRoom",
    "ServerFound",
    "ServerMaker",
    "ServerOptions",
    "SetPresence",
    "SetTyping",
    "SignedIn",
    "StateReader",
    "StateSet",
    "Surroundings",
    "TypingSet",
    "UsersGiven",
    "Written",
    "forget_secret",
]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """The values that pass between the two are imported when a backend asks for them: no first frame needs them."""
        if name in __all__:
            for place in ("news", "questions", "file_news", "signing_in", "serving"):
                module = import_module(f"chat_tui_core.{place}")
                if hasattr(module, name):
                    return getattr(module, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


#: What `Backend.api_version` must be; raised when this module changes incompatibly.
API_VERSION: Final = 1


# ---------------------------------------------------------------- the two halves of a backend

Out = TypeVar("Out")
In = TypeVar("In", contravariant=True)  # noqa: PLC0105


class ProtocolCore(Protocol[Out, In]):
    """The protocol itself: no I/O, no clock, no randomness of its own; what it gives, it gives once.

    `now` is seconds on any clock that only rises. `Out` and `In` are the backend's own values for what the shell
    must do (open, write, close; or HTTP requests) and what it met (opened, data, closed; or responses).
    """

    def start(self, now: float) -> None:
        """Begin to connect."""

    def stop(self, now: float) -> None:
        """Say goodbye; nothing is tried again."""

    def do(self, action: Action, now: float) -> None:
        """Write an action. Called only while the link is ONLINE; after LostAction it is called again, same id."""

    def ask(self, question: Question, now: float) -> None:
        """Write a question. Unanswered ones are asked again after a reconnect, or answered with AskRefused."""

    def receive(self, data: In, now: float) -> None:
        """Take what the shell met."""

    def tick(self, now: float) -> None:
        """Let time pass: heartbeats, time-outs, back-off."""

    def stored(self, position: Mapping[str, str], now: float) -> None:
        """Everything up to this position is durable: acknowledge it to the server where the protocol can."""

    def connect_now(self, now: float) -> None:
        """The person does not want to wait for the next try."""

    def sends(self) -> list[Out]:
        """What the shell must do now, in order."""

    def events(self) -> list[News]:
        """What happened, in order."""

    def wake_at(self) -> float | None:
        """When `tick` must be called at the latest; None = no need."""


@runtime_checkable
class Connection(Protocol):
    """A core with its shell, as a session drives it. News go to the `deliver` that it was made with."""

    async def run(self) -> None:
        """Connect and stay connected until `close`; returns then, or when the link is STOPPED for good."""

    def do(self, action: Action) -> None:
        """See ProtocolCore.do."""

    def ask(self, question: Question) -> None:
        """See ProtocolCore.ask."""

    def stored(self, position: Mapping[str, str]) -> None:
        """See ProtocolCore.stored."""

    def connect_now(self) -> None:
        """See ProtocolCore.connect_now."""

    async def close(self) -> None:
        """Say goodbye and release the socket, within a second."""


Deliver = Callable[[Sequence["News"]], None]

Browse = Callable[[str], None]
"""Show the person a page in a browser: by opening it, or by telling its address."""


RoomStates = dict[str, dict[str, dict[str, str]]]
"""Contents as JSON, by room, type and key; rooms of which nothing is stored are not in it."""


class StateReader(Protocol):
    """What is stored of rooms' state (news.StateSet), `kind` is its type. Quick: a lookup is some microseconds."""

    def get(self, room_id: str, kind: str, key: str = "") -> str:
        """The content as JSON; "" where there is none."""

    def all(self, room_id: str, kind: str) -> dict[str, str]:
        """The contents by key of everything of one type."""

    def rooms(self, room_ids: Sequence[str], but: str) -> RoomStates:
        """Everything of several rooms but for one type, in one go: many lookups while the store writes take long."""


KeepSecret = Callable[[str], Awaitable[None]]
"""Store an account's token anew, durably before it returns; raises StoreError."""


async def forget_secret(_secret: str) -> None:
    """Keep nothing."""


@frozen
class Surroundings:
    """What a session lends to a connection beside `deliver`.

    `read_state` and `files` must be asked on the session's loop only.
    """

    read_state: StateReader = NoState()
    keep_secret: KeepSecret = forget_secret
    files: FileBytes = field(default_factory=NoFiles)


_ALONE: Final = Surroundings()


class Backend(Protocol):
    """What an entry point of the group `chat_tui.backends` gives."""

    name: str
    title: str
    api_version: int
    url_example: str

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What servers of this kind can do; SignedIn says what this very one does."""

    @property
    def server(self) -> ServerMaker | None:
        """The server that this backend ships, where it ships one."""

    async def discover(self, url: str) -> ServerFound:
        """Find the server that an address, or a person's full id, leads to, and how one can sign in there.

        Raises TransportError, or ConfigError for a URL that cannot be right or where no such server answers.
        """

    async def login(
        self, url: str, user: str, secret: str, *, kind: str, device: str, browse: Browse | None = None
    ) -> Credentials:
        """Check a password (`kind` "password") or a token ("token") with the server, or sign in by a browser ("sso").

        Raises AuthRefused, TransportError, or ConfigError for a URL that cannot be right.
        """

    async def logout(self, account: Account, token: str) -> None:
        """Have the server forget this device's sign-in; raises TransportError, AuthRefused when it has already."""

    def connect(
        self,
        account: Account,
        token: str,
        position: Mapping[str, str],
        deliver: Deliver,
        surroundings: Surroundings = _ALONE,
    ) -> Connection:
        """A connection that is not running yet. `position` is what the last `Position` gave, or empty."""
