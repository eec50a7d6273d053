"""Real homeservers, people, a fault proxy and an independent client for live Matrix tests.

One homeserver runs for each kind and test process; tests have people and rooms of their own in it.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.matrix_live.environments import NIO, SYNAPSE
from tests.matrix_live.nio_peer import NioPeer
from tests.matrix_live.people import People, Person, people_at
from tests.matrix_live.prepared import BigAccount, big_homeserver
from tests.matrix_live.proxy import Proxy
from tests.matrix_live.synapse import Synapse
from tests.matrix_live.synapse_config import FAST, LIMITS, NO_SLIDING, SHORT_TOKENS, Variant

HERE = Path(__file__).parent
# Seconds for a test itself. Fixtures have bounds of their own: the first one may install a homeserver.
TEST_TIMEOUT = 60

OwnSynapse = Callable[[Variant], Awaitable[Synapse]]
PeerOf = Callable[[Person], Awaitable[NioPeer]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test here talks to a real server, and is timed without its fixtures."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.live)
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(TEST_TIMEOUT, func_only=True))


def _shared(variant: Variant, factory: pytest.TempPathFactory) -> Iterator[Synapse]:
    with Synapse(factory.mktemp(f"synapse-{variant.name}", numbered=True), variant) as server:
        yield server


@pytest.fixture(scope="session")
def synapse_installed() -> Path:
    """The interpreter that has Synapse; asked for by tests that start homeservers themselves, whose time is bounded."""
    return SYNAPSE.ensured()


@pytest.fixture(scope="session")
def nio_installed() -> Path:
    """The interpreter that has matrix-nio."""
    return NIO.ensured()


@pytest.fixture(scope="session")
def synapse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synapse]:
    """A homeserver without rate limits, shared: never stop it."""
    yield from _shared(FAST, tmp_path_factory)


@pytest.fixture(scope="session")
def synapse_limits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synapse]:
    """A homeserver that limits how fast one sends messages, shared."""
    yield from _shared(LIMITS, tmp_path_factory)


@pytest.fixture(scope="session")
def synapse_short_tokens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synapse]:
    """A homeserver whose access tokens live for seconds, shared."""
    yield from _shared(SHORT_TOKENS, tmp_path_factory)


@pytest.fixture(scope="session")
def synapse_no_sliding(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synapse]:
    """A homeserver without simplified sliding sync, shared."""
    yield from _shared(NO_SLIDING, tmp_path_factory)


@pytest.fixture(scope="session")
def big(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Synapse, BigAccount]]:
    """A homeserver with a thousand rooms, one of them with five thousand messages, shared: read it, do not fill it."""
    server, account = big_homeserver(tmp_path_factory.mktemp("synapse-big"))
    with server:
        yield server, account
    # 100 MB, and pytest keeps the folders of three runs.
    shutil.rmtree(server.folder)


@pytest.fixture
async def own_synapse(synapse_installed: Path, tmp_path: Path) -> AsyncIterator[OwnSynapse]:
    """Makes homeservers for this test alone, to be stopped, killed and started again.

    `server = await own_synapse(FAST)`
    """
    async with AsyncExitStack() as stack:
        made: list[Synapse] = []

        async def make(variant: Variant = FAST) -> Synapse:
            made.append(Synapse(tmp_path / f"synapse{len(made)}", variant))
            stack.push_async_callback(made[-1].stop)
            await made[-1].start()
            return made[-1]

        yield make


@pytest.fixture
async def people(synapse: Synapse) -> AsyncIterator[People]:
    """Makes people on the shared homeserver.

    `ann = await people("ann")`
    """
    async with people_at(synapse.url) as made:
        yield made


@pytest.fixture
async def proxy(synapse: Synapse) -> AsyncIterator[Proxy]:
    """A fault proxy before the shared homeserver; lets everything pass until it is told otherwise."""
    async with Proxy(synapse.url) as made:
        yield made


@pytest.fixture
async def nio_peer(nio_installed: Path) -> AsyncIterator[PeerOf]:
    """Makes nio clients, signed in as somebody.

    `peer = await nio_peer(ann)`
    """
    async with AsyncExitStack() as stack:

        async def make(person: Person) -> NioPeer:
            peer = await stack.enter_async_context(NioPeer())
            await peer.login(person)
            return peer

        yield make
