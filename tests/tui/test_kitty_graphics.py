"""Pictures by Kitty's graphics protocol: what the terminal is given, what stands for it on the screen, and what it forgets."""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import AsyncIterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from rich.cells import cell_len

from chat_tui.config import Config
from chat_tui.kitty_graphics import LARGEST, MARKS, PIECE, PLACEHOLDER, deletion, placeholders, transmission
from chat_tui.picture_drawing import MOST_COLUMNS, MOST_ROWS, Canvas, Way, draw_bytes
from tests.tui.file_stage import FileStage
from tests.tui.test_app_pictures import png

COMMAND = re.compile(r"\x1b_G([^;\x1b]*)(?:;([^\x1b]*))?\x1b\\")


class Terminal:
    """Keeps the pictures that it is given by the protocol; whatever is not of it is not taken."""

    def __init__(self) -> None:
        self.pictures: dict[int, tuple[Image.Image, int, int]] = {}
        self._keys: dict[str, str] = {}
        self._data = ""

    def write(self, text: str) -> None:
        assert not COMMAND.sub("", text), "nothing but commands"
        for told, data in COMMAND.findall(text):
            keys = dict(pair.split("=") for pair in told.split(","))
            assert keys["q"] == "2", "it must answer nothing: that would be typed"
            if keys.get("a") == "d":
                assert keys["d"] == "I"
                self.pictures.pop(int(keys["i"]), None)
            else:
                self._piece(keys, data)

    def _piece(self, keys: dict[str, str], data: str) -> None:
        assert 0 < len(data) <= 4_096
        if "a" in keys:
            assert not self._data, "the picture before has come to its end"
            assert (keys["a"], keys["U"], keys["f"], keys["t"]) == ("T", "1", "100", "d")
            self._keys = keys
        else:
            assert set(keys) == {"q", "m"}
        self._data += data
        if keys["m"] == "0":
            image = Image.open(BytesIO(base64.b64decode(self._data, validate=True)))
            image.load()
            told = self._keys
            self.pictures[int(told["i"])] = image, int(told["c"]), int(told["r"])
            self._data = ""


def test_marks_are_zero_cells_wide_and_each_says_another_number() -> None:
    assert len(set(MARKS)) == LARGEST >= max(MOST_COLUMNS, MOST_ROWS)
    assert {unicodedata.combining(mark) for mark in MARKS} == {230}
    assert [unicodedata.normalize("NFC", f"{PLACEHOLDER}{mark}") for mark in MARKS] == [
        f"{PLACEHOLDER}{mark}" for mark in MARKS
    ]
    assert all(cell_len(row) == 48 for row in placeholders(48, 12))


def test_each_cell_says_which_one_it_is() -> None:
    first, second = placeholders(3, 2)
    assert first == "".join(f"{PLACEHOLDER}{MARKS[0]}{MARKS[x]}" for x in range(3))
    assert second == "".join(f"{PLACEHOLDER}{MARKS[1]}{MARKS[x]}" for x in range(3))


