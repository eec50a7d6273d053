"""Throw mutated frames at the codec, at the server's rules and at a running server: nothing crashes, leaks or hangs.

Run it as `python -m bench.wschat_fuzz --frames 2000000 --seed 1`. It ends with 1 at the first broken promise, and
says which frame of which seed broke it.
"""

from __future__ import annotations

import argparse
import asyncio
import faulthandler
import logging
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tui"), str(ROOT / "backends")]

from websockets.exceptions import ConnectionClosed  # noqa: E402

from bench.mutations import mutated  # noqa: E402
from bench.plain_client import PlainClient, plain  # noqa: E402
from bench.processes import ServerProcess  # noqa: E402
from bench.server_file import fill, guest  # noqa: E402
from chat_tui_wschat.frames import Failure  # noqa: E402
from chat_tui_wschat.grammar import FrameError  # noqa: E402
from chat_tui_wschat.wire import parse_command, parse_reply, write_reply  # noqa: E402
from tests.wschat.frames import ROWS  # noqa: E402
from tests.wschat.rules_stage import Client, Stage  # noqa: E402
from tests.wschat.test_server_fuzz import agrees_with_storage  # noqa: E402

FRAMES: Final = [row.frame for row in ROWS if len(row.frame) < 2_000]
COMMANDS: Final = [row.frame for row in ROWS if row.side == "c2s" and len(row.frame) < 2_000]
HANG: Final = 60.0
"""Seconds after which something that does not come to an end is ended."""

SLOWEST: Final = 1.0
"""Seconds that one frame may take at most."""

MORE_MEMORY: Final = 48.0
"""MiB that a running server may grow by under fire."""

HOSTILE: Final = [f"127.0.{net}.{host}" for net in range(1, 9) for host in range(1, 255)]
"""Where the hostile frames come from: wrong passwords slow an address down, and only that one (wschat 3.13)."""

AT_ONCE: Final = 8
"""Frames that are sent before the server's answers are waited for."""

TALK: Final = ("CREATE one", "JOIN one", "MSG one hello", "CHAT one  x.msg.new c.text x.text:2 hi ", "READ one 3")


def is_fault(answer: str) -> bool:
    """Say whether a server tells of a fault of its own."""
    return (answer.partition(" ")[2] if answer[:1] == "@" else answer).startswith("ERROR INTERNAL ")


class Broken(Exception):
    """A promise does not hold."""


