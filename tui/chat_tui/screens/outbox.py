"""Everything the person did that is not settled, and what was lately: why it waits, and what can be done about it."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any, Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from chat_tui.keys import Place, bindings, keys_in
from chat_tui.messages import Way
from chat_tui.screens.info import InfoScreen, facts_of, lines_of
from chat_tui.waiting import SILENT, Now, waits_now
from chat_tui.widgets.key_line import KeyLine
from chat_tui.widgets.line_view import LineView
from chat_tui.widgets.outbox_list import OutboxList
from chat_tui.widgets.pick_list import PickList
from chat_tui.widgets.status_bar import link_text
from chat_tui.widgets.text_layout import cells, clean_line
from chat_tui.widgets.text_line import Piece, TextLine
from chat_tui_core.actions import BLOCKING, OPEN, Action, Kind, State
from chat_tui_core.errors import ChatError
from chat_tui_core.news import Link
from chat_tui_core.outbox import Wait, Why
from chat_tui_core.session import Session
from chat_tui_core.session_changes import ActionMoved, LinkMoved, SessionChange
from chat_tui_core.store.actions import recent_actions
from chat_tui_core.timeline import Item
from chat_tui_core.values import frozen

__all__ = ["Chosen", "OutboxScreen"]

LATELY: Final = 500
"""Actions among which those that are settled are looked for."""
GATHER_SECONDS: Final = 0.05
"""Changes that come within this time are shown together."""
TICK_SECONDS: Final = 0.5
EMPTY: Final = "Everything is sent.\n\nWhat you say without a connection waits here\nand leaves by itself."
NOTHING_SETTLED: Final = "Nothing was settled lately."


@frozen
class Chosen:
    """An action, and what is to be done with it in its room."""

    way: Way
    action: Action


class OutboxScreen(ModalScreen[Chosen | None]):
    """The list between its title and its keys; gives what is to be done in a room, or nothing."""

    BINDINGS = [*bindings(Place.OUTBOX), *bindings(Place.DIALOG)]
    DEFAULT_CSS = """
    OutboxScreen {
        align: center middle;
        & > Vertical { width: 100; max-width: 96%; height: 90%; max-height: 44; padding: 1 1; background: $surface; }
        & #outbox-title { padding: 0 1; }
        & #outbox { margin: 1 0; height: 1fr; }
        & #outbox-empty {
            display: none; height: 1fr; margin: 1 0; content-align: center middle; text-align: center;
            color: $foreground 60%;
        }
        & #outbox-problem { padding: 0 1; color: $text-error; }
        & #outbox-keys { padding: 0 1; }
        &.-empty #outbox { display: none; }
        &.-empty #outbox-empty { display: block; }
    }
    """

    def __init__(self, session: Session, at: int = 0) -> None:
        """Show the outbox, the cursor on the action `at` where there is such a one."""
        super().__init__()
        self._session = session
        self._at = at
        self._settled: tuple[Action, ...] | None = None  # None: what is open is shown
        self._due = False
        self._unwatch: Callable[[], None] = lambda: None

    def compose(self) -> ComposeResult:
        """Give the list between a title and its keys."""
        with Vertical():
            yield TextLine(id="outbox-title")
            yield OutboxList(self._title, id="outbox")
            yield Static(EMPTY, id="outbox-empty", markup=False)
            yield TextLine(id="outbox-problem")
            yield KeyLine([*keys_in(Place.OUTBOX), *keys_in(Place.DIALOG)], id="outbox-keys")

    def on_mount(self) -> None:
        """Show what there is and follow it."""
        self._list = self.query_one(OutboxList)
        self._unwatch = self._session.watch(self._changed)
        self.set_interval(TICK_SECONDS, self._tick)
        self._show()
        self._list.focus()
        place = next((at for at, action in enumerate(self._list.actions) if action.id == self._at), None)
        if place is not None:
            self._list.set_cursor(place)

    def on_unmount(self) -> None:
        """Stop following."""
        self._unwatch()

    # ------------------------------------------------------------ showing

    def _changed(self, change: SessionChange) -> None:
        if isinstance(change, (ActionMoved, LinkMoved)) and not self._due:
            self._due = True
            self.set_timer(GATHER_SECONDS, self._show)

    def _now(self) -> Now:
        return Now(self._session.now_ms(), online=self._session.link.link is Link.ONLINE)

    def _show(self) -> None:
        self._due = False
        actions = self._open() if self._settled is None else self._settled
        now = self._now()
        waits = waits_now(self._session.waits, self._session.open_actions, now.ms)
        self._list.show_actions(actions, {} if self._settled is not None else waits, now)
        self.set_class(not actions, "-empty")
        self.query_one("#outbox-empty", Static).update(EMPTY if self._settled is None else NOTHING_SETTLED)
        self._show_title()
        self._show_keys()

    def _open(self) -> list[Action]:
        shown = (action for action in self._session.open_actions.values() if action.kind not in SILENT)
        return sorted(shown, key=lambda action: (action.place, action.id))

    def _show_title(self) -> None:
        left: list[Piece] = [("Outbox", "bold")]
        if self._settled is not None:
            left.append((f"   {len(self._settled)} settled lately, the newest first", "$foreground 60%"))
        elif actions := self._list.actions:
            left.append((f"   {len(actions):,} not settled", "$foreground 60%"))
            refused = sum(1 for action in actions if action.state is State.FAILED)
            timed = sum(1 for action in actions if action.state is State.PENDING and action.scheduled > self._now().ms)
            left += [(f"  {refused:,} refused", "$text-error")] if refused else []
            left += [(f"  {timed:,} for later", "$text-success")] if timed else []
        link = self._session.link
        style = "$text-success" if link.link is Link.ONLINE else "$text-warning"
        line, now = self.query_one("#outbox-title", TextLine), time.monotonic()
        words = link_text(link, now)
        if sum(cells(text) for text, _ in left) + cells(words) >= line.content_size.width:
            words = link_text(replace(link, reason=""), now)  # the status bar gives the reason
        line.show(left, [(words, style)])

    def _tick(self) -> None:
        self._list.tick(self._now())
        self._show_title()

    @on(LineView.CursorMoved)
    def _show_keys(self) -> None:
        """Dim what cannot be done with the chosen action."""
        words = {"outbox.settled": "settled" if self._settled is None else "not settled"}
        action = self._list.chosen()
        if action is not None and action.state is not State.FAILED:
            words |= {"outbox.cancel": "take back", "outbox.retry": "now"}
        self.query_one(KeyLine).show(self._useless(action), words)

    def _useless(self, action: Action | None) -> frozenset[str]:
        if action is None:
            return frozenset(f"outbox.{name}" for name in (*_ABILITIES, "go", "info", "copy"))
        wait = self._list.wait_of(action)
        return frozenset(
            f"outbox.{name}" for name, able in _ABILITIES.items() if wait is None or not able(action, wait)
        )

    def _able(self, name: str) -> bool:
        return f"outbox.{name}" not in self._useless(self._list.chosen())

    def _title(self, room_id: str) -> str:
        room = self._session.rooms.get(room_id)
        return room.title if room else room_id

    # ------------------------------------------------------------ doing

    def _try(self, work: Coroutine[Any, Any, object]) -> None:
        async def carry_out() -> None:
            try:
                await work
            except ChatError as error:
                self._say(str(error))
            else:
                self._say("")

        self.run_worker(carry_out(), exit_on_error=False)

    def _say(self, text: str) -> None:
        self.query_one("#outbox-problem", TextLine).show([(clean_line(text), "")] if text else [])

    def _leave(self, way: Way) -> None:
        if action := self._list.chosen():
            self.dismiss(Chosen(way, action))

    def action_retry(self) -> None:
        """Try the chosen action again, or now."""
        if action := self._list.chosen():
            self._try(self._session.retry(action.id))

    def action_cancel(self) -> None:
        """Take the chosen action back, where that still prevents it."""
        if action := self._list.chosen():
            self._try(self._session.cancel(action.id))

    def action_let_pass(self) -> None:
        """Let later actions of its room pass the chosen one."""
        if action := self._list.chosen():
            self._try(self._session.let_pass(action.id))

    def action_edit(self) -> None:
        """Change the chosen action in its room's composer."""
        if self._able("edit"):
            self._leave(Way.EDIT)

    def action_take_back(self) -> None:
        """Bring the text of the chosen action back into its room's composer."""
        if self._able("back"):
            self._leave(Way.BACK)

    def action_go(self) -> None:
        """Go to the chosen action in its room."""
        self._leave(Way.GO)

    @on(PickList.Picked)
    def _picked(self, event: PickList.Picked) -> None:
        event.stop()
        self.action_go()

    @on(KeyLine.Wanted)
    async def _wanted(self, event: KeyLine.Wanted) -> None:
        event.stop()
        await self.run_action(event.key.action)

    def action_info(self) -> None:
        """Show all that is known of the chosen action."""
        if (item := self._item()) is not None:
            self.app.push_screen(InfoScreen(facts_of(item)))

    def action_copy(self) -> None:
        """Copy what is known of the chosen action."""
        if (item := self._item()) is not None:
            self.app.copy_to_clipboard(lines_of(facts_of(item)))
            self.notify("Copied.", markup=False)

    def _item(self) -> Item | None:
        action = self._list.chosen()
        return None if action is None else Item(f"a{action.id}", action=action)

    def action_settled(self) -> None:
        """Change between what was settled lately and what is not settled."""
        if self._settled is not None:
            self._settled = None
            self._show()
        else:
            self._try(self._load_settled())

    async def _load_settled(self) -> None:
        found = await self._session.store.fetch(recent_actions, LATELY)
        done = (action for action in reversed(found) if action.state not in OPEN and action.kind not in SILENT)
        self._settled = tuple(done)
        self._show()

    def action_close(self) -> None:
        """Go back."""
        self.dismiss(None)


def _may_retry(action: Action, wait: Wait) -> bool:
    return action.state is State.FAILED or wait.why in {Why.TIME, Why.UNDO, Why.RETRY}


def _may_edit(action: Action, _wait: Wait) -> bool:
    return action.kind is Kind.SEND or (action.kind is Kind.EDIT and action.may_change)


def _may_pass(action: Action, wait: Wait) -> bool:
    holds = wait.why in {Why.RETRY, Why.UNDO} or (action.state is State.FAILED and action.kind in BLOCKING)
    return holds and action.may_cancel and not action.let_pass


#: What can be done with an open action by the key of this name.
_ABILITIES: Final[Mapping[str, Callable[[Action, Wait], bool]]] = {
    "retry": _may_retry,
    "edit": _may_edit,
    "cancel": lambda action, _wait: action.may_cancel,
    "pass": _may_pass,
    "back": lambda action, _wait: action.kind is Kind.SEND and action.may_cancel,
}
