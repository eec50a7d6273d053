"""Read the answers that are no sync: pages of history, single events, members, sign-in, and plain JSON objects."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from chat_tui_matrix.wire.event_reading import (
    MAX_TEXT,
    Maker,
    SaidEvent,
    StateEvent,
    token,
    within,
)
from chat_tui_matrix.wire.events import ContextReply, MatrixEvent, PageReply
from chat_tui_matrix.wire.json_reading import SetAside, Unreadable, plain, read, unreadable

_SHAPE: Final = "The server's answer is not what it should be: "


class Page(msgspec.Struct):
    """Events from a token on; without an `end` there are no more. `next_batch` is its name in relations."""

    chunk: list[SaidEvent] | None = None
    state: list[StateEvent] | None = None
    start: str | None = None
    end: Any = None
    next_batch: Any = None


class Context(msgspec.Struct):
    """An event and what was said around it."""

    events_before: list[SaidEvent] | None = None
    event: SaidEvent | None = None
    events_after: list[SaidEvent] | None = None
    state: list[StateEvent] | None = None
    start: str | None = None
    end: str | None = None


class Members(msgspec.Struct):
    """The member events of a room."""

    chunk: list[StateEvent] | None = None


def page(body: bytes) -> PageReply:
    """A page of /messages or of /relations. Raises Unreadable, also where the history's end would only seem to be."""
    answer, notes = read(body, Page)
    if answer.chunk is None:
        raise Unreadable(_SHAPE + "it has no chunk.")
    told = answer.next_batch if answer.end is None else answer.end
    end = token(told) if isinstance(told, str) else ""
    if told and not end:
        raise Unreadable(_SHAPE + "its token for the next page cannot be one.")
    maker = Maker()
    return PageReply(maker.all(answer.chunk), maker.all(answer.state), token(answer.start), end, notes.texts())


def context(body: bytes) -> ContextReply:
    """Events around one, ascending: the server gives those before it newest first. Raises Unreadable."""
    answer, notes = read(body, Context)
    around = [*reversed(answer.events_before or []), *filter(None, (answer.event,)), *(answer.events_after or [])]
    if not around and not notes.texts():
        raise Unreadable(_SHAPE + "it has no event.")
    maker = Maker()
    start, end = token(answer.start), token(answer.end)
    return ContextReply(maker.all(around), maker.all(answer.state), start, end, notes.texts())


def event(body: bytes) -> MatrixEvent:
    """One event. Raises Unreadable."""
    answer, _ = read(body, SaidEvent)
    return Maker().event(answer)


def members(body: bytes) -> tuple[MatrixEvent, ...]:
    """The member events of a room, without those that cannot be used. Raises Unreadable."""
    answer, _ = read(body, Members)
    if answer.chunk is None:
        raise Unreadable(_SHAPE + "it has no list of members.")
    return Maker().all(answer.chunk)


def state(body: bytes) -> tuple[MatrixEvent, ...]:
    """The state of a room, without what cannot be used. Raises Unreadable."""
    answer, _ = read(body, list[StateEvent])
    return Maker().all(answer)


def anything(body: bytes) -> dict[str, Any]:
    """A JSON object, in which nothing is too long or nested too deeply. Raises Unreadable."""
    try:
        told = plain(body)
    except SetAside as why:
        raise unreadable(body, why) from why
    if not isinstance(told, dict):
        raise unreadable(body, SetAside())
    return within(told)


def login(body: bytes) -> dict[str, Any]:
    """What signing in gave: the object, in which user_id and access_token are texts. Raises Unreadable."""
    return _with_texts(body, "user_id", "access_token")


def refresh(body: bytes) -> dict[str, Any]:
    """New tokens: the object, in which access_token is a text. Raises Unreadable."""
    return _with_texts(body, "access_token")


def uploaded(body: bytes) -> dict[str, Any]:
    """Where an uploaded file is: the object, in which content_uri is a text. Raises Unreadable."""
    return _with_texts(body, "content_uri")


def versions(body: bytes) -> dict[str, Any]:
    """What a server can do: the object, with `versions` a list of texts and `unstable_features` a dict of bool.

    Raises Unreadable for anything that no Matrix server would say.
    """
    told = anything(body)
    if not isinstance(known := told.get("versions"), list):
        raise Unreadable("Is this a Matrix server? It does not say which versions it speaks.")
    features = told.get("unstable_features")
    told["versions"] = [one for one in known if isinstance(one, str)]
    told["unstable_features"] = {
        name: value is True for name, value in (features if isinstance(features, dict) else {}).items()
    }
    return told


def _with_texts(body: bytes, *names: str) -> dict[str, Any]:
    told = anything(body)
    for name in names:
        if not (isinstance(value := told.get(name), str) and 0 < len(value) < MAX_TEXT):
            raise Unreadable(f"{_SHAPE}it has no {name}.")
    return told
