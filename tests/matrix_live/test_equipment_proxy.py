"""The fault proxy spoils what it is told to spoil, as often as it is told, and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time

import aiohttp
import pytest

from tests.matrix_live import answers
from tests.matrix_live.conftest import OwnSynapse
from tests.matrix_live.faults import (
    Fault,
    Storm,
    afterwards,
    cut_after,
    cut_before,
    cut_within,
    held,
    instead,
    slow,
    without_ids,
)
from tests.matrix_live.people import People, Person, Raw, Refused, people_at
from tests.matrix_live.proxy import Proxy
from tests.matrix_live.synapse import free_port
from tests.matrix_live.synapse_config import FAST

SEND = "/send/m.room.message/"


async def plain(url: str, request: str = "GET /_matrix/client/versions HTTP/1.1") -> bytes:
    """Everything that a connection gives after one request, at most 1 MB; no HTTP library in between."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"{request}\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    got = bytearray()
    try:
        async with asyncio.timeout(10):
            while len(got) < 1_000_000 and (data := await reader.read(65_536)):
                got += data
    except ConnectionResetError:
        got += b"<reset>"
    writer.close()
    return bytes(got)


async def ann_through(proxy: Proxy, people: People) -> tuple[Person, str]:
    """Somebody who talks through the proxy, and a room of theirs."""
    ann = await people("ann", url=proxy.url)
    return ann, await ann.create_room()


async def test_what_passes_the_proxy_is_as_without(proxy: Proxy, people: People) -> None:
    ann, room = await ann_through(proxy, people)
    await ann.send_many(room, (str(number) for number in range(30)), at_once=10)
    through = await ann.state(room), [event["event_id"] for event in await ann.events(room)]
    ann.raw.url = proxy.upstream
    assert through == (await ann.state(room), [event["event_id"] for event in await ann.events(room)])
    assert len(proxy.requests("PUT", SEND)) == proxy.counts["passed"] - 6 == 30
    assert {(one.delivered, one.status, one.fault) for one in proxy.seen} == {(True, 200, "")}
    assert json.loads(proxy.requests("PUT", SEND)[0].body)["msgtype"] == "m.text"


async def test_a_sign_in_names_the_proxy_as_the_homeserver(proxy: Proxy, people: People) -> None:
    ann = await people("ann")
    asked = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": ann.name},
        "password": ann.password,
    }
    async with Raw(proxy.url) as raw:
        made = await raw.post("login", asked)
    assert made["well_known"]["m.homeserver"]["base_url"] == f"{proxy.url}/"


@pytest.mark.parametrize(
    ("fault", "arrives", "error"),
    [
        (cut_before(), False, aiohttp.ClientConnectionError),
        (cut_after(), True, aiohttp.ClientConnectionError),
        (cut_within(), True, aiohttp.ClientPayloadError),
        (instead(answers.broken(502)), False, Refused),
        (instead(answers.limited(2.5)), False, Refused),
        (afterwards(), True, Refused),
    ],
    ids=lambda value: value.name if isinstance(value, Fault) else None,
)
async def test_a_fault_strikes_as_often_as_it_should(
    proxy: Proxy, people: People, fault: Fault, arrives: bool, error: type[Exception]
) -> None:
    ann, room = await ann_through(proxy, people)
    rule = proxy.on("PUT", SEND, fault, times=2)
    for _ in range(2):
        with pytest.raises(error):
            await ann.send_text(room, "hello", "txn")
    assert await ann.texts(room) == (["hello"] if arrives else [])
    await ann.send_text(room, "hello", "txn")
    assert await ann.texts(room) == ["hello"]
    assert (rule.used, rule.matched, proxy.counts[fault.name]) == (2, 3, 2)
    assert [one.delivered for one in proxy.requests("PUT", SEND)] == [arrives, arrives, True]
    assert rule.struck.is_set()


async def test_refusals_look_as_they_do_in_the_wild(proxy: Proxy, people: People) -> None:
    ann, room = await ann_through(proxy, people)
    proxy.on("PUT", SEND, instead(answers.broken(502)))
    proxy.on("PUT", SEND, instead(answers.limited(2.5)))
    with pytest.raises(Refused) as page:
        await ann.send_text(room, "x")
    assert isinstance(page.value.body, str)
    assert page.value.body.startswith("<!DOCTYPE html>")
    with pytest.raises(Refused) as limit:
        await ann.send_text(room, "x")
    assert isinstance(limit.value.body, dict)
    assert (limit.value.errcode, limit.value.body["retry_after_ms"]) == ("M_LIMIT_EXCEEDED", 2500)
    proxy.on("", "", instead(answers.limited(2.5)))
    assert b"\r\nRetry-After: 3\r\n" in await plain(proxy.url)


