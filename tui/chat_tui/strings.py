"""What people read, in their language: source strings are English and the keys of each catalogue.

Gettext's conventions: `_("{name} left").format(name=...)`, never an f-string inside, never a template that holds what
others wrote. `N_` marks a string in a table that is made before the language is known; `_` translates it where it is
shown. `tools/catalogue.py` collects all of them; catalogues are in `locale/`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gettext import NullTranslations

__all__ = [
    "ENGLISH",
    "LANGUAGES",
    "N_",
    "_",
    "chosen",
    "decimal",
    "in_english",
    "language",
    "n_",
    "of_error",
    "p_",
    "use",
]

ENGLISH: Final = "en"
LANGUAGES: Final = (ENGLISH, "de")
"""Every language that there is a catalogue for; English needs none."""
_POINTS: Final = {"de": ","}
"""What stands between a number's whole part and the rest, where it is no point."""
_VARIABLES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")

_language = ENGLISH
_catalogue: NullTranslations | None = None


def _(text: str) -> str:
    """The text in the person's language; the text itself where its catalogue has none."""
    return text if _catalogue is None or not text else _catalogue.gettext(text)


def n_(singular: str, plural: str, count: int) -> str:
    """The form that goes with a count; the caller puts it in: `n_("{count} file", "{count} files", 3).format(count=3)`."""
    if _catalogue is None:
        return singular if count == 1 else plural
    return _catalogue.ngettext(singular, plural, count)


def p_(context: str, text: str) -> str:
    """The text in the person's language, where the same English means several things: `context` says which."""
    return text if _catalogue is None else _catalogue.pgettext(context, text)


def N_(text: str) -> str:  # noqa: N802 - gettext's name for it
    """The text as it is, marked for the catalogue."""
    return text


def of_error(error: BaseException) -> str:
    """An error's sentence: those of the core and the backends are English, and in the catalogue where they are fixed."""
    return _(str(error))


def decimal(value: float, places: int = 1) -> str:
    """A number with so many places, and the sign between that the language has: 1.5, 1,5."""
    return f"{value:.{places}f}".replace(".", _POINTS.get(_language, "."))


def use(wanted: str = "auto") -> None:
    """Take a language on, for the whole process: "auto" is what the environment says. Nothing is loaded for English."""
    global _language, _catalogue
    name = chosen(wanted, os.environ)
    if name == _language:
        return
    found = None
    if name != ENGLISH:
        import gettext

        folder = os.path.join(os.path.dirname(__file__), "locale")  # noqa: PTH118, PTH120 - Path is slow to import
        found = gettext.translation("chat_tui", folder, [name], fallback=True)
    _language, _catalogue = name, found


@contextmanager
def in_english() -> Iterator[None]:
    """Speak English for a moment: for what programs read. What is done in it must not wait for anything."""
    global _language, _catalogue
    spoken = _language, _catalogue
    _language, _catalogue = ENGLISH, None
    try:
        yield
    finally:
        _language, _catalogue = spoken


def language() -> str:
    """The language that is spoken: one of LANGUAGES."""
    return _language


def chosen(wanted: str, environment: Mapping[str, str]) -> str:
    """Which of LANGUAGES a setting means; "auto" goes by the locale of the environment, as POSIX orders its variables."""
    if wanted in LANGUAGES:
        return wanted
    locale = next((value for name in _VARIABLES if (value := environment.get(name))), "")
    name = locale.partition(".")[0].partition("_")[0].lower()
    return name if name in LANGUAGES else ENGLISH
