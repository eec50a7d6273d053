"""What is shipped: the wheel and the source release hold what belongs in them, and the lists of requirements agree."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.project import tree


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source release, built without a network."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(folder), "--target"]
    for target in ("wheel", "sdist"):
        done = subprocess.run([*command, target], cwd=tree.ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    return folder


def packaged() -> set[str]:
    """Every file of the package folders, named from the folder that holds its package."""
    return {path.relative_to(tree.ROOT).as_posix().split("/", 1)[1] for path in tree.files("tui", "backends")}


def project() -> dict[str, Any]:
    """The [project] table."""
    with (tree.ROOT / "pyproject.toml").open("rb") as file:
        table: dict[str, Any] = tomllib.load(file)["project"]
    return table


def test_the_wheel_holds_every_package_file_and_nothing_else(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        info = {Path(name).name: archive.read(name).decode() for name in archive.namelist() if ".dist-info/" in name}
    assert names == packaged()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.startswith("chat_tui")} == set()
    assert {f"{top}/py.typed" for top in tops} <= names
    assert any(name.startswith("chat_tui/") and name.endswith(".tcss") for name in names)
    assert "chat_tui/locale/de/LC_MESSAGES/chat_tui.mo" in names
    assert any(name.startswith("chat_tui_core/") and name.endswith(".sql") for name in names)
    assert "MIT License" in info["LICENSE"]
    assert "chat-tui = chat_tui.__main__:main" in info["entry_points.txt"]
    assert (
        "[chat_tui.backends]\nmatrix = chat_tui_matrix.entry:backend\nwschat = chat_tui_wschat:backend"
        in info["entry_points.txt"]
    )


def test_the_source_release_can_be_built_run_and_tested(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames()}
    needed = {
        path.relative_to(tree.ROOT).as_posix() for path in tree.files("tui", "backends", "tests", "tools", "docs")
    }
    assert needed | {"pyproject.toml", "constraints.txt", "dev.py", "LICENSE", ".ci/run"} <= names
    assert not [name for name in names if ".venv" in name or "__pycache__" in name or name.startswith(".git/")]


def pins() -> dict[str, str]:
    """constraints.txt: every pinned version by its package's canonical name."""
    lines = (tree.ROOT / "constraints.txt").read_text().splitlines()
    found = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in found}


def test_every_requirement_is_pinned_to_a_version_that_it_allows() -> None:
    table = project()
    wanted = [Requirement(text) for text in table["dependencies"] + table["optional-dependencies"]["dev"]]
    assert wanted
    pinned = pins()
    wrong = [str(need) for need in wanted if not need.specifier.contains(pinned.get(canonicalize_name(need.name), "0"))]
    assert not wrong


def test_the_pins_name_versions_and_nothing_else() -> None:
    for line in (tree.ROOT / "constraints.txt").read_text().splitlines():
        assert line.startswith("#") or line.count("==") == 1
        assert "/" not in line.split("#")[0]
