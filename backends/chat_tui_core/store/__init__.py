"""Keeps one account's rooms, events, actions and drafts in one SQLite file."""

from __future__ import annotations

from chat_tui_core.store.drafts import Draft
from chat_tui_core.store.store import Store

__all__ = ["Draft", "Store"]
