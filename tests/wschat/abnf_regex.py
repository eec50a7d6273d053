"""Compile ABNF (RFC 5234, RFC 7405) to regular expressions over octets: all but recursion and prose."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

CORE: Final = """
ALPHA = %x41-5A / %x61-7A
DIGIT = %x30-39
OCTET = %x00-FF
SP    = %x20
"""
"""The core rules of RFC 5234, appendix B, that are used here."""

_TOKEN: Final = re.compile(
    r"""\s*(?:
        (?P<text>(?:%s)?"[^"]*")
        | (?P<octets>%x[0-9A-Fa-f]+(?:-[0-9A-Fa-f]+)?)
        | (?P<repeat>\d*\*\d*|\d+)
        | (?P<name>[A-Za-z][A-Za-z0-9-]*)
        | (?P<mark>[()\[\]/])
    )""",
    re.VERBOSE,
)
_RULE: Final = re.compile(r"^([A-Za-z][A-Za-z0-9-]*)\s*=\s*(.*)$")
_COMMENT: Final = re.compile(r'^((?:[^";]|"[^"]*")*);.*$')

Token = tuple[str, str]


class AbnfError(ValueError):
    """A grammar that cannot be compiled."""


@dataclass(frozen=True)
class _Piece:
    """A regular expression; where it is one octet, the inside of a character class."""

    text: str
    octet: bool = False

    @property
    def regex(self) -> str:
        return f"[{self.text}]" if self.octet else self.text


def _octet(number: int) -> str:
    return f"\\x{number:02x}"


def _tokens(text: str) -> list[Token]:
    found: list[Token] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise AbnfError(f"not ABNF: {text[at:]}")
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


class Grammar:
    """Rules by name, as their definitions' tokens."""

    def __init__(self, text: str) -> None:
        self.rules: dict[str, list[Token]] = {}
        self._done: dict[str, _Piece] = {}
        self._open: list[str] = []
        definitions: dict[str, str] = {}
        name = ""
        for line in (*CORE.splitlines(), *text.splitlines()):
            code = _COMMENT.sub(r"\1", line)
            rule = _RULE.match(code)
            if rule:
                name = rule[1]
                if name in definitions:
                    raise AbnfError(f"{name} is defined twice")
                definitions[name] = rule[2]
            elif code.strip():
                if not name or not code[0].isspace():
                    raise AbnfError(f"neither a rule nor its continuation: {line}")
                definitions[name] += " " + code
        self.rules = {name: _tokens(text) for name, text in definitions.items()}

    def compile(self, name: str) -> re.Pattern[bytes]:
        """Give what matches a rule, to be used with fullmatch."""
        return re.compile(self._rule(name).regex.encode("ascii"), re.DOTALL)

    def alternatives(self, name: str) -> list[list[Token]]:
        """Give a rule's alternatives on its outermost level."""
        found: list[list[Token]] = [[]]
        depth = 0
        for kind, text in self.rules[name]:
            depth += (text in {"(", "["}) - (text in {")", "]"}) if kind == "mark" else 0
            if text == "/" and not depth:
                found.append([])
            else:
                found[-1].append((kind, text))
        return found

    def _rule(self, name: str) -> _Piece:
        if name in self._done:
            return self._done[name]
        if name not in self.rules:
            raise AbnfError(f"no rule {name}")
        if name in self._open:
            raise AbnfError(f"{name} is recursive")
        self._open.append(name)
        tokens = list(reversed(self.rules[name]))
        piece = self._done[name] = self._alternation(tokens)
        if tokens:
            raise AbnfError(f"{name}: unexpected {tokens[-1][1]}")
        self._open.pop()
        return piece

    def _alternation(self, tokens: list[Token]) -> _Piece:
        pieces = [self._concatenation(tokens)]
        while tokens and tokens[-1] == ("mark", "/"):
            tokens.pop()
            pieces.append(self._concatenation(tokens))
        if all(piece.octet for piece in pieces):
            return _Piece("".join(piece.text for piece in pieces), octet=True)
        return pieces[0] if len(pieces) == 1 else _Piece(f"(?:{'|'.join(piece.regex for piece in pieces)})")

    def _concatenation(self, tokens: list[Token]) -> _Piece:
        pieces: list[_Piece] = []
        while tokens and tokens[-1] not in {("mark", "/"), ("mark", ")"), ("mark", "]")}:
            pieces.append(self._repetition(tokens))
        if not pieces:
            raise AbnfError("an empty alternative")
        return pieces[0] if len(pieces) == 1 else _Piece("".join(piece.regex for piece in pieces))

    def _repetition(self, tokens: list[Token]) -> _Piece:
        if tokens[-1][0] != "repeat":
            return self._element(tokens)
        low, star, high = tokens.pop()[1].partition("*")
        piece = self._element(tokens)
        count = f"{{{low or 0},{high}}}" if star else f"{{{low}}}"
        return _Piece(f"(?:{piece.regex}){count}")

    def _element(self, tokens: list[Token]) -> _Piece:
        kind, text = tokens.pop()
        if kind == "name":
            return self._rule(text)
        if kind == "octets":
            low, _, high = text[2:].partition("-")
            return _Piece(f"{_octet(int(low, 16))}-{_octet(int(high or low, 16))}", octet=True)
        if kind == "text":
            return _text(text)
        if text not in {"(", "["} or not tokens:
            raise AbnfError(f"unexpected {text}")
        piece = self._alternation(tokens)
        if not tokens or tokens.pop() != ("mark", {"(": ")", "[": "]"}[text]):
            raise AbnfError(f"{text} is not closed")
        return piece if text == "(" else _Piece(f"(?:{piece.regex})?")


def _text(token: str) -> _Piece:
    exact = token.startswith("%s")
    letters = token[3:-1] if exact else token[1:-1]
    pieces = [
        _octet(ord(letter))
        if exact or letter.lower() == letter.upper()
        else _octet(ord(letter.lower())) + _octet(ord(letter.upper()))
        for letter in letters
    ]
    if len(pieces) == 1:
        return _Piece(pieces[0], octet=True)
    return _Piece("".join(f"[{piece}]" for piece in pieces))
