"""The page is enough: a client that was written from it alone does everything that the app does."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest

from chat_tui_core.contract import SeedLine, SeedRoom, ServerOptions
from chat_tui_wschat.server.limits import Limits
from tests.wschat import docs_client
from tests.wschat.docs_client import Disk, DocsClient
from tests.wschat.server_running import running

pytestmark = pytest.mark.live

LINES = 250
ROOM = SeedRoom(
    "general",
    "everything",
    ("ann", "bob"),
    tuple(SeedLine("ann", 1_700_000_000_000 + n, f"line {n}") for n in range(1, LINES + 1)),
)


async def until(condition: Callable[[], object]) -> None:
    """Wait for what a frame on its way will make true."""
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def clients(*names: str, limits: Limits | None = None) -> AsyncIterator[tuple[str, list[DocsClient]]]:
    options = ServerOptions(open_registration=True, seed=(ROOM,))
    async with running(options, limits or Limits()) as server, AsyncExitStack() as stack:
        found = [DocsClient(server.url, Disk(name)) for name in names]
        for client in found:
            await client.open("correct horse")
            stack.push_async_callback(client.cut)
        yield server.url, found


def test_the_client_imports_nothing_of_ours() -> None:  # A24
    tree = ast.parse(Path(docs_client.__file__).read_text("utf-8"))
    names = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    names |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert not [
        name for name in names if name.split(".")[0] in {"chat_tui", "chat_tui_core", "chat_tui_wschat", "tests"}
    ]


# A24, A1, A10, A13, A16, A17
async def test_signing_in_lists_sending_and_all_of_history() -> None:
    async with clients("ann", "bob") as (_, [ann, bob]):
        assert ann.limits["events"] == ["channel", "user", "message", "presence", "typing", "file"]
        assert bob.channels["general"]["topic"] == "everything"
        assert bob.channels["general"]["unread"] == LINES
        assert (await ann.act("MSG general hello  there")).data["pos"] == LINES + 1
        assert ann.disk.unsettled == {}
        await until(lambda: bob.timelines.get("general"))
        assert bob.timelines["general"][LINES + 1]["text"] == "hello  there"
        pages = 0
        while await bob.older("general"):
            pages += 1
        assert pages == 2
        assert sorted(bob.timelines["general"]) == list(range(1, LINES + 2))
        assert await ann.newest("general")
        assert ann.timelines["general"].items() <= bob.timelines["general"].items()


# A24, A13, A19, X6
async def test_what_is_done_to_messages() -> None:
    async with clients("ann", "bob") as (_, [ann, bob]):
        said = (await ann.act("MSG general helo")).data["pos"]
        await ann.chat("general", "x.msg.update", str(said), "hello")
        await bob.chat("general", "w.msg.react", f"{said},add", "👍")
        await bob.chat("general", "w.msg.react", f"{said},add", "+")
        await bob.chat("general", "w.msg.react", f"{said},remove", "+")
        answered = (await bob.chat("general", "w.msg.reply", str(said), "two\nlines")).data["pos"]
        gone = (await bob.act("MSG general oops")).data["pos"]
        await ann.chat("general", "x.msg.delete", str(gone))
        await bob.chat("general", "x.msg.update", str(said), "not mine")
        assert bob.refused == {bob.disk.last_id: "NOPERM"}
        await bob.act(f"READ general {gone}")
        await until(lambda: ann.read.get(("general", "bob")) == gone)
        for client in (ann, bob):
            timeline = client.timelines["general"]
            assert timeline[said]["text"] == "hello"
            assert timeline[said]["reactions"] == {"👍": ["bob"]}
            assert timeline[answered]["chat"] == f" w.msg.reply {said} x.text:9 two\nlines "
            assert timeline[gone]["action"] == "DELETE"
        live = {pos: dict(item) for pos, item in ann.timelines["general"].items()}
        await ann.newest("general")
        assert live.items() <= ann.timelines["general"].items()  # history tells what the events told
        await ann.ask("TYPING general ON")
        await until(lambda: bob.typing.get("general") == ["ann"])
        await ann.ask("TYPING general OFF")
        await until(lambda: bob.typing["general"] == [])
        await ann.ask("PRESENCE IDLE lunch")
        await until(lambda: bob.presence.get("ann") == "idle")
        assert await bob.users("general") == {"ann": "idle", "bob": "online"}


# A24, A6, A7, A18
async def test_channels_of_every_kind() -> None:
    async with clients("ann", "bob", "eve") as (_, [ann, bob, eve]):
        await ann.act('CREATE club {"topic":"chess"}')
        await until(lambda: "club" in eve.channels)
        assert eve.channels["club"]["topic"] == "chess"
        await bob.act("JOIN club")
        await bob.act("TOPIC club go")
        await ann.act("KICK club bob too loud")
        await until(lambda: 4 in bob.timelines.get("club", {}))
        assert [bob.timelines["club"][pos]["action"] for pos in (2, 3, 4)] == ["JOIN", "TOPIC", "KICK"]
        await ann.act('CREATE den {"private":true}')
        await ann.act("INVITE den bob")
        await until(lambda: bob.channels.get("den", {}).get("invited") == "bob")
        await bob.act("JOIN den")
        await ann.act("MSG den psst")
        await eve.act("JOIN den")
        assert eve.refused == {eve.disk.last_id: "NOTFOUND"}
        await bob.act("CREATE @ann+bob")
        await bob.act("MSG @ann+bob hi")
        await until(lambda: 3 in ann.timelines.get("@ann+bob", {}))
        assert await ann.users("@ann+bob") == {"ann": "online", "bob": "online"}
        await bob.act("PART den bye")
        await ann.act("DELETE den")
        await ann.act("DELETE club")
        await until(lambda: "club" not in eve.channels)
        await eve.list_channels()
        assert list(eve.channels) == ["general"]
        await bob.list_channels()
        assert list(bob.channels) == ["@ann+bob", "general"]


# A24, A11, A20
async def test_a_cut_is_resumed_with_replay() -> None:
    async with clients("ann", "bob") as (_, [ann, bob]):
        await ann.act("MSG general one")
        await until(lambda: LINES + 1 in bob.timelines.get("general", {}))
        await bob.heartbeat()
        session = bob.disk.session
        await bob.cut()
        for text in ("two", "three"):
            await ann.act(f"MSG general {text}")
        await bob.open()
        assert bob.disk.session == session
        assert not bob.gaps
        texts = [item["text"] for _, item in sorted(bob.timelines["general"].items())]
        assert texts == ["one", "two", "three"]
        await bob.close()
        assert bob.close_code == 1000
        await bob.open()  # NOSESSION leads to AUTH with the token that was kept
        assert bob.disk.session != session


# A24, A12
async def test_an_overrun_replay_is_a_snapshot_and_history_fills_the_gap() -> None:
    async with clients("ann", "bob", limits=Limits(replay_max=5, max_history=4)) as (_, [ann, bob]):
        await ann.act("MSG general 0")
        await until(lambda: LINES + 1 in bob.timelines.get("general", {}))
        await bob.cut()
        for number in range(1, 10):
            await ann.act(f"MSG general {number}")
        await bob.open()
        assert bob.gaps == {"general": LINES + 1}
        texts = [item["text"] for _, item in sorted(bob.timelines["general"].items())]
        assert texts == [str(number) for number in range(10)]
        await ann.act("MSG general live")
        await until(lambda: LINES + 11 in bob.timelines["general"])


# A24, A13, A14
async def test_an_unanswered_action_is_sent_again_and_happened_once() -> None:
    async with clients("ann", "bob") as (url, [ann, bob]):
        bob.deaf = True
        sending = asyncio.create_task(bob.act("MSG general once"))
        await until(lambda: LINES + 1 in ann.timelines.get("general", {}))
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending
        await bob.cut()
        assert list(bob.disk.unsettled) == [1]
        bob.disk.session = ""  # the program starts anew, with nothing but what it stored
        again = DocsClient(url, bob.disk)
        await again.open()
        assert again.doubled == [1]
        assert again.disk.unsettled == {}
        await again.newest("general")
        assert [item["text"] for item in again.timelines["general"].values()].count("once") == 1
        assert (await again.act("MSG general twice")).tags["id"] == "2"
        await again.cut()


# A24, A14: after a resume the own event settles what the answer did not.
async def test_the_own_event_settles_after_a_resume() -> None:
    async with clients("ann", "bob") as (_, [ann, bob]):
        bob.deaf = True
        sending = asyncio.create_task(bob.act("MSG general once"))
        await until(lambda: LINES + 1 in ann.timelines.get("general", {}))
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending
        await bob.cut()
        await bob.open()
        assert bob.disk.unsettled == {}
        assert bob.doubled == []
        assert bob.timelines["general"][LINES + 1]["text"] == "once"
