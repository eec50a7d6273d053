"""The page docs/wschat.md as tests read it: its sections, tables, grammar and examples, and a player for these."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from chat_tui_core.contract import SeedLine, SeedRoom, ServerOptions
from chat_tui_wschat.server.limits import Limits
from chat_tui_wschat.wire import Failure, FrameError, Reply, parse_command, parse_reply, write_reply
from tests.wschat.server_running import running

PATIENCE: Final = 10.0
PAGE: Final = Path(__file__).parents[2] / "docs" / "wschat.md"
ROOM: Final = SeedRoom(
    "general",
    "",
    ("ann", "bob", "glitchy"),
    tuple(SeedLine("ann", 1_700_000_000_000 + n, f"line {n}") for n in (1, 2, 3)),
)
"""What every example finds, as the page says it."""

_FENCE: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TICKED: Final = re.compile(r"`([^`]+)`")
Octets = TypeVar("Octets", str, bytes)
_WORDS: Final = r"[A-Za-z0-9_.-]+"


def blocks(tag: str) -> list[str]:
    """Give the fenced blocks of this tag, in order."""
    return [body for kind, body in _FENCE.findall(PAGE.read_text("utf-8")) if kind == tag]


def section(title: str) -> str:
    """Give what stands under a heading, up to the next one of any level."""
    pieces = re.split(r"^#+ (.*)\n", _FENCE.sub("", PAGE.read_text("utf-8")), flags=re.MULTILINE)
    found = [body for name, body in zip(pieces[1::2], pieces[2::2], strict=True) if name == title]
    assert len(found) == 1, title
    return found[0]


def tables(title: str) -> list[list[list[str]]]:
    """Give the tables of a section as rows of cells, without their heads."""
    found: list[list[list[str]]] = []
    inside = False
    for line in section(title).splitlines():
        if not line.startswith("|"):
            inside = False
            continue
        if not inside:
            found.append([])
        inside = True
        found[-1].append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return [rows[2:] for rows in found]


def ticked(cell: str) -> list[str]:
    """Give what stands between backticks."""
    return _TICKED.findall(cell)


def keys(cell: str) -> tuple[set[str], set[str]]:
    """Give the keys that a cell lists: those that are always there, and those with a "?"."""
    names = ticked(cell)
    return {name for name in names if name[-1] != "?"}, {name[:-1] for name in names if name[-1] == "?"}


# ---------------------------------------------------------------- examples


@dataclass
class Heard:
    """Everything that was heard and said while an example was played."""

    replies: list[Reply] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)


def limits_of(example: str) -> Limits:
    """Give the limits of an example, from its line "# with name=number …"."""
    named = dict(
        pair.split("=") for line in re.findall(r"^# with (.*)$", example, re.MULTILINE) for pair in line.split()
    )
    numbers: dict[str, Any] = {name: float(value) if "." in value else int(value) for name, value in named.items()}
    return Limits(**numbers)


@asynccontextmanager
async def server_of(example: str) -> AsyncIterator[str]:
    """Run the server that an example needs; gives its URL."""
    async with running(ServerOptions(open_registration=True, seed=(ROOM,)), limits_of(example)) as server:
        yield server.url


class Player:
    """Plays the lines of one example, each as the page says."""

    def __init__(self, url: str, stack: AsyncExitStack) -> None:
        self.heard = Heard()
        self._url = url
        self._stack = stack
        self._sockets: dict[str, ClientConnection] = {}
        self._found: dict[str, str] = {}
        self._refused: dict[str, FrameError] = {}
        self._early: dict[str, deque[str | bytes]] = defaultdict(deque)

    async def play(self, example: str) -> None:
        """Play all lines; afterwards no connection may have more to tell than the example says."""
        for line in example.splitlines():
            if line.startswith("# with "):
                continue
            name, _, order = line.partition(": ")
            word, _, frame = order.partition(" ")
            await getattr(self, f"_{word.rstrip(':').lower()}")(name, frame)
        for name, socket in self._sockets.items():
            await socket.send("@id=999999 PING 0")
            assert await self._recv(name) == "@id=999999 PONG 0", name
        assert not self._refused, self._refused
        assert not any(self._early.values()), self._early

    async def _open(self, name: str, _frame: str) -> None:
        assert name not in self._sockets, name
        options: dict[str, Any] = {"compression": None, "ping_interval": None, "close_timeout": 1}
        self._sockets[name] = await self._stack.enter_async_context(connect(self._url, **options))

    async def _ready(self, name: str, types: str) -> None:
        await self._open(name, "")
        assert (await self._recv(name)).startswith("HELLO ")
        await self._sockets[name].send(f"@id=1 AUTH PASS laptop {name} secret")
        assert (await self._recv(name)).startswith(f"@id=1 CONFIRM AUTH {name} ")
        for kind in types.split():
            await self._sockets[name].send(f"SUBEVENT {kind}")
            assert await self._recv(name) == f"CONFIRM SUBEVENT {kind}"

    async def _c(self, name: str, frame: str) -> None:
        await self._say(name, self._fill(frame))

    async def _b(self, name: str, frame: str) -> None:
        await self._say(name, self._octets(frame))

    async def _d(self, name: str, frame: str) -> None:
        heard = await self._next(name, bytes)
        assert heard == self._octets(frame), f"{name}: the page says\n  {frame}\nand the server\n  {heard!r}"
        self.heard.replies.append(parse_reply(heard))

    def _octets(self, frame: str) -> bytes:
        return re.sub(r"\\x([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), self._fill(frame)).encode("latin-1")

    async def _say(self, name: str, message: str | bytes) -> None:
        """Send one message; our codec must read it, or refuse it with the code that the server answers next."""
        try:
            parse_command(message)
        except FrameError as error:
            if isinstance(message, str):
                self._refused[name] = error
        text = message if isinstance(message, str) else message.decode("latin-1")
        self.heard.commands.append(re.sub(r"^@\S+ ", "", text))
        await self._sockets[name].send(message)

    async def _s(self, name: str, frame: str) -> None:
        heard = await self._recv(name)
        match = re.fullmatch(self._pattern(frame), heard)
        assert match is not None, f"{name}: the page says\n  {frame}\nand the server\n  {heard}"
        self._found.update(match.groupdict())
        reply = parse_reply(heard)
        assert write_reply(reply) == heard
        self.heard.replies.append(reply)
        refused = self._refused.pop(name, None) if isinstance(reply, Failure) else None
        if refused is not None and isinstance(reply, Failure):
            assert (refused.code, refused.verb, refused.text) == (reply.code, reply.verb, reply.text)

    async def _cut(self, name: str, _frame: str) -> None:
        self._sockets.pop(name).transport.abort()

    async def _close(self, name: str, frame: str) -> None:
        socket = self._sockets.pop(name)
        try:
            raise AssertionError(await asyncio.wait_for(socket.recv(), PATIENCE))
        except ConnectionClosed:
            assert f"{socket.close_code} {socket.close_reason}" == frame
        self.heard.closed.append(int(frame.split(" ", maxsplit=1)[0]))

    async def _recv(self, name: str) -> str:
        return await self._next(name, str)

    async def _next(self, name: str, kind: type[Octets]) -> Octets:
        """The next text, or the next binary message: chunks go between the others when there is nothing else to say."""
        early = self._early[name]
        found = next((message for message in early if isinstance(message, kind)), None)
        if found is not None:
            early.remove(found)
            return found
        while True:
            message = await asyncio.wait_for(self._sockets[name].recv(), PATIENCE)
            if isinstance(message, kind):
                return message
            early.append(message)

    def _fill(self, frame: str) -> str:
        known = re.sub(r"<([a-z][a-z0-9]*)>", lambda found: self._found[found[1]], frame)
        return re.sub(r"␠$", " ", known.replace("⏎", "\n"))

    def _pattern(self, frame: str) -> str:
        """Give what a server's line matches: known names stand for their words, new ones for any word."""
        pieces = re.split(r"(<[a-z][a-z0-9]*>|\{…\})", re.sub(r"␠$", " ", frame))
        seen: set[str] = set()
        pattern = ""
        for piece in pieces:
            name = piece[1:-1]
            if piece == "{…}":
                pattern += r"\{.*\}"
            elif not re.fullmatch(r"<[a-z][a-z0-9]*>", piece):
                pattern += re.escape(piece)
            elif name in self._found:
                pattern += re.escape(self._found[name])
            else:
                pattern += f"(?P={name})" if name in seen else f"(?P<{name}>{_WORDS})"
                seen.add(name)
        return pattern


async def played(example: str) -> Heard:
    """Play one example against a fresh server; gives what was heard."""
    async with server_of(example) as url, AsyncExitStack() as stack:
        player = Player(url, stack)
        await player.play(example)
        return player.heard
