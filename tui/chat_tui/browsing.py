"""Hand a page, a file or a folder to the program that the person has for it, without a word on the terminal."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ["open_page", "open_path"]

_OPENERS = ("open",) if sys.platform == "darwin" else ("xdg-open", "wslview")


def open_page(url: str) -> bool:
    """Have the system open an http or https address; False where there is no desktop to do that on.

    A browser that runs in a terminal is never taken: it would fight for this one.
    """
    return url.startswith(("http://", "https://")) and _hand_over(url)


def open_path(path: Path) -> bool:
    """Have the system open a file or a folder; False where there is no desktop to do that on."""
    return path.is_absolute() and _hand_over(str(path))


def _hand_over(what: str) -> bool:
    desktop = sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    opener = next(filter(None, map(shutil.which, _OPENERS)), None)
    if not desktop or opener is None:
        return False
    nothing = subprocess.DEVNULL
    try:
        subprocess.Popen([opener, what], stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True)  # noqa: S603
    except OSError:
        return False
    return True
