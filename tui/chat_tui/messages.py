"""What widgets tell screens, where it crosses files."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from chat_tui.transfer_words import FileDeed

__all__ = [
    "AccountSaved",
    "Decided",
    "Decision",
    "DemoWanted",
    "FileWanted",
    "NameWanted",
    "Operation",
    "OperationWanted",
    "OutboxWanted",
    "RoomChosen",
    "TransfersWanted",
    "Way",
]


class Decision(StrEnum):
    """What the person wants done with a refused action."""

    RETRY = "retry"
    EDIT = "edit"
    DISCARD = "discard"
    PASS = "pass"  # noqa: S105


class Way(StrEnum):
    """Where the person goes from the outbox, with an action."""

    GO = "go"
    EDIT = "edit"
    BACK = "back"


class Operation(StrEnum):
    """What can be done with a message."""

    REPLY = "reply"
    EDIT = "edit"
    REDACT = "redact"
    REACT = "react"
    THREAD = "thread"
    FORWARD = "forward"
    LINK = "link"
    INFO = "info"
    PICTURE = "picture"


class OperationWanted(Message):
    """The person wants this done with the message that has this key."""

    def __init__(self, operation: Operation, key: str) -> None:
        super().__init__()
        self.operation = operation
        self.key = key


class FileWanted(Message):
    """The person wants this done with the file of the message that has this key."""

    def __init__(self, deed: FileDeed, key: str) -> None:
        super().__init__()
        self.deed = deed
        self.key = key


class RoomChosen(Message):
    """The person wants this room of an account open; "" where there is one account only."""

    def __init__(self, room_id: str, account: str = "") -> None:
        super().__init__()
        self.room_id = room_id
        self.account = account


class Decided(Message):
    """The person decided about a refused action."""

    def __init__(self, action_id: int, decision: Decision) -> None:
        super().__init__()
        self.action_id = action_id
        self.decision = decision


class NameWanted(Message):
    """The person chose somebody to write to."""

    def __init__(self, user_id: str) -> None:
        super().__init__()
        self.user_id = user_id


class DemoWanted(Message):
    """The person wants to look around."""


class AccountSaved(Message):
    """The person signed in; the account is stored under this name."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class OutboxWanted(Message):
    """The person wants to see what is not sent yet."""


class TransfersWanted(Message):
    """The person wants to see the files on their way."""
