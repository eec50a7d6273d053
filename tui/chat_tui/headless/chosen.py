"""Which data folder, configuration and account a command line means."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from chat_tui import config, log
from chat_tui_core import secrets
from chat_tui_core.accounts import DataFolder
from chat_tui_core.errors import ConfigError


def data_folder(args: Namespace) -> DataFolder:
    """The data folder that was asked for, with its log started."""
    root = Path(args.data_dir).expanduser() if args.data_dir else config.default_data()
    log.start(root, debug=args.debug)
    return DataFolder(root, lambda: secrets.wanted(configuration(args).secrets))


def configuration(args: Namespace) -> config.Config:
    """The configuration file's settings."""
    return config.load(Path(args.config).expanduser() if args.config else None)


def app_options(args: Namespace) -> config.AppOptions:
    """What a command line starts the app with."""
    file = Path(args.config).expanduser() if args.config else None
    return config.AppOptions(data_folder(args), configuration(args), args.account, args.demo, args.chaos, file)


def chosen_account(args: Namespace, data: DataFolder) -> str:
    """The account that was named, else the configured one, else the only one; raises ConfigError."""
    if name := args.account or configuration(args).account:
        return data.account(name).name
    names = data.names()
    if not names:
        raise ConfigError(
            "There is no account yet: make one with `chat-tui login NAME --url URL --user USER`, "
            "or look around with `chat-tui --demo`."
        )
    if len(names) > 1:
        raise ConfigError(f"Say which account with --account NAME; there are: {', '.join(names)}.")
    return names[0]
