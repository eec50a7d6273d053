"""Where received files go: a free name is taken at once, nothing is ever overwritten, no link is followed. For threads.

The name stands in its folder as an empty file while the bytes gather in `name.part` beside it. Both are made by this
program and known by their inodes; whatever else turns up under these names is left alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
from pathlib import Path
from typing import Final

from chat_tui_core.durable import sync_folder
from chat_tui_core.errors import FileTrouble
from chat_tui_core.file_names import numbered, safe_name
from chat_tui_core.session.files.trouble import explain
from chat_tui_core.values import frozen

PART: Final = ".part"
_MODE: Final = 0o600
_MOST_NUMBERS: Final = 10_000
_NEW: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@frozen
class Place:
    """A name that was taken for a file. `inode`, `made` (its mtime) and `part_inode` tell our two files from any others.

    `prefix` is the SHA-256 of what is durable of the part.
    """

    path: Path
    device: int
    inode: int
    made: int
    part_inode: int
    prefix: str = ""

    @property
    def part(self) -> Path:
        """Where the bytes gather."""
        return self.path.with_name(self.path.name + PART)

    @property
    def stamp(self) -> str:
        """Everything but the path, for the store."""
        return json.dumps([self.device, self.inode, self.made, self.part_inode, self.prefix])

    @classmethod
    def of_stamp(cls, path: str, stamp: str) -> Place:
        """What `stamp` gave; one that makes no sense names no file of ours."""
        try:
            device, inode, made, part_inode, prefix = json.loads(stamp)
        except (ValueError, TypeError):
            device, inode, made, part_inode, prefix = 0, 0, 0, 0, ""
        return cls(Path(path), device, inode, made, part_inode, prefix)


def default_folder() -> Path:
    """~/Downloads where it exists, else the folder for temporary files (S3)."""
    import tempfile

    downloads = Path.home() / "Downloads"
    return downloads if downloads.is_dir() else Path(tempfile.gettempdir())


def reserve(name: str, folder: Path, to: Path | None = None) -> Place:
    """Take a free name: `name` in the folder, or `to` where that is a folder; else exactly `to`, which must be free.

    Raises FileTrouble.
    """
    exact = to is not None and not to.is_dir()
    target = to if to is not None and exact else (to or folder) / safe_name(name)
    where = target.expanduser().absolute()
    try:
        for number in range(1 if exact else _MOST_NUMBERS):
            place = _take(where.with_name(numbered(where.name, number)))
            if place is not None:
                return place
    except OSError as error:
        raise explain(error, where.parent if not where.parent.is_dir() else where) from error
    raise FileTrouble(f"{where} is there already: nothing is overwritten.")


def _take(path: Path) -> Place | None:
    """Make the empty file and its part, or None where one of the names is taken."""
    try:
        fd = os.open(path, _NEW, _MODE)
    except FileExistsError:
        return None
    part = path.with_name(path.name + PART)
    try:
        part_fd = os.open(part, _NEW, _MODE)
    except OSError as error:
        os.close(fd)
        path.unlink()
        if isinstance(error, FileExistsError):
            return None
        raise
    mine, other = os.fstat(fd), os.fstat(part_fd)
    os.close(fd)
    os.close(part_fd)
    sync_folder(path.parent)
    return Place(path, mine.st_dev, mine.st_ino, mine.st_mtime_ns, other.st_ino)


def open_part(place: Place, wanted: int) -> tuple[int, Place]:
    """Open the part for going on, and give the place as it is now: one that was deleted is made anew, and empty.

    `wanted` bytes are still to come. Raises FileTrouble where the folder is gone, or the disk has no room.
    """
    folder = place.path.parent
    try:
        if place.device and folder.stat().st_dev != place.device:
            raise FileTrouble(f"The disk of {folder} is not there: {place.path.name} waits for it.")
        disk = os.statvfs(folder)
        if disk.f_bavail * disk.f_frsize < wanted:
            raise FileTrouble(f"The disk has no room for {place.path}: it waits for {wanted} bytes.")
        fd = _open_ours(place.part, place.part_inode, os.O_RDWR)
        if fd is None:
            fd = os.open(place.part, _NEW, _MODE)
            new = os.fstat(fd)
            place = Place(place.path, new.st_dev, place.inode, place.made, new.st_ino)
        return fd, place
    except FileExistsError:
        raise FileTrouble(f"{place.part} is another file now: it has to be moved away first.") from None
    except OSError as error:
        raise explain(error, folder if not folder.is_dir() else place.part) from error


def _open_ours(path: Path, inode: int, flags: int) -> int | None:
    """Open a file that we made, None where it is not there or is not ours any more."""
    try:
        fd = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError:
        if path.is_symlink():
            raise FileExistsError(path) from None
        raise
    found = os.fstat(fd)
    if stat.S_ISREG(found.st_mode) and found.st_ino == inode and found.st_nlink == 1:
        return fd
    os.close(fd)
    raise FileExistsError(path)


def put_in_place(place: Place) -> Path:
    """Give the part its name. Where something else has that name by now, a free one like it; nothing is overwritten.

    Raises OSError.
    """
    for number in range(_MOST_NUMBERS):
        target = place.path.with_name(numbered(place.path.name, number))
        if (number == 0 and _is_empty_ours(place)) or _take_empty(target):
            place.part.replace(target)
            sync_folder(target.parent)
            return target
    raise FileExistsError(place.path)


def _take_empty(path: Path) -> bool:
    try:
        os.close(os.open(path, _NEW, _MODE))
    except FileExistsError:
        return False
    return True


def is_there(place: Place) -> bool:
    """Whether the part still lies where it was."""
    try:
        return place.part.lstat().st_ino == place.part_inode
    except OSError:
        return False


def already_there(place: Place, size: int) -> bool:
    """Whether the part has its name already: the program ended right after that."""
    return _is_ours(place.path, place.part_inode, size)


def _is_empty_ours(place: Place) -> bool:
    return _is_ours(place.path, place.inode, 0) and place.path.lstat().st_mtime_ns == place.made


def _is_ours(path: Path, inode: int, size: int) -> bool:
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_ino == inode and found.st_size == size


def give_up(place: Place) -> str:
    """Free the name of a file that will not come; gives the path of the part, which stays unless it is empty."""
    with contextlib.suppress(OSError):
        if _is_empty_ours(place):
            place.path.unlink()
    with contextlib.suppress(OSError):
        if _is_ours(place.part, place.part_inode, 0):
            place.part.unlink()
            return ""
    return str(place.part) if os.path.lexists(place.part) else ""
