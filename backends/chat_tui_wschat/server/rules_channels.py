"""Rules for channels: CREATE, DELETE, JOIN, PART, INVITE, KICK, TOPIC (wschat 3.3, 3.5, 3.12)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chat_tui_wschat.grammar import REST_REFUSED
from chat_tui_wschat.reply_codec import event_body
from chat_tui_wschat.server.hall import Hall, Refusal
from chat_tui_wschat.server.items import membership, topic
from chat_tui_wschat.server.rules_chunks import end, left
from chat_tui_wschat.server.rules_presence import stop_typing
from chat_tui_wschat.server.shelf import SharedFile, Shelved
from chat_tui_wschat.server.state import Channel, Session, User
from chat_tui_wschat.server.storage import (
    DropChannel,
    DropInvite,
    DropMember,
    PutChannel,
    PutInvite,
    PutMember,
    PutRead,
)
from chat_tui_wschat.server.turn import CHANNEL, Turn, confirm, happened


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What CREATE's JSON asks for (wschat 3.12)."""

    private: bool = False
    locked: bool = False
    topic: str = ""
    invite: tuple[User, ...] = ()


def create(turn: Turn) -> str:
    """CREATE: a new channel with its creator in it, or a direct channel with both sides in it."""
    hall, name = turn.hall, turn.word(0)
    if name in hall.channels:
        raise Refusal("EXISTS", f"There is a channel {name} already")
    wanted = _Wanted()
    others: list[User] = []
    if name[0] == "@":
        others = _other_side(turn, name)
    else:
        wanted = _read_wish(turn)
    _check_room(turn, turn.user)
    number, base = hall.channel_count + 1, 0
    grave = hall.graves.pop(name, None)
    if grave is None:
        hall.channel_count = number
    else:
        number, base = grave.number, grave.head
    creator = 0 if others else turn.user.number
    channel = Channel(number, name, wanted.topic, creator, wanted.private, wanted.locked, base, base)
    hall.add_channel(channel)
    _store(hall, channel)
    for guest in wanted.invite:
        channel.invited[guest.name] = guest
        hall.write(PutInvite(number, guest.number))
    about = {"by": turn.user.name, "topic": wanted.topic, "private": wanted.private}
    body = event_body("channel", "CREATE", name, {key: value for key, value in about.items() if value})
    seen_by = [turn.user, *others, *wanted.invite]
    turn.tell(_who_see(hall, channel, seen_by), CHANNEL, body, f"EVENT channel CREATE {name}")
    unlabelled = turn.unlabelled()
    for user in others:
        hall.put_in(channel, user)  # Both sides hear of both.
    for user in (turn.user, *others):
        enter(unlabelled, channel, user)
    for guest in wanted.invite:
        _tell_invited(unlabelled, channel, guest)
    return confirm("CREATE", name, data={"pos": channel.head})


def _other_side(turn: Turn, name: str) -> list[User]:
    """Give the other user of a direct channel, in a list; the name is ``@a+b`` (wschat 3.12)."""
    sides = name[1:].split("+")
    if turn.user.name not in sides:
        raise Refusal("NOPERM", "A direct channel is made by one of its two users")
    if turn.command.data:
        raise Refusal("BADARGS", "A direct channel takes no JSON")
    return [turn.person(side) for side in sides if side != turn.user.name]


def _read_wish(turn: Turn) -> _Wanted:
    """Read the JSON of CREATE; unknown keys mean nothing."""
    data = turn.command.data or {}
    private, locked, text, invite = (data.get(key) for key in ("private", "locked", "topic", "invite"))
    if not (
        isinstance(private, bool | None)
        and isinstance(locked, bool | None)
        and isinstance(text, str | None)
        and isinstance(invite, list | None)
        and all(isinstance(name, str) for name in invite or ())
    ):
        raise Refusal("BADARGS", 'CREATE takes {"private":bool,"locked":bool,"topic":text,"invite":[user…]}')
    guests = {name: turn.person(name) for name in invite or () if name != turn.user.name}
    limits = turn.hall.limits
    if text and REST_REFUSED(text):
        raise Refusal("BADARGS", "The topic holds a control character")
    if len((text or "").encode()) > limits.max_note:
        raise Refusal("TOOLONG", f"The topic is longer than {limits.max_note} bytes")
    return _Wanted(bool(private), bool(locked), text or "", tuple(guests.values()))


def _who_see(hall: Hall, channel: Channel, users: Iterable[User]) -> Iterable[Session]:
    """Give the sessions that may know that this channel exists; `users` are those who may know of a hidden one."""
    if not (channel.private or channel.direct):
        return hall.sessions.values()
    return [session for user in users for session in user.sessions]


def _store(hall: Hall, channel: Channel) -> None:
    hall.write(
        PutChannel(
            channel.number,
            channel.name,
            channel.topic,
            channel.creator,
            channel.private,
            channel.locked,
            channel.base,
        )
    )


def _check_room(turn: Turn, user: User) -> None:
    if len(user.channels) >= turn.hall.limits.channels_per_user:
        raise Refusal("NOPERM", f"Nobody may be in more than {turn.hall.limits.channels_per_user} channels")


