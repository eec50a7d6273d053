"""The ten orders in which answers and echoes come, or get lost, that every backend is tried with."""

from __future__ import annotations

from typing import Final

TEN: Final = (
    "answer_then_echo",
    "echo_then_answer",
    "answer_lost",
    "echo_lost",
    "both_lost_and_applied",
    "both_lost_and_not_applied",
    "duplicate_echo",
    "echo_after_restart",
    "two_sessions",
    "said_while_resuming",
)
