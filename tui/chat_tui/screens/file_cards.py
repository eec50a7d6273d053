"""How the account's files stand on the main screen: below their messages, in the status bar, and when one has ended."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from textual.timer import Timer

from chat_tui.feed import Batch
from chat_tui.strings import _
from chat_tui.transfer_words import Now, Pace, deeds_of, stand_of, tilde
from chat_tui.widgets.file_lines import FileCard
from chat_tui.widgets.text_layout import clean_line, fit
from chat_tui_core.link import Capability
from chat_tui_core.model import RoomEvent
from chat_tui_core.transfers import Direction, State, Transfer

if TYPE_CHECKING:
    from chat_tui.screens.pictures import Pictures
    from chat_tui.screens.window import Window

__all__ = ["FileCards"]

REPAINT_SECONDS: Final = 0.35
"""The progress of a file is drawn this often at most; what becomes of it is drawn at once."""
NAMED: Final = 40
"""Cells of a file's name in a notice."""


class FileCards:
    """Knows every file that is on its way, and what the open room shows of files."""

    def __init__(self, screen: Window) -> None:
        self._screen = screen
        self._files = screen.session.files
        self._by_event: dict[tuple[str, str], Transfer | None] = {}
        self._open = {one.id: one for one in self._files.open_now()}
        self.paces: dict[int, Pace] = {}
        """How fast each open file moves."""
        self._due: set[int] = set()
        self._pictures: Pictures | None = None
        self._timer: Timer | None = None

    # ------------------------------------------------------------ what is known

    def of_event(self, event: RoomEvent) -> Transfer | None:
        """The newest transfer of an event's file, None when nobody has asked for it."""
        place = event.room_id, event.event_id
        if place not in self._by_event:
            self._by_event[place] = self._files.of_event(*place)
        return self._by_event[place]

    def card(self, event: RoomEvent) -> FileCard | None:
        """What is said below an event's file; None where the server carries no files."""
        transfer = self.of_event(event)
        picture = self._pictures.of(event) if self._pictures is not None else None
        if transfer is None:
            able = Capability.FILES in self._screen.session.capabilities
            return FileCard(deeds=deeds_of(None), picture=picture) if able else None
        now = self.now(transfer)
        return FileCard(stand_of(transfer, now), deeds_of(transfer, waits=bool(now.why)), picture)

    def now(self, transfer: Transfer) -> Now:
        """What the words on a transfer depend on beside it."""
        pace = self.paces.get(transfer.id)
        rate = pace.rate(time.monotonic()) if pace is not None else 0.0
        return Now(self._files.why(transfer), self._files.again_in(transfer), rate)

    # ------------------------------------------------------------ pictures

    @property
    def pictures(self) -> Pictures:
        """What messages show as pictures; made when the first one may bring one."""
        if self._pictures is None:
            from chat_tui.screens.pictures import Pictures

            self._pictures = Pictures(self._screen, self.of_event, self._draw_event)
        return self._pictures

    def look(self) -> None:
        """Other messages are near the screen, or other settings hold: see to the pictures."""
        if self._pictures is not None or self._file_in_sight():
            self.pictures.look()

    def close(self) -> None:
        """Draw nothing any more, and have the terminal forget the pictures that it was given."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if self._pictures is not None:
            self._pictures.close()

    def _file_in_sight(self) -> bool:
        source, rows = self._screen.conversation.source, self._screen.timeline.viewport.rows
        if source is None or not rows:
            return False
        places = range(max(rows[0][0], source.lo), min(rows[-1][0] + 1, source.hi))
        return any((event := source.item(at).event) is not None and event.file is not None for at in places)

    # ------------------------------------------------------------ what the session tells

    def apply(self, batch: Batch) -> None:
        """Take what has become of files; draw at once what is more than progress."""
        if not batch.transfers and batch.link is None:
            return
        now = time.monotonic()
        for transfer in batch.transfers.values():
            self._take(transfer, now)
        if batch.link is not None:
            for room_id, event_id in self._by_event:
                self._draw_event(room_id, event_id)
            if self._pictures is not None:
                self._pictures.link_moved()
        if batch.transfers:
            self.look()
        self._screen.count_files()
        if self._timer is None and any(self._runs(one) for one in self._open.values()):
            self._timer = self._screen.timeline.set_interval(REPAINT_SECONDS, self._tick)

    def _take(self, transfer: Transfer, now: float) -> None:
        before = self._open.get(transfer.id)
        if transfer.event_id:
            place = transfer.room_id, transfer.event_id
            if self._pictures is not None and (before is None or before.state is not transfer.state):
                self._pictures.forget(place)
            known = self._by_event.get(place)
            if known is None or known.id <= transfer.id:
                self._by_event[place] = transfer
        if transfer.is_open:
            self._open[transfer.id] = transfer
            self.paces.setdefault(transfer.id, Pace()).note(now, transfer.done)
        else:
            self._open.pop(transfer.id, None)
            self.paces.pop(transfer.id, None)
            if before is not None:
                self._say_end(transfer)
        if before is not None and _progress(before, transfer) and not self._files.why(transfer):
            self._due.add(transfer.id)
        else:
            self._draw(transfer)

    def _say_end(self, transfer: Transfer) -> None:
        """Say how a file ended that the person did not just cancel, and that is not only sent."""
        name, reason = fit(clean_line(transfer.name), NAMED), clean_line(_(transfer.reason)).rstrip(".")
        if transfer.state is State.COMPLETE and transfer.direction is Direction.IN:
            self._screen.say(_("{name} is here: {path}").format(name=name, path=tilde(transfer.path)))
        elif transfer.state is State.FAILED:
            self._screen.say(
                _("{name} failed: {reason}.").format(name=name, reason=reason or _("no reason was given")), serious=True
            )
        elif transfer.state is State.CANCELLED and reason:
            self._screen.say(f"{name}: {reason}.")

    # ------------------------------------------------------------ drawing

    def _runs(self, transfer: Transfer) -> bool:
        """Whether what is said of it changes as time passes."""
        return transfer.state is State.CONNECTED or (transfer.wants_to_move and self._files.again_in(transfer) > 0)

    def _tick(self) -> None:
        running = [one for one in self._open.values() if self._runs(one)]
        for transfer in running:
            self._draw(transfer)
        for transfer_id in self._due:
            if (late := self._open.get(transfer_id)) is not None and late not in running:
                self._draw(late)
        self._due.clear()
        if not running and self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _draw(self, transfer: Transfer) -> None:
        if transfer.event_id:
            self._draw_event(transfer.room_id, transfer.event_id)

    def _draw_event(self, room_id: str, event_id: str) -> None:
        """Have the message of a file drawn again, and nothing else, if it is loaded in the open room."""
        conversation = self._screen.conversation
        if room_id == conversation.room_id and conversation.source is not None:
            position = conversation.source.event_position(event_id)
            if position is not None:
                self._screen.timeline.lay_out_again(position)

    @property
    def moving(self) -> tuple[int, int]:
        """How many files go out, and how many come in."""
        moving = [one for one in self._open.values() if one.wants_to_move]
        out = sum(1 for one in moving if one.direction is Direction.OUT)
        return out, len(moving) - out


def _progress(before: Transfer, after: Transfer) -> bool:
    """Whether nothing but how much is done has changed."""
    same = before.state is after.state and before.event_id == after.event_id
    return same and [one.state for one in before.recipients] == [one.state for one in after.recipients]
