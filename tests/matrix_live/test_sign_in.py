"""Signing in to a real homeserver and out again: passwords, tokens, devices, tokens that expire, hostile answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from chat_tui.opening import open_account
from chat_tui_core import registry
from chat_tui_core.accounts import DataFolder
from chat_tui_core.actions import State
from chat_tui_core.contract import Backend, Credentials, Link, LoginWay
from chat_tui_core.errors import AuthRefused, ChatError, ConfigError, TransportError
from chat_tui_core.model import Account
from chat_tui_core.session import Session
from tests.live.command import Client
from tests.matrix_live.answers import HOSTILE, Answer, redirect
from tests.matrix_live.faults import cut_before, instead
from tests.matrix_live.ours import confirmed, until
from tests.matrix_live.people import People, Person, Refused, people_at
from tests.matrix_live.proxy import Proxy
from tests.matrix_live.synapse import Synapse

VERSIONS, LOGIN = "/_matrix/client/versions$", "/login$"


@pytest.fixture
def backend() -> Backend:
    return registry.load("matrix")


@pytest.fixture
async def short_lived(synapse_short_tokens: Synapse) -> AsyncIterator[People]:
    """People on the homeserver whose tokens live for seconds."""
    async with people_at(synapse_short_tokens.url) as people:
        yield people


async def sign_in(person: Person, device: str = "OURS", url: str = "", **options: str) -> Credentials:
    """Sign in by password, or by what `options` say."""
    wanted = {"secret": person.password, "kind": "password", "user": person.name} | options
    backend = registry.load("matrix")
    return await backend.login(
        url or person.raw.url, wanted["user"], wanted["secret"], kind=wanted["kind"], device=device
    )


def keep(data: DataFolder, given: Credentials) -> None:
    """Keep a sign-in as the account `home`."""
    data.save(Account("home", "matrix", given.url, given.user, given.device, {"mode": "sync"}), given.token)


@asynccontextmanager
async def running(data: DataFolder) -> AsyncIterator[Session]:
    """The session of the account `home`, as the program runs it."""
    async with AsyncExitStack() as stack:
        session = await open_account(data, "home").session_in(stack)
        session.connect()
        yield session


async def whoami(person: Person, token: str) -> dict[str, object]:
    """What the homeserver says of a token."""
    person.raw.token, before = token, person.raw.token
    try:
        return await person.raw.get("account/whoami")
    finally:
        person.raw.token = before


async def is_good(person: Person) -> bool:
    """Whether the homeserver takes this person's token."""
    try:
        await person.raw.get("account/whoami")
    except Refused as no:
        if no.status != 401:
            raise
        return False
    return True


async def say_until(session: Session, room: str, enough: Callable[[], bool]) -> list[str]:
    """Say things, each confirmed before the next, until it is enough and one more; what was said."""
    said: list[str] = []
    async with asyncio.timeout(40):
        last = False
        while not last:
            last = enough()
            said.append(f"line {len(said)}")
            await confirmed(session, await session.send(room, said[-1]), 30)
            await asyncio.sleep(0.2)
    return said


# ---------------------------------------------------------------- the ways in


async def test_what_the_server_says_of_itself(backend: Backend, synapse: Synapse) -> None:
    found = await backend.discover(synapse.url)
    assert (found.url, found.ways) == (synapse.url, (LoginWay.PASSWORD, LoginWay.TOKEN))
    assert (await backend.discover(f"@ann:127.0.0.1:{synapse.port}")).url == synapse.url


async def test_by_password(people: People) -> None:
    ann = await people("ann")
    given = await sign_in(ann, user=ann.user_id)
    assert (given.user, given.device, given.url) == (ann.user_id, "OURS", ann.raw.url)
    tokens = json.loads(given.token)
    assert await whoami(ann, tokens["access_token"]) == {"user_id": ann.user_id, "device_id": "OURS", "is_guest": False}
    devices = (await ann.raw.get("devices"))["devices"]
    assert {device["device_id"]: device["display_name"] for device in devices}["OURS"] == "chat-tui"


