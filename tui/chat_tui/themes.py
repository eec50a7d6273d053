"""The app's own two themes: calm greys and one accent."""

from __future__ import annotations

from typing import Any, Final

from textual.app import App
from textual.theme import Theme

__all__ = ["DARK", "LIGHT", "OWN", "PEOPLE", "begin_with"]

PEOPLE: Final = "people"
"""The variable of a theme that holds the colours of people's names, with blanks between them; without it: any hue."""

DARK: Final = Theme(
    name="chat-tui-dark",
    primary="#7aa5e8",
    secondary="#8fb3c9",
    accent="#6fb3f2",
    foreground="#d6dae2",
    background="#14171c",
    surface="#1a1e25",
    panel="#20252e",
    success="#7cc48f",
    warning="#dcb36a",
    error="#e8787a",
    dark=True,
    variables={
        "scrollbar": "#2d333e",
        "scrollbar-hover": "#3c4452",
        "scrollbar-active": "#4a5466",
        "scrollbar-background": "#1a1e25",
        "scrollbar-background-hover": "#1a1e25",
        "scrollbar-background-active": "#1a1e25",
        "scrollbar-corner-color": "#1a1e25",
    },
)
LIGHT: Final = Theme(
    name="chat-tui-light",
    primary="#2b62b3",
    secondary="#41708c",
    accent="#1f66c1",
    foreground="#24292f",
    background="#fcfcfb",
    surface="#f3f3f1",
    panel="#e9e9e6",
    success="#2f7d46",
    warning="#94660c",
    error="#b93539",
    dark=False,
    variables={
        "scrollbar": "#d5d5d1",
        "scrollbar-hover": "#c2c2bd",
        "scrollbar-active": "#adada8",
        "scrollbar-background": "#f3f3f1",
        "scrollbar-background-hover": "#f3f3f1",
        "scrollbar-background-active": "#f3f3f1",
        "scrollbar-corner-color": "#f3f3f1",
    },
)
OWN: Final = (DARK, LIGHT)


def begin_with(app: App[Any], name: str) -> None:
    """Give a theme to an app that has not begun to run; as `app.theme = name`, which reads all style sheets twice."""
    theme = app.get_theme(name)
    if theme is None or theme.ansi or not theme.dark:
        app.theme = name
    else:  # an app is made for a dark theme: only the colours are others
        app.set_reactive(App.theme, name)
        app.add_class(f"-theme-{name}", update=False)
        app.stylesheet.set_variables(app.get_css_variables())
