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
class Upload:
    """The body of a request is a file that is sent: `size` bytes that the shell reads from the session's disk."""

    transfer: int
    size: int
    mime: str = ""


@frozen
class Download:
    """The body of an answer goes to the session's disk: a file of which `done` bytes are there already.

    `size` is what it must have, -1 where nobody has told it. `etag` is what the server called it when it began.
    """

    transfer: int
    size: int = -1
    done: int = 0
    etag: str = ""


@frozen
class Request:
    """An HTTP request: `path` begins with /_matrix and is quoted already. `reads` names a decoder of `wire.decoding`.

    `body` is JSON or None, unless there is an `upload`. `timeout` is seconds without an answer. `auth`: with the access
    token. With a `download`, a 2xx answer is no value but a file: Fetched is its value. Of a body of more than `most`
    bytes nothing is wanted, Unfit is its value; 0: as many as the shell can bear.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    reads: str = "anything"
    timeout: float = SHORT
    auth: bool = True
    upload: Upload | None = None
    download: Download | None = None
    most: int = 0


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
class Unfit:
    """A 2xx answer to a download that is not the file that was asked for; asking again cannot help."""

    text: str


@frozen
class Fetched:
    """A download has come to its end: the file has `size` bytes."""

    size: int


@frozen
class Answer:
    """What came back for a call. `value` is what the request's decoder gave, a Refusal, or Garbled; of a file see Request.

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


@frozen
class Pictured:
    """The file that a call uploads is a picture of so many pixels."""

    id: int
    width: int
    height: int


@frozen
class Sent:
    """A call has written the first `done` bytes of a file; not for each piece."""

    id: int
    done: int


@frozen
class Began:
    """The answer to a download has begun: its bytes come from `start` on, of `size` (-1 = not told).

    `etag` is what the server calls this very file, `resumes`: it gives parts of files.
    """

    id: int
    start: int
    size: int
    etag: str = ""
    resumes: bool = False


@frozen
class Stilled:
    """The session's disk did not play along, and the session knows: nothing more is told of a call."""

    id: int


Reply = Answer | Failed
OnItsWay = Pictured | Sent | Began | Stilled
"""What is told of a call before it ends, or instead of its end."""

In = Reply | SecretKept | OnItsWay
