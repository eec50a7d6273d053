"""Make docs/keys.md: every key and every slash command, from the tables that feed the app."""

from __future__ import annotations

from chat_tui.commands import COMMANDS
from chat_tui.eaten_keys import PROGRAMS, TERMINALS, takers
from chat_tui.keymaps import KEYMAPS
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

What the common terminals take of the keys above before the app hears of it, as they are installed, and what to press there
instead. Every action has a key that none of them takes always (a test holds it), or is in the palette beside: `Ctrl+P`, `Alt+X`.
On macOS, let the terminal send Option as Alt (Terminal: "Use Option as Meta key"; iTerm2: "Esc+").

| terminal | key | when | instead |
|---|---|---|---|"""
OTHER_HEAD = """Own keys are better chosen among those that are not in this list:

| key | taken by |
|---|---|"""


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
    lines += ["", EATEN_HEAD]
    for name in TERMINALS:
        lines += _taken(name)
    lines += ["", OTHER_HEAD]
    every = dict.fromkeys(key for keys in (*TERMINALS.values(), *PROGRAMS.values()) for key in keys)
    lines += [
        f"| `{shown_as(key)}` | {'; '.join(f'{by} {when}'.strip() for by, when in takers(key))} |" for key in every
    ]
    return "\n".join(lines) + "\n"


def _taken(terminal: str) -> list[str]:
    """What a terminal takes of the default keys, a row each."""
    taken, rows = TERMINALS[terminal], []
    for key in (key for key in KEYS if not key.id.endswith(tuple("23456789"))):  # Alt+1 stands for Alt+2 to Alt+9
        names = key.keys.split(",")
        others = [name for name in names if name not in taken]
        for name in (name for name in names if name in taken):
            instead = _shown(",".join(others)) if others else "the palette"
            shown = _shown(name) + (" … `Alt+9`" if name == "alt+1" else "")
            rows.append(f"| {terminal} | {shown} {key.label.lower()} | {taken[name] or 'always'} | {instead} |")
    return rows or [f"| {terminal} | none of them | | |"]


def _shown(keys: str) -> str:
    return ", ".join(f"`{shown_as(key)}`" for key in keys.split(","))


if __name__ == "__main__":
    generated.main(DOCUMENT, render)
