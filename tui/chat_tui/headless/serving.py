"""Run the chat server that a backend ships, and make its users."""

from __future__ import annotations

import asyncio
import gc
import sys
from argparse import Namespace
from typing import Final

from chat_tui import log
from chat_tui.headless.signing_in import read_secret
from chat_tui.strings import _
from chat_tui_core import registry
from chat_tui_core.contract import ServerMaker, ServerOptions
from chat_tui_core.errors import ConfigError

SERVED_BY: Final = "wschat"


def server_maker() -> ServerMaker:
    """The server that is shipped; raises ConfigError when the installed backend has none."""
    server = registry.load(SERVED_BY).server
    if server is None:
        raise ConfigError(_("The backend {name!r} ships no server.").format(name=SERVED_BY))
    return server


def serve(args: Namespace) -> int:
    """Serve until SIGINT or SIGTERM."""
    if not args.data and not args.open:
        raise ConfigError(
            _("Nobody could sign in: name the users' file with --data FILE, or let everybody in with --open.")
        )
    if bool(args.tls_cert) != bool(args.tls_key):
        raise ConfigError(_("--tls-cert and --tls-key belong together: give both or none."))
    options = ServerOptions(
        host=args.host,
        port=args.port,
        data=args.data,
        open_registration=args.open,
        welcome=args.welcome,
        tls_cert=args.tls_cert,
        tls_key=args.tls_key,
        chaos=args.chaos,
        rate=args.rate,
    )
    if args.debug:
        log.to_standard_error()
    return asyncio.run(_serve(options))


async def _serve(options: ServerOptions) -> int:
    gc.enable()
    server = await server_maker().start(options)
    sys.stdout.write(_("Listening on {url}").format(url=server.url) + "\n")
    sys.stdout.flush()
    await server.serve_until_stopped()
    return 0


def add_user(args: Namespace) -> int:
    """Make an account on a server, or give it a new password."""
    password = read_secret(_("Password: "), args.password_stdin)
    asyncio.run(server_maker().add_user(args.data, args.name, password))
    sys.stdout.write(_("{name} can sign in now.").format(name=args.name) + "\n")
    return 0
