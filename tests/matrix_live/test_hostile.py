"""Whatever a server, a proxy or another person sends: a clear line or nothing, never a stop, and nothing typed is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from chat_tui_core.actions import State
from chat_tui_core.errors import ChatError, ConfigError, TransportError
from chat_tui_core.link import Link
from chat_tui_core.model import EventKind, RoomEvent
from chat_tui_core.registry import load
from chat_tui_core.session import Session
from tests.matrix_live.answers import HOSTILE, Answer, broken, error, huge, said
from tests.matrix_live.faults import afterwards, instead
from tests.matrix_live.ours import MODES, confirmed, session_of, shown, until
from tests.matrix_live.people import Json, People, Person, Raw
from tests.matrix_live.proxy import Proxy
from tests.matrix_live.synapse import free_port
from tests.matrix_live.watchdog import Memory, Watchdog
from tests.matrix_live.weather import Fates, all_done, hasten, impatient, said_by

POLLS = {"sync": "/v3/sync$", "sliding": "simplified_msc3575/sync$", "legacy": "/v3/events$"}
HEAVY = ("50 MB", "a compressed bomb", "endless", "nested arrays", "nested objects")
LATE = 0.25
"""Seconds for which nothing that comes may hold whoever types up."""

PEAK = 800
KEPT = 150
"""Megabytes; the answers are made in this process too."""


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    hasten(monkeypatch)


@asynccontextmanager
async def talking(
    people: People, proxy: Proxy, folder: Path, mode: str
) -> AsyncIterator[tuple[Session, Person, Person, str]]:
    """A session of ann's in a room with bob."""
    ann, bob = await people("ann"), await people("bob")
    room_id = await ann.create_room("Hostile", invite=[bob])
    await bob.join(room_id)
    async with session_of(ann, folder, mode, url=proxy.url) as session:
        impatient(session)
        session.open_room(room_id)
        await until(lambda: room_id in session.rooms)
        yield session, ann, bob, room_id


def line(session: Session, room_id: str, text: str) -> RoomEvent | None:
    """The line that reads so."""
    return next((event for event in shown(session, room_id) if event.text == text), None)


# ---------------------------------------------------------------- answers to polls and to what is said


@pytest.mark.parametrize("mode", MODES)
async def test_the_loop_goes_on_after_any_answer(
    mode: str, people: People, proxy: Proxy, tmp_path: Path
) -> None:  # B3, B5, E7
    """Each answer is given to a poll; then the other person's next line must come, and what was typed must go."""
    async with talking(people, proxy, tmp_path, mode) as (session, ann, bob, room_id), Watchdog() as watchdog:
        fates, memory, made = Fates(session), Memory(), []
        for number, (name, make) in enumerate(HOSTILE.items()):
            if mode != "sync" and name in HEAVY:
                continue
            rule = proxy.on("", POLLS[mode], instead(await asyncio.to_thread(make), name))
            await bob.send_text(room_id, f"wakes {number}")
            await asyncio.wait_for(rule.struck.wait(), 10)
            made.append(await session.send(room_id, f"typed {number}"))
            await bob.send_text(room_id, f"after {name}")
            await until(lambda name=name: line(session, room_id, f"after {name}"))  # type: ignore[misc]
            assert session.link.link is not Link.STOPPED, name
        await all_done(session, 20)
        assert (fates.of(made), fates.strange) == ({State.CONFIRMED: len(made)}, [])
        typed = [action.text for action in made]
        assert await said_by(bob, room_id, ann) == typed
        assert watchdog.longest < LATE, watchdog.worst()
        assert memory.peak < PEAK
        assert memory.kept < KEPT


