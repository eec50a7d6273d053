"""How parts of what a widget draws itself look: a theme's colours by their names, mixed with what is under them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from rich.style import Style
from textual.color import Color
from textual.widget import Widget

__all__ = ["Paint", "Paints"]


class Paint(NamedTuple):
    """What a part sets itself; "" is as around it.

    A colour is a variable of the theme or a colour's name, and how much of it: "accent", "foreground 45%", "ansi_cyan".
    `face` is the rest of the style, as Rich reads it: "bold italic".
    """

    color: str = ""
    ground: str = ""
    face: str = ""


class Paints:
    """The parts' paints, and the other ones for themes that leave the colours to the terminal.

    Component classes would say the same: a widget works each of those out anew whenever its own styles may have
    changed, which is also at every change of the focus.
    """

    def __init__(self, parts: Mapping[str, Paint], ansi: Mapping[str, Paint]) -> None:
        self.parts = parts
        self._ansi = {**parts, **ansi}

    def styles(self, widget: Widget, under: Color) -> dict[str, Style]:
        """The styles of all parts on the background `under`: what they set, nothing else."""
        parts = self._ansi if widget.app.native_ansi_color else self.parts
        variables = widget.app.theme_variables
        return {part: _style(paint, variables, under) for part, paint in parts.items()}


def _style(paint: Paint, variables: Mapping[str, str], under: Color) -> Style:
    ground = under + _color(paint.ground, variables, under) if paint.ground else under
    color = ground + _color(paint.color, variables, ground) if paint.color else None
    return Style.parse(paint.face) + Style(
        color=color.rich_color if color is not None else None,
        bgcolor=ground.rich_color if paint.ground else None,
    )


def _color(said: str, variables: Mapping[str, str], ground: Color) -> Color:
    """The colour of that name; a theme's "auto" is black or white, whichever can be read on `ground`."""
    name, _, share = said.partition(" ")
    value, _, own_share = variables.get(name, name).partition(" ")
    alpha = _part(share) * _part(own_share)
    return ground.get_contrast_text(alpha) if value == "auto" else Color.parse(value).multiply_alpha(alpha)


def _part(share: str) -> float:
    """60% as 0.6; nothing as the whole."""
    return float(share.removesuffix("%")) / 100 if share else 1.0
