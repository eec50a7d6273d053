"""What the person's decisions do to stored actions: made, changed, taken back, tried again, let out.

Every function here changes all or nothing: it raises LocalError (IllegalTransition) before it stores anything. The
first action in the outcome is the one that a decision was about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from chat_tui_core.actions import NOTES, Action, Cause, Kind, State, after
from chat_tui_core.errors import IllegalTransition, LocalError
from chat_tui_core.outbox import is_there, resolved
from chat_tui_core.session import ingest_actions
from chat_tui_core.session.ingest_state import Batch
from chat_tui_core.store import actions as stored_actions

ORPHANED: Final = "ORPHANED"
_NOTE_ORPHANED: Final = "The message that it was about was discarded."
_REPLY_ORPHANED: Final = "The message that it answers was discarded. Try again to say it as a message of its own."

#: Kinds whose text can be changed before the server has them.
_CHANGEABLE: Final = frozenset({Kind.SEND, Kind.EDIT})
_ABOUT_A_REPLY: Final = frozenset({"reply_to", "target_order"})


# ---------------------------------------------------------------- making


def make(batch: Batch, draft: Action, about: int, *, online: bool, earlier: int) -> None:
    """Store what the person did; `about` is another action of theirs that it is about, 0 = none.

    A change of a message that has not left changes the message itself: there is nothing yet that could be edited.
    While online, what nothing holds back is marked to leave in the same transaction.
    """
    if about:
        cause = needed(batch, about)
        if draft.kind is Kind.EDIT and _edit_in_place(batch, cause, str(draft.content["text"]), earlier):
            return
        draft = _about(draft, cause)
    action = stored_actions.new_action(batch.db, draft, batch.known.now_ms)
    batch.out.actions[action.id] = action
    waits = action.depends_on or action.not_before > batch.known.now_ms
    if online and not waits and stored_actions.is_alone(batch.db, action):
        leave(batch, [action.id])


def leave(batch: Batch, action_ids: Iterable[int]) -> None:
    """Actions may leave from now on: after a crash their bytes may be out there."""
    now = batch.known.now_ms
    for action_id in action_ids:
        action = batch.action(action_id)
        if action is not None and action.state is State.PENDING and not action.written_at:
            batch.put_action(replace(action, written_at=now))


def _about(draft: Action, cause: Action) -> Action:
    """The new action, about the event of one that may not have it yet."""
    fits = cause.kind is Kind.SEND or (cause.kind is Kind.REACT and draft.kind is Kind.REACT)
    if not fits or cause.room_id != draft.room_id or draft.kind not in NOTES | {Kind.SEND}:
        raise LocalError(f"Action {cause.id} is no message of this room.")
    if cause.state is State.CANCELLED:
        raise LocalError(f"Message {cause.id} was discarded.")
    return resolved(draft, cause) if is_there(cause) else replace(draft, depends_on=cause.id)


def _edit_in_place(batch: Batch, cause: Action, text: str, earlier: int) -> bool:
    """Change the text of what has not left: the message, or an edit of it that still waits."""
    waiting = [cause, *reversed(stored_actions.dependents(batch.db, cause.id))]
    for action in waiting:
        if action.kind in _CHANGEABLE and action.may_change and (action is cause or action.kind is Kind.EDIT):
            change_text(batch, action.id, text, earlier=earlier)
            return True
    return False


# ---------------------------------------------------------------- changing


def change_text(batch: Batch, action_id: int, text: str, *, earlier: int) -> None:
    """Say something else in its place.

    What was refused gets a new id. So does what is of an earlier run, whose ids go up to `earlier`: the file may be an
    older copy of one that has said the old text under the old id, and whoever knows that id would drop the new text.
    Of all else no byte has ever left under its id: the text just changes.
    """
    action = needed(batch, action_id)
    if action.kind not in _CHANGEABLE:
        raise LocalError(f"Action {action.id} has no text that could be changed.")
    if not action.may_change:
        raise IllegalTransition(f"Action {action.id} is already on its way; it can only be edited once it is there.")
    content = {**action.content, "text": text}
    if action.state is State.FAILED:
        ingest_actions.try_again(batch, action, content)
    elif action.id <= earlier:
        _instead(batch, action, content)
    else:
        batch.put_action(replace(action, content=content))


def _instead(batch: Batch, action: Action, content: Mapping[str, Any]) -> None:
    """Another action in the place of one that has not left, which is taken back."""
    content = {**content, "typed": action.moment}
    draft = replace(action, content=content, retry_of=action.place, error_code="", error_text="")
    again = stored_actions.new_action(batch.db, draft, batch.known.now_ms)
    batch.out.actions[again.id] = again
    batch.out.rekeyed[action.id] = again.id
    for dependent in stored_actions.dependents(batch.db, action.id):
        batch.put_action(replace(dependent, depends_on=again.id))
    batch.put_action(replace(action, state=after(action.state, Cause.CANCELLED)))


def retry(batch: Batch, action_id: int) -> None:
    """Try a refused action again, under a new id and in its old place; one that waits leaves as soon as it can."""
    action = needed(batch, action_id)
    if action.state is State.PENDING:
        content = {key: value for key, value in action.content.items() if key != "at"}
        batch.put_action(replace(action, not_before=0, content=content))
    else:
        ingest_actions.try_again(batch, action, action.content)


# ---------------------------------------------------------------- giving up


def cancel(batch: Batch, action_id: int) -> None:
    """Take an action back while that still prevents it, or discard a refused one; what depends on it goes too."""
    action = needed(batch, action_id)
    if not action.may_cancel:
        raise IllegalTransition(f"Action {action.id} is already on its way; it can only be deleted once it is there.")
    batch.put_action(replace(action, state=after(action.state, Cause.CANCELLED)))
    _orphan(batch, action)


def _orphan(batch: Batch, cause: Action) -> None:
    """Nothing will ever be there for these to be about.

    A note without its message means nothing: it is cancelled. A reply holds something that the person said. It is
    neither thrown away, nor said out of context without asking: it is refused here, and trying it again says it
    as a message of its own.
    """
    for action in stored_actions.dependents(batch.db, cause.id):
        if action.kind is Kind.SEND:
            content = {key: value for key, value in action.content.items() if key not in _ABOUT_A_REPLY}
            state, text = after(action.state, Cause.REFUSED), _REPLY_ORPHANED
        else:
            content = dict(action.content)
            state, text = after(action.state, Cause.CANCELLED), _NOTE_ORPHANED
        orphan = replace(action, state=state, content=content, depends_on=0, error_code=ORPHANED, error_text=text)
        batch.put_action(orphan)
        if state is State.CANCELLED:
            _orphan(batch, orphan)


def let_pass(batch: Batch, action_id: int) -> None:
    """Later actions of the room need not wait for this one, which was refused or has to wait."""
    action = needed(batch, action_id)
    if not action.may_cancel:
        raise LocalError(f"Action {action.id} holds nothing back that could be let pass.")
    batch.put_action(replace(action, let_pass=True))


def needed(batch: Batch, action_id: int) -> Action:
    """The action; raises LocalError when there is none."""
    action = batch.action(action_id)
    if action is None:
        raise LocalError(f"There is no action {action_id}.")
    return action
