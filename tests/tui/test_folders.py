"""What is in a folder: ordered as people count, links, what is neither file nor folder, places, what cannot be read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chat_tui.aside import aside
from chat_tui.clipboard_image import tool_for
from chat_tui.folders import Facts, Order, facts_of, known_places, list_folder


def test_folders_first_and_names_as_people_count(tmp_path: Path) -> None:
    for name in ("z", "B"):
        (tmp_path / name).mkdir()
    for name in ("file10", "file2", "File1", "a", ".hidden", "file" + "9" * 30, "-rf", "new\nline"):
        (tmp_path / name).touch()
    listed = list_folder(tmp_path)
    assert [one.name for one in listed.entries][:2] == ["B", "z"]
    files = [one.name for one in listed.entries][2:]
    assert files.index("File1") < files.index("file2") < files.index("file10") < files.index("file" + "9" * 30)
    assert [one.name for one in listed.entries if one.hidden] == [".hidden"]
    assert all(one.facts is None for one in listed.entries)


def test_links_pipes_and_names_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"12345")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "broken").symlink_to("nowhere")
    (tmp_path / "round").symlink_to("round")
    os.mkfifo(tmp_path / "pipe")
    os.close(os.open(os.fsencode(tmp_path) + b"/\xff\xfe", os.O_CREAT))
    kinds = {one.name: (one.kind, one.link) for one in list_folder(tmp_path, Order.SIZE).entries}
    assert kinds["link"] == ("file", True)
    assert kinds["broken"] == kinds["round"] == ("other", True)
    assert kinds["pipe"] == ("other", False)
    assert kinds[os.fsdecode(b"\xff\xfe")] == ("file", False)
    found = facts_of(tmp_path, ["link", "broken", "gone"])
    assert (found["link"].size, found["link"].there) == (5, True)
    assert found["broken"] == found["gone"] == Facts()


def test_by_date_and_by_size(tmp_path: Path) -> None:
    for number, name in enumerate(("small", "middle", "large"), 1):
        (tmp_path / name).write_bytes(b"x" * number)
        os.utime(tmp_path / name, (1_000 - number, 1_000 - number))
    assert [one.name for one in list_folder(tmp_path, Order.SIZE).entries] == ["large", "middle", "small"]
    assert [one.name for one in list_folder(tmp_path, Order.DATE).entries] == ["small", "middle", "large"]


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    listed = list_folder(tmp_path / "none")
    assert (listed.entries, listed.problem) == ((), "none cannot be read (No such file or directory).")


def test_places_are_those_that_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("Downloads", "work", "old"):
        (tmp_path / name).mkdir()
    pinned, used = [str(tmp_path / "work"), "/no/such"], [str(tmp_path / "old"), str(tmp_path / "work"), "relative"]
    assert known_places(pinned, used) == [
        (tmp_path / "work", True),
        (tmp_path, False),
        (tmp_path / "Downloads", False),
        (tmp_path / "old", False),
    ]


async def test_what_is_done_aside_is_given_or_raised() -> None:
    assert await aside(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await aside(divmod, 7, 0)


@pytest.mark.parametrize(
    ("environment", "platform", "installed", "found"),
    [
        ({"WAYLAND_DISPLAY": "w", "DISPLAY": ":0"}, "linux", ["wl-paste", "xclip"], "wl-paste"),
        ({"WAYLAND_DISPLAY": "w", "DISPLAY": ":0"}, "linux", ["xclip"], "xclip"),
        ({"DISPLAY": ":0"}, "linux", ["wl-paste", "xclip"], "xclip"),
        ({}, "linux", ["wl-paste", "xclip", "pngpaste"], None),
        ({}, "darwin", ["pngpaste"], "pngpaste"),
        ({"DISPLAY": ":0"}, "linux", [], None),
    ],
)
def test_the_platform_s_program_reads_the_clipboard(
    tmp_path: Path, environment: dict[str, str], platform: str, installed: list[str], found: str | None
) -> None:
    for name in installed:
        (tmp_path / name).touch(0o755)
    tool = tool_for({**environment, "PATH": str(tmp_path)}, platform)
    assert (tool.image[0] if tool is not None else None) == found
