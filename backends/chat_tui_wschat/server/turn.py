"""One command on its way through the rules: who gave it, when, and how its handler tells others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from chat_tui_wschat.frame_json import encode_object
from chat_tui_wschat.frames import Command
from chat_tui_wschat.grammar import shown
from chat_tui_wschat.reply_codec import event_body
from chat_tui_wschat.server.hall import Hall, Refusal
from chat_tui_wschat.server.limits import EVENT_TYPES
from chat_tui_wschat.server.state import Channel, Session, User

INTENTS: Final[Mapping[str, int]] = {name: 1 << bit for bit, name in enumerate(EVENT_TYPES)}
"""Event types as bits of Session.intents."""

CHANNEL: Final = INTENTS["channel"]
USER: Final = INTENTS["user"]
MESSAGE: Final = INTENTS["message"]
PRESENCE: Final = INTENTS["presence"]
TYPING: Final = INTENTS["typing"]
FILE: Final = INTENTS["file"]


@dataclass(slots=True)
class Turn:
    """A command of a session at the time `now`. `found`: see Hall.item."""

    hall: Hall
    session: Session
    command: Command
    now: float
    found: str | None = field(default=None, repr=False)

    @property
    def user(self) -> User:
        """Who gave the command."""
        return self.session.user

    @property
    def ts(self) -> int:
        """The command's time in milliseconds since 1970."""
        return self.hall.wall(self.now)

    def unlabelled(self) -> Turn:
        """Give the same turn without an id: what happens beside the effect that was asked for is no echo of it."""
        return replace(self, command=replace(self.command, id=None))

    def word(self, index: int) -> str:
        """Give a fixed argument that is a word."""
        return str(self.command.args[index])

    def number(self, index: int) -> int:
        """Give a fixed argument that is a number."""
        return int(self.command.args[index])

    def note(self) -> str:
        """Give the topic, reason or presence text, "" when there is none.

        Raises:
            Refusal: TOOLONG.
        """
        text = self.command.text or ""
        if len(text.encode()) > self.hall.limits.max_note:
            raise Refusal("TOOLONG", f"The text is longer than {self.hall.limits.max_note} bytes")
        return text

    def channel(self, index: int = 0) -> Channel:
        """Give the channel that the command names, as a rule with its first argument.

        Raises:
            Refusal: NOTFOUND, also when it is not visible to the user.
        """
        channel = self.hall.channels.get(self.word(index))
        if channel is None or not channel.sees(self.user):
            raise Refusal("NOTFOUND", f"No channel {self.word(index)}")
        return channel

    def joined(self, index: int = 0) -> Channel:
        """Give the channel that the command names and the user is in.

        Raises:
            Refusal: NOTFOUND or NOTJOINED.
        """
        channel = self.channel(index)
        if self.user.name not in channel.members:
            raise Refusal("NOTJOINED", f"You are not in {channel.name}")
        return channel

    def person(self, name: str) -> User:
        """Give a user by name.

        Raises:
            Refusal: NOTFOUND.
        """
        user = self.hall.users.get(name)
        if user is None:
            raise Refusal("NOTFOUND", f"No user {shown(name)}")
        return user

    def tell(self, sessions: Iterable[Session], intent: int, body: str, plain: str = "") -> None:
        """Broadcast what this command caused; its own session gets the id."""
        self.hall.broadcast(sessions, intent, body, origin=self.session, number=self.command.id, plain=plain)

    def tell_of_user(self, channel: Channel, user: User, body: str, *, always: bool = False, plain: str = "") -> None:
        """Broadcast what happened to a user in a channel: to members and to that user, `always` or by intent."""
        for session in user.sessions:
            if always or session.intents & USER:
                own = self.command.id if session is self.session else None
                self.hall.deliver(session, body, own, plain)
        self.tell((session for session in channel.online if session.user is not user), USER, body, plain)


def happened(item: Mapping[str, Any], resource: str) -> str:
    """Write the event that a new timeline item is, for everyone."""
    data = {key: value for key, value in item.items() if key not in {"type", "action"}}
    return event_body(item["type"], item["action"], resource, data)


def confirm(verb: str, *words: str, data: Mapping[str, Any] | None = None) -> str:
    """Write a CONFIRM without tags."""
    body = " ".join(("CONFIRM", verb, *words))
    return f"{body} {encode_object(data)}" if data else body
