"""Whatever a server or a person in a room writes, decoding gives a value, and what is good in an answer is kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chat_tui_matrix.wire.calls import Garbled
from chat_tui_matrix.wire.decoding import READERS, decode
from chat_tui_matrix.wire.event_reading import MAX_TEXT
from chat_tui_matrix.wire.events import SyncReply
from chat_tui_matrix.wire.json_mending import MAX_DEPTH, mend
from tests.matrix.wire_bodies import (
    ADA,
    BOB,
    OTHER,
    ROOM,
    Json,
    dumped,
    ids,
    joined,
    member,
    message,
    state,
    stripped,
    sync_body,
    synced,
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)

#: Pieces that stand in the place of a value, and that no JSON reader takes or that are hard to take.
POISON: dict[str, bytes] = {
    "a lone surrogate": rb'"a\ud800b"',
    "a lone low surrogate": rb'"a\udc00"',
    "the wrong way round": rb'"\udc00\ud800"',
    "a surrogate in a key": rb'{"\ud800": 1}',
    "not a number": b"NaN",
    "minus infinity": b"-Infinity",
    "infinity in a list": b"[1, Infinity]",
    "too large a number": b"1e999",
    "many digits": b"9" * 5000,
    "a control character": b'"a\x00b\x1b"',
    "line feeds": b'"a\nb\r\tc"',
    "no UTF-8": b'"a\xff\xfe"',
    "a surrogate in UTF-8": b'"\xed\xa0\x80"',
    "an escape that is none": rb'"a\q\x41"',
    "half an escape": rb'"a\u12"',
    "deep lists": b"[" * 10_000 + b"]" * 10_000,
    "deep objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "deep lists of objects": b'[{"a":' * 10_000 + b"1" + b"}]" * 10_000,
    "deep, and then more": b"[" * 2_000 + b"1" + b"]" * 2_000,
    "quite deep": b"[" * 500 + b"]" * 500,
}

FIELDS = ["type", "content", "sender", "event_id", "origin_server_ts", "state_key", "redacts", "unsigned", "room_id"]


def whole_answer() -> Json:
    """A sync in which every kind of section has something."""
    return {
        "next_batch": "next",
        "account_data": {"events": [{"type": "m.direct", "content": {}}]},
        "presence": {"events": [{"type": "m.presence", "sender": BOB, "content": {}}]},
        "rooms": {
            "join": {
                ROOM: joined(
                    message("a"),
                    message("VICTIM"),
                    message("b"),
                    state={"events": [member(BOB), state("m.room.name", "", {"name": "X"})]},
                    ephemeral={"events": [{"type": "m.typing", "content": {"user_ids": [ADA]}}]},
                    unread_notifications={"notification_count": 3},
                    summary={"m.joined_member_count": 2},
                ),
                OTHER: joined(message("c")),
            },
            "invite": {"!asked": {"invite_state": {"events": [stripped("m.room.name", "", {"name": "Y"})]}}},
            "leave": {"!gone": joined(member(ADA, "leave"))},
        },
    }


CLEAN = synced(whole_answer())


def check_neighbours(body: bytes) -> None:
    """Check that a sync whose one message $VICTIM was changed has lost nothing else."""
    reply = decode("sync", 200, {}, body)
    assert isinstance(reply, SyncReply), reply
    assert reply.since == "next"
    assert reply.rooms[1:] == CLEAN.rooms[1:]
    assert (reply.account_data, reply.presence) == (CLEAN.account_data, CLEAN.presence)
    here = reply.rooms[0]
    assert here.__replace__(timeline=(), problems=()) == CLEAN.rooms[0].__replace__(timeline=())
    assert (here.timeline[0], here.timeline[-1]) == (CLEAN.rooms[0].timeline[0], CLEAN.rooms[0].timeline[-1])
    assert len(here.timeline) + len(here.problems) == 3
    assert reply.problems == ()


# B5, B4
@given(st.sampled_from(FIELDS), json_values)
def test_one_event_with_any_value_in_any_field_costs_nothing_but_itself(field: str, value: Any) -> None:
    body = dumped(whole_answer())
    victim = dumped(message("VICTIM"))
    assert victim in body
    check_neighbours(body.replace(victim, dumped(message("VICTIM") | {field: value})))


# B5, B4
@given(json_values)
def test_anything_in_the_place_of_an_event_costs_nothing_else(value: Any) -> None:
    body = dumped(whole_answer())
    check_neighbours(body.replace(dumped(message("VICTIM")), dumped(value)))


# B5
@pytest.mark.parametrize("field", [*FIELDS, "unknown"])
@pytest.mark.parametrize("poison", POISON.values(), ids=list(POISON))
def test_poison_in_any_field_costs_nothing_but_the_event(field: str, poison: bytes) -> None:
    victim = dumped(message("VICTIM"))
    told = dumped(message("VICTIM") | {field: "POISON"}).replace(b'"POISON"', poison)
    check_neighbours(dumped(whole_answer()).replace(victim, told))


# B5
@pytest.mark.parametrize("poison", POISON.values(), ids=list(POISON))
def test_poison_in_a_text_of_the_content_leaves_the_message_readable(poison: bytes) -> None:
    victim = dumped(message("VICTIM", "good"))
    told = dumped(message("VICTIM", "good") | {"content": {"body": "good", "extra": "POISON"}})
    body = dumped(whole_answer()).replace(dumped(message("VICTIM")), told.replace(b'"POISON"', poison))
    assert victim not in body
    here = synced(body).rooms[0]
    if poison in {POISON["too large a number"], POISON["many digits"]}:
        assert ids(here.timeline) == ["$a", "$b"]
        assert here.problems == ("An event was set aside: its JSON cannot be read.",)
    else:
        assert ids(here.timeline) == ["$a", "$VICTIM", "$b"]
        assert here.timeline[1].content["body"] == "good"
        assert here.problems == ()
        json.dumps(here.timeline[1].content, ensure_ascii=False).encode()  # no half characters, not too deep


# B5: both ways of reading give the same
@given(st.sampled_from([b'"presence": 5', rb'"presence": {"a\ud800": 1}', b'"presence": {"events": [NaN]}']))
def test_reading_piece_by_piece_or_after_mending_gives_what_reading_at_once_gives(spoiled: bytes) -> None:
    told = dumped({name: value for name, value in whole_answer().items() if name != "presence"})
    reply = synced(b"{" + spoiled + b", " + told[1:])
    assert (reply.since, reply.rooms, reply.account_data) == (CLEAN.since, CLEAN.rooms, CLEAN.account_data)


# ---------------------------------------------------------------- any bytes at all

BODIES = [
    dumped(whole_answer()),
    dumped({"pos": "1", "rooms": {ROOM: {"timeline": [message("a")], "required_state": [member(BOB)]}}, "lists": {}}),
    dumped({"end": "e", "rooms": [{"room_id": ROOM, "messages": {"chunk": [message("a")], "start": "s"}}]}),
    dumped({"end": "e", "chunk": [message("a", room_id=ROOM), {"type": "m.typing", "room_id": ROOM, "content": {}}]}),
    dumped({"errcode": "M_LIMIT_EXCEEDED", "error": "wait", "retry_after_ms": 5}),
    dumped([member(BOB)]),
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A body with a few octets added, taken away or replaced."""
    body = draw(st.sampled_from(BODIES))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(body)))
        end = min(len(body), start + draw(st.integers(0, 5)))
        piece = draw(
            st.binary(max_size=3) | st.sampled_from([b'"', b"{", b"]", b"\\", b"null", b"1e999", b"NaN", b"\\ud800"])
        )
        body = body[:start] + piece + body[end:]
    return body


