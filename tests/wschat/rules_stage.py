"""The server's rules on a stage without sockets, disk or clock: time is a float that tests add to."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

from chat_tui_wschat.server.hall import Hall
from chat_tui_wschat.server.limits import Limits
from chat_tui_wschat.server.memory_storage import MemoryStorage
from chat_tui_wschat.server.outgoing import Close, Feed, Outgoing
from chat_tui_wschat.server.rules import Rules
from chat_tui_wschat.server.rules_signing import Checked, digest_of
from chat_tui_wschat.server.shelf import Digest, Job
from chat_tui_wschat.server.state import TAIL
from chat_tui_wschat.server.storage import PutToken, PutUser, Store
from tests.wschat.wschat_peer import Heard, hear

GENEROUS = Limits(burst=1_000_000)
USERS = ("ann", "bob", "cid", "dan")
#: The rules' clock starts here, and is this far from 1970.
START, EPOCH_MS = 1000.0, 1_700_000_000_000


def password_of(user: str) -> str:
    return f"password of {user}"


def token_of(user: str, device: str) -> str:
    return f"token-of-{user}-{device}"


class Client:
    """One socket on the stage, and everything that came out for it."""

    def __init__(self, stage: Stage, number: int) -> None:
        self.stage = stage
        self.number = number
        self.frames: list[str] = []
        self.chunks: list[tuple[str, int, bytes]] = []
        self.close: Close | None = None
        self.sid = ""

    def say(self, *frames: str | bytes) -> list[str]:
        """Send frames and give what comes back to this socket, once everything has settled."""
        for frame in frames:
            self.stage.rules.received(self.number, frame, self.stage.now)
        self.stage.settle()
        return self.hear()

    def hear(self) -> list[str]:
        frames, self.frames = self.frames, []
        return frames

    def ask(self, frame: str | bytes) -> Heard:
        """Send a command and give its one reply; what came before stays to be heard, its own events do not."""
        before = self.hear()
        replies = [hear(one) for one in self.say(frame) if hear(one).words[0] in {"CONFIRM", "ERROR"}]
        self.frames = before
        assert len(replies) == 1, replies
        return replies[0]

    def code(self, frame: str | bytes) -> str:
        """Send a command that must fail; give the code."""
        reply = self.ask(frame)
        assert reply.words[0] == "ERROR", reply.raw
        return reply.words[1]

    def ok(self, frame: str | bytes) -> dict[str, Any]:
        """Send a command that must work; give its JSON."""
        reply = self.ask(frame)
        assert reply.words[0] == "CONFIRM", reply.raw
        return reply.data

    def events(self) -> list[Heard]:
        return [hear(frame) for frame in self.hear() if hear(frame).words[0] == "EVENT"]

    def end(self) -> int:
        """The code that the socket was closed with, 0 while it is open."""
        return self.close.code if self.close is not None else 0

    def lose(self) -> None:
        self.stage.rules.lost(self.number, self.stage.now)
        self.stage.settle()


class Stage:
    """Rules over a storage engine. `restart` makes new rules over what the engine kept."""

    def __init__(self, limits: Limits = GENEROUS, *, registration: bool = False, store: Store | None = None) -> None:
        self.limits = limits
        self.registration = registration
        self.store = store or MemoryStorage()
        self.now = START
        self.clear_passwords = True
        self._numbers = itertools.count(1)
        self._secrets = itertools.count(1)
        self.clients: dict[int, Client] = {}
        people = [PutUser(number, name, password_of(name)) for number, name in enumerate(USERS, 1)]
        self.store.commit(people, ())
        self.restart()

    def restart(self) -> None:
        """Forget everything in memory."""
        loaded = self.store.load(TAIL)
        hall = Hall(
            self.limits,
            loaded,
            lambda: f"secret-word-number-{next(self._secrets):06}",
            registration=self.registration,
            clear_passwords=self.clear_passwords,
        )
        hall.epoch = EPOCH_MS / 1000 - START
        self.rules = Rules(hall, "stage", self.now)
        self.clients = {}

    def settle(self) -> None:
        """Commit until nothing happens any more; check passwords on the way."""
        while True:
            for check in self.rules.checks():
                good = check.password == check.stored
                done = Checked(good=False, fresh=check.password) if check.register else Checked(good)
                self.rules.checked(check.socket.number, done, self.now)
            jobs = self.rules.jobs()
            for job in jobs:
                self._do(job)
            batch = self.rules.take()
            if batch is None:
                if jobs:
                    continue
                return
            self.release(self.rules.committed(batch, self.store.commit(batch.writes, batch.reads), self.now))
            for file in batch.drops:
                self.store.chunks.drop(file)

    def _do(self, job: Job) -> None:
        """Do what the shell does with the bytes of files."""
        chunks, file = self.store.chunks, job.file
        if isinstance(job, Digest):
            self.rules.digested(file, chunks.digest(file.number, file.flow.size))
        elif job.epoch == file.epoch and file.alive:
            try:
                chunks.keep(file.number, job.offset, [job.body])
            except OSError:
                self.rules.not_kept(file)
            else:
                self.rules.kept([job], self.now)

    def release(self, frames: Iterable[tuple[int, list[Outgoing]]]) -> None:
        """Hand frames to the sockets, as the shell would."""
        for number, waiting in frames:
            client = self.clients.get(number)
            for frame in waiting:
                if client is None or client.close is not None:
                    break
                if isinstance(frame, Close):
                    client.close = frame
                elif isinstance(frame, str):
                    client.frames.append(frame)
                elif isinstance(frame, Feed):
                    data = self.store.chunks.read(frame.file, frame.offset, frame.length)
                    client.chunks.append((frame.xid, frame.number, data))
            if client is not None and client.close is not None:
                self.rules.lost(number, self.now)

    def connect(self, address: str = "192.0.2.1") -> Client:
        """A socket that has heard HELLO."""
        number = next(self._numbers)
        client = self.clients[number] = Client(self, number)
        self.rules.opened(number, address, self.now)
        self.settle()
        return client

    def give_token(self, user: str, device: str) -> str:
        """Let a device sign in by token."""
        hall = self.rules.hall
        token = token_of(user, device)
        hall.add_token(hall.users[user], device, digest_of(token))
        hall.write(PutToken(digest_of(token), hall.users[user].number, device, 0))
        return token

    def sign_in(self, user: str, *intents: str, device: str = "laptop", tagged: bool = True) -> Client:
        """A signed-in socket with intents."""
        token = self.give_token(user, device)
        client = self.connect()
        client.hear()
        reply = client.ask(f"{'@id=900000 ' if tagged else ''}AUTH TOKEN {device} {token}")
        assert reply.words == ("CONFIRM", "AUTH", user), reply.raw
        client.sid = reply.data["session"]
        for name in intents:
            client.ok(f"SUBEVENT {name}")
        client.hear()
        return client

    def wait(self, seconds: float) -> None:
        """Let time pass, tick by tick, as the rules want to be woken."""
        end = self.now + seconds
        while (due := self.rules.wake_at()) is not None and due <= end:
            self.now = max(self.now, due)
            self.rules.tick(self.now)
            self.settle()
        self.now = end
        self.rules.tick(end)
        self.settle()
