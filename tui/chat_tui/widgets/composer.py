"""Where a message is written: Enter sends, the box grows to five lines, and no text is ever lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer
from textual.widgets import TextArea

from chat_tui.keys import EDITING, Place, bindings
from chat_tui.widgets.own_keys import OwnKeys
from chat_tui.widgets.text_box import TextBox
from chat_tui.widgets.text_layout import clean, fit

if TYPE_CHECKING:
    from chat_tui.commands import Own

__all__ = ["Composer"]

DRAFT_SECONDS = 0.25
"""Seconds from the first change until the draft is handed on, however fast the typing goes on."""
REMEMBERED = 100
"""Texts that can be brought back."""


class Composer(OwnKeys, TextBox, inherit_bindings=False):
    """The text box. It hands texts on and keeps them until `sent` says that they are safe."""

    BINDINGS = [
        *bindings(Place.COMPOSER),
        Binding("up", "line_up", show=False),
        Binding("down", "line_down", show=False),
        *EDITING,
    ]
    DEFAULT_CSS = """
    Composer {
        height: auto; min-height: 1; max-height: 5; padding: 0 1;
        scrollbar-size-vertical: 1;
        &:ansi { background: ansi_default; }
    }
    """

    class Submitted(Message):
        """The person wants this text sent; answered by `sent` or `kept`."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Drafted(Message):
        """The text changed a moment ago, or the box is about to show another room's."""

        def __init__(self, account: str, room_id: str, text: str, cursor: int) -> None:
            super().__init__()
            self.account = account
            self.room_id = room_id
            self.text = text
            self.cursor = cursor

    class Pasted(Message):
        """This was pasted, or dropped by the terminal; it stands in the box as any other text."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Edited(Message):
        """The text changed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(
            "",
            id=id,
            classes="-textual-compact",  # as `compact` sets it, which has a widget styled that has no place yet
            compact=True,
            soft_wrap=True,
            highlight_cursor_line=False,
            show_line_numbers=False,
            tab_behavior="focus",
        )
        self.cursor_blink = False  # blinking writes to the terminal for ever, and wakes the processor
        self.leaves: Callable[[], None] = lambda: None
        """Called when the person goes up out of the empty box: at once, for the next key is meant for where that leads."""
        self.account = ""
        """The account of the room that is written to."""
        self.room_id = ""
        self.names: tuple[str, ...] = ()
        """Names that Tab completes."""
        self.rooms: Callable[[bool], Iterable[str]] = lambda _spaces: ()
        """Names of rooms that Tab completes."""
        self.own_commands: Callable[[], Own] = dict
        """The person's own commands."""
        self._ahead: int | None = None  # where late keys belong that were pressed before the box had the focus
        self._drafted = ""
        self._timer: Timer | None = None
        self._sending = ""
        self._next: list[str] = []  # what stood in the box at each Enter since
        self._history: list[str] = []
        self._recalled: int | None = None
        self._before_recall = ""
        self._invitation = ""
        self._invited: tuple[object, Strip] | None = (
            None  # what is drawn while nothing is written, and what it depends on
        )

    # ------------------------------------------------------------ drawing

    def notify_style_update(self) -> None:
        """Its colours, or those behind it, may be others."""
        self._invited = None
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        """Draw a line; what the empty box says is drawn once: it comes with every message that is sent."""
        if y or self.text:
            return super().render_line(y)
        said = self.placeholder, self.size.width, self._draw_cursor
        if self._invited is None or self._invited[0] != said:
            self._invited = said, super().render_line(0)
        return self._invited[1]

    # ------------------------------------------------------------ which room

    def invite(self, text: str) -> None:
        """Say what may be written while nothing is; what does not fit on one line is cut."""
        if text != self._invitation:
            self._invitation = text
            self.on_resize()

    def on_resize(self) -> None:
        """There may be room for more of it now."""
        shown = Content(fit(self._invitation, max(1, (self.content_size.width or 60) - 1)))  # a text is markup
        if shown != self.placeholder:
            self.placeholder = shown

    def show_room(self, room_id: str, text: str, cursor: int, history: list[str]) -> None:
        """Show a room's draft; the text of the room before is handed on first."""
        self.hand_on_draft()
        self.room_id = room_id
        self._history, self._recalled = history[-REMEMBERED:], None
        self._sending = ""
        self._next.clear()
        self._replace_all(text, cursor)
        self._drafted = text

    def hand_on_draft(self) -> None:
        """Hand the draft on now if it changed."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if self.room_id and self.text != self._drafted:
            self._drafted = self.text
            self.post_message(self.Drafted(self.account, self.room_id, self.text, self.cursor_index))

    def _replace_all(self, text: str, cursor: int | None = None) -> None:
        """Show another text; the cursor at its end unless told otherwise."""
        self.load_text(text)
        at = len(text) if cursor is None else min(max(cursor, 0), len(text))
        before = text[:at].split("\n")
        self.move_cursor((len(before) - 1, len(before[-1])))

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Have the draft handed on soon."""
        event.stop()
        self.screen.post_message(self.Edited(self.text))  # straight: nothing on the way up wants to hear of it
        if self.text == self._drafted:
            return
        if self._timer is None:
            self._timer = self.set_timer(DRAFT_SECONDS, self._draft_due)

    def _draft_due(self) -> None:
        self._timer = None
        self.hand_on_draft()

    # ------------------------------------------------------------ sending

    def action_submit(self) -> None:
        """Ask for the text to be sent; it stays until it is safe. Enter in the meantime asks for what came since."""
        if self._sending:
            self._next.append(self.text)
        else:
            self._submit(self.text)

    def _submit(self, text: str) -> None:
        if text.strip():
            self._sending = text
            self.screen.post_message(self.Submitted(text))

    def sent(self, room_id: str, text: str) -> None:
        """The text is safe elsewhere: take it away, but not what was typed after it."""
        if room_id != self.room_id or text != self._sending:
            return
        self._sending = ""
        if not self._history or self._history[-1] != text:
            self._history = [*self._history[-REMEMBERED + 1 :], text]
        self._recalled = None
        if self.text.startswith(text):
            self._replace_all(self.text[len(text) :])
        self.hand_on_draft()
        waiting = [later.removeprefix(text) for later in self._next]
        self._next = waiting[1:]
        if waiting and self.text.startswith(waiting[0]):
            self._submit(waiting[0])

    def kept(self) -> None:
        """The text could not be taken: it stays as it is."""
        self._sending = ""
        self._next.clear()

    @property
    def is_sending(self) -> bool:
        """Whether a text that was sent still stands here, because it is not safe yet."""
        return bool(self._sending)

    def rewrite(self, text: str) -> None:
        """Show a text in place of the whole one, which undoing brings back; the cursor at its end."""
        self.replace_range(0, len(self.text), text)
        self.move_cursor(self.document.end)
        self.hand_on_draft()

    def remember(self, text: str) -> None:
        """Have a text be the last one that can be brought back."""
        if text.strip():
            self._history = [*self._history[-REMEMBERED + 1 :], text]
        self._recalled = None

    def put_back(self, text: str) -> None:
        """Bring a text back to be edited, before what is there already."""
        own = self.text
        self._replace_all(f"{text}\n{own}" if own.strip() else text, len(text))

    def put_aside(self) -> None:
        """Empty the box; what stood there can be brought back like a text that was sent."""
        self.remember(self.text)
        self._replace_all("")
        self.hand_on_draft()

    def action_copy(self) -> None:
        """Copy what is selected here, else what is selected elsewhere, else empty the box."""
        if self.selected_text:
            super().action_copy()
        elif self.screen.selections or not self.text:
            self.call_later(self.run_action, "app.copy")
        else:
            self.put_aside()

    def drop(self, text: str) -> None:
        """Take a text away again where it still stands in the box."""
        self.swap(text, lambda _before, _after: "")

    def begin_command(self, name: str) -> None:
        """Begin a command; what was written stays behind it."""
        start = f"/{name} "
        self._replace_all(start + self.text, len(start))

    def action_newline(self) -> None:
        """Begin a new line."""
        self._replace_via_keyboard("\n", *self.selection)

    # ------------------------------------------------------------ bringing back and completing

    def action_recall(self, step: int) -> None:
        """Show the text that was sent before (-1) or after (1) the one that is shown."""
        at = len(self._history) if self._recalled is None else self._recalled
        if self._recalled is None:
            self._before_recall = self.text
        at = min(max(at + step, 0), len(self._history))
        self._recalled = None if at == len(self._history) else at
        self._replace_all(self._before_recall if self._recalled is None else self._history[at])

    def action_complete(self) -> None:
        """Complete the word before the cursor; where there is nothing to complete, go to the next part of the screen."""
        from chat_tui.completing import completed, path_in

        before, after = self.text[: self.cursor_index], self.text[self.cursor_index :]
        if path_in(before):
            self.run_worker(self._complete_path(before, after), exit_on_error=False)
        elif (found := completed(before, self.names, self.rooms, self.own_commands())) is None:
            self.screen.focus_next()
        elif found != before:
            self._replace_all(found + after, len(found))

    async def _complete_path(self, before: str, after: str) -> None:
        """Complete a path, once the disk has answered; not if more was typed meanwhile."""
        from chat_tui.aside import aside
        from chat_tui.completing import completed_path, path_in

        typed = path_in(before)
        found = before.removesuffix(typed) + await aside(completed_path, typed)
        if self.text == before + after:
            self._replace_all(found + after, len(found))

    def action_line_up(self) -> None:
        """Up by a line; from the empty box to the messages."""
        if self.text:
            self.action_cursor_up()
        else:
            self.leaves()

    def action_line_down(self) -> None:
        """Down by a line."""
        self.action_cursor_down()

    # ------------------------------------------------------------ keys and paste

    def type_ahead(self, text: str) -> None:
        """Insert what was typed before the box had the focus, in front of what was typed into it since."""
        if self._ahead is None:
            self.insert(text)
        else:
            before = self.text[: self._ahead].split("\n")
            self.insert(text, (len(before) - 1, len(before[-1])))
            self._ahead += len(text)

    def on_focus(self) -> None:
        """From here on keys come directly."""
        self._ahead = self.cursor_index

    def on_blur(self) -> None:
        """Keys go elsewhere."""
        self._ahead = None

    async def _on_paste(self, event: events.Paste) -> None:
        """Have what was pasted inserted as it is, but for what no terminal must see."""
        text = clean(event.text)
        event.text = "\n".join(text.splitlines()) + "\n" * text.endswith(("\n", "\r"))
        self.post_message(self.Pasted(event.text))
