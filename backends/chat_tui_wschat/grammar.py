"""The alphabets of wschat-ie/1 and the table of everything a client may say."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

MAX_NUM: Final = 2**53 - 1
"""The largest number of the protocol (wschat 3.1, num)."""

MAX_TAGS: Final = 256
"""Bytes of a tag section, the "@" included (wschat 3.8)."""

MAX_MESSAGE: Final = 1 << 20
"""Bytes of one message that the codec looks at at all; what HELLO advertises is lower and the server's to keep."""

_SHOWN: Final = 64


class FrameError(Exception):
    """A frame that does not follow wschat-ie/1.

    Attributes:
        code: the error code of wschat 3.7: BADFRAME, BADCMD or BADARGS.
        text: one sentence for people; fits the text of an ERROR frame and never holds a secret.
        verb: the frame's verb, "*" when it has none that an ERROR frame could name.
        id: the tag ``id`` where the tags could be read.
        seq: the tag ``seq`` where the tags could be read (wschat 3.4 rule 8).
    """

    def __init__(self, code: str, text: str, verb: str = "*") -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.verb = verb
        self.id: int | None = None
        self.seq: int | None = None


def shown(word: str) -> str:
    """Give a word from a hostile frame in a form that fits an error text: printable and at most 64 characters."""
    cut = word[:_SHOWN]
    if not cut.isprintable():
        cut = "".join(char if char.isprintable() else "?" for char in cut)
    return cut if len(word) <= _SHOWN else cut + "…"


def unsupported_event_type(name: str) -> str:
    """Give S0's error text for an event type that the server does not know (wschat 1), safe to send."""
    return f"Unsupported event type: {shown(name)}"


_ETYPE = re.compile(r"[a-z0-9._-]{1,32}").fullmatch
_CHANNEL = re.compile(r"[a-z0-9](?:[a-z0-9_.-]{0,48}[a-z0-9])?").fullmatch
_USER = re.compile(r"(?=[a-z0-9_.]{3,32}\Z)[a-z0-9_]+(?:\.[a-z0-9_]+)*").fullmatch
_NUM = re.compile(r"0|[1-9][0-9]{0,15}").fullmatch

word_ok: Final = re.compile(r"[!-z|-~]{1,128}").fullmatch
verb_ok: Final = re.compile(r"[A-Z]{1,16}").fullmatch
proto_ok: Final = re.compile(r"[A-Za-z0-9./-]{1,32}").fullmatch
tag_ok: Final = re.compile(r"[a-z0-9-]{1,16}=[!-:<-~]{1,64}").fullmatch
xid_ok: Final = re.compile(r"x[0-9]{1,20}").fullmatch

# What may not stand in a text message, by what it carries (wschat 3.1): tab is content everywhere, LF only in the
# text of MSG, NUL and CR nowhere; half a surrogate pair is no UTF-8.
REST_REFUSED: Final = re.compile("[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]").search
MTEXT_REFUSED: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]").search
OCTETS_REFUSED: Final = re.compile("[\x00\x0a\x0d\ud800-\udfff]").search


def channel_name_ok(name: str) -> bool:
    """Say whether this names a channel: 1..50 of a-z 0-9 _ - . with alphanumeric ends, or a direct ``@a+b``, a < b."""
    if name[:1] != "@":
        return _CHANNEL(name) is not None
    first, _, second = name[1:].partition("+")
    return first < second and user_name_ok(first) and user_name_ok(second)


def user_name_ok(name: str) -> bool:
    """Say whether this names a user: 3..32 of a-z 0-9 _ . with no leading, trailing or doubled dot."""
    return _USER(name) is not None


def event_type_ok(name: str) -> bool:
    """Say whether this fits the alphabet of event types: 1..32 of a-z 0-9 . _ -."""
    return _ETYPE(name) is not None


def number_ok(word: str) -> bool:
    """Say whether this is a number of the protocol: 0..2**53-1, decimal, no sign, no leading zero."""
    return _NUM(word) is not None and int(word) <= MAX_NUM


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of fixed argument: its alphabet, what to say of a word that does not fit, whether it is a number."""

    ok: Callable[[str], object]
    refusal: str
    number: bool = False


def _one_of(*words: str) -> Kind:
    return Kind(frozenset(words).__contains__, f"{{}} is none of {', '.join(words)}")


CHAN: Final = Kind(channel_name_ok, "Not a channel name: {}")
USER: Final = Kind(user_name_ok, "Not a user name: {}")
ETYPE: Final = Kind(event_type_ok, "Unsupported event type: {}")
NUM: Final = Kind(number_ok, "Not a number from 0 to 9007199254740991: {}", number=True)
BOUND: Final = Kind(lambda word: word == "*" or number_ok(word), "Not a position or *: {}", number=True)
FID: Final = Kind(re.compile(r"f[0-9]{1,20}").fullmatch, "Not a file id: {}")
XID: Final = Kind(xid_ok, "Not a transfer id: {}")
FID_OR_XID: Final = Kind(re.compile(r"[fx][0-9]{1,20}").fullmatch, "Neither a file id nor a transfer id: {}")


# None of these repeats the word: a secret may have slipped into its place.
SESSION: Final = Kind(re.compile(r"[A-Za-z0-9_-]{16,64}").fullmatch, "Not a session id")
SECRET: Final = Kind(re.compile(r"[!-~]{1,4096}").fullmatch, "Not a token: 1 to 4096 printable ASCII characters")
DEVICE: Final = Kind(re.compile(r"[A-Za-z0-9_-]{1,64}").fullmatch, "Not a device name: 1 to 64 of A-Z a-z 0-9 - _")
LOGIN: Final = Kind(user_name_ok, "Not a user name: 3 to 32 of a-z 0-9 _ .")


class Tail(enum.Enum):
    """What may follow a verb's fixed arguments."""

    NOTHING = enum.auto()
    REST = enum.auto()
    """Text on one line; one trailing SP is tolerated and does not count."""
    TEXT = enum.auto()
    """Text of a message: LF allowed, every space counts."""
    OCTETS = enum.auto()
    """A chat message: every octet counts."""
    JSON = enum.auto()
    """One JSON object."""


