"""What is imported when the first frame stands: what could wait for the first deed makes everybody wait for the frame."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Final

import pytest

from bench.stored_account import ACCOUNT, fill
from chat_tui.afterwards import MODULES
from chat_tui.put_off import PUT_OFF
from tests.project import tree

if TYPE_CHECKING:
    from pathlib import Path

PROBE: Final = """
import json, sys
from types import ModuleType
from chat_tui import put_off
put_off.begin()
import asyncio
from pathlib import Path
from chat_tui.app import ChatApp
from chat_tui.config import AppOptions
from chat_tui.opening import open_account
from chat_tui_core.accounts import DataFolder

def loaded():
    return sorted(name for name, module in sys.modules.items() if name not in put_off.PUT_OFF or type(module) is ModuleType)

shown = ChatApp._display

def display(app, screen, frame):
    if frame is not None and not Path(sys.argv[2]).exists():
        Path(sys.argv[2]).write_text(json.dumps([loaded(), screen.conversation.room_id]))
        app.exit()
    shown(app, screen, frame)

ChatApp._display = display
data = DataFolder(Path(sys.argv[1]))
app = ChatApp(AppOptions(data), open_account(data, sys.argv[3]))
asyncio.run(app.run_async(headless=True, size=(120, 40)))
"""
MOST_OWN: Final = 120
"""Own modules that the first frame may stand on. Each costs a fifth of a millisecond and more: look what can wait."""
HEAVY: Final = {
    *("aiohttp", "websockets", "keyring", "markdown_it", "pygments", "PIL", "tomlkit", "tomllib", "msgspec", "orjson"),
    *(
        "argparse",
        "gettext",
        "hashlib",
        "importlib.metadata",
        "email",
        "http.client",
        "xml",
        "multiprocessing",
        "sqlite3.dump",
    ),
    *("textual.widgets._markdown", "textual.widgets._header", "textual.widgets._footer", "textual.widgets._rich_log"),
}
LATE: Final = {
    *("chat_tui.arguments", "chat_tui.control", "chat_tui.demo", "chat_tui.keymaps", "chat_tui.settings"),
    *(
        "chat_tui.doctor",
        "chat_tui.plain",
        "chat_tui.requests",
        "chat_tui.web",
        "chat_tui.forwarding",
        "chat_tui.emoji",
    ),
    *("chat_tui.screens.login", "chat_tui.screens.help", "chat_tui.screens.switcher", "chat_tui.screens.outbox"),
    *("chat_tui.screens.search", "chat_tui.screens.info", "chat_tui.screens.picker", "chat_tui.screens.pictures"),
    *(
        "chat_tui.widgets.banner",
        "chat_tui.widgets.filter_line",
        "chat_tui.widgets.members",
        "chat_tui.widgets.file_lines",
    ),
    *(
        "chat_tui_core.file_news",
        "chat_tui_core.store.search",
        "chat_tui_core.store.retention",
        "chat_tui_core.chat_chain",
    ),
    *("chat_tui_wschat.protocol", "chat_tui_wschat.client", "chat_tui_wschat.server", "chat_tui_matrix"),
}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The modules of a program that has just drawn stored rooms for the first time."""
    folder: Path = tmp_path_factory.mktemp("first-frame")
    fill(folder / "data", 20, 12)
    told = folder / "modules.json"
    paths = os.pathsep.join(str(tree.ROOT / name) for name in ("tui", "backends"))
    command = [sys.executable, "-c", PROBE, str(folder / "data"), str(told), ACCOUNT.name]
    subprocess.run(command, env={**os.environ, "PYTHONPATH": paths}, check=True, timeout=50)
    modules, room_id = json.loads(told.read_text())
    assert room_id == "room-0019"
    return set(modules)


def test_nothing_heavy_is_imported_for_the_first_frame(loaded: set[str]) -> None:
    assert loaded & HEAVY == set()


def test_what_is_put_off_is_not_looked_into_before_the_first_frame(loaded: set[str]) -> None:
    assert loaded & set(PUT_OFF) == set()


def test_what_belongs_to_deeds_is_imported_after_the_first_frame(loaded: set[str]) -> None:
    assert loaded & (LATE | set(MODULES)) == set()


def test_the_first_frame_stands_on_few_own_modules(loaded: set[str]) -> None:
    own = sorted(name for name in loaded if name.partition(".")[0].startswith("chat_tui"))
    assert len(own) <= MOST_OWN, own


def test_what_is_imported_afterwards_is_there() -> None:
    script = f"import importlib; [importlib.import_module(name) for name in {MODULES!r}]"
    paths = os.pathsep.join(str(tree.ROOT / name) for name in ("tui", "backends"))
    subprocess.run([sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": paths}, check=True, timeout=50)
