"""Check a password or a token with a wschat server, and get the token that later sign-ins use."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from chat_tui_core.contract import Credentials, LoginWay, ServerFound
from chat_tui_core.errors import AuthRefused, ConfigError, TransportError, sentence
from chat_tui_core.safe_text import one_line
from chat_tui_wschat.dialing import DialError, check_url, dial
from chat_tui_wschat.frames import Command, Confirm, Failure, Hello
from chat_tui_wschat.grammar import SECRET, FrameError
from chat_tui_wschat.protocol import HELLO_TIME
from chat_tui_wschat.protocol_fields import text
from chat_tui_wschat.protocol_labels import FIRST_LABEL
from chat_tui_wschat.protocol_link import closing
from chat_tui_wschat.wire import parse_reply, write_command

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

ANSWER_TIME: Final = 10.0
"""Seconds for the answer to AUTH; servers make passwords slow to check on purpose."""

NOTHING: Final = "-"
"""What stands for a token on a bare S0 server, which has no accounts."""


OPEN: Final = "Where a server is open, a new name makes a new account."
PLAIN: Final = "A plain S0 server without accounts: any password will do."


async def discover(url: str, proxy: str = "") -> ServerFound:
    """See contract.Backend.discover."""
    check_url(url)
    try:
        socket = await dial(url, proxy)
    except DialError as error:
        raise TransportError(sentence(f"Cannot connect to {url}: {error.reason}")) from error
    from websockets.exceptions import ConnectionClosed

    try:
        note = OPEN if await _has_hello(socket) else PLAIN
    except ConnectionClosed as error:
        raise TransportError(f"{url} closed the connection at once; try again later.") from error
    finally:
        await socket.close()
    return ServerFound(url, (LoginWay.PASSWORD, LoginWay.TOKEN), note)


async def sign_in(url: str, user: str, secret: str, *, kind: str, device: str, proxy: str = "") -> Credentials:
    """See contract.Backend.login."""
    check_url(url)
    frame = _auth(user, secret, kind, device)
    try:
        socket = await dial(url, proxy)
    except DialError as error:
        raise TransportError(sentence(f"Cannot connect to {url}: {error.reason}")) from error
    try:
        return await _talk(socket, frame, Credentials(user, device, secret if kind == "token" else ""))
    finally:
        await socket.close()


def _auth(user: str, secret: str, kind: str, device: str) -> str | bytes:
    """Give the AUTH frame; it is labelled, because a server may take a client without labels for bare S0."""
    if kind not in {"password", "token"}:
        raise ConfigError(f"wschat signs in with a password or a token, not with {kind!r}.")
    by_token = Command("AUTH", ("TOKEN", device, secret), id=FIRST_LABEL)
    by_password = Command("AUTH", ("PASS", device, user), text=secret, id=FIRST_LABEL)
    try:
        return write_command(by_token if kind == "token" else by_password)
    except FrameError as error:
        raise ConfigError(f"{error.text}.") from error


async def _talk(socket: ClientConnection, frame: str | bytes, wanted: Credentials) -> Credentials:
    from websockets.exceptions import ConnectionClosed

    try:
        if not await _has_hello(socket):
            return Credentials(wanted.user, wanted.device, NOTHING)
        await socket.send(frame)
        async with asyncio.timeout(ANSWER_TIME):
            reply = await _answer(socket)
        if isinstance(reply, Failure):
            raise _refusal(reply)
        credentials = _accepted(reply, wanted)
        await socket.send(write_command(Command("QUIT")))
        return credentials
    except TimeoutError as error:
        raise TransportError(f"The server did not answer within {ANSWER_TIME:.0f} s; try again later.") from error
    except ConnectionClosed as error:
        words = closing(socket.close_code or 1006, socket.close_reason or "")[1]
        if socket.close_code == 4000:
            raise AuthRefused("The server does not accept these credentials; check them.", "BADAUTH") from error
        raise TransportError(f"The server closed the connection: {words}.") from error


async def _has_hello(socket: ClientConnection) -> bool:
    """Wait for HELLO; without it this is a bare S0 server (wschat 3.2)."""
    try:
        async with asyncio.timeout(HELLO_TIME):
            while True:
                try:
                    if isinstance(parse_reply(await socket.recv()), Hello):
                        return True
                except FrameError:
                    continue
    except TimeoutError:
        return False


async def _answer(socket: ClientConnection) -> Confirm | Failure:
    while True:
        try:
            reply = parse_reply(await socket.recv())
        except FrameError:
            continue
        if isinstance(reply, Confirm | Failure) and reply.verb == "AUTH":
            return reply


def _refusal(reply: Failure) -> AuthRefused | TransportError:
    said = one_line(reply.text, 200) or reply.code
    if reply.code in {"RATELIMIT", "INTERNAL"}:
        return TransportError(f"The server cannot sign us in now: {said}; try again later.")
    if reply.code == "BADAUTH":
        return AuthRefused("The server does not accept this user name with this password or token.", reply.code)
    return AuthRefused(f"The server refused to sign us in: {said}.", reply.code)


def _accepted(reply: Confirm, wanted: Credentials) -> Credentials:
    data = reply.data or {}
    user = reply.words[0] if reply.words else wanted.user
    if wanted.user and user != wanted.user:
        raise AuthRefused(f"This token belongs to {one_line(user, 40)}, not to {wanted.user}.", "BADAUTH")
    token = text(data, "token", 4096) or wanted.token
    if not SECRET.ok(token):
        raise TransportError(
            "The server gave no token to sign in with later; it does not speak wschat-ie/1 as it should."
        )
    return Credentials(user, text(data, "device", 64) or wanted.device, token)
