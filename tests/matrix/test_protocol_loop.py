"""The sync loop: starting, polling, stopping, what is brought; whichever way it syncs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from chat_tui_core.contract import (
    Answered,
    Arrived,
    AskHistory,
    AskRefused,
    Capability,
    Link,
    LinkChanged,
    LostAction,
    Position,
    Postponed,
    Problem,
    RoomsListed,
    SetTyping,
    SignedIn,
    Written,
)
from chat_tui_matrix.protocol.core import CAPABILITIES
from chat_tui_matrix.protocol.desk import ROOM_FOR_LATER
from chat_tui_matrix.protocol.sync_loop import MOST_QUICK, NOT_OFFERED
from chat_tui_matrix.wire.calls import LONG
from tests.matrix.driver import (
    ROOM,
    SLIDING,
    VERSIONS,
    event,
    message,
    query,
    reply,
    section,
    send,
    sync_filter,
)
from tests.matrix.loop_stage import LEGACY, SLIDE, SYNC, TURN, Mode, Stage, each_mode, events_of, kinds

# ---------------------------------------------------------------- B1: the first sync


@each_mode
def test_a_first_sync_has_no_token_and_ends_with_the_rooms_and_the_position(mode: Mode) -> None:  # B1
    stage = Stage(mode)
    stage.core.start(stage.now)
    assert stage.links() == [(Link.CONNECTING, "")]
    assert stage.call("versions").token == ""
    stage.answer("versions", dict(mode.versions))
    news = stage.news()
    assert kinds(news) == ["SignedIn", "LinkChanged"]
    assert isinstance(news[1], LinkChanged)
    assert news[1].link is Link.SYNCING
    first = stage.call(mode.first)
    assert mode.param not in query(first)
    assert first.token == "tok"
    assert first.request.timeout == LONG
    stage.answer(mode.first, reply("t1", section(ROOM, message("one", event_id="$1")), total=1))
    news = stage.news()
    assert kinds(news) == ["Arrived", "RoomsListed", "LinkChanged", "Position"]
    arrived, listed, link, position = news
    assert isinstance(arrived, Arrived)
    assert arrived.events[0].order == TURN * ROOM_FOR_LATER
    assert isinstance(listed, RoomsListed)
    assert [room.room_id for room in listed.rooms] == [ROOM]
    assert link == LinkChanged(Link.ONLINE)
    assert position == Position(mode.position("t1", TURN))


def test_the_account_is_asked_for_only_where_it_is_not_known() -> None:  # B1
    stage = Stage(user="ann", device="")
    stage.begin()
    assert stage.links() == [(Link.CONNECTING, ""), (Link.SIGNING_IN, "")]
    stage.answer("whoami", {"user_id": "@ann:chat.example", "device_id": "ABC"})
    (signed_in,) = stage.only(SignedIn)
    assert (signed_in.user, signed_in.device) == ("@ann:chat.example", "ABC")
    assert stage.asks("sync")


@pytest.mark.parametrize("told", [{}, {"user_id": 3}, {"user_id": "ann"}, []])
def test_an_answer_that_names_nobody_is_asked_for_again(told: Any) -> None:  # B1
    stage = Stage(device="")
    stage.begin()
    stage.answer("whoami", told)
    assert stage.links()[-1] == (Link.WAITING, "the server's answer is not what was asked for")
    stage.advance(2.0)
    assert stage.asks("whoami")


@each_mode
def test_capabilities_follow_the_way(mode: Mode) -> None:
    stage = Stage(mode)
    stage.begin()
    (signed_in,) = stage.only(SignedIn)
    expected = CAPABILITIES - {Capability.PRESENCE} if mode is SLIDE else CAPABILITIES
    assert signed_in.capabilities == expected
    assert bool(signed_in.note) == (mode is LEGACY)


def test_a_large_first_sync_shows_rooms_while_it_is_applied() -> None:  # B1
    stage = Stage()
    stage.works = False
    stage.begin()
    stage.quiet()
    rooms = [section(f"!r{number}", message("x", event_id=f"${number}")) for number in range(100)]
    stage.answer("sync", reply("t1", *rooms, total=100))
    assert not stage.news()
    seen, links, positions = [], [], []
    while stage.core.work(stage.now):
        news = stage.news()
        assert not [item for item in news if isinstance(item, RoomsListed)]
        positions += [item.data for item in news if isinstance(item, Position)]
        seen.append(len(events_of(news)))
        links += [item.reason for item in news if isinstance(item, LinkChanged)]
        assert not stage.all_calls("sync")
    news = stage.news()
    assert seen == [40, 40]
    assert links == ["40 of 100 rooms", "80 of 100 rooms"]
    assert positions == [{"mode": "sync", "turn": str(TURN)}]
    assert len(events_of(news)) == 20
    assert kinds(news)[-3:] == ["RoomsListed", "LinkChanged", "Position"]
    assert len(set(stage.fakes.rooms.bases)) == 1


def test_a_slice_ends_at_its_number_of_events_too() -> None:  # B1
    stage = Stage()
    stage.begin()
    stage.works = False
    busy = [section(f"!r{n}", *(message(f"{n}-{i}") for i in range(700))) for n in range(5)]
    stage.answer("sync", reply("t1", *busy))
    assert stage.work() == 5
    assert len(stage.fakes.rooms.sections) == 5


def test_few_events_more_than_a_slice_holds_are_another_slice() -> None:  # B1
    stage = Stage()
    stage.begin()
    stage.works = False
    rooms = [section(f"!r{n}", *(message(f"{n}-{i}") for i in range(9))) for n in range(16)]
    stage.answer("sync", reply("t1", *rooms))
    assert stage.work() == 2
    assert len(stage.fakes.rooms.sections) == 16


# ---------------------------------------------------------------- B2: the long poll


@each_mode
def test_the_next_poll_carries_the_token_and_waits_thirty_seconds(mode: Mode) -> None:  # B2
    stage = Stage(mode)
    stage.up()
    assert query(stage.poll)[mode.param] == "t1"
    assert query(stage.poll)["timeout"] == "30000"
    assert stage.poll.request.timeout == 60.0
    for number in range(2, 6):
        stage.brings(f"t{number}", f"text {number}")
        assert query(stage.poll)[mode.param] == f"t{number}"
        assert len(stage.calls) == 1


def test_the_filter_asks_for_what_is_shown() -> None:  # B19
    stage = Stage()
    stage.begin()
    first = sync_filter(stage.call("sync"))
    stage.answer("sync", reply("t1"))
    later = sync_filter(stage.call("sync"))
    assert first["room"]["state"] == {"lazy_load_members": True}
    assert (first["room"]["timeline"]["limit"], later["room"]["timeline"]["limit"]) == (20, 50)
    assert later["presence"] == {"types": ["m.presence"]}
    assert later["room"]["ephemeral"] == {"types": ["m.receipt", "m.typing"]}


def test_a_filter_that_the_server_does_not_know_is_sent_whole_again() -> None:  # B19
    stage = Stage()
    stage.up()
    stage.refuse("sync", 404, "M_NOT_FOUND", "No such filter")
    assert stage.links() == [(Link.WAITING, "the server refused to sync (No such filter)")]
    stage.advance(2.0)
    assert sync_filter(stage.call("sync"))["room"]["timeline"]["limit"] == 50
    assert query(stage.call("sync"))["since"] == "t1"


@each_mode
def test_starting_twice_is_starting_once(mode: Mode) -> None:  # B2
    stage = Stage(mode)
    stage.core.start(stage.now)
    stage.core.start(stage.now)
    assert len(stage.all_calls()) == 1
    stage.answer("versions", dict(mode.versions))
    stage.core.start(stage.now)
    assert len(stage.all_calls()) == 1


@each_mode
def test_stopping_hangs_up_and_ignores_what_still_comes(mode: Mode) -> None:  # B2
    stage = Stage(mode)
    stage.up()
    poll = stage.poll
    stage.core.stop(stage.now)
    assert stage.links() == [(Link.OFFLINE, "closed")]
    assert stage.hung_up == [poll.id]
    assert stage.core.wake_at() is None
    stage.reply_to(poll, reply("t2", section(ROOM, message("late"))))
    assert not stage.news()
    assert not stage.all_calls()
    stage.advance(1000.0)
    assert not stage.made


@pytest.mark.parametrize("answered", [0, 1], ids=["before versions", "before the first sync"])
def test_stopping_before_the_first_answer(answered: int) -> None:  # B2
    stage = Stage()
    stage.core.start(stage.now)
    if answered:
        stage.answer("versions", dict(VERSIONS))
    (call,) = stage.all_calls()
    stage.core.stop(stage.now)
    stage.take()
    assert stage.hung_up == [call.id]
    stage.reply_to(call, reply("t1"))
    assert stage.at(Link.OFFLINE)


def test_stopping_tells_actions_and_questions_how_they_stand() -> None:  # B2
    stage = Stage()
    stage.up()
    stage.do(send(1))
    stage.ask(AskHistory(7, ROOM, 10))
    stage.quiet()
    stage.core.stop(stage.now)
    news = stage.news()
    assert LostAction(1) in news
    assert [item.request for item in news if isinstance(item, AskRefused)] == [7]
    assert len(stage.hung_up) == 3


def test_a_core_can_be_started_again_where_it_stopped() -> None:  # B2
    stage = Stage()
    stage.up()
    stage.core.stop(stage.now)
    stage.quiet()
    stage.begin()
    assert query(stage.poll) | {"filter": ""} == {"since": "t1", "timeout": "0", "filter": ""}
    assert stage.fakes.made == 2


def test_half_of_a_later_answer_is_dropped_by_a_stop_and_comes_whole_again() -> None:  # B4
    stage = Stage()
    stage.up()
    stage.works = False
    rooms = [section(f"!r{number}", message("x", event_id=f"${number}")) for number in range(60)]
    stage.answer("sync", reply("t2", *rooms))
    assert stage.core.work(stage.now)
    stage.core.stop(stage.now)
    news = stage.news()
    assert not events_of(news)
    assert news[0] == LinkChanged(Link.OFFLINE, "closed")
    assert news[1:] == [Position(SYNC.position("t1", TURN + 1))]
    stage.works = True
    stage.begin()
    assert query(stage.poll)["since"] == "t1"
    stage.answer("sync", reply("t2", *rooms))
    assert len(events_of(stage.news())) == 60


def test_a_server_that_answers_at_once_with_nothing_does_not_make_us_race() -> None:  # B2
    stage = Stage()
    stage.up()
    stage.made.clear()
    for _ in range(MOST_QUICK):
        stage.brings("t1")
    stage.brings("t1")
    assert not stage.all_calls("sync")
    assert stage.core.wake_at() == stage.now + 1.0
    stage.advance(1.0)
    stage.brings("t2", "news")
    assert stage.asks("sync")
    assert stage.at(Link.ONLINE)


# ---------------------------------------------------------------- which way


@pytest.mark.parametrize(
    ("setting", "versions", "path"),
    [
        ("auto", SLIDING, "sliding"),
        ("auto", VERSIONS, "sync"),
        ("auto", {"versions": ["v1.1"], "unstable_features": {"org.matrix.simplified_msc3575": False}}, "sync"),
        ("auto", {}, "sync"),
        ("sync", SLIDING, "sync"),
        ("sliding", VERSIONS, "sliding"),
        ("legacy", SLIDING, "initial_sync"),
        ("what", VERSIONS, "sync"),
    ],
)
def test_the_way_follows_the_setting_and_what_the_server_offers(
    setting: str, versions: Mapping[str, Any], path: str
) -> None:
    stage = Stage(setting=setting)
    stage.start(versions)
    assert stage.asks(path)


def test_a_way_that_is_offered_but_not_there_gives_way_to_the_next() -> None:
    stage = Stage(SLIDE, setting="auto", position=SYNC.position("t5", TURN))
    stage.begin()
    stage.refuse("sliding", 404, "M_UNRECOGNIZED", "Unrecognized request")
    news = stage.news()
    assert len([item for item in news if isinstance(item, Problem)]) == 1
    assert [item.capabilities for item in news if isinstance(item, SignedIn)][-1] == CAPABILITIES
    assert query(stage.call("sync"))["since"] == "t5"


@pytest.mark.parametrize("mode", [SLIDE, LEGACY], ids=lambda mode: mode.name)
def test_a_way_that_the_person_chose_and_that_is_not_there_stops(mode: Mode) -> None:
    stage = Stage(mode)
    stage.begin()
    stage.refuse(mode.first, 404, "M_UNRECOGNIZED", "Unrecognized request")
    assert stage.links()[-1] == (Link.STOPPED, NOT_OFFERED)


def test_a_page_that_is_missing_for_a_while_is_no_reason_to_stop() -> None:
    stage = Stage()
    stage.begin()
    stage.refuse("sync", 404, "", "404 page not found")
    assert stage.links()[-1] == (Link.WAITING, "the server refused to sync (404 page not found)")


# ---------------------------------------------------------------- B6, B22: what is brought, and who fails at it


@each_mode
def test_everything_an_answer_holds_reaches_the_rooms_in_order(mode: Mode) -> None:  # B6
    stage = Stage(mode)
    stage.up()
    data, there = event("m.direct", {"a": ["!b"]}), event("m.presence", {"presence": "online"})
    rooms = [section("!a", membership="invite"), section("!b", message("x"), membership="leave"), section("!c")]
    if mode is LEGACY:
        rooms = rooms[1:]
    stage.answer(
        mode.later, reply("t2", *rooms, account_data=(data,), presence=(there,), problems=("One was set aside.",))
    )
    fakes = stage.fakes.rooms
    assert [(one.room_id, one.membership) for one in fakes.sections[1:]] == [
        (one.room_id, one.membership) for one in rooms
    ]
    assert (fakes.data, fakes.people) == ([data], [there])
    assert stage.only(Problem) == [Problem("One was set aside.")]
    assert stage.at(Link.ONLINE)


@each_mode
def test_a_room_that_cannot_be_applied_is_set_aside_and_the_loop_goes_on(mode: Mode) -> None:  # B22, B5
    stage = Stage(mode)
    stage.up()
    stage.fakes.rooms.poison = "!bad"
    rooms = [section("!a", message("x")), section("!bad", message("y")), section("!c", message("z"))]
    stage.answer(mode.later, reply("t2", *rooms, total=1))
    news = stage.news()
    assert [item.room_id for item in news if isinstance(item, Arrived)] == ["!a", "!c"]
    assert [item.room_id for item in news if isinstance(item, Problem)] == ["!bad"]
    assert news[-1] == Position(mode.position("t2", TURN + 1))
    assert query(stage.poll)[mode.param] == "t2"


def test_only_active_rooms_are_listed_later_and_no_room_is_dropped_by_that() -> None:  # B6
    stage = Stage()
    stage.up()
    stage.answer("sync", reply("t2", section("!other", message("x"))))
    assert not stage.only(RoomsListed)


def test_a_second_first_sync_lists_only_what_it_told_of() -> None:  # B6
    stage = Stage()
    stage.up()
    stage.refuse("sync", 400, "M_UNKNOWN", "Invalid stream token")
    stage.answer("sync", reply("n1", section("!b", message("x"))))
    (listed,) = stage.only(RoomsListed)
    assert [room.room_id for room in listed.rooms] == ["!b"]


# ---------------------------------------------------------------- E10: the link's truth, and what goes through it


def test_nothing_is_taken_while_the_account_is_not_online() -> None:  # E10
    stage = Stage()
    stage.do(send(1))
    assert stage.news() == [Postponed(1, 0.0, "OFFLINE", "Not connected; it is sent when the connection is back.")]
    stage.ask(SetTyping(ROOM, typing=True))
    assert stage.fakes.questions.asked == [SetTyping(ROOM, typing=True)]
    assert not stage.all_calls()


def test_what_was_asked_is_asked_again_when_the_link_is_back() -> None:  # E10
    stage = Stage()
    stage.up()
    stage.ask(AskHistory(3, ROOM, 10))
    asked = stage.call("ask/3")
    stage.breaks()
    stage.take()
    assert asked.id in stage.hung_up
    stage.advance(2.0)
    assert not stage.all_calls("ask")
    stage.brings("t2")
    assert stage.asks("ask/3")


@pytest.mark.parametrize(("word", "told"), [("", None), ("unavailable", "unavailable"), ("offline", "offline")])
def test_a_sync_does_not_contradict_what_was_said_of_this_user(word: str, told: str | None) -> None:  # B20
    stage = Stage()
    stage.fakes.questions.presence = word
    stage.begin()
    assert query(stage.call("sync")).get("set_presence") == told
    stage.answer("sync", reply("t1"))
    assert query(stage.call("sync")).get("set_presence") == told


def test_actions_go_out_beside_the_poll() -> None:  # E10
    stage = Stage()
    stage.up()
    stage.do(send(1), send(2))
    assert [call.request.path for call in stage.all_calls()] == [
        "/_matrix/client/v3/sync",
        "/_matrix/act/1",
        "/_matrix/act/2",
    ]
    stage.answer("act/2", {})
    stage.answer("act/1", {})
    assert stage.news() == [Written(1), Written(2), Answered(2), Answered(1)]


def test_time_is_told_to_the_parts() -> None:
    stage = Stage()
    stage.up()
    stage.fakes.ledger.ticks.clear()
    stage.fakes.ledger.due = stage.now + 5.0
    assert stage.core.wake_at() == stage.now + 5.0
    stage.advance(5.0)
    assert stage.fakes.ledger.ticks == [stage.now]
    assert stage.core.wake_at() == stage.now + 55.0


@each_mode
def test_the_same_link_is_said_once(mode: Mode) -> None:  # E10
    stage = Stage(mode)
    stage.up()
    for number in range(2, 9):
        stage.brings(f"t{number}", f"x{number}")
    assert stage.only(LinkChanged) == []
