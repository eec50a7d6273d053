"""How fast messages are stored with the full-text index on, found again, and read meanwhile.

python -m bench.store [--messages N]

Stores N messages (default 1,000,000) through the session's own ingest, in batches of 500, and beside it the same rows by
plain sqlite3 into a second file of the same format, its index filled batch by batch. Then two-word searches, and pages
of 100 read from one thread while another goes on storing.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bench.figures import Figures
from bench.stored_account import text
from chat_tui_core.model import EventKind, RoomEvent
from chat_tui_core.news import Arrived
from chat_tui_core.search_query import parse_query
from chat_tui_core.session.ingest import ingest
from chat_tui_core.session.ingest_state import Known
from chat_tui_core.store import Store, events
from chat_tui_core.store.event_rows import event_values
from chat_tui_core.store.search import find_messages

ROOMS: Final = 50
BATCH: Final = 500
KNOWN: Final = Known("@me:bench", {}, {}, False, 1)


def batches(count: int, start: int = 0) -> Iterator[list[RoomEvent]]:
    """`count` messages as they arrive: batch by batch, room after room."""
    chance = random.Random(start)
    for number in range(start // BATCH, (start + count) // BATCH):
        room, first = f"!room{number % ROOMS}", (number // ROOMS) * BATCH + 1
        yield [
            RoomEvent(
                room,
                f"${room}-{order}",
                order,
                EventKind.MESSAGE,
                f"@user{order % 40}:bench",
                1_700_000_000_000 + 1000 * (order * ROOMS + number % ROOMS),
                text(chance),
                sender_name=f"User {order % 40}",
            )
            for order in range(first, first + BATCH)
        ]


def ours(store: Store, count: int, start: int = 0) -> float:
    """Messages a second through ingest; making them is not counted."""
    spent = 0.0
    for batch in batches(count, start):
        news = [Arrived(batch[0].room_id, tuple(batch))]
        began = time.perf_counter()
        store.write_now(ingest, KNOWN, news)
        spent += time.perf_counter() - began
    return count / spent


def plain(path: Path, count: int) -> float:
    """Messages a second of plain sqlite3 into the same tables."""
    Store.open(path).close_now()
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA synchronous = normal")
    spent = 0.0
    for batch in batches(count):
        rows = [event_values(event) for event in batch]
        began = time.perf_counter()
        db.execute("BEGIN")
        last = db.execute(events.LAST_ID).fetchone()[0] or 0
        db.executemany(events.INSERT, rows)
        db.execute(events.INDEX, (last,))
        db.execute("COMMIT")
        spent += time.perf_counter() - began
    db.close()
    return count / spent


def searches(store: Store, count: int = 200) -> list[float]:
    """Seconds of searches for two words that people use all the time."""
    chance = random.Random(7)
    seconds = []
    for _ in range(count):
        query = parse_query(" ".join(text(chance).split()[:2]).replace("*", "").replace("`", "") + " word")
        began = time.perf_counter()
        store.read(find_messages, query, 50)
        seconds.append(time.perf_counter() - began)
    return seconds


def pages_meanwhile(store: Store, start: int, count: int) -> list[float]:
    """Seconds of reading a page of 100 while another thread stores."""
    writer = threading.Thread(target=ours, args=(store, count, start))
    seconds = []
    chance = random.Random(3)
    writer.start()
    while writer.is_alive():
        began = time.perf_counter()
        store.read(events.events_before, f"!room{chance.randrange(ROOMS)}", chance.randrange(200, 2000), 100)
        seconds.append(time.perf_counter() - began)
        time.sleep(0.005)
    writer.join()
    return seconds


def main() -> int:
    """Measure; the exit code says whether all targets were kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=1_000_000)
    count = parser.parse_args().messages // BATCH * BATCH
    figures = Figures()
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder, "ours.db"))
        compared = min(count, 200_000)
        raw = plain(Path(folder, "plain.db"), compared)
        rate = ours(store, compared)
        figures.say("plain sqlite3, same rows and index", raw / 1000, "k/s")
        figures.say("ingest with the index on", rate / 1000, "k/s", least=20.0)
        figures.say("ingest, part of plain sqlite3", 100 * rate / raw, "%", least=50.0)
        if count > compared:
            ours(store, count - compared, compared)
        figures.spread(f"two-word search over {count:,} messages", searches(store), p95=50.0)
        figures.spread("a page of 100 during ingest", pages_meanwhile(store, count, 100_000), p95=16.0)
        store.close_now()
    return figures.verdict()


if __name__ == "__main__":
    sys.exit(main())
