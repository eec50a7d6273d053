"""What a message's lines depend on beside the message, and what a click on a part of them means."""

from __future__ import annotations

from typing import Literal

from chat_tui.widgets.message_row import MessageRow
from chat_tui_core.values import frozen

__all__ = ["Around", "Edge", "Target"]

Edge = Literal["", "loading", "failed", "start"]


@frozen
class Around:
    """What a message's lines depend on beside the message."""

    previous: MessageRow | None = None
    edge: Edge = ""
    """What is said before the first message of all that are loaded."""
    unread: bool = False
    """The line between what was read and what is new goes above it."""
    cursor: bool = False
    expanded: bool = False


@frozen
class Target:
    """What a click means."""

    kind: Literal["link", "reaction", "failed", "gap", "reply", "more", "waiting", "undo", "file", "thread"]
    value: str = ""
