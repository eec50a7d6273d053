"""What drives the app behind a page: textual-serve's driver, and a page that comes later shows the same app."""

from __future__ import annotations

from typing import Final

from textual.drivers.web_driver import WebDriver
from textual.events import AppFocus

__all__ = ["SHOWN", "PageDriver"]

SHOWN: Final = "shown"
"""The message that a new page shows the app, with its width and height."""


class PageDriver(WebDriver):
    """Draws everything again for a page that has seen nothing of it."""

    def on_meta(self, packet_type: str, payload: dict[str, object]) -> None:
        """Take a message of the process that serves."""
        if packet_type != SHOWN:
            super().on_meta(packet_type, payload)
            return
        self.write("\x1b[?1049h\x1b[2J")
        self._enable_mouse_support()
        self.write("\x1b[?25l")
        self._enable_bracketed_paste()
        super().on_meta("resize", payload)
        self._app.post_message(AppFocus())
        self._loop.call_soon_threadsafe(self._app.call_later, self._draw)

    def _draw(self) -> None:
        """Draw the whole screen."""
        self._app.refresh(layout=True)
