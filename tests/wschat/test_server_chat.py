"""CHAT: what S3's chat messages do to a channel. Rules only, no I/O."""

from __future__ import annotations

import base64
import dataclasses
from typing import Any

import pytest

from chat_tui_wschat.server.batch import Batch
from tests.wschat.rules_stage import GENEROUS, Client, Stage
from tests.wschat.wschat_peer import hear


def pair(stage: Stage) -> tuple[Client, Client]:
    ann, bob = stage.sign_in("ann", "message", "user"), stage.sign_in("bob", "message", "user")
    ann.ok("CREATE general")
    bob.ok("JOIN general")
    ann.hear()
    return ann, bob


def page(client: Client, bound: str, count: int, channel: str = "general") -> tuple[list[int], bool]:
    data = client.ok(f"HISTORY {channel} {bound} {count}")
    return [item["pos"] for item in data["events"]], data["more"]


def item(client: Client, pos: int) -> dict[str, Any]:
    (found,) = client.ok(f"HISTORY general BEFORE {pos + 1} 1")["events"]
    assert isinstance(found, dict)
    return found


def test_a_chat_message_is_an_item_as_it_was_sent() -> None:  # X1
    stage = Stage()
    ann, bob = pair(stage)
    body = " x.msg.new c.text x.text:6 hello\u00e9"[:-1] + "! "
    data = ann.ok(f"CHAT general {body}")
    event = bob.events()[-1]
    assert (event.head, event.data["chat"], event.data["id"]) == ("EVENT message CREATE general", body, data["id"])
    assert item(ann, 3) == {"type": "message", "action": "CREATE", **event.data}
    assert bob.ok("LSCHANS")["channels"][0]["last"]["text"] == "hello!"
    assert bob.ok("LSCHANS")["channels"][0]["unread"] == 1


def test_octets_that_are_no_text_travel_in_base64() -> None:  # X1
    stage = Stage()
    ann, bob = pair(stage)
    body = b" x.msg.new c.image x.text:2,i.image/png:4 hi \x89PNG "
    ann.ok(b"@id=5 CHAT general " + body)
    event = bob.events()[-1]
    assert base64.b64decode(event.data["chat64"]) == body
    assert "chat" not in event.data
    stage.restart()
    assert stage.sign_in("bob").ok("LSCHANS")["channels"][0]["last"]["text"] == "hi"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("hello", "BADARGS"),
        (" x.msg.new c.text x.text:9 hello ", "BADARGS"),
        (" x.msg.new c.text x.text:5 hello", "BADARGS"),
        (" x.msg.update 3,4 x.text:1 a ", "BADARGS"),
        (" x.msg.update three x.text:1 a ", "BADARGS"),
        (" x.msg.delete   ", "BADARGS"),
        (" w.msg.react 3,maybe x.text:1 + ", "BADARGS"),
        (" w.msg.react 3,add  ", "BADARGS"),
        (" w.msg.react 3,add x.text:1 \u200b ".replace("x.text:1", "x.text:3"), "BADARGS"),
        (" w.msg.react 3,add x.text:33 " + "x" * 33 + " ", "TOOLONG"),
        (" x.msg.new c.text x.text:2    ", "EMPTY"),
        (" x.msg.new c.text x.text:4001 " + "x" * 4001 + " ", "TOOLONG"),
        (" x.any.thing a x.data:64600 " + "x" * 64600 + " ", "TOOLONG"),
        (" x.msg.update 99 x.text:1 a ", "NOTFOUND"),
        (" x.msg.update 0 x.text:1 a ", "BADARGS"),
        (" x.msg.update 1 x.text:1 a ", "NOTFOUND"),
        (" x.msg.update 4 x.text:1 a ", "NOTFOUND"),
        (" x.msg.delete 99  ", "NOTFOUND"),
        (" w.msg.reply 99 x.text:1 a ", "NOTFOUND"),
        (" w.msg.react 4,add x.text:1 + ", "NOTFOUND"),
        (" x.msg.update 3 x.text:1 a ", "NOPERM"),
        (" x.msg.delete 3  ", "NOPERM"),
    ],
)
def test_a_refused_chat_message_changes_nothing(body: str, code: str) -> None:  # X6, A22
    stage = Stage()
    ann, bob = pair(stage)
    ann.say("MSG general mine", "MSG general gone", "CHAT general  x.msg.delete 4  ")
    ann.hear()
    before = ann.ok("HISTORY general LATEST * 9")
    assert bob.code(f"CHAT general {body}") == code
    assert ann.events() == []
    assert ann.ok("HISTORY general LATEST * 9") == before


