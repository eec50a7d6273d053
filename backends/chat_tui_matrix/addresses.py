"""What a person types as a server's address, and which URLs it stands for."""

from __future__ import annotations

import ipaddress
from typing import Final
from urllib.parse import urlsplit

from chat_tui_core.errors import ConfigError
from chat_tui_core.safe_text import one_line
from chat_tui_core.values import frozen

EXAMPLE: Final = "https://matrix.example"


@frozen
class Address:
    """What was typed. `exact`: it is a URL, else the name of a server; `urls` are the ones to try, in order."""

    exact: bool
    urls: tuple[str, ...]
    user: str = ""


def read_address(typed: str) -> Address:
    """Read a URL, the name of a server, or a person's full id; raises ConfigError with an example."""
    typed = typed.strip()
    if "://" in typed:
        url = base_url(typed)
        if url is None:
            raise _wrong(typed)
        return Address(exact=True, urls=(url,))
    if typed.startswith("@"):
        return _of_person(typed)
    return Address(exact=False, urls=_named(typed, typed))


def base_url(text: object) -> str | None:
    """A URL that can be a server's, with its host in ASCII and without a slash at its end; None for any other."""
    if not isinstance(text, str) or len(text) > 2_000 or not text.isprintable() or " " in text or "\\" in text:
        return None
    try:
        parts = urlsplit(text)
        port = parts.port
        host = _ascii_host(parts.hostname or "")
    except (ValueError, UnicodeError):
        return None
    if parts.scheme not in {"http", "https"} or not host or port == 0 or parts.username is not None:
        return None
    if parts.query or parts.fragment or "?" in text or "#" in text or not parts.path.isascii():
        return None
    place = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{place}{'' if port is None else f':{port}'}{parts.path.rstrip('/')}"


def origin(url: str) -> str:
    """The scheme and the place of a base URL, without its path."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_open(url: str) -> bool:
    """Whether what goes to a URL can be read on the way."""
    parts = urlsplit(url)
    return parts.scheme == "http" and not is_loopback(parts.hostname or "")


def _of_person(typed: str) -> Address:
    """Read @user:server; the server's port is the federation's, so the place without it comes first (client-server API 2.1)."""
    name = typed.partition(":")[2]
    urls = _named(name, typed)
    host = urlsplit(urls[0]).hostname or ""
    if urls[0] != f"https://{host}" and not is_loopback(host) and ":" not in host:
        urls = (f"https://{host}", *urls)
    return Address(exact=False, urls=urls, user=typed)


def _named(name: str, typed: str) -> tuple[str, ...]:
    url = base_url(f"https://{name}")
    if url is None or "/" in name:
        raise _wrong(typed)
    # On this machine without TLS first: a server that has none lets a client wait for the answer to its greeting.
    return (f"http{url.removeprefix('https')}", url) if is_loopback(urlsplit(url).hostname or "") else (url,)


def _ascii_host(host: str) -> str:
    """Give the host as it is asked for: raises ValueError or UnicodeError when there can be none."""
    if ":" in host:
        return str(ipaddress.IPv6Address(host))
    ascii_host = host if host.isascii() else host.encode("idna").decode("ascii")
    if not all(character.isalnum() or character in "-._" for character in ascii_host):
        raise ValueError(host)
    return ascii_host


def _wrong(typed: str) -> ConfigError:
    return ConfigError(
        f"{one_line(typed, 80)!r} is no Matrix server's address; write it like {EXAMPLE}, or your full id "
        "like @you:matrix.example."
    )
