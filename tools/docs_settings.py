"""Make docs/configuration.md: every setting, from the table that the app reads and writes the file by."""

from __future__ import annotations

from typing import Any

from chat_tui.own_tables import FIELDS, LONGEST_RUN, THEME_BASES, USUAL_RUN, WAYS_INTO
from chat_tui.settings import SETTINGS, Setting
from tools import generated

#: Table of the person's own -> key -> what it is, and what holds without it.
KEYS = {
    "themes": {
        "from": ("Which of the app's own themes it starts from: `dark` or `light`.", f'`"{THEME_BASES[0]}"`'),
        "text": ("What is written. All that is fainter is mixed of it and what is behind it.", ""),
        "background": ("Behind the messages.", ""),
        "surface": ("Behind the list of rooms, the status bar and dialogs.", ""),
        "panel": ("Behind the box in which you write, and other raised parts.", ""),
        "accent": ("What is chosen, unread or clickable.", ""),
        "primary": ("The second accent: quotations and focused lines.", ""),
        "secondary": ("Parts of Textual's own that are beside the point.", ""),
        "success": ("What went well.", ""),
        "warning": ("What waits, or needs a look.", ""),
        "error": ("What failed.", ""),
        "scrollbar": ("The scrollbars' handle.", ""),
        "people": (
            "Colours for people's names, a list: everybody has one of these, always the same.",
            "any hue, as light or as dark as it takes to be read on this background",
        ),
    },
    "commands": {
        "run": (
            "The program and its first arguments, a list; no shell reads it, `~/` is your home.",
            "it is no command",
        ),
        "help": ("What it does, for the lists of commands.", "`run PROGRAM`"),
        "into": (
            "Where its output goes: `composer`: into the draft at the cursor, `notice`: on a page, `send`: into the room.",
            f'`"{WAYS_INTO[0]}"`',
        ),
        "timeout": (f"Seconds after which it is ended, up to {LONGEST_RUN}.", f"`{USUAL_RUN}`"),
    },
}
AS_BEFORE = "as what it starts from"
DOCUMENT = "docs/configuration.md"
HEAD = """# Configuration

Made by `python3 dev.py docs` from the table in `chat_tui/settings.py`; do not edit.

One file in TOML: `~/.config/chat-tui/config.toml` on Linux, `~/Library/Application Support/chat-tui/config.toml` on macOS,
or the one that `--config` names. It need not exist. What is wrong in it is told with its line and what was perhaps meant,
at the start and by `chat-tui doctor`: a setting that is wrong keeps the app from starting; in a theme or a command of
your own, what is wrong is left out and the rest holds.

The same settings can be changed while the app runs: `/settings` shows them all, `/set NAME VALUE` changes one, `/theme`
shows the themes by taking them on, `/notify LEVEL` is for the open room. What is changed there is written into the file;
its comments and its order stay.

A whole file with everything as it is without one:
"""


def written(value: Any) -> str:
    """A value as TOML has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(written, value)) + "]"
    return f"{value:g}" if isinstance(value, int | float) else f'"{value}"'


def whole_file() -> str:
    """A file with every setting that is no table, as it is by default."""
    lines, table = [], ""
    for setting in (known for known in SETTINGS if not known.table):
        above, _, name = setting.name.rpartition(".")
        if above != table:
            lines += ["", f"[{above}]"]
            table = above
        lines.append(f"{name} = {written(setting.default)}")
    return "\n".join(lines)


def section(setting: Setting) -> list[str]:
    """What is told of one setting."""
    lines = ["", f"## `{setting.name}`", "", setting.meaning, ""]
    if setting.name in FIELDS:
        lines += [*keys_of(setting.name), "", "Empty by default."]
    elif setting.table:
        lines.append("A table; empty by default.")
    elif setting.choices:
        values = ", ".join(f"`{written(setting.read(choice))}`" for choice in setting.choices)
        lines.append(f"One of {values}; by default `{written(setting.default)}`.")
    else:
        lines.append(f"By default `{written(setting.default)}`.")
    if setting.at_start:
        lines[-1] += " A change holds from the next start on."
    if setting.example:
        lines += ["", "```toml", setting.example, "```"]
    return lines


def keys_of(kind: str) -> list[str]:
    """The keys that tables of one kind may have."""
    lines = ["| key | what it is | without it |", "|---|---|---|"]
    for field in FIELDS[kind]:
        meaning, without = KEYS[kind][field.name]
        lines.append(f"| `{field.name}` | {meaning} | {without or AS_BEFORE} |")
    return lines


def render() -> str:
    """The whole document."""
    lines = [HEAD, "```toml", whole_file(), "```"]
    for setting in SETTINGS:
        lines += section(setting)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    generated.main(DOCUMENT, render)