async def test_what_was_said_is_there_once_whatever_answers_it(
    people: People, proxy: Proxy, tmp_path: Path
) -> None:  # A14, B12, B13
    """The homeserver has done it, and the answer is replaced."""
    async with talking(people, proxy, tmp_path, "sync") as (session, ann, bob, room_id), Watchdog() as watchdog:
        fates, made = Fates(session), []
        for name, make in HOSTILE.items():
            if name == "a wait without end":
                continue  # what a homeserver asks for is waited for, ten minutes at most
            rule = proxy.on("PUT", "/send/", afterwards(await asyncio.to_thread(make)))
            made.append(await session.send(room_id, f"despite {name}"))
            await asyncio.wait_for(rule.struck.wait(), 10)
        await all_done(session, 30)
        assert (fates.of(made), fates.strange) == ({State.CONFIRMED: len(made)}, [])
        assert await said_by(bob, room_id, ann) == [action.text for action in made]
        assert watchdog.longest < LATE, watchdog.worst()


async def test_a_wait_without_end_is_no_more_than_ten_minutes(
    people: People, proxy: Proxy, tmp_path: Path
) -> None:  # B13
    async with talking(people, proxy, tmp_path, "sync") as (session, _, _, room_id):
        proxy.on("PUT", "/send/", instead(HOSTILE["a wait without end"]()))
        action = await session.send(room_id, "patience")
        await until(lambda: session.open_actions[action.id].error_code == "M_LIMIT_EXCEEDED")
        waits = session.open_actions[action.id]
        assert waits.may_cancel
        assert 0 < waits.not_before - waits.created_at <= 601_000
        assert (await session.cancel(action.id)).text == "patience"


# ---------------------------------------------------------------- signing in, and being signed out

STRANGE_SERVERS: dict[str, Callable[[], Answer]] = {
    "a web page": lambda: broken(200),
    "a web page that is not found": lambda: broken(404),
    "a fault": broken,
    "other JSON": lambda: said({"hello": "world"}),
    "no HTTP": HOSTILE["no HTTP"],
    "a redirect to itself": HOSTILE["a redirect to itself"],
    "50 MB": huge,
    "endless": HOSTILE["endless"],
    "nested": HOSTILE["nested arrays"],
}


@pytest.mark.parametrize("what", STRANGE_SERVERS)
async def test_a_server_that_is_no_matrix_server_is_told_in_one_sentence(what: str, proxy: Proxy) -> None:  # A10
    proxy.on("", "", instead(STRANGE_SERVERS[what]()), times=None)
    backend = load("matrix")
    for attempt in (
        backend.discover(proxy.url),
        backend.login(proxy.url, "ann", "secret", kind="password", device="D"),
    ):
        with pytest.raises((ConfigError, TransportError)) as caught:
            await asyncio.wait_for(attempt, 20)
        assert_sentence(caught.value)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:{port}", "http://no-such-host.invalid", "http://[::1", "ftp://x.example"]
)
async def test_a_wrong_address_is_told_in_one_sentence(url: str) -> None:  # A10
    backend = load("matrix")
    address = url.format(port=free_port())
    with pytest.raises((ConfigError, TransportError)) as caught:
        await asyncio.wait_for(backend.login(address, "ann", "secret", kind="password", device="D"), 20)
    assert_sentence(caught.value)


def assert_sentence(problem: ChatError) -> None:
    """An error for a person: one line, a sentence, nothing of the program's inside."""
    text = str(problem)
    assert text.endswith((".", "?")), text
    assert "\n" not in text, text
    assert len(text) < 300, text
    assert not any(word in text for word in ("Traceback", "object at", "aiohttp", "Exception")), text


@pytest.mark.parametrize("mode", MODES)
async def test_a_token_that_is_taken_away_stops_with_a_line_and_keeps_what_was_typed(
    mode: str, people: People, proxy: Proxy, tmp_path: Path
) -> None:  # B13, E3
    async with talking(people, proxy, tmp_path, mode) as (session, ann, bob, room_id):
        said_before = await session.send(room_id, "before")
        await confirmed(session, said_before)
        async with Raw(ann.raw.url, proxy.seen[-1].headers["authorization"].removeprefix("Bearer ")) as own:
            await own.post("logout", {})
        await bob.send_text(room_id, "wakes")
        await until(lambda: session.link.link is Link.STOPPED)
        assert "sign in" in session.link.reason.lower(), session.link
        action = await session.send(room_id, "typed afterwards")
        assert session.open_actions[action.id].may_cancel
        assert line(session, room_id, "before") is not None
    async with session_of(ann, tmp_path, mode, url=proxy.url) as session:
        await confirmed(session, action)
    assert await said_by(bob, room_id, ann) == ["before", "typed afterwards"]


