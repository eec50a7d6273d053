"""The timeline asks in time, keeps the place in every room, tells what was on screen and what was hit."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot
from textual.screen import Screen

from chat_tui.widgets.line_view import LineScreen
from chat_tui.widgets.message_lines import MessageRow, Target
from chat_tui.widgets.message_look import PARTS
from chat_tui.widgets.timeline import Timeline

START = 1_777_968_000_000
TEXTS = ("hello", "a longer one " * 12, "日本語テスト " * 9, "see https://example.org/x", "line\nline\n`code`", "👍")


class Room:
    """A room's messages at logical positions."""

    def __init__(self, name: str, size: int) -> None:
        self.name = name
        self.lo = 0
        self.made = 0
        self.rows = self.more(size)

    @property
    def hi(self) -> int:
        return self.lo + len(self.rows)

    def more(self, count: int, ts: int = START) -> list[MessageRow]:
        self.made += count
        rows = []
        for number in range(self.made - count, self.made):
            chance = random.Random(number)
            sender = f"@{chance.choice('abc')}:example.org"
            key = f"{self.name}{number}"
            rows.append(
                MessageRow(key, "message", sender, sender[1:2].upper(), ts + number * 20_000, chance.choice(TEXTS))
            )
        return rows

    def older(self, count: int) -> None:
        rows = self.more(count)
        first = self.rows[0].ts if self.rows else START
        self.rows[:0] = [replace(row, ts=first - (count - at) * 20_000) for at, row in enumerate(rows)]
        self.lo -= count

    def row(self, position: int) -> MessageRow:
        if not self.lo <= position < self.hi:
            raise IndexError(position)
        return self.rows[position - self.lo]

    def position_of(self, key: str) -> int | None:
        return next((self.lo + at for at, row in enumerate(self.rows) if row.key == key), None)


class RoomApp(App[None]):
    """A timeline that fills the screen, and what it says."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self.room = room
        self.timeline = Timeline(room, room.lo, room.hi, me=("noa",), zone=UTC)
        self.older_asked = 0
        self.follows: list[tuple[bool, int]] = []
        self.hits: list[tuple[str, Target]] = []

    def get_default_screen(self) -> Screen[None]:
        return LineScreen()

    def compose(self) -> ComposeResult:
        yield self.timeline

    def on_timeline_need_older(self, message: Timeline.NeedOlder) -> None:
        assert message.control is self.timeline
        self.older_asked += 1

    def on_timeline_follow_changed(self, message: Timeline.FollowChanged) -> None:
        assert message.control is self.timeline
        self.follows.append((message.following, message.new_below))

    def on_timeline_hit(self, message: Timeline.Hit) -> None:
        assert message.control is self.timeline
        self.hits.append((message.key, message.payload))


async def until(pilot: Pilot[None], holds: Callable[[], bool]) -> None:
    """Wait until something is the case."""
    for _ in range(2_000):
        if holds():
            return
        await pilot.pause(0.01)
    raise AssertionError("that never came")


def frame(timeline: Timeline) -> list[str]:
    return [strip.text for strip in timeline.current_frame()]


def body_lines(timeline: Timeline) -> list[tuple[str, int, int]]:
    """Give the rows that show a message's own text: (key, index of its first character, row)."""
    timeline.layout_rows()
    found = []
    for y, (at, line) in enumerate(timeline.viewport.rows):
        drawn = timeline._block(at).lines[line]
        if drawn.end > drawn.start:
            found.append((timeline.messages.source.row(at).key, drawn.key, y))
    return found


async def test_it_follows_until_the_reader_scrolls_up() -> None:  # E5
    room = Room("a", 300)
    app = RoomApp(room)
    async with app.run_test(size=(80, 24)) as pilot:
        timeline = app.timeline
        await pilot.pause()
        assert timeline.following
        timeline.move(-100)
        await pilot.pause()
        before = frame(timeline)
        for _ in range(3):
            room.rows += room.more(2)
            timeline.appended(2)
        await pilot.pause()
        assert frame(timeline) == before
        assert app.follows == [(False, 0), (False, 6)]
        timeline.to_end()
        await pilot.pause()
        assert app.follows[-1] == (True, 0)
        assert timeline.last_visible_pos() == room.hi - 1


