"""Read JSON into typed values: at once where all of it has its shape, else piece by piece, leaving out what has not."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import NoneType, UnionType
from typing import Any, Final, TypeVar, Union, get_args, get_origin

import msgspec

from chat_tui_core.safe_text import one_line
from chat_tui_matrix.wire.json_mending import mend

Path = tuple[str | int, ...]
T = TypeVar("T")

NO_JSON: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises for text that is no JSON, is no UTF-8 or is nested too deeply."""
WEB_PAGE: Final = "Is this a Matrix server? It answered with a web page."
_WHERE_LIMIT: Final = 160


class Unreadable(Exception):
    """An answer that says nothing at all; the text is a sentence for the person."""


class SetAside(Exception):
    """A piece of an answer that cannot be used; the text says why of an event, and is empty for anything else."""


class _WrongShape(Exception):
    """JSON, as it stands in `data`, that is not of the type that was asked for."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.data = data


class Notes:
    """What was set aside of one answer, a sentence each, and where it stood."""

    def __init__(self) -> None:
        self._all: list[tuple[Path, str]] = []

    def add(self, path: Path, why: SetAside) -> None:
        """Note a piece that was set aside."""
        self._all.append((path, sentence(why, path)))

    def split(self, depth: int) -> tuple[dict[Path, list[str]], list[str]]:
        """The sentences of each room, by the first `depth` parts of the path that begins with "rooms"; all others."""
        rooms: dict[Path, list[str]] = {}
        rest: list[str] = []
        for path, text in self._all:
            of_room = path[0] == "rooms" and len(path) > depth
            (rooms.setdefault(path[:depth], []) if of_room else rest).append(text)
        return rooms, rest

    def texts(self) -> tuple[str, ...]:
        """All sentences."""
        return tuple(text for _, text in self._all)


def sentence(why: SetAside, path: Path = ()) -> str:
    """What a person may read of something that was set aside."""
    if why.args:
        return f"An event was set aside: {why}."
    where = one_line(" / ".join(map(str, path)), _WHERE_LIMIT)
    return f"A part of the server's answer was left out, it has the wrong shape: {where}."


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def read(body: bytes, kind: type[T]) -> tuple[T, Notes]:
    """A whole answer as a struct or a list, and what of it was set aside. Raises Unreadable where it is neither."""
    notes = Notes()
    try:
        return _piece(body, kind, (), notes), notes
    except SetAside as why:
        raise unreadable(body, why) from why


def read_part(data: bytes, kind: type[T], path: Path) -> tuple[T | None, tuple[str, ...]]:
    """A part of an answer, None where nothing of it can be used; and what of it was set aside, a sentence each.

    `path` is where it stands in the answer.
    """
    notes = Notes()
    try:
        return _piece(data, kind, path, notes), notes.texts()
    except SetAside as why:
        return None, (sentence(why, path),)


def plain(data: bytes) -> Any:
    """JSON as Python's own values. Raises SetAside where it is none."""
    try:
        return _decode(data, Any)
    except _WrongShape as error:  # a number that is none of Python's
        raise SetAside("its JSON cannot be read") from error


def unreadable(body: bytes, why: SetAside) -> Unreadable:
    """The error that says what is wrong with a body."""
    start = body[:100].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        return Unreadable("The server's answer is empty.")
    if start.startswith(b"<"):
        return Unreadable(WEB_PAGE)
    return Unreadable(f"The server's answer is not what it should be: {why if why.args else 'it has another shape'}.")


def _decode(data: bytes, kind: Any) -> Any:
    """A value of a type, from mended JSON where need be. Raises _WrongShape, or SetAside where it is no JSON."""
    try:
        return _decoder(kind).decode(data)
    except msgspec.ValidationError:
        raise _WrongShape(data) from None
    except NO_JSON:
        pass
    try:
        data = mend(data)
        return _decoder(kind).decode(data)
    except msgspec.ValidationError:
        raise _WrongShape(data) from None
    except (ValueError, RecursionError) as error:
        raise SetAside("its JSON cannot be read") from error


def _piece(data: bytes, kind: Any, path: Path, notes: Notes) -> Any:
    """A value of a type from JSON; parts that have not their shape get their defaults, and a note.

    Raises SetAside where nothing of it can be used.
    """
    try:
        return _decode(data, kind)
    except _WrongShape as wrong:
        data = wrong.data
    kind = _without_none(kind)
    if salvage := getattr(kind, "salvage", None):
        return salvage(data)
    origin = get_origin(kind) or kind
    if origin in _BY_ORIGIN:
        return _BY_ORIGIN[origin](data, get_args(kind), path, notes)
    if isinstance(origin, type) and issubclass(origin, msgspec.Struct):
        return _struct(data, kind, path, notes)
    raise SetAside


def _without_none(kind: Any) -> Any:
    """The type that may also be None without that."""
    if get_origin(kind) in {Union, UnionType}:
        (kind,) = (one for one in get_args(kind) if one is not NoneType)
    return kind


def _parts(data: bytes, kind: Any) -> Any:
    try:
        return _decode(data, kind)
    except _WrongShape as error:
        raise SetAside from error


def _struct(data: bytes, kind: Any, path: Path, notes: Notes) -> Any:
    """A struct: fields of the wrong shape get their defaults."""
    told = _parts(data, dict[str, msgspec.Raw])
    kept: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        if field.encode_name not in told:
            continue
        here = (*path, field.encode_name)
        try:
            kept[field.name] = _piece(bytes(told[field.encode_name]), field.type, here, notes)
        except SetAside as why:
            notes.add(here, why)
    return kind(**kept)


def _list(data: bytes, kinds: tuple[Any, ...], path: Path, notes: Notes) -> list[Any]:
    """A list: items of the wrong shape are not in it."""
    kept = []
    for number, item in enumerate(_parts(data, list[msgspec.Raw])):
        here = (*path, number)
        try:
            kept.append(_piece(bytes(item), kinds[0], here, notes))
        except SetAside as why:
            notes.add(here, why)
    return kept


def _dict(data: bytes, kinds: tuple[Any, ...], path: Path, notes: Notes) -> dict[str, Any]:
    """An object whose keys are data: values of the wrong shape are not in it."""
    kept = {}
    for key, item in _parts(data, dict[str, msgspec.Raw]).items():
        here = (*path, key)
        try:
            kept[key] = _piece(bytes(item), kinds[1], here, notes)
        except SetAside as why:
            notes.add(here, why)
    return kept


_BY_ORIGIN: Final[dict[Any, Callable[[bytes, tuple[Any, ...], Path, Notes], Any]]] = {list: _list, dict: _dict}
