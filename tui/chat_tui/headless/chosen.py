"""Which data folder, configuration and account a command line means."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from chat_tui import config, log, strings
from chat_tui.strings import _
from chat_tui_core import secrets
from chat_tui_core.accounts import DataFolder
from chat_tui_core.errors import ConfigError

if TYPE_CHECKING:
    from argparse import Namespace


def speak(args: Namespace) -> None:
    """Speak the configured language; a configuration that cannot be read is told of by whoever needs it."""
    with suppress(ConfigError):
        configuration(args)


def data_folder(args: Namespace) -> DataFolder:
    """The data folder that was asked for, with its log started and the configured language taken on."""
    speak(args)
    return _folder(args, cache(partial(configuration, args)))


def _folder(args: Namespace, found: Callable[[], config.Config]) -> DataFolder:
    root = Path(args.data_dir).expanduser() if args.data_dir else config.default_data()
    log.start(root, debug=args.debug)
    return DataFolder(root, lambda: secrets.wanted(found().secrets), lambda name: found().proxy.get(name, ""))


def configuration(args: Namespace) -> config.Config:
    """The configuration file's settings; from here on its language is spoken."""
    found = config.load(Path(args.config).expanduser() if args.config else None)
    strings.use(found.language)
    return found


def app_options(args: Namespace) -> config.AppOptions:
    """What a command line starts the app with."""
    file = Path(args.config).expanduser() if args.config else None
    found = configuration(args)
    return config.AppOptions(_folder(args, lambda: found), found, args.account, args.demo, args.chaos, file)


def chosen_account(args: Namespace, data: DataFolder) -> str:
    """The account that was named, else the configured one, else the only one; raises ConfigError."""
    if name := args.account or configuration(args).account:
        return data.account(name).name
    names = data.names()
    if not names:
        raise ConfigError(
            _(
                "There is no account yet: make one with `chat-tui login NAME --url URL --user USER`, "
                "or look around with `chat-tui --demo`."
            )
        )
    if len(names) > 1:
        raise ConfigError(
            _("Say which account with --account NAME; there are: {names}.").format(names=", ".join(names))
        )
    return names[0]
