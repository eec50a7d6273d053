"""Draw one message as the lines of a block: separators, sender, body, marks, reactions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote

from rich.segment import Segment
from rich.style import Style

from chat_tui.strings import N_, _, n_
from chat_tui.widgets.blocks import BELOW, Block, Line, Spot
from chat_tui.widgets.inline_markup import CODE_BLOCK, LINK, QUOTE_MARK, Body, Run
from chat_tui.widgets.message_around import Around, Edge, Target
from chat_tui.widgets.message_look import Columns, Look, clock_of, columns_for, day_of, day_text
from chat_tui.widgets.message_row import MessageRow, folded_text, name_of, read_body, says_something
from chat_tui.widgets.seen_by import said_of_readers
from chat_tui.widgets.text_layout import cells, clean_line, fit, wrap

if TYPE_CHECKING:
    from chat_tui.widgets.file_lines import FileCard

__all__ = ["MARKS", "Around", "Edge", "MessageRow", "Target", "message_block"]

GROUP_MS = 5 * 60_000
"""Messages of one sender within this time of each other share one header."""
MAX_REACTIONS = 40
URL_CHARACTERS = "%/:?#[]@!$&'()*+,;=~"
"""What stands for itself in an address; OSC 8 wants everything else encoded."""

MARKS: dict[str, str] = {
    "pending": "…",
    "scheduled": "◷",
    "sent": "✓",
    "confirmed": "✓✓",
    "failed": "✗",
    "cancelled": "⊘",
    "checking": "…?",
}
"""What became of one's own message, in at most two cells; never told by colour alone."""
CHANGES: dict[str, str] = {
    "joined": "→",
    "left": "←",
    "invited": "+",
    "kicked": "←",
    "banned": "⊘",
    "renamed": "~",
}
EDGES: dict[str, str] = {
    "loading": N_("loading older…"),
    "failed": N_("older messages are not loaded, scroll up to try again"),
    "start": N_("— beginning of the room —"),
}

# Keys of the lines above a body; see blocks.Line.
KEY_EDGE, KEY_SPACE, KEY_DAY, KEY_UNREAD, KEY_SENDER, KEY_REPLY = range(-6, 0)
KEY_MORE, KEY_EDITED, KEY_FILE, KEY_ERROR, KEY_NOTE, KEY_REACTIONS, KEY_ANSWERS = (
    BELOW + 1_000 * step for step in range(7)
)


def message_block(row: MessageRow, around: Around, width: int, look: Look) -> Block:
    """Lay a message out on `width` cells; `look` holds the styles, those of the cursor when it is `around`."""
    page = _Page(row, around, columns_for(width), width, look)
    page.above()
    if row.kind == "gap":
        page.centred(_("⋯ not loaded, Enter loads ⋯"), 0, "system", Target("gap"))
        return Block(page.lines, "", look.base)
    if row.kind in {"membership", "topic"}:
        page.system()
    elif row.folded:
        page.folded()
    else:
        page.body()
        page.below()
    return Block(page.lines, page.text, look.base)


def _grouped(row: MessageRow, previous: MessageRow | None) -> bool:
    """Tell whether a message stands under its predecessor's header."""
    if previous is None or row.kind == "emote" or not says_something(row) or not says_something(previous):
        return False
    return previous.kind != "emote" and previous.sender == row.sender and 0 <= row.ts - previous.ts < GROUP_MS


