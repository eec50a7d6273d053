"""Who is named: what a sender says outranks a text, and an id of another server is somebody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from chat_tui_core.model import EventKind, RoomEvent
from chat_tui_core.session.ingest_history import mentions_me
from chat_tui_core.store import Store
from chat_tui_core.store.events import insert_events, newest_events
from chat_tui_core.store.inbox import naming

ME = "@ada:one.example"


def said(text: str, order: int = 1, names_me: bool | None = None) -> RoomEvent:
    return RoomEvent("!r", f"${order}", order, EventKind.MESSAGE, "@bob:x", order, text, names_me=names_me)


@pytest.mark.parametrize(
    ("text", "me", "mine"),
    [
        ("ada: hi", ME, True),
        ("Ada, hi", ME, True),
        ("hi @ada", ME, True),
        ("hi @ada: look", ME, True),
        ("ask @ada:one.example", ME, True),
        ("ask @ADA:One.Example.", ME, True),
        ("ask @ada:two.example", ME, False),
        ("ask @ada:one.example.org", ME, False),
        ("ask @ada:one.example:8448", ME, False),
        ("@adam and nevada", ME, False),
        ("hi @ada:two.example", "ada", True),
    ],
)
def test_a_text_names_who_is_called_by_name_or_id(text: str, me: str, mine: bool) -> None:  # B16
    assert mentions_me(said(text), me) is mine


@pytest.mark.parametrize(("text", "told"), [("ada: hi", False), ("hi both of you", True)])
def test_what_the_sender_says_outranks_the_text(text: str, told: bool) -> None:  # B16
    assert mentions_me(said(text, names_me=told), ME) is told


def test_what_names_me_is_found_by_what_its_sender_said(tmp_path: Path) -> None:  # B16
    events = [
        said("ada: one", 1),
        said("ada: two", 2, names_me=False),
        said("hi both", 3, names_me=True),
        said("ada: four", 4, names_me=True),
    ]
    store = Store.open(tmp_path / "chat.db")
    store.write_now(insert_events, events)
    assert store.read(newest_events, "!r", 9) == events
    assert [event.order for event in store.read(naming, "ada", ME, 9)] == [4, 3, 1]
    store.close_now()
