"""What people say over Matrix is read in full, and no content, whatever it is made of, stops the reading."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat_tui_core.model import EventKind, FileInfo
from chat_tui_matrix.content.fields import LONGEST
from chat_tui_matrix.content.messages import CALL, ENCRYPTED, NO_TEXT, VERIFICATION, Said, read
from chat_tui_matrix.content.relations import without_fallback
from chat_tui_matrix.wire.events import MatrixEvent

JSON = dict[str, Any]
HTML = "org.matrix.custom.html"
FORBIDDEN = {
    chr(c) for c in (*range(9), *range(11, 32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
}


def said(content: JSON, kind: str = "m.room.message", /, **unsigned: Any) -> Said | None:
    return read(MatrixEvent(kind, content, "@ann:x.y", "$1", 1, unsigned=unsigned))


def text(body: str, **more: Any) -> JSON:
    return {"msgtype": "m.text", "body": body, **more}


def html(formatted: Any, body: str = "plain", **more: Any) -> JSON:
    return text(body, format=HTML, formatted_body=formatted, **more)


def reply(body: str, **more: Any) -> JSON:
    return text(body, **{"m.relates_to": {"m.in_reply_to": {"event_id": "$0"}}}, **more)


MESSAGE, NOTICE, EMOTE, FILE = EventKind.MESSAGE, EventKind.NOTICE, EventKind.EMOTE, EventKind.FILE
UNSUPPORTED, REDACTED = EventKind.UNSUPPORTED, EventKind.REDACTED
UNREADABLE = Said(UNSUPPORTED, NO_TEXT)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (text("hi"), Said(MESSAGE, "hi")),
        (text("a\nb\t*c*"), Said(MESSAGE, "a\nb\t*c*")),
        (text("\x1b[2J\u202e"), Said(MESSAGE, "�[2J")),
        (text("\ud800"), Said(MESSAGE, "?")),
        (text(""), Said(MESSAGE, "")),
        ({"msgtype": "m.notice", "body": "beep"}, Said(NOTICE, "beep")),  # B21
        ({"msgtype": "m.server_notice", "body": "limit"}, Said(NOTICE, "limit")),
        ({"msgtype": "m.emote", "body": "waves"}, Said(EMOTE, "waves")),
        ({"msgtype": "org.example.dice", "body": "6"}, Said(MESSAGE, "6")),
        ({"body": "untyped"}, Said(MESSAGE, "untyped")),
        ({"msgtype": ["m.text"], "body": "x"}, Said(MESSAGE, "x")),
        ({"msgtype": "m.key.verification.request", "body": "x"}, Said(UNSUPPORTED, VERIFICATION)),
        # B21: without a body that is a string
        ({"msgtype": "m.text"}, UNREADABLE),
        ({"msgtype": "m.text", "body": 5}, UNREADABLE),
        ({"msgtype": "m.text", "body": None}, UNREADABLE),
        ({"msgtype": "m.image", "body": ["x"], "filename": 1}, UNREADABLE),
        ({"x": 1}, UNREADABLE),
        # HTML
        (html("<b>rich</b>"), Said(MESSAGE, "**rich**")),
        (html("<b>rich</b>") | {"msgtype": "m.emote"}, Said(EMOTE, "**rich**")),
        (html("<b>rich</b>") | {"format": "text/html"}, Said(MESSAGE, "plain")),
        (html("<b>rich</b>") | {"format": {}}, Said(MESSAGE, "plain")),
        (html(["<b>"]), Said(MESSAGE, "plain")),
        (html("<p></p>", "\x1bplain"), Said(MESSAGE, "�plain")),
        (html("x" * 40_000), Said(MESSAGE, "plain")),
    ],
)
def test_texts(content: JSON, expected: Said) -> None:  # B5
    assert said(content) == expected


def test_a_text_is_never_longer_than_an_event() -> None:  # E7
    found = said(text("x" * 1_000_000))
    assert found is not None
    assert len(found.text) == LONGEST


@pytest.mark.parametrize(
    ("body", "rest"),
    [
        ("> <@bob:x.y> old\n\nnew", "new"),
        ("> <@bob:x.y> old\n> more\n>\n> end\n\nnew\n\n> own quote", "new\n\n> own quote"),
        ("> * <@bob:x.y> waves\n\nnew", "new"),
        ("> <@bob:x.y> old\nnew", "new"),
        ("> a quote of my own\n\nnew", "> a quote of my own\n\nnew"),
        ("> <@bob:x.y> nothing else", "> <@bob:x.y> nothing else"),
        ("no <@bob:x.y> quote", "no <@bob:x.y> quote"),
    ],
)
def test_the_quotation_before_a_reply_goes(body: str, rest: str) -> None:
    assert without_fallback(body) == rest
    assert said(reply(body)) == Said(MESSAGE, rest, reply_to="$0")
    assert said(text(body)) == Said(MESSAGE, body)


def test_the_quotation_in_the_html_goes_too() -> None:
    content = reply("> <@b:x.y> old\n\nnew", format=HTML, formatted_body="<mx-reply><i>old</i></mx-reply><b>new</b>")
    assert said(content) == Said(MESSAGE, "**new**", reply_to="$0")
    content["formatted_body"] = "<mx-reply><i>old</i></mx-reply>"
    assert said(content) == Said(MESSAGE, "new", reply_to="$0")


@pytest.mark.parametrize(
    ("relates", "expected"),
    [
        ({"m.in_reply_to": {"event_id": "$0"}}, {"reply_to": "$0"}),
        ({"rel_type": "m.thread", "event_id": "$r"}, {"thread": "$r"}),
        (
            {"rel_type": "m.thread", "event_id": "$r", "is_falling_back": True, "m.in_reply_to": {"event_id": "$0"}},
            {"thread": "$r"},
        ),
        (
            {"rel_type": "m.thread", "event_id": "$r", "is_falling_back": False, "m.in_reply_to": {"event_id": "$0"}},
            {"thread": "$r", "reply_to": "$0"},
        ),
        (
            {"rel_type": "m.thread", "event_id": "$r", "m.in_reply_to": {"event_id": "$0"}},
            {"thread": "$r", "reply_to": "$0"},
        ),
        ({"rel_type": "m.thread", "event_id": 7, "m.in_reply_to": {"event_id": "$0"}}, {"reply_to": "$0"}),
        ({"rel_type": "m.reference", "event_id": "$r"}, {}),
        ({"rel_type": ["m.thread"], "event_id": "$r"}, {}),
        ({"m.in_reply_to": "$0"}, {}),
        ({"m.in_reply_to": {"event_id": "\x1b"}}, {}),
        ({"m.in_reply_to": {"event_id": "$" * 256}}, {}),
        ([], {}),
        (None, {}),
    ],
)
def test_relations(relates: Any, expected: JSON) -> None:
    assert said(text("hi", **{"m.relates_to": relates})) == Said(MESSAGE, "hi", **expected)


def edit(new: Any, target: Any = "$0") -> JSON:
    return text("* old way", **{"m.new_content": new, "m.relates_to": {"rel_type": "m.replace", "event_id": target}})


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (edit(text("new")), Said(MESSAGE, "new", edit_of="$0")),
        (edit(html("<b>new</b>")), Said(MESSAGE, "**new**", edit_of="$0")),
        (edit({"msgtype": "m.notice", "body": "new"}), Said(NOTICE, "new", edit_of="$0")),
        (
            edit({"msgtype": "m.image", "body": "caption", "filename": "a.png"}),
            Said(FILE, "caption", file=FileInfo("a.png"), edit_of="$0"),
        ),
        (
            edit(text("x", **{"m.mentions": {"user_ids": ["@b:x.y"]}})),
            Said(MESSAGE, "x", edit_of="$0", mentions_user_ids=("@b:x.y",), mentions_told=True),
        ),
        (edit({"body": 1}), None),
        (edit("new"), None),
        (edit(None), None),
        (edit(text("new"), target=None), Said(MESSAGE, "* old way")),
    ],
)
def test_edits_give_the_new_content(content: JSON, expected: Said | None) -> None:
    assert said(content) == expected


@pytest.mark.parametrize(
    ("mentions", "users", "room"),
    [
        ({"user_ids": ["@a:x.y", "@b:x.y", "@a:x.y"]}, ("@a:x.y", "@b:x.y"), False),
        ({"user_ids": [1, "a", "", None, "@\x1b", "@" + "x" * 300], "room": True}, (), True),
        ({"user_ids": "@a:x.y", "room": "yes"}, (), False),
        ({"user_ids": [f"@{n}:x.y" for n in range(1_000)]}, tuple(f"@{n}:x.y" for n in range(100)), False),
        ([], (), False),
    ],
)
def test_mentions(mentions: Any, users: tuple[str, ...], room: bool) -> None:
    found = said(text("hi", **{"m.mentions": mentions}))
    told = isinstance(mentions, dict)
    assert found == Said(MESSAGE, "hi", mentions_user_ids=users, mentions_room=room, mentions_told=told)
    assert found is not None
    assert found.names("@b:x.y") is ((room or "@b:x.y" in users) if told else None)


def annotation(key: Any, target: Any = "$0") -> JSON:
    return {"m.relates_to": {"rel_type": "m.annotation", "event_id": target, "key": key}}


POLL = {"question": {"m.text": [{"body": "Tea?"}]}, "answers": [{"m.text": [{"body": "yes"}]}, {"m.text": "x"}, 3]}


@pytest.mark.parametrize(
    ("kind", "content", "expected"),
    [
        ("m.reaction", annotation("👍"), Said(UNSUPPORTED, reaction_to="$0", reaction_key="👍")),
        ("m.reaction", annotation("x" * 99), Said(UNSUPPORTED, reaction_to="$0", reaction_key="x" * 64)),
        ("m.reaction", annotation("a\n\x1b"), Said(UNSUPPORTED, reaction_to="$0", reaction_key="a �")),
        ("m.reaction", annotation(1), None),
        ("m.reaction", annotation(" "), None),
        ("m.reaction", annotation("x", None), None),
        ("m.reaction", {}, None),
        (
            "m.sticker",
            {"body": "A cat", "filename": "x", "url": "mxc://x.y/s", "info": {"mimetype": "image/webp"}},
            Said(FILE, file=FileInfo("A cat", 0, "image/webp", "mxc://x.y/s")),
        ),
        ("m.sticker", {"url": "mxc://x.y/s"}, UNREADABLE),
        ("m.room.encrypted", {"algorithm": "m.megolm.v1.aes-sha2"}, Said(UNSUPPORTED, ENCRYPTED)),
        (
            "m.room.encrypted",
            {"m.relates_to": {"rel_type": "m.thread", "event_id": "$r"}},
            Said(UNSUPPORTED, ENCRYPTED, thread="$r"),
        ),
        ("m.room.encrypted", {"m.relates_to": {"rel_type": "m.replace", "event_id": "$r"}}, None),
        ("m.poll.start", {"m.poll": POLL}, Said(MESSAGE, "Poll: Tea?\n- yes\n- x")),
        (
            "org.matrix.msc3381.poll.start",
            {
                "org.matrix.msc3381.poll.start": {
                    "question": {"body": "Tea?"},
                    "answers": [{"org.matrix.msc1767.text": "no"}],
                }
            },
            Said(MESSAGE, "Poll: Tea?\n- no"),
        ),
        (
            "m.poll.start",
            {"m.text": [{"mimetype": "text/html", "body": "<b>"}, {"body": "Only\ntext"}]},
            Said(MESSAGE, "Poll: Only text"),
        ),
        ("m.poll.start", {"m.poll": {"question": "x"}}, UNREADABLE),
        ("m.poll.response", {"m.selections": ["a"]}, None),
        # B23
        ("m.call.invite", {"call_id": "1"}, Said(UNSUPPORTED, CALL)),
        ("m.call.notify", {}, Said(UNSUPPORTED, CALL)),
        ("m.rtc.notification", {}, Said(UNSUPPORTED, CALL)),
        ("org.matrix.msc4075.rtc.notification", {}, Said(UNSUPPORTED, CALL)),
        ("m.call.candidates", {"candidates": []}, None),
        ("m.call.answer", {}, None),
        ("m.call.hangup", {}, None),
        ("org.matrix.call.sdp_stream_metadata_changed", {}, None),
        ("m.room.redaction", {"redacts": "$0"}, None),
        ("m.key.verification.start", {}, None),
        ("com.example.\x1bnew", {"body": "x"}, Said(UNSUPPORTED, "This client cannot show “com.example.�new”.")),
    ],
)
def test_other_types(kind: str, content: JSON, expected: Said | None) -> None:
    assert said(content, kind) == expected


BECAUSE = {"type": "m.room.redaction", "content": {"reason": "spam\n\x1b"}}


@pytest.mark.parametrize(
    ("kind", "content", "unsigned", "expected"),
    [
        ("m.room.message", {}, {"redacted_because": BECAUSE}, Said(REDACTED, "spam �")),
        ("m.room.message", {}, {}, Said(REDACTED)),
        ("m.room.message", {}, {"redacted_because": {"content": []}}, Said(REDACTED)),
        ("m.room.message", text("still there"), {"redacted_because": BECAUSE}, Said(REDACTED, "spam �")),
        ("m.room.message", text("stands"), {"redacted_because": None}, Said(MESSAGE, "stands")),
        ("m.room.encrypted", {}, {}, Said(REDACTED)),
        ("m.sticker", {}, {"redacted_because": {}}, Said(REDACTED)),
        ("m.reaction", annotation("x"), {"redacted_because": BECAUSE}, None),
        ("m.call.invite", {}, {"redacted_because": BECAUSE}, None),
    ],
)
def test_what_was_redacted(kind: str, content: JSON, unsigned: JSON, expected: Said | None) -> None:
    assert said(content, kind, **unsigned) == expected


def test_state_is_not_said() -> None:
    assert read(MatrixEvent("m.room.message", text("x"), "@ann:x.y", "$1", state_key="")) is None


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(codec=None), max_size=8),
    st.sampled_from(
        ["$0", "@a:x.y", "mxc://x.y/z", HTML, "m.replace", "m.thread", "m.image", "m.text", "<b>\x1b</b>", "geo:1"]
    ),
)
KEYS = st.sampled_from(
    [
        "body",
        "msgtype",
        "format",
        "formatted_body",
        "filename",
        "url",
        "file",
        "info",
        "size",
        "w",
        "mimetype",
        "geo_uri",
        "m.relates_to",
        "rel_type",
        "event_id",
        "key",
        "m.in_reply_to",
        "is_falling_back",
        "m.new_content",
        "m.mentions",
        "user_ids",
        "room",
        "m.poll",
        "question",
        "answers",
        "m.text",
        "thumbnail_file",
        "redacted_because",
        "content",
    ]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=6)),
    max_leaves=25,
)
TYPES = st.sampled_from(
    ["m.room.message", "m.reaction", "m.sticker", "m.room.encrypted", "m.poll.start", "m.call.invite", "a\x1b", ""]
)


@given(TYPES, st.dictionaries(KEYS, VALUES, max_size=8), st.dictionaries(KEYS, VALUES, max_size=2))
@settings(deadline=None, max_examples=500)
def test_no_content_raises_or_lets_a_control_through(kind: str, content: JSON, unsigned: JSON) -> None:  # B5, E7
    found = said(content, kind, **unsigned)
    if found is None:
        return
    file = found.file or FileInfo("")
    for shown in (found.text, found.reaction_key, file.name, file.mime, file.ref, found.reply_to, found.thread):
        assert not FORBIDDEN & set(shown)
        shown.encode("utf-8")
    assert 0 <= file.size < 2**53
    assert (found.kind is FILE) == (found.file is not None)
