"""The app's accounts: shown, connected, added, signed in to again, signed out of, while the others go on."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Final

from textual import on
from textual.app import App

from chat_tui.config import AppOptions
from chat_tui.household import Household, Seat
from chat_tui.key_gate import KeyGate
from chat_tui.messages import AccountSaved
from chat_tui.opening import Opened, open_account
from chat_tui.screens.main import MainScreen
from chat_tui.strings import _, of_error
from chat_tui_core.errors import ChatError, LocalError

if TYPE_CHECKING:
    from chat_tui_core.session import Session

__all__ = ["KEYRING_SECONDS", "AccountKeeping"]

KEYRING_SECONDS: Final = 60.0


class AccountKeeping(KeyGate, App[int]):
    """The part of the app that has accounts."""

    options: AppOptions
    _household: Household

    @property
    def session(self) -> Session | None:
        """The session of the account that is on screen, None without one."""
        main = self._main_screen()
        if main is not None and main.is_mounted:
            return main.session
        return next((seat.session for seat in self._household.seats), None)

    def show_account(self, opened: Opened) -> None:
        """Show an account with what is stored of it, instead of what is shown now; connect after the first frame."""
        screen = self._begin_sessions(opened)
        while len(self.screen_stack) > 2:
            self.pop_screen()
        if len(self.screen_stack) > 1:
            self.switch_screen(screen)
        else:
            self.push_screen(screen)
        self.call_after_refresh(self._connect)

    def _begin_sessions(self, *opened: Opened) -> MainScreen:
        """Give the screen of accounts; nothing runs yet."""
        config = self.options.config
        seats = [self._household.add(one, config.undo_send) for one in opened]
        return MainScreen([seat.session for seat in seats], config, self._household.absent)

    async def _connect(self) -> None:
        """Start the network, and answer other processes' requests."""
        for seat in self._household.seats:
            await self._connect_seat(seat)

    async def _connect_seat(self, seat: Seat) -> None:
        if seat.opened.ask_token is None:
            await seat.connect()
        else:
            self.run_worker(self._unlock(seat))
        if days := self.options.config.keep_days:
            self.run_worker(self._or_say(seat.forget_old(days)))
        await self._or_say(seat.listen())

    async def _or_say(self, work: Coroutine[Any, Any, None]) -> None:
        """Do what the accounts can do without; what keeps it from being done is said."""
        try:
            await work
        except ChatError as error:
            self.notify(of_error(error), severity="warning", markup=False)

    async def _unlock(self, seat: Seat) -> None:
        """Start an account's network once the keyring has given the token, which may take the person's time."""
        try:
            await seat.connect()
        except ChatError as error:
            about = f"{seat.name}: " if len(self._household.seats) > 1 else ""
            self.notify(about + of_error(error), severity="error", timeout=KEYRING_SECONDS, markup=False)
            if (main := self._main_screen()) is not None:
                main.standing.cannot_connect(seat.name, of_error(error))

    @on(AccountSaved)
    def _account_saved(self, event: AccountSaved) -> None:
        """The person signed in, for the first time or again."""
        seat = self._household.seat(event.name)
        if seat is not None:
            self.run_worker(self._go_on(seat))
            return
        try:
            opened = open_account(self.options.data, event.name)
        except ChatError as error:
            self.notify(of_error(error), severity="error", markup=False)
            return
        if self._main_screen() is None:
            self.show_account(opened)
        else:
            self.run_worker(self._add(opened))

    async def _add(self, opened: Opened) -> None:
        """Show an account beside the others, and connect it."""
        main = self._main_screen()
        while main is not None and self.screen is not main:
            await self.pop_screen()
        seat = self._household.add(opened, self.options.config.undo_send)
        if main is not None:
            main.add_account(seat.session)
        await self._connect_seat(seat)

    async def _go_on(self, seat: Seat) -> None:
        """Connect with the token of a new sign-in; what is on screen and what waits to be sent stays."""
        try:
            await seat.renew(self.options.data)
        except ChatError as error:
            self.notify(of_error(error), severity="error", markup=False)
        else:
            if (main := self._main_screen()) is not None:
                main.standing.cannot_connect(seat.name, "")

    async def go_to_account(self, name: str) -> None:
        """Go to an account, or open one that is not open; raises ChatError."""
        main = self._main_screen()
        if main is not None and self._household.seat(name) is not None:
            main.open_account(name)
        elif self.options.demo:
            raise LocalError(_("The demo has one account only."))
        else:
            await self._add(open_account(self.options.data, name))

    def action_add_account(self) -> None:
        """Ask where the person wants to sign in, beside the accounts that there are."""
        if self.options.demo:
            self.notify(_("The demo has one account only."), markup=False)
            return
        from chat_tui.screens.adding import AddingScreen

        self.push_screen(AddingScreen(self.options.data))

    def action_sign_in_again(self) -> None:
        """Ask for what the server wants to see, for the account that is on screen."""
        session = self.session
        if session is None or session.account.name not in self.options.data.names():
            self.notify(_("The demo needs no signing in."), markup=False)
            return
        from chat_tui.screens.login import LoginScreen

        backend = session.backend
        self.push_screen(LoginScreen(self.options.data, backend.name, backend.title, session.account))

    async def sign_out(self, name: str) -> None:
        """Have the server forget this device, and close the account; raises ChatError, then nothing has changed."""
        seat, main = self._household.seat(name), self._main_screen()
        if seat is None or main is None or name not in self.options.data.names():
            raise LocalError(_("The demo needs no signing in."))
        await seat.sign_out(self.options.data)
        if len(self._household.seats) > 1:
            main.remove_account(name)
            await self._household.remove(name)
            self.notify(_("Signed out of {name}.").format(name=name), markup=False)
        else:
            self.exit(0, message=_("Signed out of {name}.").format(name=name))

    def _main_screen(self) -> MainScreen | None:
        return next((screen for screen in self.screen_stack if isinstance(screen, MainScreen)), None)