async def test_an_expired_token_is_renewed_or_stops_with_a_line(
    people: People, proxy: Proxy, tmp_path: Path
) -> None:  # B13
    async with talking(people, proxy, tmp_path, "sync") as (session, ann, bob, room_id):
        expired = error(401, "M_UNKNOWN_TOKEN", "Access token has expired", soft_logout=True)
        proxy.on("PUT", "/send/", instead(expired))
        await confirmed(session, await session.send(room_id, "renewed"))
        assert len(proxy.requests("POST", "/refresh$")) == 1
        proxy.on("PUT", "/send/", instead(expired))
        proxy.on("POST", "/refresh$", instead(expired))
        action = await session.send(room_id, "kept")
        await until(lambda: session.link.link is Link.STOPPED)
        assert "sign in again" in session.link.reason, session.link
        assert session.open_actions[action.id].text == "kept"
    async with session_of(ann, tmp_path, "sync", url=proxy.url) as session:
        await confirmed(session, action)
    assert await said_by(bob, room_id, ann) == ["renewed", "kept"]


# ---------------------------------------------------------------- what a sync brings


ROTTEN: list[Json] = [
    {"type": "m.room.message", "sender": "@b:x", "event_id": "$1", "content": "text"},
    {"type": "m.room.message", "sender": "@b:x", "content": {"msgtype": "m.text", "body": "no id"}},
    {"type": "m.room.message", "event_id": "$2", "content": {"msgtype": "m.text", "body": "no sender"}},
    {"type": ["m.room.message"], "sender": "@b:x", "event_id": "$3", "content": {}},
    {"type": "m.room.name", "sender": "@b:x", "event_id": "$4", "state_key": None, "content": {"name": "x"}},
    {"type": "m.room.member", "sender": "@b:x", "event_id": "$5", "state_key": 7, "content": {"membership": "join"}},
    {"type": "m.room.message", "sender": "@b:x", "event_id": "$6", "content": {"msgtype": 7, "body": ["x"]}},
    {"type": "m.room.topic", "sender": "@b:x", "event_id": "$7", "state_key": "", "content": {"topic": {"a": [1]}}},
    {"type": "m.reaction", "sender": "@b:x", "event_id": "$8", "content": {"m.relates_to": "$1"}},
    {"type": "m.room.redaction", "sender": "@b:x", "event_id": "$9", "content": {}, "redacts": {"a": 1}},
    {"type": "m.room.power_levels", "sender": "@b:x", "event_id": "$10", "state_key": "", "content": {"users": [1]}},
]


@pytest.mark.parametrize("mode", MODES)
async def test_rotten_events_are_set_aside_and_the_rest_is_shown(
    mode: str, people: People, proxy: Proxy, tmp_path: Path
) -> None:  # B5
    async with talking(people, proxy, tmp_path, mode) as (session, _, bob, room_id):
        good = {"type": "m.room.message", "sender": bob.user_id, "origin_server_ts": 1_700_000_000_000}
        events: list[object] = [
            None, 7, "x", [], {},
            *ROTTEN,
            good | {"event_id": "$good", "content": {"msgtype": "m.text", "body": "the good one"}},
        ]  # fmt: skip
        before = session.problems
        await until(lambda: newest_token(proxy, mode))
        token = newest_token(proxy, mode)
        proxy.on("", POLLS[mode], instead(said(ANSWERS[mode](room_id, token, events)), "rotten"))
        await bob.send_text(room_id, "wakes")
        await until(lambda: line(session, room_id, "the good one"))
        assert session.problems > before
        await bob.send_text(room_id, "and on")
        await until(lambda: line(session, room_id, "and on"))
        assert session.rooms[room_id].name == "Hostile"
        assert session.link.link is Link.ONLINE


