"""Draws the pictures that messages near the screen bring: aside, a few at a time, and no more than memory may hold."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chat_tui.aside import aside
from chat_tui.keys import key_of, shown_as
from chat_tui.picture_cache import MOST_EACH, PictureCache
from chat_tui.picture_drawing import Canvas, Way, canvas_for, draw_bytes, draw_file
from chat_tui.picture_shelf import Shelf
from chat_tui.screens.settings_work import settable
from chat_tui.small_image import Undrawn, can_draw
from chat_tui.strings import _, of_error
from chat_tui.widgets.message_look import columns_for
from chat_tui.widgets.picture import Picture
from chat_tui_core.errors import ChatError
from chat_tui_core.link import Capability, Link
from chat_tui_core.model import FileInfo, RoomEvent
from chat_tui_core.transfers import Direction, State, Transfer

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import App

    from chat_tui.screens.window import Window
    from chat_tui.widgets.room_timeline import RoomTimeline

__all__ = ["Pictures", "may_be_picture", "turn"]

_LOG = logging.getLogger(__name__)

NEAR: Final = 3
"""Messages above and below the screen whose pictures are made ready."""
AT_ONCE: Final = 3
"""Pictures that are waited for at once; one is decoded at a time."""
MEMORY: Final = 8 << 20
"""Bytes of pictures that are kept while they are not on screen."""
ASKED: Final = (640, 480)
"""Pixels that a server's picture need not exceed."""
MOST_TOLD: Final = 2_000
"""Messages of which it is known why they show no picture."""
COLOURS: Final = {"truecolor": Way.BLOCKS, "256": Way.PALETTE}
BETWEEN: Final = ("TMUX", "STY")
"""Variables of programs that stand between us and the terminal, and keep its graphics commands from it."""
NAMES: Final = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp")

Place = tuple[str, str]
"""(room, event)"""


def may_be_picture(file: FileInfo | Transfer) -> bool:
    """Whether it is worth a look, by what is told of it; what a file is, only its bytes say."""
    return file.mime.startswith("image/") or file.name.lower().endswith(NAMES)


def _in_ghostty() -> bool:
    """Whether the terminal is one that all versions of can; of Kitty, which says no version, not all can."""
    return os.environ.get("TERM_PROGRAM") == "ghostty" or os.environ.get("TERM") == "xterm-ghostty"


def turn(app: App[Any], timeline: RoomTimeline) -> str:
    """Hide all pictures, or show them again, until the app ends; gives a sentence that says so."""
    settings, key = settable(app), shown_as(key_of("pictures.turn").keys)
    config = settings.options.config
    on = config.pictures == "off"
    settings.options = replace(settings.options, config=replace(config, pictures="auto" if on else "off"))
    timeline.restyle()
    return "" if on else _("Pictures are hidden; {key} shows them.").format(key=key)


