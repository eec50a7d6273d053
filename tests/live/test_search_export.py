"""Search and export from the command line, against a real server, online and offline."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.live.command import Client, Server

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]


def test_what_was_said_is_found_and_exported_without_a_server(tmp_path: Path) -> None:  # E4
    ann = Client(tmp_path / "ann")
    with Server("--open", "--data", str(tmp_path / "server.db")) as server:
        assert ann.login(server.url, "ann").code == 0
        for text in ("the quick brown fox", "a lazy dog", "<b>bold</b> & quick"):
            assert ann("send", "general", text, "--wait", "confirmed").code == 0
    found = ann("search", "quick", "--json")
    assert [row["text"] for row in found.rows] == ["the quick brown fox", "<b>bold</b> & quick"]
    assert {row["account"] for row in found.rows} == {"home"}
    assert "general  ann: the quick brown fox" in ann("search", '"quick brown"').out
    assert ann("search", "nothing-like-it").out == ""
    wrong = ann("search", "before:soon")
    assert wrong.code == 1
    assert "A day is written" in wrong.sentence

    lines = [json.loads(line) for line in ann("export", "general").out.splitlines()]
    assert [line["text"] for line in lines if line["kind"] == "message"][-1] == "<b>bold</b> & quick"
    page = tmp_path / "general.html"
    assert ann("export", "general", "--format", "html", "--to", str(page)).code == 0
    assert "&lt;b&gt;bold&lt;/b&gt; &amp; quick" in page.read_text(encoding="utf-8")
    again = ann("export", "general", "--format", "html", "--to", str(page))
    assert "is there already" in again.sentence
    assert "**ann**: a lazy dog" in ann("export", "general", "--format", "md").out
