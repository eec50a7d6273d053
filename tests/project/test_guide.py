"""The pages for people: their examples work, their links lead somewhere, and every page can be found."""

from __future__ import annotations

import os
import re
import types
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chat_tui import config
from chat_tui.arguments import parser
from chat_tui.cli import _COMMANDS
from chat_tui.commands import COMMANDS
from chat_tui.keymaps import problems
from chat_tui.keys import KEYS
from chat_tui.own_tables import OwnCommand
from chat_tui.parser_tree import pages
from chat_tui.programs import Programs
from chat_tui.screens.own_work import about
from chat_tui.settings import SETTINGS
from chat_tui_core.actions import State
from chat_tui_core.model import Account, EventKind, RoomEvent
from chat_tui_core.session import Session
from chat_tui_core.store import Store
from tests.project import tree

PAGES = sorted((tree.ROOT / "docs" / "guide").glob("*.md"))
WRITTEN = [*PAGES, *(tree.ROOT / "docs" / name for name in ("peers.md", "writing-a-backend.md", "configuration.md"))]
LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", [*WRITTEN, tree.ROOT / "README.md"], ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    missing = [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert missing == []


def test_every_page_can_be_found_from_the_readme() -> None:
    readme = (tree.ROOT / "README.md").read_text()
    index = (tree.ROOT / "docs" / "guide" / "README.md").read_text()
    assert "docs/guide/README.md" in readme
    assert [page.name for page in PAGES if page.name != "README.md" and f"({page.name})" not in index] == []


@pytest.mark.parametrize("page", [*PAGES, tree.ROOT / "docs" / "peers.md"], ids=lambda page: page.name)
def test_what_a_page_names_is_there(page: Path) -> None:
    text = page.read_text()
    slashes = set(re.findall(r"`/([a-z]+)[` ]", text))
    known = {name for command in COMMANDS for name in (command.name, *command.aliases)}
    known |= commands_of(text).keys()
    assert slashes - known == set()
    names = {known_page.words[0] for known_page in pages(parser(_COMMANDS)) if known_page.words}
    called = set(re.findall(r"(?:^|`|\| )chat-tui ([a-z]+)", text, flags=re.MULTILINE))
    assert called - names == set()
    ids = set(re.findall(r"`([a-z]+\.[a-z_]+)`", text)) - {"config.toml", "chat.db"}
    settings = {"notify.level", "notify.desktop", "notify.bell", "notify.quiet", "notify.keywords", "notify.rooms"}
    places = {key.id.split(".")[0] for key in KEYS}
    assert {name for name in ids if name.split(".")[0] in places} <= {key.id for key in KEYS} | {
        s.name for s in SETTINGS
    }
    assert {name for name in ids if name.startswith("notify.")} <= settings | {"notify.preview"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_programs_and_configurations_are_right(page: Path) -> None:
    text = page.read_text()
    for source in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        compile(source, page.name, "exec")
    for source in re.findall(r"```toml\n(.*?)```", text, re.DOTALL):
        found = config.read(source)
        assert problems(replace(found, commands=commands_of(text))) == []


def commands_of(page: str) -> dict[str, OwnCommand]:
    """The own commands of all configurations on a page."""
    sources = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    return {name: own for source in sources for name, own in config.read(source).commands.items()}


async def test_the_own_commands_of_the_page_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (tree.ROOT / "docs" / "guide" / "own.md").read_text()
    own = commands_of(page)
    (source,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    programs = {"translate": source, "trans": '#!/bin/sh\necho "$2 $4"\n'}
    (tmp_path / "bin").mkdir()
    for name, text in programs.items():
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o700)
    (tmp_path / "snippets").mkdir()
    (tmp_path / "snippets" / "review").write_text("Please look at it.\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    assert await Programs().run(own["snip"], ("review",), {}) == "Please look at it."
    event = RoomEvent("ops", "$1", 1, EventKind.MESSAGE, "@ann:x", 0, "guten Tag")
    for told, said in ((event, ":fr guten Tag"), (None, ":fr half a draft")):
        about_it = about("home", "ops", "ops", "half a draft", told)
        assert await Programs().run(own["translate"], ("fr",), about_it) == said


@pytest.fixture
def parrot() -> Any:
    """The backend of the page, as a module."""
    text = (tree.ROOT / "docs" / "writing-a-backend.md").read_text()
    (source,) = (block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "class Backend" in block)
    assert len(source.splitlines()) <= 80
    module = types.ModuleType("chat_tui_parrot")
    exec(compile(source, "writing-a-backend.md", "exec"), module.__dict__)
    return module.backend  # E1


async def test_the_backend_of_the_page_works(parrot: Any, tmp_path: Path) -> None:
    account = Account("home", "parrot", "parrot://cage", "ada", "d-1")
    for word, before in (("hello", []), ("again", ["hello", "hello!"])):
        store = Store.open(tmp_path / "chat.db")
        session = Session(account, parrot, "token", store)
        session.open_room("cage")
        session.connect()
        await session.ready()
        action = await session.send("cage", word)
        assert (await session.settled(action.id, State.CONFIRMED)).state is State.CONFIRMED
        history = await session.history("cage", 10)
        assert [event.text for event in history] == [*before, word, f"{word}!"]
        assert [event.sender for event in history][-2:] == ["ada", "parrot"]
        refused = await session.perform(action.kind.__class__("topic"), "cage", topic="x")
        assert (await session.settled(refused.id, State.CONFIRMED)).error_text == "A parrot can only talk."
        await session.cancel(refused.id)
        await session.close()
        await store.close()
