"""Choose a reaction: the frequent ones at once, any other by a part of its name."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import TextArea

from chat_tui.emoji_names import find_emoji
from chat_tui.keys import Place, bindings
from chat_tui.screens.dialog import Dialog
from chat_tui.strings import _
from chat_tui.widgets.pick_list import PickList, Row
from chat_tui.widgets.query_box import QueryBox
from chat_tui.widgets.text_layout import cells, clean_line

__all__ = ["ReactScreen"]


class Emoji(PickList):
    """What fits; the cursor shows while the query has the focus."""

    DEFAULT_CSS = "Emoji { height: auto; max-height: 12; min-height: 1; }"

    def __init__(self) -> None:
        super().__init__(id="emoji")
        self.can_focus = False
        self.found: list[tuple[str, str]] = []

    @property
    def has_focus(self) -> bool:  # type: ignore[override]
        """The query has the focus for both."""
        return True

    def show_found(self, found: list[tuple[str, str]]) -> None:
        """Show these, the first one chosen."""
        self.found = found
        self.reset(0, max(1, len(found)))
        self.styles.height = max(1, min(12, len(found)))
        self.set_cursor(0 if found else None)

    def pickable(self, position: int) -> bool:
        """What says that there is nothing cannot be chosen."""
        return position < len(self.found)

    def rows(self, position: int) -> list[Row]:
        """Give an emoji's line."""
        if not self.found:
            return [([(_("Nothing fits."), "dim")], [])]
        emoji, name = self.found[position]
        shown = clean_line(emoji)
        return [([(shown, ""), (f"{'':{max(1, 4 - cells(shown))}}{clean_line(name)}", "dim")], [])]


class ReactScreen(Dialog[str]):
    """A query and what fits; gives the chosen reaction, or nothing."""

    BINDINGS = [
        *bindings(Place.DIALOG),
        Binding("up,ctrl+p", "cursor(-1)", show=False, priority=True),
        Binding("down,ctrl+n", "cursor(1)", show=False, priority=True),
        Binding("enter", "choose", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    ReactScreen {
        align: center top;
        & > Vertical { width: 48; max-width: 96%; height: auto; margin-top: 3; padding: 1 1; background: $surface; }
        & QueryBox { margin-bottom: 1; background: $surface; }
    }
    """

    _searched: str | None = None

    def compose(self) -> ComposeResult:
        """Give the query above what fits."""
        with Vertical():
            yield QueryBox(placeholder=_("React with…"), id="query")
            yield Emoji()

    def on_mount(self) -> None:
        """Show the frequent ones."""
        self.query_one("#query").focus()
        self._search("")

    @on(TextArea.Changed)
    def _changed(self, event: TextArea.Changed) -> None:
        self._search(event.text_area.text)

    def _search(self, query: str) -> None:
        if query != self._searched:
            self._searched = query
            self.query_one(Emoji).show_found(find_emoji(query))

    def action_cursor(self, step: int) -> None:
        """Choose another one; the query keeps the focus."""
        self.query_one(Emoji).action_cursor(step)

    def action_choose(self) -> None:
        """React with the chosen one, once the query has taken the keys that came before this one."""
        self.query_one(QueryBox).call_later(self._choose)

    def _choose(self) -> None:
        self._search(self.query_one(QueryBox).text)
        emoji = self.query_one(Emoji)
        self.dismiss(emoji.found[emoji.cursor][0] if emoji.cursor is not None else "")

    @on(PickList.Picked)
    def _picked(self, event: PickList.Picked) -> None:
        event.stop()
        self.dismiss(self.query_one(Emoji).found[event.position][0])

    def action_close(self) -> None:
        """React with nothing."""
        self.dismiss("")
