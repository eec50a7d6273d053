"""Measure what a person feels: key to echo, Enter to the own line, another's line to the screen, PgUp to the page.

Run it as `python -m bench.latency` on an otherwise idle machine (Linux). The app runs in a pseudo-terminal of 120x40
against `chat-tui server`, in rooms of 5,000 and 100,000 messages; keys are measured beside the smallest Textual app.
At the end the server goes away, and Enter is measured again while a thousand messages wait for it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tui"), str(ROOT / "backends")]

from bench.figures import Figures, part  # noqa: E402
from bench.pseudo_terminal import PseudoTerminal, environment  # noqa: E402
from bench.stored_account import talk  # noqa: E402
from chat_tui_core import registry  # noqa: E402
from chat_tui_core.accounts import DataFolder  # noqa: E402
from chat_tui_core.actions import Action, Kind  # noqa: E402
from chat_tui_core.contract import Connection, SeedRoom, ServerOptions  # noqa: E402
from chat_tui_core.link import LinkChanged  # noqa: E402
from chat_tui_core.model import Account  # noqa: E402
from chat_tui_core.news import Arrived, News  # noqa: E402
from chat_tui_core.store import Store  # noqa: E402
from chat_tui_core.store.actions import new_action  # noqa: E402

KEYS: Final = "ßðþæøåçñüöäœŋħłĸđŧµ¢»«¶§¬±¿¡×÷"
"""Characters that are on the screen nowhere else."""
PAGE_UP: Final = "\x1b[5~"
PAINTED: Final = "\x1b[?2026l"
"""Ends a synchronised update."""
PAUSE: Final = 0.12
SETTLE: Final = 2.0
ROOMS: Final = {"hall": 5_000, "archive": 100_000}
WAITING: Final = 1_000
"""Messages that wait for the server at the end."""
MORE_THAN_BARE: Final = 16
"""Milliseconds that the own line may take more than the smallest Textual app takes for a key's echo, p95."""
PASSWORD: Final = "only-for-measuring"  # noqa: S105
COMMAND: Final = (sys.executable, "-c", "import sys; from chat_tui.__main__ import main; sys.exit(main())")


class Talker:
    """Another person's client without a screen or a store: says lines, and notes when it hears each one."""

    def __init__(self, url: str, name: str) -> None:
        self._heard: dict[str, float] = {}
        self._online = threading.Event()
        self._said = 0
        self._connection: Connection | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._live, args=(url, name), daemon=True)
        self._thread.start()
        if not self._online.wait(20):
            raise TimeoutError("the other client does not come online")

    def _live(self, url: str, name: str) -> None:
        backend = registry.load("wschat")

        async def live() -> None:
            found = await backend.login(url, name, PASSWORD, kind="password", device="benchtalker")
            account = Account(name, backend.name, url, found.user, found.device)
            self._connection = backend.connect(account, found.token, {}, self._take)
            await self._connection.run()

        self._loop.run_until_complete(live())

    def _take(self, news: Sequence[News]) -> None:
        now = time.perf_counter()
        for item in news:
            if isinstance(item, LinkChanged) and item.link.value == "online":
                self._online.set()
            if isinstance(item, Arrived):
                self._heard.update((event.text, now) for event in item.events)

    def say(self, room_id: str, text: str) -> None:
        """Say a line."""
        self._said += 1
        action = Action(self._said, Kind.SEND, room_id, {"text": text})
        assert self._connection is not None  # noqa: S101 - it came online
        self._loop.call_soon_threadsafe(self._connection.do, action)

    def heard(self, text: str) -> float:
        """When this client heard a line itself."""
        end = time.perf_counter() + 10
        while text not in self._heard and time.perf_counter() < end:
            time.sleep(0.001)
        return self._heard[text]

    def close(self) -> None:
        """Leave."""
        assert self._connection is not None  # noqa: S101 - it came online
        asyncio.run_coroutine_threadsafe(self._connection.close(), self._loop)
        self._thread.join(10)


