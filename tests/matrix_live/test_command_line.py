"""The real command line in processes of its own against a real homeserver; and the echo bot of the examples."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.live.command import Client, Done, Running
from tests.matrix_live.conftest import OwnSynapse
from tests.matrix_live.people import People, Person
from tests.matrix_live.proxy import Proxy
from tests.matrix_live.synapse_config import FAST

BOT = Path(__file__).parents[2] / "examples" / "echo_bot.py"
PATIENCE = 30.0


class Shell:
    """One person's command line. Commands run in threads: a fault proxy lives on the test's own loop."""

    def __init__(self, folder: Path, who: Person) -> None:
        self.client = Client(folder)
        self.who = who

    async def __call__(self, *words: str, stdin: str = "") -> Done:
        return await asyncio.to_thread(self.client, *words, stdin=stdin)

    async def rows(self, *words: str) -> list[dict[str, Any]]:
        """The JSON lines of a command that goes well."""
        done = await self(*words, "--json")
        assert (done.code, done.error) == (0, "")
        return done.rows

    async def sign_in(self, name: str = "home", *more: str, url: str = "") -> Done:
        """Sign in with the password."""
        address = ("--backend", "matrix", "--url", url or self.who.raw.url, "--user", self.who.name)
        done = await self("login", name, *address, "--password-stdin", *more, stdin=f"{self.who.password}\n")
        assert (done.code, done.error) == (0, "")
        return done


class Tail:
    """A `chat-tui tail` and what it has told."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.told: list[str] = []

    async def until(self, text: str) -> list[str]:
        """The texts told up to this one."""
        async with asyncio.timeout(PATIENCE):
            while text not in self.told:
                row = json.loads(await asyncio.to_thread(self.running.line))
                if row["kind"] == "message":
                    self.told.append(row["text"])
        return self.told


@contextlib.asynccontextmanager
async def following(shell: Shell, room: str, speaker: Person) -> Any:
    """A tail that certainly follows: what is said to find that out is not in its `told`."""
    running = await asyncio.to_thread(shell.client.start, "tail", room, "--json")
    with running:
        tail = Tail(running)
        for number in range(20):
            await speaker.send_text(room, f"probe {number}")
            if await asyncio.to_thread(running.shows, f"probe {number}", 2):
                break
        yield tail


async def test_what_is_said_and_asked_on_the_command_line(people: People, tmp_path: Path) -> None:  # B12, B14, C7, C8
    ann, bob = await people("ann"), await people("bob")
    # Open to all: an invitation is a notification, which Synapse counts as unread from its next summing up on.
    room = await bob.create_room("Garden", topic="What grows", preset="public_chat")
    await ann.join(room)
    ids = [await bob.send_text(room, f"line {number}") for number in range(30)]
    shell = Shell(tmp_path, ann)
    assert "is in 1 room" in (await shell.sign_in()).out
    (listed,) = await shell.rows("rooms")
    last = {"sender": "bob", "text": "line 29", "ts": listed["last"]["ts"]}
    wanted = {"account": "home", "room_id": room, "name": "Garden", "topic": "What grows", "members": 2, "unread": 30}
    assert listed == wanted | {"last": last}

    (sent,) = await shell.rows("send", "garden", "hello", "--wait", "confirmed")
    assert sent["state"] == "confirmed"
    assert [event["event_id"] for event in await bob.messages(room)][-1] == sent["event_id"]
    events = await shell.rows("history", room, "-n", "5")
    assert [event["text"] for event in events] == [*(f"line {number}" for number in range(26, 30)), "hello"]
    assert [event.get("action_id", 0) for event in events] == [0, 0, 0, 0, sent["action_id"]]
    assert set(events[0]) == {"account", "room_id", "event_id", "sender", "ts", "kind", "text"}
    # Before an event, also where that is not stored yet: each page goes on where the last one ended.
    found, before = [event["event_id"] for event in events[:-1]], events[0]["event_id"]
    page = events
    for _ in range(3):
        page = await shell.rows("history", room, "-n", "12", "--before", before)
        found = [event["event_id"] for event in page if event["kind"] == "message"] + found
        before = page[0]["event_id"]
    assert found == ids
    assert page[0]["text"] == "created the room"
    assert await shell.rows("history", room, "--before", before) == []

    people_there = await shell.rows("members", room)
    assert [(one["user_id"], one["name"], one["role"]) for one in people_there] == [
        (ann.user_id, "ann", "member"),
        (bob.user_id, "bob", "owner"),
    ]
    # What is refused stays in the outbox until it is discarded.
    await bob.act_on("kick", room, ann)
    stage = await bob.create_room("Stage", invite=[ann], power_level_content_override={"events_default": 50})
    await ann.join(stage)
    refused = await shell("send", stage, "may I?", "--wait", "confirmed")
    assert refused.code == 3
    assert "refused" in refused.sentence
    (waiting,) = await shell.rows("outbox")
    assert (waiting["room_id"], waiting["text"], waiting["state"]) == (stage, "may I?", "failed")
    assert (await shell("outbox", "cancel", str(waiting["action_id"]))).code == 0
    assert await shell.rows("outbox") == []
    assert (await shell("send", room, "too late")).code == 1