def newest_token(proxy: Proxy, mode: str) -> str:
    """A token that the homeserver knows: that of the poll which is under way; "" where it has none."""
    polls = proxy.requests("", POLLS[mode])
    name = {"sync": "since", "sliding": "pos", "legacy": "from"}[mode]
    return parse_qs(polls[-1].query).get(name, [""])[0] if polls else ""


ANSWERS: dict[str, Callable[[str, str, list[object]], Json]] = {
    "sync": lambda room_id, token, events: {
        "next_batch": token,
        "rooms": {"join": {room_id: {"timeline": {"events": events}}}},
    },
    "sliding": lambda room_id, token, events: {
        "pos": token,
        "lists": {"rooms": {"count": 1, "ops": []}},
        "rooms": {room_id: {"timeline": events, "num_live": len(events)}},
    },
    "legacy": lambda room_id, token, events: {
        "start": token,
        "end": token,
        "chunk": [event | {"room_id": room_id} if isinstance(event, dict) else event for event in events],
    },
}


# ---------------------------------------------------------------- what other people send

BOMBS = {
    "deep": "<b>" * 5000 + "x" + "</b>" * 5000,
    "never closed": "<blockquote>" * 2500 + "x",
    "many attributes": "<a " + " ".join(f"a{number}='x'" for number in range(3000)) + ">x</a>",
    "half tags": "<" * 20_000,
    "entities": "&amp;" * 6_000,
    "a list of lists": "<ul><li>" * 2_500 + "x",
    "a table": "<table>" + "<tr><td>" * 3_000,
    "script": "<script>alert(1)</script><b>x</b>",
    "links": "<a href='javascript:alert(1)'>x</a>" * 400,
    "misnested": "<a><b><i>" * 1_500 + "x",
}


async def test_bombs_in_html_hold_nobody_up(people: People, proxy: Proxy, tmp_path: Path) -> None:  # E7
    async with talking(people, proxy, tmp_path, "sync") as (session, _, bob, room_id), Watchdog() as watchdog:
        for name, html in BOMBS.items():
            content = {"msgtype": "m.text", "body": f"plain {name}", "format": "org.matrix.custom.html"}
            event_id = await bob.send(room_id, "m.room.message", content | {"formatted_body": html})
            await until(lambda wanted=event_id: any(e.event_id == wanted for e in shown(session, room_id)))  # type: ignore[misc]
            found = next(event for event in shown(session, room_id) if event.event_id == event_id)
            assert found.kind is EventKind.MESSAGE
            assert found.text.strip()
            assert "javascript:" not in found.text
            assert "alert" not in found.text
        assert watchdog.longest < LATE, watchdog.worst()


async def test_only_the_author_edits(people: People, proxy: Proxy, tmp_path: Path) -> None:  # B5
    async with talking(people, proxy, tmp_path, "sync") as (session, ann, bob, room_id):
        target = await ann.send_text(room_id, "ann's own words")
        await bob.edit(room_id, target, "bob's words in ann's mouth")
        await bob.send_text(room_id, "done")
        await until(lambda: line(session, room_id, "done"))
        assert line(session, room_id, "ann's own words") is not None
        await ann.edit(room_id, target, "ann's better words")
        await until(lambda: line(session, room_id, "ann's better words"))
        texts = [event.text for event in shown(session, room_id)]
        assert not [text for text in texts if "mouth" in text]


async def test_control_characters_never_come_out(people: People, proxy: Proxy, tmp_path: Path) -> None:  # E7
    async with talking(people, proxy, tmp_path, "sync") as (session, ann, bob, room_id):
        nasty = "\x1b]0;owned\x07\x1b[2J\u202e\u2066 x"
        await bob.raw.put(f"profile/{bob.user_id}/displayname", {"displayname": nasty})
        await ann.set_state(room_id, "m.room.topic", {"topic": nasty})
        await bob.send_text(room_id, nasty + "done")
        await until(lambda: any("done" in event.text for event in shown(session, room_id)))
        texts = [text for event in shown(session, room_id) for text in (event.text, event.sender_name, event.target)]
        texts += [session.rooms[room_id].topic, *(member.name for member in session.members(room_id))]
        assert not set("".join(texts)) & set("\x1b\x07\u202e\u2066")
