"""What is drawn reaches the terminal whole and in order, at once where it can, and nobody waits for a slow one."""

from __future__ import annotations

import os
import pty
import threading
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest
from textual.drivers._writer_thread import WriterThread
from textual.drivers.linux_driver import LinuxDriver

from chat_tui.direct_writing import DirectWriter, write_directly

PIECE = "äöü" * 3_000


@pytest.fixture
def terminal() -> Iterator[tuple[int, IO[str]]]:
    """Give the terminal's end of the line, and the file that programs write to."""
    master, inner = pty.openpty()
    tty.setraw(inner)
    with os.fdopen(inner, "w") as file:
        yield master, file
        os.close(master)


def read(master: int, size: int) -> str:
    """What comes, so many bytes of it."""
    got = b""
    while len(got) < size:
        got += os.read(master, size - len(got))
    return got.decode()


def test_what_fits_is_written_before_write_returns(terminal: tuple[int, IO[str]]) -> None:  # D1
    master, file = terminal
    writer = DirectWriter(file)  # its thread does not run
    writer.write("one")
    writer.write("two")
    assert read(master, 6) == "onetwo"


def test_a_terminal_that_does_not_read_holds_nobody_up_and_loses_nothing(terminal: tuple[int, IO[str]]) -> None:  # D1
    master, file = terminal
    writer = DirectWriter(file)
    writer.start()
    texts = [f"{number}{PIECE}" for number in range(25)]
    for text in texts:
        writer.write(text)
    assert writer._queue.unfinished_tasks > 0
    whole = "".join(texts)
    assert read(master, len(whole.encode())) == whole
    writer.stop()
    assert not writer.is_alive()


def test_what_was_given_to_the_writer_before_comes_first(terminal: tuple[int, IO[str]]) -> None:
    master, file = terminal
    held = threading.Event()
    before = threading.Thread(target=lambda: (held.wait(20), os.write(file.fileno(), b"before ")))
    before.start()
    writer = DirectWriter(file, before)
    writer.start()
    writer.write("after")
    held.set()
    assert read(master, 12) == "before after"
    writer.stop()


def test_a_terminal_that_is_gone_holds_nobody_up(terminal: tuple[int, IO[str]]) -> None:
    _, file = terminal
    writer = DirectWriter(file)
    os.close(writer._direct)
    writer._direct = -1
    writer._file = Path(os.devnull).open()  # noqa: SIM115 - nothing can be written there
    writer.start()
    for _ in range(100):
        writer.write("nobody reads it")
    writer.stop()
    writer._file.close()


def test_other_drivers_stay_as_they_are() -> None:
    driver = object()
    write_directly(driver)
    assert not hasattr(driver, "_writer_thread")


def test_the_driver_of_a_terminal_is_taken_over(terminal: tuple[int, IO[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textual.drivers.linux_driver.WriterThread", WriterThread)
    master, file = terminal
    driver = LinuxDriver.__new__(LinuxDriver)
    old = driver._writer_thread = WriterThread(file)
    old.start()
    driver.write("old ")
    write_directly(driver)
    assert isinstance(driver._writer_thread, DirectWriter)
    driver.write("new")
    assert read(master, 7) == "old new"
    driver._writer_thread.stop()
    assert not old.is_alive()
