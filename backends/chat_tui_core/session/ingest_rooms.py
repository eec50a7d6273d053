"""What news do to stored rooms, events, gaps, members and read positions."""

from __future__ import annotations

from dataclasses import replace

from chat_tui_core.model import SPOKEN, Member, Membership, Room, RoomEvent
from chat_tui_core.news import (
    Edited,
    MemberChanged,
    MembersListed,
    Reacted,
    ReadMoved,
    Redacted,
    RoomChanged,
    RoomGone,
    RoomsListed,
)
from chat_tui_core.safe_text import harmless, harmless_id, harmless_name, one_line
from chat_tui_core.session import ingest_actions, ingest_history
from chat_tui_core.session.ingest_history import LAST_LIMIT, TOPIC_LIMIT
from chat_tui_core.session.ingest_state import Batch
from chat_tui_core.store import ahead
from chat_tui_core.store import events as stored_events
from chat_tui_core.store import rooms as stored_rooms

_TOLD_WITH_HEAD = ("head", "read", "unread", "mentions")
MOST_CHILDREN = 2_000
"""Rooms that a space holds at most: a server may tell of any number."""


# ---------------------------------------------------------------- rooms


def rooms_listed(batch: Batch, news: RoomsListed) -> None:
    """The server's whole list: what differs is repaired, what is missing is left (A8)."""
    named = set()
    for told in map(clean_room, news.rooms):
        named.add(told.room_id)
        batch.put_room(_merged(batch.room(told.room_id), told))
        ingest_history.find_trailing_gap(batch, told)
    for room_id, room in batch.known.rooms.items():
        if room_id not in named and room.membership is not Membership.LEFT:
            batch.put_room(replace(batch.room(room_id) or room, membership=Membership.LEFT))
    ingest_actions.settle_answered(batch)


def room_changed(batch: Batch, news: RoomChanged) -> None:
    """Some fields of one room."""
    told = clean_room(news.room)
    known = batch.room(told.room_id)
    if known is None:
        batch.put_room(told)
    else:
        batch.put_room(replace(known, **{name: getattr(told, name) for name in news.fields if name != "room_id"}))
    if "head" in news.fields:
        ingest_history.find_trailing_gap(batch, told)


def room_gone(batch: Batch, news: RoomGone) -> None:
    """Deleted or hidden: it leaves the list; what was read of it stays in the store."""
    known = batch.room(news.room_id)
    if known is not None:
        batch.put_room(replace(known, membership=Membership.LEFT, members=0))


def clean_room(room: Room) -> Room:
    """The room with harmless texts and sane numbers."""
    return replace(
        room,
        name=harmless_name(room.name),
        topic=one_line(room.topic, TOPIC_LIMIT),
        last_sender=harmless_name(room.last_sender),
        last_text=one_line(room.last_text, LAST_LIMIT),
        members=max(0, room.members),
        unread=max(0, room.unread),
        children=None if room.children is None else room.children[:MOST_CHILDREN],
    )


def _merged(known: Room | None, told: Room) -> Room:
    if known is None:
        return told
    fields: dict[str, object] = {
        name: getattr(told, name) for name in ("name", "topic", "kind", "membership", "members", "aliases")
    }
    if told.is_space:
        fields["children"] = told.children
    if told.head:
        fields |= {name: getattr(told, name) for name in _TOLD_WITH_HEAD}
    if told.last_ts >= known.last_ts:
        fields |= {name: getattr(told, name) for name in ("last_ts", "last_sender", "last_text") if told.last_ts}
    return replace(known, **fields)  # type: ignore[arg-type]


# ---------------------------------------------------------------- events


def edited(batch: Batch, news: Edited) -> None:
    """The newest edit of an event holds."""
    text, room_id, event_id = harmless(news.text), news.room_id, news.event_id
    changed = stored_events.apply_edit(batch.db, room_id, event_id, news.order, text, news.ts, news.by)
    _changed(batch, changed)
    if changed is None and news.by and not stored_events.event_by_id(batch.db, room_id, event_id):
        ahead.keep_edit(batch.db, room_id, event_id, news.by, news.ts, text)


