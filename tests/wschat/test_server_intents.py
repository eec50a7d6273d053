"""Intents (S0): who gets which events; bare S0 sessions; lists that agree with events. Rules only, no I/O."""

from __future__ import annotations

import pytest

from chat_tui_wschat.server.state import Channel
from tests.wschat.rules_stage import Stage
from tests.wschat.wschat_peer import hear

TYPES = ("channel", "user", "message", "presence", "typing")


def test_a_subscribed_type_is_delivered_exactly_once() -> None:  # A1
    stage = Stage()
    ann, bob = stage.sign_in("ann"), stage.sign_in("bob")
    assert bob.say("SUBEVENT channel", "SUBEVENT channel") == ["CONFIRM SUBEVENT channel"] * 2
    ann.ok("CREATE example")
    assert bob.hear() == ['@seq=1 EVENT channel CREATE example {"by":"ann"}']


def test_a_thousand_subscriptions_are_one() -> None:  # A1
    stage = Stage()
    ann = stage.sign_in("ann")
    replies = ann.say(*[f"SUBEVENT {TYPES[n % 5]}" for n in range(1000)])
    assert replies == [f"CONFIRM SUBEVENT {TYPES[n % 5]}" for n in range(1000)]
    assert ann.ok("LSEVENTS") == {"events": list(TYPES)}


def test_an_unsubscribed_type_stops_and_others_go_on() -> None:  # A2
    stage = Stage()
    ann, bob = stage.sign_in("ann"), stage.sign_in("bob", "channel", "user", "message")
    ann.ok("CREATE example")
    bob.ok("JOIN example")
    bob.hear()
    ann.ok("MSG example one")
    # The event of the first message is on its way when the type is taken back; nothing follows the CONFIRM.
    stage.rules.received(ann.number, "MSG example two", stage.now)
    stage.rules.received(bob.number, "UNSUBEVENT message", stage.now)
    stage.rules.received(ann.number, "MSG example three", stage.now)
    stage.settle()
    heads = [" ".join(hear(frame).words) for frame in bob.hear()]
    assert heads == ["EVENT message CREATE example"] * 2 + ["CONFIRM UNSUBEVENT message"]
    ann.say("PART example")
    assert [event.head for event in bob.events()] == ["EVENT user PART example"]


def test_taking_back_what_was_not_there_is_confirmed() -> None:  # A2
    ann = Stage().sign_in("ann")
    assert ann.say("UNSUBEVENT typing") == ["CONFIRM UNSUBEVENT typing"]


@pytest.mark.parametrize(
    ("frame", "answer"),
    [
        ("SUBEVENT", "ERROR BADARGS SUBEVENT SUBEVENT requires event type argument"),
        ("SUBEVENT ", "ERROR BADARGS SUBEVENT SUBEVENT requires event type argument"),
        ("UNSUBEVENT", "ERROR BADARGS UNSUBEVENT UNSUBEVENT requires event type argument"),
        ("SUBEVENT weather", "ERROR BADARGS SUBEVENT Unsupported event type: weather"),
        ("UNSUBEVENT weather", "ERROR BADARGS UNSUBEVENT Unsupported event type: weather"),
        ("SUBEVENT session", "ERROR BADARGS SUBEVENT Unsupported event type: session"),
        ("SUBEVENT files", "ERROR BADARGS SUBEVENT Unsupported event type: files"),
        ('SUBEVENT {"a":1}', 'ERROR BADARGS SUBEVENT Unsupported event type: {"a":1}'),
        ("SUBEVENT CHANNEL", "ERROR BADARGS SUBEVENT Unsupported event type: CHANNEL"),
    ],
)
def test_a_wrong_intent_has_s0s_words_and_changes_nothing(frame: str, answer: str) -> None:  # A3
    ann = Stage().sign_in("ann", "user")
    assert ann.say(frame) == [answer]
    assert ann.ok("LSEVENTS") == {"events": ["user"]}


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("SUBEVENT channel user", "BADARGS"),
        ("SUBEVENT " + "x" * 60_000, "BADARGS"),
        ("SUBEVENT  channel", "BADFRAME"),
        ("SUBEVENT chan\x00nel", "BADFRAME"),
        (" SUBEVENT channel", "BADFRAME"),
        ("subevent channel", "BADCMD"),
        ("SUBSCRIBE channel", "BADCMD"),
    ],
)
def test_a_malformed_intent_is_refused_and_changes_nothing(frame: str, code: str) -> None:  # A3
    ann = Stage().sign_in("ann", "user")
    assert ann.code(frame) == code
    assert len(ann.say("PING 0")) == 1
    assert ann.ok("LSEVENTS") == {"events": ["user"]}


def test_each_session_gets_its_own_types() -> None:  # A4
    stage = Stage()
    ann = stage.sign_in("ann")
    only = {name: stage.sign_in("bob", name, device=f"d-{name}") for name in TYPES}
    for client in only.values():
        client.say("JOIN general")
    ann.ok("CREATE example")
    only["user"].ok("JOIN example")
    for client in only.values():
        client.hear()
    ann.say(
        "MSG example hi", "TYPING example ON", "PRESENCE IDLE", "TOPIC example new", "PART example", "DELETE example"
    )
    got = {name: {event.words[1] for event in client.events()} for name, client in only.items()}
    assert got == {name: {name} for name in TYPES}


