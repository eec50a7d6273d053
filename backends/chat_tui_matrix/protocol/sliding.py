"""Simplified sliding sync: the newest rooms at once, all others in growing windows (MSC4186)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chat_tui_core.contract import Capability
from chat_tui_matrix.protocol.way import (
    FIRST_LIMIT,
    POLL_MS,
    Poll,
    Verdict,
    first_poll,
    long_poll,
    verdict,
    with_membership,
)
from chat_tui_matrix.wire import paths
from chat_tui_matrix.wire.calls import Answer
from chat_tui_matrix.wire.events import SyncReply

WINDOWS: Final = (20, 100, 400)
"""How many rooms are asked for, newest first; a screenful comes in a tenth of a second."""

STEP: Final = 500
"""How much the window grows after those: between two windows the echoes of what was sent come in."""

ALL: Final = 100_000
"""A window that holds every room."""

REQUIRED_STATE: Final = (
    ("m.room.create", ""),
    ("m.room.name", ""),
    ("m.room.topic", ""),
    ("m.room.avatar", ""),
    ("m.room.canonical_alias", ""),
    ("m.room.join_rules", ""),
    ("m.room.power_levels", ""),
    ("m.room.encryption", ""),
    ("m.room.tombstone", ""),
    ("m.space.child", "*"),
    ("m.room.member", "$LAZY"),
    ("m.room.member", "$ME"),
)

_EXTENSIONS: Final[Mapping[str, Any]] = {name: {"enabled": True} for name in ("account_data", "receipts", "typing")}


def body(window: int) -> dict[str, Any]:
    """What is asked for: the newest `window` rooms.

    The limit of the timeline never changes: a server that sees it grow sends old events again as if they were new.
    """
    rooms = {
        "ranges": [[0, window - 1]],
        "timeline_limit": FIRST_LIMIT,
        "required_state": [list(pair) for pair in REQUIRED_STATE],
    }
    return {"conn_id": "chat-tui", "lists": {"rooms": rooms}, "extensions": dict(_EXTENSIONS)}


class SlidingWay:
    """See way.Way. Its token is good for one connection, and the server forgets it after a while."""

    mode = "sliding"
    key = "pos"
    counts = False
    note = ""
    lacks = frozenset({Capability.PRESENCE})
    behind = False

    def __init__(self, me: str) -> None:
        self._me = me
        self.token = ""
        self.whole = False
        self._window = 0

    def begin(self, token: str) -> None:
        """See way.Way; a stored token stands for a list that was whole."""
        self.token = token
        self.whole = bool(token)
        self._window = ALL if token else WINDOWS[0]

    def next(self, *, wait: bool, presence: str) -> Poll:
        """See way.Way."""
        timeout_ms = POLL_MS if wait and self.whole else 0
        request = paths.sliding_sync(self.token, timeout_ms, body(self._window))
        return long_poll(request, timeout_ms) if self.whole else first_poll(request)

    def take(self, answer: Answer) -> SyncReply | Verdict:
        """See way.Way."""
        reply = answer.value
        if not isinstance(reply, SyncReply) or not reply.since:
            return verdict(answer, self.token)
        self.token = reply.since
        self.whole = self.whole or self._window == ALL or 0 < reply.total <= self._window
        if self.whole or self._window >= reply.total:
            self._window = ALL
        else:
            self._window = next((size for size in WINDOWS if size > self._window), self._window + STEP)
        return reply.__replace__(rooms=with_membership(reply.rooms, self._me))
