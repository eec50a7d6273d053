"""Names of files from elsewhere become harmless, and stay names."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_tui_core.file_names import MOST_BYTES, numbered, offered_name, safe_name


@pytest.mark.parametrize(
    ("raw", "safe"),
    [
        ("photo.png", "photo.png"),
        ("../x", "x"),
        ("../../etc/passwd", "passwd"),
        ("/etc/x", "x"),
        ("C:\\x", "x"),
        ("C:x", "C_x"),
        ("..\\..\\x.exe", "x.exe"),
        ("a/b\\c", "c"),
        ("", "file"),
        (".", "file"),
        ("..", "file"),
        ("...", "file"),
        ("   ", "file"),
        ("a/", "file"),
        ("\x00", "file"),
        ("a\x00b", "ab"),
        ("a\nb", "a b"),
        ("a\r\n\tb", "a b"),
        ("\x1b[2Jx", "[2Jx"),
        (".bashrc", "bashrc"),
        ("-rf", "_-rf"),
        ("~root", "_~root"),
        ("name.", "name"),
        ("name ", "name"),
        ("annexe\u202efdp.exe", "annexefdp.exe"),
        ("\u2066a\u2069", "a"),
        ("a\u200bb", "ab"),
        ("\ufeffa", "a"),
        ("a\udcffb", "ab"),
        ("CON", "_CON"),
        ("con.txt", "_con.txt"),
        ("nul", "_nul"),
        ("LPT1.tar.gz", "_LPT1.tar.gz"),
        ("com¹", "_com¹"),
        ("console", "console"),
        ('a<b>c:d"e|f?g*h', "a_b_c_d_e_f_g_h"),
        ("e\u0301.txt", "é.txt"),
        ("日本語.txt", "日本語.txt"),
        ("👍.png", "👍.png"),
        ("a b, c.tar.gz", "a b, c.tar.gz"),
    ],
)
def test_a_name_from_elsewhere_becomes_harmless(raw: str, safe: str) -> None:  # D8
    assert safe_name(raw) == safe


def test_a_long_name_keeps_its_ending() -> None:  # D8
    assert safe_name("x" * 300 + ".tar.gz") == "x" * (MOST_BYTES - 7) + ".tar.gz"
    assert safe_name("é" * 300) == "é" * (MOST_BYTES // 2)
    assert safe_name("a." + "b" * 300) == ("a." + "b" * 300)[:MOST_BYTES]


@given(st.text(max_size=400))
def test_whatever_was_written_one_plain_name_is_left(raw: str) -> None:  # D8
    name = safe_name(raw)
    assert 0 < len(name.encode()) <= MOST_BYTES + 1
    assert PurePosixPath(name).name == PureWindowsPath(name).name == name
    assert name not in {".", ".."}
    assert name[0] not in ".-~ "
    assert name[-1] not in ". "
    assert not {unicodedata.category(char) for char in name} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert not PureWindowsPath(name).is_reserved()
    assert safe_name(name) in {name, f"_{name}"}


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("photo.png", "photo_1.png"),
        ("a.tar.gz", "a_1.tar.gz"),
        ("report v1.2 final.pdf", "report v1.2 final_1.pdf"),
        ("README", "README_1"),
        ("x.gz", "x_1.gz"),
    ],
)
def test_another_name_of_the_same_kind(name: str, other: str) -> None:  # D8
    assert numbered(name, 0) == name
    assert numbered(name, 1) == other


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (".hidden", ".hidden"),
        ("a b.txt", "a b.txt"),
        ("back\\slash", "back_slash"),
        ("a\nb", "a_b"),
        ("bad\udcff.txt", "bad?.txt"),
        ("...", "file"),
        (" ", "file"),
    ],
)
def test_our_own_names_are_offered_as_far_as_they_can_be_said(raw: str, said: str) -> None:  # D8
    assert offered_name(raw) == said


@given(st.text(max_size=400))
def test_what_we_offer_is_a_base_name_that_fits(raw: str) -> None:  # D8
    name = offered_name(raw)
    assert 0 < len(name.encode()) <= 255
    assert name not in {".", ".."}
    assert not set(name) & set("/\\\x00\n\t")
