"""The equipment of the live Matrix tests does what it says: homeservers, people, independent client."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Iterable, Iterator
from pathlib import Path

import pytest

from tests.matrix_live import environments
from tests.matrix_live.conftest import OwnSynapse, PeerOf
from tests.matrix_live.environments import Environment, InstallFailed
from tests.matrix_live.people import People, Raw, Refused, part, people_at
from tests.matrix_live.prepared import BigAccount, big_homeserver
from tests.matrix_live.synapse import NotStarted, Synapse, neighbours
from tests.matrix_live.synapse_config import FAST

ROOT = Path(__file__).resolve().parents[2]
SLIDING = "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync"


async def gone(url: str, seconds: float = 10.0) -> bool:
    """Whether nothing listens there any more, within a time."""
    host, port = url.removeprefix("http://").split(":")
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        try:
            _, writer = await asyncio.open_connection(host, int(port))
        except OSError:
            return True
        writer.close()
        await asyncio.sleep(0.05)
    return False


# Environments


def test_an_environment_is_made_once_by_two_processes_and_anew_when_half_made(tmp_path: Path) -> None:
    program = (
        "from tests.matrix_live.environments import Environment\n"
        "made = []\n"
        "class Bare(Environment):\n"
        "    def ways(self):\n"
        "        made.append(1)\n"
        "        [_, [without_pip, _, check], *_] = super().ways()\n"
        "        return [[without_pip, check]]\n"
        "Bare('probe', 'probe==1', 'json').ensured()\n"
        "print(len(made))\n"
    )
    env = {**os.environ, environments.CACHE_VARIABLE: str(tmp_path), "PYTHONPATH": str(ROOT)}

    def both() -> list[int]:
        running = [
            subprocess.Popen([sys.executable, "-c", program], env=env, stdout=subprocess.PIPE, text=True) for _ in "12"
        ]
        return sorted(int(process.communicate(timeout=60)[0]) for process in running)

    assert both() == [0, 1]
    [folder] = [path for path in tmp_path.iterdir() if path.is_dir()]
    (folder / "ready").unlink()
    (folder / "rubbish").touch()
    assert both() == [0, 1]
    assert (folder / "ready").exists()
    assert not (folder / "rubbish").exists()


def test_a_failed_installation_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(environments.CACHE_VARIABLE, str(tmp_path))

    class Missing(Environment):
        def ways(self) -> Iterator[list[list[str]]]:
            # The way that needs no ensurepip, which takes its time.
            yield list(super().ways())[1]

    missing = Missing("missing", "./no-such-package.whl", "nothing")
    with pytest.raises(InstallFailed) as caught:
        missing.ensured()
    for part_of_it in ("PIP_INDEX_URL", environments.CACHE_VARIABLE, "no-such-package.whl", "$ "):
        assert part_of_it in str(caught.value)
    assert not missing.is_ready()
    assert not missing.folder.exists()


# Homeservers


async def test_a_homeserver_starts_stops_and_starts_again_with_its_data(own_synapse: OwnSynapse) -> None:
    server = await own_synapse(FAST)
    url = server.url
    async with people_at(url) as people:
        ann = await people("ann")
        room = await ann.create_room("Kept")
        first = await ann.send_text(room, "before", "txn")
        await server.stop()
        assert not server.running
        assert await gone(url)
        await server.start()
        await server.restart(hard=True)
        assert server.url == url
        # Device, transaction ids and messages outlive both.
        assert await ann.send_text(room, "before", "txn") == first
        assert await ann.texts(room) == ["before"]


@pytest.mark.usefixtures("synapse_installed")
async def test_a_homeserver_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    program = (
        "import pathlib, sys, time\n"
        "from tests.matrix_live.synapse import Synapse\n"
        "server = Synapse(pathlib.Path(sys.argv[1]))\n"
        "server.start_now()\n"
        "print(server.url, flush=True)\n"
        "time.sleep(60)\n"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    starter = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(tmp_path), env=env, stdout=asyncio.subprocess.PIPE
    )
    assert starter.stdout is not None
    url = (await starter.stdout.readline()).decode().strip()
    async with Raw(url) as raw:
        assert await raw.get("/_matrix/client/versions")
    starter.send_signal(signal.SIGKILL)
    await starter.wait()
    assert await gone(url)


@pytest.mark.usefixtures("synapse_installed")
async def test_a_homeserver_that_cannot_start_says_why(tmp_path: Path) -> None:
    server = Synapse(tmp_path)
    (tmp_path / "homeserver.db").mkdir()
    with pytest.raises(NotStarted, match="unable to open database file"):
        await server.start()
    assert not server.running


async def test_the_shared_homeserver_talks_to_nobody_else(people: People) -> None:
    ann = await people("ann")
    with pytest.raises(Refused, match="Federation denied"):
        await ann.raw.get("profile/" + part("@somebody:chat.example"))


async def until_refused(calls: Iterable[Awaitable[object]], pause: float = 0.0) -> Refused:
    """Make calls, with pauses between, until one is refused."""
    async with asyncio.timeout(15):
        for call in calls:
            try:
                await call
            except Refused as error:
                return error
            await asyncio.sleep(pause)
    raise AssertionError("no call was refused")


async def test_messages_are_limited_only_where_they_should_be(synapse_limits: Synapse, people: People) -> None:
    ann = await people("ann")
    room = await ann.create_room()
    await ann.send_many(room, (str(number) for number in range(30)))
    async with people_at(synapse_limits.url) as limited:
        bob = await limited("bob")
        # Making a room counts as a message.
        rooms = [await bob.create_room() for _ in range(3)]
        limit = await until_refused(bob.send_text(rooms[1], str(number)) for number in range(30))
    assert (limit.status, limit.errcode) == (429, "M_LIMIT_EXCEEDED")
    assert isinstance(limit.body, dict)
    assert limit.body["retry_after_ms"] > 0


async def test_short_tokens_expire_softly_and_can_be_refreshed(synapse_short_tokens: Synapse) -> None:
    async with people_at(synapse_short_tokens.url) as people:
        ann = await people("ann")
        plain_login, fresh = await people.again(ann), await people.again(ann, refresh=True)
        assert 5000 < plain_login.expires_in_ms <= 8000
        assert 0 < fresh.expires_in_ms <= 5000
        error = await until_refused((fresh.raw.get("account/whoami") for _ in range(60)), 0.25)
        assert (error.status, error.errcode) == (401, "M_UNKNOWN_TOKEN")
        assert isinstance(error.body, dict)
        assert error.body["soft_logout"] is True
        made = await fresh.raw.post("refresh", {"refresh_token": fresh.refresh_token})
        fresh.raw.token = made["access_token"]
        assert (await fresh.raw.get("account/whoami"))["device_id"] == fresh.device_id


async def test_sliding_sync_can_be_missing(synapse_no_sliding: Synapse, people: People) -> None:
    asked = {"lists": {"all": {"ranges": [[0, 9]], "required_state": [], "timeline_limit": 1}}}
    ann = await people("ann")
    assert (await ann.raw.post(SLIDING, asked))["lists"]["all"]["count"] == 0
    async with people_at(synapse_no_sliding.url) as others:
        bob = await others("bob")
        with pytest.raises(Refused) as caught:
            await bob.raw.post(SLIDING, asked)
        assert (caught.value.status, caught.value.errcode) == (404, "M_UNRECOGNIZED")
        versions = await bob.raw.get("/_matrix/client/versions")
        assert versions["unstable_features"]["org.matrix.simplified_msc3575"] is False


@pytest.mark.federation
@pytest.mark.usefixtures("synapse_installed")
async def test_neighbours_share_a_room(tmp_path: Path) -> None:
    async with neighbours(tmp_path) as servers, people_at(servers[0].url) as people:
        ann, bob = await people("ann"), await people("bob", url=servers[1].url)
        room = await ann.create_room("Both", preset="public_chat", room_alias_name="both")
        assert await bob.join(f"#both:{servers[0].server_name}") == room
        await bob.send_text(room, "from afar")
        await ann.wait_for_text(room, "from afar")
        await ann.send_text(room, "and back")
        await bob.wait_for_text(room, "and back")
        assert set(await ann.members(room)) == {ann.user_id, bob.user_id}


# People


async def test_people_do_and_see_everything(people: People) -> None:
    ann, bob, eve = [await people(name) for name in ("ann", "bob", "eve")]
    room = await ann.create_room("Tea & more", invite=[bob, eve], topic="green")
    assert await bob.join(room) == room
    await eve.leave(room)
    first = await ann.send_text(room, "first / ☃")
    assert await ann.send_text(room, "again", "same id") == await ann.send_text(room, "again", "same id")
    edit = await ann.edit(room, first, "first, edited")
    reaction = await bob.react(room, first, "👍")
    second = await bob.send_text(room, "second")
    await ann.redact(room, second, "no")
    await ann.set_state(room, "m.room.topic", {"topic": "black"})
    await bob.typing(room)
    await bob.read(room, first)

    events = {event["event_id"]: event for event in await bob.events(room)}
    assert next(iter(events.values()))["type"] == "m.room.create"
    assert events[edit]["content"]["m.relates_to"]["event_id"] == first
    assert events[reaction]["content"]["m.relates_to"]["key"] == "👍"
    assert events[second]["content"] == {}
    assert await bob.texts(room) == ["first / ☃", "again", "* first, edited"]
    state = await ann.state(room)
    assert state["m.room.name", ""] == {"name": "Tea & more"}
    assert state["m.room.topic", ""]["topic"] == "black"
    assert await ann.members(room) == {ann.user_id: "join", bob.user_id: "join", eve.user_id: "leave"}
    kinds = {event["type"] for event in (await ann.sync())["rooms"]["join"][room]["ephemeral"]["events"]}
    assert kinds == {"m.typing", "m.receipt"}


async def test_many_messages_go_fast_and_each_once(people: People) -> None:
    ann = await people("ann")
    room = await ann.create_room()
    texts = [f"message {number}" for number in range(300)]
    sent = await ann.send_many(room, texts)
    found = {event["content"]["body"]: event["event_id"] for event in await ann.messages(room)}
    assert found == sent
    assert sorted(await ann.texts(room)) == sorted(texts)


async def test_waiting_for_a_text_and_for_one_that_never_comes(people: People) -> None:
    ann, bob = await people("ann"), await people("bob")
    room = await ann.create_room(invite=[bob])
    await bob.join(room)
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(bob.wait_for_text(room, "now"))
        group.create_task(ann.send_text(room, "now"))
    assert waiting.result()["sender"] == ann.user_id
    with pytest.raises(TimeoutError):
        await bob.wait_for_text(room, "never", 0.5)


async def test_a_refusal_tells_what_and_a_second_device_is_another(people: People) -> None:
    ann, bob = await people("ann"), await people("bob")
    room = await ann.create_room()
    with pytest.raises(Refused) as caught:
        await bob.send_text(room, "let me in")
    assert (caught.value.status, caught.value.errcode) == (403, "M_FORBIDDEN")
    other = await people.again(ann)
    assert other.device_id != ann.device_id
    # A transaction id counts for one device.
    assert await other.send_text(room, "x", "1") != await ann.send_text(room, "x", "1")


@pytest.fixture
def own_big(synapse_installed: Path, tmp_path: Path) -> Iterator[tuple[Synapse, BigAccount]]:
    """A copy that a test may write to; nobody else sees it."""
    server, account = big_homeserver(tmp_path / "big")
    with server:
        yield server, account


async def test_the_big_account(own_big: tuple[Synapse, BigAccount]) -> None:
    server, account = own_big
    ann, dave = account.people["ann"].at(server.url), account.people["dave"].at(server.url)
    async with ann.raw, dave.raw:
        listed = {"ranges": [[0, 19]], "required_state": [["m.room.topic", ""]], "timeline_limit": 1}
        found = await ann.raw.post(SLIDING, {"lists": {"all": listed}})
        assert found["lists"]["all"]["count"] == account.rooms == 1000
        names = {room["name"]: key for key, room in found["rooms"].items()}
        assert sorted(names) == ["Room 0000", *(f"Room {number:04}" for number in range(981, 1000))]
        assert names["Room 0000"] == account.long_room
        topics = [event["content"]["topic"] for event in found["rooms"][names["Room 0990"]]["required_state"]]
        assert topics == ["About Room 0990"]

        path = f"rooms/{part(account.long_room)}/messages"
        oldest = (await ann.raw.get(path, dir="f", limit=300))["chunk"]
        newest = await ann.events(account.long_room, newest=300)
        texts = [event["content"]["body"] for event in [*oldest, *newest] if event["type"] == "m.room.message"]
        numbers = [*range(len(texts) - 304), *range(account.messages - 300, account.messages)]
        assert texts[4:] == [f"message {number:04}" for number in numbers]
        assert len(oldest) == 300 > len(texts) - 300 > 250
        assert len({event["sender"] for event in newest}) == 2
        times = [event["origin_server_ts"] for event in [*oldest, *newest]]
        assert times == sorted(times)

        # The homeserver takes copies for its own: they can be used, and state and history are theirs.
        for name in ("Room 0999", "Room 0981"):
            room = names[name]
            sent = await dave.send_text(room, "still here")
            await ann.redact(room, await ann.edit(room, await ann.send_text(room, "mine"), "edited"))
            await ann.set_state(room, "m.room.topic", {"topic": name})
            await ann.act_on("kick", room, dave)
            assert (await ann.members(room))[dave.user_id] == "leave"
            await ann.act_on("invite", room, dave)
            await dave.join(room)
            history = await dave.events(room)
            assert history[0]["type"] == "m.room.create"
            assert sent in [event["event_id"] for event in history]
            assert f"an answer in {name}" in [event["content"].get("body") for event in history]
    assert " ERROR " not in server.log()


# matrix-nio


async def test_nio_sees_what_others_do_and_others_see_what_it_does(people: People, nio_peer: PeerOf) -> None:
    ann, bob = await people("ann"), await people("bob")
    room = await ann.create_room("Talk", invite=[bob], topic="tea")
    # More than one timeline holds, and before nio is there.
    await ann.send_many(room, (f"early {number}" for number in range(120)))
    nio = await nio_peer(bob)
    assert nio.user_id == bob.user_id
    assert nio.device_id != bob.device_id
    await nio.sync()
    assert (await nio.rooms())["invited"] == [room]
    assert await nio.join(room) == room

    first = await ann.send_text(room, "first")
    seen = await nio.wait_for_text(room, "first")
    assert (seen.event_id, seen.sender, seen.kind) == (first, ann.user_id, "RoomMessageText")
    assert sum(text.startswith("early ") for text in await nio.texts(room)) == 120
    await ann.edit(room, first, "first, edited")
    await ann.react(room, first, "👍")
    await bob.edit(room, first, "not mine to edit")
    lines = await nio.wait_for(room, lambda lines: any(line.reactions and line.edits for line in lines))
    [line] = [line for line in lines if line.event_id == first]
    assert (line.body, line.edits, line.reactions) == ("first, edited", 1, {"👍": [ann.user_id]})
    await ann.redact(room, first)
    await nio.wait_for(room, lambda lines: any(line.redacted for line in lines))
    # While nio does not look, more happens than one timeline holds.
    await ann.send_many(room, (f"gap {number}" for number in range(120)))
    last = await ann.send_text(room, "last")
    await nio.wait_for_text(room, "last")
    assert sum(text.startswith("gap ") for text in await nio.texts(room)) == 120

    answer = await nio.send(room, "an answer", reply_to=last)
    await nio.react(room, last, "🎉")
    await nio.edit(room, answer, "a better answer")
    await nio.redact(room, await nio.send(room, "a slip"), "slip")
    await nio.read(room, last)
    await nio.typing(room)
    events = {event["event_id"]: event for event in await ann.events(room)}
    assert events[answer]["content"]["m.relates_to"]["m.in_reply_to"]["event_id"] == last
    bodies = [event["content"].get("body") for event in events.values() if event["sender"] == bob.user_id]
    assert bodies[-5:-3] == ["an answer", None]
    assert "* a better answer" in bodies
    assert "a slip" not in bodies
    await nio.sync()
    assert (await nio.wait_for_text(room, "a better answer")).reply_to == last
    found = await nio.room(room)
    assert (found["name"], found["topic"]) == ("Talk", "tea")
    assert set(found["members"]) == {ann.user_id, bob.user_id}
    ephemeral = (await ann.sync())["rooms"]["join"][room]["ephemeral"]["events"]
    assert {event["type"] for event in ephemeral} == {"m.typing", "m.receipt"}


async def test_nio_makes_rooms_and_says_what_fails(people: People, nio_peer: PeerOf) -> None:
    ann, bob = await people("ann"), await people("bob")
    nio = await nio_peer(ann)
    room = await nio.create("Made by nio", bob.user_id)
    await bob.join(room)
    assert (await bob.state(room))["m.room.name", ""] == {"name": "Made by nio"}
    await nio.leave(room)
    assert (await bob.members(room))[ann.user_id] == "leave"
    with pytest.raises(Exception, match="M_FORBIDDEN"):
        await nio.send(room, "too late")
    with pytest.raises(TimeoutError, match="nio saw in"):
        await nio.wait_for_text(room, "never", 0.5)
