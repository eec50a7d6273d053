"""Own themes and commands in the configuration: what they may hold, and how a fault in one is told and stops nothing."""

from __future__ import annotations

import pytest

from chat_tui import config
from chat_tui.contrast import contrast, rgb_of
from chat_tui.own_faults import problems, unknown_theme
from chat_tui.own_tables import FIELDS, GROUNDS, OwnCommand, OwnTheme
from chat_tui.themes import DARK, LIGHT
from tools import docs_settings

THEME = """
theme = "dusk"
[themes.dusk]
from = "light"
text = "#222"
accent = "#a05010"
people = ["#204060", "#602040"]
"""
COMMAND = """
[commands.translate]
run = ["trans", "-brief"]
help = "translate into English"
into = "notice"
timeout = 5
[commands.sig]
run = ["cat", "/etc/motd"]
"""


def test_themes_are_read() -> None:
    found = config.read(THEME)
    assert found.themes == {
        "dusk": OwnTheme("dusk", False, {"text": "#222", "accent": "#a05010"}, ("#204060", "#602040"))
    }
    assert (found.theme, found.faults) == ("dusk", ())


def test_commands_are_read() -> None:
    found = config.read(COMMAND)
    assert found.commands == {
        "translate": OwnCommand("translate", ("trans", "-brief"), "translate into English", "notice", 5.0, 2),
        "sig": OwnCommand("sig", ("cat", "/etc/motd"), line=7),
    }
    assert found.commands["sig"].about == "run cat"
    assert problems(found) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[themes.a]\ntxt = "#fff"', "line 2: themes.a.txt is no key of such a table (did you mean 'text'?)"),
        ('[themes.a]\n\naccent = "blue"', 'line 3: themes.a.accent must be a colour such as "#6fb3f2"'),
        (
            '[themes.a]\ntext = "ddd"',
            "line 2: themes.a.text must be a colour such as \"#6fb3f2\" (did you mean '#ddd'?)",
        ),
        ("[themes.a]\ntext = 3", "line 2: themes.a.text must be a colour"),
        ('[themes.a]\nfrom = "nord"', 'line 2: themes.a.from must be one of "dark", "light"'),
        ("[themes.a]\nfrom = [1]", "line 2: themes.a.from must be one of"),
        ('[themes.a]\npeople = ["red"]', "line 2: themes.a.people must be a list of colours"),
        ("[themes]\na = 1", "line 2: themes.a must be a table: write [themes.a] on a line of its own"),
        ("themes = 1", "line 1: themes must hold tables: write [themes.NAME]"),
        ('[themes."a b"]\ntext = "#fff"', "line 1: themes.a b has a name that cannot be typed"),
        (
            '[themes.a]\ntext = "#555555"',
            "line 2: themes.a.text is hard to read: text #555555 on the panel #20252e has a contrast of 2.1:1, less than",
        ),
        (
            '[themes.a]\nbackground = "#808080"',
            "line 1: themes.a is hard to read: text #d6dae2 on the background #808080",
        ),
        (
            '[themes.a]\npeople = ["#333333"]',
            "line 2: themes.a.people is hard to read: people #333333 on the background",
        ),
        ("[commands.a]\nhelp = 'x'", "line 1: commands.a needs the key run"),
        ("[commands.a]\nrun = 'ls -l'", 'line 2: commands.a.run must be a program and its arguments, such as ["trans"'),
        ("[commands.a]\nrun = []", "line 2: commands.a.run must be a program"),
        ("[commands.a]\nrun = ['']", "line 2: commands.a.run must be a program"),
        (
            "[commands.a]\nrun = ['x']\ninto = 'draft'",
            'line 3: commands.a.into must be one of "composer", "notice", "send"',
        ),
        ("[commands.a]\nrun = ['x']\ntimeout = 0", "line 3: commands.a.timeout must be a number of seconds up to 600"),
        ("[commands.a]\nrun = ['x']\ntimeout = nan", "line 3: commands.a.timeout must be a number"),
        (
            "[commands.a]\nrun = ['x']\nhlp = 'y'",
            "line 3: commands.a.hlp is no key of such a table (did you mean 'help'?)",
        ),
        ("[commands.A]\nrun = ['x']", "line 1: commands.A has a name that cannot be typed"),
        (
            "[commands.join]\nrun = ['x']",
            "line 1: commands.join has the name of one of the app's commands: call it 'my-join'",
        ),
        ("[commands.part]\nrun = ['x']", "line 1: commands.part has the name of one of the app's commands"),
    ],
)
def test_a_fault_is_told_with_its_line_and_stops_nothing(text: str, told: str) -> None:
    found = config.read(f"{text}\n")
    assert len(problems(found)) == 1
    assert problems(found)[0].startswith(told)


def test_what_is_right_beside_a_fault_holds() -> None:
    found = config.read('[themes.a]\ntxt = "#fff"\naccent = "#abc"\n[themes.b]\ntext = "#fff"\n')
    assert found.themes["a"].colors == {"accent": "#abc"}
    assert found.themes["b"].colors == {"text": "#fff"}


def test_a_theme_that_is_not_there_is_told() -> None:
    assert unknown_theme("dsk", ["dusk", "nord"]) == ["There is no theme 'dsk' (did you mean 'dusk'?)"]
    assert unknown_theme("", ["dusk"]) == unknown_theme("dusk", ["dusk"]) == []


def test_the_grounds_are_those_of_our_themes() -> None:
    for theme in (DARK, LIGHT):
        assert GROUNDS[theme.dark] == {
            "text": theme.foreground,
            "background": theme.background,
            "surface": theme.surface,
            "panel": theme.panel,
        }


@pytest.mark.parametrize(
    ("one", "other", "ratio"), [("#000", "#fff", 21), ("#777777", "#fff", 4.48), ("#123", "#123", 1)]
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert (
        contrast(rgb_of(one), rgb_of(other)) == contrast(rgb_of(other), rgb_of(one)) == pytest.approx(ratio, abs=0.01)
    )


def test_every_key_is_documented() -> None:
    page = docs_settings.render()
    for kind, fields in FIELDS.items():
        section = page.partition(f"## `{kind}`")[2].partition("\n## ")[0]
        assert all(f"| `{field.name}` | " in section for field in fields)
        assert [field.name for field in fields] == list(docs_settings.KEYS[kind])
