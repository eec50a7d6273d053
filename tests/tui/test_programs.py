"""Programs of own commands, run for real: what they get, what is taken of what they say, and that they always end."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from chat_tui.own_tables import OwnCommand
from chat_tui.programs import MOST, Programs
from chat_tui_core.errors import LocalError
from tests.tui.own_programs import gone, written


def command(*run: str, timeout: float = 30) -> OwnCommand:
    return OwnCommand("own", run, timeout=timeout)


def python(code: str, timeout: float = 30) -> OwnCommand:
    return command(sys.executable, "-c", code, timeout=timeout)


async def test_it_gets_the_words_and_one_json_object() -> None:
    code = "import json, sys; print(json.dumps([sys.argv[1:], json.load(sys.stdin)]))"
    said = await Programs().run(python(code), ("a b", "$HOME", "*"), {"draft": "grüße \ud800"})
    assert json.loads(said) == [["a b", "$HOME", "*"], {"draft": "grüße \ud800"}]


async def test_no_token_is_in_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:  # A24
    monkeypatch.setenv("CHAT_TUI_TOKEN_HOME", "sesame")
    monkeypatch.setenv("OTHER", "kept")
    said = await Programs().run(python("import os; print(sorted(os.environ), dict(os.environ))"), (), {})
    assert "kept" in said
    assert "sesame" not in said
    assert "CHAT_TUI_TOKEN" not in said


async def test_what_it_says_is_harmless() -> None:  # E7
    code = r"print('\x1b[31mred\x1b[0m \x1b]0;title\x07\x1b]8;;http://x\x1b\\link\x9b1m \u202etxt\n\n')"
    assert await Programs().run(python(code), (), {}) == "red link\ufffd1m txt"


async def test_it_need_not_read_what_it_is_told() -> None:
    assert await Programs().run(command("echo", "hi"), (), {"draft": "x" * 1_000_000}) == "hi"


@pytest.mark.parametrize(
    ("own", "told"),
    [
        (command("/no/such/program"), "/own cannot run /no/such/program: No such file or directory."),
        (python("import sys; sys.stderr.write('one\\ntwo\\n\\n'); sys.exit(3)"), "/own failed: two"),
        (python("import sys; sys.exit(3)"), "/own failed with code 3 and said nothing of why."),
        (python("import os; os.kill(os.getpid(), 15)"), "/own was ended by signal 15."),
        (python("while True: print('x' * 1000)"), f"/own was stopped: it said more than {MOST // 1024} KiB."),
        (python("import time; time.sleep(600)", timeout=0.2), "/own was stopped: it took longer than 0.2 s."),
        (command("echo", "\0"), "/own cannot run echo: its arguments cannot be given to a program."),
    ],
)
async def test_a_failure_is_one_sentence(own: OwnCommand, told: str) -> None:
    with pytest.raises(LocalError) as error:
        await Programs().run(own, (), {})
    assert str(error.value) == told


async def test_as_much_as_is_taken_comes_whole() -> None:
    assert len(await Programs().run(python(f"print('x' * {MOST - 1})"), (), {})) == MOST - 1


async def test_its_children_end_with_it_when_it_takes_too_long(tmp_path: Path) -> None:
    own = command("sh", "-c", f"sleep 600 & echo $! > {tmp_path}/child; wait", timeout=1)
    with pytest.raises(LocalError, match="took longer"):
        await Programs().run(own, (), {})
    assert await gone(int(await written(tmp_path / "child")))


async def test_a_child_that_keeps_its_output_open_is_ended_too(tmp_path: Path) -> None:
    own = command("sh", "-c", f"sleep 600 & echo $! > {tmp_path}/child", timeout=1)
    with pytest.raises(LocalError, match="took longer"):
        await Programs().run(own, (), {})
    assert await gone(int(await written(tmp_path / "child")))


async def test_it_is_stopped_and_never_runs_twice_at_once(tmp_path: Path) -> None:
    programs = Programs()
    own = command("sh", "-c", f"echo $$ > {tmp_path}/own; exec sleep 600")
    running = asyncio.create_task(programs.run(own, (), {}))
    number = int(await written(tmp_path / "own"))
    with pytest.raises(LocalError, match="/own still runs; Esc stops it"):
        await programs.run(own, (), {})
    assert programs.stop()
    with pytest.raises(LocalError, match="/own was stopped"):
        await running
    assert await gone(number)
    assert not programs.stop()
    assert await programs.run(command("echo", "again"), (), {}) == "again"


async def test_it_ends_with_whoever_waits_for_it(tmp_path: Path) -> None:
    own = command("sh", "-c", f"echo $$ > {tmp_path}/own; exec sleep 600")
    running = asyncio.create_task(Programs().run(own, (), {}))
    number = int(await written(tmp_path / "own"))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await gone(number)


async def test_it_has_a_session_of_its_own(tmp_path: Path) -> None:
    said = await Programs().run(python("import os; print(os.getsid(0))"), (), {})
    assert int(said) != os.getsid(0)
