"""What the server's answers and echoes do to stored actions, by the action table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import ceil
from typing import Any, Final

from chat_tui_core.actions import NOTES, Action, Cause, Kind, State, after
from chat_tui_core.model import EventKind, Gap, Membership, RoomEvent
from chat_tui_core.news import Answered, Echoed, LostAction, Postponed, RefusedAction, SignedIn, Written
from chat_tui_core.outbox import LONGEST_HOLD, is_there, resolved
from chat_tui_core.safe_text import harmless, one_line
from chat_tui_core.session.ingest_state import Batch
from chat_tui_core.store import actions as stored_actions
from chat_tui_core.store import events as stored_events
from chat_tui_core.store import meta

_ERROR_LIMIT: Final = 300
_CODE_LIMIT: Final = 40
_NO_REASON: Final = "The server gave no reason."
_STREAM_AT: Final = "stream_at"


def signed_in(batch: Batch, news: SignedIn) -> None:
    """Keep who we are and what can be done; ids that the server has seen from this device are never used again."""
    batch.out.me = news.user
    meta.set_meta(batch.db, "me", news.user)
    meta.set_meta(batch.db, "can", " ".join(sorted(news.capabilities)))
    pairs = stored_actions.raise_id_floor(batch.db, news.last_action_id)
    batch.renumbered(pairs)
    for _, new in pairs:
        follow(batch, new)


def follow(batch: Batch, action_id: int) -> None:
    """Tell of the actions that depend on one which got a new id; they are stored already."""
    for dependent in stored_actions.dependents(batch.db, action_id):
        batch.out.actions[dependent.id] = dependent


# ---------------------------------------------------------------- on its way


def written(batch: Batch, news: Written) -> None:
    """Its bytes went out."""
    action = batch.action(news.action_id)
    if action is not None:
        state, now = after(action.state, Cause.WRITTEN), batch.known.now_ms
        batch.put_action(replace(action, state=state, attempts=action.attempts + 1, written_at=now))


def answered(batch: Batch, news: Answered) -> None:
    """S1 2a; confirms at once when the event is already here, or when none will come."""
    action = batch.action(news.action_id)
    if action is None:
        return
    doubted = action.doubt
    content = action.content if news.text is None else {**action.content, "text": harmless(news.text)}
    if news.room_id and news.room_id != action.room_id:
        content = {**content, "room": news.room_id}
    action = replace(
        action,
        state=after(action.state, Cause.ANSWERED),
        content=content,
        answered_at=action.answered_at or batch.known.now_ms,
        event_id=news.event_id or action.event_id,
        event_order=news.order or action.event_order,
        doubt=False,
        error_code="",
        error_text="",
    )
    done = _seen(batch, action) or _passed(batch, action, late=doubted)
    if done or news.final:
        action = _confirmed(batch, action)
    _put(batch, action)


def refused(batch: Batch, news: RefusedAction) -> None:
    """A definite no; the text is kept for the person to decide."""
    action = batch.action(news.action_id)
    if action is not None:
        batch.put_action(
            replace(
                action,
                state=after(action.state, Cause.REFUSED),
                error_code=one_line(news.code, _CODE_LIMIT),
                error_text=one_line(news.text, _ERROR_LIMIT) or _NO_REASON,
            )
        )


def try_again(batch: Batch, action: Action, content: Mapping[str, Any]) -> None:
    """Try what was refused under a new id, in its place; what depends on it follows."""
    content = {**content, "typed": action.moment}
    again = stored_actions.rekey_action(batch.db, action, batch.known.now_ms, content)
    batch.renumbered([(action.id, again.id)])
    follow(batch, again.id)


def postponed(batch: Batch, news: Postponed) -> None:
    """Not now: nothing came of this try, and it leaves again with the same id when the server's time is over."""
    action = batch.action(news.action_id)
    if action is not None and action.state is State.PENDING:
        batch.put_action(
            replace(
                action,
                written_at=action.written_at if action.doubt else 0,
                not_before=batch.known.now_ms + _hold(news.seconds),
                error_code=one_line(news.code, _CODE_LIMIT),
                error_text=one_line(news.text, _ERROR_LIMIT),
            )
        )


