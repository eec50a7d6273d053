"""The notice of a refused message that holds a room's later ones back, and what can be done about it."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.widget import Widget

from chat_tui.keys import Place, bindings, key_of, keys_in, shown_as
from chat_tui.messages import Decided, Decision
from chat_tui.widgets.text_layout import cells, clean_line, fit
from chat_tui_core.actions import Action
from chat_tui_core.safe_text import one_line

__all__ = ["Banner"]


class Banner(Widget, can_focus=True):
    """Two lines: what was refused and why; the keys. It is not there while nothing blocks."""

    BINDINGS = bindings(Place.BANNER)
    DEFAULT_CSS = """
    Banner {
        display: none; height: 2; padding: 0 1; background: $error 18%;
        &.-shown { display: block; }
        &:focus { background: $error 30%; }
        &:ansi { background: ansi_default; }
    }
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._action: Action | None = None
        self._waiting = 0
        self._spots: list[tuple[int, int, Decision]] = []

    @property
    def action(self) -> Action | None:
        """The refused action that is shown."""
        return self._action

    def show_action(self, action: Action | None, waiting: int) -> None:
        """Show what blocks, and how many later ones wait; None: nothing does."""
        if (action, waiting) != (self._action, self._waiting):
            self._action, self._waiting = action, waiting
            self.set_class(action is not None, "-shown")
            self.refresh()

    def render(self) -> Content:
        """Give the two lines for the present width."""
        if self._action is None:
            return Content("")
        width = self.size.width
        reason = clean_line(self._action.error_text or self._action.error_code or "the server said no").rstrip(".")
        tail = f" was refused: {reason}"
        text = fit(clean_line(one_line(self._action.text, 200)), max(12, width - 4 - cells(tail)))
        first = Content.assemble(("✗ ", "$text-error bold"), (f"“{text}”", "bold"), fit(tail, width - cells(text) - 4))
        return Content("\n").join([first, self._second()])

    def _second(self) -> Content:
        """Give the line of keys, and note where each stands."""
        lead = "  " if self.has_focus else f"  {shown_as(key_of('banner.focus').keys)}, then  "
        pieces: list[tuple[str, str]] = [(lead, "$foreground 60%")]
        at = cells(lead)
        self._spots = []
        for key in keys_in(Place.BANNER):
            letter, word = shown_as(key.keys), key.hint
            if key.id == "banner.pass" and self._waiting:
                word = f"let {self._waiting} later one{'s' if self._waiting > 1 else ''} pass"
            size = cells(letter) + 1 + cells(word)
            self._spots.append((at, at + size, Decision(key.id.removeprefix("banner."))))
            pieces += [(letter, "bold underline"), (f" {word}   ", "")]
            at += size + 3
        return Content.assemble(*pieces)

    def action_decide(self, decision: str) -> None:
        """Hand the decision on."""
        if self._action is not None:
            self.post_message(Decided(self._action.id, Decision(decision)))

    def on_click(self, event: events.Click) -> None:
        """Take a click on one of the words."""
        if event.y == 1:
            for start, end, decision in self._spots:
                if start <= event.x - 1 < end:
                    self.action_decide(decision)
