"""Turns rows into the model's values; a row that makes no sense is set aside and never raises."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from chat_tui_core.store.problems import report

T = TypeVar("T")
Row = tuple[Any, ...]
Values = Sequence[str | int]

#: What the parser of a hand-edited row may raise.
NO_SENSE: Final = (ValueError, TypeError, KeyError, RecursionError)


def select(db: sqlite3.Connection, query: str, values: Values, parse: Callable[[Row], T]) -> list[T]:
    """All rows that make sense, parsed, in the query's order."""
    try:
        rows = db.execute(query, values).fetchall()
    except sqlite3.OperationalError as error:
        if "decode" not in str(error):
            raise
        rows = _select_undecoded(db, query, values)
        return _parse_singly(db, rows, parse)
    try:
        return [parse(row) for row in rows]
    except NO_SENSE:
        return _parse_singly(db, rows, parse)


def select_one(db: sqlite3.Connection, query: str, values: Values, parse: Callable[[Row], T]) -> T | None:
    """The query's first row that makes sense, or None."""
    found = select(db, query, values, parse)
    return found[0] if found else None


def _select_undecoded(db: sqlite3.Connection, query: str, values: Values) -> list[Row]:
    """The rows, with text that is not UTF-8 left as bytes."""
    usual = db.text_factory
    db.text_factory = _decoded_or_bytes
    try:
        return db.execute(query, values).fetchall()
    finally:
        db.text_factory = usual


def _decoded_or_bytes(raw: bytes) -> str | bytes:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


def _parse_singly(db: sqlite3.Connection, rows: list[Row], parse: Callable[[Row], T]) -> list[T]:
    found = []
    for row in rows:
        try:
            if any(isinstance(value, bytes) for value in row):
                raise ValueError("not UTF-8")
            found.append(parse(row))
        except NO_SENSE as error:
            name = parse.__name__.strip("_").replace("_", " ")
            which = row[:1] if len(row) == 2 else row[:2]  # never a content: it may be private
            report(db, f"A stored {name} makes no sense and was left out: {which!r} ({error}).", str(row[0]))
    return found


def text_list(raw: str) -> tuple[str, ...]:
    """A JSON list of strings; raises ValueError for anything else."""
    if raw == "[]":
        return ()
    values = json.loads(raw)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError("not a list of texts")
    return tuple(values)


def json_object(raw: str) -> dict[str, Any]:
    """A JSON object; raises ValueError or TypeError for anything else."""
    value = json.loads(raw)
    if not isinstance(value, dict):
        raise TypeError("not a JSON object")
    return value


def as_json(value: object) -> str:
    """JSON in ASCII: what UTF-8 cannot hold (names of files) survives as escapes."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False)
