"""The command line: what can be asked, its help, and how a failure is told."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from chat_tui import strings
from chat_tui.opening_words import read
from chat_tui.strings import _

if TYPE_CHECKING:
    import argparse

    from chat_tui.parser_tree import Page

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130

Run = Callable[[Any], int]


def run(argv: Sequence[str]) -> int:
    """Run one command line; every failure becomes one sentence on standard error and an exit code."""
    strings.use()  # until the configuration says otherwise
    try:
        args = _read(argv)
    except SystemExit as stop:  # argparse has printed help, or what is wrong with the usage
        return stop.code if isinstance(stop.code, int) else USAGE
    command: Run = args.run
    try:
        return command(args)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing is left to be flushed at exit
        return OK
    except Exception as error:  # noqa: BLE001 - the last resort: a sentence, and the traceback on demand
        return _told(error, debug=args.debug)


def _read(argv: Sequence[str]) -> Any:
    """What a command line asks; exits as argparse does."""
    if (args := read(argv)) is not None:
        args.run = _open_app
        return args
    from chat_tui.arguments import parse

    return parse(argv, _COMMANDS)


def _told(error: Exception, *, debug: bool) -> int:
    from chat_tui_core.errors import ChatError, Refused

    if debug:
        import traceback

        traceback.print_exception(error)
    if isinstance(error, ChatError):
        sentence = strings.of_error(error)
    else:
        import logging

        logging.getLogger(__name__).error("unexpected", exc_info=error)
        sentence = _("Something went wrong inside chat-tui ({name}); --debug shows where.").format(
            name=type(error).__name__
        )
    sys.stderr.write(f"chat-tui: {sentence}\n")
    return 3 if isinstance(error, Refused) else FAILED


# ---------------------------------------------------------------- commands: each imports what it needs when it runs


def _open_app(args: argparse.Namespace) -> int:
    if args.plain:
        from chat_tui.plain.running import run_plain

        return run_plain(args)
    from chat_tui import put_off

    put_off.begin()
    from chat_tui.headless.chosen import app_options
    from chat_tui_core.errors import ConfigError

    if not sys.stdin.isatty() and not os.environ.get("TEXTUAL_DRIVER"):
        raise ConfigError(_("The app needs a terminal; for scripts there are commands: see `chat-tui --help`."))
    options = app_options(args)
    os.environ.setdefault("TEXTUAL_FPS", "240")  # read once, when textual is imported
    from chat_tui.app import run as run_app

    return run_app(options)  # which switches the garbage collector on after its first frame


def _ask(args: argparse.Namespace) -> int:
    from chat_tui.headless.running import run_request

    return run_request(args)


def _send(args: argparse.Namespace) -> int:
    if args.file:
        args.do, args.file = "send_file", os.path.abspath(args.file)  # noqa: PTH100 - Path is slow to import
    if args.text == "-":
        args.text = sys.stdin.buffer.read().decode("utf-8", "surrogateescape").removesuffix("\n")
    args.wait = args.wait or ("pending" if args.at else "sent")
    return _ask(args)


def _get_file(args: argparse.Namespace) -> int:
    if args.to:
        folder = args.to.endswith(os.sep)
        args.to = os.path.abspath(args.to) + (os.sep if folder else "")  # noqa: PTH100 - Path is slow to import
    return _ask(args)


def _create(args: argparse.Namespace) -> int:
    args.content = {name: value for name in ("topic", "private", "invite") if (value := getattr(args, name))}
    return _ask(args)


def _login(args: argparse.Namespace) -> int:
    from chat_tui.headless.signing_in import login

    return login(args)


def _logout(args: argparse.Namespace) -> int:
    from chat_tui.headless.signing_out import logout

    return logout(args)


def _search(args: argparse.Namespace) -> int:
    from chat_tui.headless.searching import search

    return search(args)


def _export(args: argparse.Namespace) -> int:
    from chat_tui.headless.exporting import export

    return export(args)


def _accounts(args: argparse.Namespace) -> int:
    from chat_tui.headless.signing_in import accounts

    return accounts(args)


def _server(args: argparse.Namespace) -> int:
    from chat_tui.headless.serving import serve

    return serve(args)


def _add_user(args: argparse.Namespace) -> int:
    from chat_tui.headless.serving import add_user

    return add_user(args)


def _completions(args: argparse.Namespace) -> int:
    from chat_tui.completions import SHELLS

    sys.stdout.write(SHELLS[args.shell](_pages()))
    return OK


def _man(_args: argparse.Namespace) -> int:
    from importlib.metadata import version

    from chat_tui.manual import manual

    sys.stdout.write(manual(_pages(), version("chat-tui")))
    return OK


def _pages() -> Sequence[Page]:
    from chat_tui.arguments import parser
    from chat_tui.parser_tree import pages

    return tuple(pages(parser(_COMMANDS)))


def _serve(args: argparse.Namespace) -> int:
    try:
        from chat_tui.web import serve_app
    except ModuleNotFoundError as error:
        from chat_tui_core.errors import ConfigError

        if error.name is None or not error.name.startswith("textual_serve"):
            raise
        raise ConfigError(
            _("The browser needs textual-serve: install it with `pip install 'chat-tui[web]'`.")
        ) from None
    import gc

    gc.enable()
    return serve_app(args)


def _doctor(args: argparse.Namespace) -> int:
    from chat_tui.doctor import examine

    return examine(args)


_COMMANDS: dict[str, Run] = {
    "": _open_app,
    "login": _login,
    "logout": _logout,
    "accounts": _accounts,
    "send": _send,
    "create": _create,
    "files get": _get_file,
    "search": _search,
    "export": _export,
    "server": _server,
    "server user add": _add_user,
    "completions": _completions,
    "man": _man,
    "serve": _serve,
    "doctor": _doctor,
}
_COMMANDS |= dict.fromkeys(
    (
        *("rooms", "members", "history", "tail", "join", "leave", "files", "files cancel"),
        *("outbox", "outbox retry", "outbox cancel", "outbox pass"),
    ),
    _ask,
)