statuses = st.sampled_from([200, 200, 200, 201, 302, 401, 429, 500, 999, 0, -1])
headers = st.dictionaries(st.sampled_from(["Retry-After", "retry-after", "X"]), st.text(max_size=8), max_size=2)


# B5, B3
@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted(READERS)), statuses, headers, st.binary(max_size=60) | mutated() | json_values.map(dumped)
)
@example("sync", 200, {}, b'{"next_batch":"n","rooms":{"join":{"!r":{"timeline":{"events":[{"type":1e999}]}}}}}')
@example("sync", 200, {}, b'{"next_batch":"\xff"}')
def test_decoding_never_raises(reads: str, status: int, told: dict[str, str], body: bytes) -> None:
    value = decode(reads, status, told, body)
    for text in (value.text,) if isinstance(value, Garbled) else ():
        assert "\n" not in text
        text.encode()


# B5
@settings(max_examples=200, deadline=None)
@given(mutated())
def test_a_sync_that_can_be_read_is_sound(body: bytes) -> None:
    reply = decode("sync", 200, {}, body)
    if not isinstance(reply, SyncReply):
        return
    assert reply.since
    for section in reply.rooms:
        assert 0 < len(section.room_id) <= 255
        for event in (*section.timeline, *section.state):
            assert len(event.type) <= 255
            assert isinstance(event.content, dict)
            assert isinstance(event.unsigned, dict)
            assert 0 <= event.origin_server_ts <= 2**53
            event.sender.encode()
            json.dumps(event.content, ensure_ascii=False).encode()
        assert all(event.event_id and event.sender for event in section.timeline)
        assert all(event.state_key is not None for event in section.state)


