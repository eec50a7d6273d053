"""The language that is spoken: chosen by setting and environment, loaded only where it is needed, never mixed up."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping

import pytest

from chat_tui import strings
from chat_tui.strings import N_, _, chosen, decimal, in_english, language, n_, of_error, p_, use
from chat_tui_core.errors import LocalError


@pytest.fixture
def german() -> Iterator[None]:
    use("de")
    yield
    use("en")


@pytest.mark.parametrize(
    ("wanted", "environment", "name"),
    [
        ("auto", {}, "en"),
        ("auto", {"LANG": "de_DE.UTF-8"}, "de"),
        ("auto", {"LANG": "de"}, "de"),
        ("auto", {"LANG": "de_AT.UTF-8@euro"}, "de"),
        ("auto", {"LANG": "DE_de"}, "de"),
        ("auto", {"LANG": "C.UTF-8"}, "en"),
        ("auto", {"LANG": "POSIX"}, "en"),
        ("auto", {"LANG": "fr_FR.UTF-8"}, "en"),
        ("auto", {"LANG": "den_CA"}, "en"),
        ("auto", {"LC_ALL": "C.UTF-8", "LANG": "de_DE.UTF-8"}, "en"),
        ("auto", {"LC_MESSAGES": "C", "LANG": "de_DE.UTF-8"}, "en"),
        ("auto", {"LC_MESSAGES": "de_DE", "LANG": "en_GB.UTF-8"}, "de"),
        ("auto", {"LC_ALL": "", "LANG": "de_DE.UTF-8"}, "de"),
        ("de", {"LC_ALL": "C"}, "de"),
        ("en", {"LANG": "de_DE.UTF-8"}, "en"),
    ],
)
def test_which_language(wanted: str, environment: Mapping[str, str], name: str) -> None:
    assert chosen(wanted, environment) == name


def test_tests_speak_english() -> None:
    """Else every test that reads a sentence would hang on whose machine runs it."""
    use()
    assert language() == "en"
    assert _("Copied.") == "Copied."


@pytest.mark.usefixtures("german")
def test_german() -> None:
    assert language() == "de"
    assert _("Copied.") == "Kopiert."
    assert N_("Copied.") == "Copied."
    assert _("a sentence that nobody has translated") == "a sentence that nobody has translated"
    assert _("") == ""  # and not the catalogue's header
    assert [n_("{count} member", "{count} members", count).format(count=count) for count in (0, 1, 2)] == [
        "0 Mitglieder",
        "1 Mitglied",
        "2 Mitglieder",
    ]
    assert (_("Home"), p_("folder", "Home"), p_("nothing", "Home")) == ("Pos1", "Zuhause", "Home")
    assert (decimal(1.25), decimal(2, 2)) == ("1,2", "2,00")
    assert of_error(LocalError("The server did not answer.")) == "Der Server hat nicht geantwortet."
    assert of_error(LocalError("No, says the server")) == "No, says the server"


@pytest.mark.usefixtures("german")
def test_for_programs_it_is_english() -> None:
    with in_english():
        assert (_("Copied."), decimal(1.5), language()) == ("Copied.", "1.5", "en")
    assert _("Copied.") == "Kopiert."
    with pytest.raises(LocalError):
        _fails_in_english()
    assert _("Copied.") == "Kopiert."


def _fails_in_english() -> None:
    with in_english():
        raise LocalError(_("Copied."))


def test_english_again() -> None:
    use("de")
    use("en")
    assert (_("Copied."), n_("{count} day", "{count} days", 1), decimal(1.5)) == ("Copied.", "{count} day", "1.5")


@pytest.mark.parametrize(("locale", "loaded"), [("C.UTF-8", False), ("en_GB.UTF-8", False), ("de_DE.UTF-8", True)])
def test_english_loads_nothing(locale: str, loaded: bool) -> None:
    """Neither a catalogue nor what reads one: the first frame does not wait for a language that nobody asked for."""
    code = (
        "import sys; from chat_tui import strings; strings.use(); print('gettext' in sys.modules, strings._('Copied.'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"LC_ALL": locale, "PYTHONUTF8": "1"},
    )
    assert done.stdout.split() == [str(loaded), "Kopiert." if loaded else "Copied."]


def test_a_language_without_its_file_is_english(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken installation still runs."""
    monkeypatch.setattr(strings, "LANGUAGES", ("en", "de", "xx"))
    use("xx")
    assert _("Copied.") == "Copied."
    use("en")
