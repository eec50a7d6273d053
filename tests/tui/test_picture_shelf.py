"""What is kept of pictures: a shelf bounded in bytes, and a folder that is too."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_tui import picture_cache
from chat_tui.picture_cache import MOST_EACH, PictureCache
from chat_tui.picture_shelf import Shelf


def test_what_was_not_looked_at_for_longest_goes_first() -> None:
    shelf: Shelf[str, str] = Shelf(100)
    for name in "abc":
        assert shelf.put(name, name.upper(), 30, lambda _: False) == {}
    assert shelf.get("a") == "A"
    assert shelf.put("d", "D", 30, lambda _: False) == {"b": "B"}
    assert (shelf.get("b"), shelf.get("a"), shelf.size) == (None, "A", 90)
    assert shelf.put("c", "C2", 70, lambda _: False) == {"c": "C", "d": "D"}
    assert (shelf.get("c"), shelf.get("a"), shelf.size) == ("C2", "A", 100)
    assert shelf.clear() == {"a": "A", "c": "C2"}
    assert (shelf.size, len(shelf)) == (0, 0)


def test_what_is_needed_now_stays() -> None:
    shelf: Shelf[str, str] = Shelf(100)
    shelf.put("a", "A", 60, lambda _: False)
    assert shelf.put("b", "B", 60, lambda key: key == "a") == {}
    assert shelf.size == 120
    assert shelf.put("c", "C", 10, lambda _: False) == {"a": "A"}


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 60), st.booleans())))
def test_it_never_holds_more_than_it_may(steps: list[tuple[int, int, bool]]) -> None:
    shelf: Shelf[int, int] = Shelf(100)
    sizes: dict[int, int] = {}
    for key, size, looks in steps:
        if looks:
            assert (shelf.get(key) is not None) == (key in sizes)
            continue
        before = dict(sizes)
        gone = shelf.put(key, size, size, lambda _: False)
        assert all(before[old] == thing for old, thing in gone.items())
        sizes = {old: was for old, was in sizes.items() if old not in gone} | {key: size}
        assert shelf.size == sum(sizes.values()) <= 100
        assert len(shelf) == len(sizes)


def test_the_folder_keeps_what_was_looked_at_last(tmp_path: Path) -> None:
    cache = PictureCache(tmp_path / "pictures", most=1_000)
    assert cache.get("a") is None
    for moment, name in enumerate("abc"):
        cache.put(name, name.encode() * 300)
        os.utime(cache._path(name), (moment, moment))
    assert cache.get("a") == b"a" * 300
    cache.put("d", b"d" * 300)
    assert [cache.get(name) is not None for name in "abcd"] == [True, False, True, True]
    files = list((tmp_path / "pictures").iterdir())
    assert sum(file.stat().st_size for file in files) <= 1_000
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert (tmp_path / "pictures").stat().st_mode & 0o777 == 0o700


def test_what_is_too_large_or_empty_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = PictureCache(tmp_path / "pictures")
    cache.put("a", b"")
    cache.put("b", bytes(MOST_EACH + 1))
    assert not (tmp_path / "pictures").exists()
    monkeypatch.setattr(picture_cache, "MOST_FILES", 2)
    for number in range(4):
        cache.put(str(number), b"x")
    assert len(list((tmp_path / "pictures").iterdir())) == 2


def test_addresses_name_no_file_of_their_own_and_links_are_not_followed(tmp_path: Path) -> None:  # E7
    cache = PictureCache(tmp_path / "pictures")
    for hostile in ("../../etc/passwd", "mxc://a/b\x00c", "\ud800", "x" * 5_000):
        cache.put(hostile, b"data")
        assert cache.get(hostile) == b"data"
    assert all(path.parent == tmp_path / "pictures" for path in tmp_path.rglob("*") if path.is_file())
    (tmp_path / "secret").write_bytes(b"secret")
    cache._path("link").symlink_to(tmp_path / "secret")
    os.mkfifo(cache._path("pipe"))
    assert cache.get("link") is cache.get("pipe") is None


def test_a_folder_that_cannot_be_written_is_as_none(tmp_path: Path) -> None:
    (tmp_path / "pictures").write_bytes(b"in the way")
    cache = PictureCache(tmp_path / "pictures")
    cache.put("a", b"data")
    assert cache.get("a") is None
