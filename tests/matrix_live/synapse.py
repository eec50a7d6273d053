"""A real Matrix homeserver (Synapse) on a loopback port, which tests start, stop, kill and start again."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import random
import socket
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Self

from tests.matrix_live import synapse_config
from tests.matrix_live.environments import SYNAPSE, clean_environ
from tests.matrix_live.synapse_config import FAST, Federation, Variant

# Seconds.
START_TIMEOUT = 60.0
STOP_TIMEOUT = 10.0
PROGRAM = Path(__file__).with_name("server_program.py")
# Below what the system gives away by itself, so that a stopped server finds its port free again.
PORTS = range(20_000, 32_000)


class NotStarted(Exception):
    """The homeserver did not come up; the text holds what it said."""


def free_port() -> int:
    """A loopback port that nothing listens on; two processes that look at the same time get different ones."""
    for port in random.SystemRandom().sample(PORTS, 200):
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise NotStarted(f"no free port between {PORTS.start} and {PORTS.stop}")


class Synapse:
    """One homeserver: its folder, its port, its process.

    `start`, `stop`, `kill` and `restart` are coroutines; `start_now`, `stop_now` and `kill_now` do the same and block.
    Started again it has the same port and the same data. Works with `with` and with `async with`.
    """

    def __init__(
        self,
        folder: Path,
        variant: Variant = FAST,
        *,
        server_name: str = "localhost",
        federation: Federation | None = None,
    ) -> None:
        self.folder = folder
        self.variant = variant
        self.server_name = server_name
        self.federation = federation
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where clients find it, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def running(self) -> bool:
        """Whether its process lives."""
        return self.process is not None and self.process.poll() is None

    def log(self) -> str:
        """Everything it has written: its log, then what it printed."""
        files = [self.folder / "homeserver.log", self.folder / "printed.log"]
        return "\n".join(file.read_text(errors="replace") for file in files if file.exists())

    def start_now(self) -> None:
        """Start it and wait until it answers; installs Synapse first if need be. Raises NotStarted, InstallFailed."""
        if self.running:
            return
        python = SYNAPSE.ensured()
        self.write_config()
        with (self.folder / "printed.log").open("ab") as printed:
            self.process = subprocess.Popen(
                [str(python), "-P", str(PROGRAM), "-c", "homeserver.yaml"],
                cwd=self.folder,
                env=clean_environ(),
                stdin=subprocess.PIPE,
                stdout=printed,
                stderr=subprocess.STDOUT,
            )
        try:
            self.wait_until_it_answers()
        except BaseException:
            self.kill_now()
            raise

    def write_config(self) -> None:
        """Write what Synapse reads at its start; data that is there stays."""
        self.folder.mkdir(parents=True, exist_ok=True)
        config = synapse_config.homeserver(
            self.variant, self.port, server_name=self.server_name, federation=self.federation
        )
        (self.folder / "homeserver.yaml").write_text(json.dumps(config, indent=1))
        (self.folder / "log.json").write_text(json.dumps(synapse_config.logging(), indent=1))

    def wait_until_it_answers(self) -> None:
        """Ask for its versions until it gives them."""
        limit = time.monotonic() + START_TIMEOUT
        while time.monotonic() < limit:
            if not self.running:
                raise NotStarted(f"Synapse ended by itself:\n{self.log()[-4000:]}")
            if self.answers():
                return
            time.sleep(0.05)
        raise NotStarted(f"Synapse gave no answer within {START_TIMEOUT:.0f} s:\n{self.log()[-4000:]}")

    def answers(self) -> bool:
        """Whether it answers a client now."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/_matrix/client/versions")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def stop_now(self) -> None:
        """Ask it to stop (SIGTERM), and kill it if it does not within ten seconds."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.reap()

    def kill_now(self) -> None:
        """End it as a power cut does (SIGKILL)."""
        if self.process is None:
            return
        self.process.kill()
        self.reap()

    def reap(self) -> None:
        """Take the ended process away, with our end of its pipe."""
        if self.process is None:
            return
        self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.process = None

    async def start(self) -> None:
        """As `start_now`, while the loop goes on."""
        await asyncio.to_thread(self.start_now)

    async def stop(self) -> None:
        """As `stop_now`, while the loop goes on."""
        await asyncio.to_thread(self.stop_now)

    async def kill(self) -> None:
        """As `kill_now`, while the loop goes on."""
        await asyncio.to_thread(self.kill_now)

    async def restart(self, *, hard: bool = False) -> None:
        """Stop (or with `hard` kill) and start it, on the same port and data."""
        await (self.kill() if hard else self.stop())
        await self.start()

    def __enter__(self) -> Self:
        self.start_now()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_now()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()


@asynccontextmanager
async def neighbours(folder: Path, variant: Variant = FAST, count: int = 2) -> AsyncIterator[list[Synapse]]:
    """Homeservers that federate with each other, and with nobody else."""
    certificate, key = folder / "localhost.crt", folder / "localhost.key"
    program = PROGRAM.with_name("certificate_program.py")
    python = await asyncio.to_thread(SYNAPSE.ensured)
    folder.mkdir(parents=True, exist_ok=True)
    command = [str(python), "-P", str(program), str(certificate), str(key)]
    await asyncio.to_thread(subprocess.run, command, env=clean_environ(), check=True, timeout=START_TIMEOUT)
    ports = [free_port() for _ in range(count)]
    names = tuple(f"localhost:{port}" for port in ports)
    servers = [
        Synapse(folder / f"home{port}", variant, server_name=name, federation=Federation(port, certificate, key, names))
        for port, name in zip(ports, names, strict=True)
    ]
    async with AsyncExitStack() as stack:
        for server in servers:
            stack.push_async_callback(server.stop)
        await asyncio.gather(*(server.start() for server in servers))
        yield servers
