"""Say what is wrong with what a person made in the configuration: keys, themes, commands."""

from __future__ import annotations

from collections.abc import Iterable

from chat_tui.commands import is_ours
from chat_tui.config import Config, nearest
from chat_tui.strings import _

__all__ = ["problems", "unknown_theme"]


def problems(config: Config) -> list[str]:
    """A sentence for each fault; none of them stops anything."""
    from chat_tui.keymaps import problems as of_keys

    taken = [
        _("line {line}: commands.{name} has the name of one of the app's commands: call it {other!r}").format(
            line=own.line, name=own.name, other=f"my-{own.name}"
        )
        for own in config.commands.values()
        if is_ours(own.name)
    ]
    return [*config.faults, *taken, *(of_keys(config) if config.keys else ())]


def unknown_theme(name: str, known: Iterable[str]) -> list[str]:
    """A sentence where the theme that is wanted is none; the app is in its own dark one then."""
    return (
        [] if not name or name in known else [_("There is no theme {name!r}").format(name=name) + nearest(name, known)]
    )
