"""The dialog that chooses files, in the app: walking, finding, marking, a caption, places, previews, pasted paths."""

from __future__ import annotations

import os
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from textual import events

from chat_tui.aside import aside
from chat_tui.clipboard_image import keep_image
from chat_tui.folders import Entry, Facts, Folder, Order
from chat_tui.screens.picker import PickerScreen
from chat_tui.widgets.folder_list import FolderList
from chat_tui.widgets.preview_pane import PreviewPane
from chat_tui_core.file_news import AcceptFile, OfferFile
from chat_tui_core.transfers import Direction
from tests.tui.file_stage import FileStage

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (640).to_bytes(4, "big") + (480).to_bytes(4, "big")


@pytest.fixture
async def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FileStage]:
    stage = FileStage(tmp_path / "chat.db")
    home = tmp_path / "own"
    monkeypatch.setenv("HOME", str(home))
    for name in ("Downloads", "work/deep"):
        (home / name).mkdir(parents=True)
    for number in range(12):
        (home / f"page {number}.txt").write_text(f"this is page {number}\n" * 3, encoding="utf-8")
    (home / ".secret").write_text("hidden", encoding="utf-8")
    (home / "photo.png").write_bytes(PNG)
    (home / "work" / "plan.md").write_text("# the plan", encoding="utf-8")
    async with stage.show():
        yield stage


async def press(stage: FileStage, *keys: str) -> None:
    await stage.pilot.press(*keys)
    await stage.settle()


async def opened(stage: FileStage, *keys: str) -> PickerScreen:
    """The dialog, with its folder read."""
    await press(stage, *(keys or ("ctrl+o",)))
    await stage.until(lambda: isinstance(stage.app.screen, PickerScreen))
    await settled(stage)
    screen = stage.app.screen
    assert isinstance(screen, PickerScreen)
    return screen


async def settled(stage: FileStage) -> None:
    await stage.until(lambda: isinstance(stage.app.screen, PickerScreen) and not stage.app.screen._view.reading)
    await stage.pilot.pause()


def write(stage: FileStage, text: str) -> None:
    """Have a text in the filter, as if it had been typed faster than anybody can."""
    assert isinstance(stage.app.screen, PickerScreen)
    stage.app.screen._query.insert(text)


def names(stage: FileStage) -> list[str]:
    return [entry.name for entry in stage.app.screen.query_one(FolderList).entries]


def chosen(stage: FileStage) -> str:
    found = stage.app.screen.query_one(FolderList).chosen()
    return found.name if found is not None else ""


def offers(stage: FileStage) -> list[str]:
    return [one.name for one in stage.session.files.all() if one.direction is Direction.OUT]


async def test_a_file_is_found_by_typing_and_sent_with_a_caption(stage: FileStage) -> None:  # D12
    await opened(stage)
    assert names(stage)[:4] == ["Downloads", "work", "page 0.txt", "page 1.txt"]  # as people count: 2 before 10
    assert names(stage)[-2:] == ["page 11.txt", "photo.png"]
    await stage.type("page1")
    await press(stage, "down", "enter")
    await stage.until_shown("● 1 file")
    await stage.type("see this")
    await press(stage, "enter")
    await stage.until(lambda: offers(stage) == ["page 10.txt"])
    (caption,) = stage.doings()
    assert caption.text == "see this"
    assert stage.wire.orders == []  # the caption comes first
    await stage.echo(caption, 9)
    await stage.until_ordered(OfferFile)


async def test_a_file_goes_into_the_thread_that_is_open(stage: FileStage) -> None:  # C3, D1
    stage.main.conversation.open("general", "m1")
    await opened(stage)
    await stage.until_shown("Send files to a thread in ")
    await stage.type("photo")
    await press(stage, "enter")
    await stage.type("see this")
    await press(stage, "enter")
    await stage.until(lambda: offers(stage) == ["photo.png"])
    (caption,) = stage.doings()
    assert caption.content["thread"] == "m1"
    await stage.echo(caption, 9)
    await stage.until_ordered(OfferFile)
    assert [order.thread for order in stage.wire.orders if isinstance(order, OfferFile)] == ["m1"]
    assert stage.transfer().thread == "m1"


