"""Channels: create, delete, join, part, invite, kick, topic; who may and who sees. Rules only, no I/O."""

from __future__ import annotations

import dataclasses

import pytest

from tests.wschat.rules_stage import GENEROUS, Client, Stage

ALL = ("channel", "user", "message")


def trio(stage: Stage) -> tuple[Client, Client, Client]:
    ann, bob, cid = (stage.sign_in(name, *ALL) for name in ("ann", "bob", "cid"))
    return ann, bob, cid


def heads(client: Client) -> list[str]:
    return [event.head for event in client.events()]


def positions(client: Client, channel: str) -> list[int]:
    return [item["pos"] for item in client.ok(f"HISTORY {channel} LATEST * 100")["events"]]


def test_each_step_is_confirmed_and_seen_by_others() -> None:  # A18, A6
    stage = Stage()
    ann, bob, cid = trio(stage)
    assert ann.ok("CREATE general") == {"pos": 1}
    assert bob.ok("JOIN general") == {"pos": 2, "topic": ""}
    assert ann.ok("TOPIC general about  things") == {"pos": 3}
    assert bob.ok("PART general gone fishing") == {"pos": 4}
    assert bob.ok("JOIN general") == {"pos": 5, "topic": "about  things"}
    assert ann.ok("KICK general bob manners") == {"pos": 6}
    assert bob.ok("JOIN general") == {"pos": 7, "topic": "about  things"}
    assert ann.ok("DELETE general") == {}
    assert heads(cid) == ["EVENT channel CREATE general", "EVENT channel DELETE general"]


def test_what_events_and_history_say_of_each_step() -> None:  # A18, A7
    stage = Stage()
    ann, bob, _ = trio(stage)
    ann.say('CREATE general {"topic":"t"}')
    bob.hear()
    bob.say("JOIN general", "TOPIC general new", "PART general tired", "JOIN general")
    ann.say("KICK general bob rude")
    data = [(event.words[2], {k: v for k, v in event.data.items() if k != "ts"}) for event in bob.events()]
    assert data == [("KICK", {"pos": 6, "username": "bob", "by": "ann", "reason": "rude"})]
    items = ann.ok("HISTORY general LATEST * 10")["events"]
    assert [{k: v for k, v in item.items() if k != "ts"} for item in items] == [
        {"pos": 1, "type": "user", "action": "JOIN", "username": "ann"},
        {"pos": 2, "type": "user", "action": "JOIN", "username": "bob"},
        {"pos": 3, "type": "channel", "action": "TOPIC", "by": "bob", "topic": "new"},
        {"pos": 4, "type": "user", "action": "PART", "username": "bob", "reason": "tired"},
        {"pos": 5, "type": "user", "action": "JOIN", "username": "bob"},
        {"pos": 6, "type": "user", "action": "KICK", "username": "bob", "by": "ann", "reason": "rude"},
    ]
    assert all(isinstance(item["ts"], int) for item in items)


def test_join_and_part_reach_members_and_the_one_concerned_only() -> None:  # A18, A7
    stage = Stage()
    ann, bob, cid = trio(stage)
    ann.ok("CREATE general")
    bob_phone = stage.sign_in("bob", "user", device="phone")
    for client in (ann, bob, cid):
        client.hear()
    bob.ok("JOIN general")
    assert heads(ann) == heads(bob_phone) == ["EVENT user JOIN general"]
    bob.ok("PART general")
    assert heads(ann) == heads(bob_phone) == ["EVENT user PART general"]
    assert heads(cid) == []


