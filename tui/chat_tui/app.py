"""The application: the sessions of all accounts and the screens that show them."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from rich.control import Control
from textual import on
from textual._ansi_sequences import SYNC_END, SYNC_START
from textual._compositor import CompositorUpdate
from textual.app import SystemCommand
from textual.screen import Screen

from chat_tui.account_keeping import KEYRING_SECONDS, AccountKeeping
from chat_tui.callback_parameters import count_once
from chat_tui.config import AppOptions, Config
from chat_tui.household import Household
from chat_tui.keys import Place, bindings, shown_as
from chat_tui.log import path_in
from chat_tui.messages import DemoWanted
from chat_tui.opening import Opened, choose_accounts, open_account, open_accounts
from chat_tui.strings import _, of_error
from chat_tui.terminal_gone import watch_terminal
from chat_tui.terminal_keys import teach_alt_keys
from chat_tui.themes import DARK, LIGHT, OWN, begin_with
from chat_tui.widgets.message_look import tell_by
from chat_tui_core.errors import ChatError

if TYPE_CHECKING:
    from chat_tui.sweeping import Sweeper

__all__ = ["ChatApp", "run"]

_LOG = logging.getLogger(__name__)

HANG_UP_SECONDS: Final = 3.0
EAGER_SECONDS: Final = 0.000_3
"""After which a busy thread lets others go on while the app starts: one of them writes the first frame."""
FAIR_SECONDS: Final = 0.001
"""The same from then on: the thread that stores a flood must not hold up a key for Python's usual five milliseconds."""


