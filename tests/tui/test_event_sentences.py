"""Every kind of event has its look, and what is no message has its sentence."""

from __future__ import annotations

import pytest

from chat_tui.transfer_words import size_text
from chat_tui.widgets.event_sentences import CHANGES, KINDS, file_text, sentence
from chat_tui_core.model import SPOKEN, EventKind, FileInfo, RoomEvent

SAID_OTHERWISE = SPOKEN | {EventKind.REDACTED, EventKind.UNSUPPORTED}


@pytest.mark.parametrize("kind", EventKind)
def test_every_kind_is_drawn_and_told(kind: EventKind) -> None:
    event = RoomEvent("r", "$1", 1, kind, "@ann:x", 0, text="said", sender_name="Ann", target="@bob:x")
    assert kind in KINDS
    assert bool(sentence(event)) == (kind not in SAID_OTHERWISE)
    assert (kind in CHANGES) == (KINDS[kind] == "membership")


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        (EventKind.BAN, "spam", "Ann banned @bob:x: spam"),
        (EventKind.RENAME, "Anna", "Ann is now called Anna"),
        (EventKind.STATE, "changed the picture", "Ann changed the picture"),
        (EventKind.NAME, "Lobby", "Ann named the room Lobby"),
        (EventKind.NAME, "", "Ann took the room's name away"),
        (EventKind.TOPIC, "", "Ann removed the topic"),
    ],
)
def test_sentences(kind: EventKind, text: str, told: str) -> None:
    event = RoomEvent("r", "$1", 1, kind, "@ann:x", 0, text=text, sender_name="Ann", target="@bob:x")
    assert sentence(event) == told


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, ""), (-1, ""), (1, "1 B"), (999, "999 B"), (1_500, "1.5 KB"), (2_345_678, "2.3 MB"), (5 * 10**12, "5000 GB")],
)
def test_sizes(size: int, text: str) -> None:
    assert size_text(size) == text


def test_a_file_is_a_line_with_its_caption_below() -> None:
    assert file_text(FileInfo("cat.png", 1_500, "image/png"), "cat.png") == "▤ cat.png  (1.5 KB, image/png)"
    assert file_text(FileInfo("notes"), "read this") == "▤ notes\nread this"
