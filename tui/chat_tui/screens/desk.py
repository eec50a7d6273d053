"""One account's place in the window: its session, whatever acts on its rooms, and the way of its changes to the screen."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from chat_tui.feed import Feed
from chat_tui.screens.conversation import Conversation, Parts
from chat_tui.widgets.composer import Composer
from chat_tui.widgets.hint_line import HintLine
from chat_tui.widgets.room_timeline import RoomTimeline
from chat_tui_core.session import Session

if TYPE_CHECKING:
    from textual.app import App

    from chat_tui.programs import Programs
    from chat_tui.screens.doing import Doing
    from chat_tui.screens.file_cards import FileCards
    from chat_tui.screens.main import MainScreen
    from chat_tui.screens.operating import Operating
    from chat_tui.screens.typing_notice import TypingNotice
    from chat_tui.widgets.file_lines import FileCard
    from chat_tui.widgets.obstacle import Obstacle
    from chat_tui_core.model import RoomEvent

__all__ = ["VIEW_KEPT", "Desk"]

VIEW_KEPT = "view"
"""Under which name an account keeps which of its rooms are listed."""


class Desk:
    """The window as the work of one account sees it: a Window."""

    def __init__(self, screen: MainScreen, session: Session) -> None:
        self._screen = screen
        self.session = session
        self.name = session.account.name
        self.view = ""
        """Which of its rooms are listed: those of the space with this id, "" = all (see `space_view`)."""
        self.trouble = ""
        """Why the account does not even try to connect; "" = it does."""
        self.feed = Feed(partial(screen.apply, self), screen.call_next, backlog=screen.backlog)
        parts = Parts(screen.timeline, screen.composer, screen.hints)
        self.conversation = Conversation(session, parts, screen.standing.room_changed, self.feed.flush)
        self.conversation.card_of = self._card
        self.conversation.readers.wanted = screen.notifying.config.readers
        self._unwatch = session.watch(self.feed.push)

    @cached_property
    def typing(self) -> TypingNotice:
        """What tells the open room that the person writes; made when they do."""
        from chat_tui.screens.typing_notice import TypingNotice

        return TypingNotice(self.session)

    @cached_property
    def doing(self) -> Doing:
        """What carries out commands in the account's rooms; made when the first one is given."""
        from chat_tui.screens.doing import Doing

        return Doing(self)

    @cached_property
    def operating(self) -> Operating:
        """What can be done with the account's messages; made when something is done."""
        from chat_tui.screens.operating import Operating

        return Operating(self)

    @cached_property
    def cards(self) -> FileCards:
        """How the account's files stand; made when the first one is shown, or the network brings the first change."""
        from chat_tui.screens.file_cards import FileCards

        return FileCards(self)

    def _card(self, event: RoomEvent) -> FileCard | None:
        return self.cards.card(event)

    def leave(self) -> None:
        """A room of another account is opened: keep what was written, and the place of the reader."""
        self.typing.stopped()
        self.conversation.leave()

    def close(self) -> None:
        """Stop listening; keep what was being written."""
        self.conversation.keep_draft()
        self.conversation.marks.flush()
        self.typing.stopped()
        self._unwatch()
        self.feed.close()
        self.cards.close()

    # ------------------------------------------------------------ what all accounts share

    @property
    def app(self) -> App[object]:
        """The app, for dialogs."""
        return self._screen.app

    @property
    def sessions(self) -> Mapping[str, Session]:
        """The sessions of all accounts in the window, by their names."""
        return {name: desk.session for name, desk in self._screen.desks.items()}

    @property
    def timeline(self) -> RoomTimeline:
        """The messages on screen."""
        return self._screen.timeline

    @property
    def composer(self) -> Composer:
        """Where the person writes."""
        return self._screen.composer

    @property
    def hints(self) -> HintLine:
        """The line above the composer."""
        return self._screen.hints

    @property
    def programs(self) -> Programs:
        """What runs of the person's own commands."""
        return self._screen.programs

    @property
    def obstacle(self) -> Obstacle | None:
        """What stands in the open room's way, where that is one of the account's."""
        return self._screen.standing.obstacle_of(self)

    def say(self, text: str, *, serious: bool = False) -> None:
        """Say one sentence in a corner of the screen, for a while."""
        self._screen.say(text, serious=serious)

    def start(self, work: Coroutine[Any, Any, object]) -> None:
        """Carry out work beside the screen; what cannot be done is said above the composer."""
        self._screen.start(work)

    def open_room(self, room_id: str) -> None:
        """Open one of the account's rooms; one that the person is not in is joined first."""
        self._screen.open_room(room_id, self.name)

    async def search(self, words: str = "") -> None:
        """Search, and go to what was chosen."""
        await self._screen.search(words)

    def count_files(self) -> None:
        """Say how many files are on their way, in all accounts."""
        self._screen.standing.update_files()

    def action_outbox(self) -> None:
        """Show what is not sent yet."""
        self._screen.action_outbox()

    def action_inbox(self) -> None:
        """Show what was said to the person."""
        self._screen.action_inbox()

    def action_transfers(self) -> None:
        """Show files on their way."""
        self._screen.action_transfers()

    def choose_view(self, view: str) -> None:
        """Have the list show the account's rooms of a space (see `space_view`)."""
        self._screen.choose_view(self, view)

    def action_spaces(self) -> None:
        """Choose which rooms the list shows."""
        self._screen.action_spaces()

    def action_switch(self) -> None:
        """Find a room or a person by name."""
        self._screen.action_switch()

    def action_toggle_members(self) -> None:
        """Show or hide the members."""
        self._screen.action_toggle_members()
