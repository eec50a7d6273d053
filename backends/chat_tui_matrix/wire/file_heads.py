"""Ask for a file, or the rest of one, and read the head of the answer: which bytes come, and whether they are the right ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from chat_tui_core.values import frozen
from chat_tui_matrix.wire.calls import Download, Unfit

MOST_UNTOLD: Final = 100_000_000
"""Bytes of a file whose size neither its message nor the server tells, beyond which it is cut off."""

OTHER_SIZE: Final = "The server has a file of another size."
TOO_LONG: Final = "The server sends more than the file has."
PACKED: Final = "The server sends the file packed, though it was asked not to."
NO_FILE: Final = "The server answers with something that is no file."

_LARGEST: Final = 1 << 53
_OK: Final = 200
_PARTIAL: Final = 206
_NO_SUCH_PART: Final = 416
_range: Final = re.compile(r"bytes (\d{1,16})-(\d{1,16})/(\d{1,16}|\*)").fullmatch
_strong: Final = re.compile(r'"[\x21\x23-\x7e]{0,200}"').fullmatch


@frozen
class Head:
    """Bytes come from `start` on; the whole file has `size`, -1 where the server does not say."""

    start: int
    size: int
    etag: str = ""
    resumes: bool = False


def headers_for(wanted: Download) -> dict[str, str]:
    """What a request for a file, or for the rest of one, says in its headers (RFC 9110, 14)."""
    told = {"Accept": "*/*", "Accept-Encoding": "identity"}
    if wanted.done > 0:
        told["Range"] = f"bytes={wanted.done}-"
        if _strong(wanted.etag):
            told["If-Range"] = wanted.etag
    return told


def head(status: int, headers: Mapping[str, str], wanted: Download) -> Head | Unfit | None:
    """Which bytes an answer brings; None where the part that was asked for cannot be had: ask for the whole file.

    `headers` are those of a 2xx answer, or of 416; their names may be in any case.
    """
    known = {name.lower(): value.strip() for name, value in headers.items()}
    if status == _NO_SUCH_PART:
        return None
    if status not in {_OK, _PARTIAL}:
        return Unfit(NO_FILE)
    if known.get("content-encoding", "identity").lower() not in {"", "identity"}:
        return Unfit(PACKED)
    etag = found if _strong(found := known.get("etag", "")) else ""
    if status == _PARTIAL:
        part = _part(known.get("content-range", ""), wanted)
        if part is None or (etag and _strong(wanted.etag) and etag != wanted.etag):
            return None
        start, size, resumes = *part, True
    else:
        start, size, resumes = 0, _length(known.get("content-length", "")), known.get("accept-ranges") == "bytes"
    if size >= 0 and wanted.size not in {-1, size}:
        return Unfit(OTHER_SIZE)
    return Head(start, size, etag, resumes)


def most(found: Head, wanted: Download) -> int:
    """How many bytes the file has at most, by all that is known of it before the first one comes."""
    return next((size for size in (found.size, wanted.size) if size >= 0), MOST_UNTOLD)


def _part(told: str, wanted: Download) -> tuple[int, int] | None:
    """Where the part begins, and the size of the whole; None for a part that is not the one we asked for."""
    found = _range(told)
    if found is None:
        return None
    start, last, total = int(found[1]), int(found[2]), _length(found[3])
    wrong = start != wanted.done or last < start or (total >= 0 and last != total - 1)
    return None if wrong else (start, total if total >= 0 else last + 1)


def _length(told: str) -> int:
    """A number of bytes, -1 where there is none that makes sense."""
    if not (told.isascii() and told.isdigit() and len(told) <= 16):
        return -1
    return size if (size := int(told)) < _LARGEST else -1
