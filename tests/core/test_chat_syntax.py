"""S3's message grammar: samples, the rules one by one, round trips and hostile octets."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_tui_core.chat_syntax import (
    MAX_OCTETS,
    MAX_PARTS,
    Announced,
    ChatMessage,
    ChatSyntaxError,
    Delete,
    New,
    Part,
    React,
    Reply,
    Unknown,
    Update,
    decode_name,
    delete,
    encode_name,
    new,
    parse,
    react,
    read,
    reply,
    update,
    write,
)

HELLO = Part("x.text", b"hello")
DAG = bytes(range(32))

# X1-X6: octets, what they mean, and whether the value is written as just these octets.
GOOD: list[tuple[bytes, ChatMessage, bool]] = [
    (b"3 x.msg.new c.text x.text:5 hello ", ChatMessage("x.msg.new", ("c.text",), (HELLO,), 3), True),
    (b" x.msg.new c.text x.text:5 hello ", ChatMessage("x.msg.new", ("c.text",), (HELLO,)), True),
    (b"5 x.grp.leave   ", ChatMessage("x.grp.leave", id=5), True),
    (b" x.msg.delete 41  ", ChatMessage("x.msg.delete", ("41",)), True),
    (b" x.msg.new c.text x.text:0  ", ChatMessage("x.msg.new", ("c.text",), (Part("x.text", b""),)), True),
    (b" a.b  x.text:2 \xc3\xa9 ", ChatMessage("a.b", (), (Part("x.text", "é".encode()),)), True),
    (b" a.b  x.text:1 \xc3 ", ChatMessage("a.b", (), (Part("x.text", b"\xc3"),)), True),
    (b" a.b  x.q:8 , \n\x00\xff  , ", ChatMessage("a.b", (), (Part("x.q", b", \n\x00\xff  ,"),)), True),
    (
        b"8 x.msg.update 3 x.text:11,x.dag:16 hello there 0123456789abcdef ",
        ChatMessage("x.msg.update", ("3",), (Part("x.text", b"hello there"), Part("x.dag", b"0123456789abcdef")), 8),
        True,
    ),
    (
        b"12 x.msg.new c.text x.text:16,x.dag:32 hello there @123 " + DAG + b" ",
        ChatMessage("x.msg.new", ("c.text",), (Part("x.text", b"hello there @123"), Part("x.dag", DAG)), 12),
        True,
    ),
    (
        b"5 x.msg.new c.image,i.image/jpg:150000 i.image/jpg:4 abcd ",
        ChatMessage("x.msg.new", ("c.image", "i.image/jpg:150000"), (Part("i.image/jpg", b"abcd"),), 5),
        True,
    ),
    (b" a.b  m.image/png:1 a ", ChatMessage("a.b", (), (Part("i.image/png", b"a"),)), False),
    (b" a.b  z9.q+1;x=y:1:aGk= a ", ChatMessage("a.b", (), (Part("z9.q+1;x=y", b"a", "aGk="),)), True),
    (b"05 a.b  x.text:01 a ", ChatMessage("a.b", (), (Part("x.text", b"a"),), 5), False),
    (b"0" * 30 + b"5 a.b  x.text:" + b"0" * 30 + b"1 a ", ChatMessage("a.b", (), (Part("x.text", b"a"),), 5), False),
    (b"000 a.b   ", ChatMessage("a.b", id=0), False),
    (b"9223372036854775807 a.b   ", ChatMessage("a.b", id=2**63 - 1), True),
    (" a.b é,%20  ".encode(), ChatMessage("a.b", ("é", "%20")), True),
    (b" a.b " + b"p" * 65536 + b"  ", ChatMessage("a.b", ("p" * 65536,)), True),
    (b" X1.y2.Z  x.dag:1,x.dag:1 a b ", ChatMessage("X1.y2.Z", (), (Part("x.dag", b"a"), Part("x.dag", b"b"))), True),
]


# X1, X2, X3, X4, X5
@pytest.mark.parametrize(("octets", "message", "spelling"), GOOD, ids=[repr(row[0][:40]) for row in GOOD])
def test_messages_that_parse(octets: bytes, message: ChatMessage, spelling: bool) -> None:
    assert parse(octets) == message
    assert (write(message) == octets) is spelling
    assert parse(write(message)) == message


# X1-X5
@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b" ",
        b"    ",
        b"5 x.grp.leave",
        b"5 x.grp.leave ",
        b"5 x.grp.leave  ",
        b"9 x.msg.delete 3",
        b"9 x.msg.delete 3 ",
        b"x.grp.leave   ",
        b"5 x   ",
        b"5 x.   ",
        b"5 .x   ",
        b"5 x..y   ",
        b"5 x.1   ",
        b"5 x.y-z   ",
        b"5 \xc3\xa9.x   ",
        b"5\tx.grp.leave   ",
        b"5\nx.grp.leave   ",
        b"-5 x.y   ",
        b"+5 x.y   ",
        b"5a x.y   ",
        "٥ x.y   ".encode(),
        b"9223372036854775808 x.y   ",
        b"9" * 10_000 + b" x.y   ",
        b"5 x.y a,,b  ",
        b"5 x.y ,a  ",
        b"5 x.y a,  ",
        b"5 x.y ,  ",
        b"5 x.y a\x1bb  ",
        b"5 x.y a\x7fb  ",
        b"5 x.y a\xc2\x85b  ",
        b"5 x.y \xff  ",
        b" x.y  x.text:6 hello ",
        b" x.y  x.text:4 hello ",
        b" x.y  x.text:5 hello",
        b" x.y  x.text:5 hello  ",
        b" x.y  x.text:5 hello more",
        b" x.y  x.text:-1 hello ",
        b" x.y  x.text:+5 hello ",
        b" x.y  x.text: hello ",
        b" x.y  x.text hello ",
        b" x.y  text:5 hello ",
        b" x.y  x.:5 hello ",
        b" x.y  .text:5 hello ",
        b" x.y  1.text:5 hello ",
        b" x.y  x.te\x1bxt:5 hello ",
        b" x.y  x.text:5: hello ",
        b" x.y  x.text:5:a$b hello ",
        b" x.y  x.text:5:aGk=:1 hello ",
        b" x.y  x.text:" + b"9" * 20 + b" hello ",
        b" x.y  x.text:5,x.text:5 hello ",
        b" x.y  x.text:5, hello ",
        b" x.y  x.text:5 x.text:5 hello hello ",
        b" x.y  x.text:2 \xc3",
    ],
)
def test_octets_that_are_no_message(octets: bytes) -> None:
    with pytest.raises(ChatSyntaxError):
        parse(octets)


# X1: the error is the kind of error that callers of a parser expect.
def test_the_error_is_a_value_error() -> None:
    assert issubclass(ChatSyntaxError, ValueError)


# X5: MIME has two spellings and one meaning.
def test_mime_parts_are_the_same_in_both_spellings() -> None:
    assert Part("m.image/jpg", b"") == Part("i.image/jpg", b"")
    assert write(ChatMessage("a.b", (), (Part("m.image/jpg", b""),))) == b" a.b  i.image/jpg:0  "
    assert Part("mm.image/jpg", b"").type == "mm.image/jpg"


# X2: 1,000 parts; the bound on parts is held on both ways.
def test_many_parts() -> None:
    message = ChatMessage("x.msg.new", ("c.text",), tuple(Part(f"x.p{n}", b"x" * (n % 7)) for n in range(1000)))
    assert parse(write(message)) == message
    most = ChatMessage("a.b", (), (Part("x.a", b""),) * MAX_PARTS)
    assert parse(write(most)) == most
    with pytest.raises(ChatSyntaxError):
        write(ChatMessage("a.b", (), (Part("x.a", b""),) * (MAX_PARTS + 1)))
    with pytest.raises(ChatSyntaxError, match="more than 4096 parts"):
        parse(b" a.b  " + b",".join([b"x.a:0"] * (MAX_PARTS + 1)) + b" " + b" " * (MAX_PARTS + 1))


# X2
@pytest.mark.parametrize(
    "message",
    [
        ChatMessage("x"),
        ChatMessage("x y.z"),
        ChatMessage(""),
        ChatMessage("x.y", ("",)),
        ChatMessage("x.y", ("a b",)),
        ChatMessage("x.y", ("a,b",)),
        ChatMessage("x.y", ("a\nb",)),
        ChatMessage("x.y", ("\ud800",)),
        ChatMessage("x.y", id=-1),
        ChatMessage("x.y", id=2**63),
        ChatMessage("x.y", (), (Part("text", b""),)),
        ChatMessage("x.y", (), (Part("x.a:b", b""),)),
        ChatMessage("x.y", (), (Part("x.a,b", b""),)),
        ChatMessage("x.y", (), (Part("x.a b", b""),)),
        ChatMessage("x.y", (), (Part("x.a", b"", ""),)),
        ChatMessage("x.y", (), (Part("x.a", b"", "a b"),)),
        ChatMessage("x.y", (), (Part("x.a", b"a" * MAX_OCTETS),)),
    ],
    ids=lambda message: repr(message)[:60],
)
def test_values_that_have_no_message(message: ChatMessage) -> None:
    with pytest.raises(ChatSyntaxError):
        write(message)


# X6, and the table of wschat 3.11
@pytest.mark.parametrize(
    ("built", "octets", "meaning"),
    [
        (new("hello"), b" x.msg.new c.text x.text:5 hello ", New("hello")),
        (new(""), b" x.msg.new c.text x.text:0  ", New("")),
        (update(41, "hello there"), b" x.msg.update 41 x.text:11 hello there ", Update(41, "hello there")),
        (delete(41), b" x.msg.delete 41  ", Delete(41)),
        (reply(41, "hello"), b" w.msg.reply 41 x.text:5 hello ", Reply(41, "hello")),
        (react(41, "👍"), " w.msg.react 41,add x.text:4 👍 ".encode(), React(41, "👍")),
        (react(41, "👍", remove=True), " w.msg.react 41,remove x.text:4 👍 ".encode(), React(41, "👍", remove=True)),
    ],
    ids=["new", "new-empty", "update", "delete", "reply", "react", "unreact"],
)
def test_the_messages_that_mean_something(built: ChatMessage, octets: bytes, meaning: object) -> None:
    assert write(built) == octets
    assert read(parse(octets)) == meaning


# X4, X5, X6
@pytest.mark.parametrize(
    ("octets", "meaning"),
    [
        (b"8 x.msg.update 3 x.text:2,x.dag:16 hi 0123456789abcdef ", Update(3, "hi")),
        (b" x.msg.update 03 x.text:2 hi ", Update(3, "hi")),
        (b" x.msg.new c.text x.text:1,x.text:1 a b ", New("a\nb")),
        (b" x.msg.new c.text x.text:1 \xc3 ", New("\ufffd")),
        (b" x.msg.new c.image i.image/jpg:1 a ", New("", "c.image", (Part("i.image/jpg", b"a"),))),
        (
            b" x.msg.new app/v1 x.dag:1,x.dag:1,q.r:1 a b c ",
            New("", "app/v1", (Part("x.dag", b"b"), Part("q.r", b"c"))),
        ),
        (
            b" x.msg.new c.image,m.image/jpg:150000,z.q:1:aGk=  ",
            New("", "c.image", (), (Announced("i.image/jpg", 150000), Announced("z.q", 1, "aGk="))),
        ),
        (b" w.msg.reply 41 x.text:1,z.q:1 a b ", Reply(41, "a", (Part("z.q", b"b"),))),
    ],
)
def test_what_parts_and_parameters_mean(octets: bytes, meaning: object) -> None:
    assert read(parse(octets)) == meaning


# X6: unknown or misused events stay as they are and raise nothing.
@pytest.mark.parametrize(
    "octets",
    [
        b"11 x.msg.eval 8 c.json:2 {} ",
        b" x.grp.mem.con.all abc  ",
        b" X.MSG.NEW c.text x.text:1 a ",
        b" x.msg.new  x.text:1 a ",
        b" x.msg.new c.image,image  ",
        b" x.msg.new c.image,i.image/jpg:-1  ",
        b" x.msg.update  x.text:1 a ",
        b" x.msg.update 3,4 x.text:1 a ",
        b" x.msg.update 0 x.text:1 a ",
        b" x.msg.update -3 x.text:1 a ",
        b" x.msg.update 3a x.text:1 a ",
        b" x.msg.update 9007199254740992 x.text:1 a ",
        b" x.msg.delete   ",
        b" x.msg.delete 1,2  ",
        b" w.msg.reply x x.text:1 a ",
        b" w.msg.react 41 x.text:1 a ",
        b" w.msg.react 41,toggle x.text:1 a ",
        b" w.msg.react 41,add  ",
        b" w.msg.react add,41 x.text:1 a ",
    ],
)
def test_other_messages_are_unknown_and_kept(octets: bytes) -> None:
    message = parse(octets)
    assert read(message) == Unknown(message)
    assert write(message) == octets


# X6
def test_builders_refuse_what_has_no_meaning() -> None:
    builders: list[Callable[[], ChatMessage]] = [
        lambda: delete(0),
        lambda: update(-1, "a"),
        lambda: reply(2**53, "a"),
        lambda: react(41, ""),
        lambda: new("\ud800"),
    ]
    for build in builders:
        with pytest.raises(ChatSyntaxError):
            build()


# X4: a file name with a space or comma is one parameter.
@pytest.mark.parametrize(
    ("name", "param"),
    [
        ("photo.png", "photo.png"),
        ("my photo, 100%.png", "my%20photo%2C%20100%25.png"),
        ("été 🦜.txt", "été%20🦜.txt"),
        ("a\nb\x7f\x85", "a%0Ab%7F%C2%85"),
        ("%41", "%2541"),
    ],
)
def test_file_names_are_percent_encoded(name: str, param: str) -> None:
    assert encode_name(name) == param
    assert decode_name(param) == name
    assert parse(write(ChatMessage("x.file", (param, "10", "smp::host")))).params[0] == param


# X4: names from senders that encode otherwise, or not at all.
@pytest.mark.parametrize(
    ("param", "name"),
    [("100%", "100%"), ("%zz%4", "%zz%4"), ("%C3%A9%61", "éa"), ("%ff", "\ufffd"), ("%2e%2E/x", "../x")],
)
def test_foreign_file_names_are_read(param: str, name: str) -> None:
    assert decode_name(param) == name


# X4
@pytest.mark.parametrize("name", ["", "\ud800"])
def test_names_that_no_parameter_can_hold(name: str) -> None:
    with pytest.raises(ChatSyntaxError):
        encode_name(name)


# X3: time is linear in the octets, whatever they are.
@pytest.mark.parametrize(
    "octets",
    [
        b" " * MAX_OCTETS,
        b" a.b " + b"," * (MAX_OCTETS - 20) + b"  ",
        b" a.b  " + b"x.a:0," * 170_000 + b" ",
        b" " + b"a." * 500_000 + b"   ",
        b"1" * (MAX_OCTETS - 10) + b" a.b   ",
        b"0" * (MAX_OCTETS - 10) + b" a.b   ",
        b" a.b  x.a:" + b"0" * 1_000_000 + b" ",
        b" a.b  x.a:1:" + b"a" * 1_000_000 + b"! a ",
        b"x" * (MAX_OCTETS + 1),
    ],
    ids=range(9),
)
def test_hostile_octets_are_settled_quickly(octets: bytes) -> None:
    started = time.perf_counter()
    try:
        message = parse(octets)
    except ChatSyntaxError as error:
        refused: ChatSyntaxError | None = error
    else:
        refused = None
        assert parse(write(message)) == message
    assert time.perf_counter() - started < 1.0
    assert refused is None or len(str(refused)) < 200


names = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,6}", fullmatch=True)
events = st.lists(names, min_size=2, max_size=4).map(".".join)
glyphs = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters=" ,")
params = st.lists(st.text(glyphs, min_size=1, max_size=12), max_size=4).map(tuple)
types = st.builds(
    "{}.{}".format, names, st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters=" ,:"), min_size=1)
)
known = st.sampled_from(["x.text", "x.image", "x.json", "x.dag", "i.image/jpg", "m.image/png"])
hashes = st.none() | st.from_regex(r"[A-Za-z0-9+/]{1,8}={0,2}", fullmatch=True)
parts = st.builds(Part, known | types, st.binary(max_size=40), hashes)
messages = st.builds(
    ChatMessage, events, params, st.lists(parts, max_size=6).map(tuple), st.none() | st.integers(0, 2**63 - 1)
)


# X2: the property that the original fails for two parts or more.
@given(messages)
def test_a_message_reads_back_as_it_was_written(message: ChatMessage) -> None:
    octets = write(message)
    assert parse(octets) == message
    assert write(parse(octets)) == octets


# X4
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_a_file_name_reads_back_as_it_was_encoded(name: str) -> None:
    assert decode_name(encode_name(name)) == name


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A good message with a few octets added, taken away or replaced."""
    octets = draw(st.sampled_from([row[0] for row in GOOD if len(row[0]) < 100]))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(octets)))
        end = min(len(octets), start + draw(st.integers(0, 3)))
        octets = (
            octets[:start]
            + draw(st.lists(st.sampled_from(b" ,.:0159axm\t\xc3\xff\x00"), max_size=3).map(bytes))
            + octets[end:]
        )
    return octets


# X1, X3
@given(mutated() | st.binary())
def test_any_octets_raise_nothing_but_chat_syntax_error(octets: bytes) -> None:
    try:
        message = parse(octets)
    except ChatSyntaxError:
        return
    assert parse(write(message)) == message
    assert read(message) is not None
