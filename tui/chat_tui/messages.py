"""What widgets tell screens, where it crosses files."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from textual.message import Message

__all__ = ["AccountSaved", "Decided", "Decision", "DemoWanted", "NameWanted", "OutboxWanted", "RoomChosen"]


class Decision(StrEnum):
    """What the person wants done with a refused action."""

    RETRY = "retry"
    EDIT = "edit"
    DISCARD = "discard"
    PASS = "pass"  # noqa: S105


@dataclass
class RoomChosen(Message):
    """The person wants this room open."""

    room_id: str


@dataclass
class Decided(Message):
    """The person decided about a refused action."""

    action_id: int
    decision: Decision


@dataclass
class NameWanted(Message):
    """The person chose somebody to write to."""

    user_id: str


class DemoWanted(Message):
    """The person wants to look around."""


@dataclass
class AccountSaved(Message):
    """The person signed in; the account is stored under this name."""

    name: str


@dataclass
class OutboxWanted(Message):
    """The person wants to see what is not sent yet."""
