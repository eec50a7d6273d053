"""Read and apply a large first sync, beside what matrix-nio needs to parse the same body; time and memory.

Run it as `python -m bench.sync_decode`. The body is made up (bench/sync_body.py), or recorded from a real homeserver with a
thousand rooms (`--recorded`). Each program runs in a process of its own, with its own interpreter, several times in
turn; the best time and the least memory of each count. Time is processor time. Memory is the highest resident set
while it works, above what the process held when the body was loaded. It ends with 1 when a target was missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tui"), str(ROOT / "backends")]

from bench import sync_body  # noqa: E402
from bench.figures import Figures  # noqa: E402
from tests.matrix_live.environments import NIO, clean_environ  # noqa: E402
from tests.matrix_live.people import PATIENCE, Raw  # noqa: E402
from tests.matrix_live.prepared import big_homeserver  # noqa: E402

SIZE: Final = 10_000_000
EVENTS: Final = 15
TURNS: Final = 5
FASTER: Final = 8.0
"""How many times as fast as nio it shall be, at least."""

MEMORY: Final = 0.5
"""The part of nio's memory that it may take, at most."""

HOLDS: Final = 50.0
"""Milliseconds of processor time for which no step may hold up whoever types."""

_COMMON: Final = """
import gc, json, re, sys, time
def status(name):
    return int(re.search(name + r":\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024
body = open(sys.argv[1], "rb").read()
def begin():
    gc.collect()
    open("/proc/self/clear_refs", "w").write("5")
    return status("VmRSS"), time.process_time()
def end(before, **more):
    rss, started = before
    print(json.dumps({"seconds": time.process_time() - started, "megabytes": status("VmHWM") - rss} | more))
"""

_NIO: Final = (
    _COMMON
    + """
from nio.responses import SyncResponse
before = begin()
answer = SyncResponse.from_dict(json.loads(body))
assert isinstance(answer, SyncResponse), answer
end(before, rooms=len(answer.rooms.join))
"""
)

_OURS: Final = (
    _COMMON
    + """
from chat_tui_core.contract import Surroundings
from chat_tui_matrix.protocol.applying import Applying
from chat_tui_matrix.protocol.desk import Desk
from chat_tui_matrix.protocol.rooms import RoomDesk
from chat_tui_matrix.wire.decoding import decode
import msgspec, nh3
def run(body):
    desk = Desk(sys.argv[2], "DEVICE", "token", Surroundings().read_state)
    rooms = RoomDesk(desk)
    started = time.process_time()
    reply = decode("whole_sync", 200, {}, body)
    decoding = longest = time.process_time() - started
    applying, more, said = Applying(reply, 1_760_000_000, desk, rooms), True, 0
    while more:
        began = time.process_time()
        more = applying.slice()
        longest = max(longest, time.process_time() - began)
        said += len(desk.take_news())
    return {"rooms": len(rooms.overview()), "news": said, "decoding": decoding, "longest": longest}
run(b'{"next_batch": "s1"}')
before = begin()
end(before, **run(body))
"""
)


def measure(python: str, program: str, *arguments: str, path: str = "") -> dict[str, float]:
    """Run a program in a process of its own; what it measured."""
    environ = {**clean_environ(), "PYTHONPATH": path} if path else clean_environ()
    done = subprocess.run([python, "-c", program, *arguments], env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return dict(json.loads(done.stdout))


async def recorded(folder: Path) -> tuple[bytes, str]:
    """The answer of a real homeserver to our own first sync of a thousand rooms, and whose it is."""
    from chat_tui_matrix.protocol.plain import PlainWay

    server, account = await asyncio.to_thread(big_homeserver, folder / "homeserver")
    ann = account.people["ann"]
    way = PlainWay()
    way.begin("")
    request = way.next(wait=False, presence="").request
    async with server, Raw(server.url, ann.token) as raw:
        async with asyncio.timeout(PATIENCE):
            answer = await raw.get(request.path, **request.query)
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode(), ann.user_id


def compare(file: Path, me: str, turns: int, figures: Figures) -> None:
    """Run both in turn, and print the best of each."""
    nio, ours = [], []
    path = f"{ROOT / 'backends'}"
    for _ in range(turns):
        nio.append(measure(str(NIO.ensured()), _NIO, str(file)))
        ours.append(measure(sys.executable, _OURS, str(file), me, path=path))
    figures.say("body", file.stat().st_size / 1e6, "MB")
    figures.say("rooms", ours[0]["rooms"], "", least=nio[0]["rooms"])
    figures.say("news", ours[0]["news"], "")
    theirs, mine = (min(one["seconds"] for one in runs) for runs in (nio, ours))
    figures.say("matrix-nio: parsing", theirs * 1000, "ms")
    figures.say("chat-tui: decoding and applying", mine * 1000, "ms")
    figures.say("times as fast", theirs / mine, "", least=FASTER)
    theirs, mine = (min(one["megabytes"] for one in runs) for runs in (nio, ours))
    figures.say("matrix-nio: memory at most", theirs, "MB")
    figures.say("chat-tui: memory at most", mine, "MB")
    figures.say("part of its memory", mine / theirs, "", MEMORY)
    figures.say("chat-tui: decoding in one piece", min(one["decoding"] for one in ours) * 1000, "ms", HOLDS)
    figures.say("chat-tui: longest step", min(one["longest"] for one in ours) * 1000, "ms", HOLDS)


def main() -> int:
    """Make the body, run both, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=SIZE, metavar="BYTES", help="of the body (default: 10 MB)")
    parser.add_argument(
        "--recorded", action="store_true", help="record the body from a homeserver with a thousand rooms"
    )
    parser.add_argument("--turns", type=int, default=TURNS, metavar="N", help="how often each runs (default: 5)")
    asked = parser.parse_args()
    figures = Figures()
    with tempfile.TemporaryDirectory(prefix="chat-tui-bench-") as folder:
        file = Path(folder) / "sync.json"
        if asked.recorded:
            body, me = asyncio.run(recorded(Path(folder)))
        else:
            body, me = sync_body.body(sync_body.rooms_for(asked.size), EVENTS), sync_body.ME
        file.write_bytes(body)
        compare(file, me, asked.turns, figures)
    return figures.verdict()


# B1
if __name__ == "__main__":
    sys.exit(main())
