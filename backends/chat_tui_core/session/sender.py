"""Hand waiting actions to the connection when their turn has come, and look again when one is due."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from chat_tui_core.actions import Action
from chat_tui_core.errors import StoreError
from chat_tui_core.outbox import Outbox, Wait
from chat_tui_core.session.commands import Command, Leave

if TYPE_CHECKING:
    from chat_tui_core.news import News
    from chat_tui_core.session.ingest_state import Outcome

RETRY_SECONDS: Final = 2.0
LONGEST_SLEEP: Final = 3600.0
"""Seconds after which the clock is looked at again: it may have been set, or the machine was asleep."""

_NOT_SENT: Final = ("OFFLINE", "The connection broke before it was sent.")


class Sender:
    """Carries out what `outbox.Outbox` decides over the open actions, whenever something has changed."""

    def __init__(
        self,
        actions: Mapping[int, Action],
        hand_over: Callable[[Action], None],
        command: Callable[[Command], asyncio.Future[Outcome]],
        deliver: Callable[[Sequence[News]], None],
        wall_ms: Callable[[], int],
    ) -> None:
        """Watch `actions`; those that are open when this is made are of an earlier run."""
        self._actions = actions
        self._hand_over = hand_over
        self._command = command
        self._deliver = deliver
        self._wall_ms = wall_ms
        self._outbox = Outbox(actions, wall_ms())
        self._timer: asyncio.TimerHandle | None = None
        self._stopped = False

    @property
    def is_online(self) -> bool:
        """Whether actions may be handed over."""
        return self._outbox.is_online

    @property
    def earlier(self) -> int:
        """The highest id of an action of an earlier run that was still open when this one began."""
        return self._outbox.earlier

    @property
    def blocked(self) -> Mapping[str, Action]:
        """By room: the refused action that holds the room's later ones back."""
        return self._outbox.blocked

    @property
    def waits(self) -> Mapping[int, Wait]:
        """By action: what it waits for, as of the last look."""
        return self._outbox.waits

    def online(self, *, online: bool) -> None:
        """The link came up or went down."""
        self._outbox.link(online=online and not self._stopped)

    def note(self, news: Iterable[News]) -> None:
        """Something was heard of actions that are on their way."""
        self._outbox.note(news, self._wall_ms())

    def settled(self, action_id: int) -> None:
        """An action's id is no longer in use."""
        self._outbox.forget(action_id)

    def pump(self) -> None:
        """Hand over everything whose turn has come."""
        if self._stopped:
            return
        step = self._outbox.next(self._actions.values(), self._wall_ms())
        self._wake_at(step.due)
        for action in step.hand:
            self._hand_over(action)
        if step.mark:
            self._command(Leave(step.mark)).add_done_callback(partial(self._marked, step.mark))
        if step.unmark:
            from chat_tui_core.news import Postponed

            self._deliver([Postponed(action_id, 0.0, *_NOT_SENT) for action_id in step.unmark])

    def stop(self) -> None:
        """Hand over nothing more."""
        self._stopped = True
        self._outbox.link(online=False)
        self._wake_at(0)

    def _marked(self, ids: Sequence[int], stored: asyncio.Future[Outcome]) -> None:
        """What could not be marked does not leave; it is tried again."""
        self._outbox.marked(ids)
        if not stored.cancelled() and isinstance(stored.exception(), StoreError):
            self._wake_in(RETRY_SECONDS)

    def _wake_at(self, due: int) -> None:
        self._wake_in(min(LONGEST_SLEEP, max(0.0, (due - self._wall_ms()) / 1000)) if due else None)

    def _wake_in(self, seconds: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if seconds is not None and not self._stopped:
            self._timer = asyncio.get_running_loop().call_later(seconds, self.pump)
