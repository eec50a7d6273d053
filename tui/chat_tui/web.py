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
from textual_serve.server import Server, to_int

from chat_tui.headless.chosen import chosen_account, data_folder
from chat_tui.page_app import PageApp
from chat_tui.strings import N_, _
from chat_tui_core.errors import ConfigError

__all__ = ["Gate", "serve_app"]

HOST: Final = "127.0.0.1"
COOKIE: Final = "chat-tui"
KEEP_SECONDS: Final = 600.0
"""So long an app that no page shows goes on, waiting for the person to come back."""
HEARTBEAT_SECONDS: Final = 15.0
LARGEST: Final = 1_000
"""Columns or rows of a page at most."""
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
    """Serves one app to one page at a time: the newest one. Without a page it goes on for a while."""

    def __init__(self, command: str, keep_seconds: float = KEEP_SECONDS) -> None:
        super().__init__(command, host=HOST, port=0, title="chat-tui")
        self.gate = Gate()
        self._keep_seconds = keep_seconds
        self._app: PageApp | None = None
        self._changing = asyncio.Lock()
        self._ending: asyncio.Task[None] | None = None

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

    async def on_shutdown(self, app: web.Application) -> None:
        """End the app in an orderly way."""
        await self._end()

    async def handle_index(self, request: web.Request) -> Any:
        """Give the page."""
        self.public_url = f"http://{request.host}"
        return await super().handle_index(request)

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """Show the app on a page, until the page or the app is closed."""
        page = web.WebSocketResponse(heartbeat=HEARTBEAT_SECONDS)
        await page.prepare(request)
        width, height = (min(max(to_int(request.query.get(side, ""), 80), 1), LARGEST) for side in ("width", "height"))
        async with self._changing:
            self._stay()
            if self._app is None or not self._app.running:
                self._app = PageApp(self.command, self.download_manager)
            app = self._app
            await app.show_on(page, width, height)
        try:
            await self._process_messages(page, app)
        finally:
            if await app.leave(page) and app.running:
                self._stay()
                self._ending = asyncio.create_task(self._end_later())
        return page

    def _stay(self) -> None:
        """Somebody looks: the app does not end by itself."""
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None

    async def _end_later(self) -> None:
        await asyncio.sleep(self._keep_seconds)
        async with self._changing:
            self._ending = None
            await self._end()

    async def _end(self) -> None:
        self._stay()
        if self._app is not None and self._app.running:
            await self._app.stop()


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