def lost(batch: Batch, news: LostAction) -> None:
    """No answer came: in doubt until the same id is answered, or seen. Until it is tried again it may well be seen."""
    action = batch.action(news.action_id)
    if action is not None:
        state, now = after(action.state, Cause.LOST), batch.known.now_ms
        due = now + _hold(news.seconds) if news.seconds else min(action.not_before, now)
        doubt, at = state is State.PENDING, action.written_at or now
        batch.put_action(replace(action, state=state, doubt=doubt, written_at=at, not_before=due))


# ---------------------------------------------------------------- seen in the stream


def echoed(batch: Batch, news: Echoed) -> None:
    """S1 2b/3: an echo outranks everything, as long as it is this very action's."""
    action = batch.action(news.action_id)
    if action is not None and _is_same(action, news.made):
        _confirm(batch, action, news.event_id, news.order)


def own_event(batch: Batch, event: RoomEvent) -> RoomEvent:
    """The event, with our action id only where it is that very action's.

    Another copy of the file may have used the id for something else: `action_made` tells. And nobody but us can have
    done what we did.
    """
    if not event.action_id:
        return event
    action = batch.action(event.action_id)
    known = _is_same(action, event.action_made) if action is not None else not event.action_made
    return event if known and event.sender == batch.me else replace(event, action_id=0, action_made=0)


def confirm_by_event(batch: Batch, event: RoomEvent) -> None:
    """An event of ours is stored: it confirms its action.

    That is the one that it names, the one that was answered with its event id, or else the one that wanted just this.
    """
    if event.sender != batch.me:
        return
    if event.action_id:
        action = batch.action(event.action_id)
    else:
        action = stored_actions.action_by_event(batch.db, event.room_id, event.event_id)
        action = action if action is not None and action.state is State.SENT else _wanted(batch, event)
    if action is not None and action.state is not State.CONFIRMED:
        _confirm(batch, action, event.event_id, event.order)


#: Kinds of events that some servers do not tell our ids of, with the kind of action and what of it such an event shows.
_SHOWN: Final[Mapping[EventKind, tuple[Kind, str, str]]] = {
    EventKind.INVITE: (Kind.INVITE, "user", "target"),
    EventKind.KICK: (Kind.KICK, "user", "target"),
    EventKind.BAN: (Kind.BAN, "user", "target"),
    EventKind.UNBAN: (Kind.UNBAN, "user", "target"),
    EventKind.TOPIC: (Kind.TOPIC, "topic", "text"),
    EventKind.NAME: (Kind.NAME, "name", "text"),
}


def _wanted(batch: Batch, event: RoomEvent) -> Action | None:
    """The oldest open action that left and wanted what an event without an id shows, by us and in its room."""
    kind, key, shown = _SHOWN.get(event.kind, (None, "", ""))
    if kind is None:
        return None
    for action in stored_actions.open_actions(batch.db):
        same = (action.kind, action.room_id, action.content.get(key)) == (kind, event.room_id, getattr(event, shown))
        if same and not action.never_left:
            return action
    return None


def settle_answered(batch: Batch) -> None:
    """After a whole list of rooms: what was answered earlier is in the stream by now, though its echo was missed."""
    for action in stored_actions.answered_actions(batch.db):
        if _passed(batch, action, late=True):
            _put(batch, _confirmed(batch, action))


