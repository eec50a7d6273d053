"""The server's rules: frames of sockets in, batches of writes, reads and frames out; no I/O and no clock."""

from __future__ import annotations

import logging
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from chat_tui_wschat.frame_json import encode_object
from chat_tui_wschat.frames import Chunk, Command, Failure
from chat_tui_wschat.framing import tag
from chat_tui_wschat.grammar import FORMS, GROUPS, FrameError
from chat_tui_wschat.server import rules_chunks, rules_presence, rules_sessions, rules_signing
from chat_tui_wschat.server.batch import Batch, PasswordCheck
from chat_tui_wschat.server.hall import Hall, ItemNeeded, Refusal
from chat_tui_wschat.server.limits import Meter
from chat_tui_wschat.server.outgoing import Close, Later, Outgoing
from chat_tui_wschat.server.rulebook import SIGNING, UNMETERED, is_metered, rule_of
from chat_tui_wschat.server.rules_ids import answer_again, digest_of, settle
from chat_tui_wschat.server.rules_signing import TRIES, Checked
from chat_tui_wschat.server.shelf import Job, KeepChunk, SharedFile
from chat_tui_wschat.server.state import Session, Socket
from chat_tui_wschat.server.storage import Result
from chat_tui_wschat.server.turn import Turn
from chat_tui_wschat.wire import parse_command, write_reply

PROTOCOL: Final = "wschat-ie/1"
_log: Final = logging.getLogger(__name__)
_TIDY_SECONDS: Final = 600.0
_BACKLOG: Final = 32


