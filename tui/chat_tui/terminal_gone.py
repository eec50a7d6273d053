"""Notice that the terminal is gone where no signal tells it: the program began as it went, or does not belong to it.

Textual would read from it for ever, as fast as it can.
"""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable
from contextlib import suppress

__all__ = ["watch_terminal"]


def watch_terminal(terminal: int, gone: Callable[[], object]) -> None:
    """Call `gone`, perhaps in a thread, once nobody is behind what was a terminal; where that cannot be asked, never.

    The thread costs nothing while it waits, and keeps nobody from ending.
    """
    if not os.isatty(terminal):
        gone()
    elif hasattr(select, "poll"):
        threading.Thread(target=_wait, args=(terminal, gone), name="terminal", daemon=True).start()


def _wait(terminal: int, gone: Callable[[], object]) -> None:
    poll = select.poll()
    poll.register(terminal, 0)  # that it is gone is told without being asked for
    with suppress(OSError, RuntimeError):  # the app has ended meanwhile
        if any(event & select.POLLHUP for _, event in poll.poll()):
            gone()