async def test_a_wrong_password_or_name_is_refused_once(people: People, proxy: Proxy) -> None:
    ann = await people("ann")
    for options in ({"secret": "wrong"}, {"user": "nobody-of-that-name"}, {"user": "@ann:elsewhere.example"}):
        with pytest.raises(AuthRefused, match="does not accept this user name with this password"):
            await sign_in(ann, url=proxy.url, **options)
    assert len(proxy.requests("POST", LOGIN)) == 3


async def test_by_token(people: People) -> None:
    ann = await people("ann")
    given = await sign_in(ann, user="", secret=ann.token, kind="token")
    assert (given.user, given.device, given.token) == (ann.user_id, ann.device_id, ann.token)
    with pytest.raises(AuthRefused, match="does not accept this access token"):
        await sign_in(ann, secret="syt_forged", kind="token")
    with pytest.raises(AuthRefused, match="belongs to"):
        await sign_in(ann, user="somebody-else", secret=ann.token, kind="token")
    with pytest.raises(ConfigError, match="has no sign-in by browser; it has: password, access token"):
        await sign_in(ann, kind="sso")


async def test_a_device_that_signs_in_again_is_the_same_device(people: People, tmp_path: Path) -> None:  # A14, B12
    ann = await people("ann")
    room = await ann.create_room("Lobby")
    data = DataFolder(tmp_path / "data")
    keep(data, await sign_in(ann, "PHONE"))
    async with running(data) as session:
        await session.ready()
        first = await confirmed(session, await session.send(room, "before"))
    again = await sign_in(ann, data.account("home").device)
    assert again.device == "PHONE"
    keep(data, again)
    async with running(data) as session:
        await session.ready()
        second = await confirmed(session, await session.send(room, "after"))
        assert second.id > first.id
    assert await ann.texts(room) == ["before", "after"]
    devices = (await ann.raw.get("devices"))["devices"]
    assert [device["device_id"] for device in devices].count("PHONE") == 1


async def test_signing_out_ends_this_device_and_no_other(backend: Backend, people: People) -> None:
    ann = await people("ann")
    given = await sign_in(ann)
    account = Account("home", "matrix", given.url, given.user, given.device)
    await backend.logout(account, given.token)
    with pytest.raises(Refused, match="401"):
        await whoami(ann, json.loads(given.token)["access_token"])
    assert (await whoami(ann, ann.token))["device_id"] == ann.device_id
    with pytest.raises(AuthRefused):
        await backend.logout(account, given.token)


# ---------------------------------------------------------------- tokens that expire


async def test_a_token_that_expires_is_renewed_and_nobody_notices(short_lived: People, tmp_path: Path) -> None:  # B13
    ann = await short_lived("ann")
    data = DataFolder(tmp_path / "data")
    given = await sign_in(ann)
    keep(data, given)
    room = await ann.create_room("Lobby")
    links: list[Link] = []
    async with running(data) as session:
        await session.ready()
        session.watch(lambda _change: links.append(session.link.link))
        await until(lambda: room in session.rooms)
        said = await say_until(session, room, lambda: data.token("home") != given.token)
        assert set(links) <= {Link.ONLINE}, "the link never broke"
    assert await (await short_lived.again(ann)).texts(room) == said
    renewed = json.loads(data.token("home"))
    assert renewed["access_token"] != json.loads(given.token)["access_token"]
    async with running(data) as session:
        await session.ready()


async def test_a_renewal_that_is_cut_is_made_again(
    short_lived: People, synapse_short_tokens: Synapse, tmp_path: Path
) -> None:
    ann = await short_lived("ann")
    data = DataFolder(tmp_path / "data")
    async with Proxy(synapse_short_tokens.url) as proxy:
        given = await sign_in(ann, url=proxy.url)
        keep(data, given)
        refused = proxy.on("POST", "/refresh$", cut_before(), times=2)
        room = await (await short_lived.again(ann)).create_room("Lobby")
        async with running(data) as session:
            await session.ready()
            await until(lambda: room in session.rooms)
            said = await say_until(session, room, lambda: data.token("home") != given.token)
            await until(lambda: session.link.link is Link.ONLINE)
        assert refused.used == 2
        assert await (await short_lived.again(ann)).texts(room) == said