class Rules:
    """One server's rules. `now` is seconds on any clock that only rises; see `Hall` for the rest."""

    def __init__(self, hall: Hall, name: str, now: float) -> None:
        self.hall = hall
        self._hello = f"HELLO {PROTOCOL} {encode_object(hall.limits.hello(name))}"
        hall.wake(now + _TIDY_SECONDS, "tidy")
        for file in hall.shelf.files.values():
            hall.wake(file.ts / 1000 - hall.epoch + hall.limits.file_ttl, "file", file.number)
            rules_chunks.check(hall, file)

    # ------------------------------------------------------------ sockets

    def opened(self, number: int, address: str, now: float) -> None:
        """A socket was opened; `number` is new, `address` is where it comes from."""
        hall = self.hall
        socket = hall.sockets[number] = Socket(number, address, Meter(hall.limits, now), now)
        hall.unsigned += 1
        if hall.unsigned > hall.limits.sockets_waiting:
            hall.close(socket, 1013, "too many connections are signing in")
            return
        hall.send(socket, self._hello)
        hall.wake(now + hall.limits.auth_timeout, "auth", number)

    def lost(self, number: int, now: float) -> None:
        """A socket is gone, whoever closed it."""
        hall = self.hall
        socket = hall.sockets.pop(number, None)
        if socket is None:
            return
        socket.closed = True
        if socket.session is None:
            hall.unsigned -= not socket.signed
        else:
            rules_sessions.detach(hall, socket.session, now)

    def slow(self, number: int, now: float) -> None:
        """A socket's reader is too slow: it is cut (4004) by the shell, and its session waits for another one."""
        socket = self.hall.sockets.get(number)
        if socket is not None and socket.session is not None:
            socket.closed = True
            rules_sessions.detach(self.hall, socket.session, now)

    def signed_in(self, number: int) -> bool:
        """Say whether a socket has a session."""
        socket = self.hall.sockets.get(number)
        return socket is not None and socket.session is not None

    def crowded(self, number: int) -> bool:
        """Say whether so many frames of a socket wait that the shell must not read more of it now."""
        socket = self.hall.sockets.get(number)
        if socket is None or socket.closed or socket.backlog is None:
            return False
        return len(socket.backlog) >= _BACKLOG

    def received(self, number: int, data: str | bytes, now: float) -> None:
        """A WebSocket message came in: str for a text message, bytes for a binary one."""
        socket = self.hall.sockets.get(number)
        if socket is None or socket.closed:
            return
        socket.heard_at, socket.asked = now, False
        if socket.session is not None:
            socket.session.heard_at = now
        if socket.busy:
            socket.backlog = socket.backlog or deque()
            socket.backlog.append(data)
        else:
            self._handle(socket, data, now)

    def _go_on(self, socket: Socket, now: float) -> None:
        """What a socket waited for has come: handle what it sent meanwhile."""
        while socket.backlog and not socket.busy and not socket.closed:
            self._handle(socket, socket.backlog.popleft(), now)
        if not socket.backlog:
            socket.backlog = None

    # ------------------------------------------------------------ one frame

    def _handle(self, socket: Socket, data: str | bytes, now: float, found: str | None = None) -> None:
        """Read and carry out one frame. `found`: the item that it waited for when it came for the second time."""
        if _too_long(data, self.hall.limits.max_frame):
            self.hall.close(socket, 1009, "a message over max_frame")
            return
        try:
            command = parse_command(data)
        except FrameError as error:
            self._refuse_frame(socket, data, error, now)
            return
        if isinstance(command, Chunk):
            self._chunk(socket, command, now)
        elif command.verb in UNMETERED:
            self._ping(socket, command)
        elif found is not None or not is_metered(command) or self._within_rate(socket, command.verb, command.id, now):
            self._dispatch(socket, command, data, now, found)

    def _refuse_frame(self, socket: Socket, data: str | bytes, error: FrameError, now: float) -> None:
        """Answer a frame that could not be read, by the precedence of wschat 3.7."""
        if isinstance(data, bytes):
            self.hall.close(socket, 1003, "a binary message is a file chunk or a CHAT frame")
            return
        if not self._within_rate(socket, error.verb, error.id, now):
            return
        code, text = error.code, error.text
        known = error.verb in FORMS or error.verb in GROUPS
        if code == "BADARGS" and known and not self._legal(socket, error.verb):
            code, text = "BADSTATE", _wrong_state(socket)
        self._fail(socket, Failure(code, error.verb, text, error.id))

    def _within_rate(self, socket: Socket, verb: str, number: int | None, now: float) -> bool:
        limits = self.hall.limits
        wait = socket.meter.take(limits, now)
        if not wait:
            return True
        if socket.meter.abused(limits):
            self.hall.close(socket, 4001, encode_object({"retry_after": round(limits.burst / limits.refill, 1)}))
        else:
            failure = Failure("RATELIMIT", verb, "Too many commands: wait a little", number, round(wait + 0.05, 1))
            self._fail(socket, failure)
        return False

    def _fail(self, socket: Socket, failure: Failure) -> None:
        self.hall.send(socket, str(write_reply(failure)))

    def _chunk(self, socket: Socket, frame: Chunk, now: float) -> None:
        """Take a chunk of a file; only those that are wrong count as commands."""
        failure: Failure | None = Failure("BADSTATE", "FILE", _wrong_state(socket))
        if socket.session is not None:
            failure = rules_chunks.chunk(self.hall, socket.session, frame)
        if failure is not None and self._within_rate(socket, "FILE", None, now):
            self._fail(socket, failure)

    @staticmethod
    def _legal(socket: Socket, verb: str) -> bool:
        if verb in UNMETERED or verb == "QUIT":
            return True
        return (verb in SIGNING) == (socket.session is None)

    def _ping(self, socket: Socket, command: Command) -> None:
        """PING acknowledges events and is answered; PONG needed only to be heard."""
        if command.verb == "PING":
            number = int(command.args[0])
            if socket.session is not None:
                socket.session.acknowledge(number)
            self.hall.send(socket, tag(f"PONG {number}", id=command.id))

    def _dispatch(self, socket: Socket, command: Command, data: str | bytes, now: float, found: str | None) -> None:
        session = socket.session
        if not self._legal(socket, command.verb):
            self._fail(socket, Failure("BADSTATE", command.verb, _wrong_state(socket), command.id))
        elif session is not None:
            self._carry_out(socket, Turn(self.hall, session, command, now, found), data)
        elif command.verb == "QUIT":
            if command.id is not None:
                self.hall.send(socket, tag("CONFIRM QUIT", id=command.id))
            self.hall.close(socket, 1000)
        else:
            socket.signing = command
            wait = rules_signing.delay(self.hall, socket.address, now) if command.verb == "AUTH" else 0.0
            if wait:
                socket.busy = True
                self.hall.wake(now + wait, "sign", socket.number)
            else:
                self._sign(socket, now)

    # ------------------------------------------------------------ signing in

    def _sign(self, socket: Socket, now: float, checked: Checked | None = None) -> None:
        """Carry out AUTH or RESUME, or go on with AUTH PASS when its password was checked."""
        command, hall = socket.signing, self.hall
        if command is None:
            return
        socket.busy = False
        try:
            if checked is not None:
                rules_signing.password_checked(hall, socket, checked, now)
            elif command.verb == "RESUME":
                sid, last = str(command.args[0]), int(command.args[1])
                rules_sessions.resume(hall, socket, sid, last, now, number=command.id)
            elif not rules_signing.sign_in(hall, socket, now):
                socket.busy = True
                return
        except Refusal as refusal:
            self._fail(socket, Failure(refusal.code, command.verb, refusal.text, command.id, refusal.retry))
            if socket.failures >= TRIES:
                hall.close(socket, 4000, "wrong credentials")
        socket.signing = None
        if socket.session is not None:
            socket.signed = True
            hall.wake(now + hall.limits.heartbeat, "beat", socket.number)

    def checks(self) -> list[PasswordCheck]:
        """Give the passwords that the shell is to check, each once."""
        checks, self.hall.checks = self.hall.checks, []
        return checks

    def checked(self, number: int, checked: Checked, now: float) -> None:
        """A password was checked."""
        socket = self.hall.sockets.get(number)
        if socket is not None and not socket.closed:
            self._sign(socket, now, checked)
            self._go_on(socket, now)

    # ------------------------------------------------------------ commands of a session

    def _carry_out(self, socket: Socket, turn: Turn, data: str | bytes) -> None:
        """Run a command's rule, at most once for an action id (wschat 3.5)."""
        command, hall = turn.command, self.hall
        rule = rule_of(command)
        number = command.id if rule.keeps else None
        if number is not None and number in turn.session.device.ids:
            answer_again(turn, number, digest_of(data))
            return
        if rule.keeps:
            hall.batch.asked.append((socket, command.verb, command.id))
        written, kept, retry = len(hall.batch.writes), True, None
        try:
            reply = rule.handler(turn)
        except ItemNeeded as needed:
            socket.busy = True
            hall.load(socket, data, needed)
            return
        except Refusal as refusal:
            retry, kept = refusal.retry, refusal.retry is None
            reply = str(write_reply(Failure(refusal.code, command.verb, refusal.text)))
        except Exception as error:
            # A fault of ours: the session goes on as long as nothing of this command was about to become durable.
            if len(hall.batch.writes) != written:
                raise
            where = traceback.extract_tb(error.__traceback__)[-1]
            _log.error(
                "rule failed verb=%s error=%s at=%s:%s", command.verb, type(error).__name__, where.name, where.lineno
            )
            reply, kept = str(write_reply(Failure("INTERNAL", command.verb, "The server has a fault"))), False
        if reply is not None:
            if number is not None and kept:
                settle(turn, number, digest_of(data), reply)
            hall.send(socket, tag(reply, id=command.id, retry=retry))

    # ------------------------------------------------------------ bytes of files

    def jobs(self) -> list[Job]:
        """Give what the shell is to do with the bytes of files, each once, in this order for each file."""
        return self.hall.shelf.take_jobs()

    def kept(self, jobs: Iterable[KeepChunk], now: float) -> None:
        """These chunks are durable."""
        rules_chunks.kept(self.hall, jobs, now)

    def not_kept(self, file: SharedFile) -> None:
        """A chunk of this file could not be stored: nothing of the same epoch may be stored after it."""
        rules_chunks.not_kept(self.hall, file)

    def digested(self, file: SharedFile, digest: str) -> None:
        """A file's digest was computed; "" = its bytes cannot be read."""
        rules_chunks.digested(self.hall, file, digest)

    # ------------------------------------------------------------ batches

    def take(self) -> Batch | None:
        """Give what happened since the last batch; None when nothing did."""
        return self.hall.take()

    def committed(self, batch: Batch, results: Sequence[Result], now: float) -> list[tuple[int, list[Outgoing]]]:
        """A batch is durable and its reads are answered: give each socket's frames, and go on with what waited."""
        hall = self.hall
        hall.settled(batch.number)
        frames = [
            (socket.number, [f.write(results[f.read]) if isinstance(f, Later) else f for f in waiting])
            for socket, waiting in batch.frames
        ]
        for load in batch.loads:
            found = results[load.read]
            body = found[0] if isinstance(found, list) and found else ""
            load.socket.busy = False
            if not load.socket.closed:
                self._handle(load.socket, load.data, now, body)
                self._go_on(load.socket, now)
        return frames

    def failed(self, batch: Batch | None, reason: str) -> list[tuple[int, list[Outgoing]]]:
        """The storage failed: give the last frames, which say so. Nothing may be asked of these rules afterwards.

        What the memory holds is no longer what the storage holds, so the server must start anew.
        """
        hall = self.hall
        asked = [*(batch.asked if batch else ()), *hall.batch.asked]
        last: dict[int, list[Outgoing]] = {number: [] for number in hall.sockets}
        for socket, verb, number in asked:
            if socket.number in last:
                text = "The server could not store this; try again later"
                last[socket.number].append(str(write_reply(Failure("INTERNAL", verb, text, number))))
        for number, frames in last.items():
            session = hall.sockets[number].session
            if session is not None:
                frames.append(_bye(session, reason))
            frames.append(Close(1011, reason))
        return list(last.items())

    def stop(self, reason: str) -> None:
        """The server goes down: say goodbye to every session and close every socket (1001)."""
        for socket in list(self.hall.sockets.values()):
            if socket.session is not None:
                self.hall.send(socket, _bye(socket.session, reason))
            self.hall.close(socket, 1001, reason)

    # ------------------------------------------------------------ time

    def wake_at(self) -> float | None:
        """When `tick` must be called at the latest."""
        return self.hall.timers[0].when if self.hall.timers else None

    def tick(self, now: float) -> None:
        """Let time pass."""
        while (timer := self.hall.due(now)) is not None:
            self._timers[timer.kind](self, timer.key, now)

    def _auth_due(self, number: int, now: float) -> None:
        socket = self.hall.sockets.get(number)
        if socket is not None and not socket.signed and not socket.closed:
            self.hall.close(socket, 4003, "not signed in within the time allowed")

    def _sign_due(self, number: int, now: float) -> None:
        socket = self.hall.sockets.get(number)
        if socket is not None and not socket.closed:
            self._sign(socket, now)
            self._go_on(socket, now)

    def _tidy_due(self, _key: object, now: float) -> None:
        rules_signing.tidy_gates(self.hall, now)
        self.hall.wake(now + _TIDY_SECONDS, "tidy")

    _timers: Final[Mapping[str, Callable[[Any, Any, float], None]]] = {
        "auth": _auth_due,
        "sign": _sign_due,
        "tidy": _tidy_due,
        "beat": lambda self, key, now: rules_sessions.beat(self.hall, key, now),
        "expire": lambda self, key, now: rules_sessions.expired(self.hall, key, now),
        "file": lambda self, key, _now: rules_chunks.expire(self.hall, key),
        "typing": lambda self, key, now: rules_presence.typing_lapsed(self.hall, key, now),
    }


def _too_long(data: str | bytes, most: int) -> bool:
    """Say whether a message is over the limit of frames, which does not bind chunks (wschat 3.8)."""
    if isinstance(data, bytes):
        return len(data) > most and data[:1] != b"x"
    return len(data) > most or (len(data) * 4 > most and len(data.encode()) > most)


def _wrong_state(socket: Socket) -> str:
    return "Not before AUTH" if socket.session is None else "This session is signed in already"


def _bye(session: Session, reason: str) -> str:
    return f"EVENT session BYE {session.sid} {encode_object({'reason': reason})}"
