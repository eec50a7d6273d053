"""Small pictures of a real homeserver's making: of an image and of what only says that it is one."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from chat_tui.image_size import image_size
from chat_tui.picture_drawing import Canvas, Way, draw_bytes
from chat_tui.small_image import Undrawn
from chat_tui_core.errors import Refused
from chat_tui_core.link import Capability
from chat_tui_core.model import RoomEvent
from chat_tui_core.transfers import State
from tests.matrix_live.people import People
from tests.matrix_live.test_files import filer, pair, picture
from tests.matrix_live.watching import joined, showing

WANTED = 640, 480, 1 << 20
CANVAS = Canvas(Way.BLOCKS, 48, 12)


def brings(name: str, event: RoomEvent) -> bool:
    return event.file is not None and event.file.name == name


async def test_the_server_gives_a_small_picture_and_says_no_to_what_is_none(people: People, tmp_path: Path) -> None:
    ann, bob, room = await pair(people)

    async with filer(ann, tmp_path) as out, filer(bob, tmp_path) as back:
        await joined(out.session, room)
        await joined(back.session, room)
        assert Capability.PICTURES in back.session.capabilities
        for name, body in (("cat.png", picture(900, 600)), ("dog.png", b"no picture at all")):
            await out.reaches(await out.offer(room, body, name), State.COMPLETE)
        cat, dog = [await showing(back.session, room, partial(brings, name)) for name in ("cat.png", "dog.png")]
        assert cat.file is not None
        assert dog.file is not None
        data = await back.session.picture(cat.file, *WANTED)
        found = image_size(data)
        assert found is not None
        assert 0 < found[1] <= 640
        assert 0 < found[2] <= 480
        shown = draw_bytes(data, CANVAS)
        assert (shown.width, len(shown.rows)) == (36, 12)
        for hopeless in (dog.file, replace(cat.file, ref="mxc://localhost/NoSuchMedia", size=0)):
            with pytest.raises((Refused, Undrawn)):
                draw_bytes(await back.session.picture(hopeless, *WANTED), CANVAS)
        assert back.session.files.all()[0].state is State.NEW, "nothing was accepted for it"
        assert back.parts() == []
