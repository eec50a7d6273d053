"""The catalogues are whole and current, nothing that people read stays outside of them, and a gap in either is found."""

from __future__ import annotations

import ast
import gettext
import io
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_tui.settings import LONGEST_UNDO, setting_of
from chat_tui.strings import ENGLISH, LANGUAGES
from tests.project.unwrapped import ALLOWED, OUTSIDE, unwrapped
from tools import catalogue
from tools.catalogue import APP, Entry, compiled, fields, merged, placeholder_problem, read_po, write_po

SOURCES = {path.relative_to(APP).as_posix(): path for path in sorted(APP.rglob("*.py"))}
INSIDE = [name for name in SOURCES if not name.startswith(tuple(OUTSIDE))]
GERMAN = read_po(catalogue.po_file("de").read_text(encoding="utf-8"))
HEADER = {"Language": "de", "Content-Type": "text/plain; charset=UTF-8", "Plural-Forms": GERMAN[0]["Plural-Forms"]}


@pytest.fixture(scope="module")
def collected() -> dict[str, Entry]:
    return catalogue.collect()


def test_every_language_has_a_catalogue_that_is_whole() -> None:
    assert [ENGLISH, *catalogue.languages()] == list(LANGUAGES)
    for language in catalogue.languages():
        assert catalogue.problems(language) == []


def test_every_catalogue_is_as_the_tool_writes_it() -> None:
    for language in catalogue.languages():
        assert catalogue.bring_up_to_date(language, check=True), "run `python3 dev.py docs`"


def test_the_strings_are_many(collected: dict[str, Entry]) -> None:
    """What collects them sees tables, marks, words of the core and sentences of the backends."""
    assert len(collected) > 1000
    for text in (
        "Show keys and commands",  # a key
        "go to a room by name",  # a command
        "How times are told: 18:05 or 6:05pm.",  # a setting
        "In the outbox",  # an enumeration
        "Everything is sent.",
        "The server did not answer.",  # a backend
        "opened the room to everyone",
        "a file that only you can read",
    ):
        assert text in collected, text
    assert collected["{count} member"].source == ("{count} member", "{count} members")


@pytest.mark.parametrize(
    "entry", [one for one in GERMAN[1].values() if len(one.source) == 2], ids=lambda one: one.source[0]
)
def test_german_plurals_have_both_forms_with_the_count(entry: Entry) -> None:
    one, many = entry.translation
    assert one
    assert many
    assert fields(many) == fields(entry.source[1])


def test_german_sentences_end_as_the_english_ones_do() -> None:
    for text, entry in GERMAN[1].items():
        for form in filter(None, entry.translation):
            assert text.endswith(".") == form.endswith("."), (text, form)
            assert (text[:1] + text[-1:]).count(" ") == (form[:1] + form[-1:]).count(" "), (text, form)


def test_german_keys_are_those_of_a_german_keyboard() -> None:
    """No sentence names a key by another name than the list of keys does."""
    english = re.compile(r"\b(?:Ctrl|Del|PgUp|PgDn|Home|End|Shift)\b")
    assert [form for entry in GERMAN[1].values() for form in entry.translation if english.search(form)] == []


def test_german_is_said_to_a_friend() -> None:
    formal = re.compile(r"\b(?:Ihnen|Ihrem|Ihren|können Sie|Sie können|geben Sie)\b")
    assert [form for entry in GERMAN[1].values() for form in entry.translation if formal.search(form)] == []


