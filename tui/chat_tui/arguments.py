"""The tree of commands and options, with their help."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from chat_tui.argument_values import count, moment, port, rate, seconds

Run = Callable[[argparse.Namespace], int]

_DESCRIPTION: Final = "Chat in the terminal. Without a command it opens the app."
_EXAMPLES: Final = """examples:
  chat-tui --demo                                 look around; nothing is kept
  chat-tui server --open                          a chat server on this machine that lets everybody in
  chat-tui login home --url ws://127.0.0.1:8765 --user ada
                                                  sign in; asks for the password
  chat-tui                                        the app with all your accounts
  chat-tui send general "Good morning"            say something from a script
  chat-tui tail --json | jq .text                 follow all rooms

exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused by the server, 4 still pending and kept, 130 interrupted
"""


def parse(argv: Sequence[str], commands: Mapping[str, Run]) -> argparse.Namespace:
    """What a command line asks; exits as argparse does, with help or with what is wrong.

    Opening the app needs none of the commands, and does not wait for their tree.
    """
    alone = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    _add_options(alone, commands)
    try:
        args, rest = alone.parse_known_args(argv)
    except argparse.ArgumentError:
        return _checked(parser(commands).parse_args(argv))
    return _checked(parser(commands).parse_args(argv)) if rest else args


def _checked(args: argparse.Namespace) -> argparse.Namespace:
    """The same, where what a command needs of several arguments together is there; else it exits as argparse does."""
    if args.command == "send" and not (args.text or args.file):
        args.misused("say what to send: a text, - for standard input, or --file PATH")
    if args.command == "send" and args.file and args.thread:
        args.misused("a file cannot be sent into a thread")
    return args


def parser(commands: Mapping[str, Run]) -> argparse.ArgumentParser:
    """The whole tree; each command's namespace has `run` from `commands`, by the command's words."""
    main = argparse.ArgumentParser(
        "chat-tui",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_options(main, commands)
    tree = _Tree(main.add_subparsers(title="commands", metavar="COMMAND", dest="command"), commands)
    for add in (_add_accounts, _add_reading, _add_acting, _add_outbox, _add_files, _add_server):
        add(tree)
    completions = tree.add(
        "completions",
        "print what makes a shell complete command lines",
        'eval "$(chat-tui completions bash)"',
        "chat-tui completions fish > ~/.config/fish/completions/chat-tui.fish",
    )
    completions.add_argument("shell", choices=("bash", "zsh", "fish"), help="the shell")
    tree.add("man", "print the manual page", "chat-tui man | man -l -")
    serve = tree.add(
        "serve", "the app in a browser on this machine", "chat-tui serve --demo", "chat-tui --account home serve"
    )
    serve.add_argument("--demo", action="store_true", default=argparse.SUPPRESS, help="serve the demo; nothing is kept")
    serve.add_argument("--port", type=port, default=0, help="the port on 127.0.0.1 (default: 0, any free one)")
    tree.add("doctor", "what is installed, readable, writable and reachable; shows no secrets", "chat-tui doctor")
    return main


def _add_options(main: argparse.ArgumentParser, commands: Mapping[str, Run]) -> None:
    """The options that stand before any command."""
    _add_common(main, root=True)
    main.add_argument("--version", action=_Version, nargs=0, help="print the version and stop")
    main.add_argument("--demo", action="store_true", help="a server, rooms and a talking bot inside; nothing is kept")
    main.add_argument(
        "--plain", action="store_true", help="lines of text instead of a screen: for screen readers, logs and pipes"
    )
    _add_chaos(main, "the demo's server breaks things on purpose")
    main.set_defaults(run=commands[""], json=False, command=None)


class _Version(argparse.Action):
    """Print the installed version; reading it takes time that other commands need not spend."""

    def __call__(self, parser: argparse.ArgumentParser, *_rest: object) -> None:
        from importlib.metadata import version

        sys.stdout.write(f"chat-tui {version('chat-tui')}\n")
        parser.exit()


class _Tree:
    """Adds commands to one level of the tree."""

    def __init__(self, level: Any, commands: Mapping[str, Run], above: str = "") -> None:
        self._level = level
        self._commands = commands
        self._above = above

    def add(self, name: str, purpose: str, *examples: str, do: str = "") -> argparse.ArgumentParser:
        """One command; `do` names the request that it is."""
        added: argparse.ArgumentParser = self._level.add_parser(
            name,
            help=purpose,
            description=f"{purpose[0].upper()}{purpose[1:]}.",
            epilog="\n  ".join(("examples:", *examples)),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        _add_common(added, root=False)
        added.set_defaults(run=self._commands.get(f"{self._above}{name}"), do=do or name)
        return added

    def below(self, added: argparse.ArgumentParser, name: str, *, required: bool = False) -> _Tree:
        """The level below a command; without a word from it the command itself runs, unless one is required."""
        level = added.add_subparsers(metavar="COMMAND", title="commands", dest=f"{name} command", required=required)
        return _Tree(level, self._commands, f"{self._above}{name} ")


def _add_common(to: argparse.ArgumentParser, *, root: bool) -> None:
    """Options that may stand before and after the command."""

    def add(flag: str, default: object, **rest: Any) -> None:
        to.add_argument(flag, default=default if root else argparse.SUPPRESS, **rest)

    add("--account", "", metavar="NAME", help="the account to use; without it the app opens all")
    add("--data-dir", "", metavar="DIR", help="where accounts and messages are kept (default: $CHAT_TUI_DATA_DIR)")
    add("--config", "", metavar="FILE", help="the configuration file")
    add("--debug", False, action="store_true", help="log more, and show tracebacks")


def _add_json(to: argparse.ArgumentParser) -> None:
    to.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="one JSON object a line")


def _add_waiting(to: argparse.ArgumentParser) -> None:
    _add_json(to)
    to.add_argument(
        "--wait",
        choices=("pending", "sent", "confirmed"),
        default="sent",
        help="how far to wait: stored here, answered by the server, seen in the room (default: sent)",
    )
    to.add_argument(
        "--timeout", type=seconds, default=10.0, metavar="S", help="how many seconds to wait at most (default: 10)"
    )


def _add_accounts(tree: _Tree) -> None:
    login = tree.add(
        "login",
        "sign in to a server and keep the account",
        "chat-tui login home --url ws://127.0.0.1:8765 --user ada",
        "pass chat | chat-tui login work --url wss://chat.example --user ada --password-stdin",
        "chat-tui login matrix --backend matrix --url @ada:matrix.example",
        "chat-tui login matrix --backend matrix --url matrix.example --sso",
        "chat-tui login old --backend matrix --url http://127.0.0.1:8008 --user ada --legacy",
    )
    login.add_argument("name", metavar="NAME", help="your own word for the account: a-z, 0-9, dot, underscore, hyphen")
    login.add_argument("--backend", default="wschat", help="the protocol: wschat or matrix (default: wschat)")
    login.add_argument(
        "--url", required=True, help="the server, such as ws://127.0.0.1:8765; Matrix: also @user:server"
    )
    login.add_argument(
        "--user", default="", help="your name on the server, where the address or a token does not say it"
    )
    login.add_argument(
        "--moved", action="store_true", help="the server has another address: what waits to be sent is sent there"
    )
    secret = login.add_mutually_exclusive_group()
    secret.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    secret.add_argument("--token-stdin", action="store_true", help="read a token from standard input")
    secret.add_argument("--sso", action="store_true", help="sign in on a page in the browser (Matrix)")
    way = login.add_mutually_exclusive_group()
    way.add_argument(
        "--mode",
        choices=("auto", "sync", "sliding"),
        default="",
        help="how to follow a Matrix server (default: auto: the quickest that it offers)",
    )
    way.add_argument(
        "--legacy", dest="mode", action="store_const", const="legacy", help="follow it by initialSync and events"
    )
    logout = tree.add(
        "logout",
        "sign out of a server; what is stored of the account stays",
        "chat-tui logout home",
        "chat-tui logout home --forget",
    )
    logout.add_argument("name", metavar="NAME", help="the account")
    logout.add_argument("--forget", action="store_true", help="remove the account and all that is stored of it, too")
    _add_json(tree.add("accounts", "list the accounts", "chat-tui accounts", "chat-tui accounts --json"))


def _add_reading(tree: _Tree) -> None:
    rooms = tree.add("rooms", "list your rooms, the liveliest first", "chat-tui rooms", "chat-tui rooms --all --json")
    rooms.add_argument("--all", dest="every", action="store_true", help="public rooms that you could join too")
    members = tree.add("members", "list who is in a room", "chat-tui members general")
    _add_room(members)
    history = tree.add(
        "history",
        "print the last messages of a room, oldest first",
        "chat-tui history general -n 20",
        "chat-tui history general --json --before EVENT_ID",
    )
    _add_room(history)
    history.add_argument("-n", dest="count", type=count, default=50, metavar="N", help="how many (default: 50)")
    history.add_argument("--before", default="", metavar="ID", help="only what is before the event with this id")
    tail = tree.add(
        "tail", "print new messages as they come, until interrupted", "chat-tui tail", "chat-tui tail general help"
    )
    tail.add_argument("rooms", nargs="*", metavar="ROOM", help="only these rooms")
    search = tree.add(
        "search",
        "find what was said, in all accounts; works offline",
        "chat-tui search quick fox",
        "chat-tui search 'from:ada in:general \"lazy dog\" after:2026-01-01' --json",
    )
    search.add_argument(
        "words", nargs="+", metavar="WORDS", help='words, "phrases", from: in: has:file has:link before: after:'
    )
    search.add_argument("-n", dest="count", type=count, default=50, metavar="N", help="how many (default: 50)")
    for added in (rooms, members, history, tail, search):
        _add_json(added)
    export = tree.add(
        "export",
        "write all that is stored of a room",
        "chat-tui export general --format md --to general.md",
        "chat-tui export general | jq .text",
    )
    _add_room(export)
    export.add_argument("--format", choices=("jsonl", "md", "html"), default="jsonl", help="default: jsonl")
    export.add_argument("--to", default="", metavar="FILE", help="a new file (default: standard output)")


def _add_acting(tree: _Tree) -> None:
    send = tree.add(
        "send",
        "say something in a room; prints the action's id and state",
        'chat-tui send general "Good morning"',
        "uptime | chat-tui send ops - --wait confirmed --json",
        'chat-tui send general "Happy new year" --at "2027-01-01 00:00"',
        "chat-tui send general --file photo.png",
    )
    _add_room(send)
    send.add_argument("text", metavar="TEXT", nargs="?", default="", help="what to say; - reads it from standard input")
    send.add_argument("--file", default="", metavar="PATH", help="send this file, after the text if there is one")
    send.add_argument(
        "--at",
        type=moment,
        default=0,
        metavar="TIME",
        help="say it later: 18:30, +10m, 2026-12-01 09:00; it leaves if chat-tui runs then, else when it runs next",
    )
    send.add_argument("--thread", default="", metavar="EVENT", help="say it in the thread that began with this event")
    join = tree.add("join", "join a room", "chat-tui join random")
    leave = tree.add("leave", "leave a room", "chat-tui leave random")
    create = tree.add(
        "create", "create a room and join it", 'chat-tui create plans --topic "What comes next"', do="create_room"
    )
    for added in (join, leave, create):
        _add_room(added)
    create.add_argument("--topic", default="", help="what the room is about")
    create.add_argument("--private", action="store_true", help="only invited people can join")
    create.add_argument(
        "--invite", action="append", default=[], metavar="USER", help="invite somebody; may be repeated"
    )
    for added in (send, join, leave, create):
        _add_waiting(added)
    send.set_defaults(wait="", misused=send.error)


def _add_outbox(tree: _Tree) -> None:
    outbox = tree.add(
        "outbox",
        "list what the server has not confirmed yet",
        "chat-tui outbox --json",
        "chat-tui outbox retry 17",
        "chat-tui outbox cancel 17",
        "chat-tui outbox pass 17",
    )
    _add_json(outbox)
    below = tree.below(outbox, "outbox")
    retry = below.add("retry", "try a refused action again, under a new id", "chat-tui outbox retry 17")
    _add_waiting(retry)
    cancel = below.add(
        "cancel", "take back what has not left, or discard what was refused", "chat-tui outbox cancel 17"
    )
    _add_json(cancel)
    let_pass = below.add("pass", "let the later ones of its room pass a refused action", "chat-tui outbox pass 17")
    _add_json(let_pass)
    for added in (retry, cancel, let_pass):
        added.add_argument("action_id", type=count, metavar="ID", help="the action's id, as the outbox lists it")


def _add_files(tree: _Tree) -> None:
    files = tree.add(
        "files", "list the files that you send and get", "chat-tui files --json", "chat-tui files get 17 --to ~/papers/"
    )
    _add_json(files)
    below = tree.below(files, "files")
    get = below.add(
        "get",
        "get a file that was offered; goes on with one that is on its way",
        "chat-tui files get 17",
        "chat-tui files get 17 --to ~/papers/",
        "chat-tui files get 17 | jq .percent",
        do="get_file",
    )
    get.add_argument("--to", default="", metavar="PATH", help="a folder, or a new name (default: ~/Downloads)")
    get.add_argument(
        "--timeout", type=seconds, default=60.0, metavar="S", help="how long it may stand still (default: 60)"
    )
    cancel = below.add("cancel", "end the transfer of a file", "chat-tui files cancel 17", do="cancel_file")
    for added in (get, cancel):
        added.add_argument("file_id", metavar="ID", help="the file's id as the list has it, or its message's event id")
        _add_json(added)


def _add_server(tree: _Tree) -> None:
    server = tree.add(
        "server",
        "run a chat server",
        "chat-tui server --open",
        "chat-tui server --data chat.db --port 8765",
        "echo secret | chat-tui server user add ada --password-stdin --data chat.db",
    )
    server.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: 127.0.0.1)")
    server.add_argument("--port", type=port, default=8765, help="the port, 0 for any free one (default: 8765)")
    server.add_argument("--data", default="", metavar="FILE", help="keep users, rooms and messages in this file")
    server.add_argument("--open", action="store_true", help="whoever comes with a new name gets it, with that password")
    server.add_argument(
        "--welcome", metavar="ROOM", default="general", help="the room newcomers find themselves in (default: general)"
    )
    server.add_argument("--tls-cert", default="", metavar="FILE", help="the certificate chain, for wss://")
    server.add_argument("--tls-key", default="", metavar="FILE", help="its private key")
    server.add_argument(
        "--rate", type=rate, default=120, metavar="N", help="commands a minute for each session (default: 120)"
    )
    _add_chaos(server, "break things on purpose, to test clients")
    users = tree.below(server, "server")
    user = users.add("user", "manage the server's users", "chat-tui server user add ada --data chat.db")
    add = users.below(user, "user", required=True).add(
        "add", "make a user, or give one a new password", "chat-tui server user add ada --data chat.db"
    )
    add.add_argument("name", metavar="NAME", help="the user's name")
    add.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    add.add_argument("--data", required=True, metavar="FILE", help="the server's data file")


def _add_chaos(to: argparse.ArgumentParser, purpose: str) -> None:
    to.add_argument(
        "--chaos",
        nargs="?",
        default="",
        const="1",
        metavar="FAULTS",
        help=f"{purpose}: a seed, or parts like seed=7,drop=0.01,cut=0.005 (default: 1)",
    )


def _add_room(to: argparse.ArgumentParser) -> None:
    to.add_argument("rooms", nargs=1, metavar="ROOM", help="the room's id, or its name")
