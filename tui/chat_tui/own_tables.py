"""Read the tables of the configuration that hold what a person makes: own themes and own commands.

A fault in one of them never stops anything: it is told with its line, what it is in is left out, and the rest holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from types import MappingProxyType
from typing import Any, Final

from chat_tui.contrast import READABLE, contrast, rgb_of
from chat_tui.strings import _
from chat_tui_core.values import frozen

__all__ = ["FIELDS", "Field", "OwnCommand", "OwnTheme", "read_tables"]

THEME_BASES: Final = ("dark", "light")
WAYS_INTO: Final = ("composer", "notice", "send")
COLORS: Final = (
    *("text", "background", "surface", "panel", "accent", "primary", "secondary", "success", "warning", "error"),
    "scrollbar",
)
"""What of a theme can be another colour."""
LONGEST_RUN: Final = 600
USUAL_RUN: Final = 20
MOST_PEOPLE: Final = 64
"""Colours for people that a theme may have."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}\Z")
_COLOR: Final = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})\Z")

LineOf = Callable[[str], int]
"""Gives the line on which a dotted name is set."""

Nearest = Callable[[str, Iterable[str]], str]
"""Gives the end of a sentence: what was perhaps meant, else what there is."""

#: What our own themes have where text stands, dark and light; the rest of them is in `themes`.
GROUNDS: Final = MappingProxyType(
    {
        True: {"text": "#d6dae2", "background": "#14171c", "surface": "#1a1e25", "panel": "#20252e"},
        False: {"text": "#24292f", "background": "#fcfcfb", "surface": "#f3f3f1", "panel": "#e9e9e6"},
    }
)


@frozen
class OwnTheme:
    """A theme of the person's own: from which of ours it starts, what it changes, and the colours of people's names.

    `colors` go by the names that the file has; each is "#rgb" or "#rrggbb".
    """

    name: str
    dark: bool = True
    colors: Mapping[str, str] = field(default_factory=dict)
    people: tuple[str, ...] = ()


@frozen
class OwnCommand:
    """A command of the person's own: the program and its first arguments, and where its output goes.

    `timeout`: seconds after which it is ended. `line`: where the file has it.
    """

    name: str
    run: tuple[str, ...]
    help: str = ""
    into: str = WAYS_INTO[0]
    timeout: float = USUAL_RUN
    line: int = 0

    @property
    def about(self) -> str:
        """What it does, for lists of commands."""
        return self.help or _("run {program}").format(program=self.run[0])


@frozen
class Field:
    """One key of such a table; docs/configuration.md explains it. `problem` says what is wrong with a value, "" = nothing; `needed`: none is no table."""

    name: str
    problem: Callable[[Any], str]
    needed: bool = False


def _color(value: Any) -> str:
    if isinstance(value, str) and _COLOR.match(value):
        return ""
    meant = f"#{value}"
    near = _(" (did you mean {close!r}?)").format(close=meant) if _COLOR.match(meant) else ""
    return _('must be a colour such as "#6fb3f2"') + near


def _colors(value: Any) -> str:
    good = isinstance(value, list) and len(value) <= MOST_PEOPLE and not any(map(_color, value))
    return "" if good else _('must be a list of colours such as ["#8fd0a0", "#e0a080"]')


def _choice(*choices: str) -> Callable[[Any], str]:
    def problem(value: Any) -> str:
        listed = ", ".join(f'"{choice}"' for choice in choices)
        return "" if value in choices else _("must be one of {choices}").format(choices=listed)

    return problem


def _run(value: Any) -> str:
    good = isinstance(value, list) and value and all(isinstance(word, str) and "\0" not in word for word in value)
    return "" if good and value[0].strip() else _('must be a program and its arguments, such as ["trans", "-brief"]')


def _line(value: Any) -> str:
    return "" if isinstance(value, str) and value.isprintable() else _("must be a text in quotes")


def _seconds(value: Any) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    good = number and 0 < value <= LONGEST_RUN
    return "" if good else _("must be a number of seconds up to {most}").format(most=LONGEST_RUN)


THEME_FIELDS: Final = (
    Field("from", _choice(*THEME_BASES)),
    *(Field(name, _color) for name in COLORS),
    Field("people", _colors),
)
COMMAND_FIELDS: Final = (
    Field("run", _run, needed=True),
    Field("help", _line),
    Field("into", _choice(*WAYS_INTO)),
    Field("timeout", _seconds),
)
FIELDS: Final[Mapping[str, tuple[Field, ...]]] = MappingProxyType({"themes": THEME_FIELDS, "commands": COMMAND_FIELDS})


