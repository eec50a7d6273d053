"""The server's whole state in one place, and the few ways in which it is changed: journal, frames, timers."""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from chat_tui_wschat.frame_json import decode_object, encode_object
from chat_tui_wschat.framing import tag
from chat_tui_wschat.server.batch import Batch, Load, PasswordCheck
from chat_tui_wschat.server.items import last_of
from chat_tui_wschat.server.limits import Limits
from chat_tui_wschat.server.outgoing import Close, Frame, Later
from chat_tui_wschat.server.shelf import Shelf
from chat_tui_wschat.server.state import TAIL, Channel, Device, Gate, Session, Socket, User
from chat_tui_wschat.server.storage import (
    Append,
    Loaded,
    PutUser,
    Read,
    ReadItems,
    Replace,
    Result,
    StoredChannel,
    Write,
)


class Refusal(Exception):
    """A command is refused with a code of wschat 3.7 and has changed nothing. `retry`: seconds to wait."""

    def __init__(self, code: str, text: str, retry: float | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.retry = retry


class ItemNeeded(Exception):
    """A command hangs on an item that is not in memory; it is tried again once the item was read."""

    def __init__(self, channel: int, pos: int) -> None:
        super().__init__(f"channel {channel} item {pos}")
        self.channel = channel
        self.pos = pos


@dataclass(slots=True)
class Timer:
    """Something that is due at `when`: `kind` says what, `key` for whom."""

    when: float
    kind: str
    key: object

    def __lt__(self, other: Timer) -> bool:
        return self.when < other.when


class Hall:
    """All state of one server.

    `secret` gives a new random word of at least 128 bits each time. `epoch` is what to add to the rules' clock to
    get seconds since 1970.
    """

    def __init__(
        self, limits: Limits, loaded: Loaded, secret: Callable[[], str], *, registration: bool, clear_passwords: bool
    ) -> None:
        self.limits = limits
        self.secret = secret
        self.registration = registration
        self.clear_passwords = clear_passwords
        self.epoch = 0.0
        self.welcome = ""
        """The channel that newcomers find themselves in; empty = none."""
        self.users: dict[str, User] = {}
        self.tokens: dict[bytes, Device] = {}
        self.channels: dict[str, Channel] = {}
        self.names: list[str] = []
        """Names of all channels in order, for lists that go on after a name."""
        self.graves: dict[str, StoredChannel] = {}
        self.sessions: dict[str, Session] = {}
        self.sockets: dict[int, Socket] = {}
        self.unsigned = 0
        """Sockets without a session."""
        self.gates: dict[str, Gate] = {}
        self.timers: list[Timer] = []
        self.checks: list[PasswordCheck] = []
        self.batch = Batch(1)
        self.touched: list[Socket] = []
        self.changed: dict[tuple[int, int], tuple[str, int]] = {}
        """Items changed by a batch that is not durable yet: (channel, pos) -> (body, number of the batch)."""
        self.channel_count = 0
        self.shelf = Shelf()
        self._load(loaded)

    # ------------------------------------------------------------ start

    def _load(self, loaded: Loaded) -> None:
        by_number = {row.number: User(row.number, row.name, row.password) for row in loaded.users}
        self.users = {user.name: user for user in by_number.values()}
        for token in loaded.tokens:
            self.add_token(by_number[token.user], token.device, token.digest)
        for user, name, low, high in loaded.settled:
            ids = self.device(by_number[user], name).ids
            ids.lows.append(low)
            ids.highs.append(high)
        channels = {row.number: self._load_channel(row) for row in loaded.channels if row.alive}
        self.graves = {row.name: row for row in loaded.channels if not row.alive}
        self.channel_count = max((row.number for row in loaded.channels), default=0)
        for member in loaded.members:
            self.put_in(channels[member.channel], by_number[member.user])
        for invite in loaded.invites:
            user_ = by_number[invite.user]
            channels[invite.channel].invited[user_.name] = user_
        for read in loaded.reads:
            channels[read.channel].reads[read.user] = read.pos
        self.shelf.load(loaded, channels, by_number, self.limits)

    def _load_channel(self, row: StoredChannel) -> Channel:
        channel = Channel(row.number, row.name, row.topic, row.creator, row.private, row.locked, row.base, row.head)
        channel.authors.extend(author for _, author in row.tail[-TAIL:])
        channel.last = last_of(decode_object(row.last)) if row.last else None
        self.add_channel(channel)
        return channel

    # ------------------------------------------------------------ people and places

    @staticmethod
    def device(user: User, name: str) -> Device:
        """Give a user's device; a new one if the name is new."""
        device = user.devices.get(name)
        if device is None:
            device = user.devices[name] = Device(user, name)
        return device

    def add_user(self, name: str, password: str) -> User:
        """Make an account, or give an old one its password hash."""
        user = self.users.get(name)
        if user is None:
            user = self.users[name] = User(len(self.users) + 1, name, password)
        user.password = password
        self.write(PutUser(user.number, name, password))
        return user

    def add_token(self, user: User, device: str, digest: bytes) -> None:
        """Let a device sign in with the token of this digest, and no longer with its older one."""
        old = user.tokens.pop(device, None)
        if old is not None:
            self.tokens.pop(old, None)
        user.tokens[device] = digest
        self.tokens[digest] = self.device(user, device)

    def add_channel(self, channel: Channel) -> None:
        """Enter a channel into the list."""
        self.channels[channel.name] = channel
        insort(self.names, channel.name)

    def drop_channel(self, channel: Channel) -> None:
        """Take a channel out of the list and its members out of it; its number and last position stay."""
        del self.channels[channel.name]
        del self.names[bisect_left(self.names, channel.name)]
        for user in channel.members.values():
            del user.channels[channel.name]
        self.graves[channel.name] = StoredChannel(
            channel.number, channel.name, "", 0, private=False, locked=False, base=0, head=channel.head, alive=False
        )

    @staticmethod
    def put_in(channel: Channel, user: User) -> None:
        """Make a user a member, in memory."""
        channel.members[user.name] = user
        user.channels[channel.name] = channel
        channel.invited.pop(user.name, None)
        for session in user.sessions:
            channel.online[session] = None

    @staticmethod
    def take_out(channel: Channel, user: User) -> None:
        """End a membership, in memory."""
        del channel.members[user.name]
        del user.channels[channel.name]
        for session in user.sessions:
            channel.online.pop(session, None)

    # ------------------------------------------------------------ journal

    def write(self, write: Write) -> None:
        """Add to what becomes durable with this batch."""
        self.batch.writes.append(write)

    def read(self, read: Read) -> int:
        """Ask the storage, after this batch's writes; give the number of the answer."""
        self.batch.reads.append(read)
        return len(self.batch.reads) - 1

    def append(self, channel: Channel, author: User, item: dict[str, Any], *, spoken: bool) -> None:
        """Add an item at `item["pos"]`, which is one above the head."""
        channel.head = item["pos"]
        channel.added(author.number if spoken else 0)
        if spoken:
            channel.last = last_of(item)
        self.write(Append(channel.number, channel.head, author.number, spoken, encode_object(item)))

    def item(self, channel: Channel, pos: int, found: str | None) -> dict[str, Any]:
        """Give an item as it is now. `found` is what the storage gave for it when this command was tried before.

        Raises:
            ItemNeeded: it is not in memory.
        """
        changed = self.changed.get((channel.number, pos))
        body = changed[0] if changed else found
        if body is None:
            raise ItemNeeded(channel.number, pos)
        return decode_object(body) if body else {}

    def replace(self, channel: Channel, pos: int, body: str, *, spoken: bool) -> None:
        """Change an item that exists."""
        self.changed[channel.number, pos] = (body, self.batch.number)
        self.write(Replace(channel.number, pos, spoken, body))

    # ------------------------------------------------------------ frames

    def send(self, socket: Socket, frame: Frame) -> None:
        """Put a frame behind everything that the socket is to get."""
        if not socket.out:
            self.touched.append(socket)
        socket.out.append(frame)

    def deliver(self, session: Session, body: str, number: int | None = None, plain: str = "") -> None:
        """Give a sequenced event to one session, with the action id that caused it if that was its own.

        `plain` is what a session that speaks bare S0 gets instead, where that differs.
        """
        socket = session.socket
        if session.tagged:
            session.seq += 1
            session.replay.append(body if number is None else (body, number))
            if socket is not None:
                self.send(socket, tag(body, seq=session.seq, id=number))
        elif socket is not None:
            self.send(socket, plain or body)

    def broadcast(
        self,
        sessions: Iterable[Session],
        intent: int,
        body: str,
        *,
        origin: Session | None = None,
        number: int | None = None,
        plain: str = "",
    ) -> None:
        """Give a sequenced event to the sessions with this intent; `number` goes to `origin` only."""
        touched = self.touched
        for session in sessions:
            if not session.intents & intent:
                continue
            if session is origin or not session.tagged:
                self.deliver(session, body, number if session is origin else None, plain)
                continue
            session.seq += 1
            session.replay.append(body)
            socket = session.socket
            if socket is not None:
                if not socket.out:
                    touched.append(socket)
                socket.out.append(f"@seq={session.seq} {body}")

    def hint(self, session: Session, body: str, number: int | None = None) -> None:
        """Give an unsequenced event to one session, if it has a socket."""
        if session.socket is not None:
            self.send(session.socket, tag(body, id=number) if session.tagged and number is not None else body)

    def later(self, session: Session, read: Read, write: Callable[[Result], str]) -> None:
        """Send a frame that hangs on a read, at its place among the session's frames."""
        if session.socket is not None:
            self.send(session.socket, Later(self.read(read), write))

    def load(self, socket: Socket, data: str | bytes, needed: ItemNeeded) -> None:
        """Let a frame wait for an item."""
        read = self.read(ReadItems(needed.channel, needed.pos, needed.pos))
        self.batch.loads.append(Load(socket, data, needed.channel, needed.pos, read))

    def close(self, socket: Socket, code: int, reason: str = "") -> None:
        """Close a socket after what it is to get; nothing that it says counts any more."""
        if not socket.closed:
            socket.closed = True
            self.send(socket, Close(code, reason))

    def take(self) -> Batch | None:
        """Give everything since the last call, None when there is nothing."""
        batch = self.batch
        batch.frames = [(socket, socket.out) for socket in self.touched]
        for socket in self.touched:
            socket.out = []
        if not (batch.writes or batch.reads or batch.frames):
            return None
        self.touched = []
        self.batch = Batch(batch.number + 1)
        return batch

    def settled(self, number: int) -> None:
        """Forget changed items that are durable since batch `number`."""
        if self.changed:
            self.changed = {key: entry for key, entry in self.changed.items() if entry[1] > number}

    # ------------------------------------------------------------ time

    def wall(self, now: float) -> int:
        """Give milliseconds since 1970."""
        return int((now + self.epoch) * 1000)

    def wake(self, when: float, kind: str, key: object = None) -> None:
        """Have something looked at when its time has come."""
        heapq.heappush(self.timers, Timer(when, kind, key))

    def due(self, now: float) -> Timer | None:
        """Give and remove the next timer whose time has come."""
        return heapq.heappop(self.timers) if self.timers and self.timers[0].when <= now else None
