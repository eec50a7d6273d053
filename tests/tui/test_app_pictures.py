"""Pictures among the messages: what is drawn, what stays a line, what it costs, and that no line moves under a reader."""

from __future__ import annotations

import sys
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from chat_tui import picture_drawing
from chat_tui.config import Config
from chat_tui.screens import pictures
from chat_tui.screens.info import InfoScreen
from chat_tui.widgets.picture import HALF, Picture
from chat_tui_core.file_news import AcceptFile, FileTaken
from chat_tui_core.link import Capability, Link, LinkChanged
from chat_tui_core.model import EventKind, FileInfo, RoomEvent
from chat_tui_core.news import Arrived, AskRefused
from chat_tui_core.small_pictures import AskPicture, PictureGiven
from chat_tui_core.transfers import State
from tests.tui.file_stage import FileStage


def png(width: int = 90, height: int = 60, shade: int = 0) -> bytes:
    file = BytesIO()
    Image.effect_noise((width, height), 60 + shade).save(file, "PNG")
    return file.getvalue()


@pytest.fixture(autouse=True)
def _colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that shows every colour, and nothing else that is special."""
    for name in ("NO_COLOR", "KITTY_WINDOW_ID", "TERM_PROGRAM", "TMUX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[FileStage]:
    stage = FileStage(tmp_path / "chat.db")
    async with stage.show():
        yield stage


async def receive(
    stage: FileStage, body: bytes, name: str = "cat.png", order: int = 3, mime: str = "image/png"
) -> None:
    """Ann offers a file, the person takes it, and it comes."""
    transfer = await stage.offered(body, name, order, mime)
    await stage.session.files.accept(transfer.id)
    await stage.until_ordered(AcceptFile)
    await stage.news(FileTaken(transfer.id, transfer.ref, "x9", size=len(body)))
    stage.wire.files.write(transfer.id, 0, body)
    await stage.until(lambda: stage.session.files.get(transfer.id).state is State.COMPLETE)


def drawn(stage: FileStage) -> list[str]:
    """The rows of pictures on screen."""
    return [line for line in stage.lines_shown() if HALF in line]


async def until_drawn(stage: FileStage) -> list[str]:
    await stage.until(lambda: drawn(stage))
    return drawn(stage)


def alone(stage: FileStage) -> None:
    """The server gives no pictures."""
    stage.session.capabilities -= {Capability.PICTURES}


async def press(stage: FileStage, *keys: str) -> None:
    await stage.pilot.press(*keys)
    await stage.settle()


# ---------------------------------------------------------------- what is drawn


async def test_a_received_picture_stands_between_its_name_and_how_it_stands(stage: FileStage) -> None:
    await receive(stage, png())
    rows = await until_drawn(stage)
    assert len(rows) == 10  # a third of 30 rows
    assert {len(row) for row in rows} == {30}
    shown = stage.lines_shown()
    at = shown.index(rows[0])
    assert "cat.png" in shown[at - 1]
    assert shown[at + 10].startswith("✓ received")


async def test_an_own_picture_is_drawn_while_it_is_sent(stage: FileStage) -> None:
    await stage.offer(png(40, 40), "mine.png")
    assert len(await until_drawn(stage)) == 10


async def test_its_name_is_what_is_copied_and_read(stage: FileStage) -> None:
    await receive(stage, png())
    await until_drawn(stage)
    await press(stage, "up", "y")
    assert stage.app.clipboard.startswith("▤ cat.png")
    assert HALF not in stage.app.clipboard
    timeline = stage.main.timeline
    assert timeline.cursor is not None
    assert HALF not in timeline.source.text(timeline.cursor)


async def test_nothing_that_is_offered_comes_by_itself(stage: FileStage) -> None:  # D1
    alone(stage)
    await stage.offered(png(), "cat.png", mime="image/png")
    await stage.until(lambda: stage.main.desk.cards._pictures is not None)
    await stage.settle()
    assert not stage.wire.orders
    assert not drawn(stage)
    assert not any(isinstance(question, AskPicture) for question in stage.wire.asked)


async def test_what_only_says_that_it_is_a_picture_stays_a_line(stage: FileStage) -> None:  # E7
    alone(stage)
    await receive(stage, b"not a picture at all", "cat.png")
    place = ("general", "m3")
    await stage.until(lambda: place in stage.main.cards.pictures._reasons)
    assert not drawn(stage)
    await press(stage, "up", "i")
    await stage.until(lambda: isinstance(stage.app.screen, InfoScreen))
    assert "Picture  no image" in stage.screen_text()


async def test_a_file_that_is_another_one_by_now_is_not_shown_as_the_message_s(stage: FileStage) -> None:
    alone(stage)
    await stage.offer(png(), "mine.png")
    await until_drawn(stage)
    (stage.own / "mine.png").write_bytes(png(30, 30))
    stage.main.cards.pictures._shelf.clear()
    stage.main.cards.look()
    stage.main.timeline.restyle()
    await stage.until(lambda: stage.main.cards.pictures._reasons)
    assert set(stage.main.cards.pictures._reasons.values()) == {"the file is another one by now"}
    assert not drawn(stage)


@pytest.mark.parametrize("without", ["colours", "pillow", "setting"])
async def test_without_colours_or_pillow_it_stays_a_line(
    without: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if without == "colours":
        monkeypatch.setenv("NO_COLOR", "1")
    if without == "pillow":
        monkeypatch.setitem(sys.modules, "PIL", None)
    stage = FileStage(tmp_path / "chat.db", Config(pictures="off" if without == "setting" else "auto"))
    body = png() if without != "pillow" else b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x50\0\0\0\x50" + bytes(100)
    async with stage.show():
        await receive(stage, body)
        event = stage.main.conversation.source.event("m3") if stage.main.conversation.source else None
        assert event is not None
        await stage.until(lambda: stage.main.cards.pictures.why(event))
        assert not drawn(stage)
        assert "cat.png" in stage.screen_text()
        told = {"colours": "NO_COLOR", "pillow": "Pillow is not installed", "setting": "hidden"}[without]
        assert told in stage.main.cards.pictures.why(event)


# ---------------------------------------------------------------- shown and hidden


async def test_a_key_hides_one_picture_and_another_key_all(stage: FileStage) -> None:
    await receive(stage, png())
    await until_drawn(stage)
    await press(stage, "up", "v")
    assert not drawn(stage)
    await press(stage, "v")
    assert drawn(stage)
    await press(stage, "alt+i")
    assert not drawn(stage)
    assert "Alt+I shows them" in stage.screen_text()
    await press(stage, "v")
    assert drawn(stage), "one is shown although all others are not"
    await press(stage, "alt+i")
    await until_drawn(stage)


async def test_the_setting_holds_at_once(stage: FileStage) -> None:
    stage.app.configure(replace(stage.app.options.config, pictures="off"))
    await receive(stage, png())
    await stage.settle()
    assert not drawn(stage)
    stage.app.configure(replace(stage.app.options.config, pictures="blocks"))
    await until_drawn(stage)
    await press(stage, "up", "v")
    assert not drawn(stage)


async def test_where_there_is_no_picture_the_key_says_why(stage: FileStage) -> None:
    await press(stage, "up", "v")
    assert "brings no picture" in stage.screen_text()
    await stage.offered(name="a.txt")
    await press(stage, "down", "v", "v")
    assert "There is no picture of this file here" in stage.screen_text()


# ---------------------------------------------------------------- the reader's place


class Gate:
    """Holds pictures up until it is opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.open = threading.Event()
        self.asked = 0
        inner = picture_drawing.draw_bytes

        def draw(data: bytes, canvas: picture_drawing.Canvas) -> Picture:
            self.asked += 1
            assert self.open.wait(30)
            return inner(data, canvas)

        monkeypatch.setattr(picture_drawing, "draw_bytes", draw)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    gate = Gate(monkeypatch)
    yield gate
    gate.open.set()