class ChatApp(AccountKeeping):
    """Shows accounts; without one, it helps to make one."""

    TITLE = "chat-tui"
    CSS_PATH = "app.tcss"
    BINDINGS = bindings(Place.EVERYWHERE)
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"
    _themed = False
    _sweeper: Sweeper | None = None

    def __init__(self, options: AppOptions, *opened: Opened, absent: Mapping[str, str] = MappingProxyType({})) -> None:
        """`absent`: accounts that could not be opened, and the sentence that says why."""
        super().__init__()
        self.options = options
        self._opened = opened  # what is shown first
        self._household = Household(absent)
        self._crashed = False
        self._after = contextlib.AsyncExitStack()  # what must be closed after the sessions
        for theme in OWN:
            self.register_theme(theme)
        self._take_themes(options.config)
        self._themed = True
        begin_with(self, self._first_theme(options.config))
        self.set_keymap(_keymap(options.config))
        tell_by(options.config.clock)

    def get_css_variables(self) -> dict[str, str]:
        """The theme's colours; none while the app is being made, for its theme comes last and would have others."""
        return super().get_css_variables() if self._themed else {}

    def _first_theme(self, config: Config) -> str:
        """The configured theme, where there is such a one."""
        return config.theme if config.theme in self.available_themes else DARK.name

    def _take_themes(self, config: Config) -> None:
        """Have the person's own themes in the list of themes."""
        if config.themes:
            from chat_tui.own_themes import theme_of

            for own in config.themes.values():
                self.register_theme(theme_of(own))

    def configure(self, config: Config) -> None:
        """Have these settings hold from now on."""
        self._take_themes(config)
        self.options = replace(self.options, config=config)
        self.theme = self._first_theme(config)
        self.set_keymap(_keymap(config))
        tell_by(config.clock)
        for seat in self._household.seats:
            seat.session.undo_seconds = config.undo_send
        main = self._main_screen()
        if main is not None:
            main.configure(config)

    async def push_screen_wait(self, screen: Any, *, mode: str | None = None) -> Any:
        """Show a screen and wait for what it is dismissed with; any task may, while Textual's is for its workers alone."""
        await self._flush_next_callbacks()
        self.push_screen(screen, mode=mode)
        answer = screen._result_callbacks[-1].future  # noqa: SLF001 - what Textual's gives to a worker
        return await asyncio.shield(answer)

    # ------------------------------------------------------------ start and end

    def get_default_screen(self) -> Screen[Any]:
        """Give the screen at the bottom: the accounts', where there are any; another below it would be drawn first."""
        return self._begin_sessions(*self._opened) if self._opened else super().get_default_screen()

    def on_mount(self) -> None:
        """Show what there is, then do what takes time."""
        self._watch_signals()
        if self._opened:
            self.call_after_refresh(self._connect)
            for name, why in self._household.absent.items():
                self.notify(
                    _("{name} is not open. {why}").format(name=name, why=why),
                    severity="warning",
                    timeout=KEYRING_SECONDS,
                    markup=False,
                )
        elif self.options.demo:
            from chat_tui.screens.starting import StartingScreen

            self.push_screen(StartingScreen(_("starting the demo server…")))
            self.call_after_refresh(self._begin_demo)
        else:
            from chat_tui.screens.welcome import WelcomeScreen

            self.push_screen(WelcomeScreen(self.options.data))
        self.call_after_refresh(self._begin_to_settle)
        config = self.options.config
        if config.keys or config.commands or config.faults or self._first_theme(config) != (config.theme or DARK.name):
            self._check_own()

    def _check_own(self) -> None:
        """Say in one line what is wrong with what the person made: keys, themes, commands."""
        from chat_tui.own_faults import problems, unknown_theme

        config = self.options.config
        if wrong := [*unknown_theme(config.theme, self.available_themes), *problems(config)]:
            more = _(" ({count} more: see `chat-tui doctor`)").format(count=len(wrong) - 1) if len(wrong) > 1 else ""
            self.notify(f"{wrong[0]}{more}", severity="warning", markup=False)

    def _watch_signals(self) -> None:
        """End in an orderly way when the terminal or the system says so."""
        loop = asyncio.get_running_loop()
        for number, ending in ((signal.SIGTERM, partial(self.exit, 0)), (signal.SIGHUP, self._hang_up)):
            with contextlib.suppress(ValueError, NotImplementedError):  # not in a thread; not everywhere
                loop.add_signal_handler(number, ending)
        if (terminal := getattr(self._driver, "fileno", None)) is not None and not self.is_web:
            watch_terminal(terminal, partial(self._terminal_gone, loop))

    def _hang_up(self) -> None:
        self._terminal_gone(asyncio.get_running_loop())

    def _terminal_gone(self, loop: asyncio.AbstractEventLoop) -> None:
        """The terminal is gone. Textual may wait for ever to write to it; what matters is stored by then. For any thread."""
        last_resort = threading.Timer(HANG_UP_SECONDS, os._exit, (128 + signal.SIGHUP,))
        last_resort.daemon = True
        last_resort.start()
        loop.call_soon_threadsafe(self.exit, 0)

    def _begin_to_settle(self) -> None:
        self.run_worker(self._settle_memory())

    async def _settle_memory(self) -> None:
        """What is there after the first frame, and what is soon needed, stays: no collection need look at it again."""
        from chat_tui.afterwards import load
        from chat_tui.direct_writing import write_directly
        from chat_tui.sweeping import Sweeper

        await load()
        write_directly(self._driver)
        sys.setswitchinterval(FAIR_SECONDS)
        gc.enable()
        gc.collect()
        gc.freeze()
        self._sweeper = Sweeper()

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        """Hand a frame to the terminal in one piece; Textual's goes there in three, and wakes the thread that writes thrice."""
        driver = self._driver
        here = self._running and not self._closed and not self.is_headless and not self._batch_count and os.name != "nt"
        if not here or driver is None or driver.is_inline or not isinstance(renderable, CompositorUpdate):
            super()._display(screen, renderable)
            return
        try:
            at = self.screen.outer_size.clamp_offset(self.cursor_position)
            frame = renderable.render_segments(self.console) + Control.move_to(*at).segment.text
        except Exception as error:  # noqa: BLE001 - as Textual does: it ends the app, in order
            self._handle_exception(error)
            return
        self._previous_cursor_position = at
        driver.write(f"{SYNC_START}{frame}{SYNC_END}" if self._sync_available else frame)
        driver.flush()
        self.post_display_hook()

    def post_display_hook(self) -> None:
        """A frame has been drawn: there will be a moment to collect garbage."""
        if self._sweeper is not None:
            self._sweeper.painted()

    @on(DemoWanted)
    def _demo_wanted(self) -> None:
        """Leave the welcome for the demo."""
        from chat_tui.screens.starting import StartingScreen

        self.switch_screen(StartingScreen(_("starting the demo server…")))
        self.call_after_refresh(self._begin_demo)

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
            self.exit(1, message=of_error(error))
            return
        self.show_account(opened)

    async def close_account(self) -> None:
        """Say goodbye to the servers, store what is left, let others have the accounts."""
        await self._household.close()
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
            self.notify(_("Copied."), markup=False, timeout=2)
        else:
            self.notify(_("Nothing is selected. {key} quits.").format(key=shown_as("ctrl+q")), markup=False, timeout=3)

    def action_next_theme(self) -> None:
        """Change between the dark and the light theme; one of them is the person's own, where they have chosen one."""
        wanted = LIGHT if self.current_theme.dark else DARK
        chosen = self.get_theme(self._first_theme(self.options.config)) or wanted
        self.theme = chosen.name if chosen.dark is wanted.dark else wanted.name

    def action_command_palette(self) -> None:
        """Show the command palette, in the person's language."""
        from chat_tui.screens.palette import CommandPalette

        if not isinstance(self.screen, CommandPalette):
            self.push_screen(CommandPalette())

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


def run(options: AppOptions) -> int:
    """Open the app and stay until the person leaves; gives the exit code.

    What keeps all accounts from being opened is one sentence each on standard error, before the terminal is touched.
    """
    try:
        opened, absent = open_accounts(options.data, [] if options.demo else choose_accounts(options))
    except ChatError as error:
        sys.stderr.write(f"chat-tui: {of_error(error)}\n")
        return 1
    if absent and not opened:
        sys.stderr.write("".join(f"chat-tui: {of_error(error)}\n" for error in absent.values()))
        return 1
    teach_alt_keys()
    count_once()
    sys.setswitchinterval(EAGER_SECONDS)
    reasons = {name: of_error(error) for name, error in absent.items()}
    return asyncio.run(_run(ChatApp(options, *opened, absent=reasons)))