def enter(turn: Turn, channel: Channel, user: User) -> None:
    """Make a user a member, with its item and event. A first-time member has read up to the own JOIN."""
    hall = turn.hall
    if user.name in channel.invited:
        hall.write(DropInvite(channel.number, user.number))
    hall.put_in(channel, user)
    hall.write(PutMember(channel.number, user.number))
    item = membership(channel.head + 1, "JOIN", user.name, turn.ts)
    hall.append(channel, user, item, spoken=False)
    if user.number not in channel.reads:
        channel.reads[user.number] = channel.head
        hall.write(PutRead(channel.number, user.number, channel.head))
    plain = event_body("user", "JOIN", channel.name, {"username": user.name})
    turn.tell_of_user(channel, user, happened(item, channel.name), plain=plain)


def delete(turn: Turn) -> str:
    """DELETE: the channel and everything in it is gone; its moderator may do that."""
    channel, hall = turn.channel(), turn.hall
    if not channel.moderated_by(turn.user):
        raise Refusal("NOPERM", f"Only the moderator may delete {channel.name}")
    users = [*channel.members.values(), *channel.invited.values()]
    body = event_body("channel", "DELETE", channel.name, {"by": turn.user.name})
    for file in _files_in(hall, channel):
        if file.alive:
            end(hall, file, Shelved.CANCELLED, by=turn.user.name, reason="the channel was deleted")
    hall.drop_channel(channel)
    hall.write(DropChannel(channel.number, channel.head))
    turn.tell(_who_see(hall, channel, users), CHANNEL, body, f"EVENT channel DELETE {channel.name}")
    return confirm("DELETE", channel.name)


def _files_in(hall: Hall, channel: Channel) -> list[SharedFile]:
    return [file for file in hall.shelf.files.values() if file.channel is channel]


def join(turn: Turn) -> str:
    """JOIN: become a member; a member already is one."""
    channel = turn.channel()
    about = {"pos": channel.head, "topic": channel.topic}
    if turn.user.name in channel.members:
        return confirm("JOIN", channel.name, data={**about, "noop": True})
    _check_room(turn, turn.user)
    enter(turn, channel, turn.user)
    return confirm("JOIN", channel.name, data={**about, "pos": channel.head})


def part(turn: Turn) -> str:
    """PART: no longer be a member, or decline an invitation. How far the user has read is kept."""
    channel, reason = turn.channel(), turn.note()
    if turn.user.name in channel.invited:
        del channel.invited[turn.user.name]
        turn.hall.write(DropInvite(channel.number, turn.user.number))
    if turn.user.name not in channel.members:
        return confirm("PART", channel.name, data={"noop": True})
    _leave(turn, channel, turn.user, "PART", reason=reason)
    return confirm("PART", channel.name, data={"pos": channel.head})


def _leave(turn: Turn, channel: Channel, user: User, action: str, **more: str) -> None:
    """End a membership, with its item and event."""
    hall = turn.hall
    stop_typing(hall, channel, user, turn.now)
    left(hall, user, _files_in(hall, channel))
    hall.take_out(channel, user)
    hall.write(DropMember(channel.number, user.number))
    item = membership(channel.head + 1, action, user.name, turn.ts, **more)
    hall.append(channel, turn.user, item, spoken=False)
    plain = event_body("user", action, channel.name, {"username": user.name}) if action == "PART" else ""
    turn.tell_of_user(channel, user, happened(item, channel.name), always=action == "KICK", plain=plain)


def invite(turn: Turn) -> str:
    """INVITE: a member lets somebody in; who is in or invited already stays so."""
    channel = turn.joined()
    guest = turn.person(turn.word(1))
    if channel.direct:
        raise Refusal("NOPERM", "A direct channel has two users")
    if guest.name in channel.members or guest.name in channel.invited:
        return confirm("INVITE", channel.name, guest.name, data={"noop": True})
    channel.invited[guest.name] = guest
    turn.hall.write(PutInvite(channel.number, guest.number))
    _tell_invited(turn, channel, guest)
    return confirm("INVITE", channel.name, guest.name)


def _tell_invited(turn: Turn, channel: Channel, guest: User) -> None:
    data: dict[str, str | bool] = {"username": guest.name, "by": turn.user.name, "topic": channel.topic}
    if channel.private:
        data["private"] = True  # who is invited has not heard of the channel before
    turn.tell_of_user(channel, guest, event_body("user", "INVITE", channel.name, data), always=True)


def kick(turn: Turn) -> str:
    """KICK: the moderator ends somebody's membership."""
    channel = turn.joined()
    user = channel.members.get(turn.word(1))
    if user is None:
        raise Refusal("NOTFOUND", f"No {turn.word(1)} in {channel.name}")
    if not channel.moderated_by(turn.user):
        raise Refusal("NOPERM", f"Only the moderator may kick in {channel.name}")
    if user is turn.user:
        raise Refusal("NOPERM", "To leave a channel, use PART")
    _leave(turn, channel, user, "KICK", by=turn.user.name, reason=turn.note())
    return confirm("KICK", channel.name, user.name, data={"pos": channel.head})


def set_topic(turn: Turn) -> str:
    """TOPIC: a new topic; in private and locked channels the moderator's to set. Blanks alone clear it."""
    channel, hall = turn.joined(), turn.hall
    if channel.direct or ((channel.private or channel.locked) and not channel.moderated_by(turn.user)):
        raise Refusal("NOPERM", f"You may not set the topic of {channel.name}")
    text = turn.note().strip()
    channel.topic = text
    _store(hall, channel)
    item = topic(channel.head + 1, turn.user.name, text, turn.ts)
    hall.append(channel, turn.user, item, spoken=False)
    turn.tell(channel.online, CHANNEL, happened(item, channel.name))
    return confirm("TOPIC", channel.name, data={"pos": channel.head})
