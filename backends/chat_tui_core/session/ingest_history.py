"""What news do to a room's stored events and its gaps: the stream's end, pages of history, and landings in between."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from chat_tui_core.model import SPOKEN, EventKind, FileInfo, Gap, Membership, Room, RoomEvent
from chat_tui_core.news import AroundGiven, Arrived, GapFound, HistoryGiven
from chat_tui_core.questions import AskHistory
from chat_tui_core.safe_text import harmless, harmless_id, harmless_name, one_line
from chat_tui_core.session import ingest_actions
from chat_tui_core.session.ingest_state import Batch
from chat_tui_core.store import events as stored_events
from chat_tui_core.timeline import subtract

TOPIC_LIMIT = 500
LAST_LIMIT = 120
_MAX_ORDER = 1 << 53
_LANDING = 1 << 22  # how far before a gap's end a landing is placed, so that what is between finds room


def arrived(batch: Batch, news: Arrived) -> None:
    """New events at the end of a room, or missed ones; what the jump before them hides is a gap."""
    events = [clean_event(batch, event) for event in news.events]
    if not events and not news.token:
        return
    newest, trailing = _end(batch, news.room_id)
    told_of = trailing.before - 1 if trailing else newest
    if batch.known.contiguous and events and told_of and events[0].order > told_of + 1:
        batch.add_gap(Gap(news.room_id, told_of, events[0].order))
    new = _insert(batch, news.room_id, events)
    if news.token and len(new) == len(events):  # one that was known would join them to what is stored
        batch.add_gap(Gap(news.room_id, newest, events[0].order if events else news.start, news.token))
    batch.delta(news.room_id).live |= news.live
    room = batch.room(news.room_id) or Room(news.room_id)
    if news.live and new:
        batch.out.arrivals.setdefault(news.room_id, []).extend(new)
        fresh = [
            event for event in new if event.kind in SPOKEN and event.sender != batch.me and event.order > room.read
        ]
        mentions = sum(1 for event in fresh if mentions_me(event, batch.me))
        room = replace(room, unread=room.unread + len(fresh), mentions=room.mentions + mentions)
    batch.put_room(_with_last(room, new))


def gap_found(batch: Batch, news: GapFound) -> None:
    """The backend says that something is missing."""
    batch.add_gap(news.gap)


# ---------------------------------------------------------------- pages


def history_given(batch: Batch, news: HistoryGiven) -> None:
    """A page: it fills gaps, and may reach the room's start."""
    asked = batch.known.asked.get(news.request, AskHistory(news.request, news.room_id, 0))
    if batch.known.contiguous:
        _page_by_order(batch, news, asked)
    else:
        _page_by_token(batch, news, asked)


def _page_by_order(batch: Batch, news: HistoryGiven, asked: AskHistory) -> None:
    """Orders have no holes: what a page covers follows from them."""
    events = [clean_event(batch, event) for event in news.events]
    oldest, newest = stored_events.bounds(batch.db, news.room_id)
    old_gaps = stored_events.gaps(batch.db, news.room_id)
    new = _insert(batch, news.room_id, events)
    room = batch.room(news.room_id) or Room(news.room_id)
    low, high = _span(asked, events, more=news.more, head=max(room.head, newest))
    gaps = old_gaps
    if newest and low > newest + 1:
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


