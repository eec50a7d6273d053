"""Turn an HTTP answer into a value: what the request's decoder makes of it, a Refusal, or Garbled; never an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from chat_tui_core.safe_text import one_line
from chat_tui_matrix.wire import legacy_reading, other_reading, sliding_reading, sync_reading
from chat_tui_matrix.wire.calls import Garbled, Refusal
from chat_tui_matrix.wire.json_reading import Unreadable

MAX_WAIT: Final = 86_400.0
"""Seconds that a server may have us wait."""
_CODE_LIMIT: Final = 64
_TEXT_LIMIT: Final = 400

#: What Request.reads may say, and what then comes of a 2xx answer.
READERS: Final[Mapping[str, Callable[[bytes], Any]]] = {
    "anything": other_reading.anything,
    "bytes": bytes,
    "context": other_reading.context,
    "event": other_reading.event,
    "events": legacy_reading.events,
    "initial_sync": legacy_reading.initial_sync,
    "login": other_reading.login,
    "members": other_reading.members,
    "page": other_reading.page,
    "refresh": other_reading.refresh,
    "room_initial_sync": legacy_reading.room_initial_sync,
    "sliding": sliding_reading.sliding,
    "state": other_reading.state,
    "sync": sync_reading.sync,
    "uploaded": other_reading.uploaded,
    "versions": other_reading.versions,
    "whole_sync": partial(sync_reading.sync, whole=True),
}


def decode(reads: str, status: int, headers: Mapping[str, str], body: bytes) -> Any:
    """The value of an answer. `reads` is one of READERS; `headers` may be in any case. Raises nothing else.

    It may take a second for a body of 100 MB, so a shell calls it in a thread for large ones.
    """
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return _refusal(status, headers, body)
    try:
        return READERS[reads](body)
    except Unreadable as why:
        return Garbled(str(why))


def _refusal(status: int, headers: Mapping[str, str], body: bytes) -> Refusal:
    """What a server's no says. A body that is no Matrix error gives a code of "" and the HTTP status as the text."""
    try:
        told = other_reading.anything(body)
    except Unreadable:
        told = {}
    retry_after = _retry_after(headers, told.get("retry_after_ms"))
    code, text = (
        one_line(value, limit) if isinstance(value := told.get(name), str) else ""
        for name, limit in (("errcode", _CODE_LIMIT), ("error", _TEXT_LIMIT))
    )
    if not code:
        return Refusal("", _status_text(status), retry_after)
    return Refusal(code, text or code, retry_after, told.get("soft_logout") is True)


def _status_text(status: int) -> str:
    try:
        return f"HTTP {status}: {HTTPStatus(status).phrase}"
    except ValueError:
        return f"HTTP {status}: no reason given"


def _retry_after(headers: Mapping[str, str], milliseconds: object) -> float | None:
    """Seconds to wait: the header's, else the body's older field; None where neither is a number."""
    told = next((value for name, value in headers.items() if name.lower() == "retry-after"), "").strip()
    if told.isascii() and told.isdigit():
        return min(float(told[:10]), MAX_WAIT)
    if isinstance(milliseconds, int | float) and not isinstance(milliseconds, bool):
        return min(max(milliseconds, 0), MAX_WAIT * 1000) / 1000
    return None
