"""What one account's protocol core holds between two calls, and the few things that all of its parts do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from chat_tui_core.contract import Link, LinkChanged, News, Position, Problem, SetPresence
from chat_tui_wschat.frames import Command, Event
from chat_tui_wschat.grammar import FrameError
from chat_tui_wschat.protocol_events import Stream
from chat_tui_wschat.protocol_files import Files
from chat_tui_wschat.protocol_labels import Labels
from chat_tui_wschat.protocol_ledger import Ledger
from chat_tui_wschat.protocol_link import Backoff, Heartbeat, Limits, Pace
from chat_tui_wschat.protocol_questions import Questions
from chat_tui_wschat.protocol_sequence import Sequence
from chat_tui_wschat.protocol_typing import OwnTyping
from chat_tui_wschat.protocol_values import Out, Send
from chat_tui_wschat.wire import write_command

PROGRESS_TIME: Final = 15.0
"""Seconds without a message during the handshake after which it counts as stuck."""


SIGNING_SHARE: Final = 0.8
"""The part of the server's time for signing in after which no answer means that something is stuck."""


@dataclass(frozen=True, slots=True)
class Login:
    """Where and as whom to sign in."""

    url: str
    user: str
    device: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Errand:
    """A command of the handshake whose answer is awaited: SUBEVENT with its type, LSSUBS, LSCHANS and LSFILES with their bound."""

    verb: str
    args: tuple[str, ...] = ()


@dataclass(slots=True)
class Legacy:
    """A bare S0 server: what has not been answered yet, and the channels that it told of."""

    waiting: set[str]
    rooms: tuple[str, ...] | None = None


class Desk:
    """Everything that the core knows. Values for the shell and news are only added here, and taken by the core."""

    def __init__(self, login: Login, position: Mapping[str, str], rng: Callable[[], float]) -> None:
        self.login = login
        self.device = login.device
        self.rng = rng
        self.out: list[Out] = []
        self.news: list[News] = []
        # the link
        self.link = Link.OFFLINE
        self.backoff = Backoff(rng)
        self.retry_at = 0.0
        self.online_since = 0.0
        self.socket = False
        self.hello_by: float | None = None
        self.deadline: float | None = None
        self.heartbeat: Heartbeat | None = None
        self.legacy: Legacy | None = None
        self.expected = ""  # "AUTH" or "RESUME" while its answer is awaited, and the label of that
        self.expected_label = 0
        self.bye = ""
        self.late_signins = 0
        # the session
        self.limits = Limits()
        self.pace = Pace(self.limits, 0.0)
        self.sequence: Sequence[Event | FrameError] = Sequence(position)
        self.stored = self.sequence.last
        self.settled = bool(self.sequence.sid)  # intents are declared and lists were taken in this session
        self.gap = False
        self.stuck = ("", 0, 0)  # session, last number, how often the stream broke right there
        self.greeted = self.settled  # this server has once said HELLO, so it is no bare S0 server
        self.intents: set[str] = set(self.limits.events)
        self.errands: dict[int, Errand] = {}
        self.again: list[tuple[float, Errand]] = []
        self.lists_at = 0.0
        self.last_action_id = 0
        # what is carried over it
        self.labels = Labels()
        self.files = Files(self.labels)
        self.stream = Stream(login.user, self.files)
        self.ledger = Ledger()
        self.questions = Questions(self.stream, self.labels)
        self.typing = OwnTyping()
        self.presence: SetPresence | None = None

    # ------------------------------------------------------------ out

    def send(self, command: Command) -> None:
        """Write a command; raises FrameError when its values make no frame."""
        self.out.append(Send(write_command(command)))

    def say(self, *news: News) -> None:
        """Add news."""
        self.news.extend(news)

    def problem(self, text: str) -> None:
        """Add a line for whoever looks after this: something was set aside."""
        self.news.append(Problem(text))

    def move(self, link: Link, reason: str = "", retry_at: float = 0.0) -> None:
        """The link is now this; every change carries its reason in words."""
        self.link = link
        self.retry_at = retry_at
        self.news.append(LinkChanged(link, reason, retry_at, self.backoff.attempt))

    def run(self, errand: Errand, now: float) -> None:
        """Send a command of the handshake, labelled."""
        label = self.labels.next()
        self.errands[label] = errand
        self.pace.spend(now)
        self.send(Command(errand.verb, errand.args, id=label))

    def sign(self, verb: str, args: tuple[str | int, ...], now: float) -> None:
        """Send AUTH or RESUME, labelled: a server may take a client without labels for bare S0.

        An answer must come before the server's own time for signing in ends, which would count against us (4003).

        Raises:
            FrameError: the token, device or session makes no frame.
        """
        self.expected, self.expected_label = verb, self.labels.next()
        self.deadline = now + min(PROGRESS_TIME, self.limits.auth_timeout * SIGNING_SHARE)
        self.send(Command(verb, args, id=self.expected_label))

    def expects(self, verb: str, label: int | None) -> bool:
        """Say whether a reply with this verb and label is the answer to AUTH or RESUME."""
        return bool(self.expected) and (label == self.expected_label or (label is None and verb == self.expected))

    def mark_position(self) -> None:
        """Add the stream's position when it has moved and everything up to it has been told."""
        if self.sequence.moved and self.settled and not self.gap:
            self.sequence.moved = False
            if position := self.sequence.position:
                self.news.append(Position(position))