def _page_by_token(batch: Batch, news: HistoryGiven, asked: AskHistory) -> None:
    """Only tokens say where a page belongs: it shrinks the gap that it was asked for, and closes it by an overlap."""
    room_id, db = news.room_id, batch.db
    old_gaps = stored_events.gaps(db, room_id)
    oldest, newest = stored_events.bounds(db, room_id)
    gap = next((g for g in old_gaps if (g.after if asked.after else g.before) == (asked.after or asked.before)), None)
    events = _in_place(batch, [clean_event(batch, event) for event in news.events])
    new = _insert(batch, room_id, events)
    batch.put_room(_with_last(batch.room(room_id) or Room(room_id), new))
    if gap is None and 0 < asked.before <= oldest:
        gap = Gap(room_id, 0, asked.before)  # what is before all that is stored
    gap = gap or _gap_around(Gap(room_id, oldest, newest), old_gaps, asked, new)
    if gap is None:
        return
    fresh = {event.event_id for event in new}
    known = [event.event_id for event in events if event.event_id not in fresh]
    left = None if not news.more else _rest(gap, asked, new, news.token)
    if left is not None and _joins(batch, gap, known, forward=bool(asked.after)):
        left = None
    batch.set_gaps(room_id, old_gaps, [*(g for g in old_gaps if g != gap), *([left] if left else [])])
    if not news.more and not asked.after and not gap.after:
        stored_events.set_room_start(db, room_id, True)
        batch.delta(room_id)


def _in_place(batch: Batch, events: list[RoomEvent]) -> list[RoomEvent]:
    """A page's events, those that are not known before the known ones that follow them in the page."""
    limit = _MAX_ORDER
    placed = []
    for event in reversed(events):
        known = stored_events.event_by_id(batch.db, event.room_id, event.event_id)
        if known is not None:
            limit = min(limit, known.order)
        elif event.order >= limit:
            event = replace(event, order=limit - 1)  # noqa: PLW2901
        limit = min(limit, event.order if known is None else limit)
        placed.append(event)
    return placed[::-1]


def _gap_around(end: Gap, gaps: list[Gap], asked: AskHistory, new: list[RoomEvent]) -> Gap | None:
    """The gap that a page was not asked for and yet fills: another page was quicker, or it is the room's newest one.

    `end` has the oldest and the newest order that were stored before.
    """
    if not new or asked.after:
        return None
    low = new[0].order
    if not asked.before:
        if low > end.before:
            return replace(end, after=end.before, before=low)
        return Gap(end.room_id, 0, low) if low < end.after else None
    return next((gap for gap in gaps if gap.after < low < gap.before), None)


def _rest(gap: Gap, asked: AskHistory, new: list[RoomEvent], token: str) -> Gap:
    """What of a gap a page leaves."""
    if asked.after:
        return replace(gap, after=new[-1].order if new else gap.after, token_after=token)
    return replace(gap, before=new[0].order if new else gap.before, token=token)


def _joins(batch: Batch, gap: Gap, known: list[str], *, forward: bool) -> bool:
    """Whether a page that was to fill a gap has reached what is stored on its other side."""
    for event_id in known:
        event = stored_events.event_by_id(batch.db, gap.room_id, event_id)
        if event is not None and (event.order >= gap.before if forward else event.order <= gap.after):
            return True
    return False


# ---------------------------------------------------------------- landing somewhere


