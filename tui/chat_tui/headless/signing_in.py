"""Sign in to a server and keep the account; list the accounts."""

from __future__ import annotations

import json
import secrets
import sys
from argparse import Namespace
from contextlib import AsyncExitStack

from chat_tui import log
from chat_tui.headless.chosen import data_folder
from chat_tui.headless.running import open_session, run_loop, say
from chat_tui.requests.watching import online
from chat_tui_core import registry
from chat_tui_core.accounts import DataFolder
from chat_tui_core.contract import Backend
from chat_tui_core.errors import AccountBusy, ChatError, ConfigError
from chat_tui_core.model import Account, Membership


def login(args: Namespace) -> int:
    """Check the password or the token with the server and store the account."""
    data = data_folder(args)
    data.folder(args.name)  # a bad name is told before a password is asked for
    if "@" in args.url.partition("://")[2].partition("/")[0]:
        raise ConfigError("Leave user and password out of the URL: --user names the user, the password is asked for.")
    backend = registry.load(args.backend)
    device = _device(data, args)
    secret = read_secret("Token: " if args.token_stdin else "Password: ", args.password_stdin or args.token_stdin)
    log.hide(secret)
    return run_loop(_sign_in(data, backend, args, device, secret))


async def _sign_in(data: DataFolder, backend: Backend, args: Namespace, device: str, secret: str) -> int:
    kind = "token" if args.token_stdin else "password"
    given = await backend.login(args.url, args.user, secret, kind=kind, device=device)
    log.hide(given.token)
    account = Account(args.name, backend.name, args.url, given.user, given.device)
    data.save(account, given.token)
    rooms = await _first_look(data, args.name)
    sys.stdout.write(f"Signed in to {args.url} as {given.user}; the account is called {args.name!r}{rooms}.\n")
    return 0


async def _first_look(data: DataFolder, name: str) -> str:
    """Fetch the rooms, so that the first start shows them at once; not being able to is no failure."""
    try:
        async with AsyncExitStack() as stack:
            stack.callback(data.lock(name).release)
            session = await open_session(data, name, stack)
            if not await online(session):
                return ""
            count = sum(room.membership is Membership.JOINED for room in session.rooms.values())
            return f" and is in {count} room{'' if count == 1 else 's'}"
    except AccountBusy:
        return "; the running program goes on with the old sign-in until it is started again"
    except ChatError as error:
        say(str(error))
        return ""


def _device(data: DataFolder, args: Namespace) -> str:
    """A new device, or the one that this account has had: the ids of its actions hang on it."""
    if args.name not in data.names():
        return secrets.token_hex(8)
    try:
        known = data.account(args.name)
    except ConfigError as damaged:
        say(str(damaged))
        return secrets.token_hex(8)
    if (known.backend, known.user) != (args.backend, args.user):
        raise ConfigError(
            f"The account {args.name!r} is {known.user!r} with {known.backend}: choose another name for this one."
        )
    return known.device


def read_secret(prompt: str, from_stdin: bool) -> str:
    """A password or token: one line of standard input, or typed unseen; raises ConfigError when there is none."""
    if from_stdin:
        secret = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        import getpass

        secret = getpass.getpass(prompt)
    else:
        raise ConfigError("There is no terminal to ask for a password: use --password-stdin or --token-stdin.")
    if not secret:
        raise ConfigError("The password or token is empty.")
    return secret


def accounts(args: Namespace) -> int:
    """List the accounts; a damaged one is told beside."""
    data = data_folder(args)
    for name in data.names():
        try:
            account = data.account(name)
        except ConfigError as error:
            say(str(error))
            continue
        row = {"account": name, "backend": account.backend, "url": account.url, "user": account.user}
        line = f"{name}  {account.user} at {account.url} ({account.backend})"
        sys.stdout.write(f"{json.dumps(row, ensure_ascii=False) if args.json else line}\n")
    sys.stdout.flush()
    return 0
