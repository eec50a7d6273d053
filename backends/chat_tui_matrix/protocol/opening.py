"""What is asked before the first sync: what the server offers, and who we are; then which way to sync is chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from chat_tui_core.contract import Capability, Link
from chat_tui_matrix.protocol.desk import Desk
from chat_tui_matrix.protocol.legacy import LegacyWay
from chat_tui_matrix.protocol.line import Line
from chat_tui_matrix.protocol.plain import PlainWay
from chat_tui_matrix.protocol.sliding import SlidingWay
from chat_tui_matrix.protocol.way import Way
from chat_tui_matrix.wire import paths
from chat_tui_matrix.wire.calls import SHORT, Answer, Garbled, Refusal

SLIDING_FEATURE: Final = "org.matrix.simplified_msc3575"

CAPABILITIES: Final = frozenset(
    {
        Capability.SEND,
        Capability.HISTORY,
        Capability.CREATE,
        Capability.JOIN,
        Capability.INVITE,
        Capability.KICK,
        Capability.TOPIC,
        Capability.EDIT,
        Capability.REDACT,
        Capability.REACT,
        Capability.REPLY,
        Capability.READ,
        Capability.TYPING,
        Capability.PRESENCE,
        Capability.DIRECTORY,
        Capability.BAN,
        Capability.NAME,
        Capability.PROFILE,
        Capability.USERS,
        Capability.JUMP,
        Capability.THREADS,
        Capability.REFER,
        Capability.TAG,
        Capability.KNOCK,
        Capability.FORGET,
        Capability.FILES,
        Capability.PICTURES,
        Capability.SPACES,
    }
)
"""What this backend can do with a server that offers everything."""


class Opening:
    """The steps from nothing to knowing how to sync. `opened` gets the ways that may be tried, best first."""

    def __init__(self, desk: Desk, line: Line, mode: str, opened: Callable[[list[Way], float], None]) -> None:
        self._desk = desk
        self._line = line
        self._mode = mode
        self._opened = opened
        self._sliding = False

    def begin(self, now: float) -> None:
        """Ask what the server offers, and who we are where that is not known."""
        self._line.run(self._ask_versions, now)

    def _ask_versions(self, now: float) -> None:
        self._line.move(Link.CONNECTING, "", now)
        self._line.ask(paths.versions(), SHORT, self._versions, now)

    def _versions(self, answer: Answer, now: float) -> None:
        if isinstance(answer.value, Refusal | Garbled):
            self._line.refused(answer, now)
            return
        self._sliding = _features(answer.value).get(SLIDING_FEATURE) is True
        if self._desk.me.startswith("@") and self._desk.device:
            self._opened(self._ways(), now)
        else:
            self._line.run(self._ask_whoami, now)

    def _ask_whoami(self, now: float) -> None:
        self._line.move(Link.SIGNING_IN, "", now)
        self._line.ask(paths.whoami(), SHORT, self._whoami, now)

    def _whoami(self, answer: Answer, now: float) -> None:
        told = answer.value if isinstance(answer.value, dict) else {}
        user, device = told.get("user_id"), told.get("device_id")
        if not isinstance(user, str) or not user.startswith("@"):
            self._line.refused(answer, now)
            return
        self._desk.me = user
        self._desk.device = device if isinstance(device, str) and device else self._desk.device
        self._opened(self._ways(), now)

    def _ways(self) -> list[Way]:
        """The ways of the mode that the person chose; a mode that is not known is "auto"."""
        me = self._desk.me
        if self._mode == "legacy":
            return [LegacyWay(me)]
        if self._mode == "sync":
            return [PlainWay()]
        if self._mode == "sliding":
            return [SlidingWay(me)]
        return [SlidingWay(me), PlainWay()] if self._sliding else [PlainWay()]


def _features(versions: Any) -> Mapping[str, Any]:
    found = versions.get("unstable_features") if isinstance(versions, dict) else None
    return found if isinstance(found, dict) else {}
