"""Whose account it is, and the gate through which every request leaves: a refused access token is renewed there."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import field, replace
from enum import Enum, auto
from typing import Any, Final

from chat_tui_core.values import frozen
from chat_tui_matrix.protocol.desk import Desk
from chat_tui_matrix.wire import paths
from chat_tui_matrix.wire.calls import Answer, Call, Failed, Hangup, KeepSecret, Out, Refusal, Reply

EXPIRED: Final = "the access token has expired: sign in again, nothing is lost"
REVOKED: Final = "the server no longer accepts this device's access token: sign in again"
LOCKED: Final = "this account was locked by the people who run the server"
SIGNED_OUT: Final = "signed out"
"""What parts are told of requests that nobody makes any more."""

_RENEWABLE: Final = frozenset({"M_UNKNOWN_TOKEN", "M_MISSING_TOKEN"})
_ENDS: Final = _RENEWABLE | {"M_USER_LOCKED"}


@frozen
class Login:
    """Where and as whom to sign in. `secret` is what `read_secret` reads; without a device the server is asked."""

    url: str
    user: str
    device: str
    secret: str = field(repr=False)


@frozen
class Secret:
    """The two tokens of a sign-in; `refresh` is "" where the server gave none."""

    access: str = field(repr=False)
    refresh: str = field(default="", repr=False)


def read_secret(text: str) -> Secret:
    """Read a stored secret: {"access_token", "refresh_token"} as JSON, or an access token alone."""
    try:
        found = json.loads(text) if text.startswith("{") else None
    except (ValueError, RecursionError):
        found = None
    return _secret(found) or Secret(text.strip())


def write_secret(secret: Secret) -> str:
    """Write a secret so that `read_secret` reads it."""
    if not secret.refresh:
        return secret.access
    return json.dumps({"access_token": secret.access, "refresh_token": secret.refresh})


def _secret(found: Any, refresh: str = "") -> Secret | None:
    """The tokens in an object; one without a refresh token leaves the old one in use (client-server API 1.3)."""
    if not isinstance(found, dict):
        return None
    access, again = found.get("access_token"), found.get("refresh_token") or refresh
    return Secret(access, again) if access and isinstance(access, str) and isinstance(again, str) else None


class _Phase(Enum):
    """How the access token stands."""

    GOOD = auto()
    STALE = auto()  # the next request that needs it has it renewed first
    RENEWING = auto()
    KEEPING = auto()  # the new one is being stored
    SHUT = auto()  # nothing leaves


class Gate:
    """Every request leaves through here and every reply comes back through here.

    A request that was refused for its token is made again with a new one, under the same call id, and nobody notices:
    the server has not carried it out. A renewal that fails counts as the failure of all that waited for it.
    `ended` is called when there is no new token to be had, with words for the status bar.
    """

    def __init__(self, desk: Desk, secret: str, ended: Callable[[str, float], None]) -> None:
        self._desk = desk
        self._ended = ended
        self._secret = self._fresh = read_secret(secret)
        self._phase = _Phase.SHUT
        self._unproven = False  # the token came by a renewal and was not accepted yet
        self._soft = False
        self._on_its_way: dict[int, Call] = {}
        self._held: dict[int, Call] = {}
        desk.token = self._secret.access

    def open(self) -> None:
        """Let requests leave."""
        self._phase, self._unproven = _Phase.GOOD, False

    def shut(self, reason: str, now: float) -> None:
        """Let nothing leave any more; whoever waits for a reply is told that it failed."""
        self._phase = _Phase.SHUT
        sent = [*self._on_its_way]
        for call_id in [*sent, *self._held]:
            self._desk.replied(Failed(call_id, reason, sent=call_id in self._on_its_way), now)
        for call_id in sent:
            self._desk.put(Hangup(call_id))
        self._held.clear()

    # ------------------------------------------------------------ out

    def outs(self) -> list[Out]:
        """What the shell must do now, in order."""
        leaving: list[Out] = []
        while outs := self._desk.take_out():
            leaving += [out for out in outs if self._may_leave(out)]
            if self._held and self._phase is _Phase.STALE:
                self._phase = _Phase.RENEWING
                self._desk.call(paths.refresh(self._secret.refresh), self._renewed)
        return leaving

    def _may_leave(self, out: Out) -> bool:
        if isinstance(out, Hangup):
            self._held.pop(out.id, None)
            return self._on_its_way.pop(out.id, None) is not None
        if not isinstance(out, Call):
            return True
        if self._phase is _Phase.SHUT:
            self._desk.hang_up(out.id)
            return False
        if out.request.auth and self._phase is not _Phase.GOOD:
            self._held[out.id] = out
            return False
        self._on_its_way[out.id] = out
        return True

    # ------------------------------------------------------------ in

    def take(self, reply: Reply, now: float) -> bool:
        """Look at a reply first. True: it was about the token, or nobody waits for it, and it is dealt with."""
        call = self._on_its_way.pop(reply.id, None)
        if call is None or self._phase is _Phase.SHUT:
            return True
        if not call.request.auth or not isinstance(reply, Answer):
            return False
        refusal = reply.value
        if reply.status != 401 or not isinstance(refusal, Refusal) or refusal.code not in _ENDS:
            self._unproven = self._unproven and call.token != self._desk.token
            return False
        self._held[call.id] = call
        self._refused(call, refusal, now)
        return True

    def _refused(self, call: Call, refusal: Refusal, now: float) -> None:
        """The server does not take the token of this call."""
        if refusal.code not in _RENEWABLE:
            self._ended(LOCKED, now)
        elif call.token != self._desk.token:
            self._release()
        elif not self._secret.refresh or self._unproven:
            self._ended(EXPIRED if refusal.soft_logout else REVOKED, now)
        elif self._phase is _Phase.GOOD:
            self._phase, self._soft = _Phase.STALE, refusal.soft_logout
            self._release()

    def _renewed(self, reply: Reply, now: float) -> None:
        """The answer to a renewal."""
        if self._phase is not _Phase.RENEWING:
            return
        value = reply.value if isinstance(reply, Answer) else None
        fresh = _secret(value, self._secret.refresh)
        if fresh is not None:
            self._phase, self._fresh = _Phase.KEEPING, fresh
            self._desk.put(KeepSecret(write_secret(fresh)))
        elif isinstance(reply, Answer) and 400 <= reply.status < 500 and reply.status != 429:
            self._ended(EXPIRED if self._soft else REVOKED, now)
        else:
            self._phase = _Phase.STALE
            waiting, self._held = [*self._held], {}
            for call_id in waiting:
                if isinstance(reply, Failed):
                    self._desk.replied(replace(reply, id=call_id, sent=False), now)
                else:
                    self._desk.replied(replace(reply, id=call_id), now)

    def kept(self) -> None:
        """The new secret is durable: now it may be used."""
        self._secret = self._fresh
        self._desk.token = self._secret.access
        if self._phase is _Phase.KEEPING:
            self._phase, self._unproven = _Phase.GOOD, True
            self._release()

    def _release(self) -> None:
        """Have what is held made (again), or held again where there is no token yet."""
        waiting, self._held = self._held, {}
        for call in waiting.values():
            self._desk.put(replace(call, token=self._desk.token))
