"""Make screenshots/browser.png: the demo in a headless Chromium, by `chat-tui serve`."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from tests.live.chromium import chromium
from tests.live.command import Client
from tools import generated

LOADED = "document.body.classList.contains('-first-byte')"
SECONDS = 6
"""So long the demo's people get to say something."""


async def _picture(url: str) -> bytes:
    async with chromium((1120, 640)) as page:
        await page.do("Page.navigate", url=url)
        await page.wait_for(LOADED)
        await asyncio.sleep(SECONDS)
        await page.run("document.querySelector('.xterm-helper-textarea').focus()")
        await page.press_enter()
        await asyncio.sleep(1)
        return await page.picture()


def main() -> None:
    """Start the demo, open it, take the picture."""
    with tempfile.TemporaryDirectory() as folder, Client(Path(folder)).start("serve", "--demo") as running:
        picture = asyncio.run(_picture(running.line().removeprefix("Open ")))
        running.end()
    (generated.ROOT / "screenshots" / "browser.png").write_bytes(picture)


if __name__ == "__main__":
    main()
