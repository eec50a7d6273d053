"""The lines of the dialog that chooses files: places, the filter, the caption; keys come in the order they were typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual import events
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.message import Message

from chat_tui.keys import EDITING, Place, bindings
from chat_tui.widgets.own_keys import OwnKeys
from chat_tui.widgets.query_box import QueryBox
from chat_tui.widgets.text_layout import cells, fit
from chat_tui.widgets.text_line import Piece, TextLine

__all__ = ["CaptionLine", "PlacesLine", "QueryLine"]

_MOVES: list[BindingType] = [
    Binding("up,ctrl+p", "cursor(-1)", show=False),
    Binding("down,ctrl+n", "cursor(1)", show=False),
    Binding("pageup", "cursor(-10)", show=False),
    Binding("pagedown", "cursor(10)", show=False),
    Binding("enter", "choose", show=False),
]
_AT_EDGE = {"left": "up", "backspace": "up", "right": "into"}
"""What keys do that have nothing to do in an empty line."""


class _DialogLine(OwnKeys, QueryBox, inherit_bindings=False):
    """One line of text; what its own keys do is done by its screen."""

    DEFAULT_CSS = """
    _DialogLine { width: 1fr; padding: 0; }
    """

    def __init__(self, placeholder: str, *, id: str) -> None:  # noqa: A002
        super().__init__(placeholder=placeholder, id=id)

    async def run_action(self, action: str, namespaces: Mapping[str, DOMNode] | None = None) -> None:
        """Edit here; have the screen do everything else."""
        if hasattr(self, f"action_{action.partition('(')[0]}"):
            await super().run_action(action, namespaces)
        else:
            await self.screen.run_action(action, namespaces)


class QueryLine(_DialogLine, inherit_bindings=False):
    """What is typed to narrow the list, or a path to go to."""

    BINDINGS = [*bindings(Place.PICKER), *_MOVES, *EDITING]

    async def _on_key(self, event: events.Key) -> None:
        """Walk through folders with the keys that an empty line has no use for."""
        if not self.text and event.key in _AT_EDGE:
            event.stop()
            event.prevent_default()
            await self.screen.run_action(_AT_EDGE[event.key])


class CaptionLine(_DialogLine, inherit_bindings=False):
    """What is said before the files."""

    BINDINGS = [
        Binding("enter", "send", show=False),
        Binding("up,tab,shift+tab", "back", show=False),
        *EDITING,
    ]


class PlacesLine(TextLine):
    """Folders to go to by their number or a click."""

    class Chosen(Message):
        """The person wants to go to the place with this number, from 1."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._names: Sequence[tuple[str, bool, bool]] = ()
        self._spots: list[tuple[int, int, int]] = []

    def show_places(self, names: Sequence[tuple[str, bool, bool]]) -> None:
        """Show places as (name, it is pinned, it is the folder that is shown)."""
        self._names = names
        self._update()

    def _update(self) -> None:
        pieces: list[Piece] = [("Alt+ ", "$foreground 55%")]
        at, self._spots = cells(pieces[0][0]), []
        for number, (name, pinned, here) in enumerate(self._names, 1):
            shown = f"{'◆' if pinned else ''}{fit(name, 16)}"
            size = cells(str(number)) + 1 + cells(shown)
            if at + size > self.size.width:
                break
            self._spots.append((at, at + size, number))
            pieces += [(str(number), "bold"), (f" {shown}", "$accent" if here else "$foreground 70%"), ("   ", "")]
            at += size + 3
        self.show(pieces)

    def on_resize(self) -> None:
        """There may be room for more, or for fewer."""
        self._update()

    def on_click(self, event: events.Click) -> None:
        """Go to the place that was hit."""
        for start, end, number in self._spots:
            if start <= event.x - self.styles.padding.left < end:
                event.stop()
                self.post_message(self.Chosen(number))