def redacted(batch: Batch, news: Redacted) -> None:
    """The text goes, the place stays."""
    reaction = ahead.take_reaction(batch.db, news.room_id, news.event_id) if news.event_id else None
    if reaction is not None:
        target, by, key = reaction
        _changed(batch, stored_events.apply_reaction(batch.db, news.room_id, target, 0, by, key, removed=True))
        return
    changed = stored_events.apply_redaction(batch.db, news.room_id, news.event_id, news.order)
    _changed(batch, changed)
    known = changed or batch.known.contiguous or not news.event_id
    if not known and not stored_events.event_by_id(batch.db, news.room_id, news.event_id):
        ahead.keep_redaction(batch.db, news.room_id, news.event_id)


def reacted(batch: Batch, news: Reacted) -> None:
    """Setting a reaction twice is once."""
    key = one_line(news.key, 32)
    if news.reaction_id:
        ahead.add_reaction(batch.db, news.room_id, news.reaction_id, news.event_id, news.by, key)
    _changed(
        batch,
        stored_events.apply_reaction(
            batch.db, news.room_id, news.event_id, news.order, news.by, key, removed=news.removed
        ),
    )


def _changed(batch: Batch, event: RoomEvent | None) -> None:
    if event is None:
        return
    batch.put_event(event)
    room = batch.room(event.room_id)
    if room is not None and room.last_ts == event.ts:
        text = one_line(event.text, LAST_LIMIT) if event.kind in SPOKEN else "message deleted"
        batch.put_room(replace(room, last_text=text))


# ---------------------------------------------------------------- members


def members_listed(batch: Batch, news: MembersListed) -> None:
    """Everyone in a room now."""
    members = [_clean_member(member) for member in news.members]
    stored_rooms.save_members(batch.db, news.room_id, members, replace=True)
    batch.out.members[news.room_id] = members
    batch.out.member_changes.pop(news.room_id, None)
    room = batch.room(news.room_id)
    if room is not None:
        batch.put_room(replace(room, members=len(members)))


def member_changed(batch: Batch, news: MemberChanged) -> None:
    """One person came, changed or left."""
    member = _clean_member(news.member)
    if news.gone:
        stored_rooms.remove_member(batch.db, news.room_id, member.user_id)
    else:
        stored_rooms.save_members(batch.db, news.room_id, [member], replace=False)
    if news.room_id in batch.out.members:
        batch.out.members[news.room_id] = stored_rooms.load_members(batch.db, news.room_id)
    else:
        changed = batch.out.member_changes.setdefault(news.room_id, {})
        changed[member.user_id] = None if news.gone else member


def read_moved(batch: Batch, news: ReadMoved) -> None:
    """Somebody has read further; our own position lowers what is unread."""
    order = news.order
    if not order:
        event = stored_events.event_by_id(batch.db, news.room_id, news.event_id)
        if event is None:
            return  # read up to what is not here: nothing that is shown would change
        order = event.order
    stored_rooms.set_read(batch.db, news.room_id, news.user_id, order)
    batch.out.reads.setdefault(news.room_id, {})[news.user_id] = order
    if news.user_id == batch.me:
        move_own_read(batch, news.room_id, order)


def move_own_read(batch: Batch, room_id: str, order: int) -> None:
    """We have read up to `order`, here or on another device."""
    room = batch.room(room_id)
    if room is None or order <= room.read:
        return
    unread = 0 if order >= room.head else stored_events.unread_count(batch.db, room_id, order, batch.me)
    mentions = room.mentions if unread else 0
    batch.put_room(replace(room, read=order, unread=unread, mentions=min(mentions, unread)))


def _clean_member(member: Member) -> Member:
    return replace(member, user_id=harmless_id(member.user_id, 255), name=harmless_name(member.name))
