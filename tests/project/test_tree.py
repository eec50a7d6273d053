"""What every file of the project keeps to: names no machine, no surprising host, says its purpose, stays readable."""

from __future__ import annotations

import ipaddress
import re

import pytest

from tests.project import tree
from tools import docs_map

MOST_LINES = 400
# Modules that are longer, and why that is better than two.
LONGER: dict[str, str] = {}

# Hosts that may be named. Names reserved for examples and tests, addresses and single words are always fine.
HOSTS = {
    "cdnjs.cloudflare.com": "the font that Textual's screenshots ask for",
    "docs.astral.sh": "documentation",
    "github.com": "documentation",
    "matrix.org": "documentation",
    "matrix.to": "links to Matrix messages",
    "spec.matrix.org": "documentation",
    "textual.textualize.io": "documentation",
    "www.w3.org": "the name of the SVG format",
}
RESERVED = ("example", "invalid", "localhost", "test", "example.com", "example.net", "example.org")
URL = re.compile(r"\b(?:https?|wss?|ftp)://(?:[^\s/@\"'`<>]*@)?(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)")

# Places on one machine. Tests and code may name system folders; documents may not.
ANYWHERE = re.compile(r"/[w]ork/|/[r]oot/|/[o]pt/|\.[l]ibrary/|\.[p]yenv")
IN_DOCUMENTS = re.compile(r"/[t]mp/|/[h]ome/\w|/[U]sers/\w")
DOCUMENTS = (".md", ".toml", ".txt", ".svg")


def is_expected(host: str) -> bool:
    """Whether a host may stand in a file of the project."""
    host = host.lower().rstrip(".")
    if "." not in host or host in HOSTS:
        return True
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return any(host == name or host.endswith(f".{name}") for name in RESERVED)
    return True


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("see https://spec.matrix.org/v1", ["spec.matrix.org"]),
        ("wss://user:pw@chat.example:8765/x", ["chat.example"]),
        ("http://[::1]:80/ and ws://127.0.0.1:1", ["[::1]", "127.0.0.1"]),
        ("https://{host}/ no://where", []),
    ],
)
def test_hosts_are_found_in_text(text: str, hosts: list[str]) -> None:
    assert URL.findall(text) == hosts


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("chat.example", True),
        ("a.example.org", True),
        ("localhost", True),
        ("10.0.0.1", True),
        ("[::1]", True),
        ("GitHub.com", True),
        ("index.internal.net", False),
        ("notexample.org", False),
        ("1.2.3.4.5", False),
    ],
)
def test_which_hosts_are_expected(host: str, expected: bool) -> None:
    assert is_expected(host) is expected


def test_no_file_names_a_surprising_host() -> None:
    surprising = {
        f"{name}: {host}" for name, text in tree.texts().items() for host in URL.findall(text) if not is_expected(host)
    }
    assert not surprising, "use a reserved name such as chat.example, or add the host to HOSTS with its reason"


def test_no_file_names_a_place_on_one_machine() -> None:
    found = [f"{name}: {place}" for name, text in tree.texts().items() for place in ANYWHERE.findall(text)]
    found += [
        f"{name}: {place}"
        for name, text in tree.texts().items()
        if name.endswith(DOCUMENTS)
        for place in IN_DOCUMENTS.findall(text)
    ]
    assert not found


def test_every_module_says_its_purpose_in_its_first_line() -> None:
    silent = [
        name
        for name, source in tree.modules().items()
        if not source.removeprefix("#!/usr/bin/env python3\n").startswith('"""')
        or not docs_map.purpose(source, name).endswith((".", "?", "!", ":"))
    ]
    assert not silent, "the first line is a docstring of one sentence"


def test_no_pattern_repeats_a_group_for_good() -> None:
    """Python before 3.11.5 stands at the wrong place after a possessive group whose last try failed halfway."""
    possessive = re.compile(r"\)(?:[*+?]|\{[^}\s]*\}|\{\{[^}\s]*\{\w+\}\}\})\+(?![,;])")
    assert possessive.search("(?:a|b)++")
    assert possessive.search("(?:a){{1,{MANY}}}+")
    assert not [name for name, source in tree.modules("tui", "backends").items() if possessive.search(source)]


def test_modules_stay_short() -> None:
    lengths = {
        name: len(source.splitlines()) for name, source in tree.modules("tui", "backends", "tools", "dev.py").items()
    }
    assert lengths
    too_long = {name: lines for name, lines in lengths.items() if lines > MOST_LINES and name not in LONGER}
    assert not too_long, f"at most {MOST_LINES} lines: make a seam, or add it to LONGER with a reason"
    assert all(lengths.get(name, 0) > MOST_LINES for name in LONGER), "LONGER names a module that is short or gone"


def test_test_folders_are_no_packages() -> None:
    """An __init__.py would give pytest and mypy two names for one module."""
    assert not [name for name in tree.modules("tests") if name.endswith("/__init__.py")]
