"""The application: one account's session and the screens that show it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from textual import on
from textual.app import App, SystemCommand
from textual.screen import Screen

from chat_tui.config import AppOptions, Config
from chat_tui.keys import Place, bindings, shown_as
from chat_tui.log import path_in
from chat_tui.messages import AccountSaved, DemoWanted
from chat_tui.opening import Opened, choose_account, open_account
from chat_tui.screens.main import MainScreen
from chat_tui.terminal_keys import teach_alt_keys
from chat_tui.themes import DARK, LIGHT, OWN
from chat_tui.widgets.message_look import tell_by
from chat_tui_core.errors import AccountBusy, ChatError
from chat_tui_core.session import Session

if TYPE_CHECKING:
    from chat_tui.control import ControlServer

__all__ = ["ChatApp", "run"]

_LOG = logging.getLogger(__name__)

HANG_UP_SECONDS: Final = 3.0
KEYRING_SECONDS: Final = 60.0
DAY_MS: Final = 86_400_000
RELOAD_SECONDS: Final = 5.0
LOOK_AGAIN: Final = 0.05
GC_THRESHOLDS: Final = (10_000, 20, 50)
"""Collect rarely: a full collection of a whole screen's objects is a pause that a typist feels."""


class ChatApp(App[int]):
    """Shows an account; without one, it helps to make one."""

    TITLE = "chat-tui"
    CSS_PATH = "app.tcss"
    BINDINGS = bindings(Place.EVERYWHERE)
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"

    def __init__(self, options: AppOptions, opened: Opened | None = None) -> None:
        super().__init__()
        self.options = options
        self.session: Session | None = None
        self._opened = opened
        self._control: ControlServer | None = None
        self._crashed = False
        self._after = contextlib.AsyncExitStack()  # what must be closed after the session
        for theme in OWN:
            self.register_theme(theme)
        self.theme = self._first_theme(options.config)
        self.set_keymap(_keymap(options.config))
        tell_by(options.config.clock)

    def _first_theme(self, config: Config) -> str:
        """The configured theme, where there is such a one."""
        return config.theme if config.theme in self.available_themes else DARK.name

    def configure(self, config: Config) -> None:
        """Have these settings hold from now on."""
        self.options = replace(self.options, config=config)
        self.theme = self._first_theme(config)
        self.set_keymap(_keymap(config))
        tell_by(config.clock)
        if self.session is not None:
            self.session.undo_seconds = config.undo_send
        main = self._main_screen()
        if main is not None:
            main.configure(config)

    # ------------------------------------------------------------ start and end

    def get_default_screen(self) -> Screen[Any]:
        """Give the screen at the bottom: the account's, where there is one; another below it would be drawn first."""
        return super().get_default_screen() if self._opened is None else self._begin_session(self._opened)

    def on_mount(self) -> None:
        """Show what there is, then do what takes time."""
        self._watch_signals()
        if self._opened is not None:
            self.call_after_refresh(self._connect)
        elif self.options.demo:
            from chat_tui.screens.starting import StartingScreen

            self.push_screen(StartingScreen("starting the demo server…"))
            self.call_after_refresh(self._begin_demo)
        else:
            from chat_tui.screens.welcome import WelcomeScreen

            self.push_screen(WelcomeScreen(self.options.data))
        self.call_after_refresh(self._settle_memory)
        if self.options.config.keys:
            self._check_keys()

    def _check_keys(self) -> None:
        """Say in one line what is wrong with the person's own keys."""
        from chat_tui.keymaps import problems

        if wrong := problems(self.options.config):
            more = f" ({len(wrong) - 1} more: see `chat-tui doctor`)" if len(wrong) > 1 else ""
            self.notify(f"{wrong[0]}{more}", severity="warning", markup=False)

    def _watch_signals(self) -> None:
        """End in an orderly way when the terminal or the system says so."""
        loop = asyncio.get_running_loop()
        for number, ending in ((signal.SIGTERM, partial(self.exit, 0)), (signal.SIGHUP, self._hang_up)):
            with contextlib.suppress(ValueError, NotImplementedError):  # not in a thread; not everywhere
                loop.add_signal_handler(number, ending)

    def _hang_up(self) -> None:
        """The terminal is gone. Textual may wait for ever to write to it; what matters is stored by then."""
        last_resort = threading.Timer(HANG_UP_SECONDS, os._exit, (128 + signal.SIGHUP,))
        last_resort.daemon = True
        last_resort.start()
        self.exit(0)

    def _settle_memory(self) -> None:
        """What is there after the first frame stays: no collection need look at it again."""
        gc.enable()
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)

    def show_account(self, opened: Opened) -> None:
        """Show an account with what is stored of it, instead of what is shown now; connect after the first frame."""
        screen = self._begin_session(opened)
        while len(self.screen_stack) > 2:
            self.pop_screen()
        if len(self.screen_stack) > 1:
            self.switch_screen(screen)
        else:
            self.push_screen(screen)
        self.call_after_refresh(self._connect)

    def _begin_session(self, opened: Opened) -> MainScreen:
        """Give the screen of an account; nothing runs yet."""
        self._opened = opened
        config = self.options.config
        self.session = opened.session(config.undo_send)
        return MainScreen(self.session, config)

    async def _connect(self) -> None:
        """Start the network, and answer other processes' requests."""
        if self.session is None or self._opened is None:
            return
        if self._opened.ask_token is None:
            self.session.connect()
        else:
            self.run_worker(self._unlock(self._opened, self.session))
        if self.options.config.keep_days:
            self.run_worker(self._forget_old(self.session, self.options.config.keep_days))
        from chat_tui.control import ControlServer

        self._control = ControlServer(self.session, self._opened.folder)
        try:
            await self._control.start()
        except ChatError as error:
            self._control = None
            self.notify(str(error), severity="warning", markup=False)

    async def _forget_old(self, session: Session, days: int) -> None:
        """Forget stored messages that are older than the person wants them."""
        from chat_tui_core.store.retention import forget_before

        try:
            await forget_before(session.store, session.now_ms() - days * DAY_MS)
        except ChatError as error:
            self.notify(str(error), severity="warning", markup=False)

    async def _unlock(self, opened: Opened, session: Session) -> None:
        """Start the network once the keyring has given the token, which may take the person's time."""
        try:
            session.connect(await opened.unlock())
        except ChatError as error:
            self.notify(str(error), severity="error", timeout=KEYRING_SECONDS, markup=False)

    @on(DemoWanted)
    def _demo_wanted(self) -> None:
        """Leave the welcome for the demo."""
        from chat_tui.screens.starting import StartingScreen

        self.switch_screen(StartingScreen("starting the demo server…"))
        self.call_after_refresh(self._begin_demo)

    @on(AccountSaved)
    def _account_saved(self, event: AccountSaved) -> None:
        """The person signed in, for the first time or again."""
        try:
            if self._opened is not None and self.session is not None:
                self.run_worker(self._go_on(self._opened, self.session))
            else:
                self.show_account(open_account(self.options.data, event.name))
        except ChatError as error:
            self.notify(str(error), severity="error", markup=False)

    async def _go_on(self, opened: Opened, session: Session) -> None:
        """Connect with the token of a new sign-in; what is on screen and what waits to be sent stays."""
        try:
            await session.reconnect(await opened.renew(self.options.data))
        except ChatError as error:
            self.notify(str(error), severity="error", markup=False)

    def action_sign_in_again(self) -> None:
        """Ask for what the server wants to see, for the account that is on screen."""
        opened = self._opened
        if opened is None or opened.account.name not in self.options.data.names():
            self.notify("The demo needs no signing in.", markup=False)
            return
        from chat_tui.screens.login import LoginScreen

        backend = opened.backend
        self.push_screen(LoginScreen(self.options.data, backend.name, backend.title, opened.account))

    def _begin_demo(self) -> None:
        self.run_worker(self._start_demo())

    async def _start_demo(self) -> None:
        """Start a server of our own and sign in to it; nothing of it is kept."""
        from chat_tui.demo import start_demo

        try:
            demo = await start_demo(self.options.chaos)
            self._after.push_async_callback(demo.close)
            opened = open_account(demo.data, demo.account.name)
        except ChatError as error:
            self.exit(1, message=str(error))
            return
        self.show_account(opened)

    async def close_account(self) -> None:
        """Say goodbye to the server, store what is left, let others have the account."""
        if self._control is not None:
            await self._control.close()
            self._control = None
        if self.session is not None:
            await self.session.close()
            self.session = None
        if self._opened is not None:
            await self._opened.store.close()
            self._opened.lock.release()
            self._opened = None
        await self._after.aclose()

    def on_app_focus(self) -> None:
        """The person looks here: in a browser for the first time, when nothing could have the focus before."""
        self.call_later(self._focus_something)

    def _focus_something(self) -> None:
        main = self._main_screen()
        if main is not None and main.is_mounted and main.is_current and main.focused is None:
            (main.composer if main.conversation.room_id and main.standing.chosen else main.rooms).focus()

    def on_app_blur(self) -> None:
        """The person looks elsewhere: what comes from now on is new to them."""
        main = self._main_screen()
        if main is not None and main.is_mounted:  # a browser says it before there is a screen
            main.conversation.mark_new_from_here()

    def _fatal_error(self) -> None:
        """A fault of the program: save a report of where it was, without what people wrote, and say so at the end."""
        from chat_tui.crash import save_report, sentence

        _LOG.exception("the app had to end")
        error = sys.exc_info()[1]
        if error is not None and not self._crashed:
            self._crashed = True
            report = save_report(self.options.data.root, error, [type(one).__name__ for one in self.screen_stack])
            self._exit_renderables.append(sentence(report, path_in(self.options.data.root)))
        self._close_messages_no_wait()

    # ------------------------------------------------------------ keys

    async def action_quit(self) -> None:
        """End; whatever was typed or not sent yet is kept."""
        self.exit(0)

    def _main_screen(self) -> MainScreen | None:
        return next((screen for screen in self.screen_stack if isinstance(screen, MainScreen)), None)

    def action_help(self) -> None:
        """Show keys and commands."""
        from chat_tui.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen())

    def action_copy(self) -> None:
        """Copy what is selected; without a selection say how to leave, for that may be what was meant."""
        text = self.screen.get_selected_text()
        if text:
            self.copy_to_clipboard(text)
            self.notify("Copied.", markup=False, timeout=2)
        else:
            self.notify(f"Nothing is selected. {shown_as('ctrl+q')} quits.", markup=False, timeout=3)

    def action_next_theme(self) -> None:
        """Change between the dark and the light theme."""
        self.theme = LIGHT.name if self.current_theme.dark else DARK.name

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Fill the command palette: what keys and commands do here."""
        from chat_tui.screens.palette import entries

        return entries(self, screen)


def _keymap(config: Config) -> dict[str, str]:
    """What keys the configuration changes; the sets are imported where one is chosen."""
    if not config.keys and config.keymap == Config().keymap:
        return {}
    from chat_tui.keymaps import keymap_of

    return keymap_of(config)


async def _run(app: ChatApp) -> int:
    """Run the app; whatever ends it, the account is closed in an orderly way."""
    try:
        await app.run_async()
    finally:
        await app.close_account()
    return app.return_code or 0


def _open(options: AppOptions, name: str) -> Opened:
    """Take an account; a page in a browser that was loaded again waits until the app of the page before has ended."""
    give_up = time.monotonic() + (RELOAD_SECONDS if os.environ.get("TEXTUAL_DRIVER") else 0)
    while True:
        try:
            return open_account(options.data, name)
        except AccountBusy:
            if time.monotonic() > give_up:
                raise
            time.sleep(LOOK_AGAIN)


def run(options: AppOptions) -> int:
    """Open the app and stay until the person leaves; gives the exit code.

    What keeps an account from being opened is one sentence on standard error, before the terminal is touched.
    """
    try:
        name = "" if options.demo else choose_account(options)
        opened = _open(options, name) if name else None
    except ChatError as error:
        sys.stderr.write(f"chat-tui: {error}\n")
        return 1
    teach_alt_keys()
    return asyncio.run(_run(ChatApp(options, opened)))
