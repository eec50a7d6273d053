"""The plain way to sync: GET /sync, one long poll after the other (S2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chat_tui_core.contract import Capability
from chat_tui_matrix.protocol.way import FIRST_LIMIT, POLL_MS, Poll, Verdict, first_poll, long_poll, verdict
from chat_tui_matrix.wire import paths
from chat_tui_matrix.wire.calls import Answer
from chat_tui_matrix.wire.events import SyncReply

LATER_LIMIT: Final = 50
"""Events of a room that a later sync brings at most; older ones that were missed are a gap."""


def sync_filter(limit: int) -> dict[str, Any]:
    """What is wanted: members only of those who speak, and the kinds of ephemeral events that are shown.

    It is sent whole each time, so there is no filter id that a server could forget (B19).
    """
    return {
        "presence": {"types": ["m.presence"]},
        "room": {
            "timeline": {"limit": limit},
            "state": {"lazy_load_members": True},
            "ephemeral": {"types": ["m.receipt", "m.typing"]},
        },
    }


_FIRST: Final[Mapping[str, Any]] = sync_filter(FIRST_LIMIT)
_LATER: Final[Mapping[str, Any]] = sync_filter(LATER_LIMIT)


class PlainWay:
    """See way.Way."""

    mode = "sync"
    key = "since"
    counts = True
    note = ""
    lacks: frozenset[Capability] = frozenset()
    behind = False

    def __init__(self) -> None:
        self.token = ""

    @property
    def whole(self) -> bool:
        """One answer tells of every room."""
        return bool(self.token)

    def begin(self, token: str) -> None:
        """See way.Way."""
        self.token = token

    def next(self, *, wait: bool, presence: str) -> Poll:
        """See way.Way."""
        if not self.token:
            return first_poll(paths.sync("", 0, dict(_FIRST), set_presence=presence))
        timeout_ms = POLL_MS if wait else 0
        return long_poll(paths.sync(self.token, timeout_ms, dict(_LATER), set_presence=presence), timeout_ms)

    def take(self, answer: Answer) -> SyncReply | Verdict:
        """See way.Way."""
        reply = answer.value
        if not isinstance(reply, SyncReply) or not reply.since:
            return verdict(answer, self.token)
        self.token = reply.since
        return reply
