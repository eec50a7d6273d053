"""From HELLO to ONLINE: sign-in, lists and the at-rule, resume, gaps, bare S0 servers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from chat_tui_core.contract import (
    Arrived,
    AskHistory,
    AskRefused,
    GapFound,
    Link,
    LinkChanged,
    MemberChanged,
    MembersListed,
    Position,
    PresenceSet,
    Problem,
    RefusedAction,
    RoomChanged,
    RoomsListed,
    SetPresence,
    SignedIn,
    TypingSet,
)
from chat_tui_core.model import Gap, Membership, Presence, Room, RoomKind
from chat_tui_wschat.protocol import CloseSocket, Open, Opened, Send
from chat_tui_wschat.protocol_labels import FIRST_LABEL
from chat_tui_wschat.wire import Command
from tests.wschat.protocol_driver import GENERAL, HELLO, SID, Driver, frame, message, send

POSITION = {"sid": SID, "seq": "2"}


def listed(driver: Driver) -> dict[str, Room]:
    (news,) = driver.only(RoomsListed)
    return {room.room_id: room for room in news.rooms}


# ---------------------------------------------------------------- A10: signing in


def test_the_way_to_online_and_its_news_in_order() -> None:  # A10
    driver = Driver()
    driver.sign_in(last_id=7)
    news = driver.news()
    assert [item.link for item in news if isinstance(item, LinkChanged)] == [
        Link.CONNECTING,
        Link.SIGNING_IN,
        Link.SYNCING,
        Link.ONLINE,
    ]
    kinds = [type(item) for item in news if not isinstance(item, LinkChanged)]
    assert kinds == [SignedIn, RoomsListed, Position]
    assert isinstance(news[-1], LinkChanged)
    (signed_in,) = (item for item in news if isinstance(item, SignedIn))
    assert (signed_in.user, signed_in.device, signed_in.last_action_id) == ("ann", "laptop", 7)


def test_intents_come_before_the_lists_and_only_known_types_are_declared() -> None:  # A1, A10
    driver = Driver()
    driver.open({**HELLO, "events": ["weather", "message", "channel"]})
    (auth,) = driver.commands()
    driver.confirm(auth, "ann", {"session": SID, "seq": 0})
    asked = [(command.verb, *command.args) for command in driver.commands()]
    assert asked == [("SUBEVENT", "channel"), ("SUBEVENT", "message"), ("LSSUBS",), ("LSCHANS",)]


def test_labels_of_the_handshake_are_no_action_ids() -> None:  # A13
    driver = Driver()
    driver.open()
    (auth,) = driver.commands()
    driver.confirm(auth, "ann", {"session": SID, "last_id": FIRST_LABEL + 5})
    labels = [command.id or 0 for command in (auth, *driver.commands())]
    assert min(labels) >= FIRST_LABEL
    assert len(set(labels)) == len(labels)
    assert driver.only(SignedIn)[0].last_action_id == 0  # a label is never taken for an action


@pytest.mark.parametrize(
    ("answer", "link", "words"),
    [
        ("BADAUTH", Link.STOPPED, "wrong password or token"),
        ("NOPERM", Link.STOPPED, "signing in was refused (no)"),
        ("RATELIMIT", Link.WAITING, "the server asks to slow down"),
        ("INTERNAL", Link.WAITING, "signing in did not work (no)"),
        ("BADSTATE", Link.WAITING, "signing in did not work (no)"),
    ],
)
def test_refused_sign_in_is_said_once(answer: str, link: Link, words: str) -> None:  # A10, A22
    driver = Driver()
    driver.open()
    (auth,) = driver.commands()
    driver.quiet()
    driver.refuse(auth, answer, tags=";retry=9")
    (changed,) = driver.only(LinkChanged)
    assert (changed.link, changed.reason) == (link, words)
    assert [type(out) for out in driver.take()] == [CloseSocket]
    if answer == "RATELIMIT":
        assert changed.retry_at == driver.now + 9
    if link is Link.STOPPED:
        driver.advance(3600)
        assert (driver.take(), driver.news()) == ([], [])


def test_a_damaged_token_never_leaves() -> None:  # A10
    driver = Driver()
    driver.core._desk.login = type(driver.core._desk.login)("ws://chat.example", "ann", "laptop", "two words")
    driver.open()
    assert [type(out) for out in driver.take()] == [CloseSocket]
    assert driver.links()[-1] is Link.STOPPED


def test_another_protocol_version_stops() -> None:  # A10
    driver = Driver()
    driver.core.start(driver.now)
    driver.core.receive(Opened(), driver.now)
    driver.feed("HELLO wschat-ie/2 {}")
    assert driver.links()[-1] is Link.STOPPED


def test_a_server_that_falls_silent_in_the_handshake_is_left() -> None:  # A10, A20
    driver = Driver()
    driver.answers_pings = True
    driver.open()
    driver.quiet()
    driver.advance(7.9)  # the server itself would end this after 10 s, with 4003
    assert not driver.links()
    driver.advance(0.2)
    assert driver.links() == [Link.WAITING]
    driver.advance(2)
    driver.open()
    driver.confirm(driver.commands()[0], "ann", {"session": SID})
    driver.quiet()
    driver.advance(14.9)
    assert not driver.links()
    driver.advance(0.2)
    assert driver.links() == [Link.WAITING]


def test_a_second_hello_is_set_aside() -> None:  # A10
    driver = Driver()
    driver.sign_in()
    driver.quiet()
    driver.feed(frame("HELLO wschat-ie/1", HELLO))
    assert (driver.take(), len(driver.only(Problem))) == ([], 1)


@pytest.mark.parametrize("missing", ["SUBEVENT", "LSSUBS", "LSCHANS"])
@pytest.mark.parametrize("code", ["BADARGS", "BADCMD", "NOPERM"])
def test_what_the_server_lacks_is_done_without(missing: str, code: str) -> None:  # A8
    driver = Driver()
    driver.open()
    (auth,) = driver.commands()
    driver.confirm(auth, "ann", {"session": SID})
    answer(driver, refused={missing: code})
    assert driver.core.link is Link.ONLINE
    news = driver.news()
    assert [room.room_id for item in news if isinstance(item, RoomsListed) for room in item.rooms] == ["general"]
    assert any(isinstance(item, Problem) for item in news)


def test_without_any_list_nothing_is_said_to_be_gone() -> None:  # A8
    driver = Driver()
    driver.open()
    (auth,) = driver.commands()
    driver.confirm(auth, "ann", {"session": SID})
    answer(driver, refused={"LSSUBS": "BADCMD", "LSCHANS": "BADCMD"})
    assert driver.core.link is Link.ONLINE
    assert not driver.only(RoomsListed)


def test_a_rate_limited_list_is_asked_again() -> None:  # A23
    driver = Driver()
    driver.open()
    (auth,) = driver.commands()
    driver.confirm(auth, "ann", {"session": SID})
    answer(driver, refused={"LSCHANS": "RATELIMIT"})
    assert driver.links()[-1] is Link.SYNCING
    driver.advance(5)
    driver.answer_lists()
    assert driver.core.link is Link.ONLINE


def answer(
    driver: Driver,
    refused: Mapping[str, str] | None = None,
    rooms: Sequence[Mapping[str, Any]] = (GENERAL,),
    subs: Sequence[str] = ("general",),
) -> None:
    """Answer the handshake; `refused`: verb -> code."""
    for command in driver.commands():
        code = (refused or {}).get(command.verb)
        if code:
            driver.refuse(command, code)
        elif command.verb == "LSSUBS":
            driver.confirm(command, "", {"at": 0, "channels": list(subs)})
        elif command.verb == "LSCHANS":
            driver.confirm(command, "", {"at": 0, "channels": list(rooms)})
        else:
            driver.confirm(command, str(command.args[0]))


def test_presence_is_told_on_every_sign_in() -> None:  # A19
    driver = Driver()
    driver.core.ask(SetPresence(Presence.IDLE, "at lunch\nsoon back"), driver.now)
    driver.sign_in()
    (told,) = (command for command in driver.commands() if command.verb == "PRESENCE")
    assert (told.args, told.text) == (("IDLE",), "at lunch soon back")
    driver.core.ask(SetPresence(Presence.UNKNOWN), driver.now)
    assert not driver.take()


# ---------------------------------------------------------------- A8: lists


def test_rooms_as_the_list_tells_them() -> None:  # A8
    driver = Driver()
    driver.sign_in(
        [
            GENERAL,
            {"name": "open", "topic": "", "joined": False, "members": 3},
            {"name": "secret", "topic": "x", "joined": False, "members": 1, "private": True, "invited": True},
            {"name": "@ann+bob", "topic": "", "joined": True, "members": 2, "direct": True, "pos": 3, "read": 1,
             "unread": 2, "last": {"pos": 3, "from": "bob", "ts": 5, "text": "hi\nthere"}},
            {"name": "Bad Name", "joined": True},
            {"name": 5},
            "general",
        ]
    )  # fmt: skip
    rooms = listed(driver)
    assert set(rooms) == {"general", "open", "secret", "@ann+bob"}
    assert rooms["general"] == Room("general", "general", "talk", members=2, head=40, read=38)
    assert rooms["open"].membership is Membership.NONE
    assert (rooms["secret"].membership, rooms["secret"].kind) == (Membership.INVITED, RoomKind.PRIVATE)
    direct = rooms["@ann+bob"]
    assert (direct.title, direct.kind, direct.unread, direct.read) == ("bob", RoomKind.DIRECT, 2, 1)
    assert (direct.last_sender, direct.last_text, direct.last_ts) == ("bob", "hi there", 5)


def test_pages_of_lschans_are_followed() -> None:  # A8
    driver = Driver()
    driver.open()
    (auth,) = driver.commands()
    driver.confirm(auth, "ann", {"session": SID})
    pages: dict[tuple[object, ...], Mapping[str, Any]] = {
        (): {"at": 0, "channels": [{"name": "a", "joined": True}], "more": True},
        ("a",): {"at": 0, "channels": [{"name": "b"}], "more": True},
        ("b",): {"at": 0, "channels": []},
    }
    for _ in range(4):
        for command in driver.commands():
            if command.verb == "LSCHANS":
                driver.confirm(command, "", pages[command.args])
            elif command.verb == "LSSUBS":
                driver.confirm(command, "", {"at": 0, "channels": ["a"]})
            else:
                driver.confirm(command, str(command.args[0]))
    assert sorted(listed(driver)) == ["a", "b"]
    assert driver.core.link is Link.ONLINE


def test_lssubs_wins_for_membership() -> None:  # A8
    driver = Driver()
    driver.open()
    (auth,) = driver.commands()
    driver.confirm(auth, "ann", {"session": SID})
    answer(driver, rooms=[{"name": "a", "joined": True}, {"name": "b", "joined": False}], subs=["b", "c"])
    found = {room_id: room.membership for room_id, room in listed(driver).items()}
    assert found == {"a": Membership.NONE, "b": Membership.JOINED, "c": Membership.JOINED}


JOIN_ANN = frame("EVENT user JOIN general", {"username": "ann", "pos": 41})
JOIN_BOB = frame("EVENT user JOIN general", {"username": "bob", "pos": 41})
PART_ANN = frame("EVENT user PART general", {"username": "ann", "pos": 41})
CREATE = frame("EVENT channel CREATE new", {"by": "bob"})
DELETE = frame("EVENT channel DELETE general", {"by": "bob"})
TOPIC = frame("EVENT channel TOPIC general", {"by": "bob", "topic": "later", "pos": 41})


@pytest.mark.parametrize(
    ("event", "at", "expected"),
    [
        # The event is in the list already (seq 1 <= at), or is put on top of it (seq 1 > at).
        (JOIN_BOB, 1, {"general": ("joined", 2, "talk", 40)}),
        (JOIN_BOB, 0, {"general": ("joined", 3, "talk", 41)}),
        (PART_ANN, 0, {"general": ("left", 1, "talk", 41)}),
        (PART_ANN, 1, {"general": ("joined", 2, "talk", 40)}),
        (CREATE, 0, {"general": ("joined", 2, "talk", 40), "new": ("none", 0, "", 0)}),
        (DELETE, 0, {}),
        (TOPIC, 0, {"general": ("joined", 2, "later", 41)}),
        (message(41), 0, {"general": ("joined", 2, "talk", 41)}),
    ],
)
def test_the_at_rule(event: str, at: int, expected: Mapping[str, tuple[str, int, str, int]]) -> None:  # A8
    driver = Driver()
    driver.open()
    (auth,) = driver.commands()
    driver.confirm(auth, "ann", {"session": SID})
    asked = driver.commands()
    driver.feed(f"@seq=1 {event}")
    driver.news()
    for command in asked:
        if command.verb == "LSSUBS":
            driver.confirm(command, "", {"at": at, "channels": ["general"]})
        elif command.verb == "LSCHANS":
            driver.confirm(command, "", {"at": at, "channels": [GENERAL]})
        else:
            driver.confirm(command, str(command.args[0]))
    found = {
        room_id: (room.membership.value, room.members, room.topic, room.head)
        for room_id, room in listed(driver).items()
    }
    assert found == expected


def test_two_lists_of_different_ages_agree() -> None:  # A8
    """LSSUBS was taken before ann joined, LSCHANS after: she is joined, and counted once."""
    driver = Driver()
    driver.open()
    (auth,) = driver.commands()
    driver.confirm(auth, "ann", {"session": SID})
    driver.feed(f"@seq=1 {JOIN_ANN}")
    driver.news()
    for command in driver.commands():
        if command.verb == "LSSUBS":
            driver.confirm(command, "", {"at": 0, "channels": []})
        elif command.verb == "LSCHANS":
            driver.confirm(command, "", {"at": 1, "channels": [GENERAL]})
        else:
            driver.confirm(command, str(command.args[0]))
    assert listed(driver)["general"] == Room("general", "general", "talk", members=2, head=40, read=38)


def test_no_position_before_the_session_is_complete() -> None:  # A12
    """A position of a session without all its intents would be resumed as if it had them."""
    driver = Driver()
    driver.open()
    (auth,) = driver.commands()
    driver.confirm(auth, "ann", {"session": SID})
    driver.feed(message(41, seq=1))
    assert not driver.only(Position)
    driver.answer_lists()
    assert driver.only(Position) == [Position({"sid": SID, "seq": "1"})]


def test_a_cut_in_the_middle_of_the_lists_is_made_good() -> None:  # A11, A8
    driver = Driver()
    driver.open()
    (auth,) = driver.commands()
    driver.confirm(auth, "ann", {"session": SID})
    driver.close()
    driver.advance(1)
    driver.quiet()
    driver.core.receive(Opened(), driver.now)
    driver.feed(frame("HELLO wschat-ie/1", HELLO))
    (resume,) = driver.commands()
    driver.confirm(resume, SID, {"from": 1, "to": 0})
    driver.feed(frame(f"EVENT session RESUMED {SID}", {"seq": 0}))
    assert driver.links()[-1] is Link.SYNCING
    assert driver.verbs() == ["SUBEVENT"] * 6 + ["LSSUBS", "LSCHANS"]


# ---------------------------------------------------------------- A11: resume


def test_a_stored_position_is_resumed_and_the_missed_events_come_once_in_order() -> None:  # A11
    driver = Driver(POSITION)
    driver.resume(2, 4, message(42, seq=3), message(43, seq=4))
    news = driver.news()
    orders = [event.order for item in news if isinstance(item, Arrived) for event in item.events]
    assert orders == [42, 43]
    assert [item.link for item in news if isinstance(item, LinkChanged)] == [
        Link.CONNECTING,
        Link.RESUMING,
        Link.ONLINE,
    ]
    assert Position({"sid": SID, "seq": "4"}) in news
    # The lists are taken all the same, without leaving ONLINE (A8).
    assert driver.verbs() == ["LSSUBS", "LSCHANS"]


@pytest.mark.parametrize(
    "frames",
    [
        [message(42, seq=3), message(42, seq=3), message(43, seq=4), message(41, seq=2)],  # duplicates, and an old one
        [message(43, seq=4), message(42, seq=3)],  # reordered
    ],
)
def test_duplicates_and_reordering_do_not_show(frames: Sequence[str]) -> None:  # A11, A16
    driver = Driver(POSITION)
    driver.resume(2, 4, *frames)
    orders = [event.order for item in driver.only(Arrived) for event in item.events]
    assert orders == [42, 43]


@pytest.mark.parametrize("code", ["NOSESSION", "BADSEQ", "BADCMD", "BADARGS"])
def test_what_cannot_be_resumed_is_signed_in_anew(code: str) -> None:  # A12
    driver = Driver(POSITION)
    driver.open()
    (resume,) = driver.commands()
    driver.refuse(resume, code)
    (auth,) = driver.commands()
    assert (auth.verb, auth.args[0]) == ("AUTH", "TOKEN")
    assert driver.links()[-1] is Link.SIGNING_IN
    sid = "another-session-1"
    driver.confirm(auth, "ann", {"session": sid, "seq": 0})
    driver.answer_lists()
    assert driver.only(Position)[-1] == Position({"sid": sid, "seq": "0"})
    driver.feed(message(50, seq=1))
    assert driver.only(Arrived)


@pytest.mark.parametrize("position", [{}, {"sid": "x", "seq": "1"}, {"sid": SID}, {"sid": SID, "seq": "-1"}])
def test_a_position_that_makes_no_sense_is_not_resumed(position: Mapping[str, str]) -> None:  # A11
    driver = Driver(position)
    driver.open()
    assert driver.verbs() == ["AUTH"]


def test_taken_over_elsewhere_stops() -> None:  # A11
    driver = Driver()
    driver.sign_in()
    driver.quiet()
    driver.feed(frame(f"EVENT session BYE {SID}", {"reason": "resumed elsewhere"}))
    driver.close(4005)
    (changed,) = driver.only(LinkChanged)
    assert changed.link is Link.STOPPED
    assert changed.reason.startswith("resumed elsewhere")


# ---------------------------------------------------------------- 3.4 rule 4: hold and resume


def test_a_jump_is_held_for_two_seconds_then_resumed() -> None:  # A11
    driver = Driver()
    driver.sign_in()
    driver.quiet()
    driver.feed(message(41, seq=1), message(43, seq=3))
    driver.advance(1.9)
    driver.feed(message(44, seq=4))
    assert [item.events[0].order for item in driver.only(Arrived)] == [41]
    driver.advance(0.2)
    close, opening = driver.take()
    assert isinstance(close, CloseSocket)
    assert close.code == 4006
    assert isinstance(opening, Open)
    driver.core.receive(Opened(), driver.now)
    driver.feed(frame("HELLO wschat-ie/1", HELLO))
    (resume,) = driver.commands()
    assert resume.args == (SID, 1)
    driver.confirm(resume, SID, {"from": 2, "to": 4})
    driver.feed(message(42, seq=2), message(43, seq=3), message(44, seq=4))
    assert [item.events[0].order for item in driver.only(Arrived)] == [42, 43, 44]


def test_what_comes_late_but_in_time_fills_the_jump() -> None:  # A11
    driver = Driver()
    driver.sign_in()
    driver.quiet()
    driver.feed(message(42, seq=2))
    driver.advance(1.9)
    driver.feed(message(41, seq=1))
    assert [item.events[0].order for item in driver.only(Arrived)] == [41, 42]
    driver.advance(5)
    assert driver.core.link is Link.ONLINE


def test_more_than_sixty_four_held_frames_are_enough() -> None:  # A11
    driver = Driver()
    driver.sign_in()
    driver.quiet()
    driver.feed(*(message(41 + number, seq=2 + number) for number in range(64)))
    assert not driver.take()
    driver.feed(message(200, seq=66))
    assert isinstance(driver.take()[0], CloseSocket)


def test_a_frame_that_never_comes_ends_in_a_new_session() -> None:  # A11
    driver = Driver(POSITION)
    for _ in range(3):
        driver.resume(2, 4, message(43, seq=4))
        driver.take()
        driver.advance(2)  # the patience ends
        while driver.core.link is not Link.CONNECTING:
            driver.advance(1)
    driver.open()
    assert driver.verbs() == ["AUTH"]


def test_a_truncated_replay_is_noticed() -> None:  # A11
    driver = Driver(POSITION)
    driver.resume(2, 4, message(42, seq=3))
    driver.answer_lists()
    driver.quiet()
    driver.advance(2.1)
    assert [type(out) for out in driver.take()] == [CloseSocket, Open]


# ---------------------------------------------------------------- A12: gaps


def gap(driver: Driver, *frames: str, to: int = 5000) -> None:
    driver.core.receive(Opened(), driver.now)
    driver.feed(frame("HELLO wschat-ie/1", HELLO))
    (resume,) = driver.commands()
    driver.confirm(resume, SID, {"gap": True, "seq": to})
    driver.feed(*frames, frame(f"EVENT session RESUMED {SID}", {"seq": to}))


SNAPSHOT = frame("EVENT session SNAPSHOT general", {"topic": "new", "pos": 900, "members": ["ann", "eve"], "read": 43})


def test_a_gap_replaces_the_state_and_is_marked() -> None:  # A12
    driver = Driver()
    driver.sign_in()
    driver.feed(message(41, seq=1), message(42, seq=2))
    driver.close()
    driver.advance(1)
    driver.quiet()
    gap(driver, SNAPSHOT)
    news = driver.news()
    (changed,) = (item for item in news if isinstance(item, RoomChanged))
    assert (changed.room.topic, changed.room.head, changed.room.members, changed.room.read) == ("new", 900, 2, 43)
    assert {"topic", "head", "members", "read"} <= changed.fields
    assert [item.gap for item in news if isinstance(item, GapFound)] == [Gap("general", 42, 901)]
    (members,) = (item for item in news if isinstance(item, MembersListed))
    assert [member.user_id for member in members.members] == ["ann", "eve"]
    assert not any(isinstance(item, Position) for item in news)  # the lists are still missing
    assert driver.core.link is Link.SYNCING
    assert driver.verbs() == ["LSSUBS", "LSCHANS"]


def test_after_a_gap_the_stream_goes_on_behind_it() -> None:  # A12
    driver = Driver(POSITION)
    driver.core.start(driver.now)
    driver.take()
    gap(driver, message(901, seq=5001), SNAPSHOT)
    assert driver.only(Arrived)
    driver.answer_lists([{**GENERAL, "pos": 901}], at=5001)
    assert driver.only(Position) == [Position({"sid": SID, "seq": "5001"})]


def test_a_channel_deleted_in_the_gap_is_not_listed_any_more() -> None:  # A12
    driver = Driver()
    driver.sign_in()
    driver.close()
    driver.advance(1)
    driver.quiet()
    gap(driver)
    driver.answer_lists([], at=5000)
    assert listed(driver) == {}


def test_a_snapshot_that_is_cut_does_not_replace_the_members() -> None:  # A12
    driver = Driver()
    driver.sign_in()
    driver.quiet()
    driver.feed(frame("EVENT session SNAPSHOT general", {"pos": 41, "members": ["ann"], "more": True}))
    news = driver.news()
    assert not any(isinstance(item, MembersListed) for item in news)
    assert "members" not in next(item.fields for item in news if isinstance(item, RoomChanged))


def test_a_snapshot_without_a_gap_marks_none() -> None:  # A12
    driver = Driver()
    driver.sign_in()
    driver.feed(message(41, seq=1))
    driver.quiet()
    driver.feed(frame("EVENT session SNAPSHOT general", {"topic": "", "pos": 41, "members": ["ann"], "read": 0}))
    assert not driver.only(GapFound)


# ---------------------------------------------------------------- bare S0


def legacy(driver: Driver) -> list[Command]:
    driver.core.start(driver.now)
    driver.take()
    driver.core.receive(Opened(), driver.now)
    driver.advance(1.9)
    assert not driver.take()
    driver.advance(0.1)
    return driver.commands()


def test_without_hello_it_is_bare_s0() -> None:  # A10
    driver = Driver()
    sent = legacy(driver)
    assert [(command.verb, *command.args, command.id) for command in sent] == [
        ("SUBEVENT", "channel", None),
        ("SUBEVENT", "user", None),
        ("SUBEVENT", "message", None),
        ("LSSUBS", None),
    ]
    driver.feed(
        "CONFIRM SUBEVENT channel",
        "CONFIRM SUBEVENT user",
        "ERROR BADARGS SUBEVENT Unsupported event type: message",
        "CONFIRM LSSUBS general random",
    )
    news = driver.news()
    (signed_in,) = (item for item in news if isinstance(item, SignedIn))
    assert (signed_in.user, signed_in.capabilities) == ("ann", frozenset())
    assert signed_in.note == "plain S0 server: events only, no history, nothing can be sent reliably"
    assert isinstance(news[-1], LinkChanged)
    assert (news[-1].link, news[-1].reason) == (Link.ONLINE, signed_in.note)
    (rooms,) = (item for item in news if isinstance(item, RoomsListed))
    assert [(room.room_id, room.membership) for room in rooms.rooms] == [
        ("general", Membership.JOINED),
        ("random", Membership.JOINED),
    ]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (['CONFIRM LSSUBS {"channels":["general"]}'], ["general"]),
        (["CONFIRM LSSUBS"], []),
        (["ERROR BADCMD LSSUBS unknown"], None),
        ([], None),
        (["garbage", "EVENT", "LSSUBS general"], None),
    ],
)
def test_lssubs_of_s0_has_no_known_form(answers: Sequence[str], expected: list[str] | None) -> None:  # A8, A10
    driver = Driver()
    legacy(driver)
    driver.feed(*answers)
    driver.advance(3)
    assert driver.core.link is Link.ONLINE
    listed_rooms = driver.only(RoomsListed)
    found = [room.room_id for item in listed_rooms for room in item.rooms] if listed_rooms else None
    assert found == expected


def test_on_s0_events_are_applied_and_nothing_can_be_sent() -> None:  # A6, A7, A10
    driver = Driver()
    legacy(driver)
    driver.feed("CONFIRM LSSUBS general")
    driver.advance(3)
    driver.quiet()
    driver.feed(
        "EVENT channel CREATE example",
        "EVENT channel DELETE example ",
        'EVENT user JOIN general {"username":"glitchy"}',
    )
    news = driver.news()
    assert [type(item).__name__ for item in news] == ["RoomChanged", "RoomGone", "MemberChanged"]
    assert [item.member.user_id for item in news if isinstance(item, MemberChanged)] == ["glitchy"]
    driver.do(send(1))
    assert [item.code for item in driver.only(RefusedAction)] == ["UNSUPPORTED"]
    driver.core.ask(AskHistory(1, "general", 50), driver.now)
    assert [item.code for item in driver.only(AskRefused)] == ["UNSUPPORTED"]
    assert not driver.take()


def test_a_server_that_said_hello_before_is_never_taken_for_s0() -> None:  # A10
    """Else a slow moment would refuse everything that waits to be sent."""
    resuming, cut = Driver(POSITION), Driver()
    resuming.core.start(resuming.now)
    cut.sign_in()
    cut.close()
    cut.advance(1)
    for driver in (resuming, cut):
        driver.quiet()
        driver.core.receive(Opened(), driver.now)
        driver.advance(14.9)
        assert (driver.take(), driver.news()) == ([], [])
        driver.advance(0.2)
        assert driver.links() == [Link.WAITING]


def test_a_hello_that_comes_late_is_still_obeyed() -> None:  # A10
    driver = Driver()
    legacy(driver)
    driver.feed(frame("HELLO wschat-ie/1", HELLO))
    (auth,) = driver.commands()
    driver.confirm(auth, "ann", {"session": SID})
    driver.answer_lists()
    assert driver.core.link is Link.ONLINE
    driver.do(send(1))
    assert driver.verbs() == ["MSG"]


# ---------------------------------------------------------------- unsequenced state and reconnects


def test_resumed_clears_typing_and_what_is_sent_anew_holds() -> None:  # A19, 3.4 rule 9
    driver = Driver()
    driver.sign_in()
    driver.feed(frame("EVENT typing SET general", {"users": ["bob"]}))
    driver.close()
    driver.advance(1)
    driver.quiet()
    driver.core.receive(Opened(), driver.now)
    driver.feed(frame("HELLO wschat-ie/1", HELLO))
    (resume,) = driver.commands()
    driver.confirm(resume, SID, {"from": 1, "to": 0})
    driver.feed(frame(f"EVENT session RESUMED {SID}", {"seq": 0}), frame("EVENT presence SET bob", {"state": "idle"}))
    news = driver.news()
    assert TypingSet("general", ()) in news
    assert PresenceSet("bob", Presence.IDLE) in news


def test_secrets_are_not_in_reprs() -> None:  # E12
    driver = Driver()
    driver.open()
    outs = driver.take()
    assert any(isinstance(out, Send) and "s3cr3t" in str(out.message) for out in outs)
    assert "s3cr3t" not in repr(outs)
    assert "s3cr3t" not in repr(driver.core._desk.login)