CONTENT: Final = (Tail.TEXT, Tail.OCTETS)
"""Tails in which a trailing SP is content and not the tolerated one (wschat 3.1)."""


@dataclass(frozen=True, slots=True)
class Form:
    """How one verb's arguments look: fixed words, how many of the last may be missing, and what follows them."""

    needs: str
    words: tuple[Kind, ...] = ()
    spare: int = 0
    tail: Tail = Tail.NOTHING
    tail_needed: bool = False


HISTORY: Final = Form(
    "a channel name, LATEST * or BEFORE or AFTER with a position, and a count",
    (CHAN, _one_of("LATEST", "BEFORE", "AFTER"), BOUND, NUM),
)

FORMS: Final[Mapping[str, Form]] = {
    "RESUME": Form("a session id and the last seq", (SESSION, NUM)),
    "SUBEVENT": Form("event type argument", (ETYPE,)),
    "UNSUBEVENT": Form("event type argument", (ETYPE,)),
    "LSEVENTS": Form("no argument"),
    "LSCHANS": Form("no argument, or the channel name to list after", (CHAN,), spare=1),
    "LSSUBS": Form("no argument"),
    "LSUSERS": Form("a channel name, and perhaps the user name to list after", (CHAN, USER), spare=1),
    "LSFILES": Form("no argument, or the file id to list before", (FID,), spare=1),
    "CREATE": Form("a channel name, and perhaps a JSON object", (CHAN,), tail=Tail.JSON),
    "DELETE": Form("a channel name", (CHAN,)),
    "JOIN": Form("a channel name", (CHAN,)),
    "PART": Form("a channel name, and perhaps a reason", (CHAN,), tail=Tail.REST),
    "INVITE": Form("a channel name and a user name", (CHAN, USER)),
    "KICK": Form("a channel name and a user name, and perhaps a reason", (CHAN, USER), tail=Tail.REST),
    "TOPIC": Form("a channel name and a topic", (CHAN,), tail=Tail.REST, tail_needed=True),
    "MSG": Form("a channel name and a text", (CHAN,), tail=Tail.TEXT, tail_needed=True),
    "CHAT": Form("a channel name and a chat message", (CHAN,), tail=Tail.OCTETS, tail_needed=True),
    "HISTORY": HISTORY,
    "READ": Form("a channel name and a position", (CHAN, NUM)),
    "TYPING": Form("a channel name and ON or OFF", (CHAN, _one_of("ON", "OFF"))),
    "PRESENCE": Form(
        "ONLINE, IDLE or OFFLINE, and perhaps a text", (_one_of("ONLINE", "IDLE", "OFFLINE"),), tail=Tail.REST
    ),
    "PING": Form("a number", (NUM,)),
    "PONG": Form("a number", (NUM,)),
    "QUIT": Form("nothing more, or a reason", tail=Tail.REST),
}
"""Verbs of one word (wschat 3.1, c2s)."""

GROUPS: Final[Mapping[str, Mapping[str, Form]]] = {
    "AUTH": {
        "TOKEN": Form("a device name and a token", (DEVICE, SECRET)),
        "PASS": Form("a device name, a user name and a password", (DEVICE, LOGIN), tail=Tail.REST, tail_needed=True),
    },
    "FILE": {
        "OFFER": Form("a channel name and a JSON object", (CHAN,), tail=Tail.JSON, tail_needed=True),
        "RESUME": Form("a transfer id", (XID,)),
        "ACCEPT": Form("a file id and the first chunk wanted", (FID, NUM)),
        "ACK": Form("a transfer id and a chunk number", (XID, NUM)),
        "DONE": Form("a transfer id", (XID,)),
        "FAIL": Form("a transfer id and a reason", (XID, _one_of("DIGEST", "SIZE", "CHUNK", "IO"))),
        "CANCEL": Form("a file id or transfer id, and perhaps a reason", (FID_OR_XID,), tail=Tail.REST),
    },
}
"""Verbs whose second word says what is meant; it is the first of a command's args."""

LATEST_ONLY: Final = "HISTORY takes * after LATEST, and a position after BEFORE or AFTER"
"""The one rule that ties two arguments together: in HISTORY, "*" belongs to LATEST and to nothing else."""
