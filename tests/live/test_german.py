"""`chat-tui` in German, as a real program: by the environment, by the configuration; what programs read stays English."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.live.command import Client, Server

pytestmark = pytest.mark.live

GERMAN = {"LC_MESSAGES": "de_DE.UTF-8"}
SCRIPT = """hallo zusammen
/me winkt
/create garden Tomaten
/at morgen 18:30 bis dann
/tanze
/theme
/switch general
/redact
ja
/outbox
"""
TRANSCRIPT = """chat-tui, Konto home. Eine Zeile wird im aktuellen Raum gesagt; /help nennt die Befehle, /quit beendet.
Verbunden.
Raum general, 1 Mitglied. Thema: For everybody
00:00 ada ist beigetreten
00:00 Du: hallo zusammen
00:00 * Du winkt
Raum garden, 1 Mitglied. Thema: Tomaten
00:00 ada ist beigetreten
Geht morgen um 18:30 ab, wenn chat-tui dann läuft.
Es gibt keinen Befehl /tanze; /help zeigt alle, und //tanze sendet es als Text.
Hier gibt es keine Farben.
Raum general, 1 Mitglied. Thema: For everybody
„/me winkt“ für alle löschen? Schreib ja oder nein.
"""


def speaker(folder: Path, server: Server) -> Client:
    """Somebody with an account whose machine speaks German."""
    client = Client(folder)
    client.environment |= GERMAN
    done = client.login(server.url, folder.name)
    assert done.out.startswith(f"Bei {server.url} als {folder.name} angemeldet; das Konto heißt 'home'")
    return client


def test_a_session_from_a_script_is_a_german_transcript(tmp_path: Path) -> None:
    with Server("--open") as server:
        ada = speaker(tmp_path / "ada", server)
        done = ada("--plain", stdin=SCRIPT)
    assert (done.code, done.error) == (0, "")
    out = re.sub(r"^\d\d:\d\d", "00:00", done.out, flags=re.MULTILINE)
    assert out.startswith(TRANSCRIPT)
    rest = out.removeprefix(TRANSCRIPT)
    assert "Gelöscht." in rest or "00:00 Du: Nachricht gelöscht" in rest
    assert re.search(r"#? ?\d+ wartet {2}senden garden: bis dann {2}\(geht morgen um 18:30 ab, in \d+ h", rest)


def test_what_programs_read_is_english_and_what_people_read_is_not(tmp_path: Path) -> None:
    with Server("--open") as server:
        ada = speaker(tmp_path / "ada", server)
        assert ada("send", "general", "bis dann", "--at", "+2h").code == 0
        assert "wartet  senden general: bis dann  (geht" in ada("outbox").out
        (row,) = ada("outbox", "--json").rows
        assert (row["state"], row["kind"]) == ("pending", "send")
        assert re.fullmatch(r"goes .*, in .*", row["why"])
        assert "general  1 Mitglied" in ada("rooms").out
        wrong = ada("send", "nirgends", "x")
        assert (wrong.code, wrong.error) == (1, "chat-tui: Es gibt keinen Raum 'nirgends'; es gibt: general.\n")


def test_the_configuration_goes_before_the_environment(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('language = "en"\n', encoding="utf-8")
    ada = Client(tmp_path / "ada")
    ada.environment |= GERMAN
    assert "Es gibt noch kein Konto" in ada("rooms").error
    assert "There is no account yet" in ada("--config", str(config), "rooms").error
    config.write_text('language = "de"\n', encoding="utf-8")
    ada.environment |= {"LC_MESSAGES": "C"}
    assert "There is no account yet" in ada("rooms").error
    assert "Es gibt noch kein Konto" in ada("--config", str(config), "rooms").error


def test_an_unknown_language_says_which_there_are(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('language = "xx"\n', encoding="utf-8")
    done = Client(tmp_path / "ada")("--config", str(config), "rooms")
    assert 'line 1: language must be "auto", "en" or "de"' in done.error