async def test_new_messages_that_scroll_into_view_are_no_longer_below() -> None:  # E6
    room = Room("a", 300)
    app = RoomApp(room)
    async with app.run_test(size=(80, 24)) as pilot:
        timeline = app.timeline
        await pilot.pause()
        timeline.move(-60)
        await pilot.pause()
        room.rows += room.more(30)
        timeline.appended(30)
        await pilot.pause()
        assert app.follows[-1] == (False, 30)
        timeline.to_item(room.hi - 20)
        await pilot.pause()
        left = app.follows[-1][1]
        assert 0 < left < 20
        timeline.move(-30)
        await pilot.pause()
        assert app.follows[-1] == (False, left), "what was seen stays seen"


async def test_older_messages_are_asked_for_once_and_move_nothing(monkeypatch: pytest.MonkeyPatch) -> None:  # A17 E5
    monkeypatch.setattr("chat_tui.widgets.timeline.AWAITED_SECONDS", 0.001)
    room = Room("a", 200)
    app = RoomApp(room)
    async with app.run_test(size=(80, 24)) as pilot:
        timeline = app.timeline
        await pilot.pause()
        assert app.older_asked == 0
        timeline.to_start()
        for _ in range(3):
            timeline.move(1)
            await pilot.pause()
        timeline.to_start()
        await until(pilot, lambda: app.older_asked > 0 and "loading older…" in frame(timeline)[0])
        assert app.older_asked == 1
        before = body_lines(timeline)
        room.older(50)
        timeline.prepended(50)
        assert body_lines(timeline)[-len(before) :][-1] == before[-1]
        after = body_lines(timeline)
        assert [line for line in after if line in before] == before
        await pilot.pause()
        assert app.older_asked == 1
        timeline.to_start()
        await until(pilot, lambda: app.older_asked == 2)


async def test_what_comes_at_once_is_not_said_to_be_loaded() -> None:  # E5
    room = Room("a", 30)
    app = RoomApp(room)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.timeline.to_start()
        await pilot.pause()
        assert app.timeline.loads_older
        assert "loading" not in frame(app.timeline)[0]


@pytest.mark.parametrize("outcome", ["done", "failed"])
async def test_how_history_ends(outcome: str, monkeypatch: pytest.MonkeyPatch) -> None:  # A17
    monkeypatch.setattr("chat_tui.widgets.timeline.AWAITED_SECONDS", 0.001)
    app = RoomApp(Room("a", 5))
    async with app.run_test(size=(80, 30)) as pilot:
        timeline = app.timeline
        await until(pilot, lambda: app.older_asked == 1)
        if outcome == "done":
            timeline.older_done()
        else:
            timeline.older_failed()
        await pilot.pause()
        timeline.move(-1)
        asked, word = (1, "beginning") if outcome == "done" else (2, "loading older…")
        await until(pilot, lambda: app.older_asked >= asked and word in "".join(frame(timeline)))
        assert app.older_asked == asked
        shown = "— beginning of the room —" if outcome == "done" else "loading older…"
        assert sum(shown in line for line in frame(timeline)) == 1


async def test_an_empty_room_asks_and_stands() -> None:
    app = RoomApp(Room("a", 0))
    async with app.run_test(size=(80, 24)) as pilot:
        timeline = app.timeline
        await until(pilot, lambda: app.older_asked == 1)
        assert timeline.visible_keys() == ()
        assert timeline.last_visible_pos() is None
        assert timeline.bookmark() is None
        timeline.move_cursor(-1)
        timeline.move(-3)
        timeline.to_end()
        app.room.older(30)
        timeline.prepended(30)
        await pilot.pause()
        assert timeline.last_visible_pos() == -1