def test_the_author_changes_a_message() -> None:  # X6
    stage = Stage()
    ann, bob = pair(stage)
    ann.ok("MSG general frist")
    bob.hear()
    data = ann.ok("@id=9 CHAT general  x.msg.update 3 x.text:5 first ")
    (event,) = bob.events()
    assert event.data == {"id": data["id"], "pos": 3, "by": "ann", "ts": data["ts"], "text": "first"}
    assert (item(ann, 3)["text"], item(ann, 3)["edited"]) == ("first", data["ts"])
    assert ann.ok("LSCHANS")["channels"][0]["last"]["text"] == "first"
    assert page(ann, "LATEST *", 9) == ([1, 2, 3], False)


@pytest.mark.parametrize(("text", "code"), [(" ", "EMPTY"), ("", "EMPTY"), ("x" * 4001, "TOOLONG")])
def test_a_change_keeps_to_the_limits_of_a_message(text: str, code: str) -> None:  # X6, A23
    ann, _ = pair(Stage())
    ann.ok("MSG general first")
    assert ann.code(f"CHAT general  x.msg.update 3 x.text:{len(text)} {text} ") == code
    assert item(ann, 3)["text"] == "first"


def test_a_changed_chat_message_keeps_what_it_answers() -> None:  # X6
    ann, _ = pair(Stage())
    ann.ok("MSG general question")
    reply = " w.msg.reply 3 x.text:6 anwser "
    ann.ok(f"CHAT general {reply}")
    ann.ok("CHAT general  x.msg.update 4 x.text:6 answer ")
    assert (item(ann, 4)["chat"], item(ann, 4)["text"]) == (reply, "answer")


@pytest.mark.parametrize("who", ["author", "moderator"])
def test_a_deleted_message_leaves_a_tombstone(who: str) -> None:  # X6
    stage = Stage()
    ann, bob = pair(stage)
    stage.sign_in("cid").say("JOIN general")
    bob.ok("MSG general oops")
    ann.ok("READ general 2")
    client = bob if who == "author" else ann
    client.hear()
    heard = [hear(frame) for frame in client.say("@id=8 CHAT general  x.msg.delete 4  ")]
    name = "bob" if who == "author" else "ann"
    assert heard[0].data == {"id": heard[1].data["id"], "pos": 4, "by": name}
    assert item(ann, 4) == {"pos": 4, "type": "message", "action": "DELETE", "id": heard[1].data["id"], "by": name}
    assert client.ok("@id=9 CHAT general  x.msg.delete 4  ")["noop"] is True
    entry = ann.ok("LSCHANS")["channels"][0]
    assert (entry["unread"], entry["last"]["text"], entry["last"]["pos"]) == (0, "", 4)
    stage.restart()
    assert stage.sign_in("ann").ok("LSCHANS")["channels"][0]["unread"] == 0


def test_reactions_are_a_set() -> None:  # X6
    stage = Stage()
    ann, bob = pair(stage)
    ann.ok("MSG general nice")
    bob.hear()
    for client, key, op in (
        (ann, "👍", "add"),
        (bob, "👍", "add"),
        (bob, "👩‍🚀", "add"),
        (bob, "👍", "add"),
        (bob, "👍", "remove"),
    ):
        client.say(f"CHAT general  w.msg.react 3,{op} x.text:{len(key.encode())} {key} ")
    assert item(ann, 3)["reactions"] == {"👍": ["ann"], "👩‍🚀": ["bob"]}
    ops = [(event.data["by"], event.data["op"]) for event in ann.events() if event.words[2] == "REACT"]
    assert ops == [("bob", "add"), ("bob", "add"), ("bob", "remove")]
    assert bob.ok("CHAT general  w.msg.react 3,remove x.text:4 👍 ")["noop"] is True
    for client, key in ((ann, "👍"), (bob, "👩‍🚀")):
        client.ok(f"CHAT general  w.msg.react 3,remove x.text:{len(key.encode())} {key} ")
    assert item(ann, 3)["reactions"] == {}


