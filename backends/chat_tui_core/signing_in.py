"""The part of the contract that is there before an account is: how one can sign in to a server, and what that gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from chat_tui_core.values import frozen

__all__ = ["Credentials", "LoginWay", "ServerFound"]


@frozen
class Credentials:
    """What signing in gave: the token is a secret, the rest is for the account file. Never log it.

    The token is the backend's own text: it may hold more than one secret. `url` is where the server really is when the
    address that was typed only led there, else "".
    """

    user: str
    device: str
    token: str = field(repr=False)
    url: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


class LoginWay(StrEnum):
    """How one can sign in: the `kind` of Backend.login."""

    PASSWORD = "password"  # noqa: S105
    TOKEN = "token"  # noqa: S105
    SSO = "sso"  # in a browser


@frozen
class ServerFound:
    """What a server says of itself before anybody signs in. `note` is one line worth telling."""

    url: str
    ways: tuple[LoginWay, ...]
    note: str = ""
