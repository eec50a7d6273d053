"""What a reply means for whoever asked: the value, a definite no, not now, or nothing heard."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, Final, TypeVar

from chat_tui_core.safe_text import one_line
from chat_tui_core.values import frozen
from chat_tui_matrix.wire.calls import Failed, Garbled, Refusal, Reply, Request

T = TypeVar("T")

Steps = Generator[Request, Any, T]
"""Something that takes one request or several: yields each, is sent the value of its answer, returns what came of it.

A definite no is thrown in as Declined. Nothing else reaches it: who runs it deals with pauses and broken connections.
"""

DEFAULT_RETRY: Final = 5.0
LEAST_RETRY: Final = 0.5
MOST_RETRY: Final = 600.0
"""Seconds to wait after a 429 that names no time, or a hostile one (B13)."""

TEXT_LIMIT: Final = 300
CODE_LIMIT: Final = 40
_ID_LIMIT: Final = 255

_TOO_LARGE: Final = "This is too long for the server: shorten it, or send it in parts."

WORDS: Final[Mapping[str, str]] = {
    "M_BAD_STATE": "The room, or that person's place in it, does not allow this now.",
    "M_CANNOT_LEAVE_SERVER_NOTICE_ROOM": "This room brings the server's own notices; it cannot be left.",
    "M_CONSENT_NOT_GIVEN": "The server wants its terms to be accepted first: sign in on its web page.",
    "M_EXCLUSIVE": "This name is reserved by the people who run the server.",
    "M_FORBIDDEN": "You are not allowed to do this here.",
    "M_GUEST_ACCESS_FORBIDDEN": "Guests are not allowed to do this.",
    "M_INCOMPATIBLE_ROOM_VERSION": "This server is too old for that room.",
    "M_INVALID_PARAM": "The server does not accept this as it is written.",
    "M_INVALID_ROOM_STATE": "The server does not accept a room like this.",
    "M_LIMIT_EXCEEDED": "The server asks for a pause.",
    "M_MISSING_PARAM": "The server wants to know more than was said.",
    "M_NOT_FOUND": "The server does not find this.",
    "M_RESOURCE_LIMIT_EXCEEDED": "The server has reached a limit of its own; its people must be asked.",
    "M_ROOM_IN_USE": "A room with this address exists already.",
    "M_TOO_LARGE": _TOO_LARGE,
    "M_UNABLE_TO_AUTHORISE_JOIN": "The server cannot find out whether you may join.",
    "M_UNABLE_TO_GRANT_JOIN": "No server that was asked can let you in.",
    "M_UNRECOGNIZED": "This server cannot do this.",
    "M_UNSUPPORTED_ROOM_VERSION": "This server cannot make rooms of that version.",
}
"""What to say where the server refuses without a sentence (errcodes of the client-server API)."""

_NOT_NOW: Final = frozenset({408, 421, 425})
"""Statuses below 500 that say nothing about what was asked for."""


class Declined(Exception):
    """A definite no. `code` is the server's word, or ours for what was never sent; `text` one sentence."""

    def __init__(self, code: str, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.status = status


class Unreadable(Exception):
    """An answer says yes, and lacks what it must have; the text is one sentence."""


@frozen
class Given:
    """The value of an answer that says yes. `wall_s` is the time of day in seconds since 1970."""

    value: Any
    wall_s: int


@frozen
class Later:
    """Not now. `seconds` is None where the server names no time; `limited`: we ask too often.

    `named`: with an errcode, so that it is the homeserver that speaks; `said`: its own sentence.
    """

    code: str
    text: str
    seconds: float | None = None
    limited: bool = False
    status: int = 0
    named: bool = False
    said: str = ""


@frozen
class Unheard:
    """No answer came. `sent`: the request may have been carried out."""

    reason: str
    sent: bool


def judge(reply: Reply) -> Given | Declined | Later | Unheard:
    """Say what a reply means. A no without an errcode is one as well: a proxy may forbid what was written."""
    if isinstance(reply, Failed):
        return Unheard(one_line(reply.reason, TEXT_LIMIT) or "the connection broke", reply.sent)
    value = reply.value
    if isinstance(value, Garbled):
        return Later("GARBLED", f"The server's answer cannot be read: {one_line(value.text, TEXT_LIMIT)}")
    if not isinstance(value, Refusal):
        return Given(value, reply.wall_s)
    code = one_line(value.code, CODE_LIMIT) or f"HTTP {reply.status}"
    if reply.status == 429 or value.code == "M_LIMIT_EXCEEDED":
        return Later(
            code, _words(value, reply.status), sane_retry(value.retry_after), limited=True, status=reply.status
        )
    if not 400 <= reply.status < 500 or reply.status in _NOT_NOW:
        wait = None if value.retry_after is None else sane_retry(value.retry_after)
        words, named = _words(value, reply.status), bool(value.code)
        return Later(code, words, wait, status=reply.status, named=named, said=_said(value))
    return Declined(code, _words(value, reply.status), reply.status)


def sane_retry(seconds: float | None) -> float:
    """Give the seconds to wait after a 429, whatever it says."""
    return DEFAULT_RETRY if seconds is None else min(max(LEAST_RETRY, seconds), MOST_RETRY)


def _words(refusal: Refusal, status: int) -> str:
    """The server's own sentence on one line; ours where it has none, or one that helps nobody."""
    if status == 413:
        return _TOO_LARGE
    said = _said(refusal)
    if status >= 500 or status < 400:
        return f"The server has a fault ({status}{': ' + said if said else ''})."
    return said or WORDS.get(refusal.code, f"The server refused this and does not say why ({status}).")


def _said(refusal: Refusal) -> str:
    """The server's own sentence, "" where it only repeats a code."""
    return one_line(refusal.text, TEXT_LIMIT) if refusal.code and refusal.text != refusal.code else ""


def object_of(value: Any) -> dict[str, Any]:
    """The value as a JSON object; raises Unreadable."""
    if not isinstance(value, dict):
        raise Unreadable("The server's answer is not what it should be.")
    return value


def id_of(value: Any, key: str) -> str:
    """The id that an answer must have under a key; raises Unreadable."""
    found = text_of(object_of(value), key)
    if not found or len(found.encode("utf-8", "replace")) > _ID_LIMIT:
        raise Unreadable(f"The server's answer has no {key}.")
    return found


def text_of(content: Mapping[str, Any], key: str) -> str:
    """The text under a key, "" where there is none."""
    found = content.get(key, "")
    return found if isinstance(found, str) else ""
