"""Sign in to a homeserver by password, access token or browser, and sign out again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from chat_tui_core.contract import Browse, Credentials, LoginWay, ServerFound
from chat_tui_core.errors import AuthRefused, ChatError, ConfigError, TransportError
from chat_tui_core.model import Account
from chat_tui_core.safe_text import one_line
from chat_tui_matrix.addresses import read_address
from chat_tui_matrix.calling import Caller
from chat_tui_matrix.discovery import ask, find_base, look, patient_caller
from chat_tui_matrix.protocol.sign_in import Secret, read_secret, write_secret
from chat_tui_matrix.sso import token_by_browser
from chat_tui_matrix.wire import paths
from chat_tui_matrix.wire.calls import Refusal

NAME: Final = "chat-tui"
"""What other devices of the same person call this one."""

_USER: Final = re.compile(r"@[^:\s]{1,255}:\S{1,255}\Z")
_DEVICE: Final = re.compile(r"[!-~]{1,255}\Z")
_TOKEN: Final = re.compile(r"[!-~]{1,8000}\Z")

_WRONG_PASSWORD: Final = "The server does not accept this user name with this password."  # noqa: S105
_WRONG_BROWSER: Final = "The server does not accept what came back from the browser: try again."
_WRONG_TOKEN: Final = "The server does not accept this access token; make a new one."  # noqa: S105

#: errcode -> what it means when somebody signs in; what is not here is told in the server's own words.
_REFUSALS: Final[Mapping[str, str]] = {
    "M_INVALID_USERNAME": "The server has no such user name: write it like ann, or @ann:matrix.example.",
    "M_USER_DEACTIVATED": "This account was closed.",
    "M_USER_LOCKED": "This account was locked by the people who run the server.",
    "M_UNKNOWN_TOKEN": _WRONG_TOKEN,
    "M_MISSING_TOKEN": _WRONG_TOKEN,
}


async def sign_in(
    url: str, user: str, secret: str, *, kind: str, device: str, browse: Browse | None = None, proxy: str = ""
) -> Credentials:
    """See contract.Backend.login. `url` may be a person's full id; without a user it is that person."""
    address = read_address(url)
    user = user or address.user
    async with patient_caller(proxy) as caller:
        base = await find_base(caller, address)
        if kind == LoginWay.TOKEN:
            return await _by_token(caller, base, user, secret, device)
        if _offered(await look(caller, base), kind) is LoginWay.PASSWORD:
            return await _signed_in(caller, base, _of_password(user, secret), device, _WRONG_PASSWORD)
    if browse is None:
        raise ConfigError("Nothing here can show a page: sign in by password or token.")
    return await _by_browser(base, user, device, browse, proxy)


async def sign_out(account: Account, token: str, proxy: str = "") -> None:
    """See contract.Backend.logout."""
    async with patient_caller(proxy) as caller:
        refusal = await _end(caller, account.url, read_secret(token))
    if refusal is not None:
        raise _refused(refusal, "")


# ---------------------------------------------------------------- the ways


def _offered(found: ServerFound, kind: str) -> LoginWay:
    """Give the way to sign in, where the server has it."""
    names = {LoginWay.PASSWORD: "password", LoginWay.SSO: "browser", LoginWay.TOKEN: "access token"}
    way = next((way for way in found.ways if way == kind), None)
    if way is None:
        ways = ", ".join(names[way] for way in found.ways)
        wanted = names.get(LoginWay(kind), kind) if kind in set(LoginWay) else kind
        raise ConfigError(f"{found.url} has no sign-in by {wanted}; it has: {ways}.")
    return way


def _of_password(user: str, password: str) -> dict[str, Any]:
    """Give what to say; an address with @ within is an e-mail address (client-server API 5.7.1)."""
    if not user:
        raise ConfigError("Say who you are there: ann, or @ann:matrix.example.")
    identifier = {"type": "m.id.user", "user": user}
    if "@" in user[1:]:
        identifier = {"type": "m.id.thirdparty", "medium": "email", "address": user}
    return {"type": "m.login.password", "identifier": identifier, "password": password}


