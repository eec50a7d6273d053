"""Everything the person did that is not settled: state, attempts, last error; try again, take back, go there."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from chat_tui.keys import Place, bindings, keys_in, shown_as
from chat_tui.widgets.pick_list import Part, PickList, Row
from chat_tui.widgets.text_layout import clean_line
from chat_tui.widgets.text_line import Piece, TextLine
from chat_tui_core.actions import MARKS, Action, Kind, State
from chat_tui_core.errors import ChatError
from chat_tui_core.safe_text import one_line
from chat_tui_core.session import Session
from chat_tui_core.session_changes import ActionMoved, LinkMoved, SessionChange

__all__ = ["OutboxScreen"]

WORDS = {State.PENDING: "waiting", State.SENT: "sent", State.FAILED: "refused"}
STYLES = {State.PENDING: "warn", State.SENT: "good", State.FAILED: "bad"}
DEEDS = {
    Kind.JOIN: "join",
    Kind.LEAVE: "leave",
    Kind.CREATE_ROOM: "create the room",
    Kind.DELETE_ROOM: "delete the room",
    Kind.INVITE: "invite",
    Kind.KICK: "remove",
    Kind.TOPIC: "set the topic",
}


class OutboxList(PickList):
    """Two lines an action: what and where; how it stands and why."""

    def __init__(self, title: Callable[[str], str]) -> None:
        super().__init__(id="outbox")
        self._title = title
        self.actions: list[Action] = []

    def show_actions(self, actions: list[Action]) -> None:
        """Show these; the cursor stays on its action."""
        under = self.chosen()
        self.actions = actions
        self.reset(0, len(actions))
        at = next((i for i, action in enumerate(actions) if under and action.id == under.id), 0)
        self.set_cursor(at if actions else None)

    def chosen(self) -> Action | None:
        """The action under the cursor."""
        return self.actions[self.cursor] if self.cursor is not None and self.cursor < len(self.actions) else None

    def rows(self, position: int) -> list[Row]:
        """Give the two lines of an action."""
        action = self.actions[position]
        style = STYLES.get(action.state, "dim")
        deed = "" if action.kind is Kind.SEND else DEEDS.get(action.kind, action.kind.value.replace("_", " ")) + " "
        what = clean_line(one_line(action.text, 200))
        first: list[Part] = [(f"{MARKS[action.state]:<2} ", style), (deed, "dim"), (what, "strong")]
        word = "in doubt" if action.doubt else WORDS.get(action.state, action.state.value)
        tries = (
            "" if not action.attempts else "  1 attempt" if action.attempts == 1 else f"  {action.attempts} attempts"
        )
        second: list[Part] = [("   ", ""), (word, style), (f"{tries}  #{action.id}", "dim")]
        if action.error_text or action.error_code:
            second.append((f"  {clean_line(action.error_text or action.error_code)}", "bad"))
        return [(first, [(clean_line(self._title(action.room_id)), "dim")]), (second, [])]


class OutboxScreen(ModalScreen[str]):
    """The list and its keys; gives the room to go to, or nothing."""

    BINDINGS = [*bindings(Place.OUTBOX), *bindings(Place.DIALOG)]
    DEFAULT_CSS = """
    OutboxScreen {
        align: center middle;
        & > Vertical { width: 84; max-width: 96%; height: 70%; max-height: 30; padding: 1 1; background: $surface; }
        & #outbox-title, & #outbox-keys { height: 1; padding: 0 1; }
        & #outbox { margin: 1 0; height: 1fr; }
        & #outbox-problem { height: 1; padding: 0 1; color: $text-error; }
    }
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._unwatch: Callable[[], None] = lambda: None

    def compose(self) -> ComposeResult:
        """Give the list between a title and its keys."""
        with Vertical():
            yield TextLine(id="outbox-title")
            yield OutboxList(self._title)
            yield TextLine(id="outbox-problem")
            yield TextLine(id="outbox-keys")

    def on_mount(self) -> None:
        """Show what there is and follow it."""
        keys: list[Piece] = []
        for key in (*keys_in(Place.OUTBOX), *keys_in(Place.DIALOG)):
            keys += [(shown_as(key.keys), "bold"), (f" {key.hint}   ", "$foreground 60%")]
        self.query_one("#outbox-keys", TextLine).show(keys)
        self._unwatch = self._session.watch(self._changed)
        self._show()
        self.query_one(OutboxList).focus()

    def on_unmount(self) -> None:
        """Stop following."""
        self._unwatch()

    def _changed(self, change: SessionChange) -> None:
        if isinstance(change, (ActionMoved, LinkMoved)):
            self.call_next(self._show)

    def _show(self) -> None:
        actions = [a for _, a in sorted(self._session.open_actions.items()) if a.kind is not Kind.READ]
        title = f"Outbox: {len(actions)} not settled" if actions else "Outbox: everything is sent"
        self.query_one("#outbox-title", TextLine).show([(title, "bold")], [(self._session.link.link.value, "")])
        self.query_one(OutboxList).show_actions(actions)

    def _title(self, room_id: str) -> str:
        room = self._session.rooms.get(room_id)
        return room.title if room else room_id

    def _try(self, work: Coroutine[Any, Any, object]) -> None:
        async def carry_out() -> None:
            try:
                await work
            except ChatError as error:
                self.query_one("#outbox-problem", TextLine).show([(clean_line(str(error)), "")])
            else:
                self.query_one("#outbox-problem", TextLine).show([])

        self.run_worker(carry_out(), exit_on_error=False)

    def action_retry(self) -> None:
        """Try the chosen action again."""
        if action := self.query_one(OutboxList).chosen():
            self._try(self._session.retry(action.id))

    def action_cancel(self) -> None:
        """Take the chosen action back, where that still prevents it."""
        if action := self.query_one(OutboxList).chosen():
            self._try(self._session.cancel(action.id))

    def action_go(self) -> None:
        """Go to the chosen action's room."""
        if action := self.query_one(OutboxList).chosen():
            self.dismiss(action.room_id)

    @on(PickList.Picked)
    def _picked(self, event: PickList.Picked) -> None:
        event.stop()
        self.action_go()

    def action_close(self) -> None:
        """Go back."""
        self.dismiss("")
