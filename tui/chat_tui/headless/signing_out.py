"""Sign out of a server, and forget an account where that is wanted."""

from __future__ import annotations

import sys
from argparse import Namespace

from chat_tui.headless.chosen import data_folder
from chat_tui.headless.running import run_loop, say
from chat_tui.headless.unsent import unsent
from chat_tui.log import hide
from chat_tui.strings import _, n_, of_error
from chat_tui.waiting import unsent_note
from chat_tui_core import registry, secrets
from chat_tui_core.accounts import DataFolder
from chat_tui_core.errors import AuthRefused, ChatError, ConfigError, TransportError
from chat_tui_core.model import Account


def logout(args: Namespace) -> int:
    """Have the server forget this device, and remove its token here; with `forget` everything else, too."""
    data = data_folder(args)
    return run_loop(_sign_out(data, args.name, forget=args.forget))


async def _sign_out(data: DataFolder, name: str, *, forget: bool) -> int:
    with data.lock(name):
        waiting = unsent(data, name)
        if waiting and forget:
            raise ConfigError(
                n_(
                    "One thing of {name!r} is not sent yet: send or cancel what `chat-tui outbox --account {name}` "
                    "lists, then forget it.",
                    "{count} things of {name!r} are not sent yet: send or cancel what `chat-tui outbox --account {name}` "
                    "lists, then forget it.",
                    waiting,
                ).format(count=waiting, name=name)
            )
        await _tell_server(data, name, forget=forget)
        left = data.forget(name) if forget else data.drop_token(name)
    for sentence in filter(None, (left, unsent_note(waiting))):
        say(sentence)
    done = _("Removed the account {name!r} and all that was stored of it.").format(name=name)
    if not forget:
        done = _(
            "Signed out of {name!r}; what is stored of it stays, and `chat-tui login {name} ...` goes on with it."
        ).format(name=name)
    sys.stdout.write(f"{done}\n")
    return 0


async def _tell_server(data: DataFolder, name: str, *, forget: bool) -> None:
    """Have the server forget this device; what keeps it from that is an error, or only told where all is forgotten."""
    try:
        account = data.account(name)
        token = await secrets.beside(lambda: data.token(name))
        hide(token)
        await _log_out(account, token, data.proxy(name))
    except ChatError as error:
        if not forget:
            raise
        say(
            _("{error} The server was not told; it may list this device until you remove it there.").format(
                error=of_error(error)
            )
        )


async def _log_out(account: Account, token: str, proxy: str) -> None:
    try:
        await registry.through(registry.load(account.backend), proxy).logout(account, token)
    except AuthRefused:
        say(_("The server had signed this device out already."))
    except TransportError as error:
        raise TransportError(
            _("{error} Nothing was changed; `chat-tui logout {name} --forget` removes it here all the same.").format(
                error=of_error(error), name=account.name
            )
        ) from error
