"""A request as the shell is to make it, and what may become of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Final

from chat_tui_core.values import frozen

SHORT: Final = 30.0
"""Seconds that an ordinary request may take."""

LONG: Final = 300.0
"""Seconds that a first sync may take: it is the server's own work that lasts."""


@frozen
class Request:
    """An HTTP request: `path` begins with /_matrix and is quoted already. `reads` names a decoder of `wire.decoding`.

    `body` is JSON or None. `timeout` is seconds without an answer. `auth`: with the access token.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    reads: str = "anything"
    timeout: float = SHORT
    auth: bool = True


# ---------------------------------------------------------------- core -> shell


@frozen
class Call:
    """Make this request; answer with its id. `token` is the access token, "" for none."""

    id: int
    request: Request
    token: str = field(default="", repr=False)


@frozen
class Hangup:
    """Drop a request that is under way; nothing is told of it any more."""

    id: int


@frozen
class KeepSecret:
    """Store the account's secret, then tell SecretKept."""

    secret: str = field(repr=False)


Out = Call | Hangup | KeepSecret


# ---------------------------------------------------------------- shell -> core


@frozen
class Refusal:
    """An answer that is not 2xx. `code` is errcode, or "" for a body that is no Matrix error.

    `retry_after` is seconds (Retry-After, or retry_after_ms), None when the server does not say.
    """

    code: str
    text: str
    retry_after: float | None = None
    soft_logout: bool = False


@frozen
class Garbled:
    """A 2xx answer that cannot be read: no JSON, not the shape that it must have, or too large."""

    text: str


@frozen
class Answer:
    """What came back for a call. `value` is what the request's decoder gave, a Refusal, or Garbled.

    `wall_s` is the time of day in seconds since 1970.
    """

    id: int
    status: int
    value: Any
    wall_s: int = 0


@frozen
class Failed:
    """No answer: refused, broken, timed out. `reason` is half a sentence for the status bar.

    `fatal`: trying again cannot help (a certificate that is not trusted). `sent`: the request may have been delivered.
    """

    id: int
    reason: str
    fatal: bool = False
    sent: bool = True


@frozen
class SecretKept:
    """The secret of KeepSecret is durable."""


In = Answer | Failed | SecretKept
Reply = Answer | Failed