async def _by_browser(base: str, user: str, device: str, browse: Browse, proxy: str) -> Credentials:
    token = await token_by_browser(base, browse)
    async with patient_caller(proxy) as caller:
        body = {"type": "m.login.token", "token": token}
        given = await _signed_in(caller, base, body, device, _WRONG_BROWSER)
        if not _is(given.user, user):
            await _end(caller, base, read_secret(given.token))
            raise AuthRefused(f"In the browser you are {given.user}, not {one_line(user, 80)}: sign out there first.")
        return given


async def _signed_in(caller: Caller, base: str, body: Mapping[str, Any], device: str, wrong: str) -> Credentials:
    """Sign in as a device: the one that this account has had, for its transaction ids hang on it.

    The answer's own idea of the server's address is left aside: where we are works, and was the person's choice.
    """
    names = {"device_id": device, "initial_device_display_name": NAME, "refresh_token": True}
    value = await ask(caller, base, paths.login({**body, **names}))
    if isinstance(value, Refusal):
        raise _refused(value, wrong)
    again = value.get("refresh_token")
    secret = Secret(value["access_token"], again if isinstance(again, str) else "")
    return _credentials(base, value["user_id"], value.get("device_id") or device, secret)


async def _by_token(caller: Caller, base: str, user: str, text: str, device: str) -> Credentials:
    """Ask whose token it is."""
    secret = read_secret(text)
    if not _TOKEN.match(secret.access):
        raise ConfigError("This is no access token: it has blanks or letters that none has.")
    value = await ask(caller, base, paths.whoami(), secret.access)
    if isinstance(value, Refusal):
        raise _refused(value, _WRONG_TOKEN)
    given = _credentials(base, value.get("user_id"), value.get("device_id") or device, secret)
    if not _is(given.user, user):
        raise AuthRefused(f"This token belongs to {given.user}, not to {one_line(user, 80)}.")
    return given


def _credentials(base: str, user: object, device: object, secret: Secret) -> Credentials:
    tokens = [secret.access, *([secret.refresh] if secret.refresh else [])]
    good = isinstance(user, str) and _USER.match(user) and user.isprintable()
    if not good or not isinstance(device, str) or not _DEVICE.match(device) or not all(map(_TOKEN.match, tokens)):
        raise TransportError(f"{base} does not answer as a Matrix server does: nobody can be that, with such a token.")
    return Credentials(str(user), device, write_secret(secret), base)


def _is(full: str, typed: str) -> bool:
    """Whether a full id is who was typed, if anybody was."""
    return typed.lower() in {"", full.lower(), full[1:].partition(":")[0].lower()} or "@" in typed[1:]


# ---------------------------------------------------------------- the end


async def _end(caller: Caller, base: str, secret: Secret) -> Refusal | None:
    """Sign a device out; an access token that has expired is renewed for that. Gives why the server would not."""
    refusal = await ask(caller, base, paths.logout(), secret.access)
    if not isinstance(refusal, Refusal) or refusal.code != "M_UNKNOWN_TOKEN" or not secret.refresh:
        return refusal if isinstance(refusal, Refusal) else None
    fresh = await ask(caller, base, paths.refresh(secret.refresh))
    if isinstance(fresh, Refusal):
        return refusal
    again = await ask(caller, base, paths.logout(), fresh["access_token"])
    return again if isinstance(again, Refusal) else None


def _refused(refusal: Refusal, forbidden: str) -> ChatError:
    """Give the server's no as an error; `forbidden` is what its plain no means here."""
    said = one_line(refusal.text or refusal.code, 200).rstrip(".")
    if not refusal.code:  # it comes from something in front of the server
        return TransportError(f"What answers there refuses ({said}): is the address right?")
    words = forbidden if refusal.code == "M_FORBIDDEN" else _REFUSALS.get(refusal.code)
    return AuthRefused(words or f"The server refused: {said}.", refusal.code)
