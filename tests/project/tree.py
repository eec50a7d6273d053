"""The project's own files, as the tests in this folder see them."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MADE = {
    ".git",
    ".venv",
    ".hypothesis",
    ".import_linter_cache",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    "__pycache__",
}


def files(*folders: str) -> list[Path]:
    """Every file that is or could be committed, below some folders or everywhere; sorted.

    Without git (an unpacked release) that is every file outside the folders that tools make.
    """
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *folders]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        tops = [ROOT / folder for folder in folders] or [ROOT]
        found = {path for top in tops for path in top.rglob("*") if MADE.isdisjoint(path.relative_to(ROOT).parts)}
    else:
        found = {ROOT / name for name in done.stdout.split("\0") if name}
    return sorted(path for path in found if path.is_file())


def texts(*folders: str) -> dict[str, str]:
    """The text files among them, by their path in the project; files that are not UTF-8 are left out."""
    found = {}
    for path in files(*folders):
        try:
            found[path.relative_to(ROOT).as_posix()] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return found


def modules(*folders: str) -> dict[str, str]:
    """The Python files among them."""
    return {name: text for name, text in texts(*folders).items() if name.endswith(".py")}
