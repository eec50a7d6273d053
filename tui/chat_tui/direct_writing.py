"""Write what is drawn to the terminal at once, as far as the terminal takes it; only the rest waits for a thread.

Textual hands all of it to a thread, which must first get its turn: beside a thread that stores a flood that takes
longer than the drawing.
"""

from __future__ import annotations

import os
from contextlib import suppress
from queue import Queue
from threading import Lock, Thread
from typing import IO, Any

from textual.drivers import linux_driver
from textual.drivers._writer_thread import MAX_QUEUED_WRITES, WriterThread

__all__ = ["DirectWriter", "write_directly"]


class DirectWriter(WriterThread):
    """Stands in the place of Textual's; `after` is the one that stood there before, which finishes first."""

    _queue: Queue[Any]

    def __init__(self, file: IO[str], after: Thread | None = None) -> None:
        """Write to the terminal that `file` is. Raises OSError where it is none that can be opened once more."""
        super().__init__(file)
        self._queue = Queue(MAX_QUEUED_WRITES)
        self._turn = Lock()
        self._after = after
        # opened anew: not to wait would otherwise hold for everybody who has this terminal, and after our end
        self._direct = os.open(os.ttyname(file.fileno()), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
        if after is not None:
            self._queue.put(b"")  # so that nothing is written before that one is done

    def write(self, text: str) -> None:
        """Write; waits only when there is far more than the terminal takes."""
        rest = text.encode("utf-8", "backslashreplace")
        with self._turn:
            if not self._queue.unfinished_tasks:
                with suppress(OSError):  # it takes nothing now, or is gone: the thread will see
                    rest = rest[os.write(self._direct, rest) :]
            if rest:
                self._queue.put(rest)

    def run(self) -> None:
        """Write what the terminal did not take at once."""
        if self._after is not None:
            self._after.join()
        while (rest := self._queue.get()) is not None:
            with suppress(OSError):  # the terminal is gone; whoever draws is not held up by that
                while rest:
                    rest = rest[os.write(self._file.fileno(), rest) :]
            self._queue.task_done()

    def stop(self) -> None:
        """Write all, and end."""
        super().stop()
        if self._direct >= 0:
            os.close(self._direct)
            self._direct = -1


def write_directly(driver: object) -> None:
    """Have a terminal's driver write so from now on, also after the app was suspended; any other one stays as it is."""
    old = getattr(driver, "_writer_thread", None)
    if not isinstance(driver, linux_driver.LinuxDriver) or type(old) is not WriterThread:
        return
    try:
        new = DirectWriter(old._file, old)  # noqa: SLF001 - Textual offers no way in
    except OSError:  # a terminal without a name, as in some containers
        return
    vars(linux_driver)["WriterThread"] = DirectWriter
    old._queue.put(None)  # noqa: SLF001
    driver._writer_thread = new  # noqa: SLF001
    new.start()
