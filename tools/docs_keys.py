"""Make docs/keys.md: every key and every slash command, from the tables that feed the app."""

from __future__ import annotations

from chat_tui.commands import COMMANDS
from chat_tui.keys import KEYS, Place, shown_as
from tools import generated

DOCUMENT = "docs/keys.md"
HEAD = """# Keys and commands

Made by `python3 dev.py docs` from the tables in `chat_tui/keys.py` and `chat_tui/commands.py`; do not edit. The name in
the last column is what the configuration calls a key: `[keys]` with `"room.switch" = "ctrl+g"`."""


def render() -> str:
    """The whole document."""
    lines = [HEAD]
    for place in Place:
        rows = [key for key in KEYS if key.place is place]
        if rows:
            lines += ["", f"## {place}", "", "| key | does | name |", "|---|---|---|"]
            lines += [f"| `{shown_as(key.keys)}` | {key.label} | `{key.id}` |" for key in rows]
    lines += ["", "## Commands", "", "| command | does |", "|---|---|"]
    lines += [f"| `{command.usage}` | {command.help} |" for command in COMMANDS]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    generated.main(DOCUMENT, render)
