"""Find the homeserver that an address leads to, and the ways to sign in there (client-server API 3, 5.7)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from chat_tui_core.contract import LoginWay, ServerFound
from chat_tui_core.errors import ChatError, ConfigError, TransportError, sentence
from chat_tui_core.safe_text import one_line
from chat_tui_matrix.addresses import Address, base_url, is_open, origin, read_address
from chat_tui_matrix.calling import Caller, Fetched
from chat_tui_matrix.reasons import CallFailed
from chat_tui_matrix.wire import paths
from chat_tui_matrix.wire.calls import Garbled, Refusal, Request
from chat_tui_matrix.wire.decoding import decode

PATIENCE: Final = 30.0
"""Seconds that all of it may take: somebody waits before the screen."""

STEP_TIME: Final = 10.0
"""Seconds without a byte after which a server counts as silent."""

SMALL: Final = 1_000_000
"""Bytes that an answer may have before anybody is signed in."""

MOST_REDIRECTS: Final = 3

_WELL_KNOWN: Final = paths.well_known().path
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_PASSWORD, _SSO = "m.login.password", "m.login.sso"


async def discover(url: str, proxy: str = "") -> ServerFound:
    """See contract.Backend.discover."""
    async with patient_caller(proxy) as caller:
        base = await find_base(caller, read_address(url))
        return await look(caller, base)


@asynccontextmanager
async def patient_caller(proxy: str = "") -> AsyncIterator[Caller]:
    """A caller for what a person waits for; raises TransportError when all of it takes too long."""
    async with Caller(proxy) as caller:
        try:
            async with asyncio.timeout(PATIENCE):
                yield caller
        except TimeoutError as error:
            raise TransportError(f"The server took longer than {PATIENCE:.0f} s; try again later.") from error


async def look(caller: Caller, base: str) -> ServerFound:
    """How one can sign in at a homeserver's base URL. Raises TransportError, ConfigError."""
    flows = await ask(caller, base, paths.login_flows())
    offered = _types(flows)
    ways = [LoginWay.PASSWORD] if _PASSWORD in offered else []
    ways += [LoginWay.SSO] if _SSO in offered else []
    return ServerFound(base, (*ways, LoginWay.TOKEN), _note(base, ways))


async def find_base(caller: Caller, address: Address) -> str:
    """The homeserver's base URL. Raises TransportError, or ConfigError where no homeserver answers.

    A URL is tried as it is first; the name of a server is what its /.well-known/matrix/client says, else itself.
    """
    failed: list[ChatError] = []
    for url in address.urls:
        try:
            return await (_of_url(caller, url) if address.exact else _of_name(caller, url))
        except ChatError as error:
            failed.append(error)
    # Where something answered, that says more than that nothing answered elsewhere.
    raise next((error for error in failed if isinstance(error, ConfigError)), failed[0])


async def ask(caller: Caller, base: str, request: Request, token: str = "") -> Any:
    """The answer's value; raises TransportError when none came that can be used now.

    A Refusal is a value too: what it means depends on what was asked.
    """
    try:
        status, value = await caller.call(base, replace(request, timeout=STEP_TIME), token, SMALL)
    except CallFailed as error:
        raise unreachable(base, error) from error
    if isinstance(value, Garbled):
        raise TransportError(f"{base} does not answer as a Matrix server does: {_half(value.text)}.")
    if isinstance(value, Refusal) and status == 429:
        wait = f" in {value.retry_after:.0f} s" if value.retry_after else " later"
        raise TransportError(f"{base} asks to wait: try again{wait}.")
    if isinstance(value, Refusal) and status >= 500:
        raise _busy(base, value)
    return value


def _busy(base: str, refusal: Refusal) -> TransportError:
    return TransportError(f"{base} cannot serve us now ({_half(refusal.text)}); try again later.")


def unreachable(base: str, error: CallFailed) -> TransportError:
    """Why no answer came, in a sentence."""
    return TransportError(sentence(f"{base} cannot be reached: {error.reason}"))