@pytest.mark.parametrize("verb", ["JOIN", "PART"])
def test_what_is_so_already_is_confirmed_without_an_event(verb: str) -> None:  # A18
    stage = Stage()
    ann, bob, _ = trio(stage)
    ann.ok("CREATE general")
    actor = ann if verb == "JOIN" else bob
    ann.hear()
    assert actor.ok(f"{verb} general")["noop"] is True
    assert heads(ann) == []
    assert positions(ann, "general") == [1]


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("CREATE general", "EXISTS"),
        ("DELETE nowhere", "NOTFOUND"),
        ("JOIN nowhere", "NOTFOUND"),
        ("PART nowhere", "NOTFOUND"),
        ("DELETE general", "NOPERM"),
        ("KICK general ann", "NOTJOINED"),
        ("TOPIC general new", "NOTJOINED"),
        ("INVITE general cid", "NOTJOINED"),
        ("LSUSERS general", "NOTJOINED"),
        ("JOIN secret", "NOTFOUND"),
        ("PART secret", "NOTFOUND"),
        ("DELETE secret", "NOTFOUND"),
        ("MSG secret hi", "NOTFOUND"),
        ("HISTORY secret LATEST * 5", "NOTFOUND"),
        ("TOPIC secret new", "NOTFOUND"),
        ("LSUSERS secret", "NOTFOUND"),
        ("JOIN @ann+cid", "NOTFOUND"),
        ("CREATE @ann+cid", "EXISTS"),
        ("CREATE @ann+dan", "NOPERM"),
        ("CREATE @bob+nobody", "NOTFOUND"),
        ("CREATE @bob+bob", "BADARGS"),
        ("CREATE @dan+bob", "BADARGS"),
        ('CREATE @bob+dan {"private":true}', "BADARGS"),
        ("CREATE " + "x" * 51, "BADARGS"),
        ("CREATE", "BADARGS"),
        ("CREATE Upper", "BADARGS"),
        ("CREATE ..", "BADARGS"),
        ("CREATE a{b", "BADARGS"),
        ("CREATE new extra", "BADARGS"),
        ('CREATE new {"private":"yes"}', "BADARGS"),
        ('CREATE new {"invite":"ann"}', "BADARGS"),
        ('CREATE new {"invite":[1]}', "BADARGS"),
        ('CREATE new {"topic":5}', "BADARGS"),
        ('CREATE new {"topic":"a\\u001bb"}', "BADARGS"),
        ('CREATE new {"topic":"' + "x" * 301 + '"}', "TOOLONG"),
        ('CREATE new {"invite":["nobody"]}', "NOTFOUND"),
        ('CREATE new {"invite":["no\\nbody"]}', "NOTFOUND"),
        ("CREATE new [1]", "BADARGS"),
        ('CREATE new {"a":', "BADARGS"),
    ],
)
def test_a_refused_command_changes_nothing(frame: str, code: str) -> None:  # A18, A22
    stage = Stage()
    ann, bob, cid = trio(stage)
    ann.say("CREATE general", 'CREATE secret {"private":true}', "CREATE @ann+cid")
    for client in (ann, bob, cid):
        client.hear()
    before = stage.store.load(99)
    reply = bob.ask(frame)
    assert reply.words[:2] == ("ERROR", code) or (code == "BADARGS" and reply.words[1] == "BADFRAME"), reply.raw
    assert stage.store.load(99) == before
    assert heads(ann) == heads(cid) == []
    assert [entry["name"] for entry in ann.ok("LSCHANS")["channels"]] == ["@ann+cid", "general", "secret"]


def test_a_name_of_fifty_characters_will_do() -> None:  # A18
    stage = Stage()
    ann = stage.sign_in("ann")
    for name in ("x" * 50, "x", "a-b_c.d"):
        assert ann.ok(f"CREATE {name}") == {"pos": 1}


