"""Lend the terminal to another program while the app goes on: nothing is read from it or written to it meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

from textual import events
from textual.app import App

from chat_tui.key_gate import KeyGate

__all__ = ["lent_terminal", "may_lend"]

PATIENCE: Final = 2.0
"""Seconds that a slow terminal has to take what was drawn."""
STEP: Final = 0.005
"""Seconds between two looks at whether it has."""


class Nowhere:
    """Stands for the thread that writes to the terminal: whatever is written while it is lent is dropped."""

    def write(self, text: str) -> None:
        """Drop a text."""

    def flush(self) -> None:
        """Have nothing to do."""

    def stop(self) -> None:
        """Have nothing to end."""


def may_lend(app: App[Any]) -> bool:
    """Whether the app has a terminal that it can lend, and has it now."""
    driver = app._driver  # noqa: SLF001 - there is no other way to it
    if driver is None or not driver.can_suspend or sys.platform == "win32":
        return False
    return not isinstance(getattr(driver, "_writer_thread", None), Nowhere)


@asynccontextmanager
async def lent_terminal(app: App[Any], said: str = "") -> AsyncIterator[None]:
    """Lend the terminal for as long as this lasts; `may_lend` holds. `said` is what stands on it until it is taken.

    What was typed before has done all that it does when this begins. The app is drawn anew at the end. It is not when
    the app ends meanwhile.
    """
    driver: Any = app._driver  # noqa: SLF001
    await _reading_ended(driver)
    await _all_written(driver)
    with app.batch_update():
        driver.suspend_application_mode()
        driver._writer_thread = Nowhere()  # noqa: SLF001
        app.post_message(events.AppBlur())
        attributes = getattr(driver, "attrs_before", None)
        try:
            if isinstance(app, KeyGate):
                await app.keys_done()
            _print(said)
            with _unmoved_by_interrupts(), driver.no_automatic_restart():
                yield
        finally:
            _print("\r\x1b[K" if said else "")
            goes_on = app._running and not app._exit  # noqa: SLF001
            if goes_on:
                _restore(driver, attributes)
                driver._writer_thread = None  # noqa: SLF001 - a terminal gets one of its own
                driver.resume_application_mode()
                app.post_message(events.AppFocus())
    if goes_on:
        app.app_resume_signal.publish(app)
        app.refresh(layout=True)


async def _reading_ended(driver: Any) -> None:
    """Have the thread end that reads keys: waiting for it as Textual does holds up everything else."""
    thread, told = getattr(driver, "_key_thread", None), getattr(driver, "exit_event", None)
    if thread is not None and told is not None:
        told.set()
        await _until(lambda: not thread.is_alive())
        told.clear()


async def _all_written(driver: Any) -> None:
    queue = getattr(getattr(driver, "_writer_thread", None), "_queue", None)
    if queue is not None:
        await _until(queue.empty)


async def _until(condition: Any) -> None:
    end = asyncio.get_running_loop().time() + PATIENCE
    while not condition() and asyncio.get_running_loop().time() < end:  # noqa: ASYNC110 - threads, which tell nobody
        await asyncio.sleep(STEP)


def _print(text: str) -> None:
    """Write where Textual writes."""
    if text and sys.__stderr__ is not None and sys.__stderr__.isatty():
        with contextlib.suppress(OSError):
            sys.__stderr__.write(text)
            sys.__stderr__.flush()


def _restore(driver: Any, attributes: list[Any] | None) -> None:
    """Give the terminal the manners back that it had before the app: a program that was killed leaves its own."""
    if attributes is None:
        return
    import termios

    with contextlib.suppress(termios.error):
        termios.tcsetattr(driver.fileno, termios.TCSANOW, attributes)


@contextmanager
def _unmoved_by_interrupts() -> Iterator[None]:
    """Ctrl+C is meant for the program that has the terminal, but is told to the app, too.

    The signal is handled and not ignored: what is ignored stays so in the program.
    """
    before: dict[signal.Signals, Any] = {}
    with contextlib.suppress(ValueError):  # not in a thread
        for number in (signal.SIGINT, signal.SIGQUIT):
            before[number] = signal.signal(number, lambda *_signal: None)
    try:
        yield
    finally:
        for known, handler in before.items():
            signal.signal(known, handler)
