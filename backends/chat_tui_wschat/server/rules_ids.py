"""Rules for action ids: what a device has settled happens once, however often it is sent (wschat 3.5)."""

from __future__ import annotations

import hashlib
from typing import Final

from chat_tui_wschat.frames import Failure
from chat_tui_wschat.framing import tag
from chat_tui_wschat.server.storage import ForgetReplies, ReadReply, Result, Settle
from chat_tui_wschat.server.turn import Turn
from chat_tui_wschat.wire import write_reply

FORGET_EVERY: Final = 64
"""After so many settled ids of a device its old replies are forgotten."""


def digest_of(data: str | bytes) -> bytes:
    """Give what tells frames of one id apart: a hash of the frame without its tags."""
    octets = data.encode() if isinstance(data, str) else data
    if octets[:1] == b"@":
        octets = octets.partition(b" ")[2]
    return hashlib.sha256(octets).digest()[:16]


def settle(turn: Turn, number: int, digest: bytes, reply: str) -> None:
    """Settle an action id: from now on its command is answered with `reply`, a frame without tags."""
    device = turn.session.device
    low, high, absorbed = device.ids.add(number)
    row = Settle(turn.user.number, device.name, number, digest, reply, turn.ts, low, high, absorbed)
    turn.hall.write(row)
    device.settled += 1
    if device.settled % FORGET_EVERY == 0:
        limits = turn.hall.limits
        oldest = turn.hall.wall(turn.now - limits.kept_seconds)
        turn.hall.write(ForgetReplies(turn.user.number, device.name, oldest, limits.kept_replies))


def answer_again(turn: Turn, number: int, digest: bytes) -> None:
    """Answer a command whose id is settled: the same reply, or that the id was used for something else."""
    device, verb = turn.session.device, turn.command.verb

    def write(found: Result) -> str:
        if not isinstance(found, tuple):
            text = f"action id {number} was settled long ago and its reply is forgotten"
            return str(write_reply(Failure("IDSTALE", verb, text, number)))
        if found[0] != digest:
            text = f"action id {number} was used for a different command"
            return str(write_reply(Failure("IDREUSE", verb, text, number)))
        return tag(found[1], id=number, dup=True)

    turn.hall.later(turn.session, ReadReply(turn.user.number, device.name, number), write)