@pytest.mark.parametrize("mode", ["sync", "sliding", "legacy"])
async def test_tail_tells_each_event_once_across_a_gap(
    mode: str, people: People, proxy: Proxy, tmp_path: Path
) -> None:  # B4, B8, B11
    ann, bob = await people("ann"), await people("bob")
    room = await ann.create_room("Hall", invite=[bob])
    await bob.join(room)
    shell = Shell(tmp_path, ann)
    await shell.sign_in("home", *(["--legacy"] if mode == "legacy" else ["--mode", mode]), url=proxy.url)
    async with following(shell, room, bob) as tail:
        said = [f"line {number}" for number in range(65)]
        for text in said[:5]:
            await bob.send_text(room, text)
        await tail.until("line 4")
        await proxy.go_down()
        for text in said[5:60]:
            await bob.send_text(room, text)
        await proxy.start()
        for text in said[60:]:
            await bob.send_text(room, text)
        assert await tail.until("line 64") == said
        code, error = await asyncio.to_thread(tail.running.end, signal.SIGTERM)
        assert code == 0
        assert "Traceback" not in error
        assert [json.loads(line)["text"] for line in tail.running.rest()] == []


async def test_tail_tells_each_event_once_across_a_restart_of_the_homeserver(
    own_synapse: OwnSynapse, tmp_path: Path
) -> None:  # B3, B4
    server = await own_synapse(FAST)
    people = People(server.url)
    try:
        ann, bob = await people("ann"), await people("bob")
        room = await ann.create_room("Hall", invite=[bob])
        await bob.join(room)
        shell = Shell(tmp_path, ann)
        await shell.sign_in()
        async with following(shell, room, bob) as tail:
            await bob.send_text(room, "before")
            await tail.until("before")
            await server.kill()
            # What is said on the command line meanwhile goes through the process that has the account, and waits.
            waiting = await shell("send", room, "typed meanwhile", "--wait", "pending", "--json")
            assert (waiting.code, waiting.rows[0]["state"]) == (0, "pending")
            await server.start()
            await bob.send_text(room, "after")
            await tail.until("after")
            await tail.until("typed meanwhile")
            assert sorted(tail.told) == ["after", "before", "typed meanwhile"]
            assert (await bob.texts(room)).count("typed meanwhile") == 1
            assert await shell.rows("outbox") == []
    finally:
        await people.close()


async def test_the_echo_bot_answers_texts_with_notices(people: People, tmp_path: Path) -> None:  # B21
    bot, bob = await people("echo"), await people("bob")
    room = await bob.create_room("Hall", invite=[bot])
    await bot.join(room)
    await bob.send_text(room, "said before it came")
    await Shell(tmp_path, bot).sign_in("echo")
    process = subprocess.Popen(
        [sys.executable, str(BOT), "echo", str(tmp_path)], env={**os.environ, **Client(tmp_path).environment}
    )
    try:
        # Until it answers it may still be starting.
        async with asyncio.timeout(PATIENCE):
            number = 0
            while not any(event["sender"] == bot.user_id for event in await bob.messages(room)):
                await bob.send_text(room, f"probe {number}")
                number += 1
                await asyncio.sleep(0.5)
        # Neither notices, nor emotes, nor state, nor what has no text, nor what it says itself is answered.
        await bob.send(room, "m.room.message", {"msgtype": "m.notice", "body": "a notice"})
        await bob.send(room, "m.room.message", {"msgtype": "m.emote", "body": "an emote"})
        await bob.send(room, "m.room.message", {"msgtype": "m.image", "body": "a picture", "url": "mxc://x/y"})
        await bob.send(room, "m.room.message", {"msgtype": "m.text", "body": ""})
        await bob.set_state(room, "m.room.topic", {"topic": "a topic"})
        await bob.send_text(room, "the last one")
        await bob.wait_for_text(room, "the last one")
        async with asyncio.timeout(PATIENCE):
            while [event["content"]["body"] for event in await answers(bob, bot, room)][-1] != "the last one":
                await asyncio.sleep(0.05)
        await bob.send_text(room, "!quit")
        assert await asyncio.to_thread(process.wait, PATIENCE) == 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait(10)
    said = await answers(bob, bot, room)
    assert {event["content"]["msgtype"] for event in said} == {"m.notice"}
    bodies = [event["content"]["body"] for event in said]
    assert len(set(bodies)) == len(bodies)
    assert [body for body in bodies if not body.startswith("probe ")] == ["the last one"]


async def answers(who: Person, bot: Person, room: str) -> list[dict[str, Any]]:
    """What the bot has said."""
    return [event for event in await who.messages(room) if event["sender"] == bot.user_id]
