"""The wschat-ie/1 backend: a chat client and a server over WebSocket."""

from __future__ import annotations

from chat_tui_wschat.entry import backend

__all__ = ["backend"]