def rows(stage: FileStage) -> list[str]:
    return [strip.text.rstrip() for strip in stage.main.timeline.current_frame()]


async def test_a_late_picture_moves_no_line_that_is_read(stage: FileStage, gate: Gate) -> None:  # E5
    await stage.lines("general", 10, 60)
    await receive(stage, png(), order=61)
    await stage.lines("general", 62, 100)
    timeline = stage.main.timeline
    assert stage.main.conversation.source is not None
    place = stage.main.conversation.source.event_position("m61")
    assert place is not None
    timeline.to_item(place, margin=8)
    await stage.settle()
    assert not timeline.following
    await stage.until(lambda: gate.asked)
    before = rows(stage)
    name = next(y for y, row in enumerate(before) if "cat.png" in row)
    assert 0 < name < len(before) - 3
    gate.open.set()
    await until_drawn(stage)
    after = rows(stage)
    assert after[: name + 1] == before[: name + 1], "what is above the picture stands where it stood"
    assert len(after) == len(before)
    # The same from below: what was read under it stays, when the picture grows above the screen.
    timeline.to_item(timeline.messages.hi - 8, margin=0)
    await stage.settle()
    shown = rows(stage)
    stage.main.cards.pictures._shelf.clear()
    stage.main.cards._draw_event("general", "m61")
    await stage.settle()
    assert rows(stage) == shown


