"""Terminals and servers for live tests; skipped, with the reason, where tmux is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.live.terminal import TMUX, Terminal

OpenTerminal = Callable[..., Terminal]


@pytest.fixture
def open_terminal(tmp_path: Path) -> Iterator[OpenTerminal]:
    """Makes terminals that are closed at the end of the test."""
    if TMUX is None:
        pytest.skip("tmux is not installed")
    opened: list[Terminal] = []

    def make(name: str = "t", columns: int = 120, rows: int = 40) -> Terminal:
        opened.append(Terminal(tmp_path, name, columns, rows))
        return opened[-1]

    yield make
    for terminal in opened:
        terminal.close()
