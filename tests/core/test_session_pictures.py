"""Small pictures of files: a session asks its backend for one, and keeps nothing of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from chat_tui_core.errors import Refused, TransportError
from chat_tui_core.link import Link, LinkChanged
from chat_tui_core.model import FileInfo
from chat_tui_core.news import AskRefused
from chat_tui_core.small_pictures import AskPicture, PictureGiven
from tests.core.scripted import Play

FILE = FileInfo("a.png", 1_000, "image/png", "there")


async def asked(play: Play) -> AskPicture:
    await play.comes(lambda: any(isinstance(question, AskPicture) for question in play.connection.asked))
    question = play.connection.asked[-1]
    assert isinstance(question, AskPicture)
    return question


async def test_a_picture_is_asked_for_and_given(tmp_path: Path) -> None:
    play = Play(tmp_path / "chat.db")
    await play.online()
    answer = asyncio.create_task(play.session.picture(FILE, 64, 48, 5_000))
    question = await asked(play)
    assert (question.file, question.width, question.height, question.most) == (FILE, 64, 48, 5_000)
    await play.news(PictureGiven(question.request, b"image"))
    assert await answer == b"image"
    assert "image" not in repr(PictureGiven(1, b"image")), "no log has it"
    await play.close()


async def test_a_no_and_being_offline_are_said(tmp_path: Path) -> None:
    play = Play(tmp_path / "chat.db")
    await play.online()
    answer = asyncio.create_task(play.session.picture(FILE, 64, 48, 5_000))
    await play.news(AskRefused((await asked(play)).request, "NOPICTURE", "There is none."))
    with pytest.raises(Refused, match=r"There is none\."):
        await answer
    await play.news(LinkChanged(Link.WAITING, "gone", 5.0))
    with pytest.raises(TransportError):
        await play.session.picture(FILE, 64, 48, 5_000)
    await play.close()
