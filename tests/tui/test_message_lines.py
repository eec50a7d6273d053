"""A message's lines: cell exact and free of control characters whatever it says, grouped, marked and clickable."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.color import Color
from rich.style import Style

from chat_tui.widgets.blocks import Block
from chat_tui.widgets.message_lines import MARKS, Around, MessageRow, Target, message_block
from chat_tui.widgets.message_look import PARTS, Look, columns_for
from chat_tui.widgets.message_row import EXPANDED_LINES, Kind, Note, State, shown_text

BASE = Style(color="#e0e0e0", bgcolor="#121212")
LOOK = Look(
    BASE, {part: BASE + Style(color=Color.from_rgb(9, 9, at)) for at, part in enumerate(PARTS)}, me=("Noa",), zone=UTC
)
NOON = int(datetime(2026, 5, 5, 12, 0, tzinfo=UTC).timestamp() * 1000)
HELLO = MessageRow("$1", "message", "@ada:example.org", "Ada", NOON, "hello")
BEFORE = replace(HELLO, key="$0", ts=NOON - 60_000)
KINDS: tuple[Kind, ...] = ("message", "notice", "emote", "membership", "topic", "tombstone", "unsupported", "gap")
WILD = st.text(
    alphabet=st.one_of(st.sampled_from("ab *_`~\n\t日👨\u200d\ufe0f\u0301❤\x1b\x9b\u202e"), st.characters()),
    max_size=80,
)


def draw(row: MessageRow, around: Around | None = None, width: int = 80, look: Look = LOOK) -> Block:
    return message_block(row, around or Around(previous=BEFORE), width, look)


def texts(block: Block) -> list[str]:
    return ["".join(segment.text for segment in line.segments) for line in block.lines]


def targets(block: Block) -> list[Target]:
    return [spot.target for line in block.lines for spot in line.spots if isinstance(spot.target, Target)]


@example(kind="message", text="", name="0" * 20 + "⺀", other="", state="", width=30, flags=(False,) * 5)
@settings(max_examples=300)
@given(
    kind=st.sampled_from(KINDS),
    text=WILD,
    name=WILD,
    other=WILD,
    state=st.sampled_from(["", *MARKS]),
    width=st.sampled_from([12, 30, 59, 60, 80, 200]),
    flags=st.tuples(*[st.booleans()] * 5),
)
def test_every_line_is_cell_exact_and_harmless(
    kind: Kind,
    text: str,
    name: str,
    other: str,
    state: State,
    width: int,
    flags: tuple[bool, ...],
) -> None:  # E7
    mine, edited, unread, expanded, alone = flags
    row = MessageRow(
        "$1",
        kind,
        name,
        name,
        NOON,
        text,
        mine,
        state,
        other,
        edited,
        (name, other),
        ((other, 2, True), ("👍", 1, False)),
        note=Note(other, undo=mine) if unread else None,
        folded=edited and alone,
        answers=(3, NOON) if expanded else None,
    )
    around = Around(None if alone else BEFORE, "start", unread, cursor=False, expanded=expanded)
    block = draw(row, around, width)
    assert block.lines
    keys = [line.key for line in block.lines]
    assert keys == sorted(set(keys))
    for line, shown in zip(block.lines, texts(block), strict=True):
        assert line.cells == sum(cell_len(segment.text) for segment in line.segments) == cell_len(shown)
        assert line.cells <= width or width < 30
        assert not any(ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 for character in shown)
        assert all(segment.style is not None and segment.style.bgcolor is not None for segment in line.segments)
        for segment in line.segments:
            link = segment.style.link if segment.style else None
            assert link is None or (link.isascii() and link.isprintable() and link.startswith(("http://", "https://")))
        assert block.text[line.start : line.end].isprintable() or "\n" not in block.text[line.start : line.end]
        assert all(0 <= spot.start < spot.end <= max(width, line.cells) for spot in line.spots)
    assert block.text == shown_text(row, LOOK.me, expanded=expanded)


def test_a_quotation_has_a_bar_and_stays_what_it_was() -> None:  # E8
    block = draw(replace(HELLO, text="> bread\nwhy?"))
    assert any(line.rstrip().endswith("┃ bread") for line in texts(block))
    assert block.text == "> bread\nwhy?"


def test_what_is_found_in_code_stays_on_its_ground() -> None:  # E8
    parts = {**LOOK.parts, "code-block": BASE + Style(bgcolor="#333333")}
    look = Look(BASE, parts, zone=UTC)
    block = draw(replace(HELLO, text="```py\nif x: 7 # y\n```"), look=look)
    code = [segment for line in block.lines for segment in line.segments if segment.text in {"if", "7", "# y"}]
    assert [segment.style and segment.style.bgcolor for segment in code] == [parts["code-block"].bgcolor] * 3
    assert len({segment.style and segment.style.color for segment in code}) == 3


def test_what_follows_code_with_wide_letters_is_whole() -> None:  # E8
    block = draw(replace(HELLO, text="```\né\n```\nafter **it**"))
    assert [line.strip() for line in texts(block)][-1] == "after it"


def test_a_spoiler_is_read_only_when_it_is_asked_for() -> None:  # E8
    row = replace(HELLO, text="the end: ||he https://x.example **wins**||")
    hidden, shown = draw(row), draw(row, Around(previous=BEFORE, expanded=True))
    assert hidden.text == "the end: ▒▒ ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒ ▒▒▒▒"
    assert Target("more") in targets(hidden)
    assert not any(target.kind == "link" for target in targets(hidden))
    assert shown.text == "the end: he https://x.example wins"
    assert Target("more") not in targets(shown)


def test_an_answer_in_a_thread_is_one_line_in_the_room() -> None:
    row = replace(HELLO, text="I **do**\nif you like", folded=True, answers=None, mine=True, state="failed", error="no")
    block = draw(row, Around(previous=replace(BEFORE, folded=True)))
    shown = [line.strip() for line in texts(block)]
    assert shown[0].endswith("✗")
    assert "↳ Ada I do if you like" in shown[0]
    assert shown[1] == "✗ no"
    assert Target("thread") in targets(block)
    wide = draw(replace(row, text="word " * 99), width=40)
    assert all(line.cells <= 40 for line in wide.lines)


@pytest.mark.parametrize("text", ["[bold]x[/bold]", "[link=http://x]y[/link]", "\\[red]"])
def test_rich_markup_is_only_text(text: str) -> None:  # E7
    assert draw(replace(HELLO, text=text)).text == text


@pytest.mark.parametrize(
    ("change", "grouped"),
    [
        ({}, True),
        ({"ts": NOON - 61_000 + 5 * 60_000}, True),
        ({"ts": NOON - 60_000 + 5 * 60_000}, False),
        ({"ts": NOON - 61_000}, False),
        ({"sender": "@eve:example.org"}, False),
        ({"kind": "emote"}, False),
        ({"kind": "tombstone"}, True),
    ],
)
def test_grouping(change: dict[str, object], grouped: bool) -> None:
    lines = texts(draw(replace(HELLO, **change)))  # type: ignore[arg-type]
    assert (len(lines) == 1) == grouped
    assert ("" in lines) == (not grouped), "a blank line stands between groups"


def test_no_group_across_midnight_or_the_unread_line() -> None:
    late = replace(HELLO, ts=NOON + 12 * 3_600_000 - 1_000)
    next_day = replace(HELLO, ts=late.ts + 2_000)
    lines = texts(draw(next_day, Around(previous=late)))
    assert "Wednesday, 6 May 2026" in lines[1]
    assert any("Ada" in line for line in lines)
    assert any(" new " in line for line in texts(draw(HELLO, Around(previous=BEFORE, unread=True))))
    assert any("Ada" in line for line in texts(draw(HELLO, Around(previous=BEFORE, unread=True))))


def test_the_time_is_told_once_a_minute() -> None:
    assert texts(draw(HELLO))[0].startswith(" 12:00  hello")
    same_minute = replace(HELLO, ts=NOON + 30_000)
    assert texts(draw(same_minute, Around(previous=HELLO)))[0].startswith("        hello")


def test_times_are_local_to_the_given_zone() -> None:
    look = replace(LOOK, zone=timezone(timedelta(hours=14)))
    lines = texts(draw(HELLO, Around(), 80, look))
    assert "Wednesday, 6 May 2026" in lines[0]
    assert lines[1].startswith(" 02:00  Ada")


@pytest.mark.parametrize("ts", [-(10**18), 0, 10**18])
def test_absurd_times_do_no_harm(ts: int) -> None:  # E7
    assert texts(draw(replace(HELLO, ts=ts), Around()))


def test_a_narrow_timeline_has_no_gutter() -> None:
    lines = texts(draw(HELLO, Around(), 40))
    assert lines[1:] == ["  Ada  12:00", "  hello"]
    assert columns_for(59).gutter < columns_for(60).gutter


@pytest.mark.parametrize(("state", "mark"), MARKS.items())
def test_marks_stand_in_a_fixed_column(state: State, mark: str) -> None:  # E2
    column = columns_for(80).mark
    for text in ("hi", "x" * 200, "日本語 " * 40):
        lines = texts(draw(replace(HELLO, text=text, mine=True, state=state)))
        marked = [line for line in lines if line.endswith(mark) and cell_len(line) == column + cell_len(mark)]
        assert len(marked) == 1
    assert cell_len(mark) <= 2
    assert mark not in "".join(texts(draw(replace(HELLO, mine=False, state=state))))


def test_a_failure_says_why() -> None:
    block = draw(replace(HELLO, mine=True, state="failed", error="not allowed\x1b[0m here"))
    assert texts(block)[-1].strip() == "✗ not allowed\ufffd[0m here"
    assert targets(block) == [Target("failed"), Target("failed")]


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        (replace(HELLO, kind="membership", text="Linus joined", change="joined"), "→ Linus joined"),
        (replace(HELLO, kind="membership", text="Linus left", change="left"), "← Linus left"),
        (replace(HELLO, kind="topic", text="topic:\nnew"), "✎ topic: new"),
        (replace(HELLO, kind="gap", text=""), "⋯ not loaded, Enter loads ⋯"),
        (replace(HELLO, kind="tombstone", text=""), "message deleted"),
        (replace(HELLO, kind="tombstone", text="spam"), "message deleted: spam"),
        (replace(HELLO, kind="emote", text="waves"), "* Ada waves"),
        (replace(HELLO, kind="unsupported", text="a call"), "a call"),
        (replace(HELLO, edited=True), "hello (edited)"),
        (replace(HELLO, sender_name="", text="x", sender="@eve:example.org"), "@eve:example.org"),
        (replace(HELLO, reply_to=("Eve", "a\nb")), "┃ Eve: a b"),
        (replace(HELLO, reactions=(("👍", 3, True), ("🎉", 1, False))), "👍 3   🎉 1"),
    ],
)
def test_what_is_shown(row: MessageRow, shown: str) -> None:
    lines = [line.strip().removeprefix("12:00  ") for line in texts(draw(row))]
    assert shown in lines


@pytest.mark.parametrize(("edge", "shown"), [("loading", "loading older…"), ("start", "— beginning of the room —")])
def test_edges_of_history(edge: str, shown: str) -> None:  # A17
    assert texts(draw(HELLO, Around(edge=edge)))[0].strip() == shown  # type: ignore[arg-type]


def test_links_and_reactions_can_be_hit_where_they_are_drawn() -> None:
    row = replace(HELLO, text="日本 see https://example.org/a_(b).", reactions=(("👍", 3, True),))
    block = draw(row)
    assert targets(block) == [Target("link", "https://example.org/a_(b)"), Target("reaction", "👍")]
    link = block.lines[0].spots[0]
    assert (link.start, link.end) == (8 + 9, 8 + 9 + len("https://example.org/a_(b)"))


def test_what_it_waits_for_stands_below_and_can_be_hit() -> None:
    row = replace(HELLO, mine=True, state="scheduled", note=Note("goes today at 18:30, in 2 h"))
    block = draw(row, Around())
    assert [text.strip() for text in texts(block)][-2:] == ["hello" + " " * 64 + "◷", "goes today at 18:30, in 2 h"]
    assert targets(block) == [Target("waiting")]
    assert targets(draw(replace(row, note=Note("sends in 4 s", undo=True)))) == [Target("undo")]


def test_markup_is_drawn_and_copied_without_its_characters() -> None:
    block = draw(replace(HELLO, text="**b** _i_ ~s~ `c` Noa"))
    assert block.text == "b i s c Noa"
    styles = {segment.text: segment.style for segment in block.lines[0].segments}
    assert (styles["b"] or BASE).bold
    assert (styles["i"] or BASE).italic
    assert (styles["s"] or BASE).strike
    assert (styles["Noa"] or BASE).color == LOOK["mention"].color


def test_code_blocks_are_tinted_to_the_right_edge() -> None:
    block = draw(replace(HELLO, text="see\n```py\nif x:\n    y = *1*\n```\ndone"))
    assert block.text == "see\nif x:\n    y = *1*\ndone"
    lines = texts(block)
    assert [line[8:].rstrip() for line in lines] == ["see", " if x:", "     y = *1*", "done"]
    columns = columns_for(80)
    assert [line.cells == columns.gutter + columns.body for line in block.lines] == [False, True, True, False]


def test_long_messages_are_collapsed_until_asked_for() -> None:  # E7
    row = replace(HELLO, text="x" * 100_000)
    block = draw(row)
    assert len(block.lines) < 60
    assert targets(block) == [Target("more")]
    assert "98 KB more" in texts(block)[-1]
    opened = draw(row, Around(previous=BEFORE, expanded=True))
    assert opened.text == row.text
    lines = replace(HELLO, text="a\n" * 500)
    assert len(draw(lines).lines) < 40
    huge = draw(replace(HELLO, text="\n" * 3_000_000), Around(previous=BEFORE, expanded=True))
    assert len(huge.lines) <= EXPANDED_LINES + 10


def test_the_cursor_is_more_than_a_colour() -> None:
    look = LOOK.under_cursor()
    block = message_block(HELLO, Around(cursor=True), 80, look)
    assert [text.startswith("▎") for text in texts(block)] == [False, True, True]
    assert block.fill == look.base


def test_a_block_names_its_lines_through_wrapping() -> None:  # E5
    row = replace(HELLO, text="one two three four five six seven eight nine ten " * 5)
    wide, narrow = draw(row, Around(), 100), draw(row, Around(), 30)
    for line in wide.lines:
        at = narrow.line_of(line.key)
        assert at is not None
        assert narrow.lines[at].holds(line.key)