@pytest.mark.skipif(shutil.which("msgfmt") is None, reason="GNU gettext is not installed")
def test_gnu_gettext_finds_nothing_wrong(tmp_path: Path) -> None:
    done = subprocess.run(
        ["msgfmt", "--check-format", "-o", str(tmp_path / "x.mo"), str(catalogue.po_file("de"))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


# ---------------------------------------------------------------- nothing stays outside


@pytest.mark.parametrize("name", INSIDE)
def test_nothing_that_people_read_is_outside_the_catalogue(name: str) -> None:
    found = unwrapped(ast.parse(SOURCES[name].read_text(encoding="utf-8")))
    wrong = [f"{name}:{line}: {text!r}" for line, text in found if text not in ALLOWED.get(name, ())]
    assert not wrong, "put it into _(), or N_() in a table: see CONTRIBUTING.md"


def test_what_is_allowed_is_there() -> None:
    """No exception outlives what it was made for."""
    assert [name for name in OUTSIDE if not any(one.startswith(name) for one in SOURCES)] == []
    for name, texts in ALLOWED.items():
        found = {text for _line, text in unwrapped(ast.parse(SOURCES[name].read_text(encoding="utf-8")))}
        assert texts <= found, (name, texts - found)


@pytest.mark.parametrize("name", INSIDE)
def test_no_function_uses_the_mark_as_a_name(name: str) -> None:
    """`for _ in ...` makes `_` a variable of the whole function: calling it there would fail while running."""
    for function in ast.walk(ast.parse(SOURCES[name].read_text(encoding="utf-8"))):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            names = [node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == "_"]
            inner = {
                id(part)
                for node in ast.walk(function)
                if isinstance(node, ast.comprehension)
                for part in ast.walk(node)
            }
            stored = [node.lineno for node in names if isinstance(node.ctx, ast.Store) and id(node) not in inner]
            read = [node for node in names if isinstance(node.ctx, ast.Load)]
            assert not (stored and read), f"{name}:{stored}"


@pytest.mark.parametrize(
    "planted",
    [
        'self.notify("Some text")',
        'self.notify("Saved")',
        'app.notify(f"{count} left")',
        'Static("Text")',
        'Static("words")',
        'yield Static("Press a key to go on", id="x")',
        'raise LocalError("Nothing to do.")',
        'raise ConfigError(f"{name} is no setting.")',
        'raise Refused("no")',
        'Wrong("This is wrong.")',
        'line = "There is nothing here"',
        'return f"waits for {name}"',
        'words = {State.NEW: "not yet there"}',
        'left = [("Outbox", "bold")]',
        '_(f"{name} left")',
        'Key("x.y", "f", "do", f"Go to {place}", Place.MAIN)',
        'Setting("x", 0, f"Seconds up to {most}.", _days)',
    ],
)
def test_a_planted_literal_is_found(planted: str) -> None:
    tree = ast.parse(planted)
    assert list(unwrapped(tree)) or planted.startswith("_(f")
    assert list(catalogue.marked(tree)) == []


@pytest.mark.parametrize(
    "planted",
    [
        'self.notify(_("Some text"))',
        'Static("", id="settings-said")',
        'yield Static(_("Text"), classes="label dim")',
        'raise LocalError(_("{name} is over.").format(name=name))',
        'n_("{count} file", "{count} files", count).format(count=count)',
        '_LOG.warning("the socket %s is gone", path)',
        '"""A document of two sentences. This is the other."""',
        'DEFAULT_CSS = "Banner { height: 2; }"',
        'def f(x: "Some name") -> "Other name": ...',
        'style = "$text-error bold"',
        "action = \"scroll('page_up')\"",
        'key = f"alt+{number}"',
        'where = f"{a.b}-{c}"',
        'path = "~/.config/chat-tui"',
        'left.append((" ", "$foreground 60%"))',
    ],
)
def test_what_nobody_reads_is_left_alone(planted: str) -> None:
    assert list(unwrapped(ast.parse(planted))) == []


@pytest.mark.parametrize(
    ("planted", "text"),
    [
        ('Key("x.y", "f", "do", "Do a thing that is new", Place.MAIN)', "Do a thing that is new"),
        ('Key("x.y", "f", "do", "", Place.MAIN, hint="brand new")', "brand new"),
        ('Command("dance", "dance with everybody")', "dance with everybody"),
        ('Command("dance", "", words="[PARTNER]")', "[PARTNER]"),
        ('Setting("x", 0, "What nobody has set yet.", _days)', "What nobody has set yet."),
        ('self.notify(_("Some text that is new"))', "Some text that is new"),
        ('DONE = N_("It is all done then")', "It is all done then"),
    ],
)
def test_a_planted_string_is_missed_in_the_catalogue(planted: str, text: str) -> None:
    """A new row of a table needs no mark: it is collected, and the German for it is asked for."""
    assert (text,) in list(catalogue.marked(ast.parse(planted)))
    assert text not in GERMAN[1]


# ---------------------------------------------------------------- the tool


def test_merging_keeps_drops_and_asks() -> None:
    known = {
        "kept": Entry(("kept",), ("behalten",), {"old.py"}),
        "gone": Entry(("gone",), ("weg",)),
        "form": Entry(("form",), ("Form",)),
    }
    now = {"kept": Entry(("kept",), (), {"a.py"}), "new": Entry(("new",)), "form": Entry(("form", "forms"))}
    found = merged(now, known)
    assert [(one.source, one.translation) for one in found.values()] == [
        (("kept",), ("behalten",)),
        (("new",), ()),
        (("form", "forms"), ()),
    ]
    assert found["kept"].files == {"a.py"}


@pytest.mark.parametrize(
    ("source", "translation", "good"),
    [
        (("{name} left",), ("{name} ist weg",), True),
        (("{name} left",), ("{nam} ist weg",), False),
        (("{name} left",), ("weg",), False),
        (("{name!r} left",), ("{name} ist weg",), False),
        (("{a} and {b}",), ("{b} und {a}",), True),
        (("left",), ("{name} weg",), False),
        (("{count} file", "{count} files"), ("{count} Datei", "{count} Dateien"), True),
        (("One file", "{count} files"), ("Eine Datei", "{count} Dateien"), True),
        (("One file", "{count} files"), ("Eine Datei", "{n} Dateien"), False),
        (("a { brace",), ("eine { Klammer",), True),
    ],
)
def test_placeholders_are_compared(source: tuple[str, ...], translation: tuple[str, ...], good: bool) -> None:
    assert (placeholder_problem(Entry(source, translation)) == "") is good


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0\4"), min_size=1, max_size=40)
CONTEXTS = st.builds("{}\4{}".format, TEXTS, TEXTS)
ENTRIES = st.one_of(
    st.builds(lambda one, german: Entry((one,), (german,), {"a.py"}), TEXTS | CONTEXTS, TEXTS),
    st.builds(lambda one, many, a, b: Entry((one, many), (a, b), {"b.py"}), TEXTS, TEXTS, TEXTS, TEXTS),
)


@given(st.lists(ENTRIES, max_size=5))
def test_a_catalogue_is_read_as_it_was_written(entries: list[Entry]) -> None:
    by_singular = {entry.source[0]: entry for entry in entries}
    header, found = read_po(write_po(HEADER, by_singular, 2))
    assert header == HEADER
    assert {text: (one.source, one.translation) for text, one in found.items()} == {
        text: (one.source, one.translation) for text, one in by_singular.items()
    }


@given(st.lists(ENTRIES, max_size=5))
def test_gettext_reads_what_is_compiled(entries: list[Entry]) -> None:
    by_singular = {entry.source[0]: entry for entry in entries}
    read = gettext.GNUTranslations(io.BytesIO(compiled(HEADER, by_singular)))
    for text, entry in by_singular.items():
        if len(entry.source) == 1:
            assert read.gettext(text) == entry.translation[0]
        else:
            assert [read.ngettext(entry.source[0], entry.source[1], count) for count in (0, 1, 2)] == [
                entry.translation[1],
                entry.translation[0],
                entry.translation[1],
            ]


def test_the_setting_names_the_limit_that_holds() -> None:
    setting = setting_of("undo_send")
    assert setting is not None
    assert f"up to {LONGEST_UNDO}," in setting.meaning
