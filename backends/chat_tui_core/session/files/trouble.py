"""What the disk says, as sentences: what a transfer waits for, and what ends it."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from chat_tui_core.errors import FileTrouble
from chat_tui_core.file_news import Ending

SENTENCES: Final[Mapping[int, str]] = {
    errno.ENOSPC: "The disk is full: {path} waits for room.",
    errno.EDQUOT: "Your share of the disk is used up: {path} waits for room.",
    errno.EFBIG: "{path} is as large as files may be here: it waits until larger ones may be.",
    errno.EROFS: "The disk cannot be written to: {path} waits.",
    errno.EACCES: "There is no right to use {path}.",
    errno.EPERM: "There is no right to use {path}.",
    errno.ENOENT: "{path} is not there.",
    errno.ENOTDIR: "{path} is not there.",
    errno.EIO: "The disk cannot read or write {path}.",
    errno.ELOOP: "{path} is a link, and links are not followed.",
    errno.EISDIR: "{path} is a folder.",
}


class Broken(FileTrouble):
    """A transfer that can never come to a good end; `ending` is what the server is told."""

    def __init__(self, message: str, ending: Ending) -> None:
        super().__init__(message)
        self.ending = ending


def explain(error: OSError, path: Path) -> FileTrouble:
    """The sentence for what the system said of a path."""
    sentence = SENTENCES.get(error.errno or 0, "{path} cannot be used ({reason}).")
    shown = str(path).encode("utf-8", "replace").decode()
    return FileTrouble(sentence.format(path=shown, reason=error.strerror or type(error).__name__))
