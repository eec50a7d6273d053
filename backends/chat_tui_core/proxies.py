"""Choose the proxy through which a server is reached, and read how one is written; its password is never shown."""

from __future__ import annotations

import ipaddress
from dataclasses import field
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from chat_tui_core.values import frozen

__all__ = ["DIRECT", "Proxy", "WrongProxy", "is_loopback", "proxy_for", "read_proxy"]

DIRECT: Final = "direct"
"""What stands for no proxy, whatever the environment names."""

_PORTS: Final = {"http": 80, "https": 443, "socks5": 1080}
_ALIKE: Final = {"socks5h": "socks5", "socks": "socks5"}
"""Names are always looked up by the proxy; desktops write socks:// for SOCKS 5."""

#: Scheme of a server -> the names under which the environment may have a proxy for it; the first that is there holds.
_ASKED: Final = {
    "https": ("https", "socks", "all"),
    "http": ("http", "socks", "all"),
    "wss": ("wss", "socks", "https", "all"),
    "ws": ("ws", "socks", "https", "http", "all"),
}


_ACCOUNTS: Final = "the account's proxy cannot be used: it is written like http://host:3128 or socks5://host:1080"
_ENVIRONMENTS: Final = (
    "the proxy that the environment names cannot be used: it is written like http://host:3128 or socks5://host:1080"
)


class WrongProxy(ValueError):
    """What is named is no proxy that can be used; `reason` is half a sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@frozen
class Proxy:
    """A proxy. `scheme` is http, https (TLS to the proxy itself) or socks5."""

    scheme: str
    host: str
    port: int
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @property
    def shown(self) -> str:
        """Its address without user and password, for people."""
        return f"{self.scheme}://{self._place}"

    @property
    def url(self) -> str:
        """Its address with user and password, for the libraries that connect."""
        secret = f"{quote(self.user, '')}:{quote(self.password, '')}@" if self.user else ""
        return f"{self.scheme}://{secret}{self._place}"

    @property
    def _place(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read_proxy(text: str) -> Proxy | None:
    """The proxy that a text names, such as "socks5://127.0.0.1:9050" or "http://ann:secret@host:3128"; None for none."""
    try:
        parts = urlsplit(text)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        return None
    scheme = _ALIKE.get(parts.scheme, parts.scheme)
    plain = text.isprintable() and text.isascii() and " " not in text and parts.path in {"", "/"}
    if scheme not in _PORTS or not host or not plain or parts.query or parts.fragment or port == 0:
        return None
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Proxy(scheme, host, port or _PORTS[scheme], user, password)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def proxy_for(url: str, wanted: str = "") -> Proxy | None:
    """The proxy through which a URL is reached; None: directly.

    `wanted`: the one that the person named for the account, DIRECT, or "" for what the environment says: HTTPS_PROXY,
    HTTP_PROXY, ALL_PROXY, NO_PROXY, in small letters too; that never holds for a server on this machine. Raises
    WrongProxy for one that is none: going directly instead would show who one is.
    """
    if wanted:
        return None if wanted == DIRECT else _read(wanted, _ACCOUNTS)
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_loopback(host):
        return None
    from urllib.request import getproxies, proxy_bypass

    told = getproxies()
    kind = next((kind for kind in _ASKED.get(parts.scheme, ()) if told.get(kind)), "")
    if not kind or proxy_bypass(parts.netloc.rpartition("@")[2]) or proxy_bypass(host):
        return None
    named = told[kind].replace("http://", "socks5://", 1) if kind == "socks" else told[kind]
    return _read(named if "://" in named else f"http://{named}", _ENVIRONMENTS)


def _read(text: str, wrong: str) -> Proxy:
    found = read_proxy(text)
    if found is None:
        raise WrongProxy(wrong)
    return found
