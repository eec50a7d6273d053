"""Answers that are no sync, a server's no, and answers that nobody can read."""

from __future__ import annotations

from typing import Any

import pytest

from chat_tui_matrix.wire.calls import Garbled, Refusal
from chat_tui_matrix.wire.decoding import READERS
from chat_tui_matrix.wire.event_reading import MAX_DEPTH
from chat_tui_matrix.wire.events import ContextReply, MatrixEvent, PageReply
from tests.matrix.wire_bodies import ADA, BOB, ROOM, Json, decoded, ids, member, message, state, without

SHAPE = "The server's answer is not what it should be: "
JSON_READERS = sorted(set(READERS) - {"bytes"})


# B8, B11
def test_a_page_keeps_the_answers_order_and_its_tokens() -> None:
    told = {"chunk": [message("b"), message("a")], "state": [member(BOB)], "start": "t9", "end": "t7"}
    page = decoded("page", told)
    assert isinstance(page, PageReply)
    assert (ids(page.events), ids(page.state)) == (["$b", "$a"], [f"$join-{BOB}"])
    assert (page.start, page.end, page.problems) == ("t9", "t7", ())


# B8: an empty chunk with `end` goes on, a missing end is the end
@pytest.mark.parametrize(
    ("told", "end"),
    [
        ({"chunk": [], "end": "t7"}, "t7"),
        ({"chunk": [], "start": "t9"}, ""),
        ({"chunk": [], "end": None}, ""),
        ({"chunk": [], "end": ""}, ""),
        ({"chunk": [], "next_batch": "r3"}, "r3"),  # relations
    ],
)
def test_where_a_page_ends(told: Json, end: str) -> None:
    page = decoded("page", told)
    assert isinstance(page, PageReply)
    assert page.end == end


# B8: the end of history must not only seem to be one
@pytest.mark.parametrize("told", [{}, {"chunk": None}, {"chunk": [], "end": 5}, {"chunk": [], "end": "x" * 5000}])
def test_a_page_that_only_seems_to_be_the_last_is_garbled(told: Json) -> None:
    assert isinstance(decoded("page", told), Garbled)


# B5
def test_a_spoiled_event_of_a_page_costs_only_itself() -> None:
    page = decoded("page", {"chunk": [message("b"), 5, message("a")], "end": "t7"})
    assert isinstance(page, PageReply)
    assert (ids(page.events), page.end) == (["$b", "$a"], "t7")
    assert page.problems == ("An event was set aside: it is no object.",)


# B15: a jump
def test_a_context_is_given_in_ascending_order() -> None:
    told = {
        "events_before": [message("b"), message("a")],
        "event": message("c"),
        "events_after": [message("d"), message("e")],
        "state": [member(BOB)],
        "start": "t1",
        "end": "t9",
    }
    context = decoded("context", told)
    assert isinstance(context, ContextReply)
    assert ids(context.events) == ["$a", "$b", "$c", "$d", "$e"]
    assert (context.start, context.end, ids(context.state)) == ("t1", "t9", [f"$join-{BOB}"])
    assert decoded("context", {}) == Garbled(SHAPE + "it has no event.")


def test_one_event_is_given_with_its_room() -> None:
    event = decoded("event", message("a", room_id=ROOM))
    assert isinstance(event, MatrixEvent)
    assert (event.event_id, event.room_id) == ("$a", ROOM)
    assert decoded("event", without(message("a"), "sender")) == Garbled(
        SHAPE + "it has no usable sender (m.room.message $a)."
    )


# B9, B15
def test_members_and_state_are_given_without_what_cannot_be_used() -> None:
    told = [member(ADA), member(BOB) | {"content": 5}, state("m.room.name", "", {"name": "X"})]
    assert ids(decoded("members", {"chunk": told})) == [f"$join-{ADA}", "$m.room.name"]
    assert ids(decoded("state", told)) == [f"$join-{ADA}", "$m.room.name"]
    assert decoded("members", {}) == Garbled(SHAPE + "it has no list of members.")
    assert decoded("state", {"events": told}) == Garbled(SHAPE + "it has another shape.")


def test_anything_is_an_object_of_bounded_depth() -> None:
    deep: Any = {}
    for _ in range(500):
        deep = {"in": deep}
    told = decoded("anything", deep)
    depth = 0
    while told is not None:
        told, depth = told["in"], depth + 1
    assert depth == MAX_DEPTH
    assert decoded("anything", {"a": [1, "x"]}) == {"a": [1, "x"]}


@pytest.mark.parametrize(
    ("reads", "told", "missing"),
    [
        ("login", {"access_token": "t"}, "user_id"),
        ("login", {"user_id": ADA}, "access_token"),
        ("login", {"user_id": ADA, "access_token": 5}, "access_token"),
        ("login", {"user_id": "", "access_token": "t"}, "user_id"),
        ("refresh", {"refresh_token": "r"}, "access_token"),
    ],
)
def test_a_sign_in_without_what_it_is_for_is_garbled_and_names_no_secret(reads: str, told: Json, missing: str) -> None:
    assert decoded(reads, told) == Garbled(f"{SHAPE}it has no {missing}.")


def test_a_sign_in_is_given_as_it_is() -> None:
    told = {"user_id": ADA, "access_token": "t", "device_id": "D", "well_known": {}}
    assert decoded("login", told) == told
    assert decoded("refresh", {"access_token": "t", "expires_in_ms": 5}) == {"access_token": "t", "expires_in_ms": 5}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"versions": ["v1.1", 5]}, {"versions": ["v1.1"], "unstable_features": {}}),
        (
            {"versions": [], "unstable_features": {"a": True, "b": False, "c": "yes"}},
            {"versions": [], "unstable_features": {"a": True, "b": False, "c": False}},
        ),
        ({"versions": [], "unstable_features": 5}, {"versions": [], "unstable_features": {}}),
        ({}, Garbled("Is this a Matrix server? It does not say which versions it speaks.")),
    ],
)
def test_what_a_server_speaks(told: Json, expected: Any) -> None:
    assert decoded("versions", told) == expected


