"""Rules for AUTH: tokens, passwords, failures and the addresses they come from (wschat 3.2, 3.13)."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, field
from typing import Final

from chat_tui_wschat.frames import Command
from chat_tui_wschat.framing import tag
from chat_tui_wschat.server.batch import PasswordCheck
from chat_tui_wschat.server.hall import Hall, Refusal
from chat_tui_wschat.server.rules_channels import create, enter
from chat_tui_wschat.server.rules_sessions import begin
from chat_tui_wschat.server.state import Device, Gate, Socket, User
from chat_tui_wschat.server.storage import DropTokens, PutToken
from chat_tui_wschat.server.turn import Turn, confirm

_log: Final = logging.getLogger(__name__)

WELCOME: Final = "For everybody"
"""The topic of the room that newcomers find themselves in."""

TRIES: Final = 3
"""Failures after which a socket is closed (4000), and an address is slowed down."""

_SLOWEST: Final = 8.0
_GATE_SECONDS: Final = 600.0
_GATES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of a password: whether it is right, or its hash when an account is to be made with it."""

    good: bool
    fresh: str = field(default="", repr=False)


def digest_of(token: str) -> bytes:
    """Give what is stored of a token."""
    return hashlib.sha256(token.encode()).digest()


def delay(hall: Hall, address: str, now: float) -> float:
    """Give the seconds that an address must wait before its credentials are looked at."""
    gate = hall.gates.get(address)
    if gate is None or gate.failures < TRIES or now - gate.at > _GATE_SECONDS:
        return 0.0
    return float(min(_SLOWEST, 0.5 * 2 ** min(gate.failures - TRIES, 10)))


def _note_failure(hall: Hall, address: str, now: float) -> None:
    gate = hall.gates.get(address)
    if gate is None or now - gate.at > _GATE_SECONDS:
        if len(hall.gates) >= _GATES:
            tidy_gates(hall, now)
        gate = hall.gates[address] = Gate(0, now)
    gate.failures += 1
    gate.at = now


def tidy_gates(hall: Hall, now: float) -> None:
    """Forget addresses that have been quiet; when very many are not, the oldest half."""
    kept = sorted(
        (item for item in hall.gates.items() if now - item[1].at <= _GATE_SECONDS), key=lambda item: item[1].at
    )
    hall.gates = dict(kept[len(kept) // 2 :] if len(kept) >= _GATES else kept)


def sign_in(hall: Hall, socket: Socket, now: float) -> bool:
    """Look at the socket's AUTH command; give False while a password is being checked.

    Raises:
        Refusal: NOPERM, or what `_fail` and `begin` raise.
    """
    command = socket.signing
    if command is None:
        return True
    if command.args[0] == "TOKEN":
        device = hall.tokens.get(digest_of(str(command.args[2])))
        if device is None or device.name != command.args[1]:
            raise _failure(hall, socket, now, "This token is not good for this device")
        _welcome(hall, socket, device, now)
        return True
    if not hall.clear_passwords:
        raise Refusal("NOPERM", "Passwords are not taken in clear text: use wss:// or a token")
    user = hall.users.get(str(command.args[2]))
    stored = user.password if user is not None else ""
    register = hall.registration and not stored
    hall.checks.append(PasswordCheck(socket, command.text or "", stored, register))
    return False


def password_checked(hall: Hall, socket: Socket, checked: Checked, now: float) -> None:
    """Go on with AUTH PASS when its password was checked.

    Raises:
        Refusal: see `sign_in`.
    """
    command = socket.signing
    if command is None:
        return
    name, device = str(command.args[2]), str(command.args[1])
    user = hall.users.get(name)
    if checked.fresh and (user is None or not user.password):
        user = hall.add_user(name, checked.fresh)
    elif user is None or not checked.good:  # Also when somebody else took the name meanwhile.
        raise _failure(hall, socket, now, "Wrong user name or password")
    _welcome(hall, socket, hall.device(user, device), now, new_token=True)


def _failure(hall: Hall, socket: Socket, now: float, text: str) -> Refusal:
    """Count a failure; the third one on a socket closes it."""
    socket.failures += 1
    _log.warning("credentials refused socket=%d address=%s failures=%d", socket.number, socket.address, socket.failures)
    _note_failure(hall, socket.address, now)
    return Refusal("BADAUTH", text)


def _welcome(hall: Hall, socket: Socket, device: Device, now: float, *, new_token: bool = False) -> None:
    command = socket.signing
    number = command.id if command is not None else None
    session = begin(hall, socket, device, now, tagged=number is not None)
    about: dict[str, object] = {"session": session.sid, "device": device.name, "last_id": device.ids.last, "seq": 0}
    newcomer = new_token and not device.user.tokens
    if new_token:
        about["token"] = _give_token(hall, device, now)
    _log.info("signed in socket=%d user=%s tagged=%s", socket.number, device.user.name, number is not None)
    hall.send(socket, tag(confirm("AUTH", device.user.name, data=about), id=number))
    if newcomer and hall.welcome:
        _take_in(Turn(hall, session, Command("CREATE", (hall.welcome,), data={"topic": WELCOME}), now))


def _take_in(turn: Turn) -> None:
    """Bring a newcomer into the room that the server keeps for them; the first one makes it."""
    channel = turn.hall.channels.get(turn.word(0))
    if channel is None and not turn.hall.channels:
        create(turn)
    elif channel is not None and not channel.private and turn.user.name not in channel.members:
        enter(turn, channel, turn.user)


def _give_token(hall: Hall, device: Device, now: float) -> str:
    """Make a token for a device, in place of its older one."""
    user, token = device.user, hall.secret()
    hall.add_token(user, device.name, digest_of(token))
    hall.write(PutToken(digest_of(token), user.number, device.name, hall.wall(now)))
    if len(user.tokens) > hall.limits.tokens_per_user:
        _drop_oldest(hall, user)
    return token


def _drop_oldest(hall: Hall, user: User) -> None:
    oldest = next(iter(user.tokens))
    hall.tokens.pop(user.tokens.pop(oldest), None)
    hall.write(DropTokens(user.number, oldest))
