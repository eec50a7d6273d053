"""What the person and the disk do to stored transfers, as units of work for the store."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from chat_tui_core.errors import LocalError
from chat_tui_core.file_names import safe_name
from chat_tui_core.model import RoomEvent
from chat_tui_core.store import transfers as stored
from chat_tui_core.store.event_rows import event_by_id
from chat_tui_core.transfers import ENDED, Cause, Direction, State, Transfer, after


def needed(db: sqlite3.Connection, transfer_id: int) -> Transfer:
    """The transfer; raises LocalError when there is none."""
    found = stored.load_transfer(db, transfer_id)
    if found is None:
        raise LocalError(f"There is no file {transfer_id}: see `chat-tui files`.")
    return found


def made(db: sqlite3.Connection, draft: Transfer, now_ms: int) -> Transfer:
    """The person sends a file: a new transfer. What ended long ago is forgotten."""
    stored.prune(db, now_ms)
    return stored.new_transfer(db, draft, now_ms)


def prepared(db: sqlite3.Connection, transfer_id: int, size: int, stamp: str, digest: str) -> Transfer:
    """A source was read: it is this, and no other."""
    return _saved(db, replace(needed(db, transfer_id), size=size, stamp=stamp, digest=digest))


def asking(db: sqlite3.Connection, transfer_id: int) -> Transfer:
    """The offer may leave from now on."""
    return _saved(db, replace(needed(db, transfer_id), asked=True))


def accepted(db: sqlite3.Connection, transfer_id: int, path: str, stamp: str) -> Transfer:
    """The person wants the file, and a place is taken for it. Raises LocalError when that was so already."""
    found = needed(db, transfer_id)
    check_wanted(found)
    return _saved(db, replace(found, state=after(found.state, Cause.ACCEPTED), path=path, stamp=stamp))


def check_wanted(found: Transfer) -> None:
    """Raise LocalError for what is no offer that still waits for the person."""
    if found.direction is not Direction.IN:
        raise LocalError(f"File {found.id} is one that you send.")
    if found.state is State.COMPLETE:
        raise LocalError(f"File {found.id} is here already: {found.path}")
    if found.state is not State.NEW:
        raise LocalError(f"File {found.id} is {found.state} already.")


def placed(db: sqlite3.Connection, transfer_id: int, stamp: str) -> Transfer:
    """The part begins anew: nothing of it is durable."""
    return _saved(db, replace(needed(db, transfer_id), stamp=stamp, done=0))


def ended(  # noqa: PLR0917
    db: sqlite3.Connection, transfer_id: int, cause: Cause, tell: str, reason: str, path: str, now_ms: int
) -> Transfer:
    """It is over, as this side sees it; `tell` is what the server is to hear. Raises IllegalTransition."""
    found = needed(db, transfer_id)
    state = after(found.state, cause)
    if found.state in ENDED:
        return found
    done = found.size if state is State.COMPLETE and found.size >= 0 else found.done
    known = found.ticket or (found.direction is Direction.OUT and (found.ref or found.asked))
    changed = replace(
        found,
        state=state,
        tell=tell if known else "",
        reason=reason,
        path=path or found.path,
        done=done,
        ended_at=now_ms,
    )
    return _saved(db, changed)


def left_at(db: sqlite3.Connection, transfer_id: int, path: str) -> Transfer:
    """A file that did not become complete has left this part, or nothing; its name is free again."""
    return _saved(db, replace(needed(db, transfer_id), path=path, stamp=""))


def of_event(db: sqlite3.Connection, room_id: str, event_id: str, now_ms: int) -> Transfer:
    """The transfer that brings an event's file here: the one that there is, unless it came to nothing, else a new one."""
    found = stored.transfer_of_event(db, room_id, event_id)
    if found is not None and found.state not in {State.CANCELLED, State.FAILED}:
        return found
    event = event_by_id(db, room_id, event_id)
    if event is None or event.file is None:
        raise LocalError("There is no file in that message.")
    return stored.new_transfer(db, incoming(event), now_ms)


def again(db: sqlite3.Connection, transfer_id: int, now_ms: int) -> Transfer:
    """A new transfer of a file that did not come: nothing takes back how the old one ended."""
    old = needed(db, transfer_id)
    if old.direction is not Direction.IN or old.state not in {State.CANCELLED, State.FAILED}:
        return old
    kept = Transfer(0, Direction.IN, old.room_id, old.name, old.size, digest=old.digest, mime=old.mime)
    return stored.new_transfer(db, replace(kept, sender=old.sender, event_id=old.event_id, ref=old.ref), now_ms)


def incoming(event: RoomEvent) -> Transfer:
    """A new transfer of the file that an event brings."""
    file = event.file
    if file is None:
        raise LocalError("There is no file in that message.")
    return Transfer(
        0,
        Direction.IN,
        event.room_id,
        safe_name(file.name),
        file.size or -1,
        digest=file.digest,
        mime=file.mime,
        sender=event.sender,
        event_id=event.event_id,
        ref=file.ref,
    )


def _saved(db: sqlite3.Connection, transfer: Transfer) -> Transfer:
    stored.save_transfer(db, transfer)
    return transfer