# ---------------------------------------------------------------- nothing to read


# B3: HTML page, invalid JSON, 200 with error body
@pytest.mark.parametrize("reads", JSON_READERS)
@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"<!DOCTYPE html><html><body>Hi", "Is this a Matrix server? It answered with a web page."),
        (b"\xef\xbb\xbf \r\n<html>", "Is this a Matrix server? It answered with a web page."),
        (b"", "The server's answer is empty."),
        (b" \n", "The server's answer is empty."),
        (b"upstream timed out", SHAPE + "its JSON cannot be read."),
        (b'{"next_batch": "s1"', SHAPE),
        (b'{"next_batch": "s1"} trailing', SHAPE),
        (b'"text"', SHAPE),
        (b"null", SHAPE),
        (b"17", SHAPE),
    ],
)
def test_what_is_no_matrix_answer_is_garbled_in_words(reads: str, body: bytes, text: str) -> None:
    value = decoded(reads, body)
    assert isinstance(value, Garbled)
    assert value.text.startswith(text)


# B3
@pytest.mark.parametrize("reads", ["sync", "sliding", "initial_sync", "events"])
def test_an_error_under_a_200_is_garbled_with_the_servers_words(reads: str) -> None:
    told = {"errcode": "M_UNKNOWN", "error": "Database\x1b[2J is\naway"}
    assert decoded(reads, told) == Garbled("The server answered M_UNKNOWN: Database\ufffd[2J is away")


# ---------------------------------------------------------------- no


LIMIT = {"errcode": "M_LIMIT_EXCEEDED", "error": "Too Many Requests", "retry_after_ms": 3857}


# B13
@pytest.mark.parametrize(
    ("status", "headers", "told", "refusal"),
    [
        (403, {}, {"errcode": "M_FORBIDDEN", "error": "No"}, Refusal("M_FORBIDDEN", "No")),
        (
            413,
            {},
            {"errcode": "M_TOO_LARGE", "error": "event\n too \x00large"},
            Refusal("M_TOO_LARGE", "event too \ufffdlarge"),
        ),
        (429, {"Retry-After": "4"}, LIMIT, Refusal("M_LIMIT_EXCEEDED", "Too Many Requests", 4.0)),
        (429, {"retry-after": " 12 "}, LIMIT, Refusal("M_LIMIT_EXCEEDED", "Too Many Requests", 12.0)),
        (429, {}, LIMIT, Refusal("M_LIMIT_EXCEEDED", "Too Many Requests", 3.857)),
        (
            429,
            {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"},
            LIMIT,
            Refusal("M_LIMIT_EXCEEDED", "Too Many Requests", 3.857),
        ),
        (429, {"Retry-After": "9" * 40}, LIMIT, Refusal("M_LIMIT_EXCEEDED", "Too Many Requests", 86_400.0)),
        (429, {"Retry-After": "-1"}, {"errcode": "X", "retry_after_ms": -5}, Refusal("X", "X", 0.0)),
        (429, {"Retry-After": "٣"}, {"errcode": "X", "retry_after_ms": 10**400}, Refusal("X", "X", 86_400.0)),
        (429, {}, {"errcode": "X", "retry_after_ms": 1.5}, Refusal("X", "X", 0.0015)),
        (429, {}, {"errcode": "X", "retry_after_ms": True}, Refusal("X", "X")),
        (429, {}, {"errcode": "X", "retry_after_ms": "soon"}, Refusal("X", "X")),
        (
            401,
            {},
            {"errcode": "M_UNKNOWN_TOKEN", "error": "x", "soft_logout": True},
            Refusal("M_UNKNOWN_TOKEN", "x", None, True),
        ),
        (401, {}, {"errcode": "M_UNKNOWN_TOKEN", "error": "x", "soft_logout": 1}, Refusal("M_UNKNOWN_TOKEN", "x")),
        (400, {}, {"errcode": "M_BAD_JSON", "error": {"a": 1}}, Refusal("M_BAD_JSON", "M_BAD_JSON")),
        (401, {}, {"session": "s", "flows": [], "params": {}}, Refusal("", "HTTP 401: Unauthorized")),
        (400, {}, {"errcode": 5, "error": "x"}, Refusal("", "HTTP 400: Bad Request")),
        (400, {}, {"errcode": " \n", "error": "x"}, Refusal("", "HTTP 400: Bad Request")),
        (502, {}, b"<html><h1>502 Bad Gateway</h1>", Refusal("", "HTTP 502: Bad Gateway")),
        (503, {"Retry-After": "30"}, b"", Refusal("", "HTTP 503: Service Unavailable", 30.0)),
        (500, {}, [], Refusal("", "HTTP 500: Internal Server Error")),
        (302, {"Location": "https://elsewhere.example"}, b"", Refusal("", "HTTP 302: Found")),
        (599, {}, b"?", Refusal("", "HTTP 599: no reason given")),
        (100, {}, b"", Refusal("", "HTTP 100: Continue")),
    ],
)
def test_a_no_is_a_refusal_on_one_line(status: int, headers: dict[str, str], told: Any, refusal: Refusal) -> None:
    for reads in ("sync", "anything"):
        assert decoded(reads, told, status, headers) == refusal


# E7
def test_a_refusals_text_has_a_length() -> None:
    refusal = decoded("sync", {"errcode": "M" * 9000, "error": "e" * 9000}, 400)
    assert (len(refusal.code), len(refusal.text)) == (64, 400)
