"""Sign in to a server and keep the account; list the accounts."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from secrets import token_hex

from chat_tui import log
from chat_tui.browsing import open_page
from chat_tui.headless.chosen import data_folder
from chat_tui.headless.running import run_loop, say
from chat_tui.headless.unsent import unsent
from chat_tui.opening import open_account
from chat_tui.requests.watching import online
from chat_tui.strings import _, n_, of_error
from chat_tui_core import registry
from chat_tui_core.accounts import DataFolder
from chat_tui_core.contract import Backend, Credentials, LoginWay
from chat_tui_core.errors import AccountBusy, ChatError, ConfigError
from chat_tui_core.model import Account, Membership
from chat_tui_core.secrets import beside

_FLAGS = {LoginWay.PASSWORD: "--password-stdin", LoginWay.TOKEN: "--token-stdin", LoginWay.SSO: "--sso"}


def login(args: Namespace) -> int:
    """Check the password or the token with the server, or sign in by a browser, and store the account."""
    data = data_folder(args)
    data.folder(args.name)  # a bad name is told before a password is asked for
    backend = _backend(data, args)
    if "@" in args.url.partition("://")[2].partition("/")[0]:
        raise ConfigError(
            _("Leave user and password out of the URL: --user names the user, the password is asked for.")
        )
    known = _known(data, args)
    way = LoginWay.SSO if args.sso else LoginWay.TOKEN if args.token_stdin else LoginWay.PASSWORD
    if way is LoginWay.PASSWORD and not args.user and not args.url.startswith("@"):
        raise ConfigError(_("Say who you are there with --user."))
    from_stdin = args.password_stdin or args.token_stdin
    if way is LoginWay.SSO or (sys.stdin.isatty() and not from_stdin):
        code = run_loop(_look(backend, args.url, way))  # nobody types a password that cannot be used
        if code:
            return code
    secret = (
        "" if way is LoginWay.SSO else read_secret(_("Token: ") if args.token_stdin else _("Password: "), from_stdin)
    )
    log.hide(secret)
    return run_loop(_sign_in(data, args, known, way, secret))


async def _look(backend: Backend, url: str, way: LoginWay) -> int:
    """See whether the server is there and has this way to sign in; what it says of itself is told."""
    found = await backend.discover(url)
    if way not in found.ways:
        flags = ", ".join(_FLAGS[way] for way in found.ways)
        raise ConfigError(
            _("{url} cannot be signed in to like that; it takes {flags}.").format(url=found.url, flags=flags)
        )
    if found.note:
        say(found.note)
    return 0


def _backend(data: DataFolder, args: Namespace) -> Backend:
    """The backend that is meant, through the proxy that the configuration names for the account."""
    return registry.through(registry.load(args.backend), data.proxy(args.name))


async def _sign_in(data: DataFolder, args: Namespace, known: Account | None, way: LoginWay, secret: str) -> int:
    backend = _backend(data, args)
    device = known.device if known else token_hex(8)
    given = await backend.login(args.url, args.user, secret, kind=way, device=device, browse=_show_page)
    log.hide(given.token)
    account = _account(args, backend, known, given)
    try:
        if known is not None and known.user != given.user:
            raise ConfigError(_taken(known))
        if known is not None:
            _check_outbox(data, known, account, moved=args.moved)
        await beside(lambda: data.save(account, given.token))
    except ChatError:
        if way is not LoginWay.TOKEN and (known is None or (known.user, known.url) != (given.user, account.url)):
            with suppress(ChatError):  # nobody has the new sign-in: the server need not keep it
                await backend.logout(account, given.token)
        raise
    rooms = await _first_look(data, args.name)
    sys.stdout.write(
        _("Signed in to {url} as {user}; the account is called {name!r}{rooms}. Its token is in {place}.").format(
            url=account.url, user=account.user, name=args.name, rooms=rooms, place=_(data.token_place(args.name))
        )
        + "\n"
    )
    return 0


def _check_outbox(data: DataFolder, known: Account, account: Account, *, moved: bool) -> None:
    """Raise ConfigError where something waits that another server would get, or that another device could say twice."""
    elsewhere = not moved and account.url.rstrip("/") != known.url.rstrip("/")
    if not elsewhere and account.device == known.device:
        return
    with data.lock(known.name):
        waiting = unsent(data, known.name)
    if waiting and elsewhere:
        raise ConfigError(
            n_(
                "One thing of {name!r} is not sent yet, and is for {old}, not for {url}: choose another name for this "
                "account, or say --moved if it is the same server.",
                "{count} things of {name!r} are not sent yet, and are for {old}, not for {url}: choose another name for "
                "this account, or say --moved if it is the same server.",
                waiting,
            ).format(count=waiting, name=known.name, old=known.url, url=account.url)
        )
    if waiting:
        raise ConfigError(
            n_(
                "One thing of {name!r} is not sent yet, and this token is another device's, for which the server would "
                "take it twice: sign in with a password or by the browser.",
                "{count} things of {name!r} are not sent yet, and this token is another device's, for which the server "
                "would take them twice: sign in with a password or by the browser.",
                waiting,
            ).format(count=waiting, name=known.name)
        )


def _account(args: Namespace, backend: Backend, known: Account | None, given: Credentials) -> Account:
    """What is to be stored: the options that were chosen now go before those of the sign-in before."""
    chosen = {"mode": args.mode} if args.mode else {}
    account = Account(args.name, backend.name, given.url or args.url, given.user, given.device)
    return replace(account, options={**(known.options if known else {}), **given.options, **chosen})


def _show_page(url: str) -> None:
    if open_page(url):
        said = _("Sign in on this page, then come back here: {url} (Your browser should show it; else open it.)")
    else:
        said = _("Sign in on this page, then come back here: {url} (Open it in a browser on this machine.)")
    say(said.format(url=url))


async def _first_look(data: DataFolder, name: str) -> str:
    """Fetch the rooms, so that the first start shows them at once; not being able to is no failure."""
    try:
        async with AsyncExitStack() as stack:
            session = await open_account(data, name).session_in(stack)
            if not await online(session):
                return ""
            count = sum(room.membership is Membership.JOINED for room in session.rooms.values())
            return n_(" and is in {count} room", " and is in {count} rooms", count).format(count=count)
    except AccountBusy:
        return _("; the running program goes on with the old sign-in until it is started again")
    except ChatError as error:
        say(of_error(error))
        return ""


def _known(data: DataFolder, args: Namespace) -> Account | None:
    """The account that has this name already: its device signs in again, for the ids of its actions hang on that."""
    if args.name not in data.names():
        return None
    try:
        known = data.account(args.name)
    except ConfigError as damaged:
        say(str(damaged))
        return None
    if known.backend != args.backend or args.user not in known.user:
        raise ConfigError(_taken(known))
    return known


def _taken(known: Account) -> str:
    return _("The account {name!r} is {user!r} with {backend}: choose another name for this one.").format(
        name=known.name, user=known.user, backend=known.backend
    )


def read_secret(prompt: str, from_stdin: bool) -> str:
    """A password or token: one line of standard input, or typed unseen; raises ConfigError when there is none."""
    if from_stdin:
        secret = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        import getpass

        secret = getpass.getpass(prompt)
    else:
        raise ConfigError(_("There is no terminal to ask for a password: use --password-stdin or --token-stdin."))
    if not secret:
        raise ConfigError(_("The password or token is empty."))
    return secret


def accounts(args: Namespace) -> int:
    """List the accounts; a damaged one is told beside."""
    data = data_folder(args)
    for name in data.names():
        try:
            account = data.account(name)
        except ConfigError as error:
            say(of_error(error))
            continue
        row = {"account": name, "backend": account.backend, "url": account.url, "user": account.user}
        line = _("{name}  {user} at {url} ({backend})").format(
            name=name, user=account.user, url=account.url, backend=account.backend
        )
        sys.stdout.write(f"{json.dumps(row, ensure_ascii=False) if args.json else line}\n")
    sys.stdout.flush()
    return 0
