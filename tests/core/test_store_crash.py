"""What a killed process, a cut power line or a torn copy leaves behind: everything that was promised, no id twice."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from chat_tui_core.actions import Action, Kind
from chat_tui_core.model import EventKind, RoomEvent
from chat_tui_core.store import Store, actions, drafts, events, meta

#: Stores for ever, and says what was acknowledged: actions, batches of events with their position, drafts.
CHILD = textwrap.dedent(
    """
    import asyncio, sys
    from pathlib import Path
    from chat_tui_core.actions import Action, Kind
    from chat_tui_core.model import EventKind, RoomEvent
    from chat_tui_core.store import Draft, Store, actions, drafts, events, meta

    def ingest(db, start):
        lines = [RoomEvent("r", f"m{n}", n, EventKind.MESSAGE, "ann", n, "x" * 300) for n in range(start, start + 40)]
        events.insert_events(db, lines)
        meta.set_position(db, {"to": str(start + 39)})

    def say(*words):
        print(*words, flush=True)

    async def type_messages(store, me):
        for number in range(100_000):
            text = f"{me}.{number}"
            action = await store.write(actions.new_action, Action(0, Kind.SEND, "r", {"text": text}), 1, durable=True)
            say("action", action.id, text)

    async def receive(store):
        start = store.read(events.bounds, "r")[1] + 1
        while True:
            await store.write(ingest, start)
            say("events", start + 39)
            start += 40

    async def edit_draft(store):
        for number in range(100_000):
            await store.write(drafts.save_draft, Draft("r", "x" * number), durable=True)
            say("draft", number)

    async def main():
        store = Store.open(Path(sys.argv[1]))
        await asyncio.gather(*(type_messages(store, f"{sys.argv[2]}.{n}") for n in "ab"), receive(store), edit_draft(store))

    asyncio.run(main())
    """
)


def killed_after(path: Path, lines: int, name: str) -> list[list[str]]:
    """Run the child, kill it after that many acknowledgements; everything that it acknowledged."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(path), name], stdout=subprocess.PIPE, text=True, env=env)
    assert child.stdout is not None
    said = [child.stdout.readline() for _ in range(lines)]
    child.send_signal(signal.SIGKILL)
    said += child.stdout.readlines()
    child.stdout.close()
    assert child.wait(10) == -signal.SIGKILL
    return [line.split() for line in said if line.endswith("\n")]


def check(store: Store, said: list[list[str]], texts: dict[int, str]) -> None:
    """Everything acknowledged is there; the stream stands exactly where its events end."""
    for words in said:
        if words[0] == "action":
            assert int(words[1]) not in texts, "an id was given out twice"
            texts[int(words[1])] = words[2]
    stored = {action.id: action.text for action in store.read(actions.open_actions)}
    assert {action_id: stored.get(action_id) for action_id in texts} == texts
    highest = store.read(events.bounds, "r")[1]
    assert store.read(meta.get_position) == {"to": str(highest)}
    assert highest >= max(int(words[1]) for words in said if words[0] == "events")
    assert len(store.read(events.newest_events, "r", highest + 1)) == highest
    draft = len(store.read(drafts.load_drafts)["r"].text)
    assert draft >= max(int(words[1]) for words in said if words[0] == "draft")


def intact(store: Store) -> bool:
    return store.read(lambda db: db.execute("PRAGMA integrity_check").fetchall() == [("ok",)])


def test_a_killed_process_loses_nothing_that_it_acknowledged(tmp_path: Path) -> None:  # E3, E4
    path = tmp_path / "store.db"
    texts: dict[int, str] = {}
    for run, lines in enumerate((20, 333, 150, 700)):
        said = killed_after(path, lines, str(run))
        copy = tmp_path / f"copy{run}.db"
        for suffix in ("", "-wal"):  # without the -shm file, as after a power cut or in a backup
            shutil.copy(f"{path}{suffix}", f"{copy}{suffix}")
        store = Store.open(copy)
        assert intact(store)
        check(store, said, texts)
        action = store.write_now(actions.new_action, Action(0, Kind.SEND, "r", {"text": "next"}), 1)
        assert action.id > max(texts)
        store.close_now()


@pytest.mark.parametrize("part", [0.05, 0.3, 0.5, 0.77, 0.999])
def test_a_log_that_ends_early_is_an_earlier_moment(tmp_path: Path, part: float) -> None:  # E4
    """What was not synced may be gone after a power cut, from the end and in whole units; the rest is as it was."""
    path = tmp_path / "store.db"
    store = Store.open(path)

    def unit(db: sqlite3.Connection, number: int) -> None:
        line = RoomEvent("r", f"m{number}", number, EventKind.MESSAGE, "ann", 1, "x" * 500)
        events.insert_events(db, [line])
        meta.set_position(db, {"to": str(number)})

    store.write_now(unit, 1)
    for number in range(2, 60):
        store.write_now(unit, number)
    copy = tmp_path / "copy.db"
    shutil.copy(path, copy)
    log = path.with_name("store.db-wal").read_bytes()
    copy.with_name("copy.db-wal").write_bytes(log[: int(len(log) * part)])
    store.close_now()
    store = Store.open(copy)
    assert intact(store)
    highest = store.read(events.bounds, "r")[1]
    assert store.read(meta.get_position) == ({"to": str(highest)} if highest else {})
    assert len(store.read(events.newest_events, "r", 100)) == highest
    assert highest < 60
    store.write_now(unit, 100)
    store.close_now()
