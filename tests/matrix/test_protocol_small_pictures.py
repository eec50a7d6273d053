"""Small pictures of files: which server calls bring one, in which order, and what is never asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chat_tui_core.contract import AskRefused
from chat_tui_core.model import FileInfo
from chat_tui_core.small_pictures import AskPicture, PictureGiven
from chat_tui_matrix.calling import TOO_LARGE, Caller
from chat_tui_matrix.protocol.file_fetching import HIDDEN
from chat_tui_matrix.protocol.small_pictures import NONE
from chat_tui_matrix.wire.calls import Request, Unfit
from tests.matrix.action_stage import Stage, line
from tests.matrix.homeserver_stage import Homeserver, endless

V1, OLD = "/_matrix/client/v1/media", "/_matrix/media/v3"
IMAGE = FileInfo("cat.png", 5_000_000, "image/png", "mxc://a.example/cat", thumbnail="mxc://b.example/small")
SCALED = {"width": "640", "height": "480", "method": "scale", "animated": "false"}


@pytest.fixture
def stage() -> Stage:
    return Stage()


def ask(stage: Stage, file: FileInfo) -> None:
    stage.questions.ask(AskPicture(1, file, 640, 480, 1 << 20), stage.now)


def asked(stage: Stage) -> list[str]:
    return [line(call.request) for call in stage.calls()]


def test_the_server_makes_it_of_the_image_itself(stage: Stage) -> None:
    ask(stage, IMAGE)
    request = stage.request()
    assert line(request) == f"GET {V1}/thumbnail/a.example/cat"
    assert (request.query, request.auth, request.most) == (SCALED, True, 1 << 20)
    stage.answer(b"\x89PNG")
    assert stage.news() == [PictureGiven(1, b"\x89PNG")]
    assert not stage.calls()


def test_else_of_the_picture_that_came_with_it_else_the_file_where_that_is_small(stage: Stage) -> None:
    ask(stage, replace(IMAGE, size=900_000))
    stage.refuse(404, "M_NOT_FOUND", "no thumbnail")
    assert asked(stage) == [f"GET {V1}/thumbnail/b.example/small"]
    stage.answer(Unfit(TOO_LARGE))
    assert asked(stage) == [f"GET {V1}/download/a.example/cat"]
    assert stage.request().most == 1 << 20
    stage.refuse(404, "M_NOT_FOUND", "Not here.")
    (no,) = stage.news()
    assert isinstance(no, AskRefused)
    assert no.code == "M_NOT_FOUND"


def test_a_large_file_is_never_fetched_for_it(stage: Stage) -> None:
    ask(stage, IMAGE)
    stage.refuse(400, "M_UNKNOWN", "Cannot thumbnail this.")
    stage.answer(b"")
    assert stage.news() == [AskRefused(1, "M_UNKNOWN", "Cannot thumbnail this.")]
    assert not stage.calls()


def test_of_a_film_only_the_picture_that_came_with_it(stage: Stage) -> None:
    ask(stage, replace(IMAGE, mime="video/mp4", size=1_000))
    assert asked(stage) == [f"GET {V1}/thumbnail/b.example/small"]
    stage.answer(b"jpeg")
    assert stage.news() == [PictureGiven(1, b"jpeg")]


def test_older_servers_are_asked_in_their_way_and_without_the_token(stage: Stage) -> None:
    ask(stage, IMAGE)
    stage.refuse(404, "M_UNRECOGNIZED", "Unrecognized request")
    request = stage.request()
    assert line(request) == f"GET {OLD}/thumbnail/a.example/cat"
    assert (request.auth, request.query) == (False, {**SCALED, "allow_redirect": "false"})
    stage.answer(b"png")
    assert stage.news() == [PictureGiven(1, b"png")]


@pytest.mark.parametrize(
    "file",
    [
        FileInfo("a.png", 10, "image/png", ""),
        FileInfo("a.png", 10, "image/png", "https://evil.example/a.png", thumbnail="file:///etc/passwd"),
        FileInfo("a.png", 10, "image/png", "mxc://a.example/../b", thumbnail="mxc://a.example"),
        FileInfo("a.zip", 10, "application/zip", "mxc://a.example/zip"),
    ],
)
def test_where_there_is_no_address_nothing_is_asked(stage: Stage, file: FileInfo) -> None:  # E7
    ask(stage, file)
    assert not stage.calls()
    assert stage.news() == [AskRefused(1, "NOPICTURE", NONE)]


def test_what_is_encrypted_is_not_asked_for(stage: Stage) -> None:
    ask(stage, replace(IMAGE, ref=f"encrypted:{IMAGE.ref}"))
    assert not stage.calls()
    assert stage.news() == [AskRefused(1, "ENCRYPTED", HIDDEN)]


async def test_no_more_bytes_are_read_than_are_wanted() -> None:  # E7
    async with Homeserver() as server, Caller() as caller:
        server.on("/long", lambda request: endless(request, b"x" * 65_536, 0, 2_000))
        server.on("/short", "x" * 1_000)
        server.on("/wrong", "x" * 100_000, 404)
        told = [
            await caller.call(server.url, Request("GET", path, reads="bytes", most=50_000))
            for path in ("/long", "/short", "/wrong")
        ]
    assert told[:2] == [(200, Unfit(TOO_LARGE)), (200, b"x" * 1_000)]
    assert told[2][0] == 404
