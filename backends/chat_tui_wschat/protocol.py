"""The wschat protocol core: a contract.ProtocolCore without I/O, clock or randomness of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from chat_tui_core.actions import Action, Kind
from chat_tui_core.contract import (
    AskAround,
    AskRefused,
    AskUsers,
    Link,
    News,
    Postponed,
    Question,
    RefusedAction,
    SetPresence,
    SetTyping,
)
from chat_tui_core.file_news import FileOrder
from chat_tui_core.small_pictures import AskPicture
from chat_tui_core.spaces import AskSpace
from chat_tui_core.threads import AskThread
from chat_tui_wschat import protocol_legacy, protocol_messages, protocol_signin
from chat_tui_wschat.frames import Command
from chat_tui_wschat.grammar import FrameError, number_ok
from chat_tui_wschat.protocol_actions import Unsendable, frame
from chat_tui_wschat.protocol_desk import PROGRESS_TIME, Desk, Login
from chat_tui_wschat.protocol_labels import FIRST_LABEL
from chat_tui_wschat.protocol_link import Beat
from chat_tui_wschat.protocol_socket import break_stream, closed, drop, open_failed, open_socket, say_goodbye
from chat_tui_wschat.protocol_values import Closed, CloseSocket, In, Message, Open, Opened, OpenFailed, Out, Send

__all__ = [
    "CloseSocket",
    "Closed",
    "In",
    "Login",
    "Message",
    "Open",
    "OpenFailed",
    "Opened",
    "Out",
    "Send",
    "WschatCore",
]

HELLO_TIME: Final = 2.0
"""Seconds without HELLO after which a server counts as bare S0 (wschat 3.2)."""


class WschatCore:
    """One account on one server. See contract.ProtocolCore for what each method is called for.

    `position` is what the last Position gave, or empty; `rng` gives a number from 0 to below 1 (jitter).
    """

    def __init__(self, login: Login, position: Mapping[str, str], rng: Callable[[], float]) -> None:
        self._desk = Desk(login, position, rng)

    @property
    def link(self) -> Link:
        """How the account stands to its server."""
        return self._desk.link

    # ------------------------------------------------------------ in, from the session

    def start(self, now: float) -> None:
        """Begin to connect; does nothing while that is under way."""
        if self._desk.link in {Link.OFFLINE, Link.STOPPED}:
            self._desk.backoff.reset()
            open_socket(self._desk)

    def stop(self, now: float) -> None:
        """Say goodbye; nothing is tried again."""
        if self._desk.link is not Link.OFFLINE:
            say_goodbye(self._desk, now)

    def do(self, action: Action, now: float) -> None:
        """Write an action, as soon as the server's limits allow; refused here when it cannot be said at all."""
        desk = self._desk
        if desk.link is not Link.ONLINE:
            desk.say(Postponed(action.id, 0.0, "OFFLINE", "Not connected; it is sent when the connection is back."))
            return
        if desk.legacy is not None:
            desk.say(RefusedAction(action.id, "UNSUPPORTED", f"Nothing can be sent: {protocol_legacy.NOTE}."))
            return
        if not 0 < action.id < FIRST_LABEL:
            desk.say(RefusedAction(action.id, "BADARGS", f"Action ids go from 1 to {FIRST_LABEL - 1}."))
            return
        try:
            desk.ledger.put(action, frame(action, desk.limits))
        except Unsendable as error:
            desk.say(RefusedAction(action.id, error.code, error.text))
            return
        self._flush(now)
        if action.kind is Kind.SEND:
            self._type(SetTyping(action.room_id, typing=False), now)

    def ask(self, question: Question, now: float) -> None:
        """Write a question; those about rooms wait until the account is online."""
        desk = self._desk
        if isinstance(question, SetTyping):
            self._type(question, now)
        elif isinstance(question, SetPresence):
            protocol_signin.keep_presence(desk, question, now)
        elif desk.link is Link.STOPPED:
            desk.say(AskRefused(question.request, "STOPPED", "Not connected."))
        elif isinstance(question, AskAround | AskUsers | AskThread | AskPicture | AskSpace):
            desk.say(AskRefused(question.request, "UNSUPPORTED", "wschat has no such question."))
        elif desk.legacy is not None:
            desk.say(AskRefused(question.request, "UNSUPPORTED", f"Not on a {protocol_legacy.NOTE}."))
        else:
            desk.questions.put(question)
        self._flush(now)

    def order(self, order: FileOrder, now: float) -> None:
        """Take an order about a file; forgotten when the connection breaks."""
        desk = self._desk
        desk.files.at(now)
        if desk.link is Link.ONLINE and desk.legacy is None:
            desk.say(*desk.files.order(order, desk.limits))
        self._flush(now)

    def stored(self, position: Mapping[str, str], now: float) -> None:
        """Everything up to this position is durable; the next PING tells the server so."""
        desk, seq = self._desk, position.get("seq", "")
        if position.get("sid") == desk.sequence.sid and number_ok(seq):
            desk.stored = min(max(desk.stored, int(seq)), desk.sequence.last)

    def connect_now(self, now: float) -> None:
        """Do not wait for the next try."""
        if self._desk.link in {Link.WAITING, Link.STOPPED}:
            open_socket(self._desk)

    # ------------------------------------------------------------ in, from the shell

    def receive(self, data: In, now: float) -> None:
        """Take what the shell met."""
        desk = self._desk
        desk.files.at(now)
        match data:
            case Opened():
                if desk.link is Link.CONNECTING and not desk.socket:
                    desk.socket = True
                    desk.hello_by = now + (PROGRESS_TIME if desk.greeted else HELLO_TIME)
            case Message(data=message):
                if desk.socket:
                    protocol_messages.take(desk, message, now)
            case Closed():
                closed(desk, data, now)
            case OpenFailed():
                open_failed(desk, data, now)
        self._check_stream(now)
        self._flush(now)

    def tick(self, now: float) -> None:
        """Let time pass."""
        desk = self._desk
        if desk.link is Link.WAITING and now >= desk.retry_at:
            open_socket(desk)
        if desk.hello_by is not None and now >= desk.hello_by:
            self._no_hello(now)
        if desk.deadline is not None and now >= desk.deadline:
            self._overdue(now)
        self._check_stream(now)
        self._beat(now)
        protocol_signin.run_again(desk, now)
        desk.say(*desk.stream.lapse_typing(now), *desk.ledger.overdue(now), *desk.questions.overdue(now))
        desk.files.calls.overdue(now)
        self._flush(now)

    # ------------------------------------------------------------ out

    def sends(self) -> list[Out]:
        """What the shell must do now, in order."""
        out, self._desk.out = self._desk.out, []
        return out

    def events(self) -> list[News]:
        """What happened, in order; ends in the position when the stream moved."""
        self._desk.mark_position()
        news, self._desk.news = self._desk.news, []
        return news

    def wake_at(self) -> float | None:
        """When `tick` must be called at the latest; None = no need."""
        desk = self._desk
        times = [desk.hello_by, desk.deadline, desk.stream.typers.wake_at(), *(at for at, _ in desk.again)]
        if desk.link is Link.WAITING:
            times.append(desk.retry_at)
        if desk.socket:
            times.append(desk.sequence.wake_at())
        if desk.heartbeat is not None:
            times.append(desk.heartbeat.wake_at())
        if desk.link is Link.ONLINE and desk.legacy is None:
            times += [desk.ledger.wake_at(desk.pace), desk.questions.wake_at(desk.pace), desk.typing.wake_at()]
            times.append(desk.files.calls.wake_at(desk.pace))
            if desk.stream.wants_lists:
                times.append(desk.lists_at)
        return min((at for at in times if at is not None), default=None)

    # ------------------------------------------------------------ time

    def _no_hello(self, now: float) -> None:
        """A server that said HELLO before is only late or stuck: taking it for S0 would refuse what waits to be sent."""
        if self._desk.greeted:
            drop(self._desk, "the server did not answer", now)
        else:
            protocol_legacy.begin(self._desk, now)

    def _overdue(self, now: float) -> None:
        """Something of the handshake was not answered in time."""
        desk = self._desk
        if desk.legacy is not None:
            desk.deadline = None
            protocol_legacy.finish(desk, desk.legacy, now)
        elif desk.link is Link.ONLINE:
            desk.deadline = None
            desk.errands.clear()
            desk.stream.lists = None
            desk.problem("The server did not give its lists of rooms in time.")
        else:
            drop(desk, "the server did not answer", now)

    def _check_stream(self, now: float) -> None:
        if self._desk.socket and self._desk.sequence.broken(now):
            break_stream(self._desk, now)

    def _beat(self, now: float) -> None:
        desk = self._desk
        if desk.heartbeat is None:
            return
        beat = desk.heartbeat.tick(now, desk.stored)
        if beat is Beat.PING:
            desk.send(Command("PING", (desk.stored,)))
        elif beat is Beat.DEAD:
            drop(desk, "the server stopped answering", now, code=4006)

    # ------------------------------------------------------------ what waits for its turn

    def _flush(self, now: float) -> None:
        desk = self._desk
        if desk.link is not Link.ONLINE or desk.legacy is not None:
            return
        for entry in desk.ledger.release(desk.pace, now):
            desk.out.append(Send(entry.message))
            desk.say(desk.ledger.written(entry))
        frames, refusals = desk.questions.release(desk.pace, now, desk.limits.max_history)
        desk.out.extend(Send(message) for message in frames)
        desk.say(*refusals)
        desk.out.extend(desk.files.take_out(desk.pace, now))
        for room_id in desk.typing.due(now):
            self._tell_typing(room_id, "ON", now)
        if desk.stream.wants_lists and desk.stream.lists is None and now >= desk.lists_at:
            protocol_signin.take_lists(desk, now)

    def _type(self, question: SetTyping, now: float) -> None:
        desk = self._desk
        stops = desk.typing.put(question.room_id, now, typing=question.typing)
        if stops and desk.link is Link.ONLINE and desk.legacy is None:
            self._tell_typing(question.room_id, "OFF", now)

    def _tell_typing(self, room_id: str, word: str, now: float) -> None:
        """Tell others that this user types, or no longer does; never at the cost of what matters more."""
        desk = self._desk
        if "typing" not in desk.limits.events or not desk.pace.take(now):
            return
        try:
            desk.send(Command("TYPING", (room_id, word)))
        except FrameError as error:
            desk.typing.put(room_id, now, typing=False)
            desk.problem(f"Typing cannot be told: {error.text}.")
