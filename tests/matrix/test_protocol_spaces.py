"""Spaces: what their state puts into them, live and after a restart, and what a server lists of one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_tui_core.link import Capability
from chat_tui_core.model import Membership, Room, RoomKind
from chat_tui_core.news import AskRefused, RoomChanged
from chat_tui_core.spaces import AskSpace, Held, SpaceGiven, SpaceRoom
from chat_tui_matrix.protocol.opening import CAPABILITIES
from chat_tui_matrix.protocol.sliding import body
from chat_tui_matrix.protocol.spaces import CHILD, MOST_HELD, PAGE, children, hierarchy
from chat_tui_matrix.protocol.standing import Standing, standing_of
from chat_tui_matrix.wire.events import MatrixEvent
from tests.matrix.action_stage import Stage as Asking
from tests.matrix.action_stage import line
from tests.matrix.rooms_stage import ME, ROOM, SECOND, Stage, changes, event, member, of, section, state, the, whole

VIA: Any = {"via": ["x"]}


def made(kind: str = "m.space") -> MatrixEvent:
    return state("$made", "m.room.create", {"room_version": "11", "type": kind})


def child(event_id: str, room_id: str, content: Any = None, ts: int = SECOND) -> MatrixEvent:
    return MatrixEvent(CHILD, VIA if content is None else content, "@ann:x", event_id, ts, room_id)


def a_space(*children: MatrixEvent) -> Stage:
    stage = Stage()
    stage.apply(section(state=(made(), member("$me", ME, "Me"), *children), whole=True))
    return stage


def held(stage: Stage) -> tuple[str, ...] | None:
    (room,) = stage.rooms.overview()
    return room.children


# ---------------------------------------------------------------- state


def test_a_room_made_as_a_space_is_one_and_no_other() -> None:
    assert held(a_space()) == ()
    stage = Stage()
    stage.apply(whole(state=(child("$1", "!a:x"),)))
    assert held(stage) is None, "whoever says that it holds rooms: it was not made as a space"
    stage = Stage()
    stage.apply(section(state=(made("m.spaceship"), member("$me", ME, "Me")), whole=True))
    assert held(stage) is None


def test_children_stand_by_order_then_time_then_id() -> None:
    stage = a_space(
        child("$1", "!late:x", ts=SECOND + 9),
        child("$2", "!z:x", ts=SECOND),
        child("$3", "!a:x", ts=SECOND),
        child("$4", "!second:x", {**VIA, "order": "b"}),
        child("$5", "!first:x", {**VIA, "order": "B"}, SECOND + 99),
        child("$6", "!first-later:x", {**VIA, "order": "B"}, SECOND + 100),
        child("$7", "!bad-order:x", {**VIA, "order": "\u00e9"}, SECOND + 10),
        child("$8", "!long-order:x", {**VIA, "order": "a" * 51}, SECOND + 11),
        child("$9", "!no-order:x", {**VIA, "order": 7}, SECOND + 12),
    )
    assert held(stage) == (
        "!first:x",
        "!first-later:x",
        "!second:x",
        "!a:x",
        "!z:x",
        "!late:x",
        "!bad-order:x",
        "!long-order:x",
        "!no-order:x",
    )


@pytest.mark.parametrize(
    ("room_id", "content"),
    [
        ("!a:x", {}),
        ("!a:x", {"via": []}),
        ("!a:x", {"via": "x"}),
        ("!a:x", {"via": [7, ""]}),
        ("!a:x", {"order": "a"}),
        ("#a:x", VIA),
        ("", VIA),
        ("@ann:x", VIA),
    ],
)
def test_what_names_no_server_or_no_room_is_no_child(room_id: str, content: Any) -> None:
    assert held(a_space(child("$1", room_id, content), child("$2", "!b:x"))) == ("!b:x",)


def test_children_come_and_go_live_and_in_the_next_run() -> None:
    stage = a_space(child("$1", "!a:x"), child("$2", "!b:x", ts=SECOND + 1))
    stage = stage.again()
    news = stage.apply(section(child("$3", "!c:x", ts=SECOND - 1)))
    assert changes(news) == {"children": ("!c:x", "!a:x", "!b:x")}, "times of the run before are known"
    assert changes(stage.apply(section(child("$4", "!a:x", {})))) == {"children": ("!c:x", "!b:x")}
    stage.keep()
    assert changes(stage.apply(section(event("$5", "m.room.redaction", {"redacts": "$2"}, redacts="$2")))) == {
        "children": ("!c:x",)
    }
    stage = stage.again()
    redacted = stage.apply(section(event("$6", "m.room.redaction", {"redacts": "$3"}, redacts="$3")))
    assert changes(redacted) == {"children": ()}, "also of an earlier run"


def test_told_whole_again_a_space_holds_what_is_told() -> None:
    stage = a_space(child("$1", "!a:x"), child("$2", "!b:x")).again()
    news = stage.apply(section(state=(made(), member("$me", ME, "Me"), child("$2", "!b:x")), whole=True))
    assert changes(news) == {"children": ("!b:x",)}


def test_an_invitation_to_a_space_is_one_to_a_space() -> None:
    stage = Stage()
    news = stage.apply(
        section(membership="invite", state=(made(), member("$i", ME, membership="invite", sender="@ann:x")))
    )
    room = the(news, RoomChanged).room
    assert (room.membership, room.children) == (Membership.INVITED, ())


def test_a_flood_of_children_is_bounded() -> None:
    stage = a_space(*(child(f"${number}", f"!{number:05}:x") for number in range(MOST_HELD + 300)))
    assert len(held(stage) or ()) == MOST_HELD
    again = stage.again()
    assert len(of(again.apply(section(child("$new", "!00000:x", {}))), RoomChanged)) == 1


def test_a_parent_says_nothing_of_what_is_in_a_space() -> None:
    stage = Stage()
    stage.apply(whole(state=(state("$p", "m.space.parent", {**VIA, "canonical": True}, "!space:x"),)))
    assert [room.children for room in stage.rooms.overview()] == [None]


def test_when_a_child_was_said_is_kept_as_it_was() -> None:
    standing = Standing(held={"!a:x": (7, "$1")})
    assert standing_of(standing.content()).held == {"!a:x": (7, "$1")}
    assert standing_of({"held": {"!a:x": [1], "!b:x": "x", "!c:x": [2, "$2"], "!d:x": ["1", "$"]}}).held == {
        "!c:x": (2, "$2")
    }
    assert standing_of({"held": 7}).held == {}


def test_sliding_sync_asks_for_what_spaces_hold() -> None:
    asked = body(20)["lists"]["rooms"]["required_state"]
    assert [CHILD, "*"] in asked
    assert ["m.room.create", ""] in asked
    assert Capability.SPACES in CAPABILITIES


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["via", "order", "x"]), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.text(max_size=4) | st.sampled_from(["!a:x", "!b:x"]), st.dictionaries(st.text(), JSON)))
def test_no_state_breaks_a_space(contents: dict[str, dict[str, Any]]) -> None:
    found = children(contents, {})
    assert len(set(found)) == len(found)
    assert set(found) <= contents.keys()
    assert all(room_id.startswith("!") for room_id in found)


# ---------------------------------------------------------------- what a server lists


def listed(room_id: str, **more: Any) -> dict[str, Any]:
    return {"room_id": room_id, "num_joined_members": 3, "join_rule": "public", "children_state": [], **more}


def placed(room_id: str, ts: int = 1, **content: Any) -> dict[str, Any]:
    return {
        "type": CHILD,
        "state_key": room_id,
        "content": {**VIA, **content},
        "origin_server_ts": ts,
        "sender": "@a:x",
    }


def test_a_page_of_a_space() -> None:
    stage = Asking()
    stage.questions.ask(AskSpace(7, "!s:x", "t1"), stage.now)
    request = stage.request()
    assert line(request) == "GET /_matrix/client/v1/rooms/!s:x/hierarchy"
    assert request.query == {"limit": str(PAGE), "from": "t1"}
    stage.answer(
        {
            "rooms": [
                listed(
                    "!s:x",
                    name="Work",
                    room_type="m.space",
                    children_state=[
                        placed("!b:x", 2),
                        placed("!a:x", 1, via=["one", "two"], suggested=True),
                        placed("!gone:x", via=[]),
                        {**placed("!p:x"), "type": "m.space.parent"},
                        7,
                    ],
                ),
                listed(
                    "!a:x", topic="tea\nand cake", canonical_alias="#a:x", join_rule="invite", num_joined_members=-1
                ),
                {"room_id": 7},
                "nothing",
            ],
            "next_batch": "t2",
        }
    )
    (news,) = stage.news()
    assert news == SpaceGiven(
        7,
        "!s:x",
        (
            SpaceRoom(
                Room("!s:x", "Work", membership=Membership.NONE, members=3, children=("!a:x", "!b:x")),
                (Held("!a:x", ("one", "two"), suggested=True), Held("!b:x", ("x",))),
            ),
            SpaceRoom(Room("!a:x", "#a:x", "tea and cake", RoomKind.PRIVATE, Membership.NONE, aliases=("#a:x",))),
        ),
        "t2",
    )


def test_a_server_that_lists_no_spaces_says_so() -> None:
    stage = Asking()
    stage.questions.ask(AskSpace(7, "!s:x"), stage.now)
    assert "from" not in stage.request().query
    stage.refuse(404, "M_UNRECOGNIZED", "")
    (news,) = stage.news()
    assert isinstance(news, AskRefused)
    assert news.text == "This server cannot do this."


@given(st.dictionaries(st.sampled_from(["rooms", "next_batch"]), st.lists(JSON | st.dictionaries(
    st.sampled_from(["room_id", "name", "children_state", "room_type", "topic", "num_joined_members"]),
    JSON | st.just("m.space") | st.just("!a:x") | st.lists(st.dictionaries(
        st.sampled_from(["type", "state_key", "content", "origin_server_ts"]), JSON | st.just(CHILD) | st.just("!b:x")
    )),
)) | JSON))  # fmt: skip
def test_no_answer_breaks_a_list(answer: dict[str, Any]) -> None:
    steps = hierarchy(AskSpace(1, "!s:x"))
    next(steps)
    with pytest.raises(StopIteration) as end:
        steps.send(answer)
    (given_page,) = end.value.value
    assert isinstance(given_page, SpaceGiven)
    assert ROOM not in {one.room.room_id for one in given_page.rooms}
