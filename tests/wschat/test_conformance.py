"""The wschat backend passes the contract's own checks, against our server over a real WebSocket."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from chat_tui_core import conformance
from chat_tui_core.contract import Backend, RunningServer, ServerOptions
from chat_tui_core.registry import load


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class WschatStage:
    """Our server on one port and one file, so that it can go away and come back."""

    def __init__(self, folder: Path) -> None:
        self.backend: Backend = load("wschat")
        self._options = ServerOptions(port=_free_port(), data=str(folder / "server.db"), open_registration=True)
        self._server: RunningServer | None = None
        self.url = f"ws://127.0.0.1:{self._options.port}"

    async def user(self, name: str) -> str:
        return f"password of {name}"  # open registration: the first sign-in makes the account

    async def start(self) -> None:
        assert self.backend.server is not None
        self._server = await self.backend.server.start(self._options)

    async def stop(self) -> None:
        if self._server is not None:
            server, self._server = self._server, None
            await server.close()

    async def cut(self) -> None:
        running: Any = self._server
        await running.cut()


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[WschatStage]:
    stage = WschatStage(tmp_path)
    await stage.start()
    secret = await stage.user("ann")
    await stage.backend.login(stage.url, "ann", secret, kind="password", device="first")
    yield stage
    await stage.stop()


@pytest.mark.parametrize("check", conformance.CHECKS, ids=lambda check: check.__name__)
async def test_conformance(check: conformance.Check, stage: WschatStage, tmp_path: Path) -> None:  # E1, A13, A14
    await check(stage, tmp_path / "client")
