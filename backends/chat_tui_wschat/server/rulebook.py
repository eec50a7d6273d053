"""What each command of a signed-in session does: one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from chat_tui_wschat.frames import Command
from chat_tui_wschat.server import (
    lists,
    rules_channels,
    rules_files,
    rules_messages,
    rules_presence,
    rules_sessions,
)
from chat_tui_wschat.server.rules_chat import chat
from chat_tui_wschat.server.turn import Turn

Handler = Callable[[Turn], str | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """What a signed-in session's verb does. `keeps`: its id is settled and its reply kept (wschat 3.5)."""

    handler: Handler
    keeps: bool = False


RULES: Final[Mapping[str, Rule]] = {
    "SUBEVENT": Rule(rules_sessions.subscribe),
    "UNSUBEVENT": Rule(rules_sessions.unsubscribe),
    "LSEVENTS": Rule(lists.list_events),
    "LSCHANS": Rule(lists.list_channels),
    "LSSUBS": Rule(lists.list_subscriptions),
    "LSUSERS": Rule(lists.list_users),
    "LSFILES": Rule(lists.list_files),
    "CREATE": Rule(rules_channels.create, keeps=True),
    "DELETE": Rule(rules_channels.delete, keeps=True),
    "JOIN": Rule(rules_channels.join, keeps=True),
    "PART": Rule(rules_channels.part, keeps=True),
    "INVITE": Rule(rules_channels.invite, keeps=True),
    "KICK": Rule(rules_channels.kick, keeps=True),
    "TOPIC": Rule(rules_channels.set_topic, keeps=True),
    "MSG": Rule(rules_messages.post, keeps=True),
    "CHAT": Rule(chat, keeps=True),
    "HISTORY": Rule(rules_messages.history),
    "READ": Rule(rules_messages.read, keeps=True),
    "TYPING": Rule(rules_presence.typing),
    "PRESENCE": Rule(rules_presence.presence),
    "FILE OFFER": Rule(rules_files.offer, keeps=True),
    "FILE RESUME": Rule(rules_files.resume),
    "FILE ACCEPT": Rule(rules_files.accept),
    "FILE ACK": Rule(rules_files.acknowledge),
    "FILE DONE": Rule(rules_files.done),
    "FILE FAIL": Rule(rules_files.fail),
    "FILE CANCEL": Rule(rules_files.cancel),
    "QUIT": Rule(rules_sessions.quit_session),
}
"""Verbs that are legal in state READY, besides PING and PONG, which are legal always (wschat 3.2)."""

SIGNING: Final = frozenset({"AUTH", "RESUME"})
"""Verbs that are legal in state UNAUTH, besides PING, PONG and QUIT."""

UNMETERED: Final = frozenset({"PING", "PONG"})
"""Verbs that the rate limit does not count (wschat 3.8); FILE ACK is not counted either."""


def rule_of(command: Command) -> Rule:
    """Give the rule of a command whose verb is legal in state READY."""
    return RULES.get(command.verb) or RULES[f"{command.verb} {command.args[0]}"]


def is_metered(command: Command) -> bool:
    """Say whether the rate limit counts a command (wschat 3.8)."""
    return command.verb not in UNMETERED and (command.verb, command.args[:1]) != ("FILE", ("ACK",))
