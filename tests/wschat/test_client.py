"""The shell against real sockets: the server of this package, a bare S0 server, and what is no server at all."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve

from chat_tui_core.actions import Action, Kind
from chat_tui_core.contract import (
    Answered,
    Arrived,
    AskHistory,
    AskMembers,
    Connection,
    Echoed,
    GapFound,
    HistoryGiven,
    Link,
    LinkChanged,
    LostAction,
    MembersListed,
    Position,
    Postponed,
    RefusedAction,
    RoomsListed,
    SignedIn,
)
from chat_tui_wschat.server.limits import Limits
from chat_tui_wschat.server.shell import WsServer
from tests.wschat.live_client import Client, running, serving, tcp_server, token_for, wire_to
from tests.wschat.wschat_peer import Peer, dial

WIDE = Limits(burst=100_000, refill=100_000)


@pytest.fixture
async def server() -> AsyncIterator[WsServer]:
    async with serving(limits=WIDE) as made:
        yield made


def send(action_id: int, text: str = "hello") -> Action:
    return Action(action_id, Kind.SEND, "general", {"text": text})


async def settled(client: Client, action: Action) -> None:
    """Do it, and wait for the answer."""
    client.connection.do(action)
    await client.until(Answered, lambda item: item.action_id == action.id)


def texts(client: Client) -> list[str]:
    """What was said, in the order in which it was told."""
    events = (event for item in client.of(Arrived) for event in item.events)
    return [event.text for event in events if event.kind == "message"]


async def bob(peer: Peer) -> Peer:
    """Another user in general."""
    await peer.password("bob", device="phone")
    assert (await peer.ask("@id=1 JOIN general")).words[0] == "CONFIRM"
    return peer


async def test_send_with_echo_and_history(server: WsServer) -> None:  # A13, A17
    token = await token_for(server.url)
    async with running(Client(server.url, token)) as ann:
        assert isinstance(ann.connection, Connection)
        await settled(ann, Action(1, Kind.CREATE_ROOM, "general", {"topic": "talk"}))
        await settled(ann, send(2, "hello\n  world "))
        echoed = await ann.until(Echoed, lambda item: item.action_id == 2)
        answered = await ann.until(Answered, lambda item: item.action_id == 2)
        assert (echoed.event_id, echoed.order) == (answered.event_id, answered.order)
        await settled(ann, Action(3, Kind.SEND, "general", {"text": "re", "reply_to": echoed.event_id,
                                                           "target_order": echoed.order}))  # fmt: skip
        await ann.until(Echoed, lambda item: item.action_id == 3)
        reply = ann.of(Arrived)[-1].events[0]
        assert (reply.text, reply.reply_to, reply.action_id) == ("re", echoed.event_id, 3)
        ann.connection.ask(AskHistory(1, "general", 50))
        page = await ann.until(HistoryGiven)
        assert [(event.order, event.text) for event in page.events] == [(1, ""), (2, "hello\n  world "), (3, "re")]
        assert not page.more
        ann.connection.ask(AskMembers(2, "general"))
        members = await ann.until(MembersListed)
        assert [member.user_id for member in members.members] == ["ann"]
    assert ann.of(LinkChanged)[-1].link is Link.OFFLINE
    assert ann.position == {}


async def test_a_cut_is_resumed_and_nothing_is_lost_or_doubled(server: WsServer) -> None:  # A11, A14
    token = await token_for(server.url)
    async with wire_to(server) as wire, dial(server.url) as peer, running(Client(wire.url, token)) as ann:
        await settled(ann, Action(1, Kind.CREATE_ROOM, "general"))
        await bob(peer)
        await peer.ask("@id=2 MSG general before")
        await ann.until(Arrived, lambda item: item.events[0].text == "before")
        wire.cut(stay=True)
        waiting = await ann.link(Link.WAITING)
        assert waiting.reason == "the connection broke"
        for number in range(3, 8):
            await peer.ask(f"@id={number} MSG general missed {number}")
        wire.mend()
        ann.connection.connect_now()
        await ann.link(Link.ONLINE, count=2)
        await peer.ask("@id=9 MSG general after")
        await ann.until(Arrived, lambda item: item.events[0].text == "after")
        assert texts(ann) == ["before", *(f"missed {number}" for number in range(3, 8)), "after"]
        assert [item.link for item in ann.of(LinkChanged)][-3:] == [Link.CONNECTING, Link.RESUMING, Link.ONLINE]
        assert not ann.of(GapFound)


async def test_an_action_caught_by_the_cut_happens_once(server: WsServer) -> None:  # A14
    token = await token_for(server.url)
    async with wire_to(server) as wire, running(Client(wire.url, token)) as ann:
        await settled(ann, Action(1, Kind.CREATE_ROOM, "general"))
        for number in range(2, 12):
            ann.connection.do(send(number, f"text {number}"))
            if number % 2:
                await asyncio.sleep(0)  # let it reach the socket, or not
            wire.cut()
            await ann.link(Link.WAITING, count=number - 1)
            ann.connection.connect_now()
            await ann.link(Link.ONLINE, count=number)
            ends = {item.action_id for item in ann.of(Answered)} | {item.action_id for item in ann.of(Echoed)}
            if number not in ends:
                back = {item.action_id for item in ann.of(LostAction)} | {item.action_id for item in ann.of(Postponed)}
                assert number in back
                await settled(ann, send(number, f"text {number}"))
        ann.connection.ask(AskHistory(1, "general", 50))
        page = await ann.until(HistoryGiven)
        assert [event.text for event in page.events if event.text] == [f"text {number}" for number in range(2, 12)]


async def test_a_restarted_process_resumes_where_the_store_stood(server: WsServer) -> None:  # A11
    token = await token_for(server.url)
    ann = Client(server.url, token)
    await ann.link(Link.ONLINE)
    await settled(ann, Action(1, Kind.CREATE_ROOM, "general"))
    ann.task.cancel()  # as a crash: nothing is said to the server
    await asyncio.gather(ann.task, return_exceptions=True)
    async with dial(server.url) as peer:
        await (await bob(peer)).ask("@id=2 MSG general missed")
        async with running(Client(server.url, token, position=ann.position)) as again:
            assert texts(again) == ["missed"]
            assert Link.SIGNING_IN not in {item.link for item in again.of(LinkChanged)}


async def test_a_server_restart_ends_in_a_new_session(tmp_path: Path) -> None:  # A12
    data = str(tmp_path / "server.db")
    async with serving(data) as server:
        url, port = server.url, int(server.url.rpartition(":")[2])
        ann = Client(url, await token_for(url))
        await ann.link(Link.ONLINE)
        await settled(ann, Action(1, Kind.CREATE_ROOM, "general"))
        await settled(ann, send(2))
    waiting = await ann.link(Link.WAITING)
    assert "shut" in waiting.reason or "down" in waiting.reason
    async with serving(data, port):
        ann.connection.connect_now()
        async with running(ann):
            await ann.link(Link.ONLINE, count=2)
            assert [item.link for item in ann.of(LinkChanged)][-4:] == [
                Link.RESUMING,
                Link.SIGNING_IN,
                Link.SYNCING,
                Link.ONLINE,
            ]
            assert [(room.room_id, room.head) for room in ann.of(RoomsListed)[-1].rooms] == [("general", 2)]
            assert ann.of(SignedIn)[-1].last_action_id == 2
            ann.connection.do(send(2))
            await ann.until(Answered, lambda item: item.action_id == 2, count=2)
            await settled(ann, send(3, "more"))
            ann.connection.ask(AskHistory(1, "general", 50))
            page = await ann.until(HistoryGiven)
            assert [event.text for event in page.events if event.text] == ["hello", "more"]


async def test_a_wrong_token_stops_at_once(server: WsServer) -> None:  # A10
    await token_for(server.url)
    ann = Client(server.url, "not-the-token")
    stopped = await ann.link(Link.STOPPED)
    assert stopped.reason == "wrong password or token"
    async with asyncio.timeout(1):
        await ann.task
    assert [item.link for item in ann.of(LinkChanged)] == [Link.CONNECTING, Link.SIGNING_IN, Link.STOPPED]
    await ann.close()


async def test_the_same_account_opened_elsewhere_stops(server: WsServer) -> None:  # A11
    token = await token_for(server.url)
    ann = Client(server.url, token)
    await ann.link(Link.ONLINE)
    async with running(Client(server.url, token)):
        stopped = await ann.link(Link.STOPPED)
        assert "elsewhere" in stopped.reason or "again" in stopped.reason
        async with asyncio.timeout(1):
            await ann.task


async def test_unreachable_waits_and_can_be_closed(unused_tcp_port: int) -> None:  # A21
    ann = Client(f"ws://127.0.0.1:{unused_tcp_port}", "token")
    waiting = await ann.link(Link.WAITING)
    assert waiting.reason == "connection refused; is the server running?"
    assert 0.7 < waiting.retry_at - asyncio.get_running_loop().time() < 1.3
    started = time.perf_counter()
    await ann.close()
    assert time.perf_counter() - started < 1


async def test_a_url_that_cannot_be_right_stops() -> None:  # A21
    ann = Client("http://chat.example", "token")
    stopped = await ann.link(Link.STOPPED)
    assert "no WebSocket address" in stopped.reason
    await ann.close()


async def test_closing_takes_less_than_a_second_whatever_the_server_does() -> None:  # E11
    async with tcp_server(None) as port:
        ann = Client(f"ws://127.0.0.1:{port}", "token")
        await ann.link(Link.CONNECTING)
        await asyncio.sleep(0.05)  # the handshake is done, and nothing more will ever come
        started = time.perf_counter()
        await ann.close()
        assert time.perf_counter() - started < 1
    assert asyncio.all_tasks() == {asyncio.current_task()}


def own_tasks() -> list[str]:
    """The client's tasks that are alive; the server's are none of ours."""
    names = (getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks())
    return [name for name in names if name.startswith(("_Socket.", "WschatConnection."))]


async def test_cancelling_leaves_no_task_behind(server: WsServer) -> None:  # E11
    ann = Client(server.url, await token_for(server.url))
    await ann.link(Link.ONLINE)
    assert len(own_tasks()) == 3
    ann.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ann.task
    assert not own_tasks()
    await ann.connection.close()


async def test_closing_before_running_is_fine(server: WsServer) -> None:  # E11
    ann = Client(server.url, "token")
    await ann.close()
    assert ann.news == []


async def test_what_is_there_already_is_told_in_few_batches(server: WsServer) -> None:  # E2
    token = await token_for(server.url)
    async with dial(server.url) as peer, running(Client(server.url, token)) as ann:
        await settled(ann, Action(1, Kind.CREATE_ROOM, "general"))
        await bob(peer)
        ann.batches.clear()
        await peer.send(*(f"@id={number} MSG general text {number}" for number in range(10, 1010)))
        await ann.until(Arrived, lambda item: item.events[0].text == "text 1009")
        assert texts(ann) == [f"text {number}" for number in range(10, 1010)]
        told = [batch for batch in ann.batches if any(isinstance(item, Arrived) for item in batch)]
        assert len(told) < 500
        assert max(sum(isinstance(item, Arrived) for item in batch) for batch in told) <= 200
        assert all(isinstance(batch[-1], Position) for batch in told)


async def s0(socket: ServerConnection) -> None:
    """A bare S0 server: it confirms intents, lists by words, and says what happens."""
    async for frame in socket:
        words = str(frame).split(" ")
        if words[0] == "SUBEVENT" and words[1] in {"channel", "user"}:
            await socket.send(f"CONFIRM SUBEVENT {words[1]}")
        elif words[0] == "SUBEVENT":
            await socket.send(f"ERROR BADARGS SUBEVENT Unsupported event type: {words[1]}")
        elif words[0] == "LSSUBS":
            await socket.send("CONFIRM LSSUBS general")
            await socket.send('EVENT user JOIN general {"username": "glitchy"}')


async def test_a_bare_s0_server(unused_tcp_port: int) -> None:  # A1, A10
    async with (
        serve(s0, "127.0.0.1", unused_tcp_port, close_timeout=1),
        running(Client(f"ws://127.0.0.1:{unused_tcp_port}", "token")) as ann,
    ):
        assert "plain S0 server" in ann.of(LinkChanged)[-1].reason
        assert [room.room_id for room in ann.of(RoomsListed)[0].rooms] == ["general"]
        ann.connection.do(send(1))
        refused = await ann.until(RefusedAction)
        assert refused.code == "UNSUPPORTED"


async def test_nothing_secret_is_logged(server: WsServer, caplog: pytest.LogCaptureFixture) -> None:  # E12
    caplog.set_level(logging.DEBUG)
    token = await token_for(server.url)
    async with running(Client(server.url, token)) as ann:
        await settled(ann, Action(1, Kind.CREATE_ROOM, "general"))
        await settled(ann, send(2, "a very private text"))
        sid = ann.position["sid"]
    for secret in (token, sid, "a very private text", "secret"):
        assert secret not in caplog.text
