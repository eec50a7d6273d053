"""Say five hundred things through a storm of faults, with the homeserver killed in the middle, in each way to sync.

Run it as `python -m bench.matrix_faults --sends 500 --seed 1`. A real homeserver stands behind a proxy that loses requests
and answers, cuts connections, and answers with errors, limits and web pages. Afterwards matrix-nio reads what is there.
It ends with 1 when something was lost, doubled, reordered or not confirmed.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import pytest

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tui"), str(ROOT / "backends")]

from bench.figures import Figures  # noqa: E402
from bench.tally import Tally  # noqa: E402
from chat_tui_core.actions import State  # noqa: E402
from tests.matrix_live.nio_peer import NioPeer  # noqa: E402
from tests.matrix_live.ours import MODES, session_of, until  # noqa: E402
from tests.matrix_live.people import people_at  # noqa: E402
from tests.matrix_live.proxy import Proxy  # noqa: E402
from tests.matrix_live.synapse import Synapse  # noqa: E402
from tests.matrix_live.weather import Fates, all_done, hasten, impatient, say_all, storm_on  # noqa: E402

ROOMS: Final = 5
SHARE: Final = 0.3
"""The part of all requests that meets a fault."""

PATIENCE: Final = 600.0


async def through(  # noqa: PLR0917
    server: Synapse, folder: Path, mode: str, sends: int, seed: int, kills: int, figures: Figures
) -> None:
    """One way to sync: say everything, kill the homeserver now and then, and look what came of it."""
    tally, started = Tally(), time.perf_counter()
    async with AsyncExitStack() as stack:
        people = await stack.enter_async_context(people_at(server.url))
        ann, bob = await people(f"{mode}-ann"), await people(f"{mode}-bob")
        rooms = [await ann.create_room(f"Room {number}", invite=[bob]) for number in range(ROOMS)]
        for room_id in rooms:
            await bob.join(room_id)
        proxy = await stack.enter_async_context(Proxy(server.url))
        session = await stack.enter_async_context(session_of(ann, folder, mode, url=proxy.url))
        fates = Fates(session)
        impatient(session)
        storm_on(proxy, seed, SHARE)
        made, expected = await say_all(session, rooms, sends)
        for kill in range(1, kills + 1):
            there = sends * kill // (kills + 1)
            await until(lambda least=there: fates.of(made)[State.CONFIRMED] >= least, PATIENCE)  # type: ignore[misc]
            await server.restart(hard=True)
        await all_done(session, PATIENCE)
        peer = await stack.enter_async_context(NioPeer())
        await peer.login(bob)
        await peer.sync()
        for room_id, said in expected.items():
            found = [line.body for line in await peer.seen(room_id) if line.body.startswith("line ")]
            tally.compare(f"{mode} {room_id}", said, found)
        tell(mode, tally, fates.of(made), proxy.counts, figures)
    figures.say(f"{mode}: time", time.perf_counter() - started, "s")
    for note in [*tally.notes, *fates.strange][:10]:
        print(f"  {note}")


def tell(mode: str, tally: Tally, states: Counter[State], struck: Counter[str], figures: Figures) -> None:
    """Print what came of it."""
    tally.tell(figures, mode)
    figures.say(f"{mode}: not confirmed", sum(states.values()) - states[State.CONFIRMED], "", 0)
    faults = sum(struck.values()) - struck["passed"]
    figures.say(f"{mode}: requests", sum(struck.values()), "")
    figures.say(f"{mode}: of these met a fault", faults, "", least=1)
    print("  " + ", ".join(f"{count} {name}" for name, count in sorted(struck.items())))


async def all_modes(modes: list[str], sends: int, seed: int, kills: int, figures: Figures) -> None:
    """One homeserver for all."""
    with tempfile.TemporaryDirectory(prefix="chat-tui-bench-") as folder:
        async with Synapse(Path(folder) / "synapse") as server:
            for mode in modes:
                await through(server, Path(folder), mode, sends, seed, kills, figures)


def main() -> int:
    """Run, print, and tell by the exit code whether every promise held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sends", type=int, default=500, metavar="N", help="things said in each mode (default: 500)")
    parser.add_argument("--kills", type=int, default=2, metavar="N", help="kills of the homeserver in each mode")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="decides which requests meet which fault")
    parser.add_argument("--mode", choices=[*MODES, "all"], default="all", help="the way to sync")
    asked = parser.parse_args()
    figures = Figures()
    modes = list(MODES) if asked.mode == "all" else [asked.mode]
    with pytest.MonkeyPatch.context() as patch:
        hasten(patch)
        asyncio.run(all_modes(modes, asked.sends, asked.seed, asked.kills, figures))
    return figures.verdict()


# A13, A14, B3, B4, B12, B13
if __name__ == "__main__":
    sys.exit(main())
