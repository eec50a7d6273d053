"""An app behind pages: it goes on while no page shows it, and the next page shows it as it is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web
from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

from chat_tui.page_driver import SHOWN

__all__ = ["PageApp"]

DRIVER: Final = "chat_tui.page_driver:PageDriver"
STALLED_SECONDS: Final = 5.0
"""A page that takes nothing for so long is gone: the app must not wait for it."""


class PageApp(AppService):
    """The process of the app, and the page that shows it now, where there is one."""

    def __init__(self, command: str, downloads: DownloadManager) -> None:
        super().__init__(
            command,
            write_bytes=self._show_bytes,
            write_str=self._show_text,
            close=self._over,
            download_manager=downloads,
        )
        self.page: web.WebSocketResponse | None = None
        self.running = False

    def _build_environment(self, width: int = 80, height: int = 24) -> dict[str, str]:
        return {**super()._build_environment(width, height), "TEXTUAL_DRIVER": DRIVER}

    async def show_on(self, page: web.WebSocketResponse, width: int, height: int) -> None:
        """Show the app on a page from now on, and on no other; it is started for the first one."""
        before, self.page = self.page, page
        if before is not None:
            await before.close()
        if self.running:
            await self.send_meta({"type": SHOWN, "width": width, "height": height})
        else:
            self.running = True
            await self.start(width, height)

    async def leave(self, page: web.WebSocketResponse) -> bool:
        """A page has gone; whether that leaves the app without one. What comes then is not read by anybody."""
        if self.page is not page:
            return False
        self.page = None
        if self.running:
            await self.blur()
        return True

    async def run(self) -> None:
        """Run until the person leaves the app; then its page is closed."""
        try:
            await super().run()
        finally:
            await self._over()

    async def _show_bytes(self, data: bytes) -> None:
        await self._show(lambda page: page.send_bytes(data))

    async def _show_text(self, text: str) -> None:
        await self._show(lambda page: page.send_str(text))

    async def _show(self, send: Callable[[web.WebSocketResponse], Awaitable[None]]) -> None:
        """Hand something to the page; what no page takes is drawn again for the next one."""
        page = self.page
        if page is None:
            return
        try:
            async with asyncio.timeout(STALLED_SECONDS):
                await send(page)
        except (ConnectionError, RuntimeError, TimeoutError):
            await self.leave(page)

    async def _over(self) -> None:
        """The app says that it ends, or has ended: the next page is another app's."""
        self.running = False
        page, self.page = self.page, None
        if page is not None:
            await page.close()
