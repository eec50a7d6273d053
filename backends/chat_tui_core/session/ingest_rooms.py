"""What news do to stored rooms, events, gaps, members and read positions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from chat_tui_core.model import SPOKEN, EventKind, Gap, Member, Membership, Room, RoomEvent
from chat_tui_core.news import (
    Arrived,
    AskHistory,
    Edited,
    GapFound,
    HistoryGiven,
    MemberChanged,
    MembersListed,
    Reacted,
    ReadMoved,
    Redacted,
    RoomChanged,
    RoomGone,
    RoomsListed,
)
from chat_tui_core.safe_text import harmless, harmless_name, one_line
from chat_tui_core.session import ingest_actions
from chat_tui_core.session.ingest_state import Batch
from chat_tui_core.store import events as stored_events
from chat_tui_core.store import rooms as stored_rooms
from chat_tui_core.timeline import subtract

TOPIC_LIMIT = 500
_LAST_LIMIT = 120
_MAX_ORDER = 1 << 53
_TOLD_WITH_HEAD = ("head", "read", "unread", "mentions")


# ---------------------------------------------------------------- rooms


def rooms_listed(batch: Batch, news: RoomsListed) -> None:
    """The server's whole list: what differs is repaired, what is missing is left (A8)."""
    named = set()
    for told in map(clean_room, news.rooms):
        named.add(told.room_id)
        batch.put_room(_merged(batch.room(told.room_id), told))
        _find_trailing_gap(batch, told)
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
        _find_trailing_gap(batch, told)


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
        last_text=one_line(room.last_text, _LAST_LIMIT),
        members=max(0, room.members),
        unread=max(0, room.unread),
    )


def _merged(known: Room | None, told: Room) -> Room:
    if known is None:
        return told
    fields: dict[str, object] = {
        name: getattr(told, name) for name in ("name", "topic", "kind", "membership", "members", "aliases")
    }
    if told.head:
        fields |= {name: getattr(told, name) for name in _TOLD_WITH_HEAD}
    if told.last_ts >= known.last_ts:
        fields |= {name: getattr(told, name) for name in ("last_ts", "last_sender", "last_text") if told.last_ts}
    return replace(known, **fields)  # type: ignore[arg-type]


def _find_trailing_gap(batch: Batch, told: Room) -> None:
    if not batch.known.contiguous or told.membership is not Membership.JOINED:
        return
    newest, trailing = _end(batch, told.room_id)
    if trailing is not None and told.head >= trailing.before:
        gaps = stored_events.gaps(batch.db, told.room_id)
        longer = replace(trailing, before=told.head + 1)
        batch.set_gaps(told.room_id, gaps, [*(gap for gap in gaps if gap != trailing), longer])
    elif trailing is None and 0 < newest < told.head:
        batch.add_gap(Gap(told.room_id, newest, told.head + 1))


def _end(batch: Batch, room_id: str) -> tuple[int, Gap | None]:
    """The newest stored order, and the gap at the room's end where there is one."""
    newest = stored_events.bounds(batch.db, room_id)[1]
    gaps = stored_events.gaps(batch.db, room_id)
    return newest, gaps[-1] if gaps and gaps[-1].before > newest else None


# ---------------------------------------------------------------- events


def arrived(batch: Batch, news: Arrived) -> None:
    """New events at the end of a room, or missed ones; a jump of a contiguous order is a gap."""
    events = [clean_event(event) for event in news.events]
    if not events:
        return
    newest, trailing = _end(batch, news.room_id)
    told_of = trailing.before - 1 if trailing else newest
    if batch.known.contiguous and told_of and events[0].order > told_of + 1:
        batch.add_gap(Gap(news.room_id, told_of, events[0].order))
    new = _insert(batch, news.room_id, events)
    batch.delta(news.room_id).live |= news.live
    room = batch.room(news.room_id) or Room(news.room_id)
    if news.live:
        fresh = [
            event for event in new if event.kind in SPOKEN and event.sender != batch.me and event.order > room.read
        ]
        mentions = sum(1 for event in fresh if mentions_me(event.text, batch.me))
        room = replace(room, unread=room.unread + len(fresh), mentions=room.mentions + mentions)
    batch.put_room(_with_last(room, new))


def gap_found(batch: Batch, news: GapFound) -> None:
    """The backend says that something is missing."""
    batch.add_gap(news.gap)


def history_given(batch: Batch, news: HistoryGiven) -> None:
    """A page: it fills gaps, and may reach the room's start."""
    events = [clean_event(event) for event in news.events]
    asked = batch.known.asked.get(news.request, AskHistory(news.request, news.room_id, 0))
    oldest, newest = stored_events.bounds(batch.db, news.room_id)
    old_gaps = stored_events.gaps(batch.db, news.room_id)
    new = _insert(batch, news.room_id, events)
    room = batch.room(news.room_id) or Room(news.room_id)
    low, high = _span(asked, events, more=news.more, head=max(room.head, newest))
    gaps = old_gaps
    if newest and low > newest + 1 and batch.known.contiguous:
        gaps = [*gaps, Gap(news.room_id, newest, low)]
    batch.set_gaps(news.room_id, old_gaps, subtract(gaps, low, high))
    if not news.more and not asked.after and (not oldest or low <= oldest):
        stored_events.set_room_start(batch.db, news.room_id, True)
    batch.put_room(_with_last(room, new))


