"""What events mean: the table of event types and actions, chat bodies, poison, typing, presence."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_tui_core.actions import Action, Kind
from chat_tui_core.contract import (
    Answered,
    Arrived,
    Edited,
    MemberChanged,
    News,
    Position,
    PresenceSet,
    Problem,
    Reacted,
    ReadMoved,
    Redacted,
    RoomChanged,
    RoomGone,
    SetTyping,
    TypingSet,
)
from chat_tui_core.model import EventKind, Member, Membership, Presence, RoomEvent, RoomKind
from chat_tui_wschat.protocol_timeline import EventIds, Timeline, made_id, order_of, read_chat
from tests.wschat.protocol_driver import GENERAL, HELLO, SID, Driver, frame, message, send


@pytest.fixture
def driver() -> Driver:
    made = Driver()
    made.sign_in([GENERAL, {"name": "random", "joined": True, "members": 1, "pos": 1}])
    made.quiet()
    return made


def of(news: Sequence[News], kind: type) -> list[Any]:
    return [item for item in news if isinstance(item, kind)]


# ---------------------------------------------------------------- A5: S0's samples and traps


def test_s0_samples(driver: Driver) -> None:  # A5, A6, A7
    driver.feed(
        "EVENT channel CREATE example",
        "EVENT channel DELETE example ",
        'EVENT user JOIN general {"username": "glitchy"}',
    )
    news = driver.news()
    (created,) = (item for item in of(news, RoomChanged) if item.room.room_id == "example")
    assert created.room.membership is Membership.NONE
    assert [item.room_id for item in of(news, RoomGone)] == ["example"]
    assert of(news, MemberChanged) == [MemberChanged("general", Member("glitchy"), gone=False)]


@pytest.mark.parametrize(
    "poison",
    [
        "EVENT message CREATE general {broken",
        "EVENT message CREATE general [1]",
        "EVENT message CREATE",
        "EVENT weather SET general {}",
        "EVENT message EXPLODE general {}",
        "EVENT session ODD general {}",
        'EVENT message CREATE general {"pos":-1,"text":"x"}',
        'EVENT message CREATE general {"pos":"41"}',
        'EVENT user JOIN general {"pos":41}',
        'EVENT message UPDATE general {"pos":41}',
        'EVENT message REACT general {"pos":41,"by":"bob","key":"x","op":"toggle"}',
        'EVENT message DELETE general {"pos":true}',
        "WHATEVER this is",
    ],
)
def test_poison_is_set_aside_and_the_stream_goes_on(driver: Driver, poison: str) -> None:  # A5, 3.4 rule 8
    sequenced = not poison.startswith("EVENT session")
    driver.feed(f"@seq=1 {poison}" if sequenced else poison, message(42, seq=1 + sequenced))
    news = driver.news()
    assert of(news, Problem)
    assert [event.order for item in of(news, Arrived) for event in item.events] == [42]
    assert of(news, Position)[-1].data["seq"] == str(1 + sequenced)


@pytest.mark.parametrize("junk", [b"\x00\x01", b"x1 -1 data", "", " ", "@", "@seq=1", "@seq=0 EVENT a B c", "\x00"])
def test_junk_never_raises(driver: Driver, junk: str | bytes) -> None:  # A5
    driver.feed(junk, message(41, seq=1))
    news = driver.news()
    assert of(news, Problem)
    assert of(news, Arrived)


def test_an_item_with_a_place_keeps_it_though_it_makes_no_sense(driver: Driver) -> None:  # A5, A17
    driver.feed('@seq=1 EVENT message CREATE general {"pos":41,"from":7}')
    ((event,),) = (item.events for item in driver.only(Arrived))
    assert (event.order, event.kind, event.text) == (41, EventKind.UNSUPPORTED, "This item could not be read.")


# ---------------------------------------------------------------- A6, A7: rooms and members


def test_channels_come_and_go_without_polling(driver: Driver) -> None:  # A6
    driver.feed(frame("@seq=1 EVENT channel CREATE example", {"by": "bob", "topic": "t", "private": True}))
    (created,) = driver.only(RoomChanged)
    assert (created.room.kind, created.room.topic) == (RoomKind.PRIVATE, "t")
    assert {"name", "topic", "kind"} <= created.fields
    driver.feed(frame("@seq=2 EVENT channel CREATE example", {"by": "bob", "topic": "t", "private": True}))
    assert not driver.only(RoomChanged)
    driver.feed(frame("@seq=3 EVENT channel DELETE example", {"by": "bob"}))
    assert driver.only(RoomGone) == [RoomGone("example", "deleted by bob")]
    driver.feed(frame("@seq=4 EVENT channel DELETE unknown"), message(9, seq=5, room="example"))
    news = driver.news()
    assert of(news, RoomGone) == [RoomGone("unknown", "deleted")]
    assert [item.room_id for item in of(news, Problem)] == ["example"]  # too late
    assert not of(news, Arrived)
    assert not of(news, RoomChanged)
    driver.feed(frame("@seq=6 EVENT channel CREATE example", {"by": "bob"}), message(10, seq=7, room="example"))
    assert [item.room_id for item in driver.only(Arrived)] == ["example"]


def test_messages_of_a_room_that_was_not_listed_yet_are_all_told() -> None:  # A11: a replay comes before the lists
    driver = Driver({"sid": SID, "seq": "0"})
    driver.resume(0, 3, *(message(number, seq=number) for number in (1, 2, 3)))
    assert [item.events[0].order for item in driver.only(Arrived)] == [1, 2, 3]


def test_join_and_part_count_members_of_that_room_only(driver: Driver) -> None:  # A7
    driver.feed(frame("@seq=1 EVENT user JOIN general", {"username": "glitchy", "pos": 41, "ts": 7}))
    news = driver.news()
    ((event,),) = (item.events for item in of(news, Arrived))
    assert event == RoomEvent("general", "general/41", 41, EventKind.JOIN, "glitchy", 7, target="glitchy")
    assert of(news, MemberChanged) == [MemberChanged("general", Member("glitchy"))]
    assert [(item.room.room_id, item.room.members, item.fields) for item in of(news, RoomChanged)] == [
        ("general", 3, frozenset({"members"}))
    ]
    driver.feed(frame("@seq=2 EVENT user PART general", {"username": "glitchy", "pos": 42, "reason": "bye"}))
    news = driver.news()
    ((event,),) = (item.events for item in of(news, Arrived))
    assert (event.kind, event.text) == (EventKind.LEAVE, "bye")
    assert of(news, MemberChanged)[0].gone
    assert of(news, RoomChanged)[0].room.members == 2


def test_what_happens_to_us_changes_our_membership(driver: Driver) -> None:  # A7, A18
    driver.feed(frame("@seq=1 EVENT user KICK general", {"username": "ann", "by": "bob", "pos": 41, "reason": "rude"}))
    news = driver.news()
    ((event,),) = (item.events for item in of(news, Arrived))
    assert (event.kind, event.sender, event.target, event.text) == (EventKind.KICK, "bob", "ann", "rude")
    assert of(news, RoomChanged)[0].room.membership is Membership.LEFT
    driver.feed(frame("@seq=2 EVENT user INVITE general", {"username": "ann", "by": "bob", "topic": "come"}))
    (invited,) = driver.only(RoomChanged)
    assert (invited.room.membership, invited.room.topic) == (Membership.INVITED, "come")
    driver.feed(frame("@seq=3 EVENT user JOIN general", {"username": "ann", "pos": 43}))
    assert driver.only(RoomChanged)[0].room.membership is Membership.JOINED
    driver.feed(frame("@seq=4 EVENT user INVITE general", {"username": "eve", "by": "ann", "topic": ""}))
    assert driver.news() == [Position({"sid": "k3J9xQ2mP0vTz7aB", "seq": "4"})]


@pytest.mark.parametrize(("told", "kind"), [({}, RoomKind.PUBLIC), ({"private": True}, RoomKind.PRIVATE)])
def test_an_invitation_says_whether_the_room_is_private(
    driver: Driver, told: dict[str, bool], kind: RoomKind
) -> None:  # A18
    driver.answer_lists()
    driver.quiet()
    driver.feed(frame("@seq=1 EVENT user INVITE den", {"username": "ann", "by": "bob", "topic": "", **told}))
    (invited,) = driver.only(RoomChanged)
    assert (invited.room.membership, invited.room.kind) == (Membership.INVITED, kind)
    assert ("kind" in invited.fields) is bool(told)


@pytest.mark.parametrize(("private", "left"), [(False, Membership.NONE), (True, Membership.LEFT)])
def test_an_invitation_that_is_declined_is_gone(driver: Driver, private: bool, left: Membership) -> None:  # A18
    driver.answer_lists()
    driver.feed(frame("@seq=1 EVENT channel CREATE den", {"private": private, "by": "bob"}))
    driver.feed(frame("@seq=2 EVENT user INVITE den", {"username": "ann", "by": "bob", "topic": ""}))
    driver.quiet()
    driver.do(Action(9, Kind.LEAVE, "den", {}))
    driver.feed(frame("@id=9 CONFIRM PART den", {"noop": True}))
    news = driver.news()
    assert [item.room.membership for item in of(news, RoomChanged)] == [left]
    assert [(item.action_id, item.final) for item in of(news, Answered)] == [(9, True)]


def test_a_room_that_was_not_known_makes_the_lists_be_taken_once(driver: Driver) -> None:  # A8
    driver.advance(30)
    driver.quiet()
    driver.feed(
        frame("@seq=1 EVENT user JOIN @ann+bob", {"username": "ann", "pos": 1}),
        frame("@seq=2 EVENT user JOIN @ann+bob", {"username": "bob", "pos": 2}),
    )
    (first, *_) = driver.only(RoomChanged)
    assert (first.room.title, first.room.kind) == ("bob", RoomKind.DIRECT)
    assert "members" not in first.fields
    assert driver.verbs() == ["LSSUBS", "LSCHANS"]


def test_topics(driver: Driver) -> None:  # A6, 3.4 rule 5
    driver.feed(frame("@seq=1 EVENT channel TOPIC general", {"by": "bob", "topic": "new\x1b[2J", "pos": 45}))
    news = driver.news()
    ((event,),) = (item.events for item in of(news, Arrived))
    assert (event.kind, event.text) == (EventKind.TOPIC, "new\ufffd[2J")
    assert of(news, RoomChanged)[0].room.topic == "new\ufffd[2J"
    driver.feed(frame("@seq=2 EVENT channel TOPIC general", {"by": "bob", "topic": "older", "pos": 44}))
    assert not driver.only(RoomChanged)


# ---------------------------------------------------------------- A16: messages


def test_order_is_pos_and_ts_is_only_sane(driver: Driver) -> None:  # A16
    driver.feed(
        message(42, seq=1, ts=-5), message(41, seq=2, ts=10**30), message(43, seq=3, ts="now"), message(44, seq=4, ts=7)
    )
    events = [item.events[0] for item in driver.only(Arrived)]
    assert [(event.order, event.ts) for event in events] == [(42, 0), (41, 253_402_300_799_999), (43, 0), (44, 7)]
    assert [event.event_id for event in events] == ["m42", "m41", "m43", "m44"]


def test_changes_of_messages(driver: Driver) -> None:
    driver.feed(
        message(41, seq=1),
        frame("@seq=2 EVENT message UPDATE general", {"id": "m41", "pos": 41, "by": "bob", "ts": 9, "text": "b"}),
        frame("@seq=3 EVENT message REACT general", {"pos": 41, "by": "eve", "key": "👍", "op": "add"}),
        frame("@seq=4 EVENT message REACT general", {"pos": 41, "by": "eve", "key": "👍", "op": "remove"}),
        frame("@seq=5 EVENT message DELETE general", {"pos": 41, "by": "bob"}),
        frame("@seq=6 EVENT message REACT general", {"pos": 3, "by": "eve", "key": "👍", "op": "add"}),
    )
    news = [item for item in driver.news() if not isinstance(item, Arrived | Position)]
    assert news == [
        Edited("general", "m41", 41, "b", 9),
        Reacted("general", "m41", 41, "eve", "👍"),
        Reacted("general", "m41", 41, "eve", "👍", removed=True),
        Redacted("general", "m41", 41, "bob"),
        Reacted("general", "general/3", 3, "eve", "👍"),
    ]


def test_read_positions(driver: Driver) -> None:
    driver.feed(frame("EVENT message READ general", {"by": "bob", "pos": 40}), "EVENT message READ general")
    assert driver.news() == [ReadMoved("general", "bob", 40)]


def test_files_keep_their_place(driver: Driver) -> None:
    driver.feed(
        frame("@seq=1 EVENT file OFFER general", {"fid": "f1", "pos": 41, "from": "bob", "name": "a.png", "size": 3}),
    )
    ((event,),) = (item.events for item in of(driver.news(), Arrived))
    assert (event.kind, event.text, event.order) == (EventKind.FILE, "", 41)
    assert event.file is not None
    assert (event.file.name, event.file.size, event.file.ref) == ("a.png", 3, "f1")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b" x.msg.new c.text x.text:5 hello ", (EventKind.MESSAGE, "hello", 0)),
        (b" w.msg.reply 41 x.text:5 hello ", (EventKind.MESSAGE, "hello", 41)),
        ("3 x.msg.new c.text x.text:2 é ".encode(), (EventKind.MESSAGE, "é", 0)),
        (
            b" x.msg.new c.text x.text:2,i.image/png:3 hi abc ",
            (EventKind.MESSAGE, "hi\n[attachment: i.image/png, 3 bytes]", 0),
        ),
        (b" x.msg.new c.image i.image/png:1 a ", (EventKind.UNSUPPORTED, "[attachment: i.image/png, 1 bytes]", 0)),
        (b" x.msg.new c.text  ", (EventKind.UNSUPPORTED, "Unsupported message: it has no text.", 0)),
        (b" x.grp.leave   ", (EventKind.UNSUPPORTED, "Unsupported message: x.grp.leave", 0)),
        (b" w.msg.reply zero x.text:1 a ", (EventKind.UNSUPPORTED, "Unsupported message: w.msg.reply", 0)),
        (b" x.msg.delete 4  ", (EventKind.UNSUPPORTED, "Unsupported message: x.msg.delete", 0)),
        (b"\xff\xfe", (EventKind.UNSUPPORTED, "Unsupported message: it does not follow the chat syntax.", 0)),
        (b" x.msg.new c.text x.text:3 a\x1bb ", (EventKind.MESSAGE, "a\ufffdb", 0)),
    ],
)
def test_chat_bodies(body: bytes, expected: tuple[EventKind, str, int]) -> None:  # X5, X6
    assert read_chat(body) == expected


def item(data: Mapping[str, Any], type_: str = "message", action: str = "CREATE") -> RoomEvent:
    made = Timeline().item("general", type_, action, {"pos": 5, "id": "m5", "from": "bob", **data})
    assert made is not None
    return made


def test_chat_messages_in_a_timeline() -> None:
    timeline = Timeline()
    timeline.item("general", "message", "CREATE", {"pos": 4, "id": "m4", "from": "bob", "text": "a"})
    reply = {"pos": 5, "id": "m5", "from": "bob", "chat": " w.msg.reply 4 x.text:1 b "}
    answered = timeline.item("general", "message", "CREATE", reply)
    assert answered is not None
    assert (answered.text, answered.reply_to) == ("b", "m4")
    coded = base64.b64encode(b" x.msg.new c.text x.text:1 \xff ").decode()
    assert item({"chat64": coded}).text == "\ufffd"
    assert item({"chat64": "no base64!"}).kind is EventKind.UNSUPPORTED
    assert item({"chat": " w.msg.reply 3 x.text:1 b "}).reply_to == "general/3"
    assert item({"chat": " w.msg.reply 3 x.text:1 b ", "text": "later", "edited": 9}) == RoomEvent(
        "general", "m5", 5, EventKind.MESSAGE, "bob", 0, "later", reply_to="general/3", edited_ts=9
    )


def test_history_items() -> None:  # A17
    gone = item({"by": "eve"}, action="DELETE")
    assert (gone.kind, gone.text) == (EventKind.REDACTED, "")
    assert item({"text": "x", "deleted": True}).kind is EventKind.REDACTED
    reacted = item({"text": "x", "reactions": {"👍": ["ann", "ann", 3], "": ["ann"], "x": "ann"}})
    assert [(reaction.key, reaction.users) for reaction in reacted.reactions] == [("👍", ("ann",))]
    assert item({}, "poll", "CREATE").text == "Unsupported item: poll CREATE"
    assert Timeline().item("general", "message", "CREATE", {"text": "x"}) is None


def test_event_ids_are_remembered_within_bounds() -> None:
    ids = EventIds()
    for order in range(1, EventIds.MOST + 2):
        ids.note("general", order, f"m{order}x")
    assert ids.find("general", 1) == "general/1"
    assert ids.find("general", 2) == "m2x"
    for number in range(EventIds.MOST + 1):
        ids.note("dev", 5, f"{number}of5")
    assert ids.find("dev", 5) == f"{EventIds.MOST}of5"
    assert sum(map(len, ids._beginnings.values())) == len(ids._stretches) == EventIds.MOST
    for order in range(1, 10 * EventIds.MOST_STRETCHES, 2):
        ids.note("ops", order, f"m{order}")
    assert ids.find("ops", 1) == "ops/1"
    assert len(ids._stretches["ops", "m"]) == EventIds.MOST_STRETCHES
    assert order_of("general", made_id("general", 7)) == 7
    assert [order_of("general", name) for name in ("m7", "random/7", "general/", "general/x", "general/²")] == [0] * 5


def test_a_million_ids_that_end_in_their_places_take_no_room() -> None:
    ids = EventIds()
    for order in range(1, 1_001):
        ids.note("general", order, f"m7.{order}")
    assert ids._stretches == {("general", "m7."): [[1, 1_000]]}
    assert not ids._odd


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.integers(1, 12), st.sampled_from(("m{}", "m1{}", "x", "{}", "m{}x"))),
        max_size=60,
    )
)
def test_event_ids_are_found_as_in_a_dictionary(noted: list[tuple[str, int, str]]) -> None:
    ids, known = EventIds(), dict[tuple[str, int], str]()
    for room, order, form in noted:
        if known.get((room, order), form.format(order)) == form.format(order):  # a server changes no id
            known[room, order] = form.format(order)
            ids.note(room, order, form.format(order))
    for room in "ab":
        for order in range(14):
            assert ids.find(room, order) == known.get((room, order), f"{room}/{order}")


# ---------------------------------------------------------------- A19: typing and presence


def test_typing_is_replaced_and_lapses(driver: Driver) -> None:  # A19
    def typing(*users: object) -> None:
        driver.feed(frame("EVENT typing SET general", {"users": users}))

    typing("bob", "ann", "eve", "bob", 7)
    assert driver.news() == [TypingSet("general", ("bob", "eve"))]
    driver.advance(6)
    typing("bob")
    assert driver.news() == [TypingSet("general", ("bob",))]
    driver.advance(9.9)
    assert not driver.only(TypingSet)
    driver.advance(0.2)
    assert driver.only(TypingSet) == [TypingSet("general", ())]
    typing("bob")
    typing()
    assert driver.only(TypingSet)[-1] == TypingSet("general", ())
    driver.advance(20)
    assert not driver.only(TypingSet)


def test_somebody_who_leaves_no_longer_types(driver: Driver) -> None:  # A19
    driver.feed(frame("EVENT typing SET general", {"users": ["bob", "eve"]}))
    driver.news()
    driver.feed(frame("@seq=1 EVENT user PART general", {"username": "bob", "pos": 41}))
    assert driver.only(TypingSet) == [TypingSet("general", ("eve",))]


def test_a_thousand_typers_are_bounded(driver: Driver) -> None:  # A19
    driver.feed(frame("EVENT typing SET general", {"users": [f"user{number}" for number in range(3000)]}))
    assert len(driver.only(TypingSet)[0].users) == 1000


def test_presence(driver: Driver) -> None:  # A19
    driver.feed(
        frame("EVENT presence SET bob", {"state": "idle", "text": "tea"}),
        frame("EVENT presence SET eve", {"state": "asleep"}),
    )
    assert driver.news() == [PresenceSet("bob", Presence.IDLE, "tea"), PresenceSet("eve", Presence.UNKNOWN)]


def test_own_typing_repeats_every_five_seconds_and_ends_on_send(driver: Driver) -> None:  # A19
    def told() -> list[tuple[object, ...]]:
        return [command.args for command in driver.commands() if command.verb == "TYPING"]

    driver.answers_pings = True
    driver.core.ask(SetTyping("general", typing=True), driver.now)
    driver.core.ask(SetTyping("general", typing=True), driver.now)
    assert told() == [("general", "ON")]
    driver.advance(11)
    assert told() == [("general", "ON")] * 2
    driver.do(send(1))
    assert told() == [("general", "OFF")]
    driver.advance(11)
    assert told() == []
    driver.core.ask(SetTyping("general", typing=False), driver.now)
    assert told() == []


def test_own_typing_outlives_a_reconnect_and_is_silent_meanwhile(driver: Driver) -> None:  # A19
    driver.core.ask(SetTyping("general", typing=True), driver.now)
    driver.close()
    driver.quiet()
    driver.core.ask(SetTyping("random", typing=True), driver.now)
    driver.advance(1)
    driver.core.ask(SetTyping("random", typing=False), driver.now)
    driver.resume(0, 0)
    assert [command.args for command in driver.commands() if command.verb == "TYPING"] == [("general", "ON")]


def test_typing_that_cannot_be_told_is_given_up(driver: Driver) -> None:  # A19
    driver.core.ask(SetTyping("No Room", typing=True), driver.now)
    assert driver.only(Problem)
    driver.advance(11)
    assert not driver.only(Problem)


def test_typing_is_not_told_to_who_does_not_want_to_know() -> None:  # A19, E1
    driver = Driver()
    driver.sign_in(hello={**HELLO, "events": ["message"]})
    driver.quiet()
    driver.core.ask(SetTyping("general", typing=True), driver.now)
    assert not driver.take()
