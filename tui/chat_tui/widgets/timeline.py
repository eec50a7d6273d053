"""The timeline of a room: messages as blocks of lines, the reader's place, what is asked of the app."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import tzinfo
from typing import ClassVar

from textual.message import Message

from chat_tui.themes import OWN, PEOPLE
from chat_tui.widgets.line_view import LineView
from chat_tui.widgets.message_blocks import EDGES, WHOLE, Bookmark, EmptySource, MessageBlocks, Older, TimelineSource
from chat_tui.widgets.message_lines import Target
from chat_tui.widgets.message_look import PAINTS, Look

__all__ = ["Bookmark", "Timeline", "TimelineSource"]

PREFETCH_SCREENS = 2
"""Older messages are asked for when the top is this near to the first one that is loaded."""
PAINTED_SECONDS = 0.015
"""After which what moved is painted: only then is more asked for, so that loading never holds up a frame."""
AWAITED_SECONDS = 0.2
"""Only when they take longer than this is it said that they are loaded: stored ones come in a few milliseconds."""


class Timeline(LineView, inherit_bindings=False):
    """The messages of one room at a time; it follows the newest one until the reader scrolls up.

    It draws and asks; it never fetches, sends or marks anything read. After `NeedOlder` the app answers with
    `prepended`, `older_done` or `older_failed`.
    """

    STICKS: ClassVar[bool] = True
    DEFAULT_CSS = """
    Timeline {
        scrollbar-color: $foreground 25%; scrollbar-background: $background;
        scrollbar-color-hover: $foreground 40%; scrollbar-background-hover: $background;
        scrollbar-color-active: $accent; scrollbar-background-active: $background;
        &:ansi { scrollbar-color: ansi_bright_black; scrollbar-background: ansi_default; }
    }
    """

    class NeedOlder(Message):
        """The reader comes near the oldest message that is loaded; said once until it is answered."""

        def __init__(self, timeline: Timeline) -> None:
            super().__init__()
            self.timeline = timeline

        @property
        def control(self) -> Timeline:
            """The timeline, for `@on` selectors."""
            return self.timeline

    class NeedNewer(Message):
        """The reader comes near the newest message that is loaded, which is not the room's newest."""

    class StartWanted(Message):
        """The reader wants the room's oldest message, which is perhaps not loaded."""

    class EndWanted(Message):
        """The reader wants the room's newest message, which is not loaded."""

    class FollowChanged(Message):
        """The timeline follows the newest message or stopped to; how many new ones are below the screen."""

        def __init__(self, timeline: Timeline, following: bool, new_below: int) -> None:
            super().__init__()
            self.timeline = timeline
            self.following = following
            self.new_below = new_below

        @property
        def control(self) -> Timeline:
            """The timeline, for `@on` selectors."""
            return self.timeline

    class Hit(Message):
        """A part of a message was clicked."""

        def __init__(self, timeline: Timeline, key: str, payload: Target) -> None:
            super().__init__()
            self.timeline = timeline
            self.key = key
            self.payload = payload

        @property
        def control(self) -> Timeline:
            """The timeline, for `@on` selectors."""
            return self.timeline

    def __init__(
        self,
        source: TimelineSource | None = None,
        lo: int = 0,
        hi: int = 0,
        *,
        me: Collection[str] = (),
        zone: tzinfo | None = None,
        spacious: bool = True,
        id: str | None = None,  # noqa: A002
    ) -> None:
        """Show `source`; `me` are names that count as a mention, `zone` tells local time (the computer's if None)."""
        self._looks: tuple[Look, Look] | None = None
        self.messages = MessageBlocks(source or EmptySource(), lo, hi, self.looks)
        super().__init__(self.messages, lo, hi, id=id)
        self._me = tuple(me)
        self._zone = zone
        self._spacious = spacious
        self._new_from = hi  # the first position that came after the reader left the end
        self._told = (True, 0)
        self._detached, self._asked_newer, self._beyond = False, False, 0
        if source is None:
            self.messages.older = "none"

    # -- which messages

    def set_source(
        self,
        source: TimelineSource,
        lo: int,
        hi: int,
        *,
        bookmark: Bookmark | None = None,
        unread_after: int | None = None,
        older_done: bool = False,
        detached: bool = False,
        whole: bool = False,
        me: Collection[str] | None = None,
    ) -> None:
        """Show another room, at the newest message or where `bookmark` says the reader was.

        `whole`: all that there is of it is loaded, as of a thread, and its first message needs no word.
        """
        if me is not None and tuple(me) != self._me:
            self._me, self._looks = tuple(me), None
        self.messages = self.source = MessageBlocks(source, lo, hi, self.looks)
        self.messages.unread_after = unread_after
        self.messages.edges = WHOLE if whole else EDGES
        self.messages.older = "none" if older_done else "more"
        self._set_detached(detached)
        self._beyond = 0
        self.reset(lo, hi)
        self._new_from = hi
        place = None if bookmark is None or bookmark.following else source.position_of(bookmark.key)
        if bookmark is not None and place is not None and lo <= place < hi:
            self.viewport.restore(place, bookmark.line)

    def bookmark(self) -> Bookmark | None:
        """Give the reader's place, to come back to it later; None while nothing is shown."""
        if not self.layout_rows() or not self.viewport.rows:
            return None
        position, line = self.viewport.rows[0]
        key = self.messages.source.row(position).key
        return Bookmark(key, self._block(position).line_at(line).key, self.viewport.follow)

    def appended(self, count: int = 1) -> None:
        """Take `count` new messages at the end; paints nothing while the reader is further up."""
        if self.viewport.follow:
            self._new_from = self.messages.hi
        self.messages.hi += count
        super().appended(count)

    def prepended(self, count: int) -> None:
        """Take `count` older messages, the answer to `NeedOlder`."""
        first = self.messages.lo
        if self.loads_older:
            self.messages.older = "more"
        self.messages.lo -= count
        super().prepended(count)
        self.changed(first)

    def _set_detached(self, detached: bool) -> None:
        """Note whether the room goes on after the last message that is loaded: then nothing is followed."""
        self._detached, self._asked_newer = detached, False
        self.viewport.sticks = not detached
        if detached:
            self.viewport.follow = False

    def newer_done(self, *, detached: bool) -> None:
        """Take it that the answer to `NeedNewer` is here; `detached`: the room still goes on after it."""
        if self._detached and not detached:
            self._new_from, self._beyond = self.messages.hi - self._beyond, 0
        self._set_detached(detached)
        self.touch()

    def came_beyond(self, count: int) -> None:
        """Count new messages that came after the last one that is loaded, where the room goes on behind that."""
        self._beyond += count
        self.touch()

    def action_scroll_home(self) -> None:
        """Go to the oldest message, by way of the app where it is perhaps not loaded."""
        if self.messages.older in {"none", "failed"}:
            self.to_start()
        else:
            self.screen.post_message(self.StartWanted())  # straight: nothing on the way up wants to hear of it

    def to_end(self) -> None:
        """Show the newest message, by way of the app where it is not loaded."""
        if self._detached:
            self.screen.post_message(self.EndWanted())
        else:
            super().to_end()

    def older_done(self) -> None:
        """Take it that there is nothing before the first message: the room begins here."""
        self._set_older("none")

    def older_failed(self) -> None:
        """Take it that older messages cannot be had now; they are asked for when the reader scrolls up again."""
        self._set_older("failed")

    def spliced(self, position: int, removed: int, inserted: int) -> None:
        """Take the replacement of [position, position + removed) by `inserted` messages: late, merged or dropped."""
        shift, end = inserted - removed, position + removed
        messages = self.messages
        messages.hi += shift
        if (after := messages.unread_after) is not None and after >= position:
            messages.unread_after = after + shift if after >= end else position - 1
        if self._new_from >= position:
            self._new_from = max(position, self._new_from + shift)
        super().spliced(position, removed, inserted)
        self.lay_out_again(position + inserted)

    def changed(self, position: int) -> None:
        """Lay out a message again, and the next one, which may be grouped with it."""
        super().changed(position)
        self.lay_out_again(position + 1)

    def set_unread_after(self, position: int | None) -> None:
        """Draw the line between read and new messages behind the one at `position`; None takes it away."""
        old, self.messages.unread_after = self.messages.unread_after, position
        for after in {old, position} - {None}:
            if after is not None and old != position:
                self.lay_out_again(after + 1)

    def _set_older(self, older: Older) -> None:
        """Note what is known of older messages and show it above the first one."""
        if EDGES[older] != EDGES[self.messages.older]:
            self.lay_out_again(self.messages.lo)
            self.touch()
        self.messages.older = older

    def _ask(self, messages: MessageBlocks, wish: Message) -> None:
        """Ask for more messages, unless another room is shown meanwhile."""
        if messages is self.messages and self.is_attached:
            self.screen.post_message(wish)

    def _awaited(self, messages: MessageBlocks) -> None:
        """Say that older messages are loaded, if they have not come yet."""
        if messages is self.messages and messages.older == "asked" and self.is_attached:
            self._set_older("awaited")

    # -- what the reader sees

    @property
    def following(self) -> bool:
        """Whether the newest message is followed."""
        return self.viewport.follow

    @property
    def loads_older(self) -> bool:
        """Whether older messages have been asked for and have not come yet."""
        return self.messages.older in {"asked", "awaited"}

    def visible_keys(self) -> tuple[str, ...]:
        """Give the keys of the messages of which something is on screen, oldest first."""
        if not self.layout_rows():
            return ()
        positions = dict.fromkeys(position for position, _ in self.viewport.rows)
        return tuple(self.messages.source.row(position).key for position in positions)

    def last_visible_pos(self) -> int | None:
        """Give the position of the newest message whose last line is on screen: what may count as read."""
        if not self.layout_rows() or not self.viewport.rows:
            return None
        position, line = self.viewport.rows[-1]
        if line == len(self._block(position).lines) - 1:
            return position
        return position - 1 if any(at < position for at, _ in self.viewport.rows) else None

    def new_below(self) -> int:
        """Give how many messages came after the reader left the end and have not been on screen yet."""
        if self._detached or self.viewport.follow or not self.viewport.rows:
            return self._beyond
        self._new_from = max(self._new_from, self.viewport.rows[-1][0] + 1)
        return max(0, self.messages.hi - self._new_from)

    def updated(self) -> None:
        """Ask for older messages in time, and say when following changes."""
        super().updated()
        viewport = self.viewport
        if viewport.follow:
            self._new_from = self.messages.hi
        if self.messages.older == "more" and self._near_start():
            self._set_older("asked")
            later = asyncio.get_running_loop().call_later  # before the frame is drawn: Textual's timers are tasks
            later(AWAITED_SECONDS, self._awaited, self.messages)
            later(PAINTED_SECONDS, self._ask, self.messages, self.NeedOlder(self))
        if self._detached and not self._asked_newer and self._near_end():
            self._asked_newer = True
            asyncio.get_running_loop().call_later(PAINTED_SECONDS, self._ask, self.messages, self.NeedNewer())
        tell = (viewport.follow, self.new_below())
        if tell != self._told:
            self._told = tell
            self.screen.post_message(self.FollowChanged(self, *tell))

    def _near_start(self) -> bool:
        """Whether older messages may be wanted soon; as many as lines that fit are far, whatever their heights."""
        viewport, lines = self.viewport, PREFETCH_SCREENS * self.viewport.height
        return viewport.top[0] - self.messages.lo < lines and viewport.heights.y_of(viewport.top[0]) < lines

    def _near_end(self) -> bool:
        """Whether newer messages may be wanted soon."""
        viewport, lines = self.viewport, (PREFETCH_SCREENS + 1) * self.viewport.height
        heights = viewport.heights
        return self.messages.hi - viewport.top[0] < lines and heights.total - heights.y_of(viewport.top[0]) < lines

    def move(self, lines: int) -> None:
        """Scroll by so many lines; up is another try at older messages that could not be had."""
        if lines < 0 and self.messages.older == "failed":
            self._set_older("more")
        super().move(lines)

    # -- the cursor and the mouse

    def move_cursor(self, step: int) -> None:
        """Move the cursor by so many messages; it enters at the newest one that is seen and leaves below the last."""
        if self.cursor is None:
            last = self.last_visible_pos()
            self.set_cursor((self.messages.hi - 1 if last is None else last) if step < 0 else None)
            return
        position = max(self.messages.lo, self.cursor + step)
        if position >= self.messages.hi:
            self.set_cursor(None)
            self.to_end()
        else:
            self.set_cursor(position)

    def cursor_key(self) -> str | None:
        """Give the key of the message under the cursor."""
        return None if self.cursor is None else self.messages.source.row(self.cursor).key

    def targets(self, position: int) -> tuple[Target, ...]:
        """Give what can be clicked in a message, in reading order: a way to it without a mouse."""
        if not self.layout_rows() or not self.messages.lo <= position < self.messages.hi:
            return ()
        spots = (spot.target for line in self._block(position).lines for spot in line.spots)
        return tuple(dict.fromkeys(target for target in spots if isinstance(target, Target)))

    def toggle_expanded(self, position: int) -> None:
        """Show all of a long message, or its start again."""
        self.messages.expanded ^= {self.messages.source.row(position).key}
        self.lay_out_again(position)

    def clicked(self, position: int, target: object | None) -> None:
        """Open what is collapsed, hand on what else was hit, put the cursor on the message otherwise."""
        if not isinstance(target, Target):
            super().clicked(position, target)
        elif target.kind == "more":
            self.toggle_expanded(position)
        else:
            self.post_message(self.Hit(self, self.messages.source.row(position).key, target))

    # -- styles

    @property
    def spacious(self) -> bool:
        """Whether there is an empty line between people."""
        return self._spacious

    @spacious.setter
    def spacious(self, spacious: bool) -> None:
        self._spacious = spacious
        self.restyle()

    def restyle(self) -> None:
        """Resolve the styles again."""
        self._looks = None
        super().restyle()

    def looks(self) -> tuple[Look, Look]:
        """Give the styles of all parts, without and with the cursor."""
        if self._looks is None:
            theme, base = self.app.current_theme, self.base_style()
            parts = {part: base + style for part, style in PAINTS.styles(self, self.background_colors[1]).items()}
            look = Look(base, parts, theme.dark, theme.ansi, self._me, self._zone, self._spacious)
            if theme not in OWN and not theme.ansi:
                look.ground = base.bgcolor.triplet if base.bgcolor else None
                look.people = tuple(theme.variables.get(PEOPLE, "").split())
            self._looks = look, look.under_cursor()
        return self._looks
