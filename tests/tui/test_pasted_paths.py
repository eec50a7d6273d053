"""Which texts name files: plain, quoted, escaped, addresses; and which must not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_tui.pasted_paths import MOST, files_in, looks_like_files, named_path, readings


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("a.txt", "b c.txt", "it's.txt", "ü.txt", "per%20cent.txt"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    (tmp_path / "folder").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("{home}/a.txt", ["a.txt"]),
        ("  {home}/a.txt \n", ["a.txt"]),
        ("~/a.txt", ["a.txt"]),
        ("{home}/b c.txt", ["b c.txt"]),
        ("{home}/b\\ c.txt", ["b c.txt"]),
        ("'{home}/b c.txt'", ["b c.txt"]),
        ('"{home}/it\'s.txt"', ["it's.txt"]),
        ("{home}/it\\'s.txt", ["it's.txt"]),
        ("file://{home}/b%20c.txt", ["b c.txt"]),
        ("file://localhost{home}/%C3%BC.txt", ["ü.txt"]),
        ("file://{home}/per%2520cent.txt", ["per%20cent.txt"]),
        ("{home}/a.txt {home}/b\\ c.txt", ["a.txt", "b c.txt"]),
        ("{home}/a.txt\r\n{home}/ü.txt\r\n", ["a.txt", "ü.txt"]),
        ("{home}/a.txt {home}/a.txt", ["a.txt"]),
        ("{home}/folder", []),
        ("{home}/a.txt and more", []),
        ("{home}/a.txt {home}/none", []),
        ("a.txt", []),
        ("see {home}/a.txt", []),
        ("https://example.org/a.txt", []),
        ("file://elsewhere{home}/a.txt", []),
        ("file:///%00", []),
        ("'{home}/a.txt", []),
        ("/file {home}/a.txt", []),
        ("", []),
        ("~nobody-like-that/a.txt", []),
        ("{home}/" + "a" * 5_000, []),
    ],
)
def test_what_a_text_names(files: Path, text: str, names: list[str]) -> None:
    assert [path.name for path in files_in(text.format(home=files))] == names


@given(st.text(max_size=200))
def test_no_text_makes_it_fail(text: str) -> None:
    for paths in readings("/" + text):
        assert all(path.is_absolute() for path in paths)
    files_in("/" + text)


def test_it_takes_no_more_than_it_can(files: Path) -> None:
    assert not looks_like_files("/" * 20_000)
    assert files_in("\n".join([f"{files}/a.txt"] * (MOST + 1))) == []


def test_a_path_that_is_typed(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(files)
    for typed in ("~/b c.txt", "~/b\\ c.txt", "'~/b c.txt'", "b c.txt", f"file://{files}/b%20c.txt"):
        assert named_path(typed) == files / "b c.txt"
    assert named_path("none\0") == files / "none"