@contextmanager
def watched() -> Iterator[None]:
    """End the process, with what it was doing, when the block hangs."""
    faulthandler.dump_traceback_later(HANG, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


# ---------------------------------------------------------------- the codec


def fuzz_codec(seed: str, count: int) -> Counter[str]:
    """Read mutated frames from both sides: a value or a FrameError that can be answered, at once."""
    found: Counter[str] = Counter()
    frames = mutated(FRAMES, random.Random(seed))
    for start in range(0, count, 10_000):
        with watched():
            for frame in islice(frames, min(10_000, count - start)):
                began = time.perf_counter()
                try:
                    found[f"command {_read_command(frame)}"] += 1
                    found[f"reply {_read_reply(frame)}"] += 1
                except Exception as error:
                    raise Broken(f"seed {seed!r}, frame {frame!r}: {error!r}") from error
                if time.perf_counter() - began > SLOWEST:
                    raise Broken(f"seed {seed!r}, frame {frame!r} takes too long")
    return found


def _read_command(frame: str | bytes) -> str:
    try:
        parse_command(frame)
    except FrameError as error:
        write_reply(Failure(error.code, error.verb, error.text, error.id))
        return error.code
    return "read"


def _read_reply(frame: str | bytes) -> str:
    try:
        parse_reply(frame)
    except FrameError:
        return "refused"
    return "read"


# ---------------------------------------------------------------- the rules


def fuzz_rules_outside(seed: str, count: int) -> Counter[str]:
    """Say mutated frames without a session: an error, a PONG or a close, and nothing has changed."""
    stage, found = Stage(), Counter[str]()
    stage.sign_in("ann").say("CREATE secret-plans", "MSG secret-plans hush")
    before = (stage.store.load(99), set(stage.rules.hall.sessions))
    client = stage.connect()
    client.hear()
    for number, frame in enumerate(islice(mutated([*FRAMES, *TALK], random.Random(seed)), count)):
        if client.close is not None:
            client = stage.connect(f"192.0.2.{number}")
            client.hear()
        for answer in _said(stage, client, frame, seed):
            word = answer.split(" ")[1 if answer[:1] == "@" else 0]
            if (word not in {"ERROR", "PONG"} and "CONFIRM QUIT" not in answer) or "secret-plans" in answer:
                raise Broken(f"seed {seed!r}, outside, frame {frame!r} -> {answer!r}")
            found[word] += 1
    if (stage.store.load(99), set(stage.rules.hall.sessions)) != before:
        raise Broken(f"seed {seed!r}: frames from outside have changed something")
    return found


def fuzz_rules_inside(seed: str, count: int) -> Counter[str]:
    """Say mutated frames in a session: no fault, everybody hears proper frames, and memory agrees with storage."""
    stage, found = Stage(), Counter[str]()
    bob = stage.sign_in("bob", "channel", "user", "message", "typing", "presence")
    bob.say("CREATE general", "CREATE one")
    ann = stage.sign_in("ann", "channel", "user", "message")
    for frame in islice(mutated([*COMMANDS, *TALK * 5], random.Random(seed)), count):
        if ann.close is not None:
            ann = stage.sign_in("ann", "channel", "user", "message")
        for answer in [*_said(stage, ann, frame, seed), *bob.hear()]:
            try:
                parse_reply(answer)
            except FrameError as error:
                raise Broken(f"seed {seed!r}, inside, frame {frame!r} -> {answer!r}") from error
            if is_fault(answer):
                raise Broken(f"seed {seed!r}, inside, frame {frame!r} -> {answer!r}")
            found[answer.split(" ")[1 if answer[:1] == "@" else 0]] += 1
    if bob.close is not None:
        raise Broken(f"seed {seed!r}: somebody else was thrown out")
    agrees_with_storage(stage)
    return found


def _said(stage: Stage, client: Client, frame: str | bytes, seed: str) -> list[str]:
    """Say one frame, as the shell does: it lets no text through that is not UTF-8. Time passes on the way."""
    if isinstance(frame, str):
        frame = frame.encode(errors="replace").decode()
    with watched():
        try:
            answers = client.say(frame)
            stage.now += 0.01
        except Exception as error:
            raise Broken(f"seed {seed!r}, frame {frame!r}: {error!r}") from error
    return answers


# ---------------------------------------------------------------- a running server


async def fuzz_server(url: str, seed: str, count: int, *, inside: bool) -> Counter[str]:
    """Send mutated frames to a running server, over as many sockets as it takes."""
    rng = random.Random(seed)
    frames = list(islice(mutated([*FRAMES, *TALK], rng), count))
    found: Counter[str] = Counter()
    while frames:
        async with plain(url, local_addr=(rng.choice(HOSTILE), 0)) as client:
            if inside:
                await client.sign_in(guest(0))
            try:
                while frames:
                    await _volley(client, frames, found, inside=inside)
            except ConnectionClosed:
                found["sockets closed"] += 1
    return found


async def _volley(client: PlainClient, frames: list[str | bytes], found: Counter[str], *, inside: bool) -> None:
    """Send some frames, and look at everything that comes until the answer to a PING behind them."""
    for _ in range(min(AT_ONCE, len(frames))):
        frame = frames.pop()
        await client.ws.send(frame.encode(errors="replace").decode() if isinstance(frame, str) else frame)
    mark = f"PONG {2**50 + len(frames)}"
    await client.ws.send(mark.replace("O", "I"))
    while (answer := await client.recv()) != mark:
        word = answer.split(" ")[1 if answer[:1] == "@" else 0]
        found[word] += 1
        if is_fault(answer) or (not inside and word not in {"ERROR", "PONG", "PING"} and "CONFIRM QUIT" not in answer):
            raise Broken(f"the server says {answer[:200]!r}")


async def besiege(url: str, seed: str, count: int) -> Counter[str]:
    """Fire from outside and inside at once; the secret of others stays as it is, and they are served."""
    async with plain(url) as owner:
        await owner.sign_in(guest(1))
        await owner.do('CREATE vault {"private":true}')
        await owner.do("MSG vault the secret")
        before = await owner.timeline("vault")
        outside, inside = await asyncio.gather(
            fuzz_server(url, f"{seed} outside", count, inside=False),
            fuzz_server(url, f"{seed} inside", count, inside=True),
        )
        if await owner.timeline("vault") != before:
            raise Broken("a private channel was changed by somebody who is not in it")
        began = time.perf_counter()
        await owner.do("LSEVENTS")
        if time.perf_counter() - began > SLOWEST:
            raise Broken("the server answers too late")
    return outside + inside


def fuzz_live(seed: str, count: int) -> Counter[str]:
    """Start a server and besiege it; it lives on, within its memory."""
    with tempfile.TemporaryDirectory(prefix="chat-tui-bench-") as folder:
        data = Path(folder) / "server.db"
        fill(data, 2)
        with ServerProcess(data, welcome=False, log=True) as server:
            before = server.memory()
            found = asyncio.run(besiege(server.url, seed, count))
            grown = (server.memory() - before) / (1 << 20)
            if not server.runs() or grown > MORE_MEMORY:
                raise Broken(f"the server has grown by {grown:.0f} MiB, or has ended")
            found["MiB grown"] = round(grown)
    return found


# ---------------------------------------------------------------- all of it


def main() -> int:
    """Run all parts, print, and tell by the exit code whether every promise held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=2_000_000, metavar="N", help="for the codec (default: 2000000)")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    parser.add_argument("--processes", type=int, default=2, metavar="N", help="processes for the codec (default: 2)")
    asked = parser.parse_args()
    logging.getLogger("chat_tui_wschat").setLevel(logging.ERROR)  # wrong passwords are what this is about
    share, rules, live = -(-asked.frames // asked.processes), asked.frames // 40, asked.frames // 100
    seeds = [f"{asked.seed} {number}" for number in range(asked.processes)]
    began, found = time.perf_counter(), dict[str, Counter[str]]()
    try:
        with ProcessPoolExecutor(asked.processes) as pool:
            parts = pool.map(fuzz_codec, seeds, [share] * asked.processes)
            found[f"codec, {share * asked.processes} frames"] = sum(parts, Counter[str]())
        found[f"rules without a session, {rules} frames"] = fuzz_rules_outside(seeds[0], rules)
        found[f"rules with a session, {rules} frames"] = fuzz_rules_inside(seeds[0], rules)
        found[f"running server, 2 x {live} frames"] = fuzz_live(seeds[0], live)
    except Broken as broken:
        print(f"BROKEN: {broken}")
        return 1
    finally:
        for name, counts in found.items():
            print(f"{name}: {', '.join(f'{count} {what}' for what, count in sorted(counts.items()))}")
    print(f"seed {asked.seed}, {time.perf_counter() - began:.1f} s; promises broken: 0 (at most 0)")
    return 0


# A3, A5, A24
if __name__ == "__main__":
    sys.exit(main())
