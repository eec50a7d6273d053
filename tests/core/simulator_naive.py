"""A client as many are, to see what breaks there: the same store, protocol cores and person, without the outbox's rules.

What waits to be sent is in memory and gone with the program; all of it is sent at once, and nothing waits for what was
refused; what was not answered is sent again under a new id.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import replace

from chat_tui_core.actions import Action, State
from chat_tui_core.contract import LostAction, News
from chat_tui_core.outbox import Outbox, Step, is_there
from chat_tui_core.session.ingest_state import Outcome
from chat_tui_core.store import actions as stored_actions
from chat_tui_core.store import ids
from tests.core.simulator_client import Client


class NaiveOutbox(Outbox):
    """Hands over everything that may leave, at once."""

    def next(self, actions: Collection[Action], now_ms: int) -> Step:
        """See Outbox.next."""
        waiting = [action for action in actions if action.state is State.PENDING and action.id not in self._in_flight]
        due = [action.not_before for action in waiting if action.not_before > now_ms]
        known = {action.id: action for action in actions}
        ready = []
        for action in sorted(waiting, key=lambda action: action.id):
            cause = known.get(action.depends_on)
            if action.not_before <= now_ms and (cause is None or is_there(cause)):
                ready.append(action)
        if not self._online:
            ready = []
        self._in_flight.update(action.id for action in ready)
        return Step(tuple(ready), (), (), min(due, default=0))


class NaiveClient(Client):
    """Forgets what waited, and tries again under a new id."""

    def boot(self) -> None:
        """A new process does not know what an earlier one was about to send."""
        self.disk.write(_forget)
        super().boot()

    def make_outbox(self) -> Outbox:
        """See Client.make_outbox."""
        return NaiveOutbox()

    def settle(self, outcome: Outcome, news: Sequence[News]) -> None:
        """After a time-out: once more, as something new."""
        super().settle(outcome, news)
        for item in news:
            action = self.actions.get(item.action_id) if isinstance(item, LostAction) else None
            if action is None or action.state is not State.PENDING:
                continue
            again = self.disk.write(_renew, action, self.wall_ms)
            self.actions.pop(action.id)
            self.renamed[action.id] = again.id
            self.put(again)


def _forget(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM actions WHERE state = 'pending'")


def _renew(db: sqlite3.Connection, action: Action, now_ms: int) -> Action:
    """The same under a new id; what depends on it follows."""
    new_id = ids.allocate(db)
    db.execute("UPDATE actions SET id = ? WHERE id = ?", (new_id, action.id))
    db.execute("UPDATE actions SET depends_on = ? WHERE depends_on = ?", (new_id, action.id))
    again = replace(action, id=new_id, created_at=now_ms, written_at=0, attempts=0, doubt=False)
    stored_actions.save_action(db, again)
    return again
