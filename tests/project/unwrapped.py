"""Find what people would read in English whatever their language is: literals that no catalogue can have."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from chat_tui_core import errors
from tools.catalogue import ENUMS, MARKS, TABLES

__all__ = ["ALLOWED", "OUTSIDE", "unwrapped"]

OUTSIDE: Final = {
    "demo/": "what made-up people say",
    "arguments.py": "--help, the manual page and the completions are English, as argparse's own words are",
    "argument_values.py": "the same",
    "manual.py": "the same",
    "completions.py": "what shells run",
    "desktop.py": "a script for osascript",
    "log.py": "the log file",
    "bot.py": "a library",
    "eaten_keys.py": "what terminals do, for docs/keys.md alone",
    "widgets/code_tokens.py": "words of programming languages",
}
"""Files, and folders, in which nothing is translated, and why."""
ALLOWED: Final = {
    "cli.py": {"files get", "files cancel", "server user add", "outbox retry", "outbox cancel", "outbox pass"},
    "crash.py": {  # a report is for whoever mends the program
        "A fault of chat-tui. This has no messages, names of rooms or people, and no secrets.",
        "python: {} on {}",
        "in tmux: {}",
        "not installed",
    },
    "doctor.py": {"textual-serve {}"},
    "folders.py": {"Downloads", "Documents", "Pictures", "Desktop"},  # names of folders
    "screens/welcome.py": {"Matrix"},
    "web.py": {"Strict", "Origin"},
}
"""File -> literals in it that people do not read, or that are names; `{}` stands for what is put in."""
SHOWING: Final = frozenset({"Button", "Label", "Static", "Wrong", "fail", "notify", "prompt"}) | frozenset(
    name
    for name in dir(errors)
    if isinstance(getattr(errors, name), type) and issubclass(getattr(errors, name), Exception)
)
"""Calls whose literals are read, also single words."""
COLLECTED: Final = frozenset(name for _path, names in ENUMS for name in names)
"""Enumerations whose words are in the catalogue by themselves."""
LOGGING: Final = frozenset({"critical", "debug", "error", "exception", "info", "warning"})
NAMING: Final = frozenset({"classes", "group", "id", "name", "prefix"})
"""Arguments that name things for the program."""
SILENT: Final = frozenset(
    {"AssertionError", "TypeVar", "TypeVarTuple", "cast", "compile", "getattr", "hasattr", "query", "query_one"}
)
"""Calls whose literals nobody reads."""
_PROSE: Final = re.compile(
    r"[^\W\d_]{2,}[,;:.]? [^\W\d_]|^[A-Z][a-z]{2,}[.…:!?]?$|[a-z]{2,}[!?…]$|^[A-Z].* [a-z]{2,}[.]$"
)
_BESIDE_BLANK: Final = re.compile(r" (?!(?:min|ms|KB)\b)[^\W\d_]{2,}\b(?![=/])|(?<![/<&$])\b[^\W\d_]{2,} ")
"""A word beside a blank; units are the same in every language."""
_STYLE: Final = re.compile(
    r"(?:(?:\$[\w-]+|\d+%|auto|blink|bold|dim|italic|none|not|on|reverse|strike|underline|ansi_\w+)(?: |$))+"
)
_WORD: Final = re.compile(r"[^\W\d_]{2,}")


def unwrapped(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, text) of literals that look like prose, or are given to something that shows them, and are not marked."""
    for child in _parts(tree):
        if isinstance(child, ast.Call):
            yield from _in_call(child)
        elif not _is_apart(child):
            text = _literal(child)
            if text is not None and _is_prose(child, text):
                yield child.lineno, text  # type: ignore[attr-defined]
            elif not isinstance(child, ast.Constant):
                yield from unwrapped(child)


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a node but for annotations, and for what ids and classes are given to."""
    beside = {
        id(part) for part in (getattr(node, "returns", None), getattr(node, "annotation", None)) if part is not None
    }
    for child in ast.iter_child_nodes(node):
        if id(child) not in beside and not (isinstance(child, ast.keyword) and child.arg in NAMING):
            yield child


def _in_call(call: ast.Call) -> Iterator[tuple[int, str]]:
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    if name in MARKS or name in SILENT or (name in LOGGING and isinstance(call.func, ast.Attribute)):
        return
    if name in TABLES:
        yield from (
            (part.lineno, ast.unparse(part)) for part in _table_parts(call, name) if isinstance(part, ast.JoinedStr)
        )
        return
    if name in SHOWING:
        for part in [
            *call.args[:1],
            *(word.value for word in call.keywords if word.arg in {"label", "message", "title"}),
        ]:
            text = _literal(part)
            if text is not None and _WORD.search(text) and not _is_prose(part, text):
                yield part.lineno, text
    yield from unwrapped(call)


def _table_parts(call: ast.Call, name: str) -> list[ast.expr]:
    named = [word.value for word in call.keywords if word.arg in TABLES[name]]
    return named + [call.args[place] for place in TABLES[name].values() if place < len(call.args)]


def _is_apart(node: ast.AST) -> bool:
    """Whether this is no text of the program's: a document, an annotation, a style sheet, a list of names, or is collected."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.ClassDef):
        return node.name in COLLECTED
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return any(isinstance(one, ast.Name) and ("CSS" in one.id or one.id == "__all__") for one in targets)
    return isinstance(node, ast.Subscript | ast.arg) and not isinstance(getattr(node, "value", None), ast.Dict)


def _literal(node: ast.AST) -> str | None:
    """A literal's text, `{}` standing for what an f-string puts in; None for anything else."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


def _is_prose(node: ast.AST, text: str) -> bool:
    if _STYLE.fullmatch(text) or text.lstrip().startswith("<"):
        return False
    if isinstance(node, ast.JoinedStr):
        return _BESIDE_BLANK.search(text) is not None
    return _PROSE.search(text) is not None
