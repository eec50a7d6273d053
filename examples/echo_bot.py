"""A bot that answers every text with a notice. Works unchanged on every backend.

chat-tui login echo --backend matrix --url https://matrix.example --user echo --password-stdin
python examples/echo_bot.py echo
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from chat_tui.bot import signed_in


async def main(account: str, data: Path | None = None) -> None:
    """Echo until somebody says !quit."""
    async with signed_in(account, data) as bot:
        async for event in bot.texts():
            if event.text == "!quit":
                break
            await bot.notice(event.room_id, event.text)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]) if len(sys.argv) > 2 else None))
