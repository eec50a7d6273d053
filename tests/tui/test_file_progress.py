"""One file's progress on the command line: a bar on a terminal, JSON lines in a pipe, one line a file in the list."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import pytest

from chat_tui.headless.progress import bar_text, file_line, progress_printer, size_text
from chat_tui.requests.values import Row

ROW: dict[str, Any] = {
    "id": 17,
    "direction": "in",
    "name": "photo.png",
    "size": 4 << 20,
    "done": 1 << 20,
    "state": "connected",
    "percent": 25,
    "sender": "ann",
}


class Terminal(io.StringIO):
    """A terminal that keeps what is written."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (None, "? bytes"),
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1024, "1.0 KiB"),
        (5 << 30, "5.0 GiB"),
        (10**18, "909494.7 TiB"),
    ],
)
def test_sizes_are_told_in_few_digits(size: int | None, text: str) -> None:  # D7
    assert size_text(size) == text


def test_on_a_terminal_one_bar_moves_and_stays_when_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:  # D7
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    show = progress_printer(as_json=False)
    show(Row(ROW))
    show(Row({**ROW, "done": 4 << 20, "percent": 100, "state": "complete"}))
    assert terminal.getvalue() == (
        "\r\x1b[K[######..................]  25 %  1.0 MiB of 4.0 MiB  photo.png"
        "\r\x1b[K[########################] 100 %  4.0 MiB of 4.0 MiB  photo.png  complete\n"
    )


@pytest.mark.parametrize(("stream", "as_json"), [(io.StringIO, False), (Terminal, True)], ids=["pipe", "asked for"])
def test_in_a_pipe_and_where_it_is_asked_for_each_step_is_a_line_of_json(  # D7
    monkeypatch: pytest.MonkeyPatch, stream: type[io.StringIO], as_json: bool
) -> None:
    out = stream()
    monkeypatch.setattr(sys, "stdout", out)
    progress_printer(as_json=as_json)(Row({**ROW, "name": "größer\n"}))
    assert json.loads(out.getvalue()) == {**ROW, "name": "größer\n"}
    assert out.getvalue().count("\n") == 1


def test_what_it_waits_for_is_behind_the_bar_and_nothing_moves_the_cursor() -> None:  # D7, E7
    text = bar_text({**ROW, "name": "a\x1b[2J\nb\u202e", "waits": "The disk is full: \x1b[31mx waits for room."})
    assert "The disk is full" in text
    assert text.isprintable()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"state": "new", "done": 0, "percent": 0}, "17 in  new  photo.png  4.0 MiB"),
        ({}, "17 in  connected 25 %  photo.png  4.0 MiB"),
        ({"state": "complete", "path": "/home/x/photo.png"}, "17 in  complete  photo.png  4.0 MiB  /home/x/photo.png"),
        (
            {"state": "failed", "error": "Not what was offered."},
            "17 in  failed  photo.png  4.0 MiB  Not what was offered.",
        ),
        ({"waits": "Waits for its turn."}, "17 in  connected 25 %  photo.png  4.0 MiB  Waits for its turn."),
        (
            {"direction": "out", "recipients": [{"user": "bob", "state": "complete", "done": 9}]},
            "17 out  connected 25 %  photo.png  4.0 MiB  bob complete",
        ),
    ],
)
def test_a_file_is_one_line_of_the_list(change: dict[str, Any], text: str) -> None:  # D7, D10
    assert file_line({**ROW, **change}) == text
