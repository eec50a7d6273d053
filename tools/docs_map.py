"""Make docs/map.md: every module of the project and the sentence that says its purpose."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from tools import generated

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = "docs/map.md"
ROOTS = ("tui", "backends")
HEAD = """# Map

Every module and its first line. Made by `python3 dev.py docs`; do not edit."""


def modules(root: Path) -> list[Path]:
    """Every module of the packages below one project folder, the parents first."""
    return sorted(root.rglob("*.py"), key=lambda path: (path.parent, path.name != "__init__.py", path.name))


def purpose(source: str, name: str) -> str:
    """The first line of a module's docstring; empty if there is none. A SyntaxError carries the module's name."""
    docstring = ast.get_docstring(ast.parse(source, name))
    return docstring.splitlines()[0] if docstring else ""


def render() -> str:
    """The whole document, a table for each package folder."""
    lines = [HEAD]
    for name in ROOTS:
        folder = None
        for path in modules(generated.ROOT / name):
            place = path.relative_to(generated.ROOT)
            if place.parent != folder:
                folder = place.parent
                lines += ["", f"## {folder.as_posix()}/", "", "| module | purpose |", "|---|---|"]
            sentence = purpose(path.read_text(encoding="utf-8"), place.as_posix()).replace("|", "\\|")
            lines.append(f"| [{path.name}](../{place.as_posix()}) | {sentence or '—'} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    generated.main(DOCUMENT, render)
