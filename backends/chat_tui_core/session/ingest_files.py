"""What a server's news do to stored transfers, by the transfer table."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from chat_tui_core.file_names import safe_name
from chat_tui_core.file_news import (
    Ending,
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
from chat_tui_core.safe_text import harmless_id, harmless_name, one_line
from chat_tui_core.session.ingest_state import Batch
from chat_tui_core.store import transfers as stored
from chat_tui_core.transfers import ENDED, Cause, Direction, Recipient, State, Transfer, after

MOST_OFFERS: Final = 1_000
"""Offers that wait for the person; older ones leave the list, and can still be fetched by their message."""

_REASON_LIMIT: Final = 200
_ID_LIMIT: Final = 255
_MEMO_LIMIT: Final = 4_000


def offered(batch: Batch, news: FileOffered) -> None:
    """Somebody else offers a file: it waits for the person, once for each offer."""
    file = news.file
    if news.sender == batch.me or stored.transfer_of_event(batch.db, news.room_id, news.event_id) is not None:
        return
    draft = Transfer(
        0,
        Direction.IN,
        news.room_id,
        safe_name(file.name),
        file.size,
        digest=file.digest[:64],
        mime=harmless_id(file.mime, 100),
        sender=harmless_id(news.sender, _ID_LIMIT),
        event_id=news.event_id,
        ref=file.ref,
    )
    _told(batch, stored.new_transfer(batch.db, draft, batch.known.now_ms))


def tidy(batch: Batch) -> None:
    """After a batch with new offers: what is too old, and what is too much, leaves the list."""
    if any(one.state is State.NEW and one.direction is Direction.IN for one in batch.out.transfers.values()):
        stored.prune(batch.db, batch.known.now_ms)
        for old in stored.drop_offers(batch.db, MOST_OFFERS):
            _told(batch, replace(old, state=State.CANCELLED, reason="Too many offers came after it."))


def listed(batch: Batch, news: OffersListed) -> None:
    """What was offered and is not any more ended while nobody listened; what was accepted hears it from the server."""
    for found in stored.offers(batch.db):
        if found.ref and found.ref not in news.refs:
            _end(batch, found, Cause.CANCELLED, "It is no longer offered.")


def taken(batch: Batch, news: FileTaken) -> None:
    """An order was taken; of a transfer that has ended meanwhile only its names count, so that it can be told."""
    found = _load(batch, news.transfer)
    if found is None:
        return
    changed = replace(
        found,
        state=after(found.state, Cause.ACCEPTED),
        ref=news.ref or found.ref,
        ticket=news.ticket[:_ID_LIMIT] or found.ticket,
        memo=news.memo[:_MEMO_LIMIT] or found.memo,
        event_id=news.event_id or found.event_id,
    )
    if changed.is_open and changed.direction is Direction.OUT:
        changed = replace(changed, done=news.done)
    if changed.is_open and changed.direction is Direction.IN and news.size >= 0:
        if changed.size not in {-1, news.size}:
            _end(batch, changed, Cause.FAILED, "The server has a file of another size.", Ending.SIZE.value)
            return
        changed = replace(changed, size=news.size)
    _put(batch, changed)


def moved(batch: Batch, news: FileMoved) -> None:
    """More of a file that is sent is durable at the server."""
    found = _load(batch, news.transfer)
    if found is not None and found.is_open and found.direction is Direction.OUT:
        _put(batch, replace(found, state=after(found.state, Cause.MOVED), done=news.done))


def done(batch: Batch, news: FileDone) -> None:
    """A file that is sent has arrived; one that is received has a size from now on."""
    one = _load(batch, news.transfer) if news.transfer else None
    of_file = stored.transfers_of_file(batch.db, news.ref) if news.ref and one is None else []
    for found in of_file if one is None else [one]:
        if found.direction is Direction.OUT and found.is_open:
            _end(batch, replace(found, done=max(0, found.size)), Cause.FINISHED, "")
        elif found.direction is Direction.IN and found.is_open and found.size < 0 <= news.size:
            _put(batch, replace(found, size=news.size))


def ended(batch: Batch, news: FileEnded) -> None:
    """The other side, or the server, has ended a file, or one way of it."""
    cause = Cause.FAILED if news.state is State.FAILED else Cause.CANCELLED
    by = harmless_name(news.by)
    reason = one_line(news.reason, _REASON_LIMIT) or (f"cancelled by {by}" if by else "")
    if not news.ticket:
        for found in stored.transfers_of_file(batch.db, news.ref) if news.ref else ():
            _end_if_open(batch, found, cause, reason)
            _end_recipients(batch, found, after(State.ACCEPTED, cause), reason)
        return
    mine = [one for one in stored.transfers_of_file(batch.db, news.ref) if one.ticket == news.ticket]
    for found in mine:
        _end_if_open(batch, found, cause, reason)
    if not mine and (file := stored.transfer_of_recipient(batch.db, news.ticket)) is not None:
        recipient = _recipient(file, news.ticket)
        if recipient is not None and recipient.state not in ENDED:
            state = after(recipient.state, cause)
            _put_recipient(batch, file, replace(recipient, state=state, reason=reason))


def recipient_moved(batch: Batch, news: RecipientMoved) -> None:
    """Somebody has more of a file of ours; nothing takes back that they have all of it, or do not want it."""
    for file in stored.transfers_of_file(batch.db, news.ref):
        if file.direction is not Direction.OUT:
            continue
        known = _recipient(file, news.ticket)
        if known is None:
            if len(file.recipients) >= stored.MOST_RECIPIENTS:
                return
            known = Recipient(news.ticket[:_ID_LIMIT], harmless_id(news.user, _ID_LIMIT))
        if known.state in ENDED:
            return
        arrived = max(known.done, min(news.done, file.size))
        state = State.CONNECTED if news.state is State.ACCEPTED and known.state is State.CONNECTED else news.state
        arrived = file.size if state is State.COMPLETE else arrived
        _put_recipient(batch, file, replace(known, state=state, done=arrived))


def told(batch: Batch, news: FileTold) -> None:
    """The server knows how it ended."""
    found = _load(batch, news.transfer)
    if found is not None and found.tell:
        _put(batch, replace(found, tell=""))


def refused(batch: Batch, news: FileRefused) -> None:
    """A definite no."""
    found = _load(batch, news.transfer)
    if found is None:
        return
    if found.is_open:
        text = one_line(news.text, _REASON_LIMIT) or one_line(news.code, _REASON_LIMIT)
        _end(batch, found, Cause.CANCELLED if news.gone else Cause.FAILED, text)
    elif found.tell:
        _put(batch, replace(found, tell=""))


# ---------------------------------------------------------------- parts


def _load(batch: Batch, transfer_id: int) -> Transfer | None:
    return stored.load_transfer(batch.db, transfer_id)


def _put(batch: Batch, transfer: Transfer) -> None:
    stored.save_transfer(batch.db, transfer)
    _told(batch, transfer)


def _told(batch: Batch, transfer: Transfer) -> None:
    batch.out.transfers[transfer.id] = transfer


def _end_if_open(batch: Batch, found: Transfer, cause: Cause, reason: str) -> None:
    if found.is_open:
        _end(batch, found, cause, reason)
    elif found.tell:
        _put(batch, replace(found, tell=""))


def _end(batch: Batch, transfer: Transfer, cause: Cause, reason: str, tell: str = "") -> None:
    state = after(transfer.state, cause)
    _put(batch, replace(transfer, state=state, reason=reason, tell=tell, ended_at=batch.known.now_ms))


def _recipient(file: Transfer, ticket: str) -> Recipient | None:
    return next((one for one in file.recipients if one.ticket == ticket), None)


def _put_recipient(batch: Batch, file: Transfer, recipient: Recipient) -> None:
    stored.put_recipient(batch.db, file.id, recipient)
    now = stored.load_transfer(batch.db, file.id)
    if now is not None:
        _told(batch, now)


def _end_recipients(batch: Batch, file: Transfer, state: State, reason: str) -> None:
    for recipient in file.recipients:
        if recipient.state not in ENDED:
            _put_recipient(batch, file, replace(recipient, state=state, reason=reason))
