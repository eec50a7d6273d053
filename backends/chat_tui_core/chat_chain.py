"""Whether the chat messages that arrived are all of them and in order: by their parents, and by sequence and hash."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, Literal, TypeVar

from chat_tui_core.chat_syntax import ChatMessage, ChatSyntaxError, Part

PARENT_OCTETS: Final = 32
"""Octets of one parent in a part of type x.dag: member 8, message number 8, hash 16."""

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Parent:
    """One parent of a message: who sent it (8 octets), its number, the first 16 octets of its SHA-256."""

    member: bytes
    number: int
    digest: bytes


def parents(message: ChatMessage) -> tuple[Parent, ...]:
    """Give the parents in the first part of type x.dag; none when there is no such part.

    Raises:
        ChatSyntaxError: when the part is empty or not a whole number of parents.
    """
    body = next((part.body for part in message.parts if part.type == "x.dag"), None)
    if body is None:
        return ()
    if not body or len(body) % PARENT_OCTETS:
        raise ChatSyntaxError(f"The parents are not one or more times {PARENT_OCTETS} octets")
    units = (body[start : start + PARENT_OCTETS] for start in range(0, len(body), PARENT_OCTETS))
    return tuple(Parent(unit[:8], int.from_bytes(unit[8:16], "big"), unit[16:]) for unit in units)


def parents_part(values: Iterable[Parent]) -> Part:
    """Give the part of type x.dag that names these parents.

    Raises:
        ChatSyntaxError: when there are none, or one has a field of another length.
    """
    body = bytearray()
    for parent in values:
        if len(parent.member) != 8 or len(parent.digest) != 16 or not 0 <= parent.number < 2**64:
            raise ChatSyntaxError("A parent is 8 octets of member, a number below 2**64 and 16 octets of hash")
        body += parent.member + parent.number.to_bytes(8, "big") + parent.digest
    if not body:
        raise ChatSyntaxError("There are no parents to write")
    return Part("x.dag", bytes(body))


@dataclass(frozen=True, slots=True)
class Ordered(Generic[K]):
    """Messages in an order in which each comes after its parents.

    Attributes:
        order: keys; in the order of arrival wherever parents leave the choice, as in a fork.
        missing: of the messages in `order`, those with parents that are not in it, and which.
        refused: messages on a cycle, or between two, in the order of arrival: no honest sender makes these.
    """

    order: tuple[K, ...]
    missing: Mapping[K, tuple[K, ...]]
    refused: tuple[K, ...] = ()


def order_by_parents(messages: Iterable[tuple[K, Sequence[K]]]) -> Ordered[K]:
    """Put messages into the order that their parents ask for (S3, x.dag).

    Args:
        messages: key and parents' keys of each, in the order of arrival; of a repeated key the first counts.
    """
    graph: dict[K, tuple[K, ...]] = {}
    for key, parents in messages:
        graph.setdefault(key, tuple(dict.fromkeys(parents)))
    order = _parents_first(graph)
    refused: tuple[K, ...] = ()
    if len(order) < len(graph):
        refused = _on_cycles(graph, set(graph).difference(order))
        kept = set(graph).difference(refused)
        graph = {key: parents for key, parents in graph.items() if key in kept}
        order = _parents_first(graph)
    gone = ((key, tuple(parent for parent in graph[key] if parent not in graph)) for key in order)
    return Ordered(tuple(order), {key: parents for key, parents in gone if parents}, refused)


def _parents_first(graph: Mapping[K, Sequence[K]]) -> list[K]:
    """Give the keys whose known parents can all come before them; parents that are no keys do not count."""
    keys = list(graph)
    place = {key: index for index, key in enumerate(keys)}
    children: dict[K, list[int]] = {}
    waits = [0] * len(keys)
    for index, key in enumerate(keys):
        for parent in graph[key]:
            if parent in place:
                children.setdefault(parent, []).append(index)
                waits[index] += 1
    ready = [index for index, count in enumerate(waits) if not count]
    order = []
    while ready:
        key = keys[heapq.heappop(ready)]
        order.append(key)
        for child in children.get(key, ()):
            waits[child] -= 1
            if not waits[child]:
                heapq.heappush(ready, child)
    return order


def _on_cycles(graph: Mapping[K, Sequence[K]], stuck: set[K]) -> tuple[K, ...]:
    """Give those of the stuck keys that are more than mere descendants of a cycle."""
    children: dict[K, list[K]] = {key: [] for key in graph if key in stuck}
    for key in children:
        for parent in graph[key]:
            if parent in children:
                children[parent].append(key)
    descendants = set(_parents_first(children))
    return tuple(key for key in children if key not in descendants)


@dataclass(frozen=True, slots=True)
class Link:
    """The last message received from a sender: its number and the SHA-256 of its octets; the default is none yet."""

    number: int = 0
    digest: bytes = b""


@dataclass(frozen=True, slots=True)
class Integrity:
    """How a message follows the one before it; `first` and `last` are the numbers skipped, else 0."""

    state: Literal["ok", "skipped", "duplicate", "bad id", "bad hash"]
    first: int = 0
    last: int = 0


def check_integrity(link: Link, number: int, previous: bytes) -> Integrity:
    """Compare a message's number, and the hash that it gives for its predecessor, with the last one received (X9).

    Only "duplicate" and "bad id" leave the last one in its place; after the others `follow` gives the next.
    """
    if number == link.number:
        return Integrity("duplicate")
    if number < link.number:
        return Integrity("bad id")
    if number > link.number + 1:
        return Integrity("skipped", link.number + 1, number - 1)
    return Integrity("ok" if previous == link.digest else "bad hash")


def follow(number: int, data: bytes) -> Link:
    """Give the link that the message after this one must name."""
    return Link(number, hashlib.sha256(data).digest())
