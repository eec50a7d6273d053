"""Parents, the order that they ask for, and the chain of numbers and hashes."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_tui_core.chat_chain import (
    Integrity,
    Link,
    Ordered,
    Parent,
    check_integrity,
    follow,
    order_by_parents,
    parents,
    parents_part,
)
from chat_tui_core.chat_syntax import ChatMessage, ChatSyntaxError, Part, parse, write

ANN = Parent(b"ann-----", 1, b"0123456789abcdef")
BOB = Parent(b"bob-----", 2**64 - 1, bytes(16))


# X7
def test_parents_are_units_of_32_octets() -> None:
    part = parents_part([ANN, BOB])
    assert part == Part(
        "x.dag", b"ann-----" + bytes(7) + b"\x010123456789abcdef" + b"bob-----" + b"\xff" * 8 + bytes(16)
    )
    message = ChatMessage("x.msg.new", ("c.text",), (Part("x.text", b"hi"), part, Part("x.dag", b"second")))
    assert parents(parse(write(message))) == (ANN, BOB)
    assert parents(ChatMessage("x.msg.new", ("c.text",))) == ()


# X7
@pytest.mark.parametrize("size", [0, 1, 16, 31, 33, 63])
def test_octets_that_are_no_parents(size: int) -> None:
    with pytest.raises(ChatSyntaxError):
        parents(ChatMessage("x.msg.new", ("c.text",), (Part("x.dag", bytes(size)),)))


# X7
@pytest.mark.parametrize(
    "values",
    [
        [],
        [Parent(b"short", 1, bytes(16))],
        [Parent(bytes(8), -1, bytes(16))],
        [Parent(bytes(8), 2**64, bytes(16))],
        [ANN, Parent(bytes(8), 1, bytes(32))],
    ],
)
def test_parents_that_cannot_be_written(values: list[Parent]) -> None:
    with pytest.raises(ChatSyntaxError):
        parents_part(values)


# X7
@given(
    st.lists(
        st.builds(
            Parent, st.binary(min_size=8, max_size=8), st.integers(0, 2**64 - 1), st.binary(min_size=16, max_size=16)
        ),
        min_size=1,
    )
)
def test_parents_read_back_as_they_were_written(values: list[Parent]) -> None:
    assert parents(ChatMessage("a.b", (), (parents_part(values),))) == tuple(values)


# X7: "b:a" stands for message b with the parent a; in the order of arrival.
@pytest.mark.parametrize(
    ("arrived", "order", "missing", "refused"),
    [
        ("", "", {}, ""),
        ("a b:a c:b", "abc", {}, ""),
        ("c:b b:a a", "abc", {}, ""),
        ("a c:a b:a d:bc", "acbd", {}, ""),
        ("d:bc b:a x a c:a", "xabcd", {}, ""),
        ("b:a", "b", {"b": ("a",)}, ""),
        ("c:ab a", "ac", {"c": ("b",)}, ""),
        ("a:a", "", {}, "a"),
        ("a:b b:a", "", {}, "ab"),
        ("a:b b:a c:a d", "cd", {"c": ("a",)}, "ab"),
        ("a:c b:a c:b d:c e:d x:y", "dex", {"d": ("c",), "x": ("y",)}, "abc"),
        ("a:b b:a c:b d:ce e:d f:e", "f", {"f": ("e",)}, "abcde"),
        ("a a:b b:aa", "ab", {}, ""),
    ],
)
def test_messages_come_after_their_parents(
    arrived: str, order: str, missing: dict[str, tuple[str, ...]], refused: str
) -> None:
    pairs = [(item[0], item[2:]) for item in arrived.split()]
    assert order_by_parents(pairs) == Ordered(tuple(order), missing, tuple(refused))


# X7
@given(st.lists(st.tuples(st.integers(0, 9), st.lists(st.integers(0, 12), max_size=4)), max_size=10))
def test_any_messages_are_ordered_or_refused(pairs: list[tuple[int, list[int]]]) -> None:
    graph: dict[int, list[int]] = {}
    for key, above in pairs:
        graph.setdefault(key, above)
    found = order_by_parents(pairs)
    assert sorted((*found.order, *found.refused)) == sorted(graph)
    place = {key: index for index, key in enumerate(found.order)}
    for key in found.order:
        assert all(place[parent] < place[key] for parent in graph[key] if parent in place)
        assert set(found.missing.get(key, ())) == set(graph[key]).difference(place)
    for key in found.refused:
        assert any(other in found.refused for other in graph[key])
    if all(parent < key for key, above in graph.items() for parent in above):
        assert found.refused == ()


# X7: 20,000 messages, a chain that arrived backwards, and one great cycle.
def test_long_chains_are_settled_quickly() -> None:
    count = 20_000
    chain: Sequence[tuple[int, Sequence[int]]] = [(key, [key - 1] if key else []) for key in reversed(range(count))]
    cycle: Sequence[tuple[int, Sequence[int]]] = [(key, [(key + 1) % count]) for key in range(count)]
    started = time.perf_counter()
    assert order_by_parents(chain).order == tuple(range(count))
    assert order_by_parents(cycle) == Ordered((), {}, tuple(range(count)))
    assert time.perf_counter() - started < 5.0


# X9
@pytest.mark.parametrize(
    ("link", "number", "previous", "found"),
    [
        (Link(), 1, b"", Integrity("ok")),
        (Link(), 1, b"h", Integrity("bad hash")),
        (Link(), 3, b"h", Integrity("skipped", 1, 2)),
        (Link(), 0, b"", Integrity("duplicate")),
        (Link(7, b"h"), 8, b"h", Integrity("ok")),
        (Link(7, b"h"), 8, b"g", Integrity("bad hash")),
        (Link(7, b"h"), 7, b"h", Integrity("duplicate")),
        (Link(7, b"h"), 7, b"g", Integrity("duplicate")),
        (Link(7, b"h"), 6, b"h", Integrity("bad id")),
        (Link(7, b"h"), 9, b"h", Integrity("skipped", 8, 8)),
        (Link(7, b"h"), 12, b"g", Integrity("skipped", 8, 11)),
    ],
)
def test_how_a_message_follows_the_last(link: Link, number: int, previous: bytes, found: Integrity) -> None:
    assert check_integrity(link, number, previous) == found


# X9: two gaps and a redelivery, kept over a restart by keeping the link.
def test_a_chain_with_two_gaps() -> None:
    link = Link()
    seen: list[tuple[str, int, int]] = []
    for number in (1, 2, 2, 5, 6, 9, 4, 10):
        found = check_integrity(link, number, hashlib.sha256(b"body %d" % (number - 1)).digest() if number > 1 else b"")
        seen.append((found.state, found.first, found.last))
        if found.state not in {"duplicate", "bad id"}:
            link = follow(number, b"body %d" % number)
    assert seen == [
        ("ok", 0, 0),
        ("ok", 0, 0),
        ("duplicate", 0, 0),
        ("skipped", 3, 4),
        ("ok", 0, 0),
        ("skipped", 7, 8),
        ("bad id", 0, 0),
        ("ok", 0, 0),
    ]
