"""One file's progress: a bar that moves on a terminal, one JSON object a line anywhere else."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

from chat_tui.requests.values import Row
from chat_tui.strings import _, n_
from chat_tui_core.safe_text import harmless, one_line

_WIDTH: Final = 24
_NAME: Final = 40
_UNITS: Final = ("bytes", "KiB", "MiB", "GiB", "TiB")
_ENDED: Final = frozenset({"complete", "cancelled", "failed"})


def size_text(size: int | None) -> str:
    """A size for people; the exact one where it is small."""
    if size is None:
        return _("? bytes")
    amount, unit = float(size), 0
    while amount >= 1024 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1024, unit + 1
    return n_("{size} byte", "{size} bytes", size).format(size=size) if not unit else f"{amount:.1f} {_UNITS[unit]}"


def progress_printer(*, as_json: bool) -> Callable[[Row], None]:
    """What prints the rows of a request that follows a file."""
    bar = not as_json and sys.stdout.isatty()

    def show(row: Row) -> None:
        if not bar or "direction" not in row.data:
            text = f"{json.dumps(row.data, ensure_ascii=False)}\n"
        else:
            text = f"\r\x1b[K{bar_text(row.data)}" + ("\n" if row.data["state"] in _ENDED else "")
        sys.stdout.write(text)
        sys.stdout.flush()

    return show


def bar_text(row: Mapping[str, Any]) -> str:
    """`[######..................]  25 %  1.0 of 4.0 MiB  photo.png`, and what it waits for."""
    full = row["percent"] * _WIDTH // 100
    name = one_line(row["name"], _NAME)
    waits = f"  {one_line(_(row['waits']), _NAME * 2)}" if row.get("waits") else ""
    state = f"  {_(row['state'])}" if row["state"] in _ENDED else ""
    amounts = _("{done} of {size}").format(done=size_text(row["done"]), size=size_text(row["size"]))
    return harmless(f"[{'#' * full}{'.' * (_WIDTH - full)}] {row['percent']:3d} %  {amounts}  {name}{state}{waits}")


def file_line(row: Mapping[str, Any]) -> str:
    """One file of the list: what it is, how far it is, where it is or what it waits for, and who has it."""
    word = _(row["state"])
    state = word if row["state"] in _ENDED or row["state"] == "new" else f"{word} {row['percent']} %"
    where = _(row.get("waits") or row.get("error") or "") or row.get("path") or ""
    people = ", ".join(f"{who['user']} {_(who['state'])}" for who in row.get("recipients", ()))
    parts = (
        f"{row['id']} {_(row['direction'])}  {state}",
        one_line(row["name"], _NAME),
        size_text(row["size"]),
        where,
        people,
    )
    return harmless("  ".join(part for part in parts if part))
