"""Wait for a session to come to a point, without missing a change on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from chat_tui.strings import _
from chat_tui_core.actions import SETTLED, Action, State
from chat_tui_core.contract import Link
from chat_tui_core.errors import LocalError, TransportError
from chat_tui_core.session import Session
from chat_tui_core.session_changes import ActionMoved, LinkMoved, SessionChange
from chat_tui_core.store import actions as stored_actions

T = TypeVar("T")
CONNECTING: float = 6.0  # seconds that a question waits for the first connection before it answers from the store


@contextmanager
def watched(session: Session, callback: Callable[[SessionChange], None]) -> Iterator[None]:
    """Call back with every change while the block runs."""
    unwatch = session.watch(callback)
    try:
        yield
    finally:
        unwatch()


async def until(
    session: Session, look: Callable[[], T | None], kinds: tuple[type, ...], timeout: float | None
) -> T | None:
    """What `look` gives as soon as it is not None; it is asked again after every change of these kinds.

    None when `timeout` seconds pass first; a timeout of None waits for ever.
    """
    changed = asyncio.Event()

    def note(change: SessionChange) -> None:
        if isinstance(change, kinds):
            changed.set()

    with watched(session, note):
        try:
            async with asyncio.timeout(timeout):
                while (found := look()) is None:
                    await changed.wait()
                    changed.clear()
                return found
        except TimeoutError:
            return look()


async def online(session: Session, timeout: float = CONNECTING) -> bool:
    """Connect and wait: True once online, False when the first try failed or takes too long.

    Raises TransportError with the server's reason when it ended the connection for good.
    """
    session.connect()

    def look() -> Link | None:
        link = session.link.link
        return link if link in {Link.ONLINE, Link.WAITING, Link.STOPPED} else None

    reached = await until(session, look, (LinkMoved,), timeout)
    if reached is Link.STOPPED:
        raise TransportError(why_offline(session))
    return reached is Link.ONLINE


def why_offline(session: Session) -> str:
    """One sentence on why there is no connection."""
    if session.link.link is Link.STOPPED:
        said = _("The server {url} has ended the connection for good: {reason}.")
    else:
        said = _("The server {url} cannot be reached: {reason}.")
    reason = _(session.link.reason).rstrip(".") or _("it does not answer")
    return said.format(url=session.account.url, reason=reason)


async def settled(session: Session, action_id: int, wanted: State, timeout: float) -> Action:
    """The action once it is `wanted` or further, refused or cancelled, or as it is when time is up.

    Returns early when it cannot leave: the connection was ended for good, or a refused action is before it.
    Raises LocalError when there is no such action.
    """
    known = session.open_actions.get(action_id) or session.store.read(stored_actions.load_action, action_id)
    if known is None:
        raise LocalError(_("There is no action {id}: see `chat-tui outbox`.").format(id=action_id))
    now = [known]
    enough = SETTLED | {wanted}

    def follow(change: SessionChange) -> None:
        if isinstance(change, ActionMoved) and now[0].id in {change.action.id, change.old_id}:
            now[0] = change.action

    def look() -> Action | None:
        action = now[0]
        held = session.blocked.get(action.room_id)
        stuck = session.link.link is Link.STOPPED or (held is not None and held.id != action.id)
        return action if action.state in enough or (stuck and action.state is State.PENDING) else None

    with watched(session, follow):
        await until(session, look, (ActionMoved, LinkMoved), timeout)
    return now[0]
