"""A local IRC server of one channel, for measuring terminal clients: it says what its standard input asks for.

As a program it prints its port. A line `ROOM COUNT RATE WORD` has it say COUNT messages, RATE of them a second (0: as
fast as the clients take them), the last one ending in WORD; it answers with the time (time.perf_counter) when the last was sent.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tui"), str(ROOT / "backends")]

from bench.said import said, spread  # noqa: E402

CHANNEL: Final = "#hall"
NAME: Final = "irc.example"
SPEAKER: Final = "bob!bob@irc.example"


class Hall:
    """The channel and who is in it."""

    def __init__(self) -> None:
        self.writers: dict[asyncio.StreamWriter, str] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk with one client until it leaves."""
        nick = ""
        try:
            while line := (await reader.readline()).decode("utf-8", "replace").rstrip("\r\n"):
                verb, _, rest = line.partition(" ")
                if line.upper().startswith("CAP LS"):
                    writer.write(f":{NAME} CAP * LS :\r\n".encode())
                elif verb.upper() == "NICK":
                    nick = rest.strip(":")
                    writer.write(self._welcome(nick).encode())
                elif verb.upper() == "JOIN" and nick:
                    self.writers[writer] = nick
                    writer.write(self._joined(nick).encode())
                elif verb.upper() == "PING":
                    writer.write(f":{NAME} PONG {NAME} {rest}\r\n".encode())
                elif verb.upper() == "QUIT":
                    break
        except ConnectionError:
            pass
        finally:
            self.writers.pop(writer, None)
            writer.close()

    def _welcome(self, nick: str) -> str:
        lines = (f"001 {nick} :Welcome", f"004 {nick} {NAME} 1 o o", f"422 {nick} :No message of the day")
        return "".join(f":{NAME} {line}\r\n" for line in lines)

    def _joined(self, nick: str) -> str:
        return (
            f":{nick}!{nick}@{NAME} JOIN {CHANNEL}\r\n"
            f":{NAME} 353 {nick} = {CHANNEL} :{nick} bob\r\n"
            f":{NAME} 366 {nick} {CHANNEL} :End of names\r\n"
        )

    async def say(self, count: int, rate: float, word: str) -> float:
        """Say messages; gives when the last one was sent."""
        async for numbers in spread(count, rate):
            lines = (f":{SPEAKER} PRIVMSG {CHANNEL} :{said(number, count, word)}\r\n" for number in numbers)
            octets = "".join(lines).encode()
            for writer in self.writers:
                writer.write(octets)
            await asyncio.gather(*(writer.drain() for writer in self.writers))
        return time.perf_counter()


async def main() -> None:
    """Serve until standard input ends."""
    hall = Hall()
    server = await asyncio.start_server(hall.serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    loop = asyncio.get_running_loop()
    while line := (await loop.run_in_executor(None, sys.stdin.readline)).split():
        print(await hall.say(int(line[1]), float(line[2]), line[3]), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
