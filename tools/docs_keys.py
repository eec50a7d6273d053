"""Make docs/keys.md: every key and every slash command, from the tables that feed the app."""

from __future__ import annotations

from chat_tui.commands import COMMANDS
from chat_tui.keymaps import EATEN, KEYMAPS
from chat_tui.keys import KEYS, Place, key_of, shown_as
from tools import generated

DOCUMENT = "docs/keys.md"
HEAD = """# Keys and commands

Made by `python3 dev.py docs` from the tables in `chat_tui/keys.py`, `chat_tui/keymaps.py` and `chat_tui/commands.py`; do
not edit. The name in the last column is what the configuration calls a key: `[keys]` with `"room.switch" = "ctrl+g"`.
`keymap = "emacs"` (or `vim`, `irc`) takes a set with other habits; the sets are at the end of this page. Keys that two
actions would share are told at the start and by `chat-tui doctor`. Whatever has a key is in the command palette, too."""
SETS = """## Sets of keys

What differs from the keys above, by `keymap` in the configuration. Letters work where nothing is typed: in the list of
rooms and in the messages."""
EATEN_HEAD = """## Keys that terminals keep for themselves

Every action has a key that none of these programs takes always; the palette has all of them. On macOS, let the terminal
send Option as Alt (Terminal: "Use Option as Meta key"; iTerm2: "Esc+")."""


def render() -> str:
    """The whole document."""
    lines = [HEAD]
    for place in Place:
        rows = [key for key in KEYS if key.place is place]
        if rows:
            lines += ["", f"## {place}", "", "| key | does | name |", "|---|---|---|"]
            lines += [f"| {_shown(key.keys)} | {key.label} | `{key.id}` |" for key in rows]
    lines += ["", "## Commands", "", "| command | does |", "|---|---|"]
    lines += [f"| `{command.usage}` | {command.help} |" for command in COMMANDS]
    lines += ["", SETS]
    for name, changes in KEYMAPS.items():
        if changes:
            lines += ["", f"### {name}", "", "| key | does |", "|---|---|"]
            lines += [f"| {_shown(keys)} | {key_of(key_id).label} |" for key_id, keys in changes.items()]
    lines += ["", EATEN_HEAD, "", "| key | taken by |", "|---|---|"]
    lines += [f"| `{shown_as(key)}` | {by}{f' {when}' if when else ''} |" for key, (by, when) in EATEN.items()]
    return "\n".join(lines) + "\n"


def _shown(keys: str) -> str:
    return ", ".join(f"`{shown_as(key)}`" for key in keys.split(","))


if __name__ == "__main__":
    generated.main(DOCUMENT, render)