async def test_a_token_that_cannot_be_renewed_stops_and_loses_nothing(
    short_lived: People, tmp_path: Path
) -> None:  # B13, E3
    ann = await short_lived("ann")
    room = await ann.create_room("Lobby")
    data = DataFolder(tmp_path / "data")
    ours = await short_lived.again(ann, device_id="PHONE")
    keep(data, await sign_in(ours, user="", secret=ours.token, kind="token"))
    async with running(data) as session:
        await session.ready()
        await confirmed(session, await session.send(room, "while it lived"))
        while await is_good(ours):
            await asyncio.sleep(0.3)
        waiting = await session.send(room, "typed afterwards")
        await until(lambda: session.link.link is Link.STOPPED)
        assert session.link.reason == "the access token has expired: sign in again, nothing is lost"
        with pytest.raises(AuthRefused, match="sign in again"):
            await session.ready()
        later = await session.send(room, "and later")
        assert {session.open_actions[action.id].state for action in (waiting, later)} == {State.PENDING}
    keep(data, await sign_in(ann, "PHONE"))
    async with running(data) as session:
        await session.ready()
        assert (await session.settled(later.id, State.CONFIRMED)).state is State.CONFIRMED
    ann = await short_lived.again(ann)
    assert await ann.texts(room) == ["while it lived", "typed afterwards", "and later"]


async def test_a_device_that_was_removed_elsewhere_stops(people: People, tmp_path: Path) -> None:
    ann = await people("ann")
    data = DataFolder(tmp_path / "data")
    ours = await people.again(ann, device_id="PHONE")
    keep(data, await sign_in(ours, user="", secret=ours.token, kind="token"))
    async with running(data) as session:
        await session.ready()
        await ours.raw.post("logout", {})
        await until(lambda: session.link.link is Link.STOPPED)
        assert session.link.reason == "the server no longer accepts this device's access token: sign in again"


# ---------------------------------------------------------------- servers that are none, or that are enemies


async def refused(work: Callable[[], Awaitable[object]]) -> str:
    """The sentence that something ends with, or "" where it ends well; nothing else may come of it."""
    async with asyncio.timeout(40):
        [error] = await asyncio.gather(work(), return_exceptions=True)
    if not isinstance(error, BaseException):
        return ""
    assert isinstance(error, ChatError), repr(error)
    assert str(error).isprintable()
    assert len(str(error)) < 500
    return str(error)


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_answers_are_one_sentence(name: str, backend: Backend, people: People, proxy: Proxy) -> None:
    ann = await people("ann")
    proxy.on("GET", f"{VERSIONS}|well-known", instead(HOSTILE[name]()), times=None)
    assert await refused(lambda: backend.discover(proxy.url))
    proxy.calm()
    proxy.on("GET", LOGIN, instead(HOSTILE[name]()), times=1)
    told = await refused(lambda: sign_in(ann, url=proxy.url))
    assert told
    assert proxy.requests("POST", LOGIN) == [], "no password is given to what cannot say that it takes one"
    proxy.on("POST", LOGIN, instead(HOSTILE[name]()), times=1)
    assert await refused(lambda: sign_in(ann, url=proxy.url))
    proxy.on("GET", "/whoami$", instead(HOSTILE[name]()), times=1)
    assert await refused(lambda: sign_in(ann, url=proxy.url, secret=ann.token, kind="token"))
    assert (await sign_in(ann, url=proxy.url)).user == ann.user_id, "and then it works"


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_name_leads_nowhere_bad(name: str, backend: Backend, proxy: Proxy) -> None:
    proxy.on("GET", "/.well-known/matrix/client$", instead(HOSTILE[name]()))
    found = await backend.discover(proxy.url.removeprefix("http://"))
    assert found.url == proxy.url


async def test_a_redirect_never_gets_the_password_or_the_token(people: People, proxy: Proxy) -> None:  # E12
    ann = await people("ann")
    async with Proxy(ann.raw.url) as elsewhere:
        for path in (LOGIN, "/whoami$"):
            for status in (301, 302, 307, 308):
                proxy.on("", path, instead(redirect(f"{elsewhere.url}/x", status)), times=None)
        for kind, secret in (("password", ann.password), ("token", ann.token)):
            with pytest.raises((TransportError, ConfigError)):
                await sign_in(ann, url=proxy.url, kind=kind, secret=secret)
        assert elsewhere.seen == []


