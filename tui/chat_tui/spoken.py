"""What is said and no command: a text, perhaps of what its sender does, and how it is typed again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from chat_tui_core.model import EventKind
from chat_tui_core.timeline import Item
from chat_tui_core.values import frozen

__all__ = ["ME", "Plain", "as_typed", "own_texts"]

ME: Final = "/me "
"""What a text begins with that tells what its sender does, where the server has no other way to say so."""


@frozen
class Plain:
    """Text to be sent as it is. `emote`: it tells what its sender does."""

    text: str
    emote: bool = False


def as_typed(text: str, *, emote: bool = False) -> str:
    """How something that was said is typed, so that `commands.read_said` gives it again."""
    if emote or text.startswith(ME):
        return ME + text.removeprefix(ME)
    return f"/{text}" if text.startswith("/") else text


def own_texts(items: Iterable[Item], me: str, count: int) -> list[str]:
    """The last texts that this person sent, as they are typed, oldest first."""
    texts: list[str] = []
    for item in items:
        event, action = item.event, item.action
        if event is not None and event.sender == me and event.kind in {EventKind.MESSAGE, EventKind.EMOTE}:
            texts.append(as_typed(event.text, emote=event.kind is EventKind.EMOTE))
        elif event is None and action is not None and action.text:
            texts.append(as_typed(action.text, emote=action.content.get("kind") == "emote"))
    return texts[-count:]
