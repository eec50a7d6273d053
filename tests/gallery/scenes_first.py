"""Scenes before there is an account: the welcome, the start of the demo, the form to sign in and what goes wrong in it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final
from unittest import mock

from textual.pilot import Pilot
from textual.widgets import Static

from chat_tui.screens.login import LoginScreen
from chat_tui.screens.starting import StartingScreen
from chat_tui_core import registry
from chat_tui_core.accounts import DataFolder
from chat_tui_core.contract import Browse, Credentials, LoginWay, ServerFound
from chat_tui_core.errors import AuthRefused, ConfigError
from chat_tui_core.model import Account
from tests.core.scripted import ScriptedBackend
from tests.gallery.scene import Scene, nobody
from tests.gallery.world import long

__all__ = ["SCENES"]

ALL: Final = (LoginWay.PASSWORD, LoginWay.SSO, LoginWay.TOKEN)
Form = Callable[[Pilot[Any], LoginScreen], Awaitable[None]]


class _Server(ScriptedBackend):
    """Lets nobody in; what it answers depends on the address and the password."""

    name = "matrix"
    title = "Matrix"
    url_example = "https://matrix.example"

    async def discover(self, url: str) -> ServerFound:
        if "slow" in url:
            await asyncio.Event().wait()
        if "nowhere" in url:
            raise ConfigError(f"No Matrix server answers at {url}: check the address, or whether you are online.")
        if "sso" in url:
            return ServerFound("https://sso.example", (LoginWay.SSO,))
        note = "The address has moved; the name stays the same"
        return ServerFound(f"https://{long('server')}" if "long" in url else "https://real.example", ALL, note)

    async def login(
        self, url: str, user: str, secret: str, *, kind: str, device: str, browse: Browse | None = None
    ) -> Credentials:
        if browse is not None and kind == LoginWay.SSO:
            browse(
                "https://sso.example/_matrix/client/v3/login/sso/redirect?redirectUrl=http%3A%2F%2F127.0.0.1%3A4%2Fx"
            )
            await asyncio.Event().wait()
        if secret == "slow":
            await asyncio.Event().wait()
        raise AuthRefused("The server does not accept this user name with this password.")


def _form(fill: Form, known: Account | None = None) -> Callable[[Pilot[Any], DataFolder], Awaitable[None]]:
    async def play(pilot: Pilot[Any], data: DataFolder) -> None:
        with mock.patch.object(registry, "load", return_value=_Server()):
            form = LoginScreen(data, "matrix", "Matrix", known)
            await pilot.app.push_screen(form)
            await pilot.pause()
            await fill(pilot, form)
            await pilot.pause()

    return play


async def _untouched(_pilot: Pilot[Any], _form: LoginScreen) -> None:
    """Nothing is typed yet."""


def _typed(url: str, *then: str) -> Form:
    """An address, Tab, and what follows."""

    async def fill(pilot: Pilot[Any], form: LoginScreen) -> None:
        await pilot.press(*url, "tab")
        for keys in then:
            await pilot.pause()
            await pilot.press(*([keys] if keys in _KEYS else keys))
        await pilot.pause()
        while "looking for" in str(form.query_one("#login-found", Static).render()) and "slow" not in url:
            await pilot.pause(0.005)

    return fill


_KEYS: Final = frozenset({"tab", "enter", "f3", "f4"})


async def _nothing(_pilot: Pilot[Any], _data: DataFolder) -> None:
    """The first start."""


async def _starting(pilot: Pilot[Any], _data: DataFolder) -> None:
    await pilot.app.push_screen(StartingScreen("starting the demo server…"))
    await pilot.pause()


KNOWN: Final = Account("home", "matrix", "https://real.example", "@sam:real.example", "DEVICE")
TITLE, KEYS = "Sign in: Matrix", "Esc goes back"


def _login(name: str, about: str, fill: Form, *shows: str, known: Account | None = None, listed: bool = False) -> Scene:
    title = "Sign in again: Matrix" if known else TITLE
    return Scene(name, about, "LoginScreen", nobody(_form(fill, known)), (title, KEYS, *shows), listed=listed)


SCENES: Final = (
    Scene(
        "welcome", "The first start", "WelcomeScreen", nobody(_nothing), ("Look around", "Ctrl+Q leaves"), listed=True
    ),
    Scene("starting", "The demo starts", "StartingScreen", nobody(_starting), ("starting the demo server…",)),
    _login("login", "Signing in: the form", _untouched, "Account"),
    _login("login-loading", "Signing in: a server is looked for", _typed("slow.example"), "looking for the server…"),
    _login(
        "login-found", "Signing in: what the server offers", _typed("real.example", "sam"), "browser (F3)", listed=True
    ),
    _login("login-long", "Signing in: a server with a very long name", _typed("long.example", long("user"))),
    _login("login-nowhere", "Signing in: no such server", _typed("nowhere.example"), "No Matrix server answers"),
    _login(
        "login-refused",
        "Signing in: a wrong password",
        _typed("real.example", "sam", "tab", "guess", "enter"),
        "does not accept this user name",
    ),
    _login("login-busy", "Signing in: waiting", _typed("real.example", "sam", "tab", "slow", "enter"), "signing in…"),
    _login("login-token", "Signing in: with a token", _typed("real.example", "sam", "f4"), "an access token of yours"),
    _login("login-browser", "Signing in: in the browser", _typed("sso.example", "f3"), "copies its address"),
    _login("login-again", "Signing in again with a known account", _untouched, "https://real.example", known=KNOWN),
)