def read_tables(found: Mapping[str, Any], line_of: LineOf, nearest: Nearest) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The themes and commands that the file's tables of these names hold, and a sentence for each fault in them."""
    reading = _Reading(line_of, nearest)
    makers = {"themes": reading.theme, "commands": reading.command}
    made = {kind: reading.tables(kind, tables, makers[kind]) for kind, tables in found.items()}
    return made, tuple(reading.faults)


class _Reading:
    """Goes through the tables and notes what is wrong with them."""

    def __init__(self, line_of: LineOf, nearest: Nearest) -> None:
        self._line_of = line_of
        self._nearest = nearest
        self.faults: list[str] = []

    def _fault(self, name: str, wrong: str) -> None:
        self.faults.append(_("line {line}: {wrong}").format(line=self._line_of(name), wrong=f"{name} {wrong}"))

    def tables(self, kind: str, tables: Any, make: Callable[[str, Mapping[str, Any]], Any]) -> dict[str, Any]:
        """What the tables of one kind make."""
        if not isinstance(tables, dict):
            self._fault(kind, _("must hold tables: write [{kind}.NAME] on a line of its own").format(kind=kind))
            return {}
        held = {name: self._held(kind, name, table) for name, table in tables.items()}
        return {name: make(name, values) for name, values in held.items() if values is not None}

    def _held(self, kind: str, name: str, table: Any) -> dict[str, Any] | None:
        """What of a table can be used; None where it cannot be one at all."""
        full, fields = f"{kind}.{name}", {field.name: field for field in FIELDS[kind]}
        if not _NAME.match(name):
            self._fault(full, _("has a name that cannot be typed: take up to 32 of a-z, 0-9, _ and -"))
            return None
        if not isinstance(table, dict):
            self._fault(full, _("must be a table: write [{name}] on a line of its own").format(name=full))
            return None
        held: dict[str, Any] = {}
        for key, value in table.items():
            if key not in fields:
                self._fault(f"{full}.{key}", _("is no key of such a table") + self._nearest(key, fields))
            elif wrong := fields[key].problem(value):
                self._fault(f"{full}.{key}", wrong)
            else:
                held[key] = value
        needed = [field.name for field in fields.values() if field.needed]
        for key in needed:
            if key not in table:
                self._fault(full, _("needs the key {key}").format(key=key))
        return held if all(key in held for key in needed) else None

    def theme(self, name: str, held: Mapping[str, Any]) -> OwnTheme:
        """A theme; what is hard to read in it is told, and stays as it is wanted."""
        colors = {key: value for key, value in held.items() if key not in {"from", "people"}}
        dark = held.get("from", THEME_BASES[0]) == THEME_BASES[0]
        theme = OwnTheme(name, dark, colors, tuple(held.get("people", ())))
        for key, wrong in hard_to_read(theme):
            self._fault(f"themes.{name}.{key}" if key in held else f"themes.{name}", wrong)
        return theme

    def command(self, name: str, held: Mapping[str, Any]) -> OwnCommand:
        """A command."""
        run, about = tuple(held["run"]), held.get("help", "").strip()
        into, timeout = held.get("into", WAYS_INTO[0]), float(held.get("timeout", USUAL_RUN))
        return OwnCommand(name, run, about, into, timeout, self._line_of(f"commands.{name}"))


def hard_to_read(theme: OwnTheme) -> Iterator[tuple[str, str]]:
    """The keys whose colour cannot be read well where it stands, each once, with the end of a sentence."""
    colors = {**GROUNDS[theme.dark], **theme.colors}
    inks = {"text": ((colors["text"],), ("background", "surface", "panel")), "people": (theme.people, ("background",))}
    for key, (ink, grounds) in inks.items():
        ratios = ((contrast(rgb_of(one), rgb_of(colors[ground])), one, ground) for one in ink for ground in grounds)
        ratio, one, ground = min(ratios, default=(READABLE, "", ""))
        if ratio < READABLE:
            yield (
                key,
                _(
                    "is hard to read: {key} {ink} on the {ground} {color} has a contrast of {ratio}, less than {least}"
                ).format(
                    key=key, ink=one, ground=ground, color=colors[ground], ratio=f"{ratio:.1f}:1", least=f"{READABLE}:1"
                ),
            )
