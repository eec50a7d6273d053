"""Every setting: its name, what holds without it, what it may be and what it means; one table for file, screen and docs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from chat_tui.strings import LANGUAGES, _
from chat_tui_core.secrets import Keep
from chat_tui_core.values import frozen

__all__ = ["LEVELS", "LONGEST_UNDO", "SETTINGS", "Setting", "flat", "quiet_minutes", "setting_of"]

LONGEST_UNDO: Final = 120
MOST_DAYS: Final = 36_500
MOST_LINES: Final = 100_000
LEVELS: Final = ("all", "mentions", "nothing")
DESKTOP: Final = ("auto", "program", "osc9", "osc777", "off")
PICTURES: Final = ("auto", "kitty", "blocks", "off")
KEYMAPS: Final = ("default", "emacs", "vim", "irc")
SPELLERS: Final = ("auto", "aspell", "hunspell", "enchant-2")
_LANGUAGE: Final = re.compile(r"[A-Za-z][\w.@,-]{0,63}", re.ASCII)
_SPAN: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_YES: Final = MappingProxyType({"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False})


@frozen
class Setting:
    """One setting. `name` is how the file has it, dotted where it stands in a table.

    `problem` says what is wrong with a value, "" = nothing; `read` makes a value of what a person types; `choices` are
    all values where they are few. `table`: the values below it have names of the person's own. `at_start`: a change
    holds from the next start on.
    """

    name: str
    default: Any
    meaning: str
    problem: Callable[[Any], str]
    read: Callable[[str], Any] = str
    choices: tuple[str, ...] = ()
    table: bool = False
    at_start: bool = False
    example: str = ""

    @property
    def field(self) -> str:
        """What the configuration's values call it."""
        return self.name.replace(".", "_")


