"""Screens that stand above the others until they are answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen, ScreenResultType

__all__ = ["AnsweredOnce", "Dialog"]

if TYPE_CHECKING:
    from textual.screen import Screen

    _Base = Screen[Any]
else:
    _Base = object  # a second screen among the bases would hide the styles of the first


class AnsweredOnce(_Base):
    """A screen that goes when it is answered, and takes nothing with it.

    What is typed or clicked meanwhile may answer it again; Textual ends the app then, or takes the next screen away.
    """

    def dismiss(self, result: Any = None) -> AwaitComplete:
        """Give the answer and go, unless that has happened or something stands above it."""
        return super().dismiss(result) if self.is_active else AwaitComplete.nothing()  # type: ignore[no-untyped-call]


class Dialog(AnsweredOnce, ModalScreen[ScreenResultType]):
    """A dialog."""