async def test_keys_that_come_at_once_mean_what_was_typed_before_them(stage: FileStage) -> None:  # E9
    screen = await opened(stage)
    for key in ("p", "h", "o", "enter", "s", "e", "a"):
        screen.app.post_message(events.Key(key, key if len(key) == 1 else None))
    await stage.until(lambda: screen._caption.text == "sea")
    assert "● 1 file, 24 B: photo.png" in stage.screen_text()
    await press(stage, "enter")
    await stage.until(lambda: offers(stage) == ["photo.png"])


async def test_what_is_sent_without_a_connection_waits(stage: FileStage) -> None:  # D13
    await stage.offline()
    await opened(stage)
    await stage.type("photo")
    await press(stage, "enter", "enter")
    await stage.until(lambda: offers(stage) == ["photo.png"])
    await stage.until(lambda: any("with the next connection" in notice for notice in stage.notices()))
    await press(stage, "f3")
    await stage.until_shown("Waits for the connection.")


async def test_several_files_are_marked_and_sent(stage: FileStage) -> None:
    await opened(stage)
    await stage.type("page")
    await press(stage, "tab", "tab", "down", "tab")
    shown = await stage.until_shown("● 3 files")
    assert "page 0.txt, page 1.txt, page 3.txt" in shown
    await press(stage, "up", "up", "up", "tab", "enter")
    await stage.until_shown("● 2 files")
    await press(stage, "escape", "enter", "enter")  # back to the list, and on again
    await stage.until(lambda: len(offers(stage)) == 2)
    assert set(offers(stage)) == {"page 0.txt", "page 3.txt"}


async def test_walking_through_folders(stage: FileStage, tmp_path: Path) -> None:
    screen = await opened(stage)
    own = tmp_path / "own"
    await press(stage, "down", "right")
    await settled(stage)
    assert (screen._view.path, names(stage)) == (own / "work", ["deep", "plan.md"])
    await press(stage, "left")
    await settled(stage)
    assert (screen._view.path, chosen(stage)) == (own, "work")
    await stage.type("work/pl")
    await settled(stage)
    assert (screen._view.path, names(stage), chosen(stage)) == (own / "work", ["plan.md"], "plan.md")
    await press(stage, "backspace", "backspace", "backspace")
    await settled(stage)
    assert screen._view.path == own
    write(stage, f"{tmp_path}/")
    await settled(stage)
    assert screen._view.path == tmp_path
    await stage.type("~/../own/")
    await settled(stage)
    assert screen._view.path == own
    for nowhere in ("~nobody-of-that-name/", "a" * 300 + "/"):
        write(stage, nowhere)
        await stage.until_shown("cannot be read")
        await settled(stage)
        assert screen._view.path == own
    await stage.type("no such/")
    assert "cannot be read" in await stage.until_shown("cannot be read")
    assert screen._view.path == own


async def test_hidden_files_order_and_places(stage: FileStage, tmp_path: Path) -> None:
    screen = await opened(stage)
    assert ".secret" not in names(stage)
    await press(stage, "alt+h")
    await stage.until(lambda: ".secret" in names(stage))
    os.utime(tmp_path / "own" / "page 7.txt", (4e9, 4e9))
    await press(stage, "alt+s")
    await stage.until(lambda: names(stage)[2] == "page 7.txt")
    assert "by date, hidden ones too" in stage.screen_text()
    await press(stage, "alt+s")
    await stage.until(lambda: screen._view.order is Order.SIZE and not screen._view.reading)
    assert names(stage)[2] == "page 10.txt"
    assert "1 Home   2 Downloads" in stage.screen_text()
    await press(stage, "alt+2")
    await stage.until(lambda: screen._view.path.name == "Downloads")
    await press(stage, "alt+1", "down", "right")
    await stage.until(lambda: screen._view.path.name == "work")
    await press(stage, "alt+p")
    await stage.until_shown("1 ◆work   2 Home")
    await press(stage, "escape")
    await opened(stage)
    assert "1 ◆work" in stage.screen_text()  # pins are kept
    await press(stage, "alt+1")
    await stage.until(lambda: chosen(stage) == "deep")
    await press(stage, "alt+p")
    await stage.until(lambda: "◆" not in stage.screen_text())


async def test_previews_of_texts_and_pictures(stage: FileStage) -> None:
    await opened(stage)
    await stage.type("page2")
    assert "this is page 2" in await stage.until_shown("this is page 2")
    await press(stage, "ctrl+u")
    await stage.type("photo")
    await stage.until_shown("PNG 640 × 480")
    assert "cannot be drawn" in stage.screen_text()  # the header alone is no picture