def test_only_the_moderator_kicks_deletes_and_sets_the_topic_of_locked_channels() -> None:  # A18
    stage = Stage()
    ann, bob, cid = trio(stage)
    ann.say('CREATE hall {"locked":true}')
    bob.say("JOIN hall")
    cid.say("JOIN hall")
    assert [bob.code(frame) for frame in ("KICK hall cid", "DELETE hall", "TOPIC hall mine")] == ["NOPERM"] * 3
    assert bob.code("KICK hall nobody") == "NOTFOUND"
    assert ann.code("KICK hall ann") == "NOPERM"
    assert ann.ok("TOPIC hall mine") == {"pos": 4}
    ann.say("PART hall")
    assert ann.code("DELETE nowhere") == "NOTFOUND"
    assert ann.ok("JOIN hall")["pos"] == 6
    assert ann.ok("KICK hall cid") == {"pos": 7}
    stage.restart()
    assert stage.sign_in("bob").code("DELETE hall") == "NOPERM"
    assert stage.sign_in("ann").ok("DELETE hall") == {}


def test_a_private_channel_is_seen_by_members_and_guests_only() -> None:
    stage = Stage()
    ann, bob, cid = trio(stage)
    ann.ok('CREATE secret {"private":true,"topic":"hush","invite":["bob"]}')
    bob_heard = [(event.head, event.data) for event in bob.events()]
    assert bob_heard == [
        ("EVENT channel CREATE secret", {"by": "ann", "topic": "hush", "private": True}),
        ("EVENT user INVITE secret", {"username": "bob", "by": "ann", "topic": "hush", "private": True}),
    ]
    assert heads(cid) == []
    assert bob.code("HISTORY secret LATEST * 1") == "NOTJOINED"
    assert bob.ok("JOIN secret") == {"pos": 2, "topic": "hush"}
    assert bob.code("TOPIC secret open") == "NOPERM"
    bob.hear()
    bob.ok("PART secret")
    assert bob.code("JOIN secret") == "NOTFOUND"
    assert bob.ok("LSCHANS")["channels"] == []
    bob.hear()
    ann.ok("DELETE secret")
    assert heads(bob) == []


def test_an_invitation_reaches_its_guest_whatever_the_intents_and_survives_a_restart() -> None:  # B1
    stage = Stage()
    ann, bob = stage.sign_in("ann"), stage.sign_in("bob")
    ann.ok('CREATE secret {"private":true}')
    assert ann.ok("INVITE secret bob") == {}
    assert [event.raw for event in bob.events()] == [
        '@seq=1 EVENT user INVITE secret {"username":"bob","by":"ann","topic":"","private":true}'
    ]
    assert ann.ok("INVITE secret bob") == {"noop": True}
    assert bob.events() == []
    assert ann.code("INVITE secret nobody") == "NOTFOUND"
    stage.restart()
    bob = stage.sign_in("bob")
    assert bob.ok("LSCHANS")["channels"][0]["invited"] is True
    assert bob.ok("JOIN secret")["pos"] == 2
    assert bob.ok("INVITE secret ann") == {"noop": True}
    stage.restart()
    assert "invited" not in stage.sign_in("bob").ok("LSCHANS")["channels"][0]


def test_a_declined_invitation_is_gone() -> None:  # A18
    stage = Stage()
    ann, bob = stage.sign_in("ann"), stage.sign_in("bob")
    ann.ok('CREATE secret {"private":true,"invite":["bob"]}')
    assert bob.ok("PART secret") == {"noop": True}
    assert bob.code("JOIN secret") == "NOTFOUND"
    stage.restart()
    assert stage.sign_in("bob").ok("LSCHANS")["channels"] == []
    assert stage.sign_in("ann").ok("INVITE secret bob") == {}


def test_a_kicked_user_is_told_whatever_the_intents_and_may_come_back() -> None:
    stage = Stage()
    ann, bob = stage.sign_in("ann"), stage.sign_in("bob")
    ann.ok("CREATE general")
    bob.ok("JOIN general")
    ann.ok("KICK general bob")
    assert [event.head for event in bob.events()] == ["EVENT user KICK general"]
    assert bob.code("MSG general hi") == "NOTJOINED"
    assert bob.ok("JOIN general")["pos"] == 4


