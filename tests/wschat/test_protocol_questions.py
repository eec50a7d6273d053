"""What the session asks: frames, pages, bounds, and what becomes of it when nobody answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from chat_tui_core.contract import (
    AskDirectory,
    AskHistory,
    AskMembers,
    AskRefused,
    DirectoryGiven,
    HistoryGiven,
    MembersListed,
    Problem,
    Question,
)
from chat_tui_core.link import Capability
from chat_tui_core.model import EventKind, FileInfo, Member, Membership, Presence, Role
from chat_tui_core.small_pictures import AskPicture
from chat_tui_wschat.protocol_link import ALL_CAPABILITIES
from chat_tui_wschat.protocol_questions import MOST_PAGES
from chat_tui_wschat.wire import Command
from tests.wschat.protocol_driver import GENERAL, HELLO, Driver


@pytest.fixture
def driver() -> Driver:
    made = Driver()
    made.answers_pings = True
    made.sign_in(hello={**HELLO, "max_history": 50})
    made.quiet()
    return made


def ask(driver: Driver, *questions: Question) -> list[Command]:
    for question in questions:
        driver.core.ask(question, driver.now)
    return asked(driver)


def asked(driver: Driver) -> list[Command]:
    return [command for command in driver.commands() if command.verb != "PING"]


def items(*orders: int) -> list[Mapping[str, Any]]:
    return [
        {"pos": order, "type": "message", "action": "CREATE", "id": f"m{order}", "from": "bob", "text": "x", "ts": 1}
        for order in orders
    ]


# ---------------------------------------------------------------- A17: history


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (AskHistory(1, "general", 20), ("general", "LATEST", "*", 20)),
        (AskHistory(1, "general", 20, before=41), ("general", "BEFORE", 41, 20)),
        (AskHistory(1, "general", 20, before=1), ("general", "BEFORE", 1, 20)),
        (AskHistory(1, "general", 20, after=41), ("general", "AFTER", 41, 20)),
        (AskHistory(1, "general", 0), ("general", "LATEST", "*", 1)),
        (AskHistory(1, "general", -5), ("general", "LATEST", "*", 1)),
        (AskHistory(1, "general", 1000), ("general", "LATEST", "*", 50)),
    ],
)
def test_history_is_asked_within_the_servers_limits(
    driver: Driver, question: AskHistory, words: tuple[object, ...]
) -> None:  # A17
    (command,) = ask(driver, question)
    assert (command.verb, command.args) == ("HISTORY", words)


@pytest.mark.parametrize(
    ("question", "page", "more", "expected", "says_more"),
    [
        (AskHistory(1, "general", 9), items(3, 4), True, [3, 4], True),
        (AskHistory(1, "general", 9), items(3, 4), False, [3, 4], False),
        (AskHistory(1, "general", 9), [], False, [], False),
        (AskHistory(1, "general", 9), [], True, [], False),  # it would be asked for ever
        (AskHistory(1, "general", 9), items(4, 3, 4), False, [3, 4], False),
        (AskHistory(1, "general", 9, before=4), items(2, 3, 4, 5), False, [2, 3], False),
        (AskHistory(1, "general", 9, after=4), items(3, 4, 5), True, [5], True),
        (AskHistory(1, "general", 9), [*items(3), "x", {}, {"pos": 0}, {"pos": "4"}], False, [3], False),
        (AskHistory(1, "general", 9), "nonsense", "yes", [], False),
    ],
)
def test_a_page_is_ascending_within_its_bounds_and_each_item_once(
    driver: Driver, question: AskHistory, page: object, more: object, expected: Sequence[int], says_more: bool
) -> None:  # A17
    (command,) = ask(driver, question)
    driver.confirm(command, "general", {"events": page, "more": more})
    (given,) = driver.only(HistoryGiven)
    assert [event.order for event in given.events] == expected
    assert (given.request, given.room_id, given.more) == (1, "general", says_more)


def test_strange_items_are_counted_in_one_problem(driver: Driver) -> None:  # A17
    (command,) = ask(driver, AskHistory(1, "general", 9))
    driver.confirm(command, "general", {"events": [{}, {}, 7], "more": False})
    assert [item.text for item in driver.only(Problem)] == ["3 items of a page of history were set aside."]


def test_joins_topics_and_tombstones_are_items_too(driver: Driver) -> None:  # A17
    page = [
        {"pos": 1, "type": "user", "action": "JOIN", "username": "ann", "ts": 1},
        {"pos": 2, "type": "channel", "action": "TOPIC", "by": "ann", "topic": "t", "ts": 1},
        {"pos": 3, "type": "message", "action": "DELETE", "id": "m3", "by": "ann"},
        {"pos": 4, "type": "poll", "action": "CREATE"},
    ]
    (command,) = ask(driver, AskHistory(1, "general", 9))
    driver.confirm(command, "general", {"events": page, "more": False})
    (given,) = driver.only(HistoryGiven)
    kinds = [event.kind for event in given.events]
    assert kinds == [EventKind.JOIN, EventKind.TOPIC, EventKind.REDACTED, EventKind.UNSUPPORTED]


@pytest.mark.parametrize("code", ["NOTJOINED", "NOTFOUND", "ODD"])
def test_a_question_may_be_refused(driver: Driver, code: str) -> None:  # A17, A22
    (command,) = ask(driver, AskHistory(7, "general", 9))
    driver.refuse(command, code, "no such thing")
    assert driver.only(AskRefused) == [AskRefused(7, code, "no such thing")]


def test_a_question_that_has_no_frame_is_refused_here(driver: Driver) -> None:  # A17
    assert not ask(driver, AskHistory(7, "No Room", 9), AskMembers(8, ""), AskHistory(9, "general", 9, before=-1))
    assert [(item.request, item.code) for item in driver.only(AskRefused)] == [
        (7, "BADARGS"),
        (8, "BADARGS"),
        (9, "BADARGS"),
    ]


def test_a_small_picture_cannot_be_asked_for_and_nothing_comes_unasked(driver: Driver) -> None:  # D1
    picture = AskPicture(7, FileInfo("cat.png", 900, "image/png", "f1"), 64, 48, 5_000)
    assert Capability.PICTURES not in ALL_CAPABILITIES
    assert not ask(driver, picture)
    assert [(item.request, item.code) for item in driver.only(AskRefused)] == [(7, "UNSUPPORTED")]


# ---------------------------------------------------------------- members and directory


def test_members_come_page_by_page(driver: Driver) -> None:  # A7
    (command,) = ask(driver, AskMembers(3, "general"))
    assert (command.verb, command.args) == ("LSUSERS", ("general",))
    first = [{"name": "ann", "state": "online", "role": "moderator"}, {"name": 5}, "bob", None]
    driver.confirm(command, "general", {"at": 0, "users": first, "more": True})
    (command,) = asked(driver)
    assert command.args == ("general", "bob")
    driver.confirm(command, "general", {"at": 0, "users": [{"name": "eve", "state": "weird", "display": "Eve"}]})
    assert driver.only(MembersListed) == [
        MembersListed(
            "general",
            (
                Member("ann", presence=Presence.ONLINE, role=Role.MODERATOR),
                Member("bob"),
                Member("eve", "Eve"),
            ),
            3,
        )
    ]


def test_the_directory_is_narrowed_and_leaves_out_what_is_joined(driver: Driver) -> None:  # A6
    channels = [
        GENERAL,
        {"name": "chess", "topic": "", "members": 2},
        {"name": "games", "topic": "Chess and Go", "members": 2},
        {"name": "music", "topic": "", "members": 2},
        {"name": "chess.club", "topic": "", "private": True, "invited": True},
    ]
    (command,) = ask(driver, AskDirectory(4, "CHESS"))
    assert (command.verb, command.args) == ("LSCHANS", ())
    driver.confirm(command, "", {"at": 0, "channels": channels})
    (given,) = driver.only(DirectoryGiven)
    assert [(room.room_id, room.membership) for room in given.rooms] == [
        ("chess", Membership.NONE),
        ("games", Membership.NONE),
        ("chess.club", Membership.INVITED),
    ]


def test_pages_that_lead_nowhere_end(driver: Driver) -> None:
    (command,) = ask(driver, AskDirectory(4))
    driver.confirm(command, "", {"channels": [{"name": "b"}], "more": True})
    (command,) = asked(driver)
    driver.confirm(command, "", {"channels": [{"name": "a"}], "more": True})  # goes back
    assert [room.room_id for room in driver.only(DirectoryGiven)[0].rooms] == ["b", "a"]
    (command,) = ask(driver, AskDirectory(5))
    for number in range(MOST_PAGES):
        driver.advance(1)
        driver.confirm(command, "", {"channels": [{"name": f"c{number:06}"}], "more": True})
        command = next(iter(asked(driver)), command)
    assert len(driver.only(DirectoryGiven)[0].rooms) == MOST_PAGES


# ---------------------------------------------------------------- how many, how often, how long


def test_at_most_four_questions_are_on_their_way(driver: Driver) -> None:  # A23
    sent = ask(driver, *(AskHistory(number, "general", 9) for number in range(1, 8)))
    assert len(sent) == 4
    driver.confirm(sent[2], "general", {"events": [], "more": False})
    (fifth,) = asked(driver)
    assert [item.request for item in driver.only(HistoryGiven)] == [3]
    driver.refuse(fifth, "NOTJOINED")
    assert [item.request for item in driver.only(AskRefused)] == [5]


def test_questions_wait_for_online_and_are_asked_again_after_a_cut() -> None:  # A17
    driver = Driver()
    driver.core.ask(AskHistory(1, "general", 9), driver.now)
    driver.core.ask(AskMembers(2, "general"), driver.now)
    driver.sign_in()
    assert [command.verb for command in driver.commands()] == ["HISTORY", "LSUSERS"]
    driver.close()
    driver.advance(1)
    driver.resume(0, 0)
    sent = [command for command in driver.commands() if command.verb in {"HISTORY", "LSUSERS"}]
    assert [command.verb for command in sent] == ["HISTORY", "LSUSERS"]
    driver.confirm(sent[0], "general", {"events": items(1), "more": False})
    assert [item.request for item in driver.only(HistoryGiven)] == [1]


def test_a_rate_limited_question_waits_with_all_others(driver: Driver) -> None:  # A23
    first, _ = ask(driver, AskHistory(1, "general", 9), AskHistory(2, "general", 9))
    driver.refuse(first, "RATELIMIT", tags=";retry=4")
    assert not ask(driver, AskHistory(3, "general", 9))
    driver.advance(3.9)
    assert not asked(driver)
    driver.advance(0.2)
    assert len(asked(driver)) == 2
    assert not driver.only(AskRefused)


def test_a_fault_is_tried_three_times(driver: Driver) -> None:  # A22
    sent = ask(driver, AskHistory(1, "general", 9))
    for _ in range(2):
        driver.refuse(sent[0], "INTERNAL", "oops")
        driver.advance(5)
        sent = asked(driver)
    driver.refuse(sent[0], "INTERNAL", "oops")
    assert driver.only(AskRefused) == [AskRefused(1, "INTERNAL", "oops")]


def test_silence_is_asked_again_and_then_given_up(driver: Driver) -> None:
    ask(driver, AskHistory(1, "general", 9))
    for _ in range(2):
        driver.advance(20.1)
        assert [command.verb for command in asked(driver)] == ["HISTORY"]
    driver.advance(20.1)
    assert [(item.request, item.code) for item in driver.only(AskRefused)] == [(1, "TIMEOUT")]
    assert driver.core.link.value == "online"


def test_a_late_answer_to_what_was_asked_again_means_nothing(driver: Driver) -> None:
    (late,) = ask(driver, AskHistory(1, "general", 9))
    driver.advance(20.1)
    (again,) = asked(driver)
    driver.confirm(late, "general", {"events": items(1), "more": False})
    assert not driver.only(HistoryGiven)
    driver.confirm(again, "general", {"events": items(1), "more": False})
    assert len(driver.only(HistoryGiven)) == 1


@pytest.mark.parametrize("ending", ["stop", "refused"])
def test_nobody_waits_for_an_answer_that_cannot_come(driver: Driver, ending: str) -> None:
    ask(driver, *(AskHistory(number, "general", 9) for number in range(1, 7)))
    if ending == "stop":
        driver.core.stop(driver.now)
    else:
        driver.close(4000)
    assert sorted(item.request for item in driver.only(AskRefused)) == [1, 2, 3, 4, 5, 6]
    if ending == "refused":
        ask(driver, AskHistory(9, "general", 9))
        assert [item.request for item in driver.only(AskRefused)] == [9]
