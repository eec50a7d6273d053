"""Make themes of the app of the themes that the configuration holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from chat_tui.themes import DARK, LIGHT, PEOPLE

if TYPE_CHECKING:
    from textual.theme import Theme

    from chat_tui.own_tables import OwnTheme

__all__ = ["theme_of"]

#: Key of the file -> the theme's field, where they are not the same.
_FIELDS: Final[Mapping[str, str]] = MappingProxyType({"text": "foreground"})
_HANDLE: Final = ("scrollbar", "scrollbar-hover", "scrollbar-active")
_TROUGH: Final = (
    *("scrollbar-background", "scrollbar-background-hover", "scrollbar-background-active"),
    "scrollbar-corner-color",
)


def theme_of(own: OwnTheme) -> Theme:
    """The theme: the one of ours that it starts from, with its own colours."""
    base = DARK if own.dark else LIGHT
    colors: dict[str, Any] = {_FIELDS.get(key, key): color for key, color in own.colors.items() if key != "scrollbar"}
    variables = dict(base.variables)
    if handle := own.colors.get("scrollbar"):
        variables |= dict.fromkeys(_HANDLE, handle)
    if trough := own.colors.get("surface"):
        variables |= dict.fromkeys(_TROUGH, trough)
    if own.people:
        variables[PEOPLE] = " ".join(own.people)
    return replace(base, name=own.name, variables=variables, **colors)