def test_a_message_takes_only_so_many_reactions() -> None:
    stage = Stage(dataclasses.replace(GENEROUS, max_frame=2048))
    ann, _ = pair(stage)
    ann.ok("MSG general popular")
    codes = [ann.ask(f"CHAT general  w.msg.react 3,add x.text:20 {number:020} ").words[1] for number in range(80)]
    assert codes[0] == "CHAT"
    assert codes[-1] == "NOPERM"
    assert page(ann, "BEFORE 4", 1) == ([3], True)


def test_commands_that_hang_on_a_stored_item_keep_their_order() -> None:
    stage = Stage()
    ann, bob = pair(stage)
    heard = ann.say(
        "@id=1 MSG general one",
        "@id=2 CHAT general  x.msg.update 3 x.text:3 two ",
        "@id=3 CHAT general  x.msg.update 3 x.text:5 three ",
        "@id=4 CHAT general  x.msg.delete 3  ",
        "@id=5 CHAT general  x.msg.update 3 x.text:4 late ",
        "@id=6 MSG general after",
        "LSEVENTS",
    )
    replies = [hear(frame) for frame in heard if "EVENT " not in frame]
    assert [reply.tags.get("id") for reply in replies] == ["1", "2", "3", "4", "5", "6", None]
    assert replies[4].words[1] == "NOTFOUND"
    events = [(event.words[2], event.data["pos"]) for event in bob.events()]
    assert events == [("CREATE", 3), ("UPDATE", 3), ("UPDATE", 3), ("DELETE", 3), ("CREATE", 4)]
    assert item(ann, 3)["action"] == "DELETE"


def test_two_who_change_one_item_at_once_both_count() -> None:
    stage = Stage()
    ann, bob = pair(stage)
    ann.ok("MSG general both")
    for client in (ann, bob):
        stage.rules.received(client.number, "CHAT general  w.msg.react 3,add x.text:1 + ", stage.now)
    stage.settle()
    assert item(ann, 3)["reactions"] == {"+": ["ann", "bob"]}
    # The second comes while the first one's write is not durable yet.
    stage.rules.received(ann.number, "CHAT general  w.msg.react 3,remove x.text:1 + ", stage.now)
    batch = stage.rules.take()
    assert batch is not None
    stage.release(stage.rules.committed(batch, stage.store.commit(batch.writes, batch.reads), stage.now))
    stage.rules.received(bob.number, "CHAT general  w.msg.react 3,remove x.text:1 + ", stage.now)
    stage.settle()
    assert item(ann, 3)["reactions"] == {}


def test_a_change_that_is_not_durable_yet_is_seen_by_one_that_was_read_before_it() -> None:
    stage = Stage()
    ann, bob = pair(stage)
    cid = stage.sign_in("cid")
    cid.ok("JOIN general")
    ann.ok("MSG general everybody")
    stage.settle()

    def react(client: Client) -> None:
        stage.rules.received(client.number, "CHAT general  w.msg.react 4,add x.text:1 + ", stage.now)

    def commit() -> None:
        batch = batches.pop(0)
        stage.release(stage.rules.committed(batch, stage.store.commit(batch.writes, batch.reads), stage.now))

    def take() -> None:
        batch = stage.rules.take()
        assert batch is not None
        batches.append(batch)

    batches: list[Batch] = []
    react(ann)
    take()
    react(bob)
    commit()
    take()
    react(cid)
    commit()
    stage.settle()
    assert sorted(item(ann, 4)["reactions"]["+"]) == ["ann", "bob", "cid"]


def test_a_command_that_hangs_on_an_item_is_counted_once() -> None:  # A23
    stage = Stage(dataclasses.replace(GENEROUS, burst=5, refill=0.001))
    ann = stage.sign_in("ann")
    replies = ann.say("CREATE general", "MSG general hi", *["CHAT general  w.msg.react 2,add x.text:1 + "] * 3)
    assert [hear(reply).words[0] for reply in replies] == ["CONFIRM"] * 4 + ["ERROR"]


def test_any_other_chat_message_is_kept_as_it_is() -> None:  # X6
    ann, bob = pair(Stage())
    body = " x.grp.leave   "
    ann.ok(f"CHAT general {body}")
    assert bob.events()[-1].data["chat"] == body