async def test_switching_rooms_comes_back_to_the_same_line() -> None:  # E5
    one, two = Room("a", 300), Room("b", 40)
    app = RoomApp(one)
    async with app.run_test(size=(80, 24)) as pilot:
        timeline = app.timeline
        await pilot.pause()
        timeline.move(-203)
        await pilot.pause()
        before, bookmark = frame(timeline), timeline.bookmark()
        timeline.set_source(two, two.lo, two.hi, older_done=True)
        await pilot.pause()
        assert timeline.following
        assert all(key.startswith("b") for key in timeline.visible_keys())
        one.older(20)
        one.rows += one.more(10)
        timeline.set_source(one, one.lo, one.hi, bookmark=bookmark)
        await pilot.pause()
        assert frame(timeline) == before
        timeline.to_end()
        end = timeline.bookmark()
        timeline.set_source(two, two.lo, two.hi)
        timeline.set_source(one, one.lo, one.hi, bookmark=end)
        assert timeline.following
        one.rows.clear()
        timeline.set_source(one, 0, 0, bookmark=bookmark)
        await pilot.pause()
        assert not "".join(frame(timeline)).strip()


async def test_edits_late_messages_and_marks_move_nothing_above_them() -> None:  # B11 E2
    room = Room("a", 300)
    app = RoomApp(room)
    async with app.run_test(size=(80, 24)) as pilot:
        timeline = app.timeline
        await pilot.pause()
        timeline.move(-150)
        await pilot.pause()
        top = body_lines(timeline)[0]
        above = timeline.viewport.rows[0][0] - 5
        room.rows[above] = replace(room.rows[above], text="now much longer " * 50, edited=True)
        timeline.changed(above)
        room.rows[above:above] = room.more(3)
        timeline.spliced(above, 0, 3)
        timeline.set_unread_after(above - 1)
        shown = timeline.viewport.rows[-1][0]
        room.rows[shown] = replace(room.rows[shown], reactions=(("👍", 1, True),))
        timeline.changed(shown)
        await pilot.pause()
        assert body_lines(timeline)[0] == top


async def test_a_pending_message_is_confirmed_in_place() -> None:  # E2
    room = Room("a", 30)
    mine = replace(room.rows[-1], key="action:1", text="mine", mine=True, state="pending")
    room.rows.append(mine)
    app = RoomApp(room)
    async with app.run_test(size=(80, 24)) as pilot:
        timeline = app.timeline
        await pilot.pause()
        before = frame(timeline)
        assert before[-1].rstrip().endswith("…")
        room.rows[-1] = replace(mine, state="confirmed")
        timeline.changed(room.hi - 1)
        await pilot.pause()
        after = frame(timeline)
        assert after[-1].rstrip().endswith("✓✓")
        assert after[:-1] == before[:-1]


async def test_only_what_was_on_screen_counts_as_seen() -> None:  # E6
    room = Room("a", 100)
    room.rows[-1] = replace(room.rows[-1], text="tall\n" * 70, sender="@z:example.org")
    app = RoomApp(room)
    async with app.run_test(size=(80, 24)) as pilot:
        timeline = app.timeline
        await pilot.pause()
        assert timeline.last_visible_pos() == 99
        timeline.move(-10)
        assert timeline.last_visible_pos() is None, "its end is not on screen, nor is another message"
        timeline.to_item(97)
        assert timeline.last_visible_pos() == 98
        assert timeline.visible_keys()[-1] == "a99"
        timeline.display = False
        await pilot.pause()
        assert timeline.last_visible_pos() in {None, 98}


async def test_the_unread_line_moves_with_its_message() -> None:  # E6
    room = Room("a", 60)
    app = RoomApp(room)
    async with app.run_test(size=(80, 40)) as pilot:
        timeline = app.timeline
        timeline.set_unread_after(57)
        await pilot.pause()

        def below() -> str:
            lines = frame(timeline)
            at = next(y for y, line in enumerate(lines) if "─ new ─" in line)
            position, _ = timeline.viewport.rows[at + 1 - (len(lines) - len(timeline.viewport.rows))]
            return timeline.messages.source.row(position).key

        assert below() == "a58"
        room.rows[10:11] = room.more(3)
        timeline.spliced(10, 1, 3)
        await pilot.pause()
        assert below() == "a58"
        timeline.set_unread_after(None)
        await pilot.pause()
        assert not any("─ new ─" in line for line in frame(timeline))