def flat(table: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """A table whose dotted keys TOML has made into tables within tables, dotted again."""
    found: dict[str, Any] = {}
    for key, value in table.items():
        found |= flat(value, f"{above}{key}.") if isinstance(value, dict) else {above + key: value}
    return found


def quiet_minutes(span: str) -> tuple[int, int] | None:
    """The minutes of the day at which quiet begins and ends: "22:00-07:30" is (1320, 450); None for no such text."""
    found = _SPAN.fullmatch(span)
    if found is None:
        return None
    begin_hour, begin, end_hour, end = map(int, found.groups())
    return begin_hour * 60 + begin, end_hour * 60 + end


def _text(value: Any) -> str:
    return "" if isinstance(value, str) and value.isprintable() else _("must be a text in quotes")


def _yes_or_no(value: Any) -> str:
    return "" if isinstance(value, bool) else _("must be true or false")


def _seconds(value: Any) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return (
        ""
        if number and 0 <= value <= LONGEST_UNDO
        else _("must be a number of seconds from 0 to {most}").format(most=LONGEST_UNDO)
    )


def _days(value: Any) -> str:
    number = isinstance(value, int) and not isinstance(value, bool)
    return (
        ""
        if number and 0 <= value <= MOST_DAYS
        else _("must be a whole number of days from 0 to {most}").format(most=MOST_DAYS)
    )


def _language(value: Any) -> str:
    good = isinstance(value, str) and (not value or _LANGUAGE.fullmatch(value) is not None)
    return "" if good else _('must be the name of a dictionary such as "en_GB", or ""')


def _lines(value: Any) -> str:
    number = isinstance(value, int) and not isinstance(value, bool)
    return (
        ""
        if number and 0 <= value <= MOST_LINES
        else _("must be a whole number from 0 to {most}").format(most=MOST_LINES)
    )


def _one_of(*choices: str) -> Callable[[Any], str]:
    listed = ", ".join(f'"{choice}"' for choice in choices[:-1]) + _(' or "{last}"').format(last=choices[-1])

    def problem(value: Any) -> str:
        return "" if isinstance(value, str) and value in choices else _("must be {listed}").format(listed=listed)

    return problem


def _words(value: Any) -> str:
    good = isinstance(value, list | tuple) and all(
        isinstance(word, str) and word.isprintable() and word.strip() for word in value
    )
    return "" if good else _('must be a list of words such as ["release", "lunch"]')


def _quiet(value: Any) -> str:
    good = value == "" or (isinstance(value, str) and quiet_minutes(value) is not None)
    return "" if good else _('must be a span such as "22:00-07:00", or ""')


def _keys(value: Any) -> str:
    good = isinstance(value, Mapping) and all(
        isinstance(keys, str) and keys.isprintable() for keys in flat(value).values()
    )
    return "" if good else _('must be a table such as app.help = "f1,ctrl+h"')


def _tables(value: Any) -> str:
    return "" if isinstance(value, Mapping) else _("must hold tables")


def _proxies(value: Any) -> str:
    from chat_tui_core.proxies import DIRECT, read_proxy

    good = isinstance(value, Mapping) and all(
        proxy == DIRECT or (isinstance(proxy, str) and read_proxy(proxy) is not None) for proxy in flat(value).values()
    )
    return "" if good else _('must be a table such as home = "socks5://127.0.0.1:9050"; "direct" is no proxy')


def _levels(value: Any) -> str:
    good = isinstance(value, Mapping) and all(level in LEVELS for level in flat(value).values())
    return (
        ""
        if good
        else _('must be a table such as "general" = "all"; each is one of {levels}').format(levels=", ".join(LEVELS))
    )


def _read_yes_or_no(text: str) -> Any:
    return _YES.get(text.strip().lower(), text)


def _read_number(text: str) -> Any:
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() else number


def _read_words(text: str) -> Any:
    return [word for part in text.split(",") if (word := part.strip())]


SETTINGS: Final[tuple[Setting, ...]] = (
    Setting(
        "theme",
        "",
        'The colours: a name that the list of themes has; "" is the app\'s own dark one. '
        "`ansi-dark` and `ansi-light` are the terminal's own colours.",
        _text,
        example='theme = "chat-tui-light"',
    ),
    Setting(
        "density",
        "cozy",
        "How much room messages and rooms take: cozy leaves an empty line between people, compact does not.",
        _one_of("cozy", "compact"),
        choices=("cozy", "compact"),
    ),
    Setting("clock", "24h", "How times are told: 18:05 or 6:05pm.", _one_of("24h", "12h"), choices=("24h", "12h")),
    Setting(
        "readers",
        True,
        "Say on your own messages who has read them, as far as the server tells; on each the people who have read no "
        "later one.",
        _yes_or_no,
        _read_yes_or_no,
        choices=("true", "false"),
    ),
    Setting(
        "pictures",
        "auto",
        "How pictures are shown among the messages: blocks draws them in half blocks of colour, kitty in full, for "
        "terminals with Kitty's graphics protocol (Kitty from 0.28 on, Ghostty), off leaves a line; auto is kitty in "
        "Ghostty and blocks elsewhere. They are drawn where Pillow is installed.",
        _one_of(*PICTURES),
        choices=PICTURES,
    ),
    Setting(
        "language",
        "auto",
        "The language of the app: en, de, or auto for the one that the environment asks for (LC_ALL, LC_MESSAGES, LANG).",
        _one_of("auto", *LANGUAGES),
        choices=("auto", *LANGUAGES),
        at_start=True,
    ),
    Setting(
        "account",
        "",
        "The account that commands use when none is named; the app shows it first.",
        _text,
        at_start=True,
        example='account = "home"',
    ),
    Setting(
        "accounts",
        (),
        "The accounts that the app opens, in this order; without any: all.",
        _words,
        _read_words,
        at_start=True,
        example='accounts = ["home", "work"]',
    ),
    Setting(
        "undo_send",
        0.0,
        "Seconds, up to 120, in which a message can be taken back after Enter; 0: it leaves at once.",
        _seconds,
        _read_number,
        example="undo_send = 5",
    ),
    Setting(
        "keep_days",
        0,
        "Days for which messages that you have read are stored; each room keeps its newest ones, and scrolling up brings "
        "older ones back from the server. 0: for ever.",
        _days,
        _read_number,
        at_start=True,
        example="keep_days = 365",
    ),
    Setting(
        "secrets",
        "auto",
        "Where tokens are kept from now on: the system's keyring, a file that only you can read, or auto for the keyring "
        "where there is a good one.",
        _one_of(*(keep.value for keep in Keep)),
        choices=tuple(keep.value for keep in Keep),
    ),
    Setting(
        "keymap",
        "default",
        "A set of keys: the app's own, or one with the habits of emacs, vim or IRC programs.",
        _one_of(*KEYMAPS),
        choices=KEYMAPS,
    ),
    Setting(
        "keys",
        MappingProxyType({}),
        "Your own keys, by the names that the list of keys has, or by a command with what follows it; several are "
        "separated by commas. They go before the keymap.",
        _keys,
        table=True,
        example='[keys]\n"room.switch" = "ctrl+g"\n"/goto 2026-05-01" = "alt+g"',
    ),
    Setting(
        "composer.paste_lines",
        10,
        "Lines that can be pasted without a question; a longer paste asks whether it shall be a block of code or a file. "
        "0: it never asks.",
        _lines,
        _read_number,
        example="paste_lines = 40",
    ),
    Setting(
        "composer.spelling",
        "",
        "The language in which the spelling of what you write is checked, as the program that does it calls it: en_GB, de_DE; "
        '"": it is not checked.',
        _language,
        example='spelling = "en_GB"',
    ),
    Setting(
        "composer.speller",
        "auto",
        "The program that checks the spelling; auto takes the first one that is installed.",
        _one_of(*SPELLERS),
        choices=SPELLERS,
    ),
    Setting(
        "notify.level",
        "mentions",
        "What you are told of: all messages, mentions (that is: your name, your keywords, direct chats, invitations), "
        "or nothing. A muted room is always quiet.",
        _one_of(*LEVELS),
        choices=LEVELS,
    ),
    Setting(
        "notify.desktop",
        "auto",
        "How the desktop shows it: program runs notify-send or osascript, osc9 and osc777 ask the terminal, which also "
        "works through ssh; auto runs the program where there is a desktop and one is installed.",
        _one_of(*DESKTOP),
        choices=DESKTOP,
    ),
    Setting(
        "notify.bell", True, "Ring the terminal's bell, too.", _yes_or_no, _read_yes_or_no, choices=("true", "false")
    ),
    Setting(
        "notify.preview",
        True,
        "Show what was said; without it only who and where.",
        _yes_or_no,
        _read_yes_or_no,
        choices=("true", "false"),
    ),
    Setting(
        "notify.keywords",
        (),
        "Words that count as a mention, in any case.",
        _words,
        _read_words,
        example='keywords = ["release", "lunch"]',
    ),
    Setting(
        "notify.quiet",
        "",
        "Hours without any notice, by the clock of this machine; they may go over midnight.",
        _quiet,
        example='quiet = "22:00-07:00"',
    ),
    Setting(
        "notify.rooms",
        MappingProxyType({}),
        "A level for single rooms, by name or id.",
        _levels,
        table=True,
        example='[notify.rooms]\ngeneral = "all"\n"!abc:matrix.example" = "nothing"',
    ),
    Setting(
        "themes",
        MappingProxyType({}),
        "Your own themes, a table each; `theme` takes them by their names, and `/theme` shows them with the others. What "
        "is wrong in one is told and left out, and so is told whatever is hard to read; the app starts all the same.",
        _tables,
        table=True,
        example='[themes.dusk]\nfrom = "dark"\ntext = "#e6dfd0"\nbackground = "#1d1a24"\naccent = "#e0a060"\n'
        'people = ["#8fd0a0", "#e0a080", "#90b8f0"]',
    ),
    Setting(
        "commands",
        MappingProxyType({}),
        "Your own commands, a table each: `/NAME WORDS` runs a program with these words as its last arguments. On its "
        "standard input it gets one JSON object: account, room, draft and the chosen message; never a token.",
        _tables,
        table=True,
        example='[commands.translate]\nrun = ["trans", "-brief"]\nhelp = "translate into English"\ninto = "notice"',
    ),
    Setting(
        "proxy",
        MappingProxyType({}),
        "Through which proxy an account is reached: http:// or socks5://, with user and password where it asks for them; "
        '"direct" for none. Accounts that are not named here take what HTTPS_PROXY, ALL_PROXY and NO_PROXY say; a server '
        "on this machine is reached directly unless it is named here.",
        _proxies,
        table=True,
        at_start=True,
        example='[proxy]\nhome = "socks5://127.0.0.1:9050"\nwork = "http://ann:secret@proxy.example:3128"',
    ),
)

_BY_NAME: Final = MappingProxyType({setting.name: setting for setting in SETTINGS})


def setting_of(name: str) -> Setting | None:
    """The setting with this name, else None."""
    return _BY_NAME.get(name)
