"""The app in a browser on this machine: textual-serve on loopback, behind an address that works once."""

from __future__ import annotations

import asyncio
import hmac
import secrets
import shlex
import signal
import sys
from argparse import Namespace
from typing import Any, Final

from aiohttp import web
from textual_serve.server import Server

from chat_tui.headless.chosen import chosen_account, data_folder
from chat_tui.strings import N_, _
from chat_tui_core.errors import ConfigError

__all__ = ["Gate", "serve_app"]

HOST: Final = "127.0.0.1"
COOKIE: Final = "chat-tui"
CLOSING_SECONDS: Final = 5.0
"""So long a page that is loaded again waits for the app of the page before to end."""
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; font-src 'self' data:; connect-src 'self' ws://{host}; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
REFUSED: Final = N_(
    "This page is for whoever started `chat-tui serve`: open the address that it has printed. It works once.\n"
)
TAKEN: Final = N_("The app is open in another page. Close that one, then load this one again.\n")


class Gate:
    """Who may come in: whoever has the token, once; from then on the browser that came with it."""

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(32)
        self._cookie = ""

    def enter(self, token: str) -> str:
        """The cookie for whoever brings the token, which is used up by that; empty for any other."""
        good = bool(self.token) and hmac.compare_digest(token.encode(), self.token.encode())
        if not good:
            return ""
        self.token = ""
        self._cookie = secrets.token_urlsafe(32)
        return self._cookie

    def knows(self, cookie: str) -> bool:
        """Whether this is the browser that came in."""
        return bool(self._cookie) and hmac.compare_digest(cookie.encode(), self._cookie.encode())


class Browser(Server):
    """Serves the app to one page at a time."""

    def __init__(self, command: str) -> None:
        super().__init__(command, host=HOST, port=0, title="chat-tui")
        self.gate = Gate()
        self._free = asyncio.Event()
        self._free.set()

    async def on_startup(self, app: web.Application) -> None:
        """Print nothing: where it is is told once it is known."""

    async def make(self) -> web.Application:
        """The web application, with everything behind the gate."""
        app: web.Application = await self._make_app()
        app.middlewares.append(self._checked)
        app.on_response_prepare.append(_add_headers)
        return app

    @web.middleware
    async def _checked(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if request.url.host not in {HOST, "localhost"}:  # else another site could be named like this machine
            raise web.HTTPForbidden(text=_(REFUSED))
        if request.path == "/" and (token := request.query.get("token")):
            cookie = self.gate.enter(token)
            if not cookie:
                raise web.HTTPForbidden(text=_(REFUSED))
            answer = web.HTTPFound("/")
            answer.set_cookie(COOKIE, cookie, httponly=True, samesite="Strict", path="/")
            raise answer
        if not self.gate.knows(request.cookies.get(COOKIE, "")):
            raise web.HTTPForbidden(text=_(REFUSED))
        if request.path == "/ws" and request.headers.get("Origin") != f"http://{request.host}":
            raise web.HTTPForbidden(text=_(REFUSED))
        response: web.StreamResponse = await handler(request)
        return response

    async def handle_index(self, request: web.Request) -> Any:
        """Give the page, as soon as the app of the page before has ended."""
        try:
            async with asyncio.timeout(CLOSING_SECONDS):
                await self._free.wait()
        except TimeoutError:
            raise web.HTTPConflict(text=_(TAKEN)) from None
        self.public_url = f"http://{request.host}"
        return await super().handle_index(request)

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """Run the app for a page, until the page or the app is closed."""
        if not self._free.is_set():
            raise web.HTTPConflict(text=_(TAKEN))
        self._free.clear()
        try:
            return await super().handle_websocket(request)
        finally:
            self._free.set()


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    for name, value in HEADERS.items():
        response.headers[name] = value.replace("{host}", request.host)


def serve_app(args: Namespace) -> int:
    """Serve the app of an account, or the demo, until interrupted. Raises AccountBusy, ConfigError."""
    command = [sys.executable, "-m", "chat_tui"]
    for flag, value in (("--data-dir", args.data_dir), ("--config", args.config), ("--chaos", args.chaos)):
        command += [flag, value] if value else []
    if args.demo:
        command.append("--demo")
    else:
        data = data_folder(args)
        name = chosen_account(args, data)
        data.lock(name).release()  # whoever has it open in a terminal hears of it here
        command += ["--account", name]
    return asyncio.run(_serve(shlex.join(command), args.port))


async def _serve(command: str, port: int) -> int:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    browser = Browser(command)
    runner = web.AppRunner(await browser.make(), access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, port)
        try:
            await site.start()
        except OSError as error:
            raise ConfigError(
                _("Port {port} cannot be used ({why}): choose another with --port.").format(
                    port=port, why=error.strerror
                )
            ) from error
        bound = runner.addresses[0][1]
        sys.stdout.write(
            _("Open {address}\nin a browser on this machine. The address works once; Ctrl+C ends everything.\n").format(
                address=f"http://{HOST}:{bound}/?token={browser.gate.token}"
            )
        )
        sys.stdout.flush()
        await ended.wait()
    finally:
        await runner.cleanup()
    return 0