async def test_the_cursor_enters_walks_and_leaves() -> None:
    room = Room("a", 100)
    app = RoomApp(room)
    async with app.run_test(size=(80, 24)) as pilot:
        timeline = app.timeline
        await pilot.pause()
        timeline.move_cursor(1)
        assert timeline.cursor_key() is None
        timeline.move_cursor(-1)
        assert timeline.cursor == 99
        for _ in range(30):
            timeline.move_cursor(-1)
            assert timeline.cursor_key() in timeline.visible_keys()
        assert timeline.cursor == 69
        await pilot.pause()
        assert any(line.startswith("▎") for line in frame(timeline))
        timeline.move_cursor(-1000)
        assert timeline.cursor == 0
        timeline.move_cursor(1000)
        await pilot.pause()
        assert timeline.cursor_key() is None
        assert timeline.following


async def test_clicks_are_told_with_key_and_payload() -> None:
    room = Room("a", 0)
    row = MessageRow(
        "$1", "message", "@a:example.org", "A", START, "see https://example.org/x", reactions=(("👍", 2, True),)
    )
    room.rows = [row, replace(row, key="$2", text="y" * 9_000, reactions=())]
    app = RoomApp(room)
    async with app.run_test(size=(80, 60)) as pilot:
        timeline = app.timeline
        timeline.set_source(room, 0, 2, older_done=True)
        await pilot.pause()
        lines = frame(timeline)
        link = next(y for y, line in enumerate(lines) if "https:" in line)
        await pilot.click(timeline, offset=(15, link))
        await pilot.click(timeline, offset=(10, link + 1))
        assert app.hits == [("$1", Target("link", "https://example.org/x")), ("$1", Target("reaction", "👍"))]
        assert timeline.targets(0) == tuple(target for _, target in app.hits)
        more = next(y for y, line in enumerate(lines) if "KB more" in line)
        await pilot.click(timeline, offset=(10, more))
        await pilot.pause()
        assert len(app.hits) == 2
        assert timeline.messages.text(1) == "y" * 9_000
        timeline.toggle_expanded(1)
        assert len(timeline.messages.text(1)) < 9_000
        assert timeline.targets(5) == ()


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "ansi-dark", "ansi-light", "nord"])
async def test_every_theme_has_styles_for_all_parts(theme: str) -> None:
    app = RoomApp(Room("a", 50))
    async with app.run_test(size=(80, 24)) as pilot:
        app.theme = theme
        await pilot.pause()
        plain, cursor = app.timeline.looks()
        assert set(plain.parts) == set(PARTS)
        assert plain.dark == app.current_theme.dark
        assert plain.ansi or plain.base.bgcolor != cursor.base.bgcolor
        assert all(style.bgcolor is not None and style.color is not None for style in plain.parts.values())


@pytest.mark.parametrize("width", [20, 40, 59, 60, 80, 160])
async def test_hostile_rooms_keep_the_screen_whole(width: int) -> None:  # E7
    room = Room("a", 0)
    row = MessageRow("$", "message", "\x1b[2J", "\x1b]0;x\x07", START, "")
    hostile = (
        "\x1b[2J\x1b[H",
        "\u202eabc",
        "e" + "\u0301" * 3000,
        "x" * 100_000,
        "日" * 50_000,
        "\n" * 50_000,
        "\ud800",
        "\x9b5n\x00",
    )
    room.rows = [replace(row, key=f"${at}", text=text, reply_to=(text, text)) for at, text in enumerate(hostile)]
    app = RoomApp(room)
    async with app.run_test(size=(width, 24)) as pilot:
        timeline = app.timeline
        timeline.set_source(room, 0, len(hostile), older_done=True)
        timeline.to_start()
        await pilot.pause()
        for _ in range(40):
            strips = timeline.current_frame()
            assert {strip.cell_length for strip in strips} == {timeline._width}
            assert {cell_len(strip.text) for strip in strips} == {timeline._width}
            assert all(strip.text.isprintable() or "\u200c" in strip.text for strip in strips)
            timeline.action_page_down()
        await pilot.pause()


async def test_messages_name_their_timeline() -> None:
    timeline = Timeline()
    messages: list[Message] = [
        Timeline.NeedOlder(timeline),
        Timeline.FollowChanged(timeline, following=True, new_below=0),
        Timeline.Hit(timeline, "$1", Target("gap")),
    ]
    assert all(message.control is timeline for message in messages)
    with pytest.raises(IndexError):
        timeline.messages.source.row(0)
    assert timeline.messages.source.position_of("$1") is None