def test_a_direct_channel_joins_both_and_nobody_else() -> None:
    stage = Stage()
    ann, bob, cid = trio(stage)
    assert bob.ok("CREATE @ann+bob") == {"pos": 2}
    assert heads(ann) == ["EVENT channel CREATE @ann+bob", *["EVENT user JOIN @ann+bob"] * 2]
    assert heads(cid) == []
    assert [
        ann.code(f"{verb} @ann+bob{rest}")
        for verb, rest in (("INVITE", " cid"), ("KICK", " bob"), ("DELETE", ""), ("TOPIC", " x"))
    ] == ["NOPERM"] * 4
    assert cid.code("JOIN @ann+bob") == "NOTFOUND"
    assert ann.code("CREATE @ann+bob") == "EXISTS"


def test_who_left_a_direct_channel_is_called_back_by_a_message() -> None:
    stage = Stage()
    ann, bob, _ = trio(stage)
    ann.ok("CREATE @ann+bob")
    bob.hear()
    assert bob.ok("PART @ann+bob") == {"pos": 3}
    bob.hear()
    assert ann.ok("MSG @ann+bob still there?")["pos"] == 5
    assert heads(bob) == ["EVENT user JOIN @ann+bob", "EVENT message CREATE @ann+bob"]
    bob.ok("PART @ann+bob")
    assert bob.ok("JOIN @ann+bob")["pos"] == 7


def test_a_channel_made_anew_goes_on_after_its_old_positions() -> None:  # A12, A18
    stage = Stage()
    ann, bob, _ = trio(stage)
    ann.say("CREATE general", "MSG general one", "MSG general two")
    first = ann.ok("HISTORY general LATEST * 1")["events"][0]
    ann.ok("DELETE general")
    assert bob.ok("CREATE general") == {"pos": 4}
    assert bob.ok("MSG general three")["pos"] == 5
    assert positions(bob, "general") == [4, 5]
    assert bob.ok("HISTORY general AFTER 0 10")["events"][0]["pos"] == 4
    assert bob.ok("HISTORY general BEFORE 4 10") == {"events": [], "more": False}
    bob.ok("DELETE general")
    stage.restart()
    cid = stage.sign_in("cid")
    assert cid.ok("CREATE general") == {"pos": 6}
    newest = cid.ok("MSG general four")
    assert newest["pos"] == 7
    assert newest["id"] != first["id"]
    assert cid.ok("LSUSERS general")["users"] == [{"name": "cid", "state": "online", "role": "moderator"}]


def test_how_far_one_has_read_outlives_leaving() -> None:
    stage = Stage()
    ann, bob, _ = trio(stage)
    ann.say("CREATE general", "MSG general one", "MSG general two")
    bob.ok("JOIN general")
    ann.say("MSG general three")
    assert bob.ok("LSCHANS")["channels"][0]["unread"] == 1
    bob.ok("PART general")
    ann.say("MSG general four")
    stage.restart()
    bob = stage.sign_in("bob")
    bob.ok("JOIN general")
    entry = bob.ok("LSCHANS")["channels"][0]
    assert (entry["read"], entry["unread"]) == (4, 2)


def test_a_user_is_in_so_many_channels_at_most() -> None:
    stage = Stage(dataclasses.replace(GENEROUS, channels_per_user=2))
    ann, bob, _ = trio(stage)
    ann.say("CREATE one", "CREATE two")
    assert ann.code("CREATE three") == "NOPERM"
    bob.ok("CREATE three")
    assert ann.code("JOIN three") == "NOPERM"
    assert ann.ok("JOIN two")["noop"] is True
    ann.ok("PART one")
    assert ann.ok("JOIN three")["pos"] == 2


@pytest.mark.parametrize("frame", ["TOPIC general {}", "PART general {}", "KICK general bob {}"])
def test_long_texts_are_refused_by_bytes(frame: str) -> None:  # A23
    stage = Stage()
    ann, bob, _ = trio(stage)
    ann.ok("CREATE general")
    bob.ok("JOIN general")
    assert ann.code(frame.format("é" * 151)) == "TOOLONG"
    assert ann.ok(frame.format("é" * 150))["pos"] == 3