async def test_everything_by_mouse(stage: FileStage) -> None:
    screen = await opened(stage)
    found = screen.query_one(FolderList)
    await stage.pilot.click(FolderList, offset=(8, 3))
    assert chosen(stage) == "page 1.txt"
    await stage.pilot.click(FolderList, offset=(1, 4))
    await stage.until_shown("● 1 file")
    await stage.pilot.click(FolderList, offset=(1, 4))
    await stage.until(lambda: "● 1 file" not in stage.screen_text())
    await stage.pilot.click(FolderList, offset=(8, 1), times=2)
    await stage.until(lambda: screen._view.path.name == "work")
    await stage.pilot.click("#picker-places", offset=(16, 0))
    await stage.until(lambda: screen._view.path.name == "Downloads")
    await stage.pilot.click("#picker-path", offset=(2, 0))
    await stage.until(lambda: screen._view.path.name == "own")
    assert found.cursor is not None
    await stage.pilot.click(offset=(0, 0))
    await stage.until(lambda: not isinstance(stage.app.screen, PickerScreen))
    assert offers(stage) == []


async def test_a_folder_of_fifty_thousand_files_is_looked_at_as_far_as_it_is_seen(
    stage: FileStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = tuple(Entry(f"file {number:05}.bin", "file") for number in range(50_000))
    asked: list[str] = []

    def facts_of(_folder: Path, wanted: list[str]) -> dict[str, Facts]:
        asked.extend(wanted)
        return dict.fromkeys(wanted, Facts(1, 1.0, there=True))

    monkeypatch.setattr("chat_tui.screens.folder_view.list_folder", lambda path, _order: Folder(path, many))
    monkeypatch.setattr("chat_tui.screens.picker.facts_of", facts_of)
    await opened(stage)
    await stage.until_shown("50,000")
    await stage.until(lambda: asked)
    assert len(asked) < 100
    await stage.type("49 999")
    await stage.until(lambda: chosen(stage) == "file 49999.bin")


async def test_a_disk_that_does_not_answer_holds_up_nobody(
    stage: FileStage, monkeypatch: pytest.MonkeyPatch
) -> None:  # D11
    answer = threading.Event()

    def never(path: Path, _order: Order) -> Folder:
        answer.wait(30)
        return Folder(path)

    monkeypatch.setattr("chat_tui.screens.folder_view.list_folder", never)
    await press(stage, "ctrl+o")
    await stage.until_shown("reading…")
    await stage.type("abc")
    await press(stage, "escape")
    await stage.until(lambda: not isinstance(stage.app.screen, PickerScreen))
    answer.set()


WRITTEN = [
    ("{path}", 1),
    ("'{path}'", 1),
    ('"{path}"', 1),
    ("{escaped}", 1),
    ("file://{url}", 1),
    ("{path}\n{other}\n", 2),
    ("'{other}' {escaped}", 2),
]
"""How terminals and desktops write what was dropped, and how many files that is."""


async def test_a_pasted_path_is_asked_about(stage: FileStage, tmp_path: Path) -> None:
    path, other = tmp_path / "own" / "page 1.txt", tmp_path / "own" / "photo.png"
    escaped, url = str(path).replace(" ", "\\ "), str(path).replace(" ", "%20")
    for written, count in WRITTEN:
        text = written.format(path=path, other=other, escaped=escaped, url=url)
        stage.app.post_message(events.Paste(text))
        await stage.until(lambda: isinstance(stage.app.screen, PickerScreen))
        await stage.until_shown(f"● {count} file")
        await press(stage, "escape")
        assert stage.main.composer.text == text  # nothing that was pasted is lost
        stage.main.composer.clear()
    assert offers(stage) == []


async def test_a_pasted_path_that_is_sent_leaves_the_composer(stage: FileStage, tmp_path: Path) -> None:
    await stage.type("look ")
    stage.app.post_message(events.Paste(str(tmp_path / "own" / "photo.png")))
    await stage.until_shown("● 1 file")
    await press(stage, "enter")
    await stage.until(lambda: offers(stage) == ["photo.png"])
    assert stage.main.composer.text == "look "
    stage.main.set_focus(stage.main.rooms)
    stage.app.post_message(events.Paste(str(tmp_path / "own" / "page 2.txt")))  # dropped beside the composer
    await stage.until_shown("● 1 file")
    await press(stage, "enter")
    await stage.until(lambda: offers(stage) == ["photo.png", "page 2.txt"])
    assert (stage.main.composer.text, stage.focus) == ("look ", "composer")
    for text in ("/no/such/file", "just words", f"{tmp_path}/own", f"{tmp_path / 'own' / 'photo.png'} and words"):
        stage.app.post_message(events.Paste(text))
        await stage.settle()
        await stage.pilot.pause(0.05)
        assert not isinstance(stage.app.screen, PickerScreen), text


async def test_what_goes_away_while_it_is_chosen_is_said_and_nothing_is_sent(
    stage: FileStage, tmp_path: Path
) -> None:  # D12
    await opened(stage)
    await stage.type("photo")
    await press(stage, "enter")
    await stage.type("see")
    (tmp_path / "own" / "photo.png").unlink()
    await press(stage, "enter")
    await stage.until_shown("photo.png cannot be read; nothing is sent.")
    assert (offers(stage), stage.doings()) == ([], [])
    name = os.fsdecode(b"caf\xe9.txt")
    (tmp_path / "own" / name).write_bytes(b"latin")
    await opened(stage)
    await stage.type("caf")
    await press(stage, "enter", "enter")
    await stage.until(lambda: len(offers(stage)) == 1)
    assert stage.transfer().path.endswith(name)


async def test_the_command_takes_a_path(stage: FileStage) -> None:  # D12
    stage.main.composer.insert("/file ~/page 3.txt")
    await opened(stage, "enter")
    await stage.until_shown("● 1 file")
    await press(stage, "enter")
    await stage.until(lambda: offers(stage) == ["page 3.txt"])
    stage.main.composer.insert("/file ~/work")
    screen = await opened(stage, "enter")
    assert screen._view.path.name == "work"
    await press(stage, "escape")
    stage.main.composer.insert("/file ~/nothing")
    await press(stage, "enter")
    await stage.until_shown("There is no file ~/nothing")


async def test_the_clipboard_s_image(stage: FileStage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "image").write_bytes(PNG)
    monkeypatch.setenv("PATH", f"{tools}")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-test")
    await press(stage, "alt+v")
    await stage.until_shown("must be installed")
    script = f'#!/bin/sh\n[ "$1" = --list-types ] && echo image/png && exit\nexec /bin/cat {tools}/image\n'
    (tools / "wl-paste").write_text(script, encoding="ascii")
    (tools / "wl-paste").chmod(0o755)
    await opened(stage, "alt+v")
    await stage.until_shown("● 1 file")
    await stage.until_shown("PNG 640 × 480")
    await press(stage, "enter")
    await stage.until(lambda: len(offers(stage)) == 1)
    path = Path(stage.transfer().path)
    assert path.read_bytes() == PNG
    assert path.stat().st_mode & 0o777 == 0o600
    os.utime(path, (0, 0))
    kept = await aside(keep_image, path.parent.parent)
    assert [kept] == list(path.parent.iterdir())  # what is old is not kept for ever


async def test_a_file_is_saved_to_a_folder_of_one_s_choice(stage: FileStage, tmp_path: Path) -> None:  # D8
    transfer = await stage.offered()
    await press(stage, "up")
    await opened(stage, "s")
    assert "Save plan.txt to" in stage.screen_text()
    write(stage, f"{tmp_path}/own/")
    await settled(stage)
    await stage.until_shown("✓ Save it here")
    assert names(stage) == ["Downloads", "work"]
    await stage.type("wo")
    await press(stage, "enter")
    await stage.until(lambda: names(stage) == ["deep"])
    await press(stage, "enter")
    await stage.until_ordered(AcceptFile)
    assert stage.session.files.get(transfer.id).path == str(tmp_path / "own" / "work" / "plan.txt")


@pytest.mark.parametrize("size", [(80, 24), (160, 45), (50, 14)])
async def test_every_size_stands(tmp_path: Path, size: tuple[int, int]) -> None:  # E1
    stage = FileStage(tmp_path / "chat.db")
    (stage.own / "only.txt").write_text("one", encoding="utf-8")
    async with stage.show(size):
        stage.main.composer.insert(f"/file {stage.own}")
        screen = await opened(stage, "enter")
        await stage.until_shown("only.txt")
        assert (screen.query_one(PreviewPane).size.width > 0) is (size[0] >= 70)
        assert max(len(line) for line in stage.screen_text().splitlines()) <= size[0]
