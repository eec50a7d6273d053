"""The files of a running account: what goes out and comes in, and the disk on this side of it."""

from chat_tui_core.session.files.part import Files

__all__ = ["Files"]