async def test_who_follows_keeps_the_newest_line_at_the_bottom(stage: FileStage, gate: Gate) -> None:
    await receive(stage, png())
    await stage.lines("general", 4, 6)
    await stage.until(lambda: gate.asked)
    last = rows(stage)[-1]
    gate.open.set()
    await until_drawn(stage)
    assert stage.main.timeline.following
    assert rows(stage)[-1] == last


async def test_a_narrow_or_low_screen_gets_a_smaller_picture(stage: FileStage) -> None:
    await receive(stage, png(900, 300))
    assert {len(row) for row in await until_drawn(stage)} == {48}
    await stage.pilot.resize_terminal(60, 18)
    await stage.until(lambda: drawn(stage) and len(drawn(stage)) <= 6)
    assert all(len(row) <= stage.main.timeline.size.width for row in drawn(stage))


# ---------------------------------------------------------------- what it costs


async def many(stage: FileStage, count: int) -> None:
    """So many pictures of our own, one after the other."""
    for number in range(count):
        await stage.offer(png(60, 60, number), f"p{number}.png", 100 + number)


async def test_only_what_is_near_the_screen_is_drawn_and_memory_is_bounded(
    stage: FileStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "MEMORY", 1)
    await many(stage, 16)
    await until_drawn(stage)
    shelf = stage.main.cards.pictures._shelf
    await stage.until(lambda: not stage.main.cards.pictures._busy)
    on_screen = len(stage.main.timeline.visible_keys())
    assert len(shelf) <= on_screen + 2 * pictures.NEAR
    await press(stage, "ctrl+home")
    await stage.until(lambda: "p0.png" in stage.screen_text() and drawn(stage))
    await stage.until(lambda: not stage.main.cards.pictures._busy)
    assert len(shelf) <= len(stage.main.timeline.visible_keys()) + 2 * pictures.NEAR
    blocks = stage.main.timeline._blocks.values()
    held = sum(any(HALF in segment.text for line in block.lines for segment in line.segments) for block in blocks)
    assert held <= len(shelf), "a block of what had to go holds no picture either"


# ---------------------------------------------------------------- from the server

FILE = FileInfo("far.png", 500_000, "image/png", "mxc://a.example/x", 90, 60, thumbnail="mxc://a.example/t")


async def brought(stage: FileStage, order: int = 3, file: FileInfo = FILE) -> None:
    event = RoomEvent("general", f"m{order}", order, EventKind.FILE, "ann", order * 1000, "", file=file)
    await stage.news(Arrived("general", (event,)))