class _Page:
    """The lines of one message as they are put together."""

    def __init__(self, row: MessageRow, around: Around, columns: Columns, width: int, look: Look) -> None:
        self.row = row
        self.around = around
        self.columns = columns
        self.width = width
        self.look = look
        self.lines: list[Line] = []
        self.text = ""
        self.clock_due = True  # the time is still to be told, on the first line that has a gutter
        self._styled: tuple[Run, Style] | None = None  # the last run and its style

    # -- one line

    def put(self, key: int, parts: list[tuple[str, Style]], *, gutter: bool = True) -> Line:
        """Add a line of segments, behind the gutter."""
        line = Line(self.gutter(), self.columns.gutter, key) if gutter else Line([], 0, key)
        for text, style in parts:
            line.cells += _add(line, text, style)
        if key >= BELOW:
            line.start = line.end = len(self.text)
        self.lines.append(line)
        return line

    def gutter(self) -> list[Segment]:
        """Give the cells left of a line: the cursor's bar, and the time once."""
        look, width, clock, style = self.look, self.columns.gutter, "", self.look.base
        if self.clock_due and self.columns.wide:
            self.clock_due = False
            clock, style = self.clock(), look["time"]
        if self.around.cursor:
            return [Segment("▎", look["cursor-bar"]), Segment(clock.ljust(width - 1), style)]
        return [Segment(f" {clock}".ljust(width), style)]

    def clock(self) -> str:
        """Give the time that belongs before this message: none when its predecessor's group has just told it."""
        row, previous = self.row, self.around.previous
        clock = clock_of(row.ts, self.look.zone)
        follows = previous is not None and (
            _grouped(row, previous) or not (says_something(row) or says_something(previous))
        )
        if follows and previous is not None and clock_of(previous.ts, self.look.zone) == clock:
            return ""
        return clock

    def centred(self, text: str, key: int, part: str, target: Target | None = None) -> None:
        """Add a line in the middle of the width, between thin rules unless it is a hint."""
        style, rule = self.look[part], self.look["rule" if part == "day" else part]
        text = fit(text, max(1, self.width - 4))
        size = cells(text)
        left = max(0, (self.width - size - 2) // 2)
        right = max(0, self.width - size - 2 - left)
        fill = "─" if part in {"day", "unread"} else " "
        line = self.put(
            key,
            [(fill * left, rule), (f" {text} ", style), (fill * (right - 1) if right else "", rule)],
            gutter=False,
        )
        if target is not None:
            line.spots = (Spot(0, self.width, target),)

    # -- above the body

    def above(self) -> None:
        """Add what stands before a message: where history begins, the day, what is new, air, the sender, a quote."""
        row, around, look = self.row, self.around, self.look
        plain = look.plain  # the cursor does not mark these
        self.look = plain
        if around.edge:
            self.centred(_(EDGES[around.edge]), KEY_EDGE, "system")
        day = day_of(row.ts, look.zone)
        previous = around.previous
        new_day = previous is None or day_of(previous.ts, look.zone) != day
        grouped = _grouped(row, previous) and not new_day and not around.unread
        if look.spacious and previous is not None and (new_day or not (grouped or around.unread)):
            self.air(previous, always=new_day)
        if new_day:
            self.centred(day_text(day), KEY_DAY, "day")
        if around.unread:
            self.centred(_("new"), KEY_UNREAD, "unread")
        self.look = look
        if says_something(row) and row.kind != "emote" and not grouped:
            self.sender()
        if row.reply_to is not None and says_something(row):
            self.quote(*row.reply_to)

    def air(self, previous: MessageRow, *, always: bool) -> None:
        """Add a blank line: between people and between days, not between notes of the system."""
        if always or says_something(self.row) or says_something(previous):
            blank = " " * self.width if self.around.cursor else ""  # the rest of a line has the cursor's ground
            self.put(KEY_SPACE, [(blank, self.look.base)], gutter=False)

    def sender(self) -> None:
        """Add the line with the sender's name."""
        after = "  bot" if self.row.kind == "notice" else ""
        if not self.columns.wide:
            self.clock_due = False
            after = f"  {clock_of(self.row.ts, self.look.zone)}"
        name = fit(self.name(), max(1, self.columns.body - cells(after)))
        self.put(KEY_SENDER, [(name, self.look.name(self.row.sender)), (after, self.look["time"])])

    def name(self) -> str:
        """Give the sender's name, the id when there is none."""
        return name_of(self.row.sender_name, self.row.sender)

    def quote(self, name: str, excerpt: str) -> None:
        """Add the line with what this message answers."""
        shown = fit(f"{clean_line(name)}: {clean_line(excerpt)}", self.columns.body - 2)
        line = self.put(KEY_REPLY, [("┃ ", self.look["rule"]), (shown, self.look["quote"])])
        line.spots = (Spot(self.columns.gutter, line.cells, Target("reply")),)

    # -- the body

    def system(self) -> None:
        """Add the one line of a membership or topic change."""
        self.text = clean_line(self.row.text)
        symbol = "✎" if self.row.kind == "topic" else CHANGES.get(self.row.change, "·")
        shown = fit(self.text, self.columns.body - 2)
        style = self.look["system"]
        line = self.put(0, [(f"{symbol} ", style), (shown, style)])
        line.end, line.x = len(self.text), self.columns.gutter + 2

    def folded(self) -> None:
        """Add the one line that stands for a message of a thread, and how it stands itself if it is one's own."""
        row, width = self.row, self.columns.body
        self.text = folded_text(row, self.look.me)
        name = fit(self.name(), min(24, width // 2))
        parts = [("↳ ", self.look["time"]), (name, self.look.name(row.sender)), (" ", self.look.base)]
        start = sum(cells(text) for text, _ in parts)
        line = self.put(0, [*parts, (fit(self.text, width - start), self.look.kind("tombstone", ""))])
        line.end, line.x = len(self.text), self.columns.gutter + start
        line.spots = (Spot(self.columns.gutter, line.cells, Target("thread")),)
        self.state()
        self.waiting()

    def body(self) -> None:
        """Add the lines of the text, with the state mark at the end of the last one."""
        body, more = read_body(self.row, self.look.me, expanded=self.around.expanded)
        prefix: list[tuple[str, Style]] = []
        if self.row.kind == "emote":
            prefix = [
                ("* ", self.look["time"]),
                (fit(self.name(), min(24, self.columns.body // 2)) + " ", self.look.name(self.row.sender)),
            ]
        self.text = body.text
        indent = sum(cells(text) for text, _ in prefix)
        runs = iter([*body.painted, Run(len(body.text), len(body.text) + 1, 0)])
        here = [next(runs)]
        for start, end, code in self.wrapped(body, indent):
            while here[-1].end <= start and here[-1].start < len(body.text):
                here.append(next(runs))
            here = here[-1:]
            while here[-1].end < end:
                here.append(next(runs))
            lead = prefix if start == 0 else [(" " * indent, self.look.base)] if indent else []
            self.put_text(start, end, here, [(" ", self.look["code-block"])] if code else lead)
            if code:
                line = self.lines[-1]
                fill = " " * (self.columns.gutter + self.columns.body - line.cells)
                line.cells += _add(line, fill, self.look["code-block"])
        if more:
            line = self.put(KEY_MORE, [(fit(more, self.columns.body), self.look["link"])])
            line.spots = (Spot(self.columns.gutter, line.cells, Target("more")),)
        self.edited()
        self.state()

    def wrapped(self, body: Body, indent: int) -> Iterator[tuple[int, int, bool]]:
        """Wrap the text: (start, end, it is code) of its lines; code blocks have a margin inside their tint."""
        at = 0
        for run in body.runs:
            if run.flags & CODE_BLOCK:
                if run.start > at:
                    yield from self.wrap_part(body.text, at, run.start - 1, self.columns.body - indent)
                for start, end in wrap(body.text[run.start : run.end], self.columns.body - 2):
                    yield run.start + start, run.start + end, True
                at = run.end + 1
        if at < len(body.text) or not at:
            yield from self.wrap_part(body.text, at, len(body.text), self.columns.body - indent)

    def wrap_part(self, text: str, first: int, last: int, width: int) -> Iterator[tuple[int, int, bool]]:
        """Wrap the characters [first, last) of the text, which are not code."""
        for start, end in wrap(text[first:last], width):
            yield first + start, first + end, False

    def put_text(self, start: int, end: int, runs: list[Run], prefix: list[tuple[str, Style]]) -> None:
        """Add the line with the characters [start, end) of the text; `runs` are those that may touch it."""
        plain = self.look.kind(self.row.kind, self.row.state)
        line = self.put(start, prefix)
        line.start, line.end, line.x = start, end, line.cells
        spots: list[Spot] = []
        at, x = start, line.cells
        for run in runs:
            left, right = max(run.start, at), min(run.end, end)
            if right <= left:
                continue
            x += _add(line, self.text[at:left], plain)
            said = "┃" if run.flags & QUOTE_MARK else self.text[left:right]
            size = _add(line, said, self.run_style(plain, run))
            if run.flags & LINK:
                spots.append(Spot(x, x + size, Target("link", run.url)))
            x, at = x + size, right
        x += _add(line, self.text[at:end], plain)
        line.cells, line.spots = x, tuple(spots)

    def run_style(self, plain: Style, run: Run) -> Style:
        """Give the style of a run: on all its lines the same one, so that a terminal knows a wrapped link as one (OSC 8)."""
        if self._styled is None or self._styled[0] is not run:
            style = self.look.run(plain, run)
            if not run.url.isascii():
                style += Style(link=quote(run.url, safe=URL_CHARACTERS))
            self._styled = run, style
        return self._styled[1]

    def edited(self) -> None:
        """Say that the message was edited: behind its last line, or below when there is no room."""
        if not self.row.edited or self.row.kind == "tombstone":
            return
        last, word = self.lines[-1], _("(edited)")
        if last.cells + 1 + len(word) <= self.columns.gutter + self.columns.body:
            last.cells += _add(last, f" {word}", self.look["time"])
        else:
            self.put(KEY_EDITED, [(word, self.look["time"])])

    def state(self) -> None:
        """Put the mark of an own message's state at the end of its last line."""
        mark = MARKS.get(self.row.state, "") if self.row.mine else ""
        if not mark:
            return
        last, part = self.lines[-1], "failed" if self.row.state in {"failed", "cancelled"} else "state"
        seen = said_of_readers(self.row.seen, self.columns.mark - last.cells - 3) if self.row.seen else ""
        last.cells += _add(last, " " * (self.columns.mark - last.cells - cells(seen) - bool(seen)), self.look.base)
        last.cells += _add(last, f"{seen} " if seen else "", self.look["time"])
        if self.row.state == "failed":
            last.spots += (Spot(last.cells, last.cells + cells(mark), Target("failed")),)
        last.cells += _add(last, mark, self.look[part])

    # -- below the body

    def below(self) -> None:
        """Add how its file stands, why a message failed, what it waits for, and what others think of it."""
        row = self.row
        if row.file is not None:
            self.file(row.file)
        self.waiting()
        if row.reactions and row.kind != "tombstone":
            self.reactions()
        if row.answers is not None:
            self.answers(*row.answers)

    def waiting(self) -> None:
        """Add why the message failed, and what it waits for."""
        row, columns = self.row, self.columns
        if row.mine and row.state == "failed":
            reason = f"{MARKS['failed']} {clean_line(_(row.error)) or _('not sent')}"
            for key, (start, end) in enumerate(wrap(reason, columns.body)[:5], KEY_ERROR):
                line = self.put(key, [(reason[start:end], self.look["failed"])])
                line.spots = (Spot(columns.gutter, line.cells, Target("failed")),)
        if row.note is not None and cells(said := fit(clean_line(row.note.text), columns.body)):
            target = Target("undo" if row.note.undo else "waiting")
            line = self.put(KEY_NOTE, [(said, self.look["note"])])
            line.spots = (Spot(columns.gutter, line.cells, target),)

    def answers(self, count: int, last_ts: int) -> None:
        """Add how much was said in the thread that began here, and when the last of it came."""
        zone = self.look.zone
        when = clock_of(last_ts, zone)
        if day_of(last_ts, zone) != day_of(self.row.ts, zone):
            when = f"{day_of(last_ts, zone).isoformat()} {when}"
        said = n_("{count} answer, {when}", "{count} answers, last {when}", count).format(count=count, when=when)
        line = self.put(KEY_ANSWERS, [("↳ ", self.look["time"]), (fit(said, self.columns.body - 2), self.look["link"])])
        line.spots = (Spot(self.columns.gutter, line.cells, Target("thread")),)

    def file(self, card: FileCard) -> None:
        """Add the picture of the file, and how it stands."""
        from chat_tui.widgets.file_lines import file_lines, picture_lines

        at, width = self.columns.gutter, self.columns.body
        above = picture_lines(card, width, self.look)
        for key, part in enumerate([*above, *file_lines(card, width, self.look)], KEY_FILE - len(above)):
            line = self.put(key, list(part.parts))
            line.spots = tuple(Spot(at + left, at + right, Target("file", deed)) for left, right, deed in part.spots)

    def reactions(self) -> None:
        """Add the reactions, as many to a line as there is room for."""
        key, line = KEY_REACTIONS, None
        for reaction, count, mine in self.row.reactions[:MAX_REACTIONS]:
            pill = f" {fit(clean_line(reaction), 20) or '?'} {count} "
            size = cells(pill)
            if line is None or line.cells + 1 + size > self.columns.gutter + self.columns.body:
                line = self.put(key, [])
                key += 1
            else:
                line.cells += _add(line, " ", self.look.base)
            line.spots += (Spot(line.cells, line.cells + size, Target("reaction", reaction)),)
            line.cells += _add(line, pill, self.look["reaction-mine" if mine else "reaction"])


def _add(line: Line, text: str, style: Style) -> int:
    """Add a text to a line; gives its cells, which the caller counts.

    What has the style of what stands before it goes into its segment, which is less to draw and to send to the
    terminal, unless it might join it into one grapheme.
    """
    if not text:
        return 0
    segments = line.segments
    if segments and segments[-1].style is style and text[0].isascii():
        segments[-1] = Segment(segments[-1].text + text, style)
    else:
        segments.append(Segment(text, style))
    return cells(text)
