"""Changes of a room's state become lines that say what happened, and no line where nothing did."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat_tui_core.model import EventKind
from chat_tui_matrix.content.lines import Line, read
from chat_tui_matrix.wire.events import MatrixEvent

JSON = dict[str, Any]
ANN, BOB = "@ann:x.y", "@bob:x.y"
FORBIDDEN = {
    chr(c) for c in (*range(9), *range(11, 32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
}
JOIN, LEAVE, INVITE, KICK = EventKind.JOIN, EventKind.LEAVE, EventKind.INVITE, EventKind.KICK
BAN, UNBAN, KNOCK, RENAME, STATE = EventKind.BAN, EventKind.UNBAN, EventKind.KNOCK, EventKind.RENAME, EventKind.STATE


def line(
    kind: str, now: JSON, before: JSON | None = None, key: str = "", sender: str = ANN, **unsigned: Any
) -> Line | None:
    return read(MatrixEvent(kind, now, sender, "$1", 1, key, unsigned=unsigned), before)


def member(membership: str, **more: Any) -> JSON:
    return {"membership": membership, **more}


def did(words: str, target: str = "", name: str = "") -> Line:
    return Line(STATE, words, target, name)


# Ann does something that changes how somebody stands to the room: (whom, now, before, line).
MEMBERS: list[tuple[str, JSON, JSON | None, Line | None]] = [
    (ANN, member("join", displayname="Ann"), None, Line(JOIN, sender_name="Ann")),
    (ANN, member("join"), {}, Line(JOIN)),
    (ANN, member("join", displayname="Ann"), member("invite"), Line(JOIN, sender_name="Ann")),
    (ANN, member("join"), member("leave"), Line(JOIN)),
    (ANN, member("join", displayname="A"), member("join", displayname="A"), None),
    (ANN, member("join", displayname="A", other=1), member("join", displayname="A"), None),
    # B18, C1
    (ANN, member("join", displayname="New"), member("join", displayname="Old"), Line(RENAME, "New", sender_name="Old")),
    (ANN, member("join"), member("join", displayname="Old"), Line(RENAME, ANN, sender_name="Old")),
    (ANN, member("join", displayname="New"), member("join"), Line(RENAME, "New")),
    (ANN, member("join", displayname=5), member("join", displayname=None), None),
    (
        ANN,
        member("join", displayname="A\u202e\x1bnn\n"),
        member("join", displayname="x"),
        Line(RENAME, "A�nn", sender_name="x"),
    ),
    (ANN, member("join", displayname="A\u200b"), member("join", displayname="A"), None),
    (
        ANN,
        member("join", displayname="A", avatar_url="mxc://a/b"),
        member("join", displayname="A"),
        did("changed their picture", name="A"),
    ),
    (ANN, member("join"), member("join", avatar_url="mxc://a/b"), did("removed their picture")),
    (ANN, member("join", displayname="B", avatar_url="mxc://a/b"), member("join"), Line(RENAME, "B")),
    (ANN, member("leave"), member("join", displayname="Ann"), Line(LEAVE, sender_name="Ann")),
    (ANN, member("leave", reason="bye\nall"), member("join"), Line(LEAVE, "bye all")),
    (ANN, member("leave"), None, Line(LEAVE)),
    (ANN, member("leave"), member("invite"), did("declined the invitation")),
    (ANN, member("leave", reason="no time"), member("invite"), did("declined the invitation: no time")),
    (ANN, member("leave"), member("knock"), did("no longer asks to join")),
    (ANN, member("leave"), member("leave"), None),
    (ANN, member("knock", reason="please", displayname="Ann"), None, Line(KNOCK, "please", sender_name="Ann")),
    (ANN, member("knock"), member("knock"), None),
    (BOB, member("invite", displayname="Bob", reason="come"), None, Line(INVITE, "come", BOB)),
    (BOB, member("invite"), member("knock"), Line(INVITE, "", BOB)),
    (BOB, member("invite"), member("invite"), None),
    (BOB, member("leave", reason="rude"), member("join", displayname="Bob"), Line(KICK, "rude", BOB)),
    (BOB, member("leave"), None, Line(KICK, "", BOB)),
    (BOB, member("leave"), member("invite"), did(f"took back the invitation of {BOB}", BOB)),
    (BOB, member("leave"), member("knock"), did(f"refused to let {BOB} in", BOB)),
    (BOB, member("leave"), member("ban"), Line(UNBAN, "", BOB)),
    (BOB, member("ban", reason="spam"), member("join"), Line(BAN, "spam", BOB)),
    (BOB, member("ban"), None, Line(BAN, "", BOB)),
    (BOB, member("ban", reason="x"), member("ban"), None),
    # B5
    (ANN, member("dance"), None, None),
    (ANN, {"membership": ["join"]}, None, None),
    (ANN, {}, member("join"), None),
    ("", member("join"), None, None),
    ("ann", member("join"), None, None),
    (ANN, member("leave", reason={}), {"membership": []}, Line(LEAVE)),
]


@pytest.mark.parametrize(("whom", "now", "before", "expected"), MEMBERS)
def test_members(whom: str, now: JSON, before: JSON | None, expected: Line | None) -> None:  # B18, C1, C4, C5, C6
    assert line("m.room.member", now, before, key=whom) == expected


LEVELS = {"users": {ANN: 100}, "events": {"m.room.name": 50}}
ROOM: list[tuple[str, JSON, JSON | None, Line | None]] = [
    ("m.room.name", {"name": "Tea"}, None, Line(EventKind.NAME, "Tea")),  # C2
    ("m.room.name", {"name": "Tea\x1b\n"}, {"name": "Old"}, Line(EventKind.NAME, "Tea�")),
    ("m.room.name", {}, {"name": "Old"}, Line(EventKind.NAME, "")),
    ("m.room.name", {"name": "Tea"}, {"name": "Tea"}, None),
    ("m.room.name", {"name": 1}, None, None),
    ("m.room.topic", {"topic": "a\nb"}, None, Line(EventKind.TOPIC, "a\nb")),
    ("m.room.topic", {"topic": ""}, {"topic": "x"}, Line(EventKind.TOPIC, "")),
    ("m.room.topic", {"topic": "x"}, {"topic": "x"}, None),
    ("m.room.topic", {}, None, None),
    ("m.room.avatar", {"url": "mxc://a/b"}, None, did("changed the room's picture")),
    ("m.room.avatar", {}, {"url": "mxc://a/b"}, did("removed the room's picture")),
    ("m.room.avatar", {"url": "mxc://a/b"}, {"url": "mxc://a/b"}, None),
    ("m.room.canonical_alias", {"alias": "#a:x.y"}, None, did("set the room's address to #a:x.y")),
    ("m.room.canonical_alias", {}, {"alias": "#a:x.y"}, did("removed the room's address")),
    ("m.room.canonical_alias", {"alt_aliases": ["#b:x.y"]}, {}, did("changed the room's other addresses")),
    ("m.room.canonical_alias", {"alt_aliases": [["x"]]}, {}, None),
    ("m.room.create", {"room_version": "12"}, None, did("created the room")),
    ("m.room.create", {"predecessor": {"room_id": "!o"}}, None, did("created the room, which continues an older one")),
    (
        "m.room.tombstone",
        {"body": "Moved\x1b", "replacement_room": "!new"},
        None,
        Line(EventKind.UPGRADE, "Moved�", "!new"),
    ),
    ("m.room.tombstone", {"replacement_room": "#x"}, None, None),
    ("m.room.tombstone", {"body": "x", "replacement_room": 5}, None, Line(EventKind.UPGRADE, "x")),
    ("m.room.tombstone", {"replacement_room": "!n", "body": "x"}, {"replacement_room": "!n"}, None),
    (
        "m.room.encryption",
        {"algorithm": "m.megolm"},
        None,
        did("turned on encryption: this client cannot read what is written from now on"),
    ),
    ("m.room.encryption", {"algorithm": "b"}, {"algorithm": "a"}, did("changed how messages are encrypted")),
    ("m.room.encryption", {"algorithm": "a", "rotation_period_ms": 1}, {"algorithm": "a"}, None),
    ("m.room.encryption", {}, None, None),
    ("m.room.join_rules", {"join_rule": "public"}, None, None),
    ("m.room.join_rules", {"join_rule": "public"}, {"join_rule": "invite"}, did("opened the room to everyone")),
    ("m.room.join_rules", {"join_rule": "public"}, {"join_rule": "public"}, None),
    ("m.room.join_rules", {"join_rule": {}}, {"join_rule": "invite"}, did("changed who may join")),
    (
        "m.room.history_visibility",
        {"history_visibility": "shared"},
        {"history_visibility": "joined"},
        did("let members read the whole history"),
    ),
    ("m.room.guest_access", {"guest_access": "can_join"}, {"guest_access": "forbidden"}, did("let guests join")),
    ("m.room.power_levels", LEVELS, None, None),
    ("m.room.power_levels", LEVELS, LEVELS, None),
    ("m.room.power_levels", {**LEVELS, "users": {ANN: 100, BOB: 50}}, LEVELS, did(f"made {BOB} a moderator", BOB)),
    (
        "m.room.power_levels",
        {**LEVELS, "users": {ANN: 100, BOB: "100"}},
        LEVELS,
        did(f"made {BOB} an administrator", BOB),
    ),
    ("m.room.power_levels", {**LEVELS, "users": {ANN: 42}}, LEVELS, did(f"made {ANN} a member of level 42", ANN)),
    ("m.room.power_levels", {**LEVELS, "users": {}}, LEVELS, did(f"made {ANN} an ordinary member", ANN)),
    ("m.room.power_levels", {**LEVELS, "users": {ANN: 0, BOB: 1}}, LEVELS, did("changed the rights of 2 people")),
    ("m.room.power_levels", {**LEVELS, "events": {}}, LEVELS, did("changed what members may do")),
    ("m.room.power_levels", {**LEVELS, "users_default": 10}, LEVELS, did("changed what members may do")),
    ("m.room.power_levels", {**LEVELS, "users": {ANN: 100, "bob": 50}}, LEVELS, None),
    ("m.room.pinned_events", {"pinned": ["$1"]}, None, did("pinned a message")),
    ("m.room.pinned_events", {"pinned": ["$1", "$2", "$3"]}, {"pinned": ["$1"]}, did("pinned 2 messages")),
    ("m.room.pinned_events", {}, {"pinned": ["$1"]}, did("unpinned a message")),
    ("m.room.pinned_events", {"pinned": ["$2"]}, {"pinned": ["$1"]}, did("changed the pinned messages")),
    ("m.room.pinned_events", {"pinned": "x"}, {"pinned": [[]]}, None),
    ("m.room.server_acl", {"deny": ["evil"]}, {"deny": []}, did("changed which servers may take part")),
    ("m.room.server_acl", {"deny": ["evil"]}, {"deny": ["evil"]}, None),
    ("m.space.child", {"via": ["x.y"]}, None, did("added a room to the space")),
    ("m.space.child", {}, {"via": ["x.y"]}, did("removed a room from the space")),
    ("m.space.child", {"via": ["x.y"], "order": "a"}, {"via": ["x.y"]}, None),
    ("m.room.third_party_invite", {"display_name": "b...@x"}, None, did("invited b...@x")),
    ("m.room.third_party_invite", {}, {"display_name": "b...@x"}, did("took back the invitation of b...@x")),
    ("m.room.third_party_invite", {}, None, None),
    ("im.vector.modular.widgets", {"url": "x"}, None, None),
    ("m.call.member", {}, None, None),  # B23
    ("com.example.state", {"name": "x"}, None, None),
]


@pytest.mark.parametrize(("kind", "now", "before", "expected"), ROOM)
def test_rooms(kind: str, now: JSON, before: JSON | None, expected: Line | None) -> None:
    assert line(kind, now, before) == expected


def test_the_event_itself_tells_best_what_was_before() -> None:
    found = line("m.room.name", {"name": "B"}, {"name": "B"}, prev_content={"name": "A"})
    assert found == Line(EventKind.NAME, "B")
    assert line("m.room.name", {"name": "B"}, {"name": "A"}, prev_content={"name": "B"}) is None
    assert line("m.room.name", {"name": "B"}, {"name": "B"}, prev_content=[]) is None


def test_state_that_was_redacted() -> None:  # B10
    because = {"content": {"reason": "rude\x1b"}}
    assert line("m.room.topic", {}, {"topic": "x"}, redacted_because=because) == Line(EventKind.REDACTED, "rude�")
    assert line("m.room.name", {}, redacted_because={}) == Line(EventKind.REDACTED)
    renamed = member("join"), member("join", displayname="Ann")
    assert line("m.room.member", *renamed, key=ANN, redacted_because=because) is None
    assert line("m.room.member", member("join"), key=ANN, redacted_because=because) == Line(JOIN)


def test_what_is_no_state_has_no_line() -> None:
    assert read(MatrixEvent("m.room.name", {"name": "x"}, ANN, "$1")) is None


TYPES = sorted({kind for kind, *_ in ROOM} | {"m.room.member"})
KEYS = st.sampled_from(
    [
        "membership",
        "displayname",
        "avatar_url",
        "reason",
        "name",
        "topic",
        "url",
        "alias",
        "alt_aliases",
        "predecessor",
        "room_id",
        "algorithm",
        "body",
        "replacement_room",
        "join_rule",
        "history_visibility",
        "guest_access",
        "users",
        "users_default",
        "events",
        "notifications",
        "pinned",
        "allow",
        "deny",
        "via",
        "display_name",
        ANN,
    ]
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(codec=None), max_size=8),
    st.sampled_from(["join", "leave", "invite", "ban", "knock", "public", "100", "²", " 5 ", "!r", ANN, "\x1b[2J"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=5)),
    max_leaves=15,
)
CONTENTS = st.dictionaries(KEYS, VALUES, max_size=6)


@given(
    st.sampled_from(TYPES), CONTENTS, st.one_of(st.none(), CONTENTS), st.sampled_from(["", ANN, BOB, "\x1b"]), VALUES
)
@settings(deadline=None, max_examples=500)
def test_no_content_raises_or_lets_a_control_through(
    kind: str, now: JSON, before: JSON | None, key: str, previous: Any
) -> None:  # B5, E7
    found = line(kind, now, before, key, prev_content=previous)
    if found is not None:
        for shown in (found.text, found.target, found.sender_name):
            assert not FORBIDDEN & set(shown)
            shown.encode("utf-8")
