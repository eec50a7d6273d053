"""Run one account: its connection, its store, its actions and its open rooms."""

from chat_tui_core.session.running import Session

__all__ = ["Session"]
