"""Rows of an export as people read them: whom a line is about, on what it hangs, what became of it; all of it harmless."""

from __future__ import annotations

import re
from typing import Any

import pytest

from chat_tui.headless.export_shapes import SHAPES

ROW: dict[str, Any] = {"room_id": "r", "sender": "ann", "sender_name": "Ann", "ts": 0, "kind": "message", "text": "hi"}


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ({}, "- TIME **Ann**: hi"),
        ({"sender_name": ""}, "- TIME **ann**: hi"),
        ({"text": "a\nb"}, "- TIME **Ann**: a\n  b"),
        ({"kind": "emote", "text": "waves"}, "- TIME \\* **Ann** waves"),
        ({"reply_to": "x"}, "- TIME **Ann** (an answer): hi"),
        ({"thread": "x"}, "- TIME **Ann** (in a thread): hi"),
        ({"thread": "x", "reply_to": "y"}, "- TIME **Ann** (an answer, in a thread): hi"),
        ({"edited": 1, "reactions": {"👍": ["a", "b"]}}, "- TIME **Ann**: hi  *(edited)  👍 2*"),
        ({"text": "```\nx\n```", "edited": 1}, "- TIME **Ann**: ```\n  x\n  ```\n    *(edited)*"),
        ({"kind": "file", "text": "look", "file": {"name": "cat.png"}}, "- TIME **Ann**: [cat.png] look"),
        ({"kind": "file", "text": "cat.png", "file": {"name": "cat.png"}}, "- TIME **Ann**: [cat.png]"),
        ({"kind": "invite", "text": "", "target": "bob", "target_name": "Bob"}, "- *TIME Ann invited Bob*"),
        ({"kind": "kick", "text": "spam", "target": "bob"}, "- *TIME Ann removed bob: spam*"),
        ({"kind": "state", "text": "created the room"}, "- *TIME Ann created the room*"),
        ({"kind": "redacted", "text": ""}, "- *TIME Ann deleted a message*"),
        ({"gap": True}, "\n*… not stored here …*\n"),
    ],
)
def test_rows_in_markdown(more: dict[str, Any], line: str) -> None:  # E4
    shape = SHAPES["md"][1]
    assert re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "TIME", shape(ROW | more)) == line


@pytest.mark.parametrize("field", ["text", "sender_name"])
def test_a_page_holds_nobodys_markup(field: str) -> None:  # E7
    shape = SHAPES["html"][1]
    shown = shape(ROW | {field: "<q>&\x1b", "reactions": {"<i>": ["a"]}, "edited": 1, "thread": "x"})
    assert "<q>" not in shown
    assert "&lt;q&gt;&amp;\ufffd" in shown
    assert "<small>(edited)  &lt;i&gt; 1</small>" in shown
    note = shape(ROW | {"kind": "topic", "text": "<script>"})
    assert "<script>" not in note
