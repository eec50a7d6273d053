"""What the server's answers and echoes do to stored actions, by the action table."""

from __future__ import annotations

from dataclasses import replace

from chat_tui_core.actions import Action, Cause, Kind, State, after
from chat_tui_core.model import EventKind, RoomEvent
from chat_tui_core.news import Answered, Echoed, LostAction, Postponed, RefusedAction, SignedIn, Written
from chat_tui_core.safe_text import harmless, one_line
from chat_tui_core.session.ingest_state import Batch
from chat_tui_core.store import actions as stored_actions
from chat_tui_core.store import events as stored_events
from chat_tui_core.store import meta

_ERROR_LIMIT = 300


def signed_in(batch: Batch, news: SignedIn) -> None:
    """Keep who we are and what can be done; ids that the server has seen from this device are never used again."""
    batch.out.me = news.user
    meta.set_meta(batch.db, "me", news.user)
    meta.set_meta(batch.db, "can", " ".join(sorted(news.capabilities)))
    batch.renumbered(stored_actions.raise_id_floor(batch.db, news.last_action_id))


def written(batch: Batch, news: Written) -> None:
    """Its bytes went out: from now on it cannot be taken back."""
    action = batch.action(news.action_id)
    if action is not None:
        now = batch.known.now_ms
        state = after(action.state, Cause.WRITTEN) if action.state is not State.FAILED else action.state
        batch.put_action(replace(action, state=state, attempts=action.attempts + 1, written_at=now))


def answered(batch: Batch, news: Answered) -> None:
    """S1 2a; confirms at once when the event is already here, or when none will come."""
    action = batch.action(news.action_id)
    if action is None:
        return
    doubted = action.doubt
    content = action.content if news.text is None else {**action.content, "text": harmless(news.text)}
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
    if news.final or _seen(batch, action) or _passed(batch, action, doubted=doubted):
        action = _confirmed(batch, action)
    batch.put_action(action)


def _passed(batch: Batch, action: Action, *, doubted: bool) -> bool:
    """Whether the stream is already past the place that the answer names: no echo will come any more.

    So it is when what was sent again after a break had been done before it. What was said is put in its place.
    """
    if action.kind is not Kind.SEND:
        return doubted
    room = batch.room(action.room_id)
    if not action.event_order or room is None or room.head < action.event_order:
        return False
    _place(batch, action)
    return True


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


def echoed(batch: Batch, news: Echoed) -> None:
    """S1 2b/3: an echo outranks everything."""
    action = batch.action(news.action_id)
    if action is not None:
        action = replace(
            action, event_id=news.event_id or action.event_id, event_order=news.order or action.event_order
        )
        batch.put_action(_confirmed(batch, action))


def refused(batch: Batch, news: RefusedAction) -> None:
    """A definite no; the text is kept for the person to decide."""
    action = batch.action(news.action_id)
    if action is not None:
        batch.put_action(
            replace(
                action,
                state=after(action.state, Cause.REFUSED),
                error_code=one_line(news.code, 40),
                error_text=one_line(news.text, _ERROR_LIMIT),
            )
        )


def postponed(batch: Batch, news: Postponed) -> None:
    """Not now: it stays pending and leaves again, with the same id, when the server's time is over."""
    action = batch.action(news.action_id)
    if action is not None and action.state is State.PENDING:
        batch.put_action(
            replace(
                action,
                not_before=batch.known.now_ms + round(news.seconds * 1000),
                error_code=one_line(news.code, 40),
                error_text=one_line(news.text, _ERROR_LIMIT),
            )
        )


def lost(batch: Batch, news: LostAction) -> None:
    """No answer came before the connection broke: in doubt until the same id is answered."""
    action = batch.action(news.action_id)
    if action is not None:
        state = after(action.state, Cause.LOST)
        batch.put_action(replace(action, state=state, doubt=state is State.PENDING))


def own_event(batch: Batch, event: RoomEvent) -> RoomEvent:
    """The event, with our action only where it is that very one: a restored older copy may have used its id again."""
    action = stored_actions.load_action(batch.db, event.action_id) if event.action_made else None
    if action is None or action.created_at == event.action_made:
        return event
    return replace(event, action_id=0)


def confirm_by_event(batch: Batch, event: RoomEvent) -> None:
    """An event of ours came without our id (another session, history): its action is recognised by the event's id."""
    if event.sender != batch.me:
        return
    action = stored_actions.action_by_event(batch.db, event.room_id, event.event_id)
    if action is not None and action.state is State.SENT:
        batch.put_action(_confirmed(batch, batch.action(action.id) or action))


def settle_answered(batch: Batch) -> None:
    """After a whole list of rooms: what was answered earlier is in the stream by now, though its echo was missed."""
    for action in stored_actions.open_actions(batch.db):
        if action.state is not State.SENT:
            continue
        room = batch.room(action.room_id)
        if action.kind is not Kind.SEND:
            batch.put_action(_confirmed(batch, action))
        elif action.event_id and action.event_order and room is not None and room.head >= action.event_order:
            _place(batch, action)
            batch.put_action(_confirmed(batch, action))


def _confirmed(batch: Batch, action: Action) -> Action:
    return replace(
        action,
        state=after(action.state, Cause.ECHOED),
        confirmed_at=action.confirmed_at or batch.known.now_ms,
        error_code="",
        error_text="",
        doubt=False,
    )


def _seen(batch: Batch, action: Action) -> bool:
    if not action.event_id:
        return False
    if action.event_id in batch.delta(action.room_id).events:
        return True
    return stored_events.event_by_id(batch.db, action.room_id, action.event_id) is not None
