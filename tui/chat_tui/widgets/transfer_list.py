"""Files as a list: what, which way, where and who on one line, how it stands and how fast it moves on the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from chat_tui.transfer_words import ARROWS, Now, Stand, bar, facts_of, stand_of
from chat_tui.widgets.numbered_list import NumberedList
from chat_tui.widgets.pick_list import Part, Row
from chat_tui.widgets.text_layout import clean_line
from chat_tui_core.transfers import Transfer
from chat_tui_core.values import frozen

__all__ = ["Listed", "TransferList"]

BARS: Final = ((90, 22), (56, 12), (0, 6))
"""From which width of the list on a bar has how many cells."""
WIDE: Final = 90
"""From this width on the type of a file is told, and the number by which the command line knows it."""


@frozen
class Listed:
    """A file of an account."""

    account: str
    transfer: Transfer

    @property
    def id(self) -> tuple[str, int]:
        """What no other file of any account has."""
        return self.account, self.transfer.id


class TransferList(NumberedList[Listed]):
    """Two lines a file."""

    def __init__(self, title: Callable[[str, str], str], now: Callable[[str, Transfer], Now], *, id: str) -> None:  # noqa: A002
        """`title` says what a room of an account is called, `now` on what the words on a file of it depend."""
        super().__init__(id=id)
        self._title = title
        self._now = now

    def tick(self) -> None:
        """Say anew how fast the files on screen move, and when they go on."""
        for position in dict.fromkeys(position for position, _row in self.viewport.rows):
            if position < len(self.entries) and self.entries[position].transfer.wants_to_move:
                self.changed(position)

    def rows(self, position: int) -> list[Row]:
        """Give the two lines of a file."""
        account, transfer = self.entries[position].account, self.entries[position].transfer
        stand = stand_of(transfer, self._now(account, transfer))
        facts = facts_of(transfer.size, transfer.mime if self.size.width >= WIDE else "")
        first: list[Part] = [
            (f" {ARROWS[transfer.direction]} ", "accent" if transfer.wants_to_move else "dim"),
            (clean_line(transfer.name), "strong"),
            (f"  {facts}", "dim"),
        ]
        where = clean_line(self._title(account, transfer.room_id))
        if transfer.sender:
            where = f"{clean_line(transfer.sender)}  {where}"
        number: list[Part] = [(f"  #{transfer.id} ", "dim")] if self.size.width >= WIDE else []
        return [(first, [(f"  {where} ", "dim")]), (self._second(stand), number)]

    def _second(self, stand: Stand) -> list[Part]:
        """Give the line on how it stands."""
        parts: list[Part] = [("   ", ""), (f"{stand.mark} {stand.word}", stand.tone)]
        if stand.share is not None:
            full, rest = bar(stand.share, next(cells for width, cells in BARS if self.size.width >= width))
            parts += [("  ", ""), (full, "bar"), (rest, "dim")]
        parts += [(f"  {fact}", "") for fact in stand.facts]
        if stand.more:
            parts.append((f"  {clean_line(stand.more)}", stand.more_tone))
        return parts
