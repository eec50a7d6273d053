"""The wschat-ie/1 codec against the conformance table, and its rules one by one."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from chat_tui_wschat.grammar import FORMS, GROUPS, MAX_MESSAGE
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
    channel_name_ok,
    event_body,
    event_type_ok,
    parse_command,
    parse_reply,
    tag,
    unsupported_event_type,
    user_name_ok,
    write_command,
    write_reply,
)
from tests.wschat.frames import COMMANDS, REFUSED, REPLIES, ROWS, TRANSCRIPTS, Bad, Row, label


def parse(row: Row) -> object:
    return parse_command(row.frame) if row.side == "c2s" else parse_reply(row.frame)


def write(value: Any, side: str) -> str | bytes:
    return write_command(value) if side == "c2s" else write_reply(value)


# A24 (also A1, A2, A3, A5, A17, A18: the good and bad forms of each verb)
@pytest.mark.parametrize("row", ROWS, ids=label)
def test_the_conformance_table(row: Row) -> None:
    if isinstance(row.expected, Bad):
        with pytest.raises(FrameError) as caught:
            parse(row)
        error = caught.value
        assert (error.code, error.verb, error.id, error.seq) == (
            row.expected.code,
            row.expected.verb,
            row.expected.id,
            row.expected.seq,
        )
        if row.expected.text is not None:
            assert error.text == row.expected.text
        return
    assert parse(row) == row.expected
    written = write(row.expected, row.side)
    if row.spelling:
        assert written == row.frame
    else:
        assert written != row.frame
        assert parse(Row(written, row.side, row.expected, "")) == row.expected


# A24
def test_every_verb_has_a_good_and_a_bad_row() -> None:
    verbs = {*FORMS, *GROUPS}
    good = {row.expected.verb for row in (*TRANSCRIPTS, *COMMANDS) if isinstance(row.expected, Command)}
    bad = {row.expected.verb for row in (*TRANSCRIPTS, *REFUSED) if isinstance(row.expected, Bad)}
    assert good == verbs
    assert verbs - {"QUIT"} <= bad  # Whatever follows QUIT is its reason.
    seconds = {(verb, second) for verb, group in GROUPS.items() for second in group}
    assert seconds == {
        (row.expected.verb, row.expected.args[0])
        for row in (*TRANSCRIPTS, *COMMANDS)
        if isinstance(row.expected, Command) and row.expected.verb in GROUPS
    }


# A24
def test_every_refusal_is_an_error_frame_that_can_be_sent() -> None:
    for row in (*REFUSED, *REPLIES):
        if isinstance(row.expected, Bad):
            with pytest.raises(FrameError) as caught:
                parse(row)
            error = caught.value
            failure = Failure(error.code, error.verb, error.text, error.id)
            assert parse_reply(write_reply(failure)) == failure
            assert str(error) == error.text


# A3
@pytest.mark.parametrize("verb", ["SUBEVENT", "UNSUBEVENT"])
def test_the_texts_of_s0(verb: str) -> None:
    with pytest.raises(FrameError, match=f"^{verb} requires event type argument$"):
        parse_command(verb)
    with pytest.raises(FrameError, match=r"^Unsupported event type: X$"):
        parse_command(f"{verb} X")
    assert unsupported_event_type("weather") == "Unsupported event type: weather"


# A3
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x" * 64, "x" * 64),
        ("x" * 65, "x" * 64 + "…"),
        ("a\x1b[2Jb", "a?[2Jb"),
        ("\u202etxt\u200b", "?txt?"),
        ("\ud800\x00\n", "???"),
        ("погода", "погода"),
    ],
)
def test_an_unsupported_type_is_repeated_harmlessly(name: str, text: str) -> None:
    assert unsupported_event_type(name) == f"Unsupported event type: {text}"
    failure = Failure("BADARGS", "SUBEVENT", unsupported_event_type(name))
    assert parse_reply(write_reply(failure)) == failure


# A10, E12
@pytest.mark.parametrize(
    "frame",
    [
        "AUTH TOKEN s3cr/t s3cr/t",
        "AUTH TOKEN laptop s3cr/t\u20ac",
        "AUTH TOKEN laptop a s3cr/t",
        "AUTH PASS laptop s3cr/t word",
        "AUTH s3cr/t",
        "RESUME s3cr/t 1",
        "RESUME s3cr/t",
    ],
)
def test_no_refusal_repeats_a_secret(frame: str) -> None:
    with pytest.raises(FrameError) as caught:
        parse_command(frame)
    assert "s3cr" not in caught.value.text


# A18
@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (
            channel_name_ok,
            ["a", "0", "a" * 50, "a.b-c_d", "a--b", "@ann+bob", "@ann+ann_", "@" + "a" * 32 + "+" + "b" * 32],
            [
                *["", "a" * 51, "A", "é", "a ", " a", "-a", "a.", "..", "a/b", "#a", "a\n", "@", "@ann", "@bob+ann"],
                *["@ann+ann", "@ann+bo", "@ann+bob+cat", "ann+bob", "@ann +bob", "@ann+bob\n", "٣"],
            ],
        ),
        (
            user_name_ok,
            ["ann", "a.b", "_a_", "0.0", "a" * 32, "x.y.z"],
            ["", "an", "a" * 33, "Ann", ".ann", "ann.", "a..b", "a-b", "a b", "ann\n", "änn", "a" * 50_000 + "!"],
        ),
        (
            event_type_ok,
            ["channel", "a", "a" * 32, "m.room_x-1"],
            ["", "a" * 33, "Channel", "a b", "a{", "channel\n", "é", "*"],
        ),
    ],
)
def test_alphabets(check: Callable[[str], bool], good: list[str], bad: list[str]) -> None:
    assert [name for name in good if check(name) is not True] == []
    assert [name for name in bad if check(name) is not False] == []


# A24: what cannot be read back is not written.
@pytest.mark.parametrize(
    "command",
    [
        Command("FLY"),
        Command(""),
        Command("FILE DONE", ("x1",)),
        Command("FILE", ("DONE x1", "x2")),
        Command("FILE"),
        Command("SUBEVENT"),
        Command("SUBEVENT", ("channel", "user")),
        Command("SUBEVENT", ("chan nel",)),
        Command("SUBEVENT", ("channel",), "text"),
        Command("SUBEVENT", ("channel",), data={"a": 1}),
        Command("JOIN", ("general",), body=b""),
        Command("JOIN", ("general",), id=0),
        Command("JOIN", ("general",), id=2**53),
        Command("PING", (-1,)),
        Command("PING", (2**53,)),
        Command("PING", (True,)),
        Command("HISTORY", ("general", "LATEST", 4, 50)),
        Command("HISTORY", ("general", "LATEST", "*")),
        Command("MSG", ("general",)),
        Command("MSG", ("general",), ""),
        Command("MSG", ("general",), "a\rb"),
        Command("MSG", ("general",), "\ud800"),
        Command("MSG", ("general",), "hi", data={"a": 1}),
        Command("MSG", ("general",), "hi", b"hi"),
        Command("MSG", ("general",), "a" * MAX_MESSAGE),
        Command("TOPIC", ("general",), "a\nb"),
        Command("PART", ("general",), ""),
        Command("CHAT", ("general",)),
        Command("CHAT", ("general",), "hi"),
        Command("CHAT", ("general",), "hi", b"hi"),
        Command("CHAT", ("general",), body=b"\xff" * MAX_MESSAGE),
        Command("CREATE", ("general",), data={"a": "\ud800"}),
        Command("CREATE", ("general",), data={"a": object()}),
        Command("CREATE", ("general",), "text"),
        Command("CREATE", ("general",), data={"a": [[[[[[[[1]]]]]]]]}),
        Command("FILE", ("OFFER", "general")),
        Chunk("f1", 1, b"a"),
        Chunk("x1 2", 1, b"a"),
        Chunk("x1", -1, b""),
        Chunk("x1", 0, b"a"),
        Chunk("x1", 2**53, b"a"),
        Chunk("x1", 1, b"a" * MAX_MESSAGE),
    ],
    ids=lambda command: repr(command)[:70],
)
def test_commands_that_have_no_frame(command: Command | Chunk) -> None:
    with pytest.raises(FrameError):
        write_command(command)


# A24
@pytest.mark.parametrize(
    "reply",
    [
        Event("a b", "CREATE", "x"),
        Event("a", "create", "x"),
        Event("a", "CREATE", "x y"),
        Event("a", "CREATE", ""),
        Event("a", "CREATE", "{"),
        Event("a", "CREATE", "x", seq=0),
        Event("a", "CREATE", "x", id=2**53),
        Event("a", "CREATE", "x", {"a": "x" * MAX_MESSAGE}),
        Confirm("join"),
        Confirm("JOIN", ("a b",)),
        Confirm("JOIN", ("",)),
        Confirm("JOIN", ("general",), id=-1),
        Failure("bad", "JOIN"),
        Failure("BADARGS", "join"),
        Failure("BADARGS", "JOIN", "a\nb"),
        Failure("BADARGS", "JOIN", retry=-1),
        Failure("BADARGS", "JOIN", retry=float("nan")),
        Failure("BADARGS", "JOIN", retry=float("inf")),
        Hello("", {}),
        Ping(-1),
        Pong(2**53),
        Chunk("x1", 0, b"a"),
    ],
    ids=lambda reply: repr(reply)[:70],
)
def test_replies_that_have_no_frame(reply: Any) -> None:
    with pytest.raises(FrameError):
        write_reply(reply)


# A9, A15: one event, written once, tagged for each session.
def test_an_event_is_written_once_and_tagged_for_each_session() -> None:
    body = event_body("message", "CREATE", "general", {"id": "m7", "text": "hi"})
    assert body == 'EVENT message CREATE general {"id":"m7","text":"hi"}'
    assert tag(body) == body
    assert tag(body, seq=2) == f"@seq=2 {body}"
    assert tag(body, seq=2, id=5) == f"@seq=2;id=5 {body}"
    assert tag(body, id=5) == f"@id=5 {body}"
    assert tag("CONFIRM JOIN general", id=5, dup=True) == "@id=5;dup=1 CONFIRM JOIN general"
    assert tag("X", seq=1, id=2, dup=True, retry=0.5) == "@seq=1;id=2;dup=1;retry=0.5 X"
    event = Event("message", "CREATE", "general", {"id": "m7", "text": "hi"}, 2, 5)
    assert write_reply(event) == tag(body, seq=2, id=5)
    assert event_body("channel", "CREATE", "example", {}) == "EVENT channel CREATE example"


# A5: S0 writes the JSON with spaces, and an empty payload as a trailing space.
def test_what_s0s_own_server_sends_is_read() -> None:
    assert parse_reply('EVENT user JOIN general {"username": "glitchy", "x": [1, 2]}') == Event(
        "user", "JOIN", "general", {"username": "glitchy", "x": [1, 2]}
    )
    assert parse_reply("EVENT channel CREATE example ") == parse_reply("EVENT channel CREATE example {}")


# A24
def test_a_tag_section_of_256_bytes_is_read_and_one_of_257_is_not() -> None:
    section = "@id=7;" + ";".join(f"k{n}={'v' * 60}" for n in range(3)) + ";k="
    assert parse_command(section + "v" * (256 - len(section)) + " LSSUBS") == Command("LSSUBS", id=7)
    with pytest.raises(FrameError, match="256 bytes"):
        parse_command(section + "v" * (257 - len(section)) + " LSSUBS")


def refusal(read: Callable[[str], object], frame: str) -> FrameError | None:
    """Give the error that a reader raises, or None."""
    try:
        read(frame)
    except FrameError as error:
        return error
    return None


# A3, A5: hostile frames cost little.
@pytest.mark.parametrize(
    "frame",
    [
        "SUBEVENT " + " " * 1_000_000,
        "CONFIRM " + "A " * 500_000,
        "@" + "a=1;" * 250_000,
        "CREATE a " + "[" * 1_000_000,
        'EVENT x Y z {"a":' + "[" * 500_000 + "]" * 500_000 + "}",
        "MSG general " + "\u200b" * 300_000,
        "CREATE " + "a." * 500_000,
        "INVITE a " + "a." * 500_000,
        "PING " + "9" * 1_000_000,
        "@id=" + "9" * 1_000_000 + " LSSUBS",
        "x" * 5_000_000,
    ],
    ids=lambda frame: ascii(frame[:24])[1:-1],
)
def test_hostile_frames_are_settled_quickly(frame: str) -> None:
    started = time.perf_counter()
    refused = [error for error in (refusal(parse_command, frame), refusal(parse_reply, frame)) if error]
    assert time.perf_counter() - started < 1.0
    assert refused
    assert all(len(error.text) < 200 for error in refused)
