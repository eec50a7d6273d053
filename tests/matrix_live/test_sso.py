"""Signing in by a browser at a real homeserver, which asks a single sign-on service who somebody is (CAS)."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import pytest
from aiohttp import web

from chat_tui_core import registry
from chat_tui_core.contract import LoginWay
from chat_tui_core.errors import AuthRefused, ConfigError
from chat_tui_core.model import Account
from tests.live.command import PROGRAM, Client
from tests.matrix_live.people import Raw
from tests.matrix_live.synapse import Synapse
from tests.matrix_live.synapse_config import FAST

TICKET = """<cas:serviceResponse xmlns:cas="urn:cas"><cas:authenticationSuccess>
<cas:user>ann</cas:user></cas:authenticationSuccess></cas:serviceResponse>"""


class WithCas(Synapse):
    """A homeserver that asks a CAS server, and has no passwords."""

    cas = ""

    def write_config(self) -> None:
        super().write_config()
        path = self.folder / "homeserver.yaml"
        config = json.loads(path.read_text())
        config |= {"cas_config": {"enabled": True, "server_url": self.cas}, "password_config": {"enabled": False}}
        path.write_text(json.dumps(config))


@pytest.fixture
async def homeserver(synapse_installed: Path, tmp_path: Path) -> AsyncIterator[Synapse]:
    """A homeserver whose single sign-on lets everybody in as ann."""

    async def sign_on(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/login"):
            raise web.HTTPFound(f"{request.query['service']}&{urlencode({'ticket': 'T-1'})}")
        return web.Response(text=TICKET, content_type="application/xml")

    app = web.Application()
    app.router.add_get("/{rest:.*}", sign_on)
    runner = web.AppRunner(app, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server = WithCas(tmp_path / "synapse", FAST)
    server.cas = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        async with server:
            yield server
    finally:
        await runner.cleanup()


async def browse(page: str) -> str:
    """What a person's browser does: open the page, sign on, go on to where the homeserver leads; the last page."""
    jar = aiohttp.CookieJar(unsafe=True)  # the servers are numbers, not names
    async with aiohttp.ClientSession(cookie_jar=jar) as browser:
        async with browser.get(page) as answer:
            asks = await answer.text()
        links = [unescape(link) for link in re.findall(r'href="(http://127\.0\.0\.1:[^"]+)"', asks)]
        [back] = [link for link in links if "loginToken=" in link]
        async with browser.get(back) as answer:
            return await answer.text()


async def test_a_person_signs_on_in_the_browser(homeserver: Synapse) -> None:
    backend = registry.load("matrix")
    found = await backend.discover(homeserver.url)
    assert found.ways == (LoginWay.SSO, LoginWay.TOKEN)
    with pytest.raises(ConfigError, match="has no sign-in by password; it has: browser, access token"):
        await backend.login(homeserver.url, "ann", "pw", kind="password", device="PHONE")
    pages: list[asyncio.Task[str]] = []

    def show(page: str) -> None:
        pages.append(asyncio.create_task(browse(page)))

    given = await backend.login(homeserver.url, "", "", kind="sso", device="PHONE", browse=show)
    assert "You are signed in" in await pages[0]
    assert (given.user, given.device, given.url) == ("@ann:localhost", "PHONE", homeserver.url)
    async with Raw(homeserver.url, json.loads(given.token)["access_token"]) as raw:
        assert (await raw.get("account/whoami"))["device_id"] == "PHONE"
        with pytest.raises(AuthRefused, match="In the browser you are @ann:localhost, not bob"):
            await backend.login(homeserver.url, "bob", "", kind="sso", device="OTHER", browse=show)
        devices = [device["device_id"] for device in (await raw.get("devices"))["devices"]]
        assert devices == ["PHONE"], "nobody keeps a sign-in that was not wanted"
    await backend.logout(Account("home", "matrix", given.url, given.user, given.device), given.token)


async def test_the_command_line_signs_on_in_the_browser(homeserver: Synapse, tmp_path: Path) -> None:
    client = Client(tmp_path / "data")
    program = await asyncio.create_subprocess_exec(
        *PROGRAM, "login", "home", "--backend", "matrix", "--url", homeserver.url, "--sso",
        env={**os.environ, **client.environment, "DISPLAY": "", "WAYLAND_DISPLAY": ""},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert program.stderr is not None
    async with asyncio.timeout(30):
        told = ""
        while not (page := re.search(r"http://\S+/login/sso/redirect\S+", told)):
            told += (await program.stderr.readline()).decode()
        assert "You are signed in" in await browse(page[0])
        out, err = await program.communicate()
    assert program.returncode == 0, err.decode()
    assert out.decode().startswith(f"Signed in to {homeserver.url} as @ann:localhost; the account is called 'home'")
