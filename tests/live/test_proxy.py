"""The real program through a proxy: signing in, sending, the doctor's word; the proxy's password is nowhere to be seen."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.live.command import Client, Done, Server
from tests.proxy_stage import StageProxy

pytestmark = pytest.mark.live

FAR = "ws://chat.example:8765"
SECRET = "ann:s3same-0pen"


@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_an_account_is_reached_through_the_proxy_that_the_configuration_names(
    scheme: str, tmp_path: Path
) -> None:  # A24
    ada = Client(tmp_path / "ada")
    config = tmp_path / "config.toml"
    ada.environment |= {"ALL_PROXY": "http://127.0.0.1:9", "NO_PROXY": ""}  # the account's own goes before it

    async def does(*arguments: str, stdin: str = "") -> Done:
        return await asyncio.to_thread(ada, "--config", str(config), *arguments, stdin=stdin)

    with Server("--open") as server:
        async with StageProxy(server.port, SECRET) as stage:
            config.write_text(f'[proxy]\nhome = "{stage.url(scheme, SECRET)}"\n')
            done = await does("login", "home", "--url", FAR, "--user", "ada", "--password-stdin", stdin="pw\n")
            assert done.code == 0, done.error
            sent = await does("send", "general", "hello", "--wait", "confirmed")
            assert sent.code == 0, sent.error
            assert set(stage.asked) == {"chat.example:8765"}
            doctor = await does("doctor")
            assert f"account home, server: chat.example through {stage.url(scheme)}, which answers" in doctor.out
            config.write_text(f'[proxy]\nhome = "{stage.url(scheme, "ann:wrong")}"\n')
            refused = await does("login", "other", "--url", FAR, "--user", "bob", "--password-stdin", stdin="pw\n")
            assert refused.code != 0
        gone = await does("doctor")
        assert "which cannot be reached" in gone.out
    said = done.out + done.error + sent.out + doctor.out + gone.out + refused.error
    logs = "".join(path.read_text() for path in (tmp_path / "ada").rglob("*.log"))
    assert "s3same" not in said + logs
