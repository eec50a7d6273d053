"""Files in the app: how an offer stands in the timeline, what is done with it by key and by mouse, the list of all files."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from chat_tui.screens.file_cards import REPAINT_SECONDS
from chat_tui.screens.info import InfoScreen
from chat_tui.screens.transfers import TransfersScreen
from chat_tui_core.errors import FileTrouble
from chat_tui_core.file_news import (
    AcceptFile,
    EndFile,
    FileDone,
    FileEnded,
    FileMoved,
    FileStopped,
    FileTaken,
    OfferFile,
    RecipientMoved,
)
from chat_tui_core.link import Link, LinkChanged
from chat_tui_core.transfers import State, Transfer
from tests.tui.file_stage import FileStage

BODY = b"x" * 4_000


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[FileStage]:
    stage = FileStage(tmp_path / "chat.db")
    async with stage.show():
        yield stage


async def press(stage: FileStage, *keys: str) -> None:
    await stage.pilot.press(*keys)
    await stage.settle()


async def taken(stage: FileStage, body: bytes = BODY, name: str = "plan.txt", mime: str = "text/plain") -> Transfer:
    """An offer that the person has accepted, and the server lets have."""
    transfer = await stage.offered(body, name, mime=mime)
    await press(stage, "up", "a")
    await stage.until_ordered(AcceptFile)
    await stage.news(FileTaken(transfer.id, transfer.ref, "x9", size=len(body)))
    return transfer


async def half(stage: FileStage, transfer: Transfer) -> None:
    """Half of it has come."""
    stage.wire.files.write(transfer.id, 0, BODY[:2_000])
    await stage.until(lambda: stage.session.files.get(transfer.id).done == 2_000)


async def complete(stage: FileStage, transfer: Transfer, body: bytes = BODY) -> None:
    stage.wire.files.write(transfer.id, 0, body)
    await stage.until(lambda: stage.session.files.get(transfer.id).state is State.COMPLETE)


async def click(stage: FileStage, text: str) -> None:
    """Click on a text that is on screen."""
    lines = stage.screen_text().splitlines()
    y = next(index for index, line in enumerate(lines) if text in line)
    await stage.pilot.click(offset=(lines[y].index(text) + 1, y))
    await stage.settle()


# ---------------------------------------------------------------- in the timeline


async def test_an_offer_says_what_it_is_and_what_can_be_done(stage: FileStage) -> None:  # D1, D7
    await stage.offered()
    shown = stage.screen_text()
    assert "▤ plan.txt  (4.0 KB, text/plain)" in shown
    assert "… offered" in shown
    assert "a accept  s save to…  x decline" in shown
    await click(stage, "accept")
    await stage.until_ordered(AcceptFile)


async def test_it_is_accepted_by_a_key_and_shows_how_far_it_is(stage: FileStage) -> None:  # D1, D7, D8
    transfer = await taken(stage)
    await half(stage, transfer)
    shown = await stage.until_shown("50 %")
    assert "⇄ receiving  ━━━━" in shown
    assert "╾" in shown or "─" in shown
    assert "x cancel" in shown
    assert "↓1" in shown
    stage.wire.files.write(transfer.id, 2_000, BODY[2_000:])
    shown = await stage.until_shown("✓ received")
    assert "o open  f folder" in shown
    assert "↓1" not in shown
    assert (stage.received / "plan.txt").read_bytes() == BODY
    assert any("plan.txt is here" in notice for notice in stage.notices())


async def test_enter_takes_it_and_never_cancels_it_and_letters_mean_files_only_on_files(stage: FileStage) -> None:
    transfer = await stage.offered()
    await press(stage, "up", "up")
    await stage.type("fast")
    await stage.settle()
    assert stage.main.composer.text == "fast"
    stage.main.composer.clear()
    await press(stage, "up", "enter")
    await stage.until_ordered(AcceptFile)
    await press(stage, "enter", "enter")
    assert stage.session.files.get(transfer.id).is_open


async def test_it_is_declined(stage: FileStage) -> None:  # D6
    transfer = await stage.offered()
    await press(stage, "up", "x")
    assert "⊘ cancelled" in await stage.until_shown("cancelled")
    assert stage.session.files.get(transfer.id).state is State.CANCELLED


async def test_it_is_cancelled_on_its_way_and_fetched_anew(stage: FileStage) -> None:  # D6
    transfer = await taken(stage)
    await half(stage, transfer)
    await press(stage, "x")
    shown = await stage.until_shown("⊘ cancelled")
    assert "50 %" in shown
    assert "plan.txt.part" in shown
    stage.wire.orders.clear()
    await press(stage, "t")
    await stage.until_ordered(AcceptFile)
    assert stage.transfer().id != transfer.id
    assert "→ receiving" in await stage.until_shown("→ receiving")


async def test_the_other_side_s_cancel_is_said(stage: FileStage) -> None:  # D5
    transfer = await taken(stage)
    await stage.news(FileEnded(transfer.ref, "x9", State.CANCELLED, "ann"))
    assert "cancelled by ann" in await stage.until_shown("⊘ cancelled")
    assert any("cancelled by ann" in notice for notice in stage.notices())


async def test_what_it_waits_for_and_when_it_goes_on(stage: FileStage) -> None:  # D13
    transfer = await taken(stage)
    await half(stage, transfer)
    await stage.news(FileStopped(transfer.id, 12.0, "The server is busy."))
    shown = await stage.until_shown("⇄ waiting")
    assert "The server is busy. Again in 1" in shown
    assert "t try now" in shown
    await stage.news(LinkChanged(Link.WAITING, "gone", 5.0))
    assert "→ waiting" in await stage.until_shown("→ waiting")


async def test_own_files_say_who_has_them(stage: FileStage) -> None:  # D10
    transfer = await stage.offer()
    await stage.news(FileMoved(transfer.id, 1_000))
    shown = await stage.until_shown("25 %")
    assert "⇄ sending" in shown
    assert "↑1" in shown
    moved = [RecipientMoved("f3", f"r{n}", name, State.COMPLETE, 4_000) for n, name in enumerate(("ann", "bob"))]
    await stage.news(FileDone(transfer.id), *moved, RecipientMoved("f3", "r9", "eve", State.CONNECTED, 100))
    assert "✓ sent  2 of 3 have it" in await stage.until_shown("✓ sent")


async def test_progress_is_drawn_a_few_times_a_second_and_only_there(stage: FileStage) -> None:  # D11
    transfer = await taken(stage)
    await stage.until(lambda: stage.main.timeline.messages.older == "awaited")  # the first row says so from now on
    laid: list[int] = []
    begun = time.monotonic()
    inner = stage.main.timeline.lay_out_again

    def counted(position: int) -> None:
        laid.append(position)
        inner(position)

    stage.main.timeline.lay_out_again = counted  # type: ignore[method-assign]
    for done in range(100, 2_100, 100):
        stage.wire.files.write(transfer.id, done - 100, BODY[:100])
        await stage.until(lambda done=done: stage.session.files.get(transfer.id).done == done)
    position = stage.main.conversation.source.event_position("m3") if stage.main.conversation.source else None
    assert set(laid) <= {position}
    assert len(laid) <= 4 + 2 * (time.monotonic() - begun) / REPAINT_SECONDS


async def test_nothing_is_opened_but_by_its_key(stage: FileStage, monkeypatch: pytest.MonkeyPatch) -> None:  # D7
    opened: list[Path] = []

    def open_path(path: Path) -> bool:
        opened.append(path)
        return len(opened) < 3

    monkeypatch.setattr("chat_tui.screens.file_work.open_path", open_path)
    transfer = await taken(stage)
    await complete(stage, transfer)
    await stage.until_shown("✓ received")
    assert opened == []
    path = stage.received / "plan.txt"
    await press(stage, "o")
    await stage.until(lambda: opened == [path])
    await press(stage, "f")
    await stage.until(lambda: opened == [path, stage.received])
    await press(stage, "o")  # there is no desktop any more
    await stage.until(lambda: any("Nothing here opens files" in notice for notice in stage.notices()))
    assert stage.app.clipboard == str(path)
    await press(stage, "i")
    assert isinstance(stage.app.screen, InfoScreen)
    assert "in, complete, 100 %" in stage.app.screen.text
    await press(stage, "escape")
    path.unlink()
    await press(stage, "o")
    await stage.until_shown("plan.txt is not there any more")


async def test_a_picture_that_is_here_is_shown_with_its_facts(stage: FileStage, tmp_path: Path) -> None:  # D7
    Image.new("RGB", (40, 20), (200, 30, 30)).save(tmp_path / "red.png")
    body = (tmp_path / "red.png").read_bytes()
    transfer = await taken(stage, body, "photo.png", "image/png")
    await complete(stage, transfer, body)
    await stage.until_shown("✓ received")
    await press(stage, "i")
    assert "PNG 40 × 20" in await stage.until_shown("▀▀▀▀")


async def test_a_hostile_name_is_no_markup_and_what_the_disk_refuses_is_said(
    stage: FileStage, monkeypatch: pytest.MonkeyPatch
) -> None:  # D8, E7
    async def refuse(*_: object) -> Transfer:
        raise FileTrouble("The disk cannot be written to.")

    monkeypatch.setattr(stage.session.files, "accept", refuse)
    await stage.offered(name="\x1b[31m*bold*_\u202egnp.exe")
    shown = stage.screen_text()
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "*bold*_" in shown
    await press(stage, "up", "a")
    await stage.until_shown("The disk cannot be written to.")


# ---------------------------------------------------------------- all files


async def listed(stage: FileStage) -> TransfersScreen:
    await press(stage, "f3")
    await stage.until(lambda: isinstance(stage.app.screen, TransfersScreen))
    await stage.pilot.pause()
    screen = stage.app.screen
    assert isinstance(screen, TransfersScreen)
    return screen


async def test_the_list_of_files_tells_all_of_each(stage: FileStage) -> None:  # D7
    await listed(stage)
    assert "No files yet" in stage.screen_text()
    await press(stage, "escape")
    sent = await stage.offer(order=4)
    await stage.news(FileMoved(sent.id, 3_000))
    await stage.offered(order=5)
    await listed(stage)
    shown = await stage.until_shown("75 %")
    assert "↑ 1 out" in shown
    assert "1 offered" in shown
    assert "↑ mine.txt  4.0 KB" in shown
    assert "↓ plan.txt  4.0 KB" in shown
    assert "ann  general" in shown
    assert "⇄ sending  ━━━" in shown


async def test_all_that_can_be_done_from_the_list(stage: FileStage) -> None:  # D5, D6
    transfer = await stage.offered()
    screen = await listed(stage)
    await press(stage, "o", "t")  # nothing of that can be done with an offer
    await press(stage, "a")
    await stage.until_ordered(AcceptFile)
    await press(stage, "x")
    await stage.until_shown("⊘ cancelled")
    assert stage.session.files.get(transfer.id).state is State.CANCELLED
    stage.wire.orders.clear()
    await press(stage, "t")
    await stage.until_ordered(AcceptFile)
    again = stage.transfer()
    await stage.news(FileTaken(again.id, again.ref, "x9", size=len(BODY)))
    await complete(stage, again)
    await stage.until_shown("✓ received")
    await press(stage, "home", "y")
    assert stage.app.clipboard == str(stage.received / "plan.txt")
    await press(stage, "enter")
    await stage.until(lambda: stage.app.screen is not screen)
    await stage.until(lambda: stage.main.timeline.cursor is not None)
    assert stage.main.timeline.cursor_key()


async def test_a_file_of_ours_that_came_to_nothing_is_offered_again(stage: FileStage) -> None:  # D5
    transfer = await stage.offer()
    await listed(stage)
    await press(stage, "x")
    await stage.until_ordered(EndFile)
    stage.wire.orders.clear()
    await stage.until_shown("⊘ cancelled")
    await press(stage, "t")
    await stage.until_ordered(OfferFile)
    assert stage.transfer().id != transfer.id


async def test_commands_and_the_status_bar_lead_to_the_list(stage: FileStage) -> None:
    await stage.offer()
    await stage.until_shown("↑1")
    for typed in ("/files", "/transfers", ""):
        stage.main.composer.insert(typed)
        await (press(stage, "enter") if typed else click(stage, "↑1"))
        await stage.until(lambda: isinstance(stage.app.screen, TransfersScreen))
        await press(stage, "escape")


@pytest.mark.parametrize("size", [(80, 24), (160, 45), (40, 12)])
async def test_every_size_stands(tmp_path: Path, size: tuple[int, int]) -> None:  # E1
    stage = FileStage(tmp_path / "chat.db")
    async with stage.show(size):
        transfer = await taken(stage)
        await half(stage, transfer)
        await stage.until_shown("50 %")
        await listed(stage)
        await stage.until_shown("50 %")
        assert max(len(line) for line in stage.screen_text().splitlines()) <= size[0]
