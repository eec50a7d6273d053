"""dev.py: what it installs and when, and what it says when it cannot."""

from __future__ import annotations

import shutil
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

import dev
from tests.project import tree

if TYPE_CHECKING:
    from pathlib import Path


class Machine:
    """A pretended machine in which commands are noted and answered from a list of those that fail."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.commands: list[list[str]] = []
        self.failing: set[str] = set()

    def quietly(self, command: list[str]) -> str | None:
        """Answer as dev.quietly would; making an environment makes its Python."""
        self.commands.append(command)
        text = " ".join(command)
        if any(part in text for part in self.failing):
            return f"no luck with {text}"
        if "venv" in command:
            dev.PYTHON.parent.mkdir(parents=True)
            dev.PYTHON.touch()
            (dev.VENV / "pyvenv.cfg").write_text("version = 3.11.7\n")
        return None

    def installs(self) -> list[list[str]]:
        """The installs since the last time this was asked."""
        found = [command for command in self.commands if "--editable" in command]
        self.commands.clear()
        return found


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """An empty checkout on a machine with pip and without uv."""
    pretended = Machine(tmp_path)
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    monkeypatch.setattr(dev, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(dev, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr(dev, "STAMP", tmp_path / ".venv" / ".chat-tui-stamp")
    monkeypatch.setattr(dev, "quietly", pretended.quietly)
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (tmp_path / "constraints.txt").write_text("x==1\n")
    return pretended


def test_it_installs_once_for_running_and_once_more_for_testing(machine: Machine) -> None:
    dev.ensure("run")
    assert [command[-1] for command in machine.installs()] == ["."]
    dev.ensure("run")
    assert machine.commands == []
    dev.ensure("dev")
    assert [command[-1] for command in machine.installs()] == [".[dev]"]
    dev.ensure("run")
    dev.ensure("dev")
    assert machine.commands == []


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt", ".venv/pyvenv.cfg"])
def test_it_installs_again_when_the_lists_or_the_python_change(machine: Machine, name: str) -> None:
    dev.ensure("dev")
    machine.installs()
    (machine.root / name).write_text("changed\n")
    dev.ensure("run")
    assert [command[-1] for command in machine.installs()] == [".[dev]"], "what was there for testing stays"


def test_after_an_interruption_everything_is_installed_anew(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(command: list[str]) -> str | None:
        if "--editable" in command:
            raise KeyboardInterrupt
        return machine.quietly(command)

    monkeypatch.setattr(dev, "quietly", interrupted)
    with pytest.raises(KeyboardInterrupt):
        dev.ensure("run")
    monkeypatch.setattr(dev, "quietly", machine.quietly)
    assert not dev.ready("run")
    dev.ensure("run")
    (command,) = machine.installs()
    assert "--force-reinstall" in command
    assert dev.ready("run")


def test_a_failed_install_shows_its_output_and_is_tried_again(machine: Machine) -> None:
    machine.failing = {"--editable"}
    with pytest.raises(SystemExit, match=r"(?s)no luck with .*nothing was installed"):
        dev.ensure("run")
    machine.failing = set()
    machine.commands.clear()
    dev.ensure("run")
    assert len(machine.installs()) == 1


@pytest.mark.parametrize(
    ("uv", "failing", "tools"),
    [
        (True, [], ["uv"]),
        (True, ["/uv pip"], ["uv", "pip"]),
        (True, ["/uv --version"], ["pip"]),
        (False, ["bin/python -m pip --version"], ["outer pip"]),
        (False, ["-m pip", "ensurepip"], []),
        (False, ["-m pip --version", "--python"], ["pip"]),
    ],
    ids=["uv", "uv fails", "uv broken", "no pip inside", "no pip at all", "only ensurepip"],
)
def test_the_way_to_install(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, uv: bool, failing: list[str], tools: list[str]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: "/bin/uv" if uv else None)
    monkeypatch.setattr(sys, "executable", "/bin/system-python")
    machine.failing = set(failing)
    if tools:
        dev.ensure("run")
    else:
        with pytest.raises(SystemExit, match="This Python has no pip: install pip"):
            dev.ensure("run")
    names = {"/bin/uv": "uv", "/bin/system-python": "outer pip", str(dev.PYTHON): "pip"}
    assert [names[command[0]] for command in machine.installs()] == tools


def test_a_broken_environment_is_made_again(machine: Machine) -> None:
    dev.ensure("run")
    machine.installs()
    dev.PYTHON.unlink()
    dev.PYTHON.parent.rmdir()
    dev.ensure("run")
    assert len(machine.installs()) == 1


def test_a_second_dev_py_waits_for_the_first(machine: Machine) -> None:
    """A child process takes the lock; ours is granted only after the child has let go of it."""
    child = (
        "import fcntl, sys, pathlib; lock = open('.venv.lock', 'w'); fcntl.flock(lock, fcntl.LOCK_EX); print(flush=True);"
        "sys.stdin.readline(); pathlib.Path('released').touch()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", child], cwd=machine.root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        other.stdout.readline()
        waits: list[str] = []

        def note(sentence: str) -> None:
            waits.append(sentence)
            assert other.stdin is not None
            other.stdin.write("go\n")
            other.stdin.flush()

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(dev, "say", note)
            with dev.alone():
                assert (machine.root / "released").exists()
    assert waits == ["waiting for another dev.py that is installing"]


def test_an_old_python_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    old = SimpleNamespace(version_info=(3, 10, 13), version="3.10.13 (main)", exit=sys.exit)
    monkeypatch.setattr("dev.sys", old)
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer, and this is 3\.10\.13:"):
        dev.main(["run"])


@pytest.mark.parametrize("arguments", [["--demo"], ["--help"], ["send", "#room", "--", "-x"], []])
def test_run_hands_everything_on(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    became: list[tuple[str, ...]] = []

    def become(*command: str) -> None:
        became.append(command)
        raise SystemExit(0)

    monkeypatch.setattr(dev, "ensure", became.append)
    monkeypatch.setattr(dev, "become", become)
    with pytest.raises(SystemExit):
        dev.main(["run", *arguments])
    assert became == ["run", ("-P", "-m", "chat_tui", *arguments)]


def test_help_needs_nothing_installed() -> None:
    done = subprocess.run(
        [sys.executable, "-S", "dev.py", "--help"], cwd=tree.ROOT, capture_output=True, text=True, check=True
    )
    assert "python3 dev.py run --demo" in done.stdout


def test_every_failed_stage_is_named(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(dev, "PYTHON", sys.executable)
    plan = [("good", [["-c", ""]]), ("bad", [["-c", "exit(3)"]]), ("worse", [["-c", ""], ["-c", "exit(1)"]])]
    assert dev.go_through(plan) == ["bad", "worse"]
    assert capfd.readouterr().out.endswith("== failed: bad, worse\n")
    assert dev.go_through(plan[:1]) == []
