"""Save a report of a fault of the program: where it was and on what it ran, nothing that people wrote, no secrets."""

from __future__ import annotations

import contextlib
import os
import platform
import sys
import time
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Final

from chat_tui.log import fault_text, redacted
from chat_tui.strings import _

__all__ = ["report_text", "reports", "save_report", "sentence"]

KEPT: Final = 5
"""Reports that are kept; older ones are removed."""
_LIBRARIES: Final = ("chat-tui", "textual", "rich", "msgspec", "websockets", "aiohttp")
_VARIABLES: Final = ("TERM", "COLORTERM", "TERM_PROGRAM", "TEXTUAL_DRIVER", "LANG", "LC_ALL", "LC_CTYPE")


def report_text(error: BaseException, screens: Sequence[str], *, when: str) -> str:
    """What is told of a fault: versions, terminal, the screens that were open, and the way to the fault."""
    lines = [
        "A fault of chat-tui. This has no messages, names of rooms or people, and no secrets.",
        f"when: {when}",
        f"python: {sys.version.split()[0]} on {platform.platform()}",
        *(f"{name}: {_version(name)}" for name in _LIBRARIES),
        *(f"{name}: {os.environ[name]}" for name in _VARIABLES if name in os.environ),
        f"in tmux: {'yes' if 'TMUX' in os.environ else 'no'}",
        f"screens: {', '.join(screens) or 'none'}",
        "",
        fault_text(error),
    ]
    home = str(Path.home())
    return redacted("\n".join(lines).replace(home, "~")) + "\n"


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def reports(root: Path) -> list[Path]:
    """The reports in a data folder, oldest first."""
    return sorted(root.glob("crash-*.txt"))


def save_report(root: Path, error: BaseException, screens: Sequence[str]) -> Path | None:
    """Write a report for its owner alone, and remove the oldest ones; None where it cannot be written."""
    now = time.localtime()
    path = root / time.strftime("crash-%Y%m%d-%H%M%S.txt", now)
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(report_text(error, screens, when=time.strftime("%Y-%m-%d %H:%M:%S %z", now)))
    except OSError:
        return None
    for old in reports(root)[:-KEPT]:
        with contextlib.suppress(OSError):
            old.unlink()
    return path


def sentence(report: Path | None, log: Path) -> str:
    """What is said when the app had to end."""
    ended = _("A fault of the program ended it. What you wrote is stored, what was not sent waits.")
    if report is None:
        return f"chat-tui: {ended} " + _("Its log: {log}").format(log=log)
    where = _("The report {report} says where; it holds no messages and no secrets.").format(report=report)
    return f"chat-tui: {ended} {where}"
