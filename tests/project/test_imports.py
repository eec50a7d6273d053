"""What importing loads, seen in a fresh interpreter, and that the import contracts really catch a breach."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.project import tree

if TYPE_CHECKING:
    from pathlib import Path

PROBE = """
import json, sys
try:
    {code}
except SystemExit as stop:
    assert not stop.code, stop.code
print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""
HELP = "sys.argv[:] = ['chat-tui', '--help']; from chat_tui.__main__ import main; main()"
HEAVY = {"aiohttp", "asyncio", "sqlite3", "textual", "websockets"}


def loaded(code: str) -> tuple[str, set[str]]:
    """What a fresh interpreter prints while it runs one line of code, and the modules it then holds."""
    command = [sys.executable, "-c", PROBE.format(code=code)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout, set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize(
    ("code", "unwanted"),
    [
        (HELP, HEAVY),
        ("import chat_tui_core.contract", HEAVY | {"rich", "random", "socket", "ssl"}),
        ("import chat_tui_core.registry", HEAVY | {"chat_tui_wschat"}),
        ("import chat_tui_wschat", HEAVY),
    ],
    ids=["help", "contract", "registry", "wschat"],
)
def test_importing_loads_nothing_heavy(code: str, unwanted: set[str]) -> None:
    assert loaded(code)[1] & unwanted == set()


def test_help_is_printed() -> None:
    assert "usage: chat-tui" in loaded(HELP)[0]


BREACHES = {
    "chat_tui_core is layered": ("backends/chat_tui_core/newcomer.py", ""),
    "chat_tui is layered": ("tui/chat_tui/newcomer.py", ""),
    "chat_tui_core knows no terminal, no network library, no backend": (
        "backends/chat_tui_core/errors.py",
        "import textual",
    ),
    "chat_tui knows no concrete backend and no network library": ("tui/chat_tui/config.py", "import chat_tui_wschat"),
    "a backend knows neither the app nor the terminal nor another backend": (
        "backends/chat_tui_wschat/wire.py",
        "import chat_tui",
    ),
    "the pure modules do no I/O and have no clock": ("backends/chat_tui_core/model.py", "import time"),
    "widgets get values and post messages; only the app and its screens talk to a session": (
        "tui/chat_tui/widgets/newcomer.py",
        "import chat_tui_core.session",
    ),
}


def test_every_import_contract_catches_a_breach(tmp_path: Path) -> None:
    for name in ("tui", "backends"):
        shutil.copytree(tree.ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(tree.ROOT / "pyproject.toml", tmp_path)
    for path, line in BREACHES.values():
        with (tmp_path / path).open("a") as file:
            file.write(f"\n{line}\n")
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{tmp_path / 'tui'}{os.pathsep}{tmp_path / 'backends'}", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout
    lines = [re.sub(r" \(\d+ ignored imports?\)$", "", line) for line in done.stdout.splitlines()]
    kept = [line for line in lines if line.endswith(" KEPT")]
    broken = {line.removesuffix(" BROKEN") for line in lines if line.endswith(" BROKEN")}
    assert broken == set(BREACHES), kept
