"""Take the image that is in the clipboard, by the program that the platform has for that, into a file that can be sent."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from chat_tui.strings import N_, _
from chat_tui_core.durable import sync_file
from chat_tui_core.errors import LocalError
from chat_tui_core.values import frozen

__all__ = ["Tool", "keep_image", "tool_for"]

PATIENCE: Final = 5.0
"""Seconds that whoever owns the clipboard has to give the image."""
LARGEST: Final = 64 << 20
"""Bytes of an image that is taken."""
FOLDER: Final = "clipboard"
KEPT: Final = 30 * 86_400.0
"""Seconds for which a taken image is kept: it is read from there until the server has it."""
PNG: Final = b"\x89PNG\r\n\x1a\n"
MISSING: Final = N_("wl-paste, xclip or pngpaste must be installed for that.")
NO_IMAGE: Final = N_("There is no image in the clipboard.")


@frozen
class Tool:
    """What prints the clipboard's image as PNG, and what lists the clipboard's types, where there is such a thing."""

    image: tuple[str, ...]
    types: tuple[str, ...] = ()


_WAYLAND: Final = Tool(("wl-paste", "--no-newline", "--type", "image/png"), ("wl-paste", "--list-types"))
_XCLIP: Final = ("xclip", "-selection", "clipboard", "-out", "-target")
_X11: Final = Tool((*_XCLIP, "image/png"), (*_XCLIP, "TARGETS"))
_MAC: Final = Tool(("pngpaste", "-"))


def tool_for(environment: Mapping[str, str], platform: str) -> Tool | None:
    """What reads images from the clipboard here; None where nothing that does is installed."""
    fitting = [_MAC] if platform == "darwin" else []
    fitting += [_WAYLAND] if environment.get("WAYLAND_DISPLAY") else []
    fitting += [_X11] if environment.get("DISPLAY") else []
    path = environment.get("PATH")
    return next((tool for tool in fitting if shutil.which(tool.image[0], path=path)), None)


def keep_image(folder: Path) -> Path:
    """Write the clipboard's image below the folder and give its path; for a thread. Raises LocalError."""
    tool = tool_for(os.environ, sys.platform)
    if tool is None:
        raise LocalError(_(MISSING))
    if tool.types and b"image/png" not in _output(tool.types).split():
        raise LocalError(_(NO_IMAGE))
    image = _output(tool.image)
    if not image.startswith(PNG):
        raise LocalError(_(NO_IMAGE))
    if len(image) > LARGEST:
        raise LocalError(_("The image in the clipboard is too large."))
    target = folder / FOLDER / f"{datetime.now().astimezone():%Y-%m-%d-%H%M%S-%f}.png"
    try:
        target.parent.mkdir(mode=0o700, exist_ok=True)
        _drop_old(target.parent)
        fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(image)
            file.flush()
            sync_file(fd)
    except OSError as error:
        raise LocalError(
            _("The clipboard's image cannot be kept in {folder} ({why}).").format(
                folder=target.parent, why=error.strerror
            )
        ) from error
    return target


def _drop_old(folder: Path) -> None:
    """Delete images that were taken long ago: they are sent by now, or will never be."""
    for path in folder.glob("*.png"):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < time.time() - KEPT:
                path.unlink()


def _output(command: tuple[str, ...]) -> bytes:
    """What a program prints, as far as it is of use; nothing when it fails or takes too long."""
    try:
        with subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            return _read(process)
    except OSError:
        return b""


def _read(process: subprocess.Popen[bytes]) -> bytes:
    import threading

    timer = threading.Timer(PATIENCE, process.kill)
    timer.start()
    try:
        data = process.stdout.read(LARGEST + 1) if process.stdout else b""
        if len(data) > LARGEST:
            process.kill()
            return data
        return data if process.wait(PATIENCE) == 0 else b""
    finally:
        timer.cancel()
