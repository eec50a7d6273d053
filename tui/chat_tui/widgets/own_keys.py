"""Do a widget's own keys in the order they were typed, however fast that was, and show at once what came of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.binding import BindingsMap

from chat_tui.widgets.line_view import paint_now

__all__ = ["OwnKeys"]

if TYPE_CHECKING:
    from textual.widget import Widget as _Base
else:
    _Base = object  # a second widget among the bases would hide the styles of the first


class OwnKeys(_Base):
    """A widget that acts on its bindings itself, where its text is typed into as well.

    By way of the app, which Textual asks only when a key has bubbled up to it, an action would come after the
    characters that follow it.
    """

    _own_keys: tuple[object, BindingsMap] | None = None

    async def on_event(self, event: events.Event) -> None:
        """Show what came of a key before anything else is done, unless another one was typed behind it already."""
        await super().on_event(event)
        if isinstance(event, events.Key) and not getattr(self.app, "typed_ahead", False):
            paint_now(self)

    async def _on_key(self, event: events.Key) -> None:
        """Do what the key means here and now."""
        for binding in self._bound().key_to_bindings.get(event.key, ()):
            event.stop()
            event.prevent_default()
            await self.run_action(binding.action)
            return

    def _bound(self) -> BindingsMap:
        """The widget's own keys as the configuration has them."""
        keymap = self.app._keymap  # noqa: SLF001 - the app tells it to nobody
        if self._own_keys is None or self._own_keys[0] is not keymap:
            bound = self._bindings.copy()
            bound.apply_keymap(keymap)
            self._own_keys = keymap, bound
        return self._own_keys[1]