HUGE: list[tuple[str, Callable[[], bytes]]] = [
    ("a text of 50 MB", lambda: dumped(sync_body({ROOM: joined(message("a", "x" * 50_000_000), message("b"))}))),
    ("an id of 50 MB", lambda: dumped(sync_body({ROOM: joined(message("x" * 50_000_000), message("b"))}))),
    ("a room's id of 50 MB", lambda: dumped(sync_body({"!" * 50_000_000: joined(), ROOM: joined(message("b"))}))),
    ("a spoiled text of 10 MB", lambda: dumped(sync_body({ROOM: joined(message("a", "y" * 10_000_000 + "BAD"), message("b"))})).replace(b"BAD", rb"\ud800")),
    ("100,000 bad events", lambda: dumped(sync_body({ROOM: joined(*[5] * 100_000, message("b"))}))),
]  # fmt: skip


# B1: huge sync
@pytest.mark.parametrize("make", [row[1] for row in HUGE], ids=[row[0] for row in HUGE])
def test_a_huge_answer_gives_its_good_part(make: Callable[[], bytes]) -> None:
    reply = synced(make())
    section = reply.rooms[-1]
    assert ids(section.timeline)[-1:] == ["$b"]
    assert all(len(event.content["body"]) <= MAX_TEXT for event in section.timeline)
    assert all(len(text) < 500 for text in (*reply.problems, *section.problems))


# B3
@pytest.mark.parametrize(
    "body", [b"[" * 5_000_000, b'{"a":' * 1_000_000, b'"' * 1_000_001, b"\\" * 1_000_000, b"\xff" * 1_000_000]
)
def test_a_malicious_answer_is_garbled_in_time(body: bytes) -> None:
    for reads in ("sync", "anything", "state"):
        assert isinstance(decode(reads, 200, {}, body), Garbled)


# ---------------------------------------------------------------- mending


# B5
@given(json_values, st.booleans())
def test_mending_leaves_good_json_as_it_is(value: Any, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    assert json.loads(mend(text.encode())) == value


# B5
@given(st.text(st.characters(), max_size=30))
def test_mending_a_text_replaces_what_is_no_character_and_nothing_else(text: str) -> None:
    raw = json.dumps([text, text], ensure_ascii=True).encode()
    expected = "".join("\ufffd" if "\ud800" <= one <= "\udfff" else one for one in json.loads(raw)[0])
    assert json.loads(mend(raw)) == [expected, expected]


# B5
@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (b"[NaN, -Infinity, Infinity, -1.5e-3]", [None, None, None, -0.0015]),
        (b'["NaN", "a-Infinity", "\\"NaN\\""]', ["NaN", "a-Infinity", '"NaN"']),
        (b"\xef\xbb\xbf[1]", [1]),
        (rb'["\ud83d\ude00", "\ud83d"]', ["\U0001f600", "\ufffd"]),
        (b"[" * 97 + b"1" + b"]" * 97, None),
        (b'{"a":[1,' + b"[" * 300 + b'"x",{"y":NaN}' + b"]" * 300 + b'],"b":[[2]]}', None),
    ],
)
def test_what_mending_makes(told: bytes, expected: Any) -> None:
    made = json.loads(mend(told))
    assert expected is None or made == expected
    assert depth(made) <= MAX_DEPTH
    if isinstance(made, dict):
        assert made["b"] == [[2]]


def depth(value: Any) -> int:
    """How deep lists and objects are nested."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max((depth(one) for one in inner), default=0)
