"""The lists: LSEVENTS, LSCHANS, LSSUBS, LSUSERS, LSFILES, and the snapshot of a channel (wschat 3.5, 3.6)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import Any, Final

from chat_tui_wschat.frame_json import encode_object
from chat_tui_wschat.server.hall import Hall
from chat_tui_wschat.server.items import message_id
from chat_tui_wschat.server.shelf import SharedFile
from chat_tui_wschat.server.state import Channel, Session, User
from chat_tui_wschat.server.turn import INTENTS, Turn, confirm

_ROOM: Final = 512
"""Bytes of a frame that are kept free for its head, tags and the list's end."""


def _fitting(parts: Iterable[str], budget: int) -> tuple[list[str], bool]:
    """Give as many of the parts as fit into `budget` bytes with a comma between them, and whether some were cut."""
    taken: list[str] = []
    for part in parts:
        budget -= len(part.encode()) + 1
        if budget < 0:
            return taken, True
        taken.append(part)
    return taken, False


def _page(turn: Turn, key: str, parts: Iterable[str]) -> str:
    """Write `{"at":…,key:[…],"more":true}` within a frame; `more` only when the list goes on."""
    taken, more = _fitting(parts, turn.hall.limits.max_frame - _ROOM)
    rest = ',"more":true' if more else ""
    return f'{{"at":{turn.session.seq},"{key}":[{",".join(taken)}]{rest}}}'


def list_events(turn: Turn) -> str:
    """LSEVENTS: this session's intents."""
    return confirm("LSEVENTS", data={"events": [name for name, bit in INTENTS.items() if turn.session.intents & bit]})


def list_subscriptions(turn: Turn) -> str:
    """LSSUBS: the names of the channels that the user is in."""
    return confirm("LSSUBS", data={"at": turn.session.seq, "channels": sorted(turn.user.channels)})


def list_channels(turn: Turn) -> str:
    """LSCHANS [after]: the channels that the user can see, by name."""
    hall, user = turn.hall, turn.user
    start = bisect_right(hall.names, turn.word(0)) if turn.command.args else 0
    seen = (hall.channels[name] for name in hall.names[start:])
    return f"CONFIRM LSCHANS {_page(turn, 'channels', (_entry(ch, user) for ch in seen if ch.sees(user)))}"


def _entry(channel: Channel, user: User) -> str:
    joined = user.name in channel.members
    entry: dict[str, Any] = {
        "name": channel.name,
        "topic": channel.topic,
        "joined": joined,
        "members": len(channel.members),
    }
    if channel.private:
        entry["private"] = True
    if channel.direct:
        entry["direct"] = True
    if user.name in channel.invited:
        entry["invited"] = True
    if joined:
        entry["pos"] = channel.head
        entry["read"] = channel.reads.get(user.number, 0)
        entry["unread"] = channel.unread(user)
        if channel.last is not None:
            last = channel.last
            entry["last"] = {"pos": last.pos, "from": last.sender, "ts": last.ts, "text": last.text}
        if channel.moderated_by(user):
            entry["role"] = "moderator"
    return encode_object(entry)


def list_users(turn: Turn) -> str:
    """LSUSERS chan [after]: who is in a channel, by name."""
    channel = turn.joined()
    names = sorted(channel.members)
    if len(turn.command.args) > 1:
        names = names[bisect_right(names, turn.word(1)) :]
    people = (channel.members[name] for name in names)
    return f"CONFIRM LSUSERS {channel.name} {_page(turn, 'users', (_person(channel, user) for user in people))}"


def _person(channel: Channel, user: User) -> str:
    entry = {"name": user.name, "state": user.state}
    if channel.moderated_by(user):
        entry["role"] = "moderator"
    return encode_object(entry)


def list_files(turn: Turn) -> str:
    """LSFILES [before]: the files of others that the user can have now, and who gets the device's own; newest first."""
    before = int(turn.word(0)[1:]) if turn.command.args else None
    newest = (file for file in reversed(turn.hall.shelf.files.values()) if before is None or file.number < before)
    wanted = (file for file in newest if file.alive and _concerns(turn, file))
    return f"CONFIRM LSFILES {_page(turn, 'files', (_offer(turn, file) for file in wanted))}"


def _concerns(turn: Turn, file: SharedFile) -> bool:
    if file.owner is turn.user:
        return file.device == turn.session.device.name and bool(file.downloads)
    return turn.user.name in file.channel.members


def _offer(turn: Turn, file: SharedFile) -> str:
    entry: dict[str, Any] = {
        "channel": file.channel.name,
        "pos": file.pos,
        "id": message_id(file.channel.number, file.pos),
        "from": file.owner.name,
        "fid": file.fid,
        "name": file.name,
        "size": file.flow.size,
        "chunk": file.flow.chunk,
        "sha256": file.digest,
        "ts": file.ts,
    }
    if file.owner is turn.user:
        entry["recipients"] = file.recipients()
    return encode_object(entry)


def snapshot(hall: Hall, session: Session, channel: Channel) -> str:
    """Write what replaces everything that a client knew of a channel; very many members are cut (LSUSERS has all)."""
    names, more = _fitting((f'"{name}"' for name in sorted(channel.members)), hall.limits.max_frame - 4 * _ROOM)
    head = encode_object(
        {"topic": channel.topic, "pos": channel.head, "read": channel.reads.get(session.user.number, 0)}
    )
    rest = ',"more":true' if more else ""
    return f'EVENT session SNAPSHOT {channel.name} {head[:-1]},"members":[{",".join(names)}]{rest}}}'
