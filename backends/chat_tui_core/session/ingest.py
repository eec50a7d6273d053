"""Apply a batch of news, or one of the person's own commands, to the store in one transaction.

Runs in the store's writer thread: it reads the session's immutable values and returns new ones; the session puts
them in place afterwards. Everything that comes from a server is made harmless here (E7), and news that do not fit
are set aside and counted: one bad event never stops the stream (B5).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from chat_tui_core.actions import Action, Kind, State
from chat_tui_core.errors import ChatError
from chat_tui_core.file_news import (
    FileDone,
    FileEnded,
    FileMoved,
    FileOffered,
    FileRefused,
    FileTaken,
    FileTold,
    OffersListed,
    RecipientMoved,
)
from chat_tui_core.news import (
    Answered,
    AroundGiven,
    Arrived,
    Echoed,
    Edited,
    GapFound,
    HistoryGiven,
    LostAction,
    MemberChanged,
    MembersListed,
    News,
    Position,
    Postponed,
    Problem,
    Reacted,
    ReadMoved,
    Redacted,
    RefusedAction,
    RoomChanged,
    RoomGone,
    RoomsListed,
    SignedIn,
    StateSet,
    Written,
)
from chat_tui_core.safe_text import one_line
from chat_tui_core.session import (
    ingest_actions,
    ingest_files,
    ingest_history,
    ingest_outbox,
    ingest_rooms,
    ingest_threads,
)
from chat_tui_core.session.commands import Cancel, Command, Leave, LetPass, Make, MarkRead, Resend, Retry
from chat_tui_core.session.ingest_runs import joined
from chat_tui_core.session.ingest_state import Batch, Known, Outcome
from chat_tui_core.store import actions as stored_actions
from chat_tui_core.store import events as stored_events
from chat_tui_core.store import meta, state
from chat_tui_core.store import rooms as stored_rooms
from chat_tui_core.threads import ThreadGiven, ThreadTold

_PROBLEM_LIMIT = 300


def _position(batch: Batch, news: Position) -> None:
    meta.set_position(batch.db, news.data)
    batch.out.position = news.data
    ingest_actions.stream_moved(batch)


def _problem(batch: Batch, news: Problem) -> None:
    text = one_line(news.text, _PROBLEM_LIMIT)
    meta.add_problem(batch.db, text, news.room_id, batch.known.now_ms)


def _state_set(batch: Batch, news: StateSet) -> None:
    state.set_state(batch.db, news)


#: Which news touch the store, and how. The rest concern only the session.
STORED: Final[Mapping[type, Callable[[Batch, Any], None]]] = {
    SignedIn: ingest_actions.signed_in,
    RoomsListed: ingest_rooms.rooms_listed,
    RoomChanged: ingest_rooms.room_changed,
    RoomGone: ingest_rooms.room_gone,
    Arrived: ingest_history.arrived,
    GapFound: ingest_history.gap_found,
    HistoryGiven: ingest_history.history_given,
    AroundGiven: ingest_history.around_given,
    StateSet: _state_set,
    Edited: ingest_rooms.edited,
    Redacted: ingest_rooms.redacted,
    Reacted: ingest_rooms.reacted,
    MembersListed: ingest_rooms.members_listed,
    MemberChanged: ingest_rooms.member_changed,
    ReadMoved: ingest_rooms.read_moved,
    Written: ingest_actions.written,
    Answered: ingest_actions.answered,
    Echoed: ingest_actions.echoed,
    RefusedAction: ingest_actions.refused,
    Postponed: ingest_actions.postponed,
    LostAction: ingest_actions.lost,
    Position: _position,
    Problem: _problem,
    FileOffered: ingest_files.offered,
    OffersListed: ingest_files.listed,
    FileTaken: ingest_files.taken,
    FileMoved: ingest_files.moved,
    FileDone: ingest_files.done,
    FileEnded: ingest_files.ended,
    RecipientMoved: ingest_files.recipient_moved,
    FileTold: ingest_files.told,
    FileRefused: ingest_files.refused,
    ThreadGiven: ingest_threads.given,
    ThreadTold: ingest_threads.told,
}


def needs_sync(news: Sequence[News]) -> bool:
    """Whether a batch may give out action ids, which must outlive a power cut."""
    return any(isinstance(item, SignedIn) for item in news)


def ingest(db: sqlite3.Connection, known: Known, news: Sequence[News]) -> Outcome:
    """Apply a batch; the position in it is stored with what it brought.

    A unit of work for the store, durable where `needs_sync` says so. Raises nothing but what the file does.
    """
    batch = Batch(db, known)
    for item, parts in joined(news, known.me):
        wrong = _apply(batch, item)
        if wrong is not None and parts:  # it is one of them: the others are as they are without it
            for part in parts:
                _set_aside(batch, part, _apply(batch, part))
        else:
            _set_aside(batch, item, wrong)
    ingest_files.tidy(batch)
    return batch.out


def _apply(batch: Batch, item: News) -> Exception | None:
    """Apply one thing; what is wrong with it."""
    handler = STORED.get(type(item))
    if handler is not None:
        try:
            handler(batch, item)
        except (ChatError, ValueError, TypeError, LookupError, OverflowError) as error:
            return error
    return None


def _set_aside(batch: Batch, item: News, wrong: Exception | None) -> None:
    """Count what could not be applied."""
    if wrong is not None:
        _problem(batch, Problem(f"{type(item).__name__} was set aside: {wrong}"))


# ---------------------------------------------------------------- the person's own commands


def run_command(db: sqlite3.Connection, known: Known, command: Command) -> Outcome:
    """Apply one command, as a durable unit of work. Raises LocalError (IllegalTransition) and changes nothing then.

    The first action in the outcome is the one that the command is about.
    """
    batch = Batch(db, known)
    _COMMANDS[type(command)](batch, command)
    return batch.out


def _mark_read(batch: Batch, command: MarkRead) -> None:
    room = batch.room(command.room_id)
    if room is None or command.order <= room.read:
        return
    stored_rooms.set_read(batch.db, command.room_id, batch.me, command.order)
    ingest_rooms.move_own_read(batch, command.room_id, command.order)
    if not command.tell:
        return
    content = _read_up_to(batch, command)
    for action in stored_actions.open_actions(batch.db):
        waiting = action.state is State.PENDING and not action.written_at and not action.doubt
        if action.kind is Kind.READ and action.room_id == command.room_id and waiting:
            batch.put_action(replace(action, content=content))
            return
    due = batch.known.now_ms + command.delay_ms
    draft = Action(0, Kind.READ, command.room_id, content, not_before=due)
    action = stored_actions.new_action(batch.db, draft, batch.known.now_ms)
    batch.out.actions[action.id] = action


def _read_up_to(batch: Batch, command: MarkRead) -> dict[str, object]:
    """The content of a READ: the order, and the event that is there or next before it, for servers that go by ids."""
    last = stored_events.events_before(batch.db, command.room_id, command.order + 1, 1)
    named = {"event_id": last[0].event_id} if last and last[0].event_id else {}
    return {"order": command.order, **named}


_COMMANDS: Final[Mapping[type, Callable[[Batch, Any], None]]] = {
    MarkRead: _mark_read,
    Make: lambda batch, command: ingest_outbox.make(
        batch, command.draft, command.about, online=command.online, earlier=command.earlier
    ),
    Leave: lambda batch, command: ingest_outbox.leave(batch, command.action_ids),
    Resend: lambda batch, command: ingest_outbox.change_text(
        batch, command.action_id, command.text, earlier=command.earlier
    ),
    Cancel: lambda batch, command: ingest_outbox.cancel(batch, command.action_id),
    Retry: lambda batch, command: ingest_outbox.retry(batch, command.action_id),
    LetPass: lambda batch, command: ingest_outbox.let_pass(batch, command.action_id),
}
