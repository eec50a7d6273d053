"""Tests how events become lines and news of other events: relations, our own actions, pages of history."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat_tui_core.contract import StateSet
from chat_tui_core.model import EventKind
from chat_tui_core.news import Arrived, Echoed, Edited, News, Problem, Reacted, Redacted
from chat_tui_matrix.protocol.desk import ROOM_FOR_LATER
from chat_tui_matrix.protocol.timeline import Orders, action_of
from chat_tui_matrix.wire.events import MatrixEvent
from tests.matrix.rooms_stage import (
    ANN,
    BOB,
    ME,
    ROOM,
    SECOND,
    Stage,
    edit,
    event,
    lines,
    member,
    of,
    reaction,
    section,
    state,
    text,
    the,
    whole,
)

FIRST = 7 * ROOM_FOR_LATER


@pytest.fixture
def stage() -> Stage:
    """A room with Ann and Bob."""
    made = Stage()
    made.apply(whole(state=(member("$ann", ANN, "Ann"), member("$bob", BOB, "Bob"))))
    return made


# ---------------------------------------------------------------- lines


def test_a_message_with_all_that_belongs_to_it(stage: Stage) -> None:
    # C3, H2
    content = {
        "msgtype": "m.text",
        "body": "yes",
        "m.relates_to": {"rel_type": "m.thread", "event_id": "$root", "m.in_reply_to": {"event_id": "$q"}},
    }
    (line,) = lines(stage.apply(section(event("$1", "m.room.message", content))))
    assert (line.room_id, line.event_id, line.sender, line.sender_name, line.ts) == (ROOM, "$1", ANN, "Ann", SECOND)
    assert (line.kind, line.text, line.reply_to, line.thread) == (EventKind.MESSAGE, "yes", "$q", "$root")


def test_a_file_is_a_line_with_its_address(stage: Stage) -> None:
    # C3
    content = {"msgtype": "m.image", "body": "cat.png", "url": "mxc://x/abc", "info": {"size": 7}}
    (line,) = lines(stage.apply(section(event("$1", "m.room.message", content))))
    assert line.file is not None
    assert (line.kind, line.file.name, line.file.ref, line.file.size) == (EventKind.FILE, "cat.png", "mxc://x/abc", 7)


def test_a_call_is_one_line_and_its_signals_are_none(stage: Stage) -> None:
    # B23
    news = stage.apply(section(event("$1", "m.call.invite", {"v": 1}), event("$2", "m.call.candidates", {"v": 1})))
    assert [line.kind for line in lines(news)] == [EventKind.UNSUPPORTED]


def test_what_was_redacted_before_we_came_keeps_its_place(stage: Stage) -> None:
    # B10
    gone = event("$1", "m.room.message", {}, unsigned={"redacted_because": {"content": {"reason": "spam"}}})
    silent = event("$2", "m.reaction", {}, unsigned={"redacted_because": {}})
    news = stage.apply(section(gone, silent))
    assert [(line.event_id, line.kind) for line in lines(news)] == [("$1", EventKind.REDACTED)]
    assert not of(news, Reacted)


@pytest.mark.parametrize(
    ("told", "known", "kind"),
    [
        ({"prev_content": {"topic": "tea"}}, {"topic": "milk"}, None),
        ({}, {"topic": "tea"}, None),
        ({}, {"topic": "milk"}, EventKind.TOPIC),
        ({}, None, EventKind.TOPIC),
    ],
)
def test_a_change_is_told_against_what_it_replaced(
    stage: Stage, told: dict[str, Any], known: dict[str, Any] | None, kind: EventKind | None
) -> None:
    # B7, C2: by the event's own word, else by what is known
    if known is not None:
        stage.apply(section(state=(state("$0", "m.room.topic", known),)))
    found = lines(stage.apply(section(state("$1", "m.room.topic", {"topic": "tea"}, **told))))
    assert [line.kind for line in found] == ([] if kind is None else [kind])


# ---------------------------------------------------------------- relations


def test_edits_reactions_and_redactions_are_news_of_what_they_are_about(stage: Stage) -> None:
    # C3
    base = of(stage.apply(section(text("$1"))), Arrived)[0].start
    news = stage.apply(
        section(
            edit("$e", "$1", "better"),
            reaction("$r", "$1", "👍", BOB),
            event("$d", "m.room.redaction", {"redacts": "$1"}, BOB),
            event("$d2", "m.room.redaction", {}, BOB, redacts="$r"),
            edit("$e2", "$unknown", "who knows"),
        )
    )
    assert not of(news, Arrived)
    assert [item for item in news if isinstance(item, Edited | Reacted | Redacted)] == [
        Edited(ROOM, "$1", base, "better", SECOND, ANN),
        Reacted(ROOM, "$1", base, BOB, "👍", reaction_id="$r"),
        Redacted(ROOM, "$1", base, BOB),
        Redacted(ROOM, "$r", 0, BOB),
        Edited(ROOM, "$unknown", 0, "who knows", SECOND, ANN),
    ]


def test_a_redaction_that_names_nothing_says_nothing(stage: Stage) -> None:
    # B5
    assert not of(stage.apply(section(event("$d", "m.room.redaction", {}))), Redacted)


def bundled(sender: str, target: str = "$1", **more: Any) -> dict[str, Any]:
    """An edit as a server adds it to the event that it is of."""
    whole_event = edit("$e", target, "better", sender)
    told = {
        "type": whole_event.type,
        "content": whole_event.content,
        "sender": sender,
        "event_id": "$e",
        "origin_server_ts": SECOND + 5,
    }
    return {"m.relations": {"m.replace": told | more}}


def test_an_edit_that_comes_with_the_event_is_applied(stage: Stage) -> None:
    # B8
    news = stage.apply(section(text("$1", unsigned=bundled(ANN)), limited=True, prev_batch="p"))
    assert the(news, Edited) == Edited(ROOM, "$1", stage.base, "better", SECOND + 5, ANN)


@pytest.mark.parametrize(
    "unsigned",
    [
        bundled(BOB),
        bundled(ANN, "$other"),
        bundled(ANN, content=None),
        bundled(ANN, event_id=7),
        {"m.relations": {"m.replace": {"event_id": "$e", "sender": ANN, "origin_server_ts": 1}}},
    ],
)
def test_an_edit_by_another_or_of_another_is_not(stage: Stage, unsigned: dict[str, Any]) -> None:
    # B8: a server accepts edits of other people's messages
    news = stage.apply(section(text("$1", unsigned=unsigned)))
    assert not of(news, Edited)
    assert lines(news)[0].text == "hello"


# ---------------------------------------------------------------- our own actions


@pytest.mark.parametrize(
    ("txn", "action"),
    [
        ("7.1700", (7, 1700)),
        ("7.0", (7, 0)),
        ("7", (0, 0)),
        ("7.1.2", (0, 0)),
        ("-7.1", (0, 0)),
        ("٧.1", (0, 0)),
        ("7.", (0, 0)),
        ("m1700.7", (0, 0)),
        ("9" * 17 + ".1", (0, 0)),
        (f"{1 << 53}.1", (0, 0)),
        (7, (0, 0)),
        (None, (0, 0)),
    ],
)
def test_our_transaction_ids(txn: object, action: tuple[int, int]) -> None:
    # B12, A15
    assert action_of(text("$1", sender=ME, unsigned={"transaction_id": txn}), ME) == action
    assert action_of(text("$1", sender=ANN, unsigned={"transaction_id": txn}), ME) == (0, 0)


def test_an_echo_settles_its_action_at_its_place(stage: Stage) -> None:
    # B12
    ours = {"transaction_id": "12.1700000000001"}
    news = stage.apply(section(text("$0"), text("$1", sender=ME, unsigned=ours)))
    line = lines(news)[1]
    assert (line.action_id, line.action_made) == (12, 1_700_000_000_001)
    assert the(news, Echoed) == Echoed(12, "$1", stage.base + 1, 1_700_000_000_001)
    assert news.index(the(news, Arrived)) < news.index(the(news, Echoed))


@pytest.mark.parametrize(
    "ours",
    [
        edit("$x", "$1", "better", ME, unsigned={"transaction_id": "12.5"}),
        reaction("$x", "$1", "👍", ME, unsigned={"transaction_id": "12.5"}),
        event("$x", "m.room.redaction", {"redacts": "$1"}, ME, unsigned={"transaction_id": "12.5"}),
        state("$x", "m.room.avatar", {}, "", ME, transaction_id="12.5", prev_content={}),
    ],
)
def test_actions_that_make_no_line_are_echoed_too(stage: Stage, ours: MatrixEvent) -> None:
    # B12
    news = stage.apply(section(ours))
    assert the(news, Echoed) == Echoed(12, "$x", 0, 5)
    assert not of(news, Arrived)


def test_a_redaction_of_ours_is_known_by_what_it_left(stage: Stage) -> None:
    # B12: its own event may lie in a gap, and the emptied one not
    because = {
        "type": "m.room.redaction",
        "sender": ME,
        "event_id": "$d",
        "content": {},
        "unsigned": {"transaction_id": "12.5"},
    }
    news = stage.apply(section(event("$1", "m.room.message", {}, unsigned={"redacted_because": because})))
    assert the(news, Echoed) == Echoed(12, "$d", 0, 5)


# ---------------------------------------------------------------- pages


def test_a_page_gives_lines_in_order_and_says_the_rest(stage: Stage) -> None:
    # C8, B8
    stage.said()
    found = stage.page(
        text("$1", sender=ME, unsigned={"transaction_id": "3.4"}),
        edit("$2", "$1", "better", ME),
        reaction("$3", "$1", "👍"),
        text("$4"),
        text("$4"),
        MatrixEvent("m.room.message", {"body": "no id"}, ANN),
        first=FIRST,
    )
    assert [(line.event_id, line.order, line.action_id) for line in found] == [("$1", FIRST, 3), ("$4", FIRST + 1, 0)]
    news = stage.said()
    assert not of(news, Arrived)
    assert the(news, Echoed) == Echoed(3, "$1", FIRST, 4)
    assert the(news, Edited).order == FIRST
    assert the(news, Reacted).reaction_id == "$3"
    assert the(news, Problem).room_id == ROOM
    assert stage.rooms.order_of(ROOM, "$4") == FIRST + 1


def test_state_in_a_page_is_a_line_and_never_the_state(stage: Stage) -> None:
    # B10
    stage.apply(section(state("$t2", "m.room.topic", {"topic": "new"})))
    found = stage.page(
        state("$t1", "m.room.topic", {"topic": "old"}),
        member("$a0", ANN, "Annie"),
        state=(member("$a1", ANN, "Annie"),),
        first=FIRST,
    )
    assert [line.kind for line in found] == [EventKind.TOPIC, EventKind.JOIN]
    assert stage.rooms.state.get(ROOM, "m.room.topic") == {"topic": "new"}
    assert stage.rooms.state.get(ROOM, "m.room.member", ANN) == {"membership": "join", "displayname": "Ann"}
    assert not of(stage.said(), StateSet)


def names(page: tuple[Any, ...]) -> list[str]:
    """Who is shown as the sender of each line."""
    return [line.sender_name for line in page]


RENAMES = (
    text("$1"),
    member("$2", ANN, "Annie", prev_content={"membership": "join", "displayname": "An"}),
    text("$3"),
    member("$4", ANN, "Anna", prev_content={"membership": "join", "displayname": "Annie"}),
    text("$5"),
)


@pytest.mark.parametrize(
    "told",
    [
        (),
        (member("$4", ANN, "Anna", prev_content={"membership": "join", "displayname": "Annie"}),),
        (member("$0", ANN, "An"),),
    ],
)
def test_old_lines_keep_the_old_names(stage: Stage, told: tuple[MatrixEvent, ...]) -> None:
    # B18, C8: whether the state of a page is that of its end, of its beginning, or is not told
    assert names(stage.page(*RENAMES, state=told)) == ["An", "An", "Annie", "Annie", "Anna"]


def test_without_prev_content_the_state_of_the_beginning_helps(stage: Stage) -> None:
    # B18
    page = stage.page(text("$1"), member("$2", ANN, "Anna"), text("$3"), state=(member("$0", ANN, "An"),))
    assert names(page)[::2] == ["An", "Anna"]


def test_without_prev_content_the_state_of_the_end_does_not_name_what_was_before(stage: Stage) -> None:
    # B18
    page = stage.page(text("$1"), member("$2", ANN, "Anna"), text("$3"), state=(member("$2", ANN, "Anna"),))
    assert names(page)[::2] == ["", "Anna"]


def test_who_is_not_told_in_a_page_has_the_name_of_now(stage: Stage) -> None:
    # B18
    page = stage.page(
        text("$1"), text("$2", sender="@far:x"), text("$3", sender=BOB), state=(member("$b", BOB, "Old"),)
    )
    assert names(page) == ["Ann", "", "Old"]


def test_names_in_a_page_are_told_apart(stage: Stage) -> None:
    # B18
    page = stage.page(
        text("$1", sender="@x:x"),
        text("$2", sender="@y:x"),
        text("$3", sender="@z:x"),
        state=(member("$x", "@x:x", "Sam"), member("$y", "@y:x", "Sam"), member("$z", "@z:x", "Bob")),
    )
    assert names(page) == ["Sam (@x:x)", "Sam (@y:x)", "Bob (@z:x)"]


def test_one_who_joins_in_a_page_had_no_name_before(stage: Stage) -> None:
    # B18
    page = stage.page(
        text("$1", sender="@x:x"),
        member("$2", "@x:x", "Sam", prev_content={"membership": "invite"}),
        member("$3", BOB, "Bobby", membership="leave", sender="@x:x", prev_content={"membership": "join"}),
    )
    assert names(page) == ["", "Sam", "Sam"]


def test_a_landing_has_no_places_yet(stage: Stage) -> None:
    # C8: orders of AskAround are only relative to each other
    (line,) = stage.page(text("$1"), first=1)
    assert line.order == 1
    assert stage.rooms.order_of(ROOM, "$1") == 0
    assert stage.rooms.event_at(ROOM, 5) == ""


EVENTS = st.lists(
    st.sampled_from([*RENAMES, edit("$e", "$1", "b"), reaction("$r", "$1", "k"), MatrixEvent("m.x", {}, ANN)]),
    max_size=12,
)


@given(EVENTS, st.sampled_from([1, FIRST]))
@settings(deadline=None)
def test_a_page_numbers_its_lines_without_holes(events: list[MatrixEvent], first: int) -> None:
    # B8
    stage = Stage()
    page = stage.page(*events, first=first)
    assert [line.order for line in page] == list(range(first, first + len(page)))
    assert len({line.event_id for line in page}) == len(page)


# ---------------------------------------------------------------- places


def test_an_event_keeps_its_first_place() -> None:
    # B4
    orders = Orders()
    orders.note(ROOM, "$1", FIRST)
    orders.note(ROOM, "$1", FIRST + 9)
    assert orders.order_of(ROOM, "$1") == FIRST


def test_places_are_bounded() -> None:
    # B9
    orders = Orders(most=3 * Orders.PER_ROOM)
    for number in range(Orders.PER_ROOM + 1):
        for room in ("!a:x", "!b:x", "!c:x"):
            orders.note(room, f"${number}", FIRST + number)
    assert orders.order_of("!a:x", "$0") == 0
    assert orders.order_of("!a:x", "$1") == FIRST + 1
    orders.note("!d:x", "$1", FIRST)
    assert orders.order_of("!a:x", "$1") == 0, "the room that was quiet longest goes"
    assert orders.order_of("!b:x", "$1") == FIRST + 1


def test_nothing_is_said_twice_of_one_answer(stage: Stage) -> None:
    # B4: the legacy stream brings our own member events twice
    again = member("$m", ME, "Myself", prev_content={"membership": "join", "displayname": "Me"})
    news: list[News] = stage.apply(section(again, again))
    assert len(lines(news)) == 1
    assert [piece.type for piece in of(news, StateSet)] == ["m.room.member"]