def asked(stage: FileStage) -> list[AskPicture]:
    return [question for question in stage.wire.asked if isinstance(question, AskPicture)]


async def test_the_server_is_asked_for_a_small_picture_once(stage: FileStage) -> None:
    await brought(stage)
    await stage.until(lambda: asked(stage))
    (question,) = asked(stage)
    assert (question.file, question.width, question.height, question.most) == (FILE, 640, 480, 1 << 20)
    await stage.news(PictureGiven(question.request, png()))
    await until_drawn(stage)
    assert len(list((stage.folder / "pictures").iterdir())) == 1
    stage.main.cards.pictures._shelf.clear()
    stage.main.timeline.restyle()
    await stage.until(lambda: not drawn(stage) or drawn(stage))
    await until_drawn(stage)
    assert len(asked(stage)) == 1, "it is kept in a folder of the account"
    assert not stage.wire.orders, "the file itself is not fetched"


async def test_what_the_disk_no_longer_has_comes_from_the_server(stage: FileStage) -> None:
    await stage.offer(png(), "mine.png")
    await until_drawn(stage)
    assert not asked(stage)
    (stage.own / "mine.png").unlink()
    stage.main.cards.pictures._shelf.clear()
    stage.main.timeline.restyle()
    await stage.until(lambda: asked(stage))
    await stage.news(PictureGiven(asked(stage)[0].request, png(20, 10)))
    assert {len(row) for row in await until_drawn(stage)} == {20}


async def test_a_server_that_gives_none_is_silent_in_the_messages_and_named_on_the_info_page(stage: FileStage) -> None:
    await brought(stage)
    await stage.until(lambda: asked(stage))
    await stage.news(AskRefused(asked(stage)[0].request, "M_NOT_FOUND", "The server does not find this."))
    await stage.settle()
    assert not drawn(stage)
    assert "does not find" not in stage.screen_text()
    assert not stage.notices()
    await press(stage, "up", "i")
    await stage.until(lambda: isinstance(stage.app.screen, InfoScreen))
    assert "Picture  The server does not find this." in stage.screen_text()
    assert len(asked(stage)) == 1


async def test_hostile_bytes_from_the_server_stay_a_line_and_are_not_kept(stage: FileStage) -> None:  # E7
    await brought(stage)
    await stage.until(lambda: asked(stage))
    await stage.news(PictureGiven(asked(stage)[0].request, b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\xff\xff\0\0\xff\xff\0\0"))
    await stage.until(lambda: stage.main.cards.pictures._reasons)
    assert not drawn(stage)
    assert not (stage.folder / "pictures").exists()


async def test_what_could_not_be_asked_for_is_asked_when_the_link_is_back(stage: FileStage) -> None:
    await brought(stage)
    await stage.until(lambda: asked(stage))
    await stage.news(AskRefused(asked(stage)[0].request, "STOPPED", "Not connected."))
    await stage.news(LinkChanged(Link.WAITING, "gone", 5.0))
    assert len(asked(stage)) == 1
    await stage.news(LinkChanged(Link.ONLINE))
    await stage.until(lambda: len(asked(stage)) == 2)


async def test_with_pictures_off_the_server_is_not_asked(tmp_path: Path) -> None:
    stage = FileStage(tmp_path / "chat.db", Config(pictures="off"))
    async with stage.show():
        await brought(stage)
        await stage.settle()
        assert not asked(stage)
        await press(stage, "up", "v")
        await stage.until(lambda: asked(stage))


async def test_a_terminal_that_an_editor_had_is_told_its_pictures_again(
    stage: FileStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await receive(stage, png())
    await until_drawn(stage)
    written: list[str] = []
    monkeypatch.setattr(stage.app._driver, "write", written.append)
    ((_canvas, picture),) = stage.main.cards.pictures._shelf.things()
    picture.told = "what the terminal must know"
    stage.app.app_resume_signal.publish(stage.app)
    await stage.until(lambda: "what the terminal must know" in written)
