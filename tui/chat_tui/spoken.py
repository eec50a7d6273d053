"""What is said and no command: a text, perhaps of what its sender does, and how it is typed again."""

from __future__ import annotations

from typing import Final

from chat_tui_core.values import frozen

__all__ = ["ME", "Plain", "as_typed"]

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
