"""Backends are found by their entry points, quickly where that is simple, and by importlib.metadata where it is not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from chat_tui_core import registry
from chat_tui_core.errors import ConfigError, UnknownBackend

MODULE = """
class Backend:
    name, api_version = {name!r}, {version}

backend = Backend()
"""
ENTRY = "[other.group]\nfake = nothing:here\n\n[chat_tui.backends]\nfake = {module}:backend\n\n[third]\nfake = no:no\n"


def install(folder: Path, distribution: str, module: str, version: int = 1) -> None:
    """Lay a distribution with a backend called "fake" into a folder."""
    (folder / f"{module}.py").write_text(MODULE.format(name=module, version=version))
    info = folder / f"{distribution}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY.format(module=module))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the search path; what was found before is forgotten."""
    monkeypatch.syspath_prepend(str(tmp_path))
    registry._found.cache_clear()
    return tmp_path


def test_an_installed_backend_is_found_by_either_way(site: Path) -> None:
    install(site, "fake-one", "fake_backend_one")
    quick = registry._loaded_quickly("fake")
    assert quick is not None
    assert quick.name == "fake_backend_one"
    assert registry._loaded("fake") is quick is registry.load("fake")
    assert "fake" in registry.names()


def test_two_that_claim_one_name_are_left_to_importlib(site: Path) -> None:
    install(site, "fake-two", "fake_backend_two")
    install(site, "fake-three", "fake_backend_three")
    assert registry._loaded_quickly("fake") is None
    assert registry.load("fake").name in {"fake_backend_two", "fake_backend_three"}


def test_a_backend_for_another_contract_is_refused(site: Path) -> None:
    install(site, "fake-old", "fake_backend_old", version=0)
    with pytest.raises(ConfigError, match="version 0 of the contract"):
        registry.load("fake")


def test_an_unknown_backend_is_told_with_those_that_there_are() -> None:
    registry._found.cache_clear()
    with pytest.raises(UnknownBackend, match=r"no backend 'nowhere'; installed: .*wschat"):
        registry.load("nowhere")


def test_the_quick_way_does_not_import_the_slow_one() -> None:
    code = "import sys; from chat_tui_core import registry; registry.load('wschat'); print('importlib.metadata' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.strip() == "False"
