"""Files, pictures, films and places that messages bring: what is told of them is checked value by value."""

from __future__ import annotations

from typing import Any

import pytest

from chat_tui_core.model import EventKind, FileInfo
from chat_tui_matrix.content.messages import Said, read
from chat_tui_matrix.wire.events import MatrixEvent

JSON = dict[str, Any]
HTML = "org.matrix.custom.html"
MESSAGE, FILE = EventKind.MESSAGE, EventKind.FILE


INFO = {"size": 1_000, "mimetype": "Image/PNG", "w": 20, "h": 10, "thumbnail_url": "mxc://x.example/thumb"}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            {"msgtype": "m.image", "body": "cat.png", "url": "mxc://x.example:8448/Cat-1", "info": INFO},
            Said(
                FILE,
                "",
                file=FileInfo(
                    "cat.png", 1_000, "image/png", "mxc://x.example:8448/Cat-1", 20, 10, "", "mxc://x.example/thumb"
                ),
            ),
        ),
        (
            {"msgtype": "m.file", "body": "a caption", "filename": "report.pdf", "url": "mxc://x.example/r"},
            Said(FILE, "a caption", file=FileInfo("report.pdf", ref="mxc://x.example/r")),
        ),
        (
            {
                "msgtype": "m.video",
                "filename": "v.mp4",
                "body": "x",
                "format": HTML,
                "formatted_body": "<em>slanted</em>",
            },
            Said(FILE, "_slanted_", file=FileInfo("v.mp4")),
        ),
        ({"msgtype": "m.audio", "body": "a.ogg", "filename": "a.ogg"}, Said(FILE, file=FileInfo("a.ogg"))),
        (
            {
                "msgtype": "m.file",
                "body": "secret",
                "file": {"url": "mxc://x.example/enc", "hashes": {"sha256": "aGFzaA"}},
                "info": {"thumbnail_file": {"url": "mxc://x.example/t"}},
            },
            Said(FILE, file=FileInfo("secret", ref="encrypted:mxc://x.example/enc", thumbnail="mxc://x.example/t")),
        ),
        ({"msgtype": "m.file", "body": "../../a\x1b\n b\u202e.txt"}, Said(FILE, file=FileInfo("../../a� b.txt"))),
        ({"msgtype": "m.file", "body": " "}, Said(FILE, file=FileInfo("file"))),
        ({"msgtype": "m.file", "filename": "only.name"}, Said(FILE, file=FileInfo("only.name"))),
        ({"msgtype": "m.file", "body": "x" * 400}, Said(FILE, file=FileInfo("x" * 255))),
        (
            {
                "msgtype": "m.file",
                "body": "x",
                "url": "https://x.example/z",
                "info": {"size": -1, "w": 1.5, "h": True, "mimetype": "a b"},
            },
            Said(FILE, file=FileInfo("x")),
        ),
        (
            {"msgtype": "m.file", "body": "x", "url": "mxc://x.example/../z", "info": {"size": 2**53}},
            Said(FILE, file=FileInfo("x")),
        ),
        (
            {"msgtype": "m.file", "body": "x", "url": "mxc://x.example/..", "info": {"size": "9"}},
            Said(FILE, file=FileInfo("x")),
        ),
        ({"msgtype": "m.file", "body": "x", "info": 3, "file": [], "url": {}}, Said(FILE, file=FileInfo("x"))),
        (
            {"msgtype": "m.location", "body": "Here", "geo_uri": "geo:1.5,2"},
            Said(MESSAGE, "Location: Here (geo:1.5,2)"),
        ),
        ({"msgtype": "m.location", "body": "at geo:1,2", "geo_uri": "geo:1,2"}, Said(MESSAGE, "Location: at geo:1,2")),
        ({"msgtype": "m.location", "body": "", "geo_uri": "geo:1,2"}, Said(MESSAGE, "Location: geo:1,2")),
        ({"msgtype": "m.location", "body": "Here", "geo_uri": "\x1b"}, Said(MESSAGE, "Location: Here")),
    ],
)
def test_files_and_places(content: JSON, expected: Said) -> None:  # B5, E7
    assert read(MatrixEvent("m.room.message", content, "@ann:x.example", "$1", 1)) == expected
