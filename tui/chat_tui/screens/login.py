"""Sign in to a server: name, address, user, password; what is wrong is said in one sentence below."""

from __future__ import annotations

import re
import secrets
from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import Input, Static

from chat_tui.keys import Place, bindings
from chat_tui.messages import AccountSaved
from chat_tui.widgets.text_layout import clean_line
from chat_tui_core import registry
from chat_tui_core.accounts import DataFolder
from chat_tui_core.errors import ChatError, ConfigError
from chat_tui_core.model import Account

__all__ = ["LoginScreen"]

FIELDS: Final = (
    ("url", "Server", "its address"),
    ("user", "User", "your name there"),
    ("password", "Password", "it is sent to the server and not kept"),
    ("name", "Account", "your own word for this account"),
)
_NOT_A_NAME: Final = re.compile(r"[^a-z0-9._-]+")


def suggested_name(user: str) -> str:
    """Give a name for an account of this user; empty when nothing of it can be used."""
    return _NOT_A_NAME.sub("-", user.lower()).strip("-.")[:32]


class LoginScreen(Screen[None]):
    """Four fields. Enter goes to the next one, and signs in from the last."""

    BINDINGS = [
        *bindings(Place.DIALOG),
        # Priority: what is typed after one of these belongs to the next field, however fast it comes.
        Binding("tab", "app.focus_next", show=False, priority=True),
        Binding("shift+tab", "app.focus_previous", show=False, priority=True),
        Binding("enter", "go_on", show=False, priority=True),
    ]
    AUTO_FOCUS = "#url"
    DEFAULT_CSS = """
    LoginScreen {
        align: center middle; background: $background;
        & > Vertical { width: 64; max-width: 96%; height: auto; }
        & Static { padding: 0 1; }
        & Input { margin-bottom: 1; background: $surface; border: none; height: 1; padding: 0 1; }
        & Input:focus { background: $accent 22%; }
        & #login-title { text-style: bold; color: $accent; margin-bottom: 1; }
        & .label { color: $foreground 70%; }
        & #login-said { height: 3; color: $text-error; }
        & #login-said.-busy { color: $foreground 70%; }
        & #login-keys { color: $foreground 55%; }
    }
    """

    def __init__(self, data: DataFolder, backend: str, title: str) -> None:
        super().__init__()
        self._data = data
        self._backend = backend
        self._title = title
        self._busy = False

    def compose(self) -> ComposeResult:
        """Give the fields."""
        with Vertical():
            yield Static(f"Sign in: {self._title}", id="login-title", markup=False)
            for field, label, about in FIELDS:
                yield Static(f"{label}  {about}", classes="label", markup=False)
                yield Input(id=field, password=field == "password", compact=True)
            yield Static("", id="login-said", markup=False)
            yield Static(
                "Enter goes on   Esc goes back\nOn an open server a new name makes a new account.",
                id="login-keys",
                markup=False,
            )

    def on_mount(self) -> None:
        """Show how an address looks."""
        try:
            self.query_one("#url", Input).value = registry.load(self._backend).url_example
        except ChatError as error:
            self._say(str(error))

    def _value(self, field: str) -> str:
        value = self.query_one(f"#{field}", Input).value
        return value if field == "password" else value.strip()

    def _say(self, text: str, *, busy: bool = False) -> None:
        said = self.query_one("#login-said", Static)
        said.set_class(busy, "-busy")
        said.update(clean_line(text))

    @on(Input.Changed, "#user")
    def _user_changed(self, event: Input.Changed) -> None:
        """Suggest the user's name for the account."""
        name = self.query_one("#name", Input)
        if not name.has_focus:
            name.value = suggested_name(event.value)

    def action_go_on(self) -> None:
        """Go to the next field; from the password on, sign in once the field has taken the keys before this one."""
        field = self.focused
        if field is not None and field.id in {"password", "name"}:
            field.call_later(self._submit)
        else:
            self.focus_next()

    def _submit(self) -> None:
        """Sign in, or go to the first field that is empty."""
        if not self._value("name"):  # what was typed as the user may not have been told of yet
            self.query_one("#name", Input).value = suggested_name(self._value("user"))
        for field, _, _ in FIELDS:
            if not self._value(field):
                self.query_one(f"#{field}", Input).focus()
                return
        if not self._busy:
            self._busy = True
            self._say("signing in…", busy=True)
            self.app.run_worker(self._sign_in(), exit_on_error=False)  # outlives this screen

    async def _sign_in(self) -> None:
        """Have the password checked, keep the account, show it."""
        name, url, user = self._value("name"), self._value("url"), self._value("user")
        try:
            data = self._data
            data.folder(name)
            if name in data.names():
                raise ConfigError(f"There is an account {name!r} already: take another word for this one.")
            backend = registry.load(self._backend)
            device = secrets.token_hex(8)
            given = await backend.login(url, user, self._value("password"), kind="password", device=device)
            data.save(Account(name, backend.name, url, given.user, given.device), given.token)
        except ChatError as error:
            self._say(str(error))
            return
        finally:
            self._busy = False
        self.post_message(AccountSaved(name))

    def action_close(self) -> None:
        """Back to the choices."""
        self.app.pop_screen()
