"""Action ids: once each, whatever is lost or sent again, also across a restart. Rules over both engines."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from chat_tui_wschat.server.limits import Limits
from chat_tui_wschat.server.memory_storage import MemoryStorage
from chat_tui_wschat.server.outgoing import Close
from chat_tui_wschat.server.sqlite_storage import SqliteStorage
from chat_tui_wschat.server.storage import Store
from tests.wschat.rules_stage import GENEROUS, Client, Stage, token_of
from tests.wschat.wschat_peer import hear


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    store: Store = MemoryStorage() if request.param == "memory" else SqliteStorage(tmp_path / "server.db")
    yield store
    store.close()


def texts(client: Client) -> list[str]:
    page = client.ok("HISTORY general LATEST * 100")["events"]
    return [item["text"] for item in page if item["action"] == "CREATE"]


def again(stage: Stage, user: str = "ann", device: str = "laptop") -> Client:
    """The same device signs in anew."""
    client = stage.connect()
    client.ok(f"@id=900001 AUTH TOKEN {device} {token_of(user, device)}")
    return client


def test_the_same_frame_again_brings_the_same_answer_and_no_event(store: Store) -> None:  # A13, A14
    stage = Stage(store=store)
    ann = stage.sign_in("ann", "message")
    ann.ok("@id=1 CREATE general")
    event, confirm = ann.say("@id=2 MSG general hello")
    assert hear(event).tags == {"seq": "1", "id": "2"}
    assert ann.say("@id=2 MSG general hello") == [confirm.replace("@id=2", "@id=2;dup=1")]
    stage.restart()
    client = again(stage)
    assert client.say("@id=2 MSG general hello")[-1] == confirm.replace("@id=2", "@id=2;dup=1")
    assert texts(client) == ["hello"]


def test_resent_in_the_same_breath_it_still_happens_once(store: Store) -> None:  # A14
    stage = Stage(store=store)
    ann = stage.sign_in("ann", "message")
    ann.say("@id=1 CREATE general")
    heard = ann.say(*["@id=2 MSG general hello"] * 5)
    assert [hear(frame).tags.get("dup") for frame in heard if "CONFIRM" in frame] == [None, "1", "1", "1", "1"]
    assert sum("EVENT" in frame for frame in heard) == 1


@pytest.mark.parametrize("other", ["MSG general other", "MSG general hello ", "PART general", "MSG  general hello"])
def test_the_same_id_for_another_frame_is_refused(other: str) -> None:  # A13
    stage = Stage()
    ann = stage.sign_in("ann", "message")
    ann.say("@id=1 CREATE general", "@id=2 MSG general hello")
    reply = ann.ask(f"@id=2 {other}")
    expected = ("ERROR", "BADFRAME") if "  " in other else ("ERROR", "IDREUSE")
    assert reply.words[:2] == expected
    assert reply.tags == {"id": "2"}
    assert texts(ann) == ["hello"]


def test_other_tags_do_not_make_another_frame() -> None:
    stage = Stage()
    ann = stage.sign_in("ann")
    ann.say("@id=1 CREATE general", "@id=2 MSG general hello")
    assert ann.ask("@try=2;id=2 MSG general hello").tags == {"id": "2", "dup": "1"}


def test_a_refusal_is_remembered_too(store: Store) -> None:  # A13, A22
    stage = Stage(store=store)
    ann, bob = stage.sign_in("ann"), stage.sign_in("bob")
    assert ann.ask("@id=1 JOIN general").words[1] == "NOTFOUND"
    bob.ok("CREATE general")
    reply = ann.ask("@id=1 JOIN general")
    assert (reply.words[1], reply.tags) == ("NOTFOUND", {"id": "1", "dup": "1"})
    assert ann.ok("@id=2 JOIN general")["pos"] == 2


def test_a_forgotten_reply_is_idstale_and_nothing_happens(store: Store) -> None:  # A14
    limits = dataclasses.replace(GENEROUS, kept_replies=5, kept_seconds=3600)
    stage = Stage(limits, store=store)
    ann = stage.sign_in("ann")
    ann.say("@id=1 CREATE general", *[f"@id={n} MSG general {n}" for n in range(2, 11)])
    stage.wait(3000)
    client = again(stage)
    client.say(*[f"@id={n} JOIN general" for n in range(11, 65)])
    assert client.ask("@id=2 MSG general 2").tags == {"id": "2", "dup": "1"}
    stage.wait(1000)
    client = again(stage)
    client.say(*[f"@id={n} JOIN general" for n in range(65, 129)])
    stage.restart()
    client = again(stage)
    assert [client.ask(f"@id={n} MSG general {n}").words[1] for n in (2, 10)] == ["IDSTALE"] * 2
    assert client.ask("@id=11 JOIN general").tags == {"id": "11", "dup": "1"}
    assert texts(client) == [str(n) for n in range(2, 11)]


def test_ids_may_come_late_and_with_gaps(store: Store) -> None:  # A14
    stage = Stage(store=store)
    ann = stage.sign_in("ann")
    ann.say("@id=10 CREATE general", "@id=30 MSG general c", "@id=20 MSG general b", "@id=5 MSG general a")
    stage.restart()
    client = stage.connect()
    assert client.ok(f"@id=1 AUTH TOKEN laptop {token_of('ann', 'laptop')}")["last_id"] == 30
    assert client.ok("@id=6 MSG general late")["pos"] == 5
    assert client.ask("@id=20 MSG general b").tags == {"id": "20", "dup": "1"}
    assert texts(client) == ["c", "b", "a", "late"]


def test_ids_of_questions_are_labels_only() -> None:
    ann = Stage().sign_in("ann")
    assert [ann.ask(f"@id=4 {frame}").words[0] for frame in ("LSEVENTS", "LSSUBS", "SUBEVENT user")] == ["CONFIRM"] * 3
    assert ann.ok("@id=4 CREATE general") == {"pos": 1}


def test_devices_count_for_themselves() -> None:
    stage = Stage()
    laptop, phone = stage.sign_in("ann", "message"), stage.sign_in("ann", "message", device="phone")
    laptop.ok("@id=1 CREATE general")
    assert phone.ok("@id=1 MSG general from the phone")["pos"] == 2
    assert laptop.ok("@id=2 MSG general from the laptop")["pos"] == 3


def test_no_other_session_sees_an_id() -> None:  # A15
    stage = Stage()
    every = ("channel", "user", "message", "presence", "typing")
    laptop, phone = stage.sign_in("ann", *every), stage.sign_in("ann", *every, device="phone")
    bob = stage.sign_in("bob", *every)
    laptop.say("@id=1 CREATE general")
    bob.say("JOIN general")
    for number, frame in enumerate(
        [
            "MSG general hi",
            "TOPIC general new",
            "READ general 3",
            "CHAT general  w.msg.react 3,add x.text:1 + ",
            "CHAT general  x.msg.update 3 x.text:2 ho ",
            "CHAT general  x.msg.delete 3  ",
            "INVITE general cid",
            "PRESENCE IDLE away",
            "KICK general bob",
            "PART general",
            "JOIN general",
            "DELETE general",
        ],
        2,
    ):
        heard = [hear(one) for one in laptop.say(f"@id={number} {frame}")]
        own = [one.tags.get("id") for one in heard if one.words[0] == "EVENT"]
        assert own.count(str(number)) == 1, (frame, heard)
    for other in (phone, bob):
        events = other.events()
        assert events
        assert not any("id" in event.tags for event in events)


def test_rate_limited_and_failed_commands_may_be_tried_again() -> None:  # A14, A23
    stage = Stage(Limits(burst=4, refill=1.0))
    ann = stage.sign_in("ann")
    ann.ok("@id=1 CREATE general")
    ann.say("@id=2 MSG general a", "@id=3 MSG general b")
    reply = ann.ask("@id=4 MSG general c")
    assert reply.words[1] == "RATELIMIT"
    assert 0 < float(reply.tags["retry"]) <= 1.1
    stage.wait(float(reply.tags["retry"]))
    assert ann.ask("@id=4 MSG general c").tags == {"id": "4"}
    assert ann.end() == 0


def test_what_could_not_be_stored_is_internal_and_stops_the_server() -> None:  # A22
    stage = Stage()
    ann, bob = stage.sign_in("ann", "message"), stage.sign_in("bob", "message")
    ann.ok("CREATE general")
    stage.rules.received(ann.number, "@id=2 MSG general lost", stage.now)
    batch = stage.rules.take()
    assert batch is not None
    stage.rules.received(ann.number, "@id=3 MSG general lost too", stage.now)
    last = dict(stage.rules.failed(batch, "no space"))
    assert [hear(str(frame)).words[:3] for frame in last[ann.number][:2]] == [("ERROR", "INTERNAL", "MSG")] * 2
    assert [hear(str(frame)).tags for frame in last[ann.number][:2]] == [{"id": "2"}, {"id": "3"}]
    for client in (ann, bob):
        assert str(last[client.number][-2]).startswith(f"EVENT session BYE {client.sid}")
        assert last[client.number][-1] == Close(1011, "no space")
    stage.restart()
    client = again(stage)
    assert client.ask("@id=2 MSG general lost").tags == {"id": "2"}
    assert texts(client) == ["lost"]