def _span(asked: AskHistory, events: list[RoomEvent], *, more: bool, head: int) -> tuple[int, int]:
    """The orders that a page makes known, both ends inclusive."""
    if asked.after:
        return asked.after + 1, events[-1].order if events and more else max(head, events[-1].order if events else 0)
    high = asked.before - 1 if asked.before else _MAX_ORDER
    return (events[0].order if events and more else 0), high


def edited(batch: Batch, news: Edited) -> None:
    """The newest edit of an event holds."""
    text = harmless(news.text)
    _changed(batch, stored_events.apply_edit(batch.db, news.room_id, news.event_id, news.order, text, news.ts))


def redacted(batch: Batch, news: Redacted) -> None:
    """The text goes, the place stays."""
    _changed(batch, stored_events.apply_redaction(batch.db, news.room_id, news.event_id, news.order))


def reacted(batch: Batch, news: Reacted) -> None:
    """Setting a reaction twice is once."""
    key = one_line(news.key, 32)
    _changed(
        batch,
        stored_events.apply_reaction(
            batch.db, news.room_id, news.event_id, news.order, news.by, key, removed=news.removed
        ),
    )


def clean_event(event: RoomEvent) -> RoomEvent:
    """The event with harmless texts."""
    return replace(
        event,
        text=harmless(event.text),
        sender_name=harmless_name(event.sender_name),
        sender=harmless_name(event.sender, 255),
        target=harmless_name(event.target, 255),
    )


def mentions_me(text: str, me: str) -> bool:
    """Whether a text names this user, as a word of its own."""
    name = me.removeprefix("@").partition(":")[0]
    return (
        bool(name)
        and re.search(rf"(?<![\w@]){re.escape(name)}(?!\w)|@{re.escape(name)}\b", text, re.IGNORECASE) is not None
    )


def _insert(batch: Batch, room_id: str, events: Iterable[RoomEvent]) -> list[RoomEvent]:
    new = stored_events.insert_events(batch.db, events)
    for event in new:
        batch.put_event(event)
        ingest_actions.confirm_by_event(batch, event)
    return new


def _changed(batch: Batch, event: RoomEvent | None) -> None:
    if event is None:
        return
    batch.put_event(event)
    room = batch.room(event.room_id)
    if room is not None and room.last_ts == event.ts:
        text = one_line(event.text, _LAST_LIMIT) if event.kind in SPOKEN else "message deleted"
        batch.put_room(replace(room, last_text=text))


def _with_last(room: Room, events: Iterable[RoomEvent]) -> Room:
    """The room with its head and newest spoken line brought up to date."""
    for event in events:
        if event.order > room.head:
            room = replace(room, head=event.order)
        if event.kind in SPOKEN and event.ts >= room.last_ts:
            room = replace(
                room,
                last_ts=event.ts,
                last_sender=event.sender_name or event.sender,
                last_text=one_line(event.text, _LAST_LIMIT),
            )
        elif event.kind is EventKind.TOPIC and event.order == room.head:
            room = replace(room, topic=one_line(event.text, TOPIC_LIMIT))
    return room


# ---------------------------------------------------------------- members


def members_listed(batch: Batch, news: MembersListed) -> None:
    """Everyone in a room now."""
    members = [_clean_member(member) for member in news.members]
    stored_rooms.save_members(batch.db, news.room_id, members, replace=True)
    batch.out.members[news.room_id] = members
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
    batch.out.members[news.room_id] = stored_rooms.load_members(batch.db, news.room_id)


def read_moved(batch: Batch, news: ReadMoved) -> None:
    """Somebody has read further; our own position lowers what is unread."""
    stored_rooms.set_read(batch.db, news.room_id, news.user_id, news.order)
    batch.out.reads.add(news.room_id)
    if news.user_id == batch.me:
        move_own_read(batch, news.room_id, news.order)


def move_own_read(batch: Batch, room_id: str, order: int) -> None:
    """We have read up to `order`, here or on another device."""
    room = batch.room(room_id)
    if room is None or order <= room.read:
        return
    unread = 0 if order >= room.head else stored_events.unread_count(batch.db, room_id, order, batch.me)
    mentions = room.mentions if unread else 0
    batch.put_room(replace(room, read=order, unread=unread, mentions=min(mentions, unread)))


def _clean_member(member: Member) -> Member:
    return replace(member, user_id=harmless_name(member.user_id, 255), name=harmless_name(member.name))
