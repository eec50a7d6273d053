"""What the dialog that chooses files says of its folder and of what is marked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from chat_tui.folders import Facts, Order
from chat_tui.screens.folder_view import FolderView
from chat_tui.strings import N_, _, n_, p_
from chat_tui.transfer_words import size_text
from chat_tui.widgets.text_layout import cells, clean_line
from chat_tui.widgets.text_line import Piece

__all__ = ["counted", "end_of", "marked", "name_of", "ordered", "title"]

FADED: Final = "$foreground 60%"
ORDERED: Final = {Order.NAME: N_("by name"), Order.DATE: N_("by date"), Order.SIZE: N_("by size")}


def title(saves: str, room: str) -> list[Piece]:
    """What the dialog is for: saving a file of this name, else sending files to this room."""
    if saves:
        return [(_("Save {name} to").format(name=clean_line(saves)), "bold")]
    return [(_("Send files to {room}").format(room=clean_line(room)), "bold")]


def ordered(view: FolderView) -> list[Piece]:
    """How the folder is ordered, and whether all of it is shown."""
    return [(_(ORDERED[view.order]) + (_(", hidden ones too") if view.hidden else ""), FADED)]


def marked(marks: Mapping[Path, Facts]) -> list[Piece]:
    """How many files are marked, how large they are together, and their names."""
    size = size_text(sum(facts.size for facts in marks.values())) or _("empty")
    count = n_("● {count} file, {size}: ", "● {count} files, {size}: ", len(marks))
    names = ", ".join(clean_line(path.name) for path in marks)
    return [(count.format(count=len(marks), size=size), "$accent bold"), (names, "")]


def counted(view: FolderView) -> list[Piece]:
    """How many entries are listed, of how many."""
    if view.reading:
        return [(_("reading…"), FADED)]
    listed, total = (f"{count:,}" for count in view.counts)
    of = _("{listed} of {total}").format(listed=listed, total=total) if listed != total else total
    return [(of + (_(" and more") if view.more else ""), FADED)]


def name_of(path: Path) -> str:
    """What a folder is called among the places."""
    return p_("folder", "Home") if path == Path.home() else clean_line(path.name) or "/"


def end_of(text: str, width: int) -> str:
    """The end of a path, which tells more than its beginning."""
    if cells(text) <= width:
        return text
    while text and cells(text) > width - 1:
        text = text[1:]
    return "…" + text
