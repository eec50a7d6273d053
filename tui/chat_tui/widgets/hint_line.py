"""The line above the composer: who types, what is replied to, how a command goes on, what is new below."""

from __future__ import annotations

from textual import events
from textual.message import Message

from chat_tui.keys import shown_as
from chat_tui.strings import _
from chat_tui.widgets.text_layout import cells, clean_line
from chat_tui.widgets.text_line import Piece, TextLine

__all__ = ["HintLine"]

SHORT = 16
"""Cells of a hint that there is room for beside another one."""


class HintLine(TextLine):
    """Always there, so that nothing moves when it has something to say. The most pressing hint is shown."""

    DEFAULT_CSS = """
    HintLine { padding: 0 1; color: $foreground 60%; &:ansi { color: ansi_default; text-style: dim; } }
    """

    class NewestWanted(Message):
        """The person clicked on what is new below."""

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._problem = ""
        self._command = ""
        self._reply = ""
        self._edit = ""
        self._typing: tuple[str, ...] = ()
        self._runs = ""
        self._following = True
        self._new_below = 0

    def tell(
        self,
        *,
        problem: str | None = None,
        command: str | None = None,
        reply: str | None = None,
        edit: str | None = None,
        typing: tuple[str, ...] | None = None,
        running: str | None = None,
    ) -> None:
        """Set what is given and leave the rest as it was."""
        self._problem = self._problem if problem is None else problem
        self._command = self._command if command is None else command
        self._reply = self._reply if reply is None else reply
        self._edit = self._edit if edit is None else edit
        self._typing = self._typing if typing is None else typing
        self._runs = self._runs if running is None else running
        self._update()

    @property
    def is_cut(self) -> bool:
        """Whether the problem does not fit on the line."""
        return cells(clean_line(self._problem)) > self.content_size.width

    def below(self, new: int, *, following: bool) -> None:
        """Say what stands below the screen."""
        self._following, self._new_below = following, new
        self._update()

    def _update(self) -> None:
        """Show the most pressing one; a short one stands beside what is answered or changed."""
        beside = bool(self._edit or self._reply) and cells(self._command) <= SHORT
        left: list[Piece] = []
        if self._problem:
            left = [(clean_line(self._problem), "$text-error")]
        elif self._command and not beside:
            left = [(clean_line(self._command), "")]
        elif self._runs:
            left = [(f"{self._runs}  ", "italic"), (shown_as("escape"), "bold"), (" " + _("stops it"), "")]
        elif self._edit:
            left = [
                ("✎ ", "$accent bold"),
                (f"{clean_line(self._edit)}  ", ""),
                (shown_as("escape"), "bold"),
                (" " + _("leaves it"), ""),
            ]
        elif self._reply:
            left = [
                ("↳ ", "$accent bold"),
                (f"{clean_line(self._reply)}  ", ""),
                (shown_as("escape"), "bold"),
                (" " + _("forgets it"), ""),
            ]
        elif self._typing:
            left = [(_who_types(tuple(clean_line(name) for name in self._typing)), "italic")]
        right: list[Piece] = []
        if self._command and beside:
            right = [(f"  {clean_line(self._command)}", "")]
        elif self._new_below:
            right = [(" " + _("↓ {count} new").format(count=self._new_below) + " ", "$background on $accent bold")]
        elif not self._following:
            right = [(f"{_('↓ newest')}  {shown_as('ctrl+end')}", "")]
        self.show(left, right)

    def on_click(self, event: events.Click) -> None:
        """Go to the newest message when its pill was hit."""
        if not self._following and event.x >= self.size.width - self.right_cells:
            self.post_message(self.NewestWanted())


def _who_types(names: tuple[str, ...]) -> str:
    """Say who types, by name up to three."""
    if len(names) == 1:
        return _("{name} is typing…").format(name=names[0])
    if len(names) <= 3:
        return _("{names} and {last} are typing…").format(names=", ".join(names[:-1]), last=names[-1])
    return _("{count} people are typing…").format(count=len(names))