async def test_wrong_addresses(backend: Backend, synapse: Synapse, proxy: Proxy) -> None:
    assert (await backend.discover(f"{synapse.url}/somewhere/else")).url == synapse.url, "it says where it is"
    proxy.on("", "", instead(Answer(404, b"not here", "text/plain")), times=None)
    with pytest.raises(ConfigError, match="No Matrix server answers at"):
        await backend.discover(proxy.url)
    await proxy.go_down()
    with pytest.raises(TransportError, match="cannot be reached: connection refused"):
        await backend.discover(proxy.url)


# ---------------------------------------------------------------- the command line


async def test_the_command_line_signs_in_and_out(people: People, synapse: Synapse, tmp_path: Path) -> None:
    ann = await people("ann")
    room = await ann.create_room("Lobby")
    client = Client(tmp_path / "data")
    full = f"{ann.user_id.partition(':')[0]}:127.0.0.1:{synapse.port}"
    login = ("login", "home", "--backend", "matrix", "--url")

    wrong = await asyncio.to_thread(client, *login, full, "--password-stdin", "--user", ann.name, stdin="wrong\n")
    assert (wrong.code, "does not accept this user name" in wrong.sentence) == (1, True)
    done = await asyncio.to_thread(
        client, *login, full, "--user", ann.name, "--password-stdin", "--mode", "sliding", stdin=f"{ann.password}\n"
    )
    assert (done.code, done.error) == (0, "")
    assert done.out.startswith(f"Signed in to {synapse.url} as {ann.user_id}; the account is called 'home'")
    assert "is in 1 room." in done.out
    kept = json.loads((client.folder / "accounts/home/account.json").read_text())
    assert (kept["url"], kept["user"], kept["options"]) == (synapse.url, ann.user_id, {"mode": "sliding"})
    again = await asyncio.to_thread(
        client, *login, synapse.url, "--user", ann.name, "--password-stdin", "--legacy", stdin=f"{ann.password}\n"
    )
    assert again.code == 0
    anew = json.loads((client.folder / "accounts/home/account.json").read_text())
    assert (anew["device"], anew["options"]) == (kept["device"], {"mode": "legacy"})
    sent = await asyncio.to_thread(client, "send", "Lobby", "by legacy", "--wait", "confirmed")
    assert sent.code == 0
    assert await ann.texts(room) == ["by legacy"]
    doctor = await asyncio.to_thread(client, "doctor")
    assert "token is in a file that only you can read" in doctor.out
    token = (client.folder / "accounts/home/token").read_text()
    assert not any(part in doctor.out for part in json.loads(token).values())
    out = await asyncio.to_thread(client, "logout", "home")
    assert (out.code, out.error) == (0, "")
    assert out.out.startswith("Signed out of 'home'; what is stored of it stays")
    with pytest.raises(Refused, match="401"):
        await whoami(ann, json.loads(token)["access_token"])
    lost = await asyncio.to_thread(client, "rooms")
    assert (lost.code, "has no token: sign in again" in lost.sentence) == (1, True)
    gone = await asyncio.to_thread(client, "logout", "home", "--forget")
    assert gone.code == 0
    assert gone.out == "Removed the account 'home' and all that was stored of it.\n"
    assert not (client.folder / "accounts/home").exists()


async def test_an_account_does_not_change_hands(people: People, synapse: Synapse, tmp_path: Path) -> None:
    ann, bob = await people("ann"), await people("bob")
    client = Client(tmp_path / "data")
    login = ("login", "home", "--backend", "matrix", "--url", synapse.url)
    assert (await asyncio.to_thread(client, *login, "--token-stdin", stdin=f"{ann.token}\n")).code == 0
    taken = await asyncio.to_thread(client, *login, "--token-stdin", stdin=f"{bob.token}\n")
    assert (taken.code, f"The account 'home' is '{ann.user_id}' with matrix" in taken.sentence) == (1, True)
    assert (await whoami(bob, bob.token))["user_id"] == bob.user_id, "the token that was given still works"
    sso = await asyncio.to_thread(client, *login, "--sso")
    assert (sso.code, "it takes --password-stdin, --token-stdin" in sso.sentence) == (1, True)
