"""Everything the person did that is not settled, and what was lately: why it waits, and what can be done about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from chat_tui.keys import Place, bindings
from chat_tui.messages import Way
from chat_tui.screens.info import InfoScreen, facts_of, lines_of
from chat_tui.screens.list_screen import ListScreen
from chat_tui.strings import N_, _
from chat_tui.waiting import SILENT, waits_now
from chat_tui.widgets.key_line import KeyLine
from chat_tui.widgets.outbox_list import OutboxList, Waiting
from chat_tui.widgets.text_line import Piece
from chat_tui_core.actions import BLOCKING, OPEN, Action, Kind, State
from chat_tui_core.link import Link
from chat_tui_core.outbox import Wait, Why
from chat_tui_core.session import Session
from chat_tui_core.session_changes import ActionMoved
from chat_tui_core.store.actions import recent_actions
from chat_tui_core.timeline import Item
from chat_tui_core.values import frozen

__all__ = ["Chosen", "OutboxScreen"]

LATELY: Final = 500
"""Actions among which those that are settled are looked for."""
EMPTY: Final = N_("Everything is sent.\n\nWhat you say without a connection waits here\nand leaves by itself.")
NOTHING_SETTLED: Final = N_("Nothing was settled lately.")


@frozen
class Chosen:
    """An action of an account, and what is to be done with it in its room."""

    way: Way
    account: str
    action: Action


class OutboxScreen(ListScreen[Chosen | None]):
    """What all accounts have not settled; gives what is to be done in a room, or nothing."""

    BINDINGS = [*bindings(Place.OUTBOX), *bindings(Place.DIALOG)]
    PLACE = Place.OUTBOX
    EMPTY = EMPTY
    FOLLOWS = (ActionMoved,)

    def __init__(self, sessions: Sequence[Session], at: tuple[str, int] = ("", 0)) -> None:
        """Show the outbox, the cursor on the action `at`, (account, id), where there is such a one."""
        super().__init__(sessions)
        self._at = at
        self._settled: tuple[Waiting, ...] | None = None  # None: what is open is shown

    def make_list(self) -> OutboxList:
        """Give the list of actions."""
        self._list = OutboxList(self.place, id="list")
        return self._list

    def begin(self) -> None:
        """Begin at the action that was asked for."""
        place = next((at for at, entry in enumerate(self._list.entries) if entry.id == self._at), None)
        if place is not None:
            self._list.set_cursor(place)

    # ------------------------------------------------------------ showing

    def _ms(self) -> int:
        return self.sessions[0].now_ms()

    def fill(self) -> None:
        """Show what is not settled, or what was lately."""
        entries = self._open() if self._settled is None else self._settled
        self._list.show_at(entries, self._ms())
        self.show_empty(not entries, EMPTY if self._settled is None else NOTHING_SETTLED)

    def _open(self) -> list[Waiting]:
        found: list[Waiting] = []
        for session in self.sessions:
            waits = waits_now(session.waits, session.open_actions, session.now_ms())
            online = session.link.link is Link.ONLINE
            shown = (action for action in session.open_actions.values() if action.kind not in SILENT)
            ordered = sorted(shown, key=lambda action: (action.place, action.id))
            found += [Waiting(session.account.name, action, waits.get(action.id), online) for action in ordered]
        return found

    def heading(self) -> list[Piece]:
        """Give how much is listed, and how much of that is special."""
        left: list[Piece] = [(_("Outbox"), "bold")]
        if self._settled is not None:
            settled = _("{count} settled lately, the newest first").format(count=len(self._settled))
            left.append((f"   {settled}", "$foreground 60%"))
        elif actions := self._list.actions:
            left.append(("   " + _("{count} not settled").format(count=f"{len(actions):,}"), "$foreground 60%"))
            refused, now = sum(1 for action in actions if action.state is State.FAILED), self._ms()
            timed = sum(1 for action in actions if action.state is State.PENDING and action.scheduled > now)
            left += [("  " + _("{count} refused").format(count=f"{refused:,}"), "$text-error")] if refused else []
            left += [("  " + _("{count} for later").format(count=f"{timed:,}"), "$text-success")] if timed else []
        return left

    def tick(self) -> None:
        """Count down."""
        self._list.tick(self._ms())

    def show_keys(self) -> None:
        """Dim what cannot be done with the chosen action."""
        words = {"outbox.settled": _("settled") if self._settled is None else _("not settled")}
        chosen = self._list.chosen()
        if chosen is not None and chosen.action.state is not State.FAILED:
            words |= {"outbox.cancel": _("take back"), "outbox.retry": _("now")}
        self.query_one(KeyLine).show(self._useless(chosen), words)

    def _useless(self, chosen: Waiting | None) -> frozenset[str]:
        if chosen is None:
            return frozenset(f"outbox.{name}" for name in (*_ABILITIES, "go", "info", "copy"))
        wait = chosen.wait
        return frozenset(
            f"outbox.{name}" for name, able in _ABILITIES.items() if wait is None or not able(chosen.action, wait)
        )

    def _able(self, name: str) -> bool:
        return f"outbox.{name}" not in self._useless(self._list.chosen())

    # ------------------------------------------------------------ doing

    def _leave(self, way: Way) -> None:
        if chosen := self._list.chosen():
            self.dismiss(Chosen(way, chosen.account, chosen.action))

    def action_retry(self) -> None:
        """Try the chosen action again, or now."""
        if chosen := self._list.chosen():
            self.attempt(self.session_of(chosen.account).retry(chosen.action.id))

    def action_cancel(self) -> None:
        """Take the chosen action back, where that still prevents it."""
        if chosen := self._list.chosen():
            self.attempt(self.session_of(chosen.account).cancel(chosen.action.id))

    def action_let_pass(self) -> None:
        """Let later actions of its room pass the chosen one."""
        if chosen := self._list.chosen():
            self.attempt(self.session_of(chosen.account).let_pass(chosen.action.id))

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

    def action_info(self) -> None:
        """Show all that is known of the chosen action."""
        if (item := self._item()) is not None:
            self.app.push_screen(InfoScreen(facts_of(item)))

    def action_copy(self) -> None:
        """Copy what is known of the chosen action."""
        if (item := self._item()) is not None:
            self.app.copy_to_clipboard(lines_of(facts_of(item)))
            self.notify(_("Copied."), markup=False)

    def _item(self) -> Item | None:
        chosen = self._list.chosen()
        return None if chosen is None else Item(f"a{chosen.action.id}", action=chosen.action)

    def action_settled(self) -> None:
        """Change between what was settled lately and what is not settled."""
        if self._settled is not None:
            self._settled = None
            self.refill()
        else:
            self.attempt(self._load_settled())

    async def _load_settled(self) -> None:
        done: list[Waiting] = []
        for session in self.sessions:
            lately = reversed(await session.store.fetch(recent_actions, LATELY))
            settled = (action for action in lately if action.state not in OPEN and action.kind not in SILENT)
            done += [Waiting(session.account.name, action) for action in settled]
        if len(self.sessions) > 1:
            done.sort(key=lambda entry: -entry.action.created_at)
        self._settled = tuple(done)
        self.refill()


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