@pytest.mark.parametrize("size", [1, PIECE * 3 // 4 - 2, PIECE * 3 // 4, PIECE * 3 // 4 + 1, 50_000])
def test_bytes_go_in_pieces_and_come_together_again(size: int) -> None:
    sent = transmission(7, bytes(range(256)) * (size // 256) + bytes(size % 256), 4, 2)
    data = "".join(piece for _, piece in COMMAND.findall(sent))
    assert len(base64.b64decode(data, validate=True)) == size
    ends = [re.search(r"m=([01])", told) for told, _ in COMMAND.findall(sent)]
    assert [end[1] for end in ends if end] == ["1"] * (len(ends) - 1) + ["0"]


def test_a_picture_is_given_in_full_and_keeps_its_shape() -> None:
    terminal = Terminal()
    picture = draw_bytes(png(900, 600), Canvas(Way.KITTY, 48, 12))
    terminal.write(picture.told)
    ((number, (image, columns, rows)),) = terminal.pictures.items()
    assert (image.size, columns, rows) == ((360, 240), 36, 12)
    assert (picture.width, len(picture.rows)) == (36, 12)
    styles = {segment.style for row in picture.rows for segment in row}
    assert len(styles) == 1
    colour = styles.pop()
    assert colour is not None
    assert colour.color is not None
    assert colour.color.triplet == (number >> 16, number >> 8 & 255, number & 255)
    assert 0 < number < 1 << 24
    assert len(picture.told) < 200_000
    terminal.write(picture.untold)
    assert not terminal.pictures
    assert draw_bytes(png(), Canvas(Way.KITTY, 48, 12)).told != draw_bytes(png(), Canvas(Way.KITTY, 48, 12)).told


def test_what_was_never_given_can_be_forgotten() -> None:
    terminal = Terminal()
    terminal.write(deletion(5))
    assert not terminal.pictures


# ---------------------------------------------------------------- in the app


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("TERM", "xterm-kitty")
    monkeypatch.setenv("COLORTERM", "truecolor")
    for name in ("NO_COLOR", "TERM_PROGRAM", "TMUX", "STY"):
        monkeypatch.delenv(name, raising=False)
    terminal = Terminal()

    def write(_driver: object, text: str) -> None:
        if "\x1b_G" in text:  # Textual says other things there
            terminal.write(text)

    monkeypatch.setattr("textual.drivers.headless_driver.HeadlessDriver.write", write)
    return terminal


@pytest.fixture
async def stage(terminal: Terminal, tmp_path: Path) -> AsyncIterator[FileStage]:
    stage = FileStage(tmp_path / "chat.db", Config(pictures="kitty"))
    async with stage.show():
        yield stage


def on_screen(stage: FileStage) -> set[int]:
    """The numbers of pictures that placeholders on screen stand for."""
    found = set()
    for strip in stage.main.timeline.current_frame():
        for text, style, _ in strip:
            if PLACEHOLDER in text and style is not None and style.color is not None and style.color.triplet:
                red, green, blue = style.color.triplet
                found.add(red << 16 | green << 8 | blue)
    return found


async def test_what_is_on_screen_is_what_the_terminal_was_given(stage: FileStage, terminal: Terminal) -> None:
    await stage.offer(png(), "mine.png")
    await stage.until(lambda: on_screen(stage))
    assert on_screen(stage) == set(terminal.pictures)
    assert {strip.cell_length for strip in stage.main.timeline.current_frame()} == {
        stage.main.timeline.scrollable_size.width
    }
    stage.app.configure(replace(stage.app.options.config, pictures="blocks"))
    await stage.until(lambda: "▀" in stage.screen_text())
    assert not on_screen(stage)
    assert not terminal.pictures, "what is not shown any more is forgotten"


async def test_at_the_end_the_terminal_forgets_them(terminal: Terminal, tmp_path: Path) -> None:
    stage = FileStage(tmp_path / "chat.db", Config(pictures="kitty"))
    async with stage.show():
        await stage.offer(png(), "mine.png")
        await stage.until(lambda: terminal.pictures)
    assert not terminal.pictures


@pytest.mark.parametrize(
    ("name", "value", "setting", "full"),
    [
        ("TMUX", "/tmp/tmux", "kitty", False),
        ("TERM_PROGRAM", "ghostty", "auto", True),
        ("TERM_PROGRAM", "ghostty", "blocks", False),
        ("KITTY_WINDOW_ID", "1", "auto", False),
    ],
)
async def test_it_is_used_where_it_is_known_to_work(
    name: str, value: str, setting: str, full: bool, terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    stage = FileStage(tmp_path / "chat.db", Config(pictures=setting))
    async with stage.show():
        await stage.offer(png(), "mine.png")
        await stage.until(lambda: on_screen(stage) or "▀" in stage.screen_text())
        assert bool(on_screen(stage)) == bool(terminal.pictures) == full
