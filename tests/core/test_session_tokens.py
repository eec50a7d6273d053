"""A backend whose gaps are known by tokens: what pages, overlaps, landings and early changes make of a room."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from chat_tui_core.contract import KeepSecret, Surroundings
from chat_tui_core.link import Capability, Link, LinkChanged
from chat_tui_core.model import FileInfo, Gap, RoomEvent, RoomTag
from chat_tui_core.news import (
    AroundGiven,
    Arrived,
    Edited,
    HistoryGiven,
    Reacted,
    ReadMoved,
    Redacted,
    RoomChanged,
    RoomsListed,
    SignedIn,
    StateSet,
)
from chat_tui_core.questions import AskHistory
from chat_tui_core.store import events as stored
from chat_tui_core.store.ahead import reaction_id
from chat_tui_core.store.state import StoredState
from tests.core.scripted import ALL, Play, joined, said

TURN = 1 << 23


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    play = Play(tmp_path / "chat.db")
    play.session.connect()
    can = ALL - {Capability.CONTIGUOUS}
    await play.news(SignedIn(Play.ME, "device", 0, can), RoomsListed((joined(),)), LinkChanged(Link.ONLINE))
    yield play
    await play.close()


def line(name: str, order: int, sender: str = "ann", **more: object) -> RoomEvent:
    return replace(said(order, name, sender), event_id=f"${name}", **more)  # type: ignore[arg-type]


def lines(play: Play) -> list[str]:
    """What the open room shows, gaps as dots."""
    timeline = play.session.timeline("r")
    assert timeline is not None
    return [item.event.text if item.event else "..." if item.gap else "?" for item in timeline.items]


def gaps(play: Play) -> list[Gap]:
    return play.store.read(stored.gaps, "r")


def asked(play: Play) -> AskHistory:
    return [question for question in play.connection.asked if isinstance(question, AskHistory)][-1]


async def page(play: Play, *names: str, more: bool = True, token: str = "", away: int = 0) -> None:
    """Answer the last question with lines just before (or after) what it named."""
    question = asked(play)
    if question.after:
        events = [line(name, question.after + 1 + index) for index, name in enumerate(names)]
    else:
        events = [line(name, question.before - len(names) + index - away) for index, name in enumerate(names)]
    await play.news(HistoryGiven(question.request, "r", tuple(events), more, token))


async def until_asked(play: Play, holds: Callable[[AskHistory], bool]) -> None:
    """Wait for a question about history; a read of the store may come before it."""
    async with asyncio.timeout(20):
        while not any(holds(question) for question in play.connection.asked[-1:] if isinstance(question, AskHistory)):
            await asyncio.sleep(0.001)


async def test_a_limited_batch_leaves_a_gap_and_pages_fill_it_by_their_tokens(play: Play) -> None:  # B8
    await play.news(Arrived("r", (line("a", TURN), line("b", TURN + 1)), token="t0"))
    play.session.open_room("r")
    assert gaps(play) == [Gap("r", 0, TURN, "t0")]
    await play.news(Arrived("r", (line("y", 2 * TURN), line("z", 2 * TURN + 1)), token="t1"))
    assert lines(play) == ["a", "b", "...", "y", "z"]
    filling = asyncio.ensure_future(play.session.fill_gap("r", gaps(play)[1]))
    await asyncio.sleep(0)
    assert asked(play).token == "t1"
    await page(play, "w", "x", token="t2")
    await filling
    assert lines(play) == ["a", "b", "...", "w", "x", "y", "z"]
    assert gaps(play)[1] == Gap("r", TURN + 1, 2 * TURN - 2, "t2")
    filling = asyncio.ensure_future(play.session.fill_gap("r", gaps(play)[1]))
    await asyncio.sleep(0)
    await page(play, "a", "b", "v", token="t3")  # reaches what is stored: no hole, nothing twice
    await filling
    assert lines(play) == ["a", "b", "v", "w", "x", "y", "z"]
    assert gaps(play) == [Gap("r", 0, TURN, "t0")]


async def test_a_gap_that_no_page_joins_ends_with_the_room(play: Play) -> None:  # B8
    await play.news(Arrived("r", (line("z", TURN),), token="t0"))
    play.session.open_room("r")
    older = asyncio.ensure_future(play.session.load_older("r", 10))
    await until_asked(play, lambda question: question.token == "t0")
    await page(play, token="t1")  # an empty page is not the end
    await until_asked(play, lambda question: question.token == "t1")
    await page(play, "x", "y", more=False)
    assert await older is False
    assert lines(play) == ["x", "y", "z"]
    assert play.session.at_start("r")
    assert gaps(play) == []


async def test_two_pages_for_one_gap_in_either_order(play: Play) -> None:  # B8
    await play.news(Arrived("r", (line("z", TURN),), token="t0"))
    play.session.open_room("r")
    short, long = (asyncio.ensure_future(play.session.landing.fill_gap("r", gaps(play)[0], count)) for count in (2, 4))
    await asyncio.sleep(0)
    first, second = (question for question in play.connection.asked[-2:] if isinstance(question, AskHistory))
    four = tuple(line(name, TURN - 4 + index) for index, name in enumerate("vwxy"))
    await play.news(HistoryGiven(first.request, "r", four[2:], True, "t2"))
    assert gaps(play) == [Gap("r", 0, TURN - 2, "t2")]
    await play.news(HistoryGiven(second.request, "r", four, True, "t4"))
    assert gaps(play) == [Gap("r", 0, TURN - 4, "t4")]
    await asyncio.gather(short, long)
    page = play.store.read(stored.newest_events, "r", 10)
    assert [event.text for event in page] == ["v", "w", "x", "y", "z"]


async def test_what_comes_again_is_no_gap_and_no_second_line(play: Play) -> None:  # B4, B8
    await play.news(Arrived("r", (line("a", TURN), line("b", TURN + 1)), token="t0"))
    play.session.open_room("r")
    again = (line("b", 3 * TURN), line("c", 3 * TURN + 1))
    await play.news(Arrived("r", again, token="t9"))
    assert lines(play) == ["a", "b", "c"]
    assert gaps(play) == [Gap("r", 0, TURN, "t0")]
    assert play.session.problems == 0


async def test_a_limited_batch_without_events_is_a_gap(play: Play) -> None:  # B8
    await play.news(Arrived("r", (line("a", TURN),)))
    await play.news(Arrived("r", (), token="t1", start=2 * TURN))
    assert gaps(play) == [Gap("r", TURN, 2 * TURN, "t1")]


async def test_landing_inside_a_gap_leaves_one_on_each_side(play: Play) -> None:  # B11
    late = replace(line("z", 2 * TURN), ts=9_000)
    await play.news(Arrived("r", (replace(line("a", TURN), ts=1_000),)), Arrived("r", (late,), token="t1"))
    found = tuple(replace(line(name, index), ts=5_000 + index) for index, name in enumerate("mno"))
    await play.news(AroundGiven(1, "r", "$n", found, "older", "newer"))
    play.session.open_room("r")
    assert lines(play) == ["a", "...", "m", "n", "o", "...", "z"]
    below, above = gaps(play)
    assert (below.token, above.token, above.token_after) == ("older", "t1", "newer")
    await play.news(AroundGiven(2, "r", "$n", found, "older", "newer"))  # known now: nothing moves
    assert lines(play) == ["a", "...", "m", "n", "o", "...", "z"]


async def test_landing_at_the_rooms_start(play: Play) -> None:
    await play.news(Arrived("r", (replace(line("z", TURN), ts=9_000),), token="t1"))
    await play.news(AroundGiven(1, "r", "$a", (line("a", 0), line("b", 1)), "", "newer"))
    play.session.open_room("r")
    assert lines(play) == ["a", "b", "...", "z"]
    assert play.session.at_start("r")


async def test_changes_that_come_before_their_event_are_kept_for_it(play: Play) -> None:  # B11
    play.session.open_room("r")
    await play.news(
        Edited("r", "$a", 0, "better", 5, by="ann"),
        Edited("r", "$b", 0, "forged", 5, by="eve"),
        Reacted("r", "$a", 0, "bob", "👍", reaction_id="$r1"),
        Reacted("r", "$a", 0, "eve", "👍", reaction_id="$r2"),
        Redacted("r", "$c", 0),
        Redacted("r", "$r2", 0),
    )
    await play.news(Arrived("r", (line("a", TURN), line("b", TURN + 1), line("c", TURN + 2))))
    timeline = play.session.timeline("r")
    assert timeline is not None
    first = timeline.event("$a")
    assert first is not None
    assert (first.text, first.edited_ts, first.reactions[0].users) == ("better", 5, ("bob",))
    assert lines(play) == ["better", "b", ""]
    assert play.store.read(reaction_id, "r", "$a", "bob", "👍") == "$r1"
    await play.news(Redacted("r", "$r1", 0))
    changed = timeline.event("$a")
    assert changed is not None
    assert changed.reactions == ()


async def test_an_edit_by_somebody_else_changes_nothing(play: Play) -> None:
    play.session.open_room("r")
    await play.news(Arrived("r", (line("a", TURN),)), Edited("r", "$a", 0, "forged", 9, by="eve"))
    assert lines(play) == ["a"]


async def test_reading_is_told_by_event_id(play: Play) -> None:  # B20
    await play.news(Arrived("r", (line("a", TURN), line("b", TURN + 1), line("c", TURN + 2))))
    assert play.session.rooms["r"].unread == 3
    await play.news(ReadMoved("r", Play.ME, event_id="$b"), ReadMoved("r", Play.ME, event_id="$unknown"))
    assert play.session.rooms["r"].unread == 1
    assert play.session.rooms["r"].read == TURN + 1


async def test_state_files_threads_and_tags_outlive_a_restart(play: Play) -> None:  # B9
    picture = FileInfo("a/b\x1b.png", 12, "image/png", "mxc://x/y", 3, 4)
    await play.news(
        StateSet("r", "m.room.member", "@a:x", '{"displayname":"A"}'),
        StateSet("r", "m.room.member", "@b:x", '{"displayname":"B"}'),
        StateSet("r", "m.room.member", "@a:x", ""),
        Arrived("r", (line("a", TURN, file=picture, thread="$root"),)),
        RoomChanged(
            replace(joined(), tag=RoomTag.FAVOURITE, muted=True, direct="@b:x"), frozenset({"tag", "muted", "direct"})
        ),
    )
    await play.restart()
    state = StoredState(play.store)
    assert state.all("r", "m.room.member") == {"@b:x": '{"displayname":"B"}'}
    assert state.get("r", "m.room.member", "@a:x") == ""
    room = play.session.rooms["r"]
    assert (room.tag, room.muted, room.direct) == (RoomTag.FAVOURITE, True, "@b:x")
    event = play.session.open_room("r").items[0].event
    assert event is not None
    assert event.file is not None
    assert (event.file.name, event.file.size, event.file.ref) == ("a_b\ufffd.png", 12, "mxc://x/y")
    assert event.thread == "$root"


async def test_a_connection_is_lent_the_stored_state() -> None:
    nothing = Surroundings()
    assert nothing.read_state.get("r", "t") == ""
    assert nothing.read_state.all("r", "t") == {}
    keep: KeepSecret = nothing.keep_secret
    await keep("secret")


async def test_what_is_before_all_that_is_stored_is_found_to_be_nothing(play: Play) -> None:  # B16
    await play.news(Arrived("r", (line("a", TURN), line("b", TURN + 1))))
    play.session.open_room("r")
    older = asyncio.ensure_future(play.session.load_older("r", 10))
    await until_asked(play, lambda question: (question.before, question.event_id) == (TURN, "$a"))
    await page(play, more=False)
    assert await older is False
    assert play.session.at_start("r")


async def test_a_newest_page_that_was_slower_than_the_stream(play: Play) -> None:  # B11
    play.session.open_room("r")
    question = asked(play)
    assert question.before == question.after == 0
    await play.news(Arrived("r", (line("c", TURN),)))
    slow = tuple(line(name, 2 * TURN + index) for index, name in enumerate("abcd"))
    await play.news(HistoryGiven(question.request, "r", slow, True, "t0"))
    await play.session.load_older("r", 10)
    assert lines(play) == ["a", "b", "c", "d"]
    assert gaps(play) == [Gap("r", 0, TURN - 2, "t0")]
