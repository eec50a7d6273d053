"""Heads of answers that bring files: which bytes come, and what is no file or not this one; any headers at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_tui_matrix.wire.calls import Download, Unfit
from chat_tui_matrix.wire.file_heads import (
    MOST_UNTOLD,
    NO_FILE,
    OTHER_SIZE,
    PACKED,
    Head,
    head,
    headers_for,
    most,
)

WHOLE = Download(1, 100)
REST = Download(1, 100, 40, '"e"')


# D3
@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (WHOLE, {}),
        (REST, {"Range": "bytes=40-", "If-Range": '"e"'}),
        (Download(1, 100, 40), {"Range": "bytes=40-"}),
        (Download(1, 100, 40, 'W/"e"'), {"Range": "bytes=40-"}),
        (Download(1, 100, 40, '"e"\r\nX: y'), {"Range": "bytes=40-"}),
    ],
)
def test_the_rest_is_asked_for_where_something_is_here(wanted: Download, told: dict[str, str]) -> None:
    assert headers_for(wanted) == {"Accept": "*/*", "Accept-Encoding": "identity"} | told


# D3, D9
@pytest.mark.parametrize(
    ("status", "headers", "wanted", "expected"),
    [
        (200, {"Content-Length": "100"}, WHOLE, Head(0, 100)),
        (200, {"content-length": "100", "etag": '"e"', "accept-ranges": "bytes"}, WHOLE, Head(0, 100, '"e"', True)),
        (200, {"Content-Length": "100", "ETag": 'W/"e"'}, WHOLE, Head(0, 100)),
        (200, {"Content-Length": "0"}, Download(1), Head(0, 0)),
        (200, {}, Download(1), Head(0, -1)),
        (200, {"Content-Length": "0x10"}, Download(1), Head(0, -1)),
        (200, {"Content-Length": "9" * 30}, Download(1), Head(0, -1)),
        (200, {"Content-Length": str(2**53)}, Download(1), Head(0, -1)),
        (200, {"Content-Length": "101"}, WHOLE, Unfit(OTHER_SIZE)),
        (200, {"Content-Length": "99"}, REST, Unfit(OTHER_SIZE)),
        (200, {"Content-Length": "100"}, REST, Head(0, 100)),
        (200, {"Content-Length": "100", "Content-Encoding": "gzip"}, WHOLE, Unfit(PACKED)),
        (204, {}, WHOLE, Unfit(NO_FILE)),
        (206, {"Content-Range": "bytes 40-99/100", "ETag": '"e"'}, REST, Head(40, 100, '"e"', True)),
        (206, {"Content-Range": "bytes 40-99/*"}, REST, Head(40, 100, "", True)),
        (206, {"Content-Range": "bytes 40-99/100", "ETag": '"f"'}, REST, None),
        (206, {"Content-Range": "bytes 41-99/100"}, REST, None),
        (206, {"Content-Range": "bytes 40-98/100"}, REST, None),
        (206, {"Content-Range": "bytes 40-39/40"}, REST, None),
        (206, {"Content-Range": "bytes 40-109/110"}, REST, Unfit(OTHER_SIZE)),
        (206, {"Content-Type": "multipart/byteranges"}, REST, None),
        (416, {"Content-Range": "bytes */100"}, REST, None),
    ],
)
def test_what_an_answer_brings(
    status: int, headers: dict[str, str], wanted: Download, expected: Head | Unfit | None
) -> None:
    assert head(status, headers, wanted) == expected


@given(
    st.sampled_from([200, 204, 206, 416]),
    st.dictionaries(
        st.sampled_from(["Content-Length", "content-range", "ETag", "Accept-Ranges"]),
        st.text(max_size=20) | st.from_regex(r"bytes \d{1,4}-\d{1,4}/\d{1,4}", fullmatch=True) | st.just("7"),
    ),
    st.builds(Download, st.just(1), st.integers(-1, 50), st.integers(0, 50), st.text(max_size=5)),
)
def test_no_head_breaks_anything(status: int, headers: dict[str, str], wanted: Download) -> None:  # D9
    found = head(status, headers, wanted)
    if isinstance(found, Head):
        assert found.start in {0, wanted.done}
        assert wanted.size in {-1, found.size} or found.size == -1
        assert most(found, wanted) in {found.size, wanted.size, MOST_UNTOLD}