def test_a_session_that_comes_or_goes_between_frames_disturbs_no_other() -> None:  # A4
    stage = Stage()
    ann = stage.sign_in("ann", "message")
    ann.ok("CREATE example")
    crowd = [stage.sign_in(user, "message") for user in ("bob", "cid", "dan")]
    for client in crowd:
        client.ok("JOIN example")
    for client in (ann, *crowd):
        client.hear()
    rules, now = stage.rules, stage.now
    rules.received(ann.number, "MSG example one", now)
    rules.lost(crowd[0].number, now)
    rules.received(ann.number, "MSG example two", now)
    rules.received(crowd[1].number, "UNSUBEVENT message", now)
    rules.received(ann.number, "MSG example three", now)
    stage.settle()
    texts = [[event.data["text"] for event in client.events()] for client in (ann, *crowd)]
    assert texts == [["one", "two", "three"], ["one"], ["one", "two"], ["one", "two", "three"]]


def test_a_bare_s0_session_hears_s0s_frames_verbatim() -> None:  # A1
    stage = Stage()
    ann, bob = stage.sign_in("ann"), stage.sign_in("bob", "channel", "user", tagged=False)
    ann.ok("CREATE example")
    heard = bob.say("JOIN example")
    ann.ok("PART example")
    ann.ok("DELETE example")
    assert heard + bob.hear() == [
        "EVENT channel CREATE example",
        'EVENT user JOIN example {"username":"bob"}',
        'CONFIRM JOIN example {"pos":2,"topic":""}',
        'EVENT user PART example {"username":"ann"}',
        "EVENT channel DELETE example",
    ]


def test_a_bare_s0_session_gets_no_tags_even_on_its_own_actions() -> None:
    stage = Stage()
    ann = stage.sign_in("ann", *TYPES, tagged=False)
    frames = ann.say("@id=1 CREATE example", "@id=2 MSG example hi", "@id=3 READ example 2")
    assert all(not frame.startswith("@") for frame in frames if "EVENT" in frame)
    assert [frame.split(" ")[0] for frame in frames if "CONFIRM" in frame] == ["@id=1", "@id=2", "@id=3"]


def test_lists_hold_exactly_the_events_up_to_at() -> None:  # A8
    stage = Stage()
    ann, bob = stage.sign_in("ann", "channel", "user"), stage.sign_in("bob")
    rules, now = stage.rules, stage.now
    for number, command in (
        (bob.number, "CREATE one"),
        (ann.number, "LSCHANS"),
        (bob.number, "CREATE two"),
        (ann.number, "LSCHANS"),
        (ann.number, "JOIN two"),
        (bob.number, "DELETE one"),
        (ann.number, "LSCHANS"),
        (ann.number, "LSSUBS"),
        (ann.number, "LSUSERS two"),
    ):
        rules.received(number, command, now)
    stage.settle()
    known: set[str] = set()
    seq, lists = 0, 0
    for frame in map(hear, ann.hear()):
        if frame.words[:2] == ("EVENT", "channel"):
            (known.add if frame.words[2] == "CREATE" else known.discard)(frame.words[3])
        if "seq" in frame.tags:
            seq = int(frame.tags["seq"])
        if "at" in frame.data:
            lists += 1
            assert frame.data["at"] == seq
        if frame.words[:2] == ("CONFIRM", "LSCHANS"):
            assert {entry["name"] for entry in frame.data["channels"]} == known
        if frame.words[:2] == ("CONFIRM", "LSSUBS"):
            assert frame.data["channels"] == ["two"]
        if frame.words[:2] == ("CONFIRM", "LSUSERS"):
            assert [entry["name"] for entry in frame.data["users"]] == ["ann", "bob"]
    assert lists == 5


def test_long_lists_come_in_pages_that_fit_a_frame() -> None:  # A8
    stage = Stage()
    ann = stage.sign_in("ann")
    names = [f"channel-{number:04}-{'x' * 30}" for number in range(700)]
    hall = stage.rules.hall
    for number, name in enumerate(names, 1):
        hall.add_channel(Channel(number, name, "t" * 100, 0, private=False, locked=False, base=0, head=0))
    seen: list[str] = []
    frame = "LSCHANS"
    for _ in range(20):
        reply = ann.ask(frame)
        assert len(reply.raw.encode()) <= stage.limits.max_frame
        page = [entry["name"] for entry in reply.data["channels"]]
        seen += page
        if not reply.data.get("more"):
            break
        frame = f"LSCHANS {page[-1]}"
    assert seen == names


def test_a_channels_entry_says_how_one_stands_to_it() -> None:  # B14
    stage = Stage()
    ann, bob = stage.sign_in("ann"), stage.sign_in("bob")
    ann.ok('CREATE plans {"private":true,"topic":"the plan","invite":["bob"]}')
    ann.ok("CREATE public")
    ann.ok("MSG public " + "long " * 60)
    ann.ok("CREATE @ann+bob")
    (direct, plans, public) = bob.ok("LSCHANS")["channels"]
    assert direct == {
        "name": "@ann+bob",
        "topic": "",
        "joined": True,
        "members": 2,
        "direct": True,
        "pos": 2,
        "read": 2,
        "unread": 0,
    }
    assert plans == {
        "name": "plans",
        "topic": "the plan",
        "joined": False,
        "members": 1,
        "private": True,
        "invited": True,
    }
    assert public == {"name": "public", "topic": "", "joined": False, "members": 1}
    bob.ok("JOIN public")
    ann.ok("MSG public more")
    (direct, plans, public) = ann.ok("LSCHANS")["channels"]
    assert plans["role"] == "moderator"
    assert public["last"] == {"pos": 4, "from": "ann", "ts": public["last"]["ts"], "text": "more"}
    (_, _, public) = bob.ok("LSCHANS")["channels"]
    assert (public["pos"], public["read"], public["unread"], "role" in public) == (4, 3, 1, False)
    assert "plans" not in [entry["name"] for entry in stage.sign_in("cid").ok("LSCHANS")["channels"]]