def stream_moved(batch: Batch) -> None:
    """The stream has come further (its position is stored in this batch): what it has passed needs no echo any more.

    An answer that names its place is passed when the room's head is. One that names none is passed with the second
    position after it: the first may end a step that the server had begun before it answered, the second cannot.
    """
    waiting = stored_actions.answered_actions(batch.db)
    if not waiting:
        return
    last, now = int(meta.get_meta(batch.db, _STREAM_AT) or 0), batch.known.now_ms
    for action in waiting:
        late = action.answered_at < last
        if action.answered_at > now:  # the clock was set back since: count from here
            batch.put_action(replace(action, answered_at=now))
        placed = action.kind is Kind.SEND and action.event_order
        if _passed(batch, action, late=late) or (late and not placed):
            _put(batch, _confirmed(batch, action))
    meta.set_meta(batch.db, _STREAM_AT, str(now))


# ---------------------------------------------------------------- parts


def _hold(seconds: float) -> int:
    """Milliseconds that an action waits at the server's word, never less than it said."""
    return min(max(0, ceil(seconds * 1000)), LONGEST_HOLD)


def _is_same(action: Action, made: int) -> bool:
    """Whether what a server tells back is this action's, and not that of another copy of the file which is lost.

    Where it does not tell when the action was made, nothing is believed of one that never left from here: once it has
    left, the server knows its id again, and tells by its bytes whether it is the same.
    """
    return made == action.created_at if made else not action.never_left


def _confirm(batch: Batch, action: Action, event_id: str, order: int) -> None:
    action = replace(action, event_id=event_id or action.event_id, event_order=order or action.event_order)
    _put(batch, _confirmed(batch, action))


def _confirmed(batch: Batch, action: Action) -> Action:
    return replace(
        action,
        state=after(action.state, Cause.ECHOED),
        confirmed_at=action.confirmed_at or batch.known.now_ms,
        error_code="",
        error_text="",
        doubt=False,
    )


def _put(batch: Batch, action: Action) -> None:
    """Store an action that the server has; what depends on it is about its event from now on."""
    batch.put_action(action)
    if is_there(action):
        for dependent in stored_actions.dependents(batch.db, action.id):
            batch.put_action(resolved(dependent, action))


def _passed(batch: Batch, action: Action, *, late: bool) -> bool:
    """Whether no echo will come any more; what was said is then put in its place.

    Only what was said has a place of its own, and where the answer names it, the stream is past it when the room's head
    is: so it is when what was sent again after a break had been done before it. A room that we are no longer in tells
    nothing more, and told what we said before it told that we left. All else is passed when it is `late`.
    """
    if action.kind is not Kind.SEND:
        return late
    if not action.event_id or not action.event_order:
        return False
    room = batch.room(action.room_id)
    if room is None or room.head < action.event_order:
        if room is not None and room.membership is Membership.JOINED:
            return False
        _leave_gap(batch, action)
    _place(batch, action)
    return True


def _leave_gap(batch: Batch, action: Action) -> None:
    """What was said in a room before ours, and was not brought, is missing there."""
    newest = stored_events.bounds(batch.db, action.room_id)[1]
    known = newest or not batch.known.contiguous
    if known and newest < action.event_order and not stored_events.gaps(batch.db, action.room_id):
        batch.add_gap(Gap(action.room_id, newest, action.event_order))


def _place(batch: Batch, action: Action) -> None:
    """Store the event of a message whose place is known from its answer alone."""
    event = RoomEvent(
        action.room_id,
        action.event_id,
        action.event_order,
        EventKind.MESSAGE,
        batch.me,
        action.answered_at,
        text=action.text,
        reply_to=str(action.content.get("reply_to", "")),
        action_id=action.id,
    )
    for new in stored_events.insert_events(batch.db, [event]):
        batch.put_event(new)


def _seen(batch: Batch, action: Action) -> bool:
    """Whether the event that an action made is here; what is done to a message makes none."""
    if not action.event_id or action.kind in NOTES:
        return False
    if action.event_id in batch.delta(action.room_id).events:
        return True
    return stored_events.event_by_id(batch.db, action.room_id, action.event_id) is not None
