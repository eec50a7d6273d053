"""Forget loaded lines that live talk has carried far from the reader: they are stored, and come back when wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chat_tui.feed import Batch

if TYPE_CHECKING:
    from chat_tui.screens.window import Window

__all__ = ["keep_nearby"]

MOST: Final = 1_000
"""Lines on one side of the reader from which on those far away are forgotten."""
KEPT: Final = 400


def keep_nearby(screen: Window, batch: Batch) -> None:
    """Look at the rooms in which something happened; called when the screen shows all that is loaded."""
    session, open_id = screen.session, screen.conversation.room_id
    for room_id in batch.timelines:
        loaded = session.timeline(room_id)
        if loaded is None or len(loaded.items) <= MOST:
            continue
        if room_id == screen.conversation.place != open_id:
            continue  # a thread that is open is loaded whole
        if room_id == open_id:
            _keep_around_reader(screen)
        else:
            session.close_room(room_id)


def _keep_around_reader(screen: Window) -> None:
    """Forget what is far from the reader in the open room, without a change of what is on screen."""
    session, conversation, view = screen.session, screen.conversation, screen.timeline
    loaded, source = session.timeline(conversation.room_id), conversation.source
    if loaded is None or source is None or view.loads_older or source.shown_from is not None:
        return
    place = source.hi if view.following else view.viewport.top[0]
    if source.hi - place > MOST:
        new = 0 if loaded.detached else view.new_below()
        source.apply(loaded.drop_newest(place - source.lo + KEPT), view)
        view.newer_done(detached=True)
        view.came_beyond(new)
    elif place - source.lo > MOST and not session.at_start(conversation.room_id):
        source.apply(loaded.drop_oldest(source.hi - place + KEPT), view)
    elif place - source.lo > MOST and view.following:
        conversation.to_newest()  # the session knows this room's first line: it must load anew to forget it
        session.landing.open_at(conversation.room_id, loaded.newest)
