"""The wschat-ie/1 codec under random values and random bytes: what is written reads back, and nothing else is raised."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chat_tui_wschat.frame_json import decode_object
from chat_tui_wschat.grammar import REST_REFUSED
from chat_tui_wschat.wire import (
    Chunk,
    Command,
    Confirm,
    Event,
    Failure,
    FrameError,
    Hello,
    Ping,
    Pong,
    Reply,
    parse_command,
    parse_reply,
    write_command,
    write_reply,
)
from tests.wschat.frames import ROWS

LAST = 2**53 - 1
numbers = st.integers(0, LAST)
counters = st.none() | st.integers(1, LAST)
users = st.from_regex(r"[a-z0-9_]{1,10}(\.[a-z0-9_]{1,10}){0,1}", fullmatch=True).filter(lambda name: len(name) > 2)
direct = (
    st.tuples(users, users).filter(lambda pair: pair[0] != pair[1]).map(lambda pair: "@{}+{}".format(*sorted(pair)))
)
channels = st.from_regex(r"[a-z0-9]([a-z0-9_.-]{0,48}[a-z0-9])?", fullmatch=True) | direct
etypes = st.from_regex(r"[a-z0-9._-]{1,32}", fullmatch=True)
devices = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
sessions = st.from_regex(r"[A-Za-z0-9_-]{16,64}", fullmatch=True)
secrets = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=60)
words = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="{"), min_size=1, max_size=128)
capitals = st.from_regex(r"[A-Z]{1,16}", fullmatch=True)
fids = st.from_regex(r"f[0-9]{1,20}", fullmatch=True)
xids = st.from_regex(r"x[0-9]{1,20}", fullmatch=True)
anything = st.characters(exclude_categories=["Cs"])
rests = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=[chr(n) for n in (*range(9), *range(10, 32), 127)]),
    min_size=1,
)
texts = st.lists(rests, min_size=1).map("\n".join)
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(anything)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(anything), inner, max_size=4),
    max_leaves=6,
)
objects = st.dictionaries(st.text(anything, max_size=8), values, max_size=4).filter(lambda data: depth(data) <= 8)
full_objects = objects.filter(bool)


def depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max((depth(inner) for inner in value.values()), default=0)
    return 1 + max((depth(inner) for inner in value), default=0) if isinstance(value, list) else 0


def command(verb: str, *args: st.SearchStrategy[Any], **tail: st.SearchStrategy[Any]) -> st.SearchStrategy[Command]:
    return st.builds(Command, st.just(verb), st.tuples(*args), id=counters, **tail)


def one_of(*choices: str) -> st.SearchStrategy[str]:
    return st.sampled_from(choices)


commands: st.SearchStrategy[Command | Chunk] = st.one_of(
    command("AUTH", st.just("TOKEN"), devices, secrets),
    command("AUTH", st.just("PASS"), devices, users, text=rests),
    command("RESUME", sessions, numbers),
    command("SUBEVENT", etypes),
    command("UNSUBEVENT", etypes),
    command("LSEVENTS"),
    command("LSCHANS"),
    command("LSCHANS", channels),
    command("LSSUBS"),
    command("LSUSERS", channels),
    command("LSUSERS", channels, users),
    command("CREATE", channels, data=st.none() | full_objects),
    command("DELETE", channels),
    command("JOIN", channels),
    command("PART", channels, text=st.none() | rests),
    command("INVITE", channels, users),
    command("KICK", channels, users, text=st.none() | rests),
    command("TOPIC", channels, text=rests),
    command("MSG", channels, text=texts),
    command("CHAT", channels, body=st.binary() | texts.map(str.encode)),
    command("HISTORY", channels, st.just("LATEST"), st.just("*"), numbers),
    command("HISTORY", channels, one_of("BEFORE", "AFTER"), numbers, numbers),
    command("READ", channels, numbers),
    command("TYPING", channels, one_of("ON", "OFF")),
    command("PRESENCE", one_of("ONLINE", "IDLE", "OFFLINE"), text=st.none() | rests),
    command("FILE", st.just("OFFER"), channels, data=objects),
    command("FILE", one_of("RESUME", "DONE"), xids),
    command("FILE", st.just("ACCEPT"), fids, numbers),
    command("FILE", st.just("ACK"), xids, numbers),
    command("FILE", st.just("FAIL"), xids, one_of("DIGEST", "SIZE", "CHUNK", "IO")),
    command("FILE", st.just("CANCEL"), fids | xids, text=st.none() | rests),
    command("PING", numbers),
    command("PONG", numbers),
    command("QUIT", text=st.none() | rests),
)
chunks = st.builds(Chunk, xids, st.integers(1, LAST), st.binary()) | st.builds(Chunk, xids, st.just(0), st.just(b""))
replies: st.SearchStrategy[Reply] = st.one_of(
    st.builds(Hello, st.from_regex(r"[A-Za-z0-9./-]{1,32}", fullmatch=True), objects),
    st.builds(
        Confirm, capitals, st.lists(words, max_size=3).map(tuple), st.none() | full_objects, counters, st.booleans()
    ),
    st.builds(
        Failure,
        capitals,
        capitals | st.just("*"),
        st.just("") | rests,
        counters,
        st.none() | st.floats(0, allow_infinity=False),
        st.booleans(),
    ),
    st.builds(Event, etypes, capitals, words, objects, counters, counters),
    st.builds(Ping, numbers),
    st.builds(Pong, numbers),
    chunks,
)


# A24
@given(commands | chunks)
def test_a_command_reads_back_as_it_was_written(value: Command | Chunk) -> None:
    assert parse_command(write_command(value)) == value


# A24
@given(replies)
def test_a_reply_reads_back_as_it_was_written(value: Reply) -> None:
    assert parse_reply(write_reply(value)) == value


# A24
@given(commands, replies)
def test_a_text_message_never_breaks_the_rules_of_framing(said: Command, answered: Reply) -> None:
    for message, newline in ((write_command(said), said.verb == "MSG"), (write_reply(answered), False)):
        if isinstance(message, str):
            assert not {"\0", "\r"} & set(message)
            assert newline or "\n" not in message
            message.encode()


FRAMES = [row.frame for row in ROWS if len(row.frame) < 400]


@st.composite
def mutated(draw: st.DrawFn) -> str | bytes:
    """A frame of the table with a few characters added, taken away or replaced."""
    frame = draw(st.sampled_from(FRAMES))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(frame)))
        end = min(len(frame), start + draw(st.integers(0, 3)))
        if isinstance(frame, bytes):
            frame = frame[:start] + draw(st.binary(max_size=2)) + frame[end:]
        else:
            glyphs = st.sampled_from(' @=;{}[]"\\:,*.+-_0159aAxfeE\t\n\r\0\x7f\x85\u200b\ud83d😀')
            frame = frame[:start] + draw(st.text(glyphs, max_size=3)) + frame[end:]
    return frame


def outcome(read: Callable[[str | bytes], Any], message: str | bytes) -> Any:
    """Give the value that a reader makes of a message, or its FrameError."""
    try:
        return read(message)
    except FrameError as error:
        return error


def settles(message: str | bytes) -> None:
    """Check that both readers give a value that reads back, or a FrameError that can be answered."""
    said = outcome(parse_command, message)
    if isinstance(said, FrameError):
        answer = Failure(said.code, said.verb, said.text, said.id)
        assert said.code in {"BADFRAME", "BADCMD", "BADARGS"}
        assert parse_reply(write_reply(answer)) == answer
    else:
        assert parse_command(write_command(said)) == said
    answered = outcome(parse_reply, message)
    assert isinstance(answered, FrameError) or parse_reply(write_reply(answered)) == answered


# A24, A3, A5
@given(mutated())
def test_mutated_frames_raise_nothing_but_frame_error(message: str | bytes) -> None:
    settles(message)


# A24
@given(st.text(st.characters()) | st.binary())
def test_random_messages_raise_nothing_but_frame_error(message: str | bytes) -> None:
    settles(message)


def by_the_json_module(text: str) -> dict[str, Any] | None:
    """Read an object with Python's own reader and the protocol's additional rules; None when it is refused."""

    def refuse(word: str) -> object:
        raise ValueError(word)

    try:
        data: dict[str, Any] = json.loads(text, parse_constant=refuse)
        json.dumps(data, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:
        return None
    return data if depth(data) <= 8 else None


PIECES = [
    '"a"',
    '"\\ud800"',
    '"\\ud83d\\ude00"',
    '"\\udc00x"',
    '"\\u0041"',
    "1",
    "-0",
    "1.5e3",
    "1e400",
    "01",
    "NaN",
    "Infinity",
]
PIECES += [
    "null",
    "true",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    " ",
    '"b"',
    "é",
    '"é\\n"',
    "-",
    ".",
    '"\\x"',
    "9" * 30,
    '{"a":',
    "[[",
    "]]",
]


# A5: two readers of JSON agree on what an object is.
@given(st.lists(st.sampled_from(PIECES), max_size=20).map(lambda pieces: "{" + "".join(pieces) + "}"))
def test_json_is_read_as_another_reader_reads_it(text: str) -> None:
    assert not REST_REFUSED(text)
    try:
        found: dict[str, Any] | None = decode_object(text)
    except FrameError:
        found = None
    assert found == by_the_json_module(text)


# A5
@given(objects)
def test_json_written_by_another_writer_is_read(data: dict[str, Any]) -> None:
    for ascii_only in (True, False):
        text = json.dumps(data, ensure_ascii=ascii_only)
        assert decode_object(text) == data
