"""Received files on a real disk: names are taken at once, nothing is overwritten, no link is followed."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from chat_tui_core.errors import FileTrouble
from chat_tui_core.file_news import Ending
from chat_tui_core.session.files import places, sources
from chat_tui_core.session.files.gathering import Part
from chat_tui_core.session.files.places import Place
from chat_tui_core.session.files.trouble import Broken

BODY = bytes(n % 251 for n in range(5_000))


def go_on() -> bool:
    return True


def listed(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# ---------------------------------------------------------------- a name


def test_the_name_is_taken_at_once_and_the_next_one_is_numbered(tmp_path: Path) -> None:  # D8
    found = [places.reserve("a.tar.gz", tmp_path) for _ in range(3)]
    assert [place.path.name for place in found] == ["a.tar.gz", "a_1.tar.gz", "a_2.tar.gz"]
    for place in found:
        for path in (place.path, place.part):
            assert path.read_bytes() == b""
            assert stat.S_IMODE(path.stat().st_mode) & 0o111 == 0


def test_names_are_taken_by_one_only_however_many_try_at_once(tmp_path: Path) -> None:  # D8
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: places.reserve("x.bin", tmp_path).path, range(40)))
    assert len(set(found)) == 40
    assert len(listed(tmp_path)) == 80


@pytest.mark.parametrize("taken", ["x.bin", "x.bin.part"])
@pytest.mark.parametrize("how", ["file", "folder", "link", "dangling link"])
def test_what_is_there_is_left_alone(tmp_path: Path, taken: str, how: str) -> None:  # D8
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"mine")
    there = tmp_path / "in" / taken
    there.parent.mkdir()
    if how == "file":
        there.write_bytes(b"old")
    elif how == "folder":
        there.mkdir()
    else:
        there.symlink_to(elsewhere if how == "link" else tmp_path / "nowhere")
    place = places.reserve("x.bin", there.parent)
    assert place.path.name == "x_1.bin"
    assert elsewhere.read_bytes() == b"mine"
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    "name", ["../x", "/etc/x", "C:\\x", "a\x00b", "a\nb", "x" * 300, ".", "annexe\u202efdp.exe", "CON"]
)
def test_hostile_names_stay_in_their_folder(tmp_path: Path, name: str) -> None:  # D8
    place = places.reserve(name, tmp_path)
    assert place.path.parent == tmp_path
    assert place.path.is_file()
    assert len(listed(tmp_path)) == 2


def test_a_given_name_is_kept_exactly_and_must_be_free(tmp_path: Path) -> None:  # D8
    assert places.reserve("x", tmp_path, tmp_path / "mine.txt").path == tmp_path / "mine.txt"
    with pytest.raises(FileTrouble, match="is there already: nothing is overwritten"):
        places.reserve("x", tmp_path, tmp_path / "mine.txt")
    (tmp_path / "folder").mkdir()
    assert places.reserve("x", tmp_path, tmp_path / "folder").path == tmp_path / "folder" / "x"


def test_a_folder_that_is_not_there_or_not_writable_is_said(tmp_path: Path) -> None:  # D8
    with pytest.raises(FileTrouble, match=r"/gone is not there"):
        places.reserve("x", tmp_path / "gone")
    (tmp_path / "file").write_text("")
    with pytest.raises(FileTrouble, match="is not there"):
        places.reserve("x", tmp_path / "file")


def test_the_default_folder_is_downloads_where_it_exists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # D8
    monkeypatch.setenv("HOME", str(tmp_path))
    assert places.default_folder() != tmp_path / "Downloads"
    assert places.default_folder().is_dir()
    (tmp_path / "Downloads").mkdir()
    assert places.default_folder() == tmp_path / "Downloads"


# ---------------------------------------------------------------- its part


def part_of(place: Place, done: int = 0, size: int = len(BODY)) -> Part:
    return Part(place, done, size, go_on)


def test_bytes_gather_in_the_part_and_get_their_name_at_the_end(tmp_path: Path) -> None:  # D1, D8
    place = places.reserve("x.bin", tmp_path)
    part = part_of(place)
    part.append([BODY[:1000], BODY[1000:1700]])
    assert (part.done, place.path.read_bytes(), place.part.read_bytes()) == (1700, b"", BODY[:1700])
    part.append([BODY[1700:]])
    part.check(len(BODY), sha256(BODY).hexdigest())
    assert places.put_in_place(part.place) == place.path
    part.close()
    assert listed(tmp_path) == ["x.bin"]
    assert place.path.read_bytes() == BODY
    assert stat.S_IMODE(place.path.stat().st_mode) == 0o600
    assert places.already_there(part.place, len(BODY))


@pytest.mark.parametrize("size", [0, 1])
def test_the_smallest_files(tmp_path: Path, size: int) -> None:  # D1
    place = places.reserve("x", tmp_path)
    part = part_of(place, size=size)
    part.append([BODY[:size]])
    part.check(size, sha256(BODY[:size]).hexdigest())
    part.close()
    assert places.put_in_place(part.place).read_bytes() == BODY[:size]


def test_a_part_goes_on_from_what_was_noted_and_forgets_what_is_beyond(tmp_path: Path) -> None:  # D3, D4
    place = places.reserve("x", tmp_path)
    part = part_of(place)
    part.append([BODY[:2000]])
    noted = Place.of_stamp(str(place.path), part.place.stamp)
    part.append([BODY[2000:3000]])  # killed before this was noted
    part.close()
    again = part_of(noted, 2000)
    assert again.done == 2000
    assert place.part.stat().st_size == 2000
    again.append([BODY[2000:]])
    again.check(len(BODY), sha256(BODY).hexdigest())
    again.close()


@pytest.mark.parametrize("edit", ["shortened", "changed", "deleted"])
def test_a_part_that_somebody_touched_begins_anew(tmp_path: Path, edit: str) -> None:  # D3
    place = places.reserve("x", tmp_path)
    part = part_of(place)
    part.append([BODY[:2000]])
    part.close()
    if edit == "shortened":
        os.truncate(place.part, 100)
    elif edit == "changed":
        place.part.write_bytes(b"?" + BODY[1:2000])
    else:
        place.part.unlink()
    again = part_of(part.place, 2000)
    assert (again.done, place.part.read_bytes()) == (0, b"")
    again.append([BODY])
    again.check(len(BODY), sha256(BODY).hexdigest())
    again.close()
    assert places.put_in_place(again.place).read_bytes() == BODY


@pytest.mark.parametrize("how", ["another file", "link", "hard link"])
def test_a_part_that_is_not_ours_is_neither_used_nor_touched(tmp_path: Path, how: str) -> None:  # D8
    place = places.reserve("x", tmp_path)
    other = tmp_path / "other"
    other.write_bytes(b"precious")
    if how == "hard link":
        os.link(place.part, tmp_path / "second")
    else:
        kept = place.part.rename(tmp_path / "ours")  # kept, so that no new file gets its inode
        if how == "link":
            place.part.symlink_to(other)
        else:
            place.part.write_bytes(b"precious")
        assert kept.exists()
    with pytest.raises(FileTrouble, match="is another file now"):
        part_of(place)
    assert other.read_bytes() == b"precious"


@pytest.mark.parametrize("how", ["written into", "replaced", "gone", "a link"])
def test_the_end_never_overwrites_what_has_the_name_by_then(tmp_path: Path, how: str) -> None:  # D8
    place = places.reserve("x.bin", tmp_path)
    part = part_of(place)
    part.append([BODY])
    other = tmp_path / "other"
    other.write_bytes(b"precious")
    if how == "written into":
        place.path.write_bytes(b"notes")
    else:
        place.path.unlink()
        if how == "replaced":
            place.path.write_bytes(b"")
        elif how == "a link":
            place.path.symlink_to(other)
    target = places.put_in_place(part.place)
    part.close()
    assert target.read_bytes() == BODY
    assert target.name == ("x.bin" if how == "gone" else "x_1.bin")
    assert other.read_bytes() == b"precious"
    if how == "written into":
        assert place.path.read_bytes() == b"notes"


def test_what_is_not_what_was_offered_is_found(tmp_path: Path) -> None:  # D9
    place = places.reserve("x", tmp_path)
    part = part_of(place)
    part.append([BODY])
    with pytest.raises(Broken) as size:
        part.check(len(BODY) + 1, "")
    with pytest.raises(Broken) as digest:
        part.check(len(BODY), "0" * 64)
    assert (size.value.ending, digest.value.ending) == (Ending.SIZE, Ending.DIGEST)
    part.check(len(BODY), sha256(BODY).hexdigest().upper())
    part.check(-1, "")
    part.close()


def test_a_disk_that_went_away_is_waited_for(tmp_path: Path) -> None:
    place = places.reserve("x", tmp_path)
    there = replace(place, device=place.device + 1)
    with pytest.raises(FileTrouble, match=r"The disk of .* is not there"):
        part_of(there)
    with pytest.raises(FileTrouble, match="The disk has no room"):
        part_of(place, size=1 << 60)


@pytest.mark.parametrize("written", [0, 100])
def test_giving_up_frees_the_name_and_keeps_what_came(tmp_path: Path, written: int) -> None:  # D5, D6
    place = places.reserve("x", tmp_path)
    part = part_of(place)
    part.append([BODY[:written]])
    part.close()
    left = places.give_up(part.place)
    assert listed(tmp_path) == (["x.part"] if written else [])
    assert left == (str(place.part) if written else "")
    assert places.give_up(part.place) == left, "twice is once"


def test_giving_up_touches_nothing_of_others(tmp_path: Path) -> None:  # D5
    place = places.reserve("x", tmp_path)
    place.path.write_bytes(b"mine")
    place.part.rename(tmp_path / "ours")
    place.part.write_bytes(b"")
    places.give_up(place)
    assert listed(tmp_path) == ["ours", "x", "x.part"]


def test_a_stamp_that_makes_no_sense_is_no_file_of_ours(tmp_path: Path) -> None:
    place = places.reserve("x", tmp_path)
    assert Place.of_stamp(str(place.path), place.stamp) == place
    for stamp in ("", "{}", "[1]", "junk", "null"):
        nothing = Place.of_stamp(str(place.path), stamp)
        assert not places.already_there(nothing, 0)
        with pytest.raises(FileTrouble, match="another file"):
            part_of(nothing)


# ---------------------------------------------------------------- sources


def test_a_source_is_read_and_known_again(tmp_path: Path) -> None:  # D3
    path = tmp_path / "a b.bin"
    path.write_bytes(BODY)
    size, stamp, digest = sources.digest(path, go_on)
    assert (size, digest) == (len(BODY), sha256(BODY).hexdigest())
    assert sources.examine(path) == (size, stamp)
    source, now = sources.reopened(path, stamp, digest, go_on)
    with source:
        assert now == stamp
        assert source.read(100, 50) == BODY[100:150]
        assert source.read(len(BODY), 0) == b""


def test_a_source_with_another_time_is_the_same_if_its_digest_is(tmp_path: Path) -> None:  # D3
    path = tmp_path / "a"
    path.write_bytes(BODY)
    _, stamp, digest = sources.digest(path, go_on)
    os.utime(path, ns=(1, 1))
    source, now = sources.reopened(path, stamp, digest, go_on)
    with source:
        assert now != stamp
        assert source.read(0, 5) == BODY[:5]


@pytest.mark.parametrize("new", [BODY[:-1], BODY + b"x", b"?" + BODY[1:], b""])
def test_a_source_that_changed_is_broken(tmp_path: Path, new: bytes) -> None:  # D3
    path = tmp_path / "a"
    path.write_bytes(BODY)
    _, stamp, digest = sources.digest(path, go_on)
    source, _ = sources.reopened(path, stamp, digest, go_on)
    path.write_bytes(new)
    os.utime(path, ns=(1, 1))
    with source, pytest.raises(Broken, match="not what it was"):
        source.read(len(BODY) - 10, 10)
    with pytest.raises(Broken, match="not what it was"):
        sources.reopened(path, stamp, digest, go_on)


def test_only_files_can_be_sent(tmp_path: Path) -> None:  # D12
    for path, why in ((tmp_path, "a folder"), (tmp_path / "no", "is not there")):
        with pytest.raises(FileTrouble, match=why):
            sources.examine(path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileTrouble, match="no file"):
        sources.examine(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(FileTrouble, match="link"):
        sources.examine(tmp_path / "loop")


def test_a_file_that_is_being_written_to_waits(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(BODY)

    def write_more() -> bool:
        with path.open("ab") as log:
            log.write(b"more")
        return True

    with pytest.raises(FileTrouble, match="being written to"):
        sources.digest(path, write_more)
    with pytest.raises(FileTrouble, match="Not needed"):
        sources.digest(path, lambda: False)