def settings(folder: Path) -> dict[str, str]:
    """The environment of the measured programs; byte code is kept as in an installation."""
    paths = os.pathsep.join((str(ROOT / "tui"), str(ROOT / "backends")))
    return {"PYTHONPATH": paths, "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}


async def seed(file: Path, lines: dict[str, int]) -> None:
    """Make a server's file with rooms of so many messages, and two people in them."""
    server = registry.load("wschat").server
    assert server is not None  # noqa: S101 - wschat ships one
    rooms = tuple(SeedRoom(name, "a room", ("ada", "bob"), talk(count)) for name, count in lines.items())
    running = await server.start(ServerOptions(data=str(file), seed=rooms))
    await running.close()
    for name in ("ada", "bob"):
        await server.add_user(str(file), name, PASSWORD)


@contextlib.contextmanager
def served(folder: Path, lines: dict[str, int]) -> Iterator[str]:
    """A server in a process of its own; gives its address."""
    asyncio.run(seed(folder / "server.db", lines))
    command = [*COMMAND, "server", "--data", str(folder / "server.db"), "--port", "0", "--rate", "1000000"]
    with subprocess.Popen(command, env=environment(settings(folder)), stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None  # noqa: S101 - it is a pipe
        try:
            yield server.stdout.readline().split()[-1]
        finally:
            server.terminate()


def sign_in(folder: Path, url: str) -> None:
    """Make the account that the app opens."""
    command = [*COMMAND, "login", "bench", "--data-dir", str(folder / "data"), "--url", url, "--user", "ada"]
    settled = environment(settings(folder))
    command.append("--password-stdin")
    subprocess.run(command, env=settled, input=PASSWORD, text=True, check=True, timeout=30, stdout=subprocess.DEVNULL)


def echoes(terminal: PseudoTerminal) -> list[float]:
    """Seconds from each of many keys to its character on the screen."""
    found = []
    for key in KEYS:
        found.append(terminal.echo(key))
        time.sleep(PAUSE)
    return found


def own_lines(terminal: PseudoTerminal, count: int, name: str) -> list[float]:
    """Seconds from Enter to the own line among the messages, stored by then. Marked up, so not what was typed."""
    found = []
    for number in range(count):
        word = f"own{name}{number:03}"
        mark = terminal.mark()
        terminal.send(f"`{word}`")
        terminal.shown(word[-1] + "`", mark)
        time.sleep(PAUSE)
        mark, sent = terminal.mark(), terminal.send("\r")
        found.append(terminal.shown(f"m{word}\x1b", mark).at - sent)
        time.sleep(2 * PAUSE)
    return found


def received(terminal: PseudoTerminal, talker: Talker, room: str, count: int) -> list[float]:
    """Seconds from when another client has heard a line to when it is on the screen."""
    found = []
    for number in range(count):
        word = f"heard{room}{number:03}"
        mark = terminal.mark()
        talker.say(room, word)
        found.append(terminal.shown(word, mark).at - talker.heard(word))
        time.sleep(PAUSE)
    return found


def pages(terminal: PseudoTerminal, count: int) -> list[float]:
    """Seconds from PgUp to the whole page."""
    found = []
    for _ in range(count):
        mark, sent = terminal.mark(), terminal.send(PAGE_UP)
        found.append(terminal.shown(PAINTED, mark).at - sent)
        time.sleep(2 * PAUSE)
    return found


def begin_room(terminal: PseudoTerminal, room: str) -> None:
    """Open a room by name."""
    for keys in ("/", f"switch {room}"):  # the first key moves the focus
        terminal.send(keys)
        time.sleep(PAUSE)
    terminal.send("\r")


def open_room(terminal: PseudoTerminal, room: str) -> None:
    """Open a room by name, and wait until all is calm."""
    begin_room(terminal, room)
    terminal.quiet(1.0)


def measure(figures: Figures, folder: Path, url: str, lines: dict[str, int], rounds: int) -> None:
    """Measure it all; the bare app's keys are measured between those of the rooms."""
    sign_in(folder, url)
    keys: list[float] = []
    bare: list[float] = []
    with contextlib.ExitStack() as stack:
        talker = Talker(url, "bob")
        stack.callback(talker.close)
        app = stack.enter_context(
            PseudoTerminal([*COMMAND, "--data-dir", str(folder / "data")], settings=settings(folder))
        )
        small = stack.enter_context(
            PseudoTerminal([sys.executable, str(ROOT / "bench" / "bare_app.py")], settings=settings(folder))
        )
        app.shown("online")
        app.quiet(1.0)
        small.quiet(0.3)  # its cursor blinks
        for room, count in lines.items():
            open_room(app, room)
            bare += echoes(small)
            keys += echoes(app)
            app.send("\x7f" * len(KEYS))
            app.quiet()
            name = f"{room}, {count:,} messages: "
            figures.spread(f"{name}Enter to own line", own_lines(app, rounds, room), 6, 10)
            figures.spread(f"{name}received to painted", received(app, talker, room, rounds), 4, 10)
            figures.spread(f"{name}PgUp", pages(app, rounds), 5, 8)
            app.send("\x1b[1;5F")  # Ctrl+End
            app.quiet()
    figures.spread("bare Textual app: key echo", bare)
    figures.spread("chat-tui: key echo", keys, 3.5, 6)


def fill_outbox(db: sqlite3.Connection, room: str, count: int) -> None:
    """Have so many messages wait."""
    now = time.time_ns() // 1_000_000
    for number in range(count):
        new_action(db, Action(0, Kind.SEND, room, {"text": f"waiting {number}"}), now)


def measure_waiting(figures: Figures, folder: Path, room: str, rounds: int) -> None:
    """The own line while the server is away and many messages wait for it already."""
    store = Store.open(DataFolder(folder / "data").folder("bench") / "chat.db")
    store.write_now(fill_outbox, room, WAITING)
    store.close_now()
    with contextlib.ExitStack() as stack:
        app = stack.enter_context(
            PseudoTerminal([*COMMAND, "--data-dir", str(folder / "data")], settings=settings(folder))
        )
        small = stack.enter_context(
            PseudoTerminal([sys.executable, str(ROOT / "bench" / "bare_app.py")], settings=settings(folder))
        )
        app.shown("reconnecting")
        small.quiet(0.3)
        begin_room(app, room)
        time.sleep(SETTLE)  # it never becomes quiet: the next try is counted down
        bare = echoes(small)
        keys = echoes(app)
        app.send("\x7f" * len(KEYS))
        time.sleep(SETTLE)
        own = own_lines(app, rounds, "waiting")
        bare += echoes(small)
    most = part(bare, 95) * 1000 + MORE_THAN_BARE
    figures.spread("bare Textual app, later: key echo", bare)
    figures.spread(f"{WAITING:,} waiting: key echo", keys, 3.5, 6)
    figures.spread(f"{WAITING:,} waiting: Enter to own line", own, None, most)


def main() -> int:
    """Measure, print, and tell by the exit code whether all targets are kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30, metavar="N", help="rounds of each (default: 30)")
    parser.add_argument("--lines", type=int, default=0, metavar="N", help="one room with so many messages, for a try")
    asked = parser.parse_args()
    figures = Figures()
    with contextlib.suppress(OSError):  # whoever may, measures before others
        os.nice(-8)
    with tempfile.TemporaryDirectory(prefix="chat-tui-bench-") as name:
        lines = {"hall": asked.lines} if asked.lines else ROOMS
        with served(Path(name), lines) as url:
            measure(figures, Path(name), url, lines, asked.rounds)
        measure_waiting(figures, Path(name), next(iter(lines)), asked.rounds)
    return figures.verdict()


if __name__ == "__main__":
    sys.exit(main())
