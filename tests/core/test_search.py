"""Finding what was said: the words that people type, and what the index gives for them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_tui_core.errors import LocalError
from chat_tui_core.model import EventKind, FileInfo, Room
from chat_tui_core.search_query import Query, parse_query
from chat_tui_core.store import Store
from chat_tui_core.store import events as stored
from chat_tui_core.store import rooms as stored_rooms
from chat_tui_core.store.search import find_messages
from tests.core.scripted import said

DAY = round(datetime(2026, 1, 31, tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("typed", "query"),
    [
        ("hello", Query('"hello"*')),
        ("hello world", Query('"hello" "world"*')),
        ('"hello world"', Query('"hello world"')),
        ("from:@Ann hi", Query('"hi"*', sender="ann")),
        ('in:"The Lobby" x', Query('"x"*', room="the lobby")),
        ("has:file HAS:link", Query(has=frozenset({"file", "link"}))),
        ("before:2026-01-31 x", Query('"x"*', before=DAY)),
        ("after:2026-01-30", Query(after=DAY)),
        ("a OR b NEAR(", Query('"a" "OR" "b" "NEAR("*')),
        ("http://x.example", Query('"http://x.example"')),
    ],
)
def test_what_is_typed(typed: str, query: Query) -> None:
    assert parse_query(typed) == query


@pytest.mark.parametrize("typed", ["", "  ", "!!", "before:soon", "has:everything", "x" * 501])
def test_what_is_not_understood_is_said(typed: str) -> None:
    with pytest.raises(LocalError):
        parse_query(typed)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "chat.db")
    lobby = Room("!1", name="The Lobby", aliases=("#lobby:x",))
    store.write_now(stored_rooms.save_rooms, [lobby, Room("general")])
    events = [
        said(1, "the quick brown fox", "ann", room_id="!1"),
        said(2, "a lazy dog http://dog.example", "bob", room_id="!1"),
        replace(said(3, "a picture", "bob", room_id="general"), file=FileInfo("cat.png")),
        replace(said(4, "Füchse und Straßen", "eve", room_id="general"), ts=DAY),
        replace(said(5, "left in a hurry, quick", "ann", room_id="general"), kind=EventKind.LEAVE),
    ]
    store.write_now(stored.insert_events, events)
    yield store
    store.close_now()


def found(store: Store, typed: str) -> list[str]:
    return [event.text for event in store.read(find_messages, parse_query(typed))]


@pytest.mark.parametrize(
    ("typed", "texts"),
    [
        ("quick", ["the quick brown fox"]),
        ("qui", ["the quick brown fox"]),
        ("brown quick", ["the quick brown fox"]),
        ('"quick brown"', ["the quick brown fox"]),
        ('"brown quick"', []),
        ("fuchse", ["Füchse und Straßen"]),
        ("a", ["a picture", "a lazy dog http://dog.example"]),
        ("from:bob in:lobby", ["a lazy dog http://dog.example"]),
        ("has:file", ["a picture"]),
        ("has:link", ["a lazy dog http://dog.example"]),
        ("after:2026-01-30", ["Füchse und Straßen"]),
        ("from:ann before:2026-01-01", ["the quick brown fox"]),
        ("dog.example", ["a lazy dog http://dog.example"]),
    ],
)
def test_what_is_found(store: Store, typed: str, texts: list[str]) -> None:
    assert found(store, typed) == texts


def test_a_room_that_is_not_there_is_said(store: Store) -> None:
    with pytest.raises(LocalError, match="no room 'nowhere'"):
        found(store, "in:nowhere x")


def test_the_index_follows_edits_and_deletions(store: Store) -> None:
    store.write_now(stored.apply_edit, "!1", "m1", 1, "the slow brown fox", 9)
    assert found(store, "quick") == []
    assert found(store, "slow") == ["the slow brown fox"]
    store.write_now(stored.apply_redaction, "!1", "m1", 1)
    assert found(store, "slow") == []
    store.write_now(stored_rooms.forget_room, "general")
    assert found(store, "picture") == []


@given(st.text(max_size=60))
def test_nothing_that_is_typed_breaks_the_search(typed: str) -> None:
    try:
        query = parse_query(typed)
    except LocalError:
        return
    assert query.match.count('"') % 2 == 0


@pytest.mark.parametrize("typed", ['"', 'a"b', "a*", "-a", "a:b", "(a)", "{x y}:", "NOT a", "a\x00b", "\ud800x", "^a"])
def test_hostile_queries_find_nothing_and_break_nothing(store: Store, typed: str) -> None:
    with contextlib.suppress(LocalError):
        assert found(store, typed) is not None
