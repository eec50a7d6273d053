"""The documents that are made from the code: how they are made, and that they are up to date."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.project import tree
from tools import docs_files, docs_keys, docs_map, docs_rows, docs_settings, generated

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize(
    ("document", "render"),
    [(made.DOCUMENT, made.render) for made in (docs_files, docs_keys, docs_map, docs_rows, docs_settings)],
)
def test_a_made_document_is_current(document: str, render: Callable[[], str]) -> None:
    assert generated.is_current(document, render()), "run `python3 dev.py docs`"


def test_writing_and_checking_a_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generated, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "argv", ["docs", "--check"])
    with pytest.raises(SystemExit, match=r"docs/x\.md is stale"):
        generated.main("docs/x.md", lambda: "new\n")
    assert not (tmp_path / "docs").exists()
    monkeypatch.setattr(sys, "argv", ["docs"])
    generated.main("docs/x.md", lambda: "new\n")
    assert (tmp_path / "docs" / "x.md").read_text() == "new\n"
    monkeypatch.setattr(sys, "argv", ["docs", "--check"])
    generated.main("docs/x.md", lambda: "new\n")


def test_a_module_that_does_not_parse_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["docs"])
    with pytest.raises(SystemExit, match=r"tui/x\.py:2: "):
        generated.main("docs/x.md", lambda: docs_map.purpose("x = 1\nx = = 2\n", "tui/x.py"))


def test_the_map_has_every_module() -> None:
    text = docs_map.render()
    assert [name for name in tree.modules("tui", "backends") if f"(../{name})" not in text] == []


def test_the_map_lists_a_package_before_what_is_in_it(tmp_path: Path) -> None:
    for name in ("b.py", "__init__.py", "a.py", "sub/__init__.py", "sub/a.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    listed = [path.relative_to(tmp_path).as_posix() for path in docs_map.modules(tmp_path)]
    assert listed == ["__init__.py", "a.py", "b.py", "sub/__init__.py", "sub/a.py"]


@pytest.mark.parametrize(
    ("comment", "rows"),
    [
        ("# A7", ["A7"]),
        ("#A7", ["A7"]),
        ("# A7, B12", ["A7", "B12"]),
        ("# A7 and B12: why", ["A7", "B12"]),
        ("# A1-A3", ["A1", "A2", "A3"]),
        ("# A9 - A10, E1", ["A9", "A10", "E1"]),
        ("# X8 in the middle of a message", ["X8"]),
        ("# not A7", []),
        ("# E2E needs keys", []),
        ("# X25519", []),
        ("# S1's diagram", []),
        ("# C0 and C1 control characters", []),
        ("# C1 controls", []),
        ("# C1: a renamed member", ["C1"]),
    ],
)
def test_rows_that_a_comment_names(comment: str, rows: list[str]) -> None:
    assert docs_rows.named(comment) == rows


def test_a_span_stays_within_one_letter() -> None:
    with pytest.raises(docs_rows.UnknownRowError, match="A1-B3"):
        docs_rows.named("# A1-B3")


SOURCE = '''\
"""A file."""

# A1
CASES = [
    "x",  # A2
]


# A3
# and more words
@parametrize(CASES)
def test_first(case):  # A4
    # A3
    assert case


class TestGroup:
    # A5
    def test_inner(self):
        """# A6 is not a comment"""

    def helper(self):  # A7
        """No test."""
'''


def test_a_row_belongs_to_the_test_around_or_below_the_comment() -> None:
    assert docs_rows.claims(SOURCE, "tests/test_x.py") == {
        "A1": [""],
        "A2": [""],
        "A3": ["test_first"],
        "A4": ["test_first"],
        "A5": ["TestGroup.test_inner"],
        "A7": ["TestGroup"],
    }


def test_a_row_that_does_not_exist_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generated, "ROOT", tmp_path)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_x.py").write_text("# A1, A99\n")
    with pytest.raises(docs_rows.UnknownRowError, match=r"tests/test_x\.py names A99"):
        docs_rows.gather({"A1": "one"})
    assert docs_rows.gather({"A1": "one", "A99": "far", "B1": "unnamed"}) == {
        "A1": ["[tests/test_x.py](../tests/test_x.py)"],
        "A99": ["[tests/test_x.py](../tests/test_x.py)"],
        "B1": [],
    }


def test_rows_are_numbered_without_holes() -> None:
    for title, rows in docs_rows.groups().items():
        assert list(rows) == [f"{title[0]}{number}" for number in range(1, len(rows) + 1)]
