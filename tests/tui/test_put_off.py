"""Modules that are put off: empty until somebody looks into them, the same for everybody afterwards."""

from __future__ import annotations

import importlib
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from chat_tui import put_off

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import ModuleType

NAME = "put_off_for_a_test"


@pytest.fixture(autouse=True)
def put_off_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A module of the test's own is put off, and nothing of it is left."""
    monkeypatch.setitem(put_off.PUT_OFF, NAME, "")
    monkeypatch.syspath_prepend(str(tmp_path))
    put_off.begin()
    yield
    put_off.end()
    sys.modules.pop(NAME, None)


def imported(folder: Path, text: str) -> ModuleType:
    """The test's module with that text, imported."""
    (folder / f"{NAME}.py").write_text(text)
    importlib.invalidate_caches()
    return importlib.import_module(NAME)


def test_it_is_loaded_when_somebody_looks_into_it(tmp_path: Path) -> None:
    module = imported(tmp_path, "import sys\nsys.put_off_was_here = True\nanswer = 42\n")
    assert importlib.import_module(NAME) is module  # a second import does not load it
    assert module.__spec__ is not None
    assert module.__spec__.name == NAME
    assert not hasattr(sys, "put_off_was_here")
    try:
        assert module.answer == 42
        assert sys.put_off_was_here  # type: ignore[attr-defined]
    finally:
        del sys.put_off_was_here  # type: ignore[attr-defined]
    assert type(module) is type(sys)
    assert module.__file__ == str(tmp_path / f"{NAME}.py")


def test_a_name_that_it_does_not_have_is_missed_as_ever(tmp_path: Path) -> None:
    module = imported(tmp_path, "answer = 42\n")
    with pytest.raises(AttributeError, match="nothing"):
        module.nothing  # noqa: B018 - looking is the test
    with pytest.raises(ImportError):
        exec(f"from {NAME} import nothing")


def test_from_import_loads_it(tmp_path: Path) -> None:
    imported(tmp_path, "answer = 42\n")
    found: dict[str, object] = {}
    exec(f"from {NAME} import answer", found)
    assert found["answer"] == 42


def test_two_threads_never_see_it_half_loaded(tmp_path: Path) -> None:
    module = imported(
        tmp_path, "import threading\nthreading.put_off_loading.set()\nthreading.put_off_go.wait(30)\nanswer = 42\n"
    )
    loading, go, found = threading.Event(), threading.Event(), []
    threading.put_off_loading, threading.put_off_go = loading, go  # type: ignore[attr-defined]
    try:
        threads = [threading.Thread(target=lambda: found.append(module.answer)) for _ in range(2)]
        threads[0].start()
        assert loading.wait(30)
        threads[1].start()
        go.set()
        for thread in threads:
            thread.join(30)
    finally:
        del threading.put_off_loading, threading.put_off_go  # type: ignore[attr-defined]
    assert found == [42, 42]


def test_a_fault_in_it_comes_up_each_time(tmp_path: Path) -> None:
    module = imported(tmp_path, "raise ValueError('broken')\n")
    for _ in range(2):
        with pytest.raises(ValueError, match="broken"):
            module.anything  # noqa: B018 - looking is the test


def test_what_it_cannot_do_without_must_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(put_off.PUT_OFF, NAME, "a_part_that_is_nowhere")
    with pytest.raises(ModuleNotFoundError):  # at once, as where nothing is put off
        imported(tmp_path, "import a_part_that_is_nowhere\n")


def test_afterwards_modules_are_imported_as_ever(tmp_path: Path) -> None:
    put_off.end()
    module = imported(tmp_path, "answer = 42\n")
    assert vars(module)["answer"] == 42
