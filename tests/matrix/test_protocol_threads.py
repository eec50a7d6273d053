"""Threads over Matrix: a thread is asked for page by page, and what a server tells of one is passed on."""

from __future__ import annotations

from typing import Any

import pytest

from chat_tui_core.contract import AskRefused, News
from chat_tui_core.news import Arrived
from chat_tui_core.threads import AskThread, ThreadGiven, ThreadTold
from chat_tui_matrix.protocol.inquiries import MOST_THREAD_PAGES
from tests.matrix import rooms_stage
from tests.matrix.action_stage import BOB, IN_ROOM, ROOM, Stage, line

RELATIONS = f"GET /_matrix/client/v1/rooms/{ROOM}/relations/$root/m.thread"
ASKED = AskThread(1, ROOM, "$root", 1000)


def said(name: str) -> dict[str, Any]:
    content = {"msgtype": "m.text", "body": name, "m.relates_to": {"rel_type": "m.thread", "event_id": "$root"}}
    return {
        "type": "m.room.message",
        "event_id": f"${name}",
        "sender": BOB,
        "origin_server_ts": 1,
        "content": content,
    }


def ids(news: News) -> list[str]:
    assert isinstance(news, ThreadGiven)
    return [event.event_id for event in news.events]


def test_a_thread_comes_newest_first_and_is_told_oldest_first_behind_its_root() -> None:  # C8, B8
    stage = Stage()
    stage.questions.ask(ASKED, stage.now)
    assert line(stage.request()) == RELATIONS
    stage.answer({"chunk": [said("d"), said("c")], "next_batch": "n1"})
    assert (line(stage.request()), stage.request().query["from"]) == (RELATIONS, "n1")
    stage.answer({"chunk": [said("b"), said("a")]})
    assert line(stage.request()) == f"GET {IN_ROOM}/event/$root"
    stage.answer(said("root"))
    (news,) = stage.news()
    assert ids(news) == ["$root", "$a", "$b", "$c", "$d"]


def test_a_root_that_we_may_not_see_is_left_out_and_the_count_holds() -> None:
    stage = Stage()
    stage.questions.ask(AskThread(1, ROOM, "$root", 2), stage.now)
    stage.answer({"chunk": [said("d"), said("c"), said("b")], "next_batch": "n1"})
    stage.refuse(404, "M_NOT_FOUND", "Event not found.")
    (news,) = stage.news()
    assert ids(news) == ["$c", "$d"]


def test_pages_end_where_a_server_gives_the_same_token_for_ever() -> None:  # B5
    stage = Stage()
    stage.questions.ask(ASKED, stage.now)
    for number in range(MOST_THREAD_PAGES):
        stage.answer({"chunk": [], "next_batch": f"n{number}"})
    assert line(stage.request()).endswith("/event/$root")


def test_a_server_without_threads_says_no() -> None:
    stage = Stage()
    stage.questions.ask(ASKED, stage.now)
    stage.refuse(404, "M_UNRECOGNIZED", "Unrecognized request")
    assert stage.news() == [AskRefused(1, "M_UNRECOGNIZED", "Unrecognized request")]


@pytest.mark.parametrize(
    ("bundle", "told"),
    [
        (
            {"count": 3, "latest_event": said("c") | {"origin_server_ts": 5}},
            [ThreadTold(rooms_stage.ROOM, "$1", 3, 5)],
        ),
        ({"count": 3}, [ThreadTold(rooms_stage.ROOM, "$1", 3, rooms_stage.SECOND)]),
        ({"count": 0}, []),
        ({"count": "3"}, []),
        ("x", []),
    ],
)
def test_what_a_server_adds_to_a_threads_first_event_is_told(bundle: Any, told: list[ThreadTold]) -> None:  # C3
    stage = rooms_stage.Stage()
    stage.apply(rooms_stage.whole())
    event = rooms_stage.text("$1", unsigned={"m.relations": {"m.thread": bundle}})
    news = stage.apply(rooms_stage.section(event))
    assert rooms_stage.of(news, ThreadTold) == told
    assert rooms_stage.of(news, Arrived)
