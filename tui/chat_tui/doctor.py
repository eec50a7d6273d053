"""Look at everything that chat-tui needs and say what is wrong; no token, name of a room or message is shown."""

from __future__ import annotations

import os
import shlex
import socket
import sqlite3
import sys
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit

from chat_tui import config
from chat_tui.headless.chosen import data_folder, speak
from chat_tui.strings import _, of_error
from chat_tui_core import registry, secrets
from chat_tui_core.accounts import DataFolder
from chat_tui_core.errors import AccountBusy, ChatError
from chat_tui_core.proxies import Proxy, WrongProxy, proxy_for
from chat_tui_core.store import Store, meta

_TIMEOUT = 3.0
_PORTS = {"ws": 80, "http": 80, "wss": 443, "https": 443}
_LIBRARIES = (
    "chat-tui", "textual", "msgspec", "websockets", "aiohttp", "markdown-it-py", "nh3", "keyring", "platformdirs",
    "tomlkit",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, whether it is well, and what was seen or what to do."""

    what: str
    well: bool
    detail: str


def examine(args: Namespace) -> int:
    """Print the findings; the exit code is 1 when something is not well."""
    speak(args)
    well = True
    for finding in findings(args):
        well = well and finding.well
        sys.stdout.write(f"{_('ok  ') if finding.well else _('BAD ')} {finding.what}: {finding.detail}\n")
        sys.stdout.flush()
    return 0 if well else 1


def findings(args: Namespace) -> Iterator[Finding]:
    """Everything that can be looked at, one after the other; each finding comes as soon as it is made."""
    yield Finding(
        "python",
        sys.version_info >= (3, 11),
        f"{sys.version.split()[0]}, {sys.platform}",
    )
    yield Finding("sqlite", sqlite3.sqlite_version_info >= (3, 37), sqlite3.sqlite_version)
    yield from _libraries()
    yield _terminal()
    yield from _backends()
    yield _configuration(args)
    yield _notices(args)
    yield _editor()
    yield _spelling(args)
    yield _browser()
    data = data_folder(args)
    yield _folder(data.root)
    yield _reports(data.root)
    yield _secrets(args)
    try:
        names = data.names()
    except ChatError as error:
        yield Finding(_("accounts"), False, of_error(error))
        return
    yield Finding(_("accounts"), True, ", ".join(names) or _("none yet: chat-tui login NAME --url URL --user USER"))
    for name in names:
        yield from _account(data, name)


def _libraries() -> Iterator[Finding]:
    for name in _LIBRARIES:
        try:
            yield Finding(name, True, metadata.version(name))
        except metadata.PackageNotFoundError:
            yield Finding(name, False, _("is not installed: install chat-tui again"))


def _terminal() -> Finding:
    term, encoding = os.environ.get("TERM", ""), sys.stdout.encoding
    detail = f"TERM={term or _('not set')}, COLORTERM={os.environ.get('COLORTERM') or _('not set')}, {encoding}"
    if encoding.lower().replace("-", "") != "utf8":
        return Finding(
            _("terminal"), False, _("{detail}; set a UTF-8 locale, such as LC_ALL=C.UTF-8").format(detail=detail)
        )
    return Finding(_("terminal"), True, detail)


def _backends() -> Iterator[Finding]:
    if not registry.names():
        yield Finding(_("backends"), False, _("none is installed: install chat-tui again"))
    for name in registry.names():
        try:
            yield Finding(_("backend {name}").format(name=name), True, registry.load(name).title)
        except (ChatError, ImportError, AttributeError) as error:
            yield Finding(_("backend {name}").format(name=name), False, of_error(error))


def _configuration(args: Namespace) -> Finding:
    file = Path(args.config).expanduser() if args.config else config.default_file()
    try:
        found = config.load(Path(args.config).expanduser() if args.config else None)
    except ChatError as error:
        return Finding(_("configuration"), False, of_error(error))
    if found.keys or found.commands or found.faults:
        from chat_tui.own_faults import problems

        if wrong := problems(found):
            return Finding(_("configuration"), False, f"{file}: {'; '.join(wrong)}")
    return Finding(_("configuration"), True, f"{file}{'' if file.exists() else _(' (not there: the defaults hold)')}")


def _notices(args: Namespace) -> Finding:
    """How the desktop would be told."""
    from chat_tui.desktop import program_for
    from chat_tui.notices import Notice

    try:
        way = config.load(Path(args.config).expanduser() if args.config else None).notify_desktop
    except ChatError:
        way = "auto"
    command = program_for(Notice("", ""))
    if way in {"osc9", "osc777"}:
        tmux = _("; tmux needs `set -g allow-passthrough on`") if "TMUX" in os.environ else ""
        return Finding(_("notices"), True, _("the terminal is asked by {way}{tmux}").format(way=way, tmux=tmux))
    if way == "program" and not command:
        return Finding(
            _("notices"), False, _("notify-send is not installed, or there is no desktop: set notify.desktop")
        )
    return Finding(
        _("notices"),
        True,
        _("off") if way == "off" else command[0] if command else _("the bell alone: no desktop here"),
    )


def _editor() -> Finding:
    """What Alt+E opens."""
    from chat_tui.editors import editor_command

    try:
        return Finding(_("editor"), True, shlex.join(editor_command()))
    except ChatError as error:
        return Finding(_("editor"), False, of_error(error))


def _spelling(args: Namespace) -> Finding:
    """What looks up the words that are written."""
    from chat_tui.spell_checker import command_for, trouble

    try:
        found = config.load(Path(args.config).expanduser() if args.config else None)
        if not found.composer_spelling:
            return Finding(_("spelling"), True, _("off: composer.spelling is not set"))
        command = command_for(found.composer_spelling, found.composer_speller)
    except ChatError as error:
        return Finding(_("spelling"), False, of_error(error))
    why = trouble(command)
    return Finding(_("spelling"), not why, why or shlex.join(command))


def _browser() -> Finding:
    try:
        return Finding(_("browser"), True, f"textual-serve {metadata.version('textual-serve')}")
    except metadata.PackageNotFoundError:
        return Finding(_("browser"), True, _("`chat-tui serve` needs textual-serve: pip install 'chat-tui[web]'"))


def _reports(root: Path) -> Finding:
    from chat_tui.crash import reports

    found = reports(root) if root.is_dir() else []
    detail = _("{count}, the newest is {newest}").format(count=len(found), newest=found[-1]) if found else _("none")
    return Finding(_("reports of faults"), True, detail)


def _folder(root: Path) -> Finding:
    """Whether the data folder, or the nearest folder above it that exists, can be written to."""
    place = root
    while not place.exists() and place != place.parent:
        place = place.parent
    if not place.is_dir():
        return Finding(
            _("data folder"),
            False,
            _("{place} is not a folder: choose another one with --data-dir").format(place=place),
        )
    if not os.access(place, os.W_OK | os.X_OK):
        return Finding(
            _("data folder"),
            False,
            _("{place} is not writable: change its permissions or use --data-dir").format(place=place),
        )
    return Finding(_("data folder"), True, f"{root}{'' if place == root else _(' (will be made)')}")


def _secrets(args: Namespace) -> Finding:
    """Where a new token would go."""
    try:
        place = secrets.place(
            secrets.wanted(config.load(Path(args.config).expanduser() if args.config else None).secrets)
        )
    except ChatError as error:
        return Finding(_("new tokens"), False, of_error(error))
    return Finding(_("new tokens"), True, _("go into {place}").format(place=_(place)))


def _account(data: DataFolder, name: str) -> Iterator[Finding]:
    what = _("account {name}").format(name=name)
    try:
        account = data.account(name)
        data.token(name)
    except ChatError as error:
        yield Finding(what, False, of_error(error))
        return
    yield Finding(
        what,
        True,
        _("{user} with {backend}, token is in {place}").format(
            user=account.user, backend=account.backend, place=_(data.token_place(name))
        ),
    )
    yield _store(data, name)
    yield _reachable(what, account.url, data.proxy(name))


def _by_proxy(what: str, host: str, proxy: Proxy) -> Finding:
    try:
        with socket.create_connection((proxy.host, proxy.port), _TIMEOUT):
            return Finding(what, True, _("{host} through {proxy}, which answers").format(host=host, proxy=proxy.shown))
    except OSError as error:
        said = _("{host} through {proxy}, which cannot be reached ({error}): check the proxy")
        return Finding(what, False, said.format(host=host, proxy=proxy.shown, error=error))


def _store(data: DataFolder, name: str) -> Finding:
    what = _("account {name}, messages").format(name=name)
    path = data.folder(name) / "chat.db"
    try:
        with data.lock(name):
            if not path.exists():
                return Finding(what, True, _("none yet"))
            store = Store.open(path)
            try:
                state = store.read(lambda db: str(db.execute("PRAGMA quick_check(1)").fetchone()[0]))
                aside = store.read(meta.problem_count)
            finally:
                store.close_now()
    except AccountBusy as busy:
        return Finding(what, True, _("in use. {busy}").format(busy=busy))
    except ChatError as error:
        return Finding(what, False, of_error(error))
    size = path.stat().st_size / 1_000_000
    return Finding(
        what,
        state == "ok",
        _("{size:.1f} MB, {state}, {aside} events set aside").format(size=size, state=state, aside=aside),
    )


def _reachable(what: str, url: str, wanted: str) -> Finding:
    """Whether the server answers, or the proxy through which it is reached; `wanted`: see `proxies.proxy_for`."""
    what = _("{what}, server").format(what=what)
    try:
        parts = urlsplit(url)
        address = (parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0))
        if (proxy := proxy_for(url, wanted)) is not None:
            return _by_proxy(what, address[0], proxy)
        with socket.create_connection(address, _TIMEOUT):
            return Finding(what, True, _("{host} port {port} answers").format(host=address[0], port=address[1]))
    except WrongProxy as error:
        return Finding(what, False, error.reason)
    except (OSError, ValueError, UnicodeError) as error:
        return Finding(
            what,
            False,
            _("{url} cannot be reached ({error}): check the address and the network").format(url=url, error=error),
        )
