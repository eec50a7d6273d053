"""Make docs/rows.md: every promise that the project makes and the tests and benchmarks that name it."""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
import tomllib
from collections import defaultdict
from typing import TYPE_CHECKING

from tools import generated

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DOCUMENT = "docs/rows.md"
ROWS = "docs/rows.toml"
PLACES = ("tests", "bench")
HEAD = """# Rows

What chat-tui promises, a row each, and the tests and benchmarks that prove it: those with a comment that begins with
the row, such as `# A7`, `# A7, A8` or `# A1-A3`. A dash means that nothing names the row yet.
Titles are in [rows.toml](rows.toml). Made by `python3 dev.py docs`; do not edit.
"""

# "C0" and "C1" also name control characters: comments that begin so are about bytes.
_ROW = r"[ABCDEHX]\d{1,2}(?!\w)"
_SPAN = rf"{_ROW}(?:\s*[-–]\s*{_ROW})?"
_COMMENT = re.compile(rf"#\s*(?!C0\b|C1 control)(?P<spans>{_SPAN}(?:\s*(?:,|and)\s*{_SPAN})*)")


class UnknownRowError(ValueError):
    """A comment names a row that rows.toml does not have."""


def groups() -> dict[str, dict[str, str]]:
    """The groups of rows.toml by title, each a mapping from row to its title, in the file's order."""
    with (generated.ROOT / ROWS).open("rb") as file:
        data = tomllib.load(file)
    return {group["title"]: group["rows"] for group in data["groups"]}


def named(comment: str) -> list[str]:
    """The rows that a comment begins with: `# A7, B1-B3: why` gives A7, B1, B2, B3; most comments give none."""
    match = _COMMENT.match(comment)
    if match is None:
        return []
    rows: list[str] = []
    for span in re.findall(_SPAN, match["spans"]):
        first, last = (ends := re.findall(_ROW, span))[0], ends[-1]
        if first[0] != last[0]:
            msg = f"{span} goes from one letter to another"
            raise UnknownRowError(msg)
        rows += [f"{first[0]}{number}" for number in range(int(first[1:]), int(last[1:]) + 1)]
    return rows


def comments(source: str) -> Iterator[tuple[int, str]]:
    """Line number and text of every comment."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def spans(tree: ast.AST, prefix: str = "") -> Iterator[tuple[int, int, str]]:
    """First line, last line and name of every test; of a class of tests too, before those in it."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name.lower().startswith(
            "test"
        ):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            yield first, node.end_lineno or node.lineno, prefix + node.name
            if isinstance(node, ast.ClassDef):
                yield from spans(node, f"{prefix}{node.name}.")


def owner(line: int, source_lines: list[str], tests: list[tuple[int, int, str]]) -> str:
    """The test that a comment stands in, or directly above; empty if it speaks for the whole file."""
    below = line
    while below < len(source_lines) and source_lines[below].lstrip().startswith("#"):
        below += 1
    inside = [name for first, last, name in tests if first <= line <= last or first == below + 1]
    return inside[-1] if inside else ""


def claims(source: str, name: str) -> dict[str, list[str]]:
    """For each row that a file names, the tests that do, in the file's order; an empty name is the file itself.

    A SyntaxError carries the file's name.
    """
    found: dict[str, list[str]] = defaultdict(list)
    tests = list(spans(ast.parse(source, name)))
    lines = source.splitlines()
    for line, comment in comments(source):
        for row in named(comment):
            test = owner(line, lines, tests)
            if test not in found[row]:
                found[row].append(test)
    return found


def gather(rows: Mapping[str, str]) -> dict[str, list[str]]:
    """For each row, a line of Markdown for every file that names it; an unknown row raises UnknownRowError."""
    proofs: dict[str, list[str]] = {row: [] for row in rows}
    for place in PLACES:
        for path in sorted((generated.ROOT / place).rglob("*.py")):
            relative = path.relative_to(generated.ROOT).as_posix()
            for row, tests in claims(path.read_text(encoding="utf-8"), relative).items():
                if row not in proofs:
                    msg = f"{relative} names {row}, which {ROWS} does not have"
                    raise UnknownRowError(msg)
                names = ", ".join(f"`{test}`" for test in tests if test)
                proofs[row].append(f"[{relative}](../{relative})" + (f": {names}" if names else ""))
    return proofs


def table(title: str, rows: Mapping[str, str], proofs: Mapping[str, list[str]]) -> list[str]:
    """One group as Markdown."""
    body = [f"| {row} | {text} | {'<br>'.join(proofs[row]) or '—'} |" for row, text in rows.items()]
    return ["", f"## {title}", "", "| row | promise | named by |", "|---|---|---|", *body]


def render() -> str:
    """The whole document."""
    tables = groups()
    proofs = gather({row: text for rows in tables.values() for row, text in rows.items()})
    done = sum(1 for proof in proofs.values() if proof)
    lines = [HEAD + f"\n{done} of {len(proofs)} rows are named."]
    for title, rows in tables.items():
        lines += table(title, rows, proofs)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    try:
        generated.main(DOCUMENT, render)
    except UnknownRowError as error:
        sys.exit(str(error))