# ---------------------------------------------------------------- where it is


async def _of_url(caller: Caller, url: str) -> str:
    """Give the URL where a homeserver is there, else what its place says of itself."""
    try:
        return await _checked(caller, url)
    except ConfigError:
        told = await _well_known(caller, origin(url))
        if told is None:
            raise
        if not told:
            raise _garbled(origin(url), url) from None
    return await _checked(caller, told)


async def _of_name(caller: Caller, url: str) -> str:
    told = await _well_known(caller, url)
    try:
        return await _checked(caller, told or url)
    except ConfigError:
        if told != "":
            raise
        raise _garbled(url, url) from None


def _garbled(place: str, url: str) -> ConfigError:
    return ConfigError(
        f"No Matrix server answers at {url}, and {place}{_WELL_KNOWN} does not say where it is; "
        "ask the people who run the server, or give the homeserver's own address."
    )


async def _checked(caller: Caller, base: str) -> str:
    """Give the URL back when a homeserver answers there."""
    request = replace(paths.versions(), timeout=STEP_TIME)
    try:
        status, value = await caller.call(base, request, most=SMALL)
    except CallFailed as error:
        raise unreachable(base, error) from error
    if isinstance(value, Refusal) and (status >= 500 or status == 429):
        raise _busy(base, value)
    if not isinstance(value, dict):
        raise ConfigError(f"No Matrix server answers at {base}: check the address.")
    if not any(version.startswith(("r0.", "v1.")) for version in value["versions"]):
        raise ConfigError(f"The Matrix server at {base} speaks none of the versions that this program knows.")
    return base


async def _well_known(caller: Caller, place: str) -> str | None:
    """Give the base URL that a server's name leads to; None where it does not say, "" where that makes no sense.

    Raises ConfigError when it says something that cannot be meant (client-server API 3.1, FAIL_ERROR).
    """
    try:
        got = await _fetched(caller, f"{place}{_WELL_KNOWN}")
    except CallFailed:
        return None  # the homeserver itself may answer all the same
    told = decode("anything", got.status, got.headers, got.body or b"")
    if not isinstance(told, dict) or not isinstance(server := told.get("m.homeserver"), dict):
        return "" if got.status == HTTPStatus.OK else None
    base = base_url(server.get("base_url"))
    if base is None or (place.startswith("https:") and base.startswith("http:")):
        raise ConfigError(
            f"{place}{_WELL_KNOWN} names no address that can be used; ask the people who run the server, "
            "or give the homeserver's own address."
        )
    return base


async def _fetched(caller: Caller, url: str) -> Fetched:
    """Give what is at a URL; redirects are followed, for nothing secret is sent, but not out of TLS."""
    for _ in range(MOST_REDIRECTS):
        got = await caller.fetch("GET", url, seconds=STEP_TIME, most=SMALL)
        if got.status not in _REDIRECTS:
            return got
        to = urljoin(url, got.headers.get("Location", ""))
        parts = urlsplit(to)
        good = base_url(f"{parts.scheme}://{parts.netloc}") and parts.path.isascii() and to.isprintable()
        if not good or (parts.scheme == "http" and url.startswith("https:")):
            break
        url = to
    raise CallFailed("it leads nowhere", sent=True)


# ---------------------------------------------------------------- how one signs in


def _types(flows: Any) -> set[str]:
    """Give the ways that a server tells of; without an answer to that, there are none."""
    listed = flows.get("flows") if isinstance(flows, dict) else None
    flow_list = listed if isinstance(listed, list) else []
    kinds = [flow.get("type") for flow in flow_list if isinstance(flow, dict)]
    return {kind for kind in kinds if isinstance(kind, str)}


def _note(base: str, ways: list[LoginWay]) -> str:
    if is_open(base):
        return "Not encrypted: others on the way can read your password."
    if not ways:
        return "Neither password nor browser: take an access token of yours."
    return ""


def _half(text: str) -> str:
    """Give a server's words as a part of a sentence."""
    return one_line(text, 120).rstrip(".")
