"""Sign in to a server: its address, who one is, a password, a token or the browser; faults in one sentence below."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Sequence
from typing import Final

from rich.style import Style
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import Input, Static
from textual.worker import Worker

from chat_tui.browsing import open_page
from chat_tui.keys import Place, bindings, key_of, shown_as
from chat_tui.log import hide
from chat_tui.messages import AccountSaved
from chat_tui.strings import N_, _, of_error
from chat_tui.widgets.key_line import keys_told
from chat_tui.widgets.text_layout import clean_line
from chat_tui_core import registry
from chat_tui_core.accounts import DataFolder
from chat_tui_core.contract import Backend, Credentials, LoginWay, ServerFound
from chat_tui_core.errors import ChatError, ConfigError
from chat_tui_core.model import Account
from chat_tui_core.secrets import beside

__all__ = ["LoginScreen"]

_LOG = logging.getLogger(__name__)

FIELDS: Final = (
    ("url", N_("Server"), N_("its address")),
    ("user", N_("User"), N_("your name there")),
    ("password", N_("Password"), N_("it is sent to the server and not kept")),
    ("name", N_("Account"), N_("your own word for this account")),
)
TOKEN_LABEL: Final = N_("Token  an access token of yours; it is kept like a password")
_NOT_A_NAME: Final = re.compile(r"[^a-z0-9._-]+")
_BROWSER, _TOKEN = shown_as(key_of("login.browser").keys), shown_as(key_of("login.token").keys)
_WAYS: Final = {
    LoginWay.PASSWORD: N_("password"),
    LoginWay.SSO: N_("browser ({browser})"),
    LoginWay.TOKEN: N_("token ({token})"),
}


def suggested_name(user: str) -> str:
    """Give a name for an account of this user; empty when nothing of it can be used."""
    return _NOT_A_NAME.sub("-", user.lower()).strip("-.")[:32]


def _ways(ways: Sequence[LoginWay]) -> str:
    return ", ".join(_(_WAYS[way]).format(browser=_BROWSER, token=_TOKEN) for way in ways)


class LoginScreen(Screen[None]):
    """Four fields. Enter goes to the next one, and signs in from the last.

    What the server offers is looked up while the person types on, and nothing waits for that.
    """

    BINDINGS = [
        *bindings(Place.DIALOG),
        *bindings(Place.LOGIN),
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
        & Input.-textual-compact {
            margin-bottom: 1; background: $surface; border: none !important; height: 1; padding: 0 1;
        }
        & #url { margin-bottom: 0; }
        & Input.-textual-compact:focus { background: $accent 22%; }
        & #login-title { text-style: bold; color: $accent; margin-bottom: 1; }
        & .label { color: $foreground 70%; }
        & #login-found { height: 3; margin-bottom: 1; color: $foreground 70%; text-wrap: nowrap; text-overflow: ellipsis; }
        & #login-found.-wrong { text-wrap: wrap; color: $text-error; }
        & #login-said { height: 4; color: $text-error; }
        & #login-said.-busy { color: $foreground; }
        & #login-keys { color: $foreground 55%; }
    }
    """

    def __init__(self, data: DataFolder, backend: str, title: str, known: Account | None = None) -> None:
        """`known`: an account that signs in again, with the device that it has, for the ids of its actions hang on that."""
        super().__init__()
        self._known = known
        self._data = data
        self._backend = backend
        self._title = title
        self._looked = ""  # the address that was looked up, or is being looked up
        self._ways: tuple[LoginWay, ...] = ()
        self._by_token = False
        self._page = ""  # what the browser shows, while that is waited for
        self._work: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        """Give the fields."""
        with Vertical():
            title = (_("Sign in again: {title}") if self._known else _("Sign in: {title}")).format(title=self._title)
            yield Static(title, id="login-title", markup=False)
            for field, label, about in FIELDS:
                yield Static(f"{_(label)}  {_(about)}", id=f"{field}-label", classes="label", markup=False)
                fixed = self._known is not None and field != "password"
                yield Input(id=field, password=field == "password", compact=True, disabled=fixed)
                if field == "url":
                    yield Static("", id="login-found", markup=False)
            yield Static("", id="login-said", markup=False)
            yield Static(keys_told(_("Enter goes on   Esc goes back")), id="login-keys")

    def on_mount(self) -> None:
        """Show how an address looks; what is typed takes its place. What is known already stays as it is."""
        if self._known is not None:
            self._begin_again(self._known)
            return
        url = self.query_one("#url", Input)
        try:
            self._looked = url.value = registry.load(self._backend).url_example
        except ChatError as error:
            self._say(of_error(error))
        url.select_all()

    def _begin_again(self, known: Account) -> None:
        for field, value in (("url", known.url), ("user", known.user), ("name", known.name)):
            self.query_one(f"#{field}", Input).value = value
        self.query_one("#password", Input).focus()
        self._url_left()

    def _value(self, field: str) -> str:
        value = self.query_one(f"#{field}", Input).value
        return value if field == "password" else value.strip()

    def _say(self, text: str | Text, *, busy: bool = False) -> None:
        said = self.query_one("#login-said", Static)
        said.set_class(busy, "-busy")
        said.update(clean_line(text) if isinstance(text, str) else text)

    # ------------------------------------------------------------ what the server offers

    @on(Input.Blurred, "#url")
    def _url_left(self) -> None:
        """Look the server up in the background, once for each address."""
        url = self._value("url")
        self.query_one("#user", Input).placeholder = self._person()
        if url and url != self._looked:
            self._looked = url
            self._show(_("looking for the server…"))
            self.run_worker(self._look_up(url), group="look up", exclusive=True, exit_on_error=False)

    @on(Input.Changed, "#url")
    def _url_changed(self) -> None:
        """What was found belongs to another address."""
        if self._value("url") != self._looked:
            self._looked, self._ways = "", ()
            self._show("")

    async def _look_up(self, url: str) -> None:
        found: ServerFound | None = None
        told = ""
        try:
            found = await self._server().discover(url)
        except ChatError as error:
            told = of_error(error)
        if self._looked != url or not self.is_attached:
            return
        if found is None:
            self._show(told, wrong=True)
        else:
            self._tell(found)

    def _server(self) -> Backend:
        """The backend, through the proxy that the configuration names for the account; raises ChatError."""
        return registry.through(registry.load(self._backend), self._data.proxy(self._value("name")))

    def _tell(self, found: ServerFound) -> None:
        """Show where the server is and how one signs in there."""
        self._ways = found.ways
        self._show(found.url, _("Sign in by {ways}").format(ways=_ways(found.ways)), _(found.note))
        if LoginWay.PASSWORD not in found.ways and LoginWay.SSO in found.ways and self._work is None:
            self._say(
                _("This server signs in on a page in your browser: press {key}.").format(key=_BROWSER),
                busy=True,
            )

    def _show(self, *lines: str, wrong: bool = False) -> None:
        shown = self.query_one("#login-found", Static)
        shown.set_class(wrong, "-wrong")
        shown.update("\n".join(map(clean_line, lines)))

    # ------------------------------------------------------------ typing

    @on(Input.Changed, "#user")
    def _user_changed(self, event: Input.Changed) -> None:
        """Suggest the user's name for the account."""
        name = self.query_one("#name", Input)
        if not name.has_focus and self._known is None:
            name.value = suggested_name(event.value)

    def action_token(self) -> None:
        """Take a token instead of a password, or a password again."""
        self._by_token = not self._by_token
        label = _(TOKEN_LABEL) if self._by_token else "  ".join(map(_, FIELDS[2][1:]))
        self.query_one("#password-label", Static).update(label)
        self.query_one("#password", Input).focus()

    def action_go_on(self) -> None:
        """Go to the next field; from the password on, sign in once the field has taken the keys before this one."""
        field = self.focused
        if field is not None and field.id in {"password", "name"}:
            field.call_later(self._submit)
        else:
            self.focus_next()

    def _submit(self) -> None:
        """Sign in, or go to the first field that is empty."""
        user = self._value("user") or self._person()
        if not self._value("name"):  # what was typed as the user may not have been told of yet
            self.query_one("#name", Input).value = suggested_name(user)
        told = {"user"} if self._person() else set()
        needed = {"url", "password"} if self._by_token else {"url", "user", "password", "name"} - told
        for field, _label, _about in FIELDS:
            if field in needed and not self._value(field):
                self.query_one(f"#{field}", Input).focus()
                return
        self._begin(LoginWay.TOKEN if self._by_token else LoginWay.PASSWORD)

    def _person(self) -> str:
        """Who was typed as the address, where that is a person's full id."""
        url = self._value("url")
        return url if url.startswith("@") else ""

    # ------------------------------------------------------------ signing in

    def action_browser(self) -> None:
        """Sign in on a page in the browser; once it is open, copy its address."""
        if self._page:
            self.app.copy_to_clipboard(self._page)
            self.notify(_("The page's address is copied."), markup=False, timeout=3)
        elif self._ways and LoginWay.SSO not in self._ways:
            self._say(_("This server does not sign in by a browser."))
        elif not self._value("url"):
            self.query_one("#url", Input).focus()
        else:
            self._begin(LoginWay.SSO)

    def _begin(self, way: LoginWay) -> None:
        if self._work is None:
            self._say(_("signing in…"), busy=True)
            # The app's: it outlives this screen, and an account that is signed in is never lost.
            self._work = self.app.run_worker(self._sign_in(way), exit_on_error=False)

    async def _sign_in(self, way: LoginWay) -> None:
        """Have the server let us in, keep the account, show it."""
        told = ""
        try:
            name = await self._keep(way, self._value("name"), self._value("url"), self._value("user"))
        except ChatError as error:
            told = of_error(error)
        except Exception:  # noqa: BLE001 - a backend may be anybody's
            _LOG.exception("signing in")
            told = _("A fault of the program kept it from signing in; its log says where.")
        else:
            if self._known is not None and self.is_current:
                self.app.pop_screen()
            self.app.post_message(AccountSaved(name))
        finally:
            self._work, self._page = None, ""
        if told and self.is_attached:
            self._say(told)

    async def _keep(self, way: LoginWay, name: str, url: str, user: str) -> str:
        """Sign in and keep the account; gives its name. Raises ChatError."""
        if name or way is LoginWay.PASSWORD:
            self._data.folder(name)
            if self._known is None and name in self._data.names():
                raise ConfigError(
                    _("There is an account {name!r} already: take another word for this one.").format(name=name)
                )
        backend = self._server()
        secret = "" if way is LoginWay.SSO else self._value("password")
        hide(secret)
        device = self._known.device if self._known else secrets.token_hex(8)
        given = await backend.login(url, user, secret, kind=way, device=device, browse=self._browse)
        hide(given.token)
        if self._known is not None and given.user != self._known.user:
            raise ConfigError(
                _("This is the account of {user}, and not of {other}.").format(user=self._known.user, other=given.user)
            )
        if self._known is not None and given.device != self._known.device:
            raise ConfigError(_("This token is another device's, and what waits could be said twice: take a password."))
        name = name or self._free_name(given)
        options = {**(self._known.options if self._known else {}), **given.options}
        account = Account(name, backend.name, given.url or url, given.user, given.device, options)
        await beside(lambda: self._data.save(account, given.token))
        return name

    def _free_name(self, given: Credentials) -> str:
        """Give a name that no account has yet."""
        taken = set(self._data.names())
        name = suggested_name(given.user) or self._backend
        return next(
            found
            for number in range(1, 1000)
            if (found := name if number == 1 else f"{name[:28]}-{number}") not in taken
        )

    def _browse(self, url: str) -> None:
        """Show the page in a browser, and its address here for where that does not work."""
        self._page = url
        if open_page(url):
            said = _("Sign in in your browser, then come back. {key} copies its address:")
        else:
            said = _("Open this page in a browser. {key} copies its address:")
        text = Text(said.format(key=_BROWSER) + "\n")
        text.append(url, Style(link=url, underline=True))
        self._say(text, busy=True)

    def action_close(self) -> None:
        """Back to the choices; a page in the browser is not waited for any more."""
        if self._page and self._work is not None:
            self._work.cancel()
        if self.is_active:
            self.app.pop_screen()
