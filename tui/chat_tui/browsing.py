"""Show a page in the person's browser, without a word on the terminal."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

__all__ = ["open_page"]

_OPENERS = ("open",) if sys.platform == "darwin" else ("xdg-open", "wslview")


def open_page(url: str) -> bool:
    """Have the system open an http or https address; False where there is no desktop to do that on.

    A browser that runs in a terminal is never taken: it would fight for this one.
    """
    desktop = sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    opener = next(filter(None, map(shutil.which, _OPENERS)), None)
    if not desktop or opener is None or not url.startswith(("http://", "https://")):
        return False
    nothing = subprocess.DEVNULL
    try:
        subprocess.Popen([opener, url], stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True)  # noqa: S603
    except OSError:
        return False
    return True
