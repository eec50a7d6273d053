"""A request and what is told in answer, as values and as JSON objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Final

from chat_tui.strings import _
from chat_tui_core.errors import ConfigError

LONGEST_WAIT: Final = 86_400.0
MOST_EVENTS: Final = 100_000
_CONTENT: Final = frozenset({"topic", "private", "invite"})
"""What a request may say of a new room."""


@dataclass(frozen=True, slots=True)
class Request:
    """One thing that is asked; each kind reads the fields that it needs.

    `do` is a key of `perform.PERFORMERS`. `wait` is an action's state to wait for, at most `timeout` seconds.
    `action_id` names an action to retry, to cancel or to wait for. `content` goes into a new action. `after` says up
    to which order each room was told (tail). `at`: when to say it, milliseconds since 1970, 0 = now. `file` is the path
    of one to send, `file_id` a transfer or a message that brings a file, `to` where it is to go; paths are absolute.
    `thread` is the event that a thread began with in which something is said.
    """

    do: str
    rooms: tuple[str, ...] = ()
    text: str = ""
    count: int = 50
    before: str = ""
    every: bool = False
    wait: str = "sent"
    timeout: float = 10.0
    action_id: int = 0
    content: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, int] = field(default_factory=dict)
    at: int = 0
    file: str = ""
    file_id: str = ""
    to: str = ""
    thread: str = ""

    @property
    def room(self) -> str:
        """The one room that is meant; raises ConfigError when there is none or more."""
        if len(self.rooms) != 1:
            raise ConfigError(_("This needs exactly one room."))
        return self.rooms[0]

    def resumed(self, cursor: Mapping[str, Any]) -> Request:
        """The request for whoever goes on with it, after a `Cursor` with these fields."""
        return replace(self, **{**cursor, "after": {**self.after, **cursor.get("after", {})}})

    def as_json(self) -> dict[str, Any]:
        """For the control socket."""
        return asdict(self)

    @classmethod
    def of_json(cls, data: object) -> Request:
        """What `as_json` gave; raises ConfigError for anything else."""
        if not isinstance(data, dict) or not set(data) <= set(_SHAPES):
            raise ConfigError(_("This is not a request."))
        for name, value in data.items():
            if not _SHAPES[name](value):
                raise ConfigError(_("The request's {name!r} is not usable.").format(name=name))
        if "do" not in data:
            raise ConfigError(_("The request asks for nothing."))
        return cls(**{**data, "rooms": tuple(data.get("rooms", ()))})


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the answer: what `--json` prints. `cursor` holds from this row on, see `Cursor`.

    `said` is what people read in place of some of `data`, in their language.
    """

    data: Mapping[str, Any]
    cursor: Mapping[str, Any] = field(default_factory=dict)
    said: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence for the person beside the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Cursor:
    """Fields that the request gets when another process has to go on with it: nothing is done or told twice."""

    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Done:
    """The end, with the exit code: 0 reached, 3 refused, 4 still pending."""

    code: int = 0


Told = Row | Note | Cursor | Done


def _texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 62


def _seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= LONGEST_WAIT


def _orders(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(room, str) for room in value) and all(map(_whole, value.values()))


def _content(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    return all(key in _CONTENT and (isinstance(item, str | bool) or _texts(item)) for key, item in value.items())


def _text(value: object) -> bool:
    return isinstance(value, str)


#: Field -> whether a value from outside may stand there.
_SHAPES: Final = {
    "do": _text,
    "rooms": _texts,
    "text": _text,
    "count": lambda value: _whole(value) and value <= MOST_EVENTS,
    "before": _text,
    "every": lambda value: isinstance(value, bool),
    "wait": lambda value: isinstance(value, str) and value in {"pending", "sent", "confirmed"},
    "timeout": _seconds,
    "action_id": _whole,
    "content": _content,
    "after": _orders,
    "at": _whole,
    "file": _text,
    "file_id": _text,
    "to": _text,
    "thread": _text,
}
if set(_SHAPES) != {item.name for item in fields(Request)}:
    raise AssertionError("every field of a request needs its check")