class Pictures:
    """What the messages of an account show as pictures. `draw` has a message drawn again."""

    def __init__(
        self, screen: Window, transfer_of: Callable[[RoomEvent], Transfer | None], draw: Callable[[str, str], None]
    ) -> None:
        self._screen = screen
        self._transfer_of = transfer_of
        self._draw = draw
        self._flipped: set[tuple[Place, bool]] = set()
        """Messages that do otherwise than the setting says, and what that said."""
        self._shelf: Shelf[Place, tuple[Canvas, Picture]] = Shelf(MEMORY)
        self._reasons: dict[Place, str] = {}
        self._busy: set[tuple[str, str, type]] = set()
        """Messages whose pictures are being made ready, and of what: a file may come while its server is asked."""
        self._decoding = asyncio.Lock()
        self._can_draw = can_draw()
        self._cache = PictureCache(screen.session.store.path.parent / "pictures")
        screen.app.app_resume_signal.subscribe(screen.timeline, self._tell_again)

    # ------------------------------------------------------------ what is shown

    def of(self, event: RoomEvent) -> Picture | None:
        """The picture that a message shows, as far as it is drawn."""
        place = event.room_id, event.event_id
        if not self._shown(place):
            return None
        found = self._shelf.get(place)
        return None if found is None else found[1]

    def why(self, event: RoomEvent) -> str:
        """What there is to say of a message's picture; "" where it brings none."""
        place = event.room_id, event.event_id
        found = self._shelf.get(place)
        if found is not None:
            return found[1].about if self._shown(place) else _("hidden")
        if not self._shown(place):
            return _("hidden")
        way = self._way()
        return way if not isinstance(way, Way) else self._reasons.get(place, "")

    @property
    def on(self) -> bool:
        """Whether pictures are shown where nothing else is said of a message."""
        return self._setting != "off"

    @property
    def _setting(self) -> str:
        return settable(self._screen.app).options.config.pictures

    def flip(self, event: RoomEvent) -> str:
        """Show the picture of a message, or hide it; gives a sentence where there is none to be shown."""
        place = event.room_id, event.event_id
        self._flipped ^= {(place, self.on)}
        self._reasons.pop(place, None)
        self._draw(*place)
        self.look()
        if not self._shown(place):
            return ""
        way = self._way()
        if not isinstance(way, Way):
            return _("Pictures are not drawn: {why}.").format(why=way)
        return "" if self._source(event) is not None else _("There is no picture of this file here.")

    def _tell_again(self, _app: object) -> None:
        """Another program had the terminal, which has forgotten what it was given."""
        self._tell("".join(picture.told for _, picture in self._shelf.things()))

    def close(self) -> None:
        """Have the terminal forget what it was given."""
        self._tell("".join(picture.untold for _, picture in self._shelf.clear().values()))

    def forget(self, place: Place) -> None:
        """What is known of a file is another thing by now: look again."""
        self._reasons.pop(place, None)

    def link_moved(self) -> None:
        """What could not be asked for can be now."""
        if self._screen.session.link.link is Link.ONLINE:
            self._reasons.clear()
            self.look()

    def _shown(self, place: Place) -> bool:
        return self.on != ((place, self.on) in self._flipped)

    # ------------------------------------------------------------ what is near the screen

    def look(self) -> None:
        """Begin with what is near the screen and not drawn yet: what can be seen first, the newest first."""
        way = self._way()
        if not isinstance(way, Way):
            return
        timeline = self._screen.timeline
        columns = columns_for(max(1, timeline.scrollable_size.width)).body
        canvas = canvas_for(way, columns, self._screen.app.size.height)
        for event in self._near():
            if len(self._busy) >= AT_ONCE:
                return
            place = event.room_id, event.event_id
            if self._shown(place) and place not in self._reasons:
                drawn = self._shelf.get(place)
                source = self._source(event) if drawn is None or drawn[0] != canvas else None
                if source is not None and (*place, type(source)) not in self._busy:
                    self._busy.add((*place, type(source)))
                    timeline.run_worker(self._bring(event, source, canvas), exit_on_error=False)

    def _near(self) -> Iterator[RoomEvent]:
        source, rows = self._screen.conversation.source, self._screen.timeline.viewport.rows
        if source is None or not rows:
            return
        first, last = rows[0][0], rows[-1][0]
        after, before = range(last + 1, last + 1 + NEAR), range(first - 1, first - 1 - NEAR, -1)
        for position in (*range(last, first - 1, -1), *after, *before):
            if source.lo <= position < source.hi:
                event = source.item(position).event
                if event is not None and event.file is not None:
                    yield event

    def _source(self, event: RoomEvent) -> Transfer | FileInfo | None:
        """Where the bytes are: in a file that is here, or with a server that gives small pictures."""
        transfer = self._transfer_of(event)
        if transfer is not None and may_be_picture(transfer) and transfer.path:
            own = transfer.direction is Direction.OUT and transfer.state is not State.FAILED
            if own or transfer.state is State.COMPLETE:
                return transfer
        return self._at_server(event)

    def _at_server(self, event: RoomEvent) -> FileInfo | None:
        """The file, where its server can be asked for a small picture of it."""
        session, file = self._screen.session, event.file
        able = Capability.PICTURES in session.capabilities and session.link.link is Link.ONLINE
        return file if able and file is not None and (may_be_picture(file) or file.thumbnail) else None

    def _way(self) -> Way | str:
        """How pictures are drawn here, or why they are not."""
        app = self._screen.app
        if app.is_web:
            return _("in a browser pictures stay lines")
        if app.no_color:
            return _("NO_COLOR asks for no colours")
        if not self._can_draw:
            return _("Pillow is not installed")
        way = COLOURS.get(app.console.color_system or "")
        if way is Way.BLOCKS and (self._setting == Way.KITTY or (self._setting == "auto" and _in_ghostty())):
            return way if any(map(os.environ.get, BETWEEN)) else Way.KITTY
        return way or _("this terminal has too few colours")

    # ------------------------------------------------------------ bringing one

    async def _bring(self, event: RoomEvent, source: Transfer | FileInfo, canvas: Canvas) -> None:
        place = event.room_id, event.event_id
        try:
            picture = await self._picture(event, source, canvas)
        except (Undrawn, ChatError) as why:
            self._note(place, of_error(why))
        except Exception as error:  # noqa: BLE001 - a picture is never worth more than the message
            _LOG.warning("a picture could not be drawn: %s", type(error).__name__)
            self._note(place, _("cannot be drawn"))
        else:
            self._put(place, canvas, picture)
        finally:
            self._busy.discard((*place, type(source)))
        self.look()

    async def _picture(self, event: RoomEvent, source: Transfer | FileInfo, canvas: Canvas) -> Picture:
        """Raises Undrawn, ChatError."""
        if not isinstance(source, Transfer):
            return await self._fetched(source, canvas)
        file = Path(source.path), source.size, source.digest
        try:
            return await self._decoded(partial(draw_file, *file, canvas))
        except Undrawn as why:
            if (instead := self._at_server(event)) is None:
                raise
            with contextlib.suppress(Undrawn, ChatError):
                return await self._fetched(instead, canvas)
            raise why from None

    async def _decoded(self, work: Callable[[], Picture]) -> Picture:
        async with self._decoding:
            return await aside(work)

    async def _fetched(self, file: FileInfo, canvas: Canvas) -> Picture:
        """Draw the small picture that a server gives, which is asked for once."""
        name = f"{file.ref} {file.thumbnail}"
        data = await aside(self._cache.get, name)
        if data is not None:
            return await self._decoded(partial(draw_bytes, data, canvas))
        data = await self._screen.session.picture(file, *ASKED, MOST_EACH)
        picture = await self._decoded(partial(draw_bytes, data, canvas))
        await aside(self._cache.put, name, data)
        return picture

    def _put(self, place: Place, canvas: Canvas, picture: Picture) -> None:
        near = {(event.room_id, event.event_id) for event in self._near()}
        gone = self._shelf.put(place, (canvas, picture), picture.size, near.__contains__)
        self._tell(picture.told + "".join(old.untold for _, old in gone.values()))
        for changed in {place, *gone}:
            self._draw(*changed)

    def _note(self, place: Place, why: str) -> None:
        if len(self._reasons) >= MOST_TOLD:
            self._reasons.clear()
        self._reasons[place] = why

    def _tell(self, commands: str) -> None:
        """Tell the terminal something that is nowhere on the screen."""
        driver = self._screen.app._driver  # noqa: SLF001 - nothing else writes beside the screen
        if commands and driver is not None:
            driver.write(commands)
            driver.flush()
