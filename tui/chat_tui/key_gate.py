"""Hand keys and pastes on in the order they were typed: the next one once the one before has done all that it does."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from textual import events
from textual.dom import DOMNode
from textual.message_pump import MessagePump
from textual.screen import Screen

if TYPE_CHECKING:
    from textual.app import App

    _Base = App[int]
else:
    _Base = object  # a part of an app, and no app by itself: each class of Textual's costs a start half a millisecond

__all__ = ["KeyGate"]

PATIENCE: Final = 2.0
"""Seconds after which the next key goes on although the one before is still at work: it waits for something slow."""
LOOK: Final = 0.005
"""Seconds between two looks at whether all keys are done."""

_Typed = events.Key | events.Paste


def _is_text(event: _Typed) -> bool:
    """Whether it was a letter that went into a text and does nothing else."""
    taken = event._stop_propagation  # noqa: SLF001 - known to nobody else
    return taken and isinstance(event, events.Key) and event.is_printable


def _has_nothing_to_do(part: MessagePump) -> bool:
    """Whether a part waits for messages, and there are none: then nothing of it need be waited for."""
    queue: Any = part._message_queue  # noqa: SLF001 - there is no other way to ask
    waiting = getattr(getattr(queue, "ready_event", None), "_waiters", ())
    return queue.empty() and any(not one.done() for one in waiting)


class KeyGate(_Base):
    """A part of an app in which a key means what it would mean if the person had waited for the key before it.

    Textual hands a key to the part that has the focus at that moment. A key that moves the focus, opens a screen, or is
    bound further up does so some messages later, and what was typed right behind it would go to the wrong part, or be
    done before it. Here a key is followed on its way up (each part's queue is in order), and only then comes the next.
    """

    def __init__(self) -> None:
        super().__init__()
        self._typed: deque[_Typed] = deque()
        self._passing: _Typed | None = None
        self._give_up: asyncio.TimerHandle | None = None

    @property
    def typed_ahead(self) -> bool:
        """Whether more has been typed than what is being done."""
        return bool(self._typed)

    async def on_event(self, event: events.Event) -> None:
        """Take what is typed in its turn, and everything else at once."""
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            self._typed.append(event)
            if self._passing is None:
                await self._pass_next()
        else:
            await super().on_event(event)

    async def _pass_next(self) -> None:
        event = self._passing = self._typed.popleft()
        self._give_up = asyncio.get_running_loop().call_later(PATIENCE, self._key_passed, event)
        target, screen = self.focused or self.screen, self.screen
        try:
            await super().on_event(event)
        finally:
            self._follow_key(event, target, partial(self._look_back, event, target, screen))

    async def keys_done(self) -> None:
        """Wait until what was typed before now has done all that it does, as long as a key may take."""
        loop = asyncio.get_running_loop()
        here: asyncio.Future[None] = loop.create_future()
        end = loop.time() + PATIENCE
        if self.call_later(here.set_result, None):
            await here
        while (self._typed or self._passing is not None) and loop.time() < end:  # noqa: ASYNC110 - many ends to tell of
            await asyncio.sleep(LOOK)

    def _follow_key(self, event: _Typed, node: MessagePump, go_on: Callable[[], object]) -> None:
        """Go on once this part, and all that it belongs to, have taken the messages that they have now."""
        if _has_nothing_to_do(node):
            self._climb_with_key(event, node, go_on)
        elif not node.call_later(self._climb_with_key, event, node, go_on):
            go_on()

    def _climb_with_key(self, event: _Typed, node: MessagePump, go_on: Callable[[], object]) -> None:
        parent = node._parent  # noqa: SLF001 - `parent` of a screen is None, and events bubble to the app all the same
        while isinstance(parent, DOMNode) and _has_nothing_to_do(parent):
            parent = parent._parent  # noqa: SLF001
        if (
            not isinstance(parent, DOMNode)
            or _is_text(event)
            or not parent.call_later(self._climb_with_key, event, parent, go_on)
        ):
            go_on()

    def _look_back(self, event: _Typed, target: MessagePump, screen: Screen[Any]) -> None:
        """The key is done; what that made the part say is on its way up too."""
        end = partial(self._end_of_key, event, screen)
        end() if _is_text(event) else self._follow_key(event, target, end)

    def _end_of_key(self, event: _Typed, screen: Screen[Any]) -> None:
        """Let the focus move; where another screen has come, it takes its focus first."""
        here = self.screen if self._running and self.screen_stack else screen
        if here is screen or not here.call_later(self.call_later, self._key_passed, event):
            self.call_later(self._key_passed, event)

    def _key_passed(self, event: _Typed) -> None:
        """All of it is done, or it takes too long."""
        if event is not self._passing:
            return
        if self._give_up is not None:
            self._give_up.cancel()
            self._give_up = None
        self._passing = None
        if self._typed:
            self.call_next(self._pass_next)
