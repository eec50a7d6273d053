"""Make Requests: ids quoted into paths, query values as texts, bodies as JSON; no text of a person's can break one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import msgspec

from chat_tui_matrix.wire.calls import SHORT, Request

CLIENT: Final = "/_matrix/client"
V1: Final = f"{CLIENT}/v1"
V3: Final = f"{CLIENT}/v3"

_encode: Final = msgspec.json.Encoder().encode


def path(*parts: str, version: str = V3) -> str:
    """A path whose parts are all quoted. A part that is "." or ".." stays one: it shortens nothing."""
    return "/".join((version, *map(_quoted, parts)))


def room_path(room: str, *parts: str, version: str = V3) -> str:
    """A path below a room."""
    return path("rooms", room, *parts, version=version)


def query(told: Mapping[str, object]) -> dict[str, str]:
    """Query values as texts, without those that say nothing ("" and None)."""
    return {name: _sendable(str(value)) for name, value in told.items() if value not in ("", None)}


def as_json(value: Mapping[str, Any]) -> bytes:
    """JSON bytes; half surrogate pairs, which are in no UTF-8, become question marks."""
    try:
        return _encode(value)
    except UnicodeEncodeError:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def compact(value: Mapping[str, Any]) -> str:
    """JSON text without blanks; half surrogate pairs, which no file can hold, stand in it as escapes."""
    try:
        return _encode(value).decode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"))


def fields(**told: Any) -> dict[str, Any]:
    """A body without the fields that say nothing ("" and None)."""
    return {name: value for name, value in told.items() if value not in ("", None)}


def get(
    where: str,
    told: Mapping[str, object] | None = None,
    *,
    reads: str = "anything",
    timeout: float = SHORT,
    auth: bool = True,
) -> Request:
    """A GET."""
    return Request("GET", where, query(told or {}), None, reads, timeout, auth)


def put(where: str, body: Mapping[str, Any]) -> Request:
    """A PUT of JSON."""
    return Request("PUT", where, body=as_json(body))


def post(
    where: str,
    body: Mapping[str, Any],
    told: Mapping[str, object] | None = None,
    *,
    reads: str = "anything",
    timeout: float = SHORT,
    auth: bool = True,
) -> Request:
    """A POST of JSON."""
    return Request("POST", where, query(told or {}), as_json(body), reads, timeout, auth)


def delete(where: str) -> Request:
    """A DELETE."""
    return Request("DELETE", where)


def _quoted(part: str) -> str:
    quoted = quote(part, safe="", errors="replace")
    return quoted.replace(".", "%2E") if quoted in {".", ".."} else quoted


def _sendable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
