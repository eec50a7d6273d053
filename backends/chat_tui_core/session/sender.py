"""Hand waiting actions to the connection when their turn has come, and look again when one is due."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from chat_tui_core import outbox
from chat_tui_core.actions import Action
from chat_tui_core.news import Answered, Echoed, LostAction, News, Postponed, RefusedAction

#: After these an action is no longer on its way.
_LANDED: Final = (Answered, Echoed, RefusedAction, Postponed, LostAction)


class Sender:
    """Runs `outbox.plan` over the open actions whenever something has changed."""

    def __init__(
        self, actions: Mapping[int, Action], hand_over: Callable[[Action], None], wall_ms: Callable[[], int]
    ) -> None:
        self._actions = actions
        self._hand_over = hand_over
        self._wall_ms = wall_ms
        self._in_flight: set[int] = set()
        self._online = False
        self._timer: asyncio.TimerHandle | None = None
        self.blocked: Mapping[str, Action] = {}

    def online(self, *, online: bool) -> None:
        """The link came up or went down; what was on its way is in doubt, and handed over again later."""
        self._online = online
        if not online:
            self._in_flight.clear()

    def note(self, news: Sequence[News]) -> None:
        """Something was heard of actions that are on their way."""
        for item in news:
            if isinstance(item, _LANDED):
                self._in_flight.discard(item.action_id)

    def settled(self, action_id: int) -> None:
        """An action's id is no longer in use."""
        self._in_flight.discard(action_id)

    def pump(self) -> None:
        """Hand over everything whose turn has come."""
        plan = outbox.plan(self._actions.values(), self._in_flight, self._wall_ms())
        self.blocked = plan.blocked
        self._wake_at(plan.due)
        if not self._online:
            return
        for action in plan.ready:
            if action.depends_on and (cause := self._actions.get(action.depends_on)) is not None:
                action = outbox.resolved(action, cause)  # noqa: PLW2901
            self._in_flight.add(action.id)
            self._hand_over(action)

    def stop(self) -> None:
        """Hand over nothing more."""
        self._online = False
        self._wake_at(0)

    def _wake_at(self, due: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if due:
            delay = max(0.0, (due - self._wall_ms()) / 1000)
            self._timer = asyncio.get_running_loop().call_later(delay, self.pump)
