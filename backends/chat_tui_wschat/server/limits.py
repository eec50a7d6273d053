"""The server's limits, what HELLO says of them, and the meter that holds a session to its share (wschat 3.8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

EVENT_TYPES: Final = ("channel", "user", "message", "presence", "typing", "file")
"""Event types that can be subscribed to, as HELLO names them (wschat 3.3)."""

CAPABILITIES: Final = ("chat", "direct", "files", "history", "lsfiles", "private", "resume")
"""What this server offers beyond S0."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Every limit of wschat 3.8 that this server keeps.

    Attributes:
        heartbeat: seconds of silence after which either side asks for a sign of life.
        auth_timeout: seconds that a socket may stay without a session.
        resume_ttl: seconds that a session without a socket is kept.
        replay_max: sequenced events kept a session for RESUME.
        max_frame: bytes of one frame, either way.
        max_text: bytes of a message's text.
        max_note: bytes of a topic, a reason or a presence text.
        max_history: items of one page.
        channels_per_user: channels that one user may be in.
        sessions_per_user: sessions that one user may have at once.
        burst: commands that a session may send at once.
        refill: commands a second that a session may send on and on.
        abuse: how many bursts of refused commands end the connection.
        queue_frames: frames that may wait for a slow reader.
        queue_bytes: bytes that may wait for a slow reader.
        typing_ttl: seconds that a sign of typing holds.
        kept_replies: replies kept for each device, however old.
        kept_seconds: age in seconds up to which every reply is kept.
        sockets_waiting: sockets without a session that are open at once.
        tokens_per_user: devices that may hold a token at once; the oldest token goes first.
        max_chunk: bytes of one chunk of a file.
        window: chunks that may be on their way beyond the last acknowledged one.
        file_max: bytes of one file.
        file_ttl: seconds that an offered file is kept.
        file_quota: bytes of all files of one user that are kept at once.
        file_count: files of one user that are kept at once.
        file_transfers: files that one user may send and receive at once.
        file_wait: seconds after which an upload may be tried again when the disk did not take it.
    """

    heartbeat: float = 30.0
    auth_timeout: float = 10.0
    resume_ttl: float = 300.0
    replay_max: int = 1000
    max_frame: int = 65_536
    max_text: int = 4_000
    max_note: int = 300
    max_history: int = 100
    channels_per_user: int = 200
    sessions_per_user: int = 8
    burst: int = 120
    refill: float = 2.0
    abuse: int = 10
    queue_frames: int = 1000
    queue_bytes: int = 4 * 1024 * 1024
    typing_ttl: float = 10.0
    kept_replies: int = 256
    kept_seconds: float = 86_400.0
    sockets_waiting: int = 256
    tokens_per_user: int = 50
    max_chunk: int = 262_144
    window: int = 32
    file_max: int = 2 * 1024**3
    file_ttl: float = 30 * 86_400.0
    file_quota: int = 10 * 1024**3
    file_count: int = 1_000
    file_transfers: int = 16
    file_wait: float = 30.0

    def hello(self, name: str) -> dict[str, Any]:
        """Give the JSON of HELLO (wschat 3.2): heartbeat in milliseconds, times in seconds, sizes in bytes."""
        return {
            "name": name,
            "heartbeat": round(self.heartbeat * 1000),
            "auth_timeout": self.auth_timeout,
            "resume_ttl": self.resume_ttl,
            "replay_max": self.replay_max,
            "max_frame": self.max_frame,
            "max_text": self.max_text,
            "max_history": self.max_history,
            "commands": self.burst,
            "refill": self.refill,
            "max_chunk": self.max_chunk,
            "window": self.window,
            "file_max": self.file_max,
            "file_ttl": self.file_ttl,
            "events": list(EVENT_TYPES),
            "caps": list(CAPABILITIES),
        }


class Meter:
    """A token bucket: what one session may still send, and how much it sent beyond that."""

    __slots__ = ("at", "level", "over")

    def __init__(self, limits: Limits, now: float) -> None:
        self.level = float(limits.burst)
        self.over = 0.0
        self.at = now

    def take(self, limits: Limits, now: float) -> float:
        """Count one command; give 0 when it is within the limit, else the seconds until the next one is."""
        gained = (now - self.at) * limits.refill
        self.at = now
        self.level = min(float(limits.burst), self.level + gained)
        self.over = max(0.0, self.over - gained)
        if self.level >= 1:
            self.level -= 1
            return 0.0
        self.over += 1
        return (1 - self.level) / limits.refill

    def abused(self, limits: Limits) -> bool:
        """Say whether refused commands have passed the hard limit (close 4001)."""
        return self.over > limits.abuse * limits.burst
