"""Kill the app and its wschat server with -9 at random moments while lines are typed, and check that all came once.

Run it as `python -m bench.wschat_app_kill --rounds 100 --seed 1` (Linux). Each round starts the app in a terminal on what
the round before has left, types lines, and kills it within the last one; in every second round the server dies as well. At the end somebody reads the room who shares no code with the program. It ends with 1 when one promise was broken.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tui"), str(ROOT / "backends")]

from bench.figures import Figures  # noqa: E402
from bench.plain_client import plain  # noqa: E402
from bench.processes import ServerProcess  # noqa: E402
from bench.pseudo_terminal import PseudoTerminal, environment  # noqa: E402
from bench.server_file import PASSWORD, fill  # noqa: E402
from bench.tally import Tally  # noqa: E402

ROOM: Final = "talk"
ACCOUNT: Final = "bench"
MOST_LINES: Final = 10
"""Lines that are typed and seen as messages before the app dies, at most."""

LAST: Final = (0.0, 0.25)
"""Seconds from the last line's Enter, which is not waited for, to the death of the app."""

SETTLE: Final = 0.3
"""Seconds until the app has certainly begun to empty the box."""

CALM: Final = 90.0
"""Seconds that the last one has to get everything through."""

CLEAR, OUTBOX, ALL_SENT = "\x05\x15", "\x1bOQ", "Everything is sent."  # Ctrl+E and Ctrl+U, F2
COMMAND: Final = (sys.executable, "-m", "chat_tui", "--data-dir")


@dataclass
class Typed:
    """What was typed, in order; of `maybe` it is not known whether it was stored before the kill."""

    words: list[str] = field(default_factory=list)
    maybe: list[str] = field(default_factory=list)
    app_kills: int = 0
    server_kills: int = 0


class Stage:
    """One data folder, one server's file and port."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.rng = random.Random(seed)
        self.typed = Typed()
        self._data = folder / "server.db"
        self._client = folder / "client"
        paths = os.pathsep.join((str(ROOT / "tui"), str(ROOT / "backends")))
        self._settings = {
            "PYTHONPATH": paths,
            "XDG_CONFIG_HOME": str(folder / "no-config"),
            "CHAT_TUI_SECRETS": "file",
        }
        fill(self._data, 0, more=["ann", "reader"], rooms=[ROOM])
        with self.server() as server:
            self.port = server.port
            told = ["login", ACCOUNT, "--url", server.url, "--user", "ann", "--password-stdin"]
            command, settled = [*COMMAND, str(self._client), *told], environment(self._settings)
            subprocess.run(command, env=settled, input=PASSWORD, text=True, check=True, stdout=subprocess.DEVNULL)

    def server(self, port: int = 0) -> ServerProcess:
        """Start the server on what the one before has left."""
        return ServerProcess(self._data, port)

    def app(self) -> PseudoTerminal:
        """Start the app on what the one before has left, with an empty box."""
        app = PseudoTerminal([*COMMAND, str(self._client)], settings=self._settings)
        try:
            app.shown("online")
            app.quiet(0.15)  # the only room is open, and the box has the focus
            app.send(CLEAR)  # what the app before had not sent is a draft
            time.sleep(SETTLE)
            app.quiet(0.15)
        except BaseException:
            app.close()
            raise
        return app

    def live_and_die(self, number: int) -> None:
        """One life of the app, and in every second round of the server."""
        with ExitStack() as running:
            server = running.enter_context(self.server(self.port))
            app = running.enter_context(self.app())
            count = self.rng.randrange(MOST_LINES + 1)
            dies_at = self.rng.randrange(count + 1) if number % 2 else -1
            for line in range(count + 1):
                if line == dies_at:
                    server.end(signal.SIGKILL)
                    self.typed.server_kills += 1
                self._type(app, f"line{number:03}x{line:03}", last=line == count)
        self.typed.app_kills += 1

    def _type(self, app: PseudoTerminal, word: str, *, last: bool) -> None:
        """Type a line and wait until it is shown as a message, and so stored; the last one is not waited for."""
        mark = app.mark()
        app.send(f"`{word}`\r")
        self.typed.words.append(word)
        if last:
            self.typed.maybe.append(word)
            time.sleep(self.rng.uniform(*LAST))
        else:
            app.shown(f"m{word}\x1b", mark)  # as code: it is not what was typed

    def finish(self) -> list[str]:
        """Let all get through; what is in the room then."""
        with self.server(self.port) as server, self.app() as app:
            app.send(OUTBOX)
            app.shown(ALL_SENT, patience=CALM)
            return asyncio.run(read_all(server.url))


async def read_all(url: str) -> list[str]:
    """Read the room as somebody who has nothing to do with the program."""
    async with plain(url) as reader:
        await reader.sign_in("reader")
        items = await reader.timeline(ROOM)
        return [item["text"].strip("`") for item in items if item["type"] == "message"]


def attack(folder: Path, rounds: int, seed: int, figures: Figures) -> None:
    """Kill both again and again, then compare what was typed with what is there."""
    stage, started = Stage(folder, seed), time.perf_counter()
    for number in range(1, rounds + 1):
        stage.live_and_die(number)
    typed, tally = stage.typed, Tally()
    found = stage.finish()
    tally.compare(ROOM, typed.words, found, typed.maybe)
    figures.say("kills of the app", typed.app_kills, "", least=rounds)
    figures.say("kills of the server", typed.server_kills, "", least=rounds // 10)
    figures.say("typed and not waited for when killed", len(typed.maybe), "")
    figures.say("of these: there", len(set(typed.maybe) & set(found)), "")
    tally.tell(figures, f"{rounds} rounds")
    figures.say("time", time.perf_counter() - started, "s")
    for note in tally.notes[:20]:
        print(f"  {note}")


def main() -> int:
    """Run, print, and tell by the exit code whether every promise held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100, metavar="N", help="how often the app dies (default: 100)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="decides when it and the server die")
    asked = parser.parse_args()
    figures = Figures()
    with tempfile.TemporaryDirectory(prefix="chat-tui-bench-") as folder:
        attack(Path(folder), asked.rounds, asked.seed, figures)
    return figures.verdict()


# A13, A14, A16, E2, E3
if __name__ == "__main__":
    sys.exit(main())