async def test_an_unhardened_aiohttp_hides_the_first_cut(proxy: Proxy, people: People) -> None:
    """Why one cut proves nothing about a client of aiohttp's."""
    ann, room = await ann_through(proxy, people)
    rule = proxy.on("PUT", SEND, cut_after(), times=2)
    path = f"{proxy.url}/_matrix/client/v3/rooms/{room}{SEND}"
    headers = {"Authorization": f"Bearer {ann.token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.put(f"{path}1", json={"msgtype": "m.text", "body": "a"})
        assert rule.used == 2
        proxy.on("PUT", SEND, cut_after())
        async with session.put(f"{path}2", json={"msgtype": "m.text", "body": "b"}) as answer:
            assert answer.status == 200
    assert await ann.texts(room) == ["a", "b"]


async def test_rules_skip_and_go_in_order_and_are_forgotten(proxy: Proxy) -> None:
    proxy.on("GET", "versions$", instead(answers.broken(500)), skip=1)
    proxy.on("GET", "versions$", instead(answers.broken(503)), times=None)
    statuses = [(await plain(proxy.url))[9:12] for _ in range(4)]
    assert statuses == [b"503", b"500", b"503", b"503"]
    proxy.calm()
    assert (await plain(proxy.url))[9:12] == b"200"


async def test_slow_answers_come_late_or_in_pieces(proxy: Proxy, people: People) -> None:
    ann, room = await ann_through(proxy, people)
    proxy.on("GET", "/state$", slow(delay=0.3))
    proxy.on("GET", "/members$", slow(piece=100, pause=0.02))
    for ask in (ann.state, ann.members):
        started = time.monotonic()
        assert await ask(room)
        assert 0.1 < time.monotonic() - started < 5
    assert proxy.counts["slow"] == 2


async def test_an_echo_can_come_before_the_answer_and_after_it(proxy: Proxy, people: People) -> None:
    ann, room = await ann_through(proxy, people)
    since = (await ann.sync())["next_batch"]
    # The echo first: the answer is held back until the sync has brought it.
    gate = asyncio.Event()
    proxy.on("PUT", SEND, held(answer=gate))
    sending = asyncio.create_task(ann.send_text(room, "early echo"))
    news = await ann.sync(since, timeout_ms=5000)
    [event] = news["rooms"]["join"][room]["timeline"]["events"]
    assert not sending.done()
    gate.set()
    assert await sending == event["event_id"]
    # The answer first: the sync is held back.
    gate = asyncio.Event()
    proxy.on("GET", "/sync$", held(answer=gate))
    syncing = asyncio.create_task(ann.sync(news["next_batch"], timeout_ms=5000))
    sent = await ann.send_text(room, "late echo")
    assert not syncing.done()
    gate.set()
    [event] = (await syncing)["rooms"]["join"][room]["timeline"]["events"]
    assert sent == event["event_id"]
    # Two sends overtake each other.
    gate = asyncio.Event()
    proxy.on("PUT", SEND, held(request=gate))
    overtaken = asyncio.create_task(ann.send_text(room, "begun first"))
    async with asyncio.timeout(5):
        while proxy.counts["held"] != 3:
            await asyncio.sleep(0)
    await ann.send_text(room, "begun second")
    gate.set()
    await overtaken
    assert (await ann.texts(room))[-2:] == ["begun second", "begun first"]


async def test_a_storm_is_the_same_for_the_same_seed_however_requests_mix() -> None:
    faults = (cut_before(), cut_after(), afterwards())

    def fates(seed: int, kinds: str) -> dict[str, list[str]]:
        storm = Storm(seed, faults, share=0.5, in_a_row=2)
        found: dict[str, list[str]] = {"s": [], "p": []}
        for number, kind in enumerate(kinds):
            path = {"s": "/_matrix/client/v3/sync", "p": f"/_matrix/client/v3/rooms/%21r{number}{SEND}m{number}"}[kind]
            fault = storm.choose({"s": "GET", "p": "PUT"}[kind], path)
            found[kind].append(fault.name if fault else "")
        return found

    assert fates(7, "sp" * 50) == fates(7, "p" * 50 + "s" * 50)
    assert fates(7, "sp" * 50) != fates(8, "sp" * 50)
    struck = fates(7, "s" * 200)["s"]
    assert {fault.name for fault in faults} | {""} == set(struck)
    assert all("" in struck[start : start + 3] for start in range(198))
    assert without_ids("/_matrix/client/v3/rooms/!a:b/redact/$e/txn") == "/_matrix/client/v3/rooms/*/redact/*/*"


async def test_everything_sent_through_a_storm_arrives_once(proxy: Proxy, people: People) -> None:
    ann, room = await ann_through(proxy, people)
    faults = (cut_before(), cut_after(), cut_within(), afterwards(), instead(answers.broken()))
    proxy.storm(Storm(3, faults, share=0.5, method="PUT"))
    texts = [f"{number}" for number in range(30)]
    for text in texts:
        for _ in range(10):
            try:
                await ann.send_text(room, text, text)
            except (Refused, aiohttp.ClientError):
                continue
            break
    proxy.calm()
    assert await ann.texts(room) == texts
    assert all(proxy.counts[fault.name] > 0 for fault in faults)
    assert len(proxy.requests("PUT", SEND)) == 30 + sum(proxy.counts[fault.name] for fault in faults)


async def test_a_proxy_goes_down_and_comes_back_and_a_dead_homeserver_shows(own_synapse: OwnSynapse) -> None:
    server = await own_synapse(FAST)
    async with Proxy(server.url) as proxy, people_at(proxy.url) as people:
        ann = await people("ann")
        since = (await ann.sync())["next_batch"]
        polling = asyncio.create_task(ann.sync(since, timeout_ms=30_000))
        async with asyncio.timeout(5):
            while not proxy.requests("GET", "/sync$")[1:]:
                await asyncio.sleep(0.01)
        url = proxy.url
        await proxy.go_down()
        with pytest.raises(aiohttp.ClientConnectionError):
            await polling
        with pytest.raises(aiohttp.ClientConnectorError):
            await ann.sync(since)
        await proxy.start()
        assert proxy.url == url
        await server.kill()
        with pytest.raises(aiohttp.ClientConnectionError):
            await ann.sync(since)
        await server.start()
        assert (await ann.sync(since))["next_batch"]


async def test_a_client_that_goes_away_is_gone_upstream_too() -> None:
    asked, ended = asyncio.Event(), asyncio.Event()

    async def never_answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        with contextlib.suppress(ConnectionResetError):
            await reader.read()
        ended.set()
        writer.close()

    async with await asyncio.start_server(never_answers, "127.0.0.1", 0) as upstream:
        port = upstream.sockets[0].getsockname()[1]
        async with Proxy(f"http://127.0.0.1:{port}") as proxy, Raw(proxy.url) as raw:
            polling = asyncio.create_task(raw.get("sync", timeout=30_000))
            await asyncio.wait_for(asked.wait(), 5)
            polling.cancel()
            await asyncio.wait_for(ended.wait(), 5)
            assert proxy.seen[0].delivered
            assert proxy.seen[0].query == "timeout=30000"
            assert proxy.seen[0].status == 0


@pytest.mark.parametrize("name", answers.HOSTILE)
async def test_hostile_answers_are_given_as_they_are(name: str) -> None:
    answer = answers.HOSTILE[name]()
    async with Proxy(f"http://127.0.0.1:{free_port()}") as proxy:
        rule = proxy.on("GET", "/sync$", instead(answer, name), times=None)
        got = await plain(proxy.url, "GET /_matrix/client/v3/sync HTTP/1.1")
        expected = answer.raw or answer.head() + answer.body
        assert got[:1_000_000] == expected[:1_000_000] or (answer.endless and got.startswith(expected))
        assert rule.used == 1
        assert not proxy.seen[0].delivered


async def test_a_big_answer_arrives_whole_and_a_bomb_is_small_on_the_wire(proxy: Proxy) -> None:
    proxy.on("GET", "/sync$", instead(answers.huge()))
    async with Raw(proxy.url) as raw:
        assert len((await raw.get("sync"))["padding"]) > 49_000_000
    assert len(answers.bomb().body) < answers.MEGABYTE
    async with Proxy(proxy.url) as outer, aiohttp.ClientSession() as session:
        outer.on("GET", "/sync$", instead(answers.bomb(3 * answers.MEGABYTE)))
        async with session.get(f"{outer.url}/_matrix/client/v3/sync") as got:
            assert len(await got.read()) == 3 * answers.MEGABYTE