def around_given(batch: Batch, news: AroundGiven) -> None:
    """Events from the middle of nowhere: they get a place inside the gap that their time belongs to."""
    events = [clean_event(batch, event) for event in news.events]
    target = next((event for event in events if event.event_id == news.event_id), events[0] if events else None)
    if target is None or any(stored_events.event_by_id(batch.db, news.room_id, e.event_id) for e in events):
        return  # what is known already is filled from its own gaps
    gaps = stored_events.gaps(batch.db, news.room_id)
    gap = next((gap for gap in gaps if _ends_after(batch, gap, target.ts)), None)
    if gap is None or gap.before - gap.after <= 2 * len(events) + 2:
        return
    first = max(gap.before - _LANDING, gap.after + (gap.before - gap.after) // 2)
    new = _insert(batch, news.room_id, [replace(event, order=first + index) for index, event in enumerate(events)])
    below = Gap(news.room_id, gap.after, first, news.token, gap.token_after) if news.token else None
    above = Gap(news.room_id, first + len(events) - 1, gap.before, gap.token, news.token_after)
    left = [g for g in gaps if g != gap] + [part for part in (below, above) if part is not None]
    batch.set_gaps(news.room_id, gaps, left)
    if below is None and not gap.after:
        stored_events.set_room_start(batch.db, news.room_id, True)
    batch.put_room(_with_last(batch.room(news.room_id) or Room(news.room_id), new))


def _ends_after(batch: Batch, gap: Gap, ts: int) -> bool:
    """Whether what follows a gap is later than a time: then that time may lie in it."""
    later = stored_events.events_after(batch.db, gap.room_id, gap.before - 1, 1)
    return not later or later[0].ts >= ts


# ---------------------------------------------------------------- parts


def clean_event(batch: Batch, event: RoomEvent) -> RoomEvent:
    """The event with harmless texts, and with our action only where it is really that one's."""
    if event.action_id:
        event = ingest_actions.own_event(batch, event)
    text, name = harmless(event.text), harmless_name(event.sender_name)
    sender, target = harmless_id(event.sender, 255), harmless_id(event.target, 255)
    was = (event.text, event.sender_name, event.sender, event.target)
    if event.file is None and not event.action_made and (text, name, sender, target) == was:
        return event  # nearly all are: a copy costs more than all of this
    return replace(
        event,
        text=text,
        sender_name=name,
        sender=sender,
        target=target,
        action_made=0,
        file=event.file and _clean_file(event.file),
    )


def _clean_file(file: FileInfo) -> FileInfo:
    """The file's description with a harmless name."""
    name = harmless_id(file.name.replace("/", "_"), 200) or "file"
    return replace(file, name=name, mime=harmless_id(file.mime, 100))


def mentions_me(event: RoomEvent, me: str) -> bool:
    """Whether an event is meant for this user: its sender says so, else its text names them, as a word of its own."""
    if event.names_me is not None:
        return event.names_me
    name, pattern = _naming(me)
    return name in event.text.lower() and pattern.search(event.text) is not None


@lru_cache(maxsize=16)
def _naming(me: str) -> tuple[str, re.Pattern[str]]:
    """The name that stands for a user in lower case, and what finds it as a word; what finds nothing for no name.

    An id is somebody else's where another server stands in it.
    """
    name, _, server = me.removeprefix("@").lower().partition(":")
    word, here = re.escape(name), re.escape(server)
    whole = rf"(?!:\w)|@{word}:{here}(?![\w.:-]*\w)" if server else r"\b"
    return name, re.compile(rf"(?<![\w@]){word}(?!\w)|@{word}(?!\w){whole}" if name else r"(?!)", re.IGNORECASE)


def _insert(batch: Batch, room_id: str, events: Iterable[RoomEvent]) -> list[RoomEvent]:
    new = stored_events.insert_events(batch.db, events, ours=not batch.known.contiguous)
    for event in new:
        batch.put_event(event)
        ingest_actions.confirm_by_event(batch, event)
    return new


def _with_last(room: Room, events: Iterable[RoomEvent]) -> Room:
    """The room with its head and newest spoken line brought up to date."""
    head, topic, last, last_ts = room.head, room.topic, None, room.last_ts
    for event in events:
        head = max(head, event.order)
        if event.kind in SPOKEN and event.ts >= last_ts:
            last, last_ts = event, event.ts
        elif event.kind is EventKind.TOPIC and event.order == head:
            topic = one_line(event.text, TOPIC_LIMIT)
    if last is not None:
        said = one_line(last.text, LAST_LIMIT) or (last.file.name if last.file else "")
        room = replace(room, last_ts=last_ts, last_sender=last.sender_name or last.sender, last_text=said)
    return room if (head, topic) == (room.head, room.topic) else replace(room, head=head, topic=topic)


def find_trailing_gap(batch: Batch, told: Room) -> None:
    """Where orders have no holes, a head beyond what is stored tells what is missing at the end."""
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
