"""Write a document that is made from the project itself, or say that it is stale."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent


def is_current(document: str, text: str) -> bool:
    """Whether the document, named by its path in the project, holds exactly this text."""
    path = ROOT / document
    return path.is_file() and path.read_text(encoding="utf-8") == text


def main(document: str, render: Callable[[], str]) -> None:
    """Write the document, or with --check exit with 1 and a sentence if what is there differs."""
    parser = argparse.ArgumentParser(description=f"Write {document}.")
    parser.add_argument("--check", action="store_true", help="change nothing; fail if the document is stale")
    options = parser.parse_args()
    try:
        text = render()
    except SyntaxError as error:
        sys.exit(f"{error.filename}:{error.lineno}: {error.msg}")
    if is_current(document, text):
        return
    if options.check:
        sys.exit(f"{document} is stale: run `python3 dev.py docs`.")
    path = ROOT / document
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    print(f"wrote {document}")
