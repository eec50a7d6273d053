"""Which editor a person has, and the file that it gets: laid out, read back, taken away; for threads, it waits for disks."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from chat_tui.strings import _
from chat_tui_core.durable import sync_file
from chat_tui_core.errors import LocalError
from chat_tui_core.values import frozen

__all__ = [
    "FOLDER",
    "LARGEST",
    "Laid",
    "drop",
    "editor_command",
    "keep",
    "lay_out",
    "left_behind",
    "note_process",
    "read_back",
]

FOLDER: Final = "editing"
"""The folder of an account in which each text that an editor has stands in a folder of its own."""
LARGEST: Final = 256 << 10
"""Bytes of a text that is taken back; what is larger is a file, and no message."""
KEPT: Final = 30 * 86_400.0
"""Seconds for which a file is kept that could not be taken back."""
FALLBACKS: Final = ("sensible-editor", "nano", "vi")
_TEXT: Final = "message.md"
_ABOUT: Final = "place.json"
_PROCESS: Final = "process"
_MOST_ABOUT: Final = LARGEST * 8


@frozen
class Laid:
    """A text that an editor has. `folder` holds its file, and whatever else the editor puts there.

    `place` is the room or thread whose draft it is, `text` the draft as it was.
    """

    folder: Path
    place: str
    text: str

    @property
    def file(self) -> Path:
        """What the editor opens."""
        return self.folder / _TEXT


def editor_command(
    environment: Mapping[str, str] = os.environ, which: Callable[[str], str | None] = shutil.which
) -> tuple[str, ...]:
    """The command that opens a file in the person's editor, but for the file. Raises LocalError where there is none."""
    for name in ("VISUAL", "EDITOR"):
        value = environment.get(name, "")
        if not value.strip():
            continue
        try:
            words = shlex.split(value)
        except ValueError:
            words = []
        if not words:
            raise LocalError(_("The quotes in ${name} do not match: {value}").format(name=name, value=value[:80]))
        if which(os.path.expanduser(words[0])) is None:  # noqa: PTH111 - a program's name is no path
            raise LocalError(
                _("${name} names {program}, which is not installed: set it to an editor that is.").format(
                    name=name, program=words[0][:80]
                )
            )
        return (os.path.expanduser(words[0]), *words[1:])  # noqa: PTH111
    found = next(filter(which, FALLBACKS), "")
    if not found:
        raise LocalError(_("No editor was found: set $EDITOR to the one that you use."))
    return (found,)


def lay_out(root: Path, place: str, text: str) -> Laid:
    """Put a draft into a file that only its owner can read, below an account's folder. Raises LocalError."""
    above = root / FOLDER
    try:
        above.mkdir(mode=0o700, exist_ok=True)
        _drop_old(above)
        laid = Laid(Path(tempfile.mkdtemp(dir=above)), place, text)
        _write(laid.folder / _ABOUT, json.dumps({"place": place, "text": text}).encode())
        _write(laid.file, _as_bytes(text))
    except OSError as error:
        raise LocalError(
            _("The text cannot be put into a file in {folder} ({why}).").format(folder=above, why=error.strerror)
        ) from error
    return laid


def note_process(laid: Laid, process: int) -> None:
    """Note which process has the file, for whoever finds it later."""
    with contextlib.suppress(OSError):
        _write(laid.folder / _PROCESS, str(process).encode())


def read_back(laid: Laid) -> str:
    """The text that the editor left; the draft itself where it changed nothing. Raises LocalError which says why not."""
    try:
        data = _read(laid.file, LARGEST)
    except FileNotFoundError:
        raise LocalError(_("The editor left no file.")) from None
    except OSError as error:
        raise LocalError(_("The editor's file cannot be read ({why}).").format(why=error.strerror)) from error
    if data is None:
        raise LocalError(_("What the editor left is no file."))
    if len(data) > LARGEST:
        raise LocalError(_("What the editor left is larger than {most} KB.").format(most=LARGEST >> 10))
    if data == _as_bytes(laid.text):
        return laid.text
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise LocalError(_("What the editor left is no UTF-8 text.")) from None
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")


def drop(laid: Laid) -> None:
    """Take the file away, with everything that the editor put beside it."""
    shutil.rmtree(laid.folder, ignore_errors=True)


def keep(laid: Laid) -> Path | None:
    """Leave the file where it is, for the person alone: no start takes it as a draft. None where there is no file."""
    for name in (_ABOUT, _PROCESS):
        (laid.folder / name).unlink(missing_ok=True)
    if laid.file.exists():
        return laid.file
    drop(laid)
    return None


def left_behind(root: Path) -> Iterator[tuple[Laid, bool]]:
    """The texts that editors had when the app was killed, and whether an editor has each of them still."""
    try:
        folders = sorted((root / FOLDER).iterdir())
    except OSError:
        return
    for folder in folders:
        try:
            about = json.loads(_read(folder / _ABOUT, _MOST_ABOUT) or b"null")
            laid = Laid(folder, str(about["place"]), str(about["text"]))
        except (OSError, ValueError, TypeError, LookupError, RecursionError):
            continue
        if laid.file.exists():
            yield laid, _is_open(laid)
        else:
            drop(laid)


def _is_open(laid: Laid) -> bool:
    """Whether the process still runs that was given the file."""
    try:
        number = int(_read(laid.folder / _PROCESS, 32) or b"0")
        if number <= 0:
            return False
        os.kill(number, 0)
    except (OSError, ValueError, OverflowError):
        return False
    try:
        return os.fsencode(laid.folder.name) in Path(f"/proc/{number}/cmdline").read_bytes()
    except OSError:
        return True  # a system that does not tell what a process was given


def _as_bytes(text: str) -> bytes:
    """A text as it stands in the file: with the line end that editors want at the end."""
    data = text.encode("utf-8", "replace")
    return data if not data or data.endswith(b"\n") else data + b"\n"


def _write(path: Path, data: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
        file.flush()
        sync_file(fd)


def _read(path: Path, most: int) -> bytes | None:
    """The bytes of a file, one more than `most` where it has more; None where it is no file. Raises OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(fd, "rb") as file:
        return file.read(most + 1) if stat.S_ISREG(os.fstat(fd).st_mode) else None


def _drop_old(above: Path) -> None:
    """Delete what was kept long ago."""
    for folder in above.iterdir():
        with contextlib.suppress(OSError):
            if not (folder / _ABOUT).exists() and folder.stat().st_mtime < time.time() - KEPT:
                shutil.rmtree(folder, ignore_errors=True)
