"""Shows what a file looks like while the person walks through a list: looked at aside, only once they stay on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from textual.screen import Screen
from textual.timer import Timer

from chat_tui.aside import aside
from chat_tui.file_look import FileLook, look_at
from chat_tui.folders import Facts, facts_of
from chat_tui.strings import _
from chat_tui.transfer_words import size_text
from chat_tui.widgets.preview_pane import PreviewPane

__all__ = ["FilePreview"]

STAYS: Final = 0.12
"""Seconds after which somebody who stays on a file wants to see it."""


class FilePreview:
    """Fills a pane with a look at the file that was named last."""

    def __init__(self, screen: Screen[Any], pane: PreviewPane) -> None:
        self._screen = screen
        self._pane = pane
        self._path: Path | None = None
        self._timer: Timer | None = None

    def look(self, path: Path | None) -> None:
        """Look at this file soon, unless another one is named before; None: at nothing."""
        if path == self._path:
            return
        self._path = path
        if self._timer is not None:
            self._timer.stop()
        if path is None:
            self._pane.show((), FileLook())
        else:
            self._timer = self._screen.set_timer(STAYS, self._stays)

    def _stays(self) -> None:
        if self._path is not None:
            self._screen.run_worker(self._show(self._path), exit_on_error=False)

    async def _show(self, path: Path) -> None:
        facts = (await aside(facts_of, path.parent, [path.name]))[path.name]
        seen = await aside(look_at, path, *self._pane.room)
        if path == self._path:
            self._pane.show([(path.name, "bold"), (_about(facts, seen), "dim")], seen)


def _about(facts: Facts, seen: FileLook) -> str:
    size = size_text(facts.size) if seen.about not in {_("folder"), _("no file")} else ""
    return ", ".join(part for part in (seen.about, size) if part)
