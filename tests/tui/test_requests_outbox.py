"""The outbox by the command line: what is told of each action, and what retry, cancel, pass and --at do."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from chat_tui import cli
from chat_tui.headless.output import printer
from chat_tui.requests.perform import perform
from chat_tui.requests.values import Done, Note, Request, Row, Told
from chat_tui_core.actions import Kind, State
from chat_tui_core.errors import LocalError
from chat_tui_core.news import Postponed, RefusedAction, Written
from tests.core.scripted import Play, joined


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    play = Play(tmp_path / "chat.db")
    await play.online(joined())
    yield play
    await play.close()


async def told(play: Play, do: str, **fields: Any) -> list[Told]:
    return [one async for one in perform(play.session, Request(do, **fields))]


async def rows(play: Play, do: str = "outbox", **fields: Any) -> list[dict[str, Any]]:
    return [dict(one.data) for one in await told(play, do, **fields) if isinstance(one, Row)]


async def test_what_waits_is_told_with_why(play: Play, capsys: pytest.CaptureFixture[str]) -> None:  # E3
    refused = await play.session.send("r", "an announcement")
    await play.news(Written(refused.id), RefusedAction(refused.id, "NOPERM", "Not here."))
    await play.session.send("r", "what follows")
    await play.session.send("r", "later", at_ms=play.clock + 60_000)
    await play.session.perform(Kind.READ, "r", order=1)
    first, second, third = await rows(play)
    assert first == {
        "action_id": refused.id,
        "kind": "send",
        "room_id": "r",
        "text": "an announcement",
        "state": "failed",
        "attempts": 1,
        "waits": "person",
        "why": "refused: Not here",
        "error": "Not here.",
    }
    assert (second["waits"], second["waits_for"]) == ("blocked", refused.id)
    assert (third["waits"], third["next_try"]) == ("time", play.clock + 60_000)
    show = printer(Request("outbox"), as_json=False)
    for row in (first, second):
        show(Row(row))
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        f"{refused.id} failed  send r: an announcement  (refused: Not here)",
        f"{refused.id + 1} pending  send r: what follows  (held back: #{refused.id} was refused)",
    ]


async def test_it_is_told_without_a_connection_too(play: Play) -> None:
    await play.offline()
    await play.session.send("r", "hello")
    await play.session.send("r", "world")
    await play.restart()
    assert [row["waits"] for row in await rows(play)] == ["turn", "behind"]
    first, _ = await rows(play)
    assert first["why"] == "leaves with the next connection"


async def test_the_next_try_is_told(play: Play) -> None:  # A23
    action = await play.session.send("r", "hello")
    await play.news(Written(action.id), Postponed(action.id, 30, "RATELIMIT", "Too many messages."))
    (row,) = await rows(play)
    assert (row["waits"], row["next_try"]) == ("retry", play.clock + 30_000)
    assert row["error"] == "Too many messages."
    assert row["why"] == "… again in 30 s: Too many messages"


async def test_passing(play: Play) -> None:  # B13
    refused = await play.session.send("r", "an announcement")
    await play.news(Written(refused.id), RefusedAction(refused.id, "NOPERM", "Not here."))
    later = await play.session.send("r", "what follows")
    assert await rows(play, "pass", action_id=refused.id) == [
        {"action_id": refused.id, "state": "failed", "error": "Not here."}
    ]
    await play.settle()
    assert play.done[-1] == later.id
    with pytest.raises(LocalError, match="no action 99"):
        await told(play, "pass", action_id=99)


async def test_saying_it_later(play: Play) -> None:
    answer = await told(play, "send", rooms=("r",), text="later", wait="pending", at=play.clock + 3_600_000)
    (row,) = [one for one in answer if isinstance(one, Row)]
    (note,) = [one for one in answer if isinstance(one, Note)]
    assert row.data["state"] == "pending"
    assert "leaves" in note.text
    assert "as soon as chat-tui runs after that" in note.text
    assert answer[-1] == Done(0)
    assert play.session.open_actions[row.data["action_id"]].scheduled == play.clock + 3_600_000
    assert play.done == []


async def test_nobody_takes_back_what_a_script_says(play: Play) -> None:
    play.session.undo_seconds = 30
    await told(play, "send", rooms=("r",), text="now", wait="pending")
    await play.settle()
    assert [play.session.open_actions[action_id].state for action_id in play.done] == [State.PENDING]


def arguments(monkeypatch: pytest.MonkeyPatch, *words: str) -> Namespace:
    asked: list[Namespace] = []

    def ask(args: Namespace) -> int:
        asked.append(args)
        return 0

    monkeypatch.setattr(cli, "_ask", ask)
    assert cli.run(words) == 0
    return asked[0]


def test_a_time_on_the_command_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    args = arguments(monkeypatch, "send", "general", "hi", "--at", "+10m")
    assert args.wait == "pending"
    assert 590_000 < args.at - time.time_ns() // 1_000_000 <= 600_000
    assert arguments(monkeypatch, "send", "general", "hi", "--at", "+1s", "--wait", "confirmed").wait == "confirmed"
    now = arguments(monkeypatch, "send", "general", "hi")
    assert (now.wait, now.at) == ("sent", 0)
    assert cli.run(["send", "general", "hi", "--at", "soon"]) == 2
    assert "'soon' is no time" in capsys.readouterr().err
