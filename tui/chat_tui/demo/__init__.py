"""The demo: a server in this process, rooms with a past, people who talk, and a bot that answers; nothing is kept."""

from chat_tui.demo.starting import Demo, start_demo

__all__ = ["Demo", "start_demo"]
