"""The manual page and what shells complete by: made from the parser, complete, and accepted by who reads them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from chat_tui.__main__ import main
from chat_tui.arguments import parser
from chat_tui.cli import _COMMANDS
from chat_tui.completions import SHELLS
from chat_tui.manual import manual
from chat_tui.parser_tree import pages

PAGES = tuple(pages(parser(_COMMANDS)))
BASH = shutil.which("bash")
GROFF = shutil.which("groff")


def test_every_command_has_a_page() -> None:
    names = {page.name for page in PAGES}
    assert {name for name in _COMMANDS if name} <= names
    assert {"", "server user", "completions", "man", "serve"} <= names
    send = next(page for page in PAGES if page.name == "send")
    wait = next(option for option in send.options if "--wait" in option.flags)
    assert wait.choices == ("pending", "sent", "confirmed")
    assert all(option.help for page in PAGES for option in page.options)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_names_every_command_and_option(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completions", shell]) == 0
    script = capsys.readouterr().out
    for page in PAGES:
        assert f'"{page.name}"' in script
        for option in page.options:
            assert all((flag if shell != "fish" else flag.lstrip("-")) in script for flag in option.flags)


@pytest.mark.skipif(BASH is None, reason="no bash is installed")
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("chat-tui outb", ["outbox"]),
        ("chat-tui outbox re", ["retry"]),
        ("chat-tui --account home outbox ca", ["cancel"]),
        ("chat-tui server user a", ["add"]),
        ("chat-tui send general --wait c", ["confirmed"]),
        ("chat-tui completions f", ["fish"]),
        ("chat-tui man ", ["-h", "--help", "--account", "--data-dir", "--config", "--debug"]),
        ("chat-tui --pl", ["--plain"]),
        ("chat-tui login --url x", []),
        ("chat-tui zzz", []),
    ],
)
def test_bash_completes(line: str, offered: list[str], tmp_path: Path) -> None:
    assert BASH is not None
    script = tmp_path / "completion"
    script.write_text(SHELLS["bash"](PAGES))
    words = line.split(" ")
    quoted = " ".join(f"'{word}'" for word in words)
    program = (
        f'. {script}; COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _chat_tui; printf "%s\\n" "${{COMPREPLY[@]}}"'
    )
    done = subprocess.run([BASH, "--norc", "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert done.stderr == ""
    assert done.stdout.split() == offered


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_accept_their_script(shell: str, tmp_path: Path) -> None:
    script = tmp_path / "completion"
    script.write_text(SHELLS[shell](PAGES))
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"no {shell} is installed")
    subprocess.run([program, "-n", str(script)], capture_output=True, timeout=30, check=True)


def test_the_manual_page_has_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["man"]) == 0
    text = capsys.readouterr().out.replace("\\-", "-")
    assert all(f".SS chat-tui {page.name}" in text for page in PAGES if page.name)
    assert all(f"\\fB{flag}\\fR" in text for page in PAGES for option in page.options for flag in option.flags)


@pytest.mark.skipif(GROFF is None, reason="no groff is installed")
def test_the_manual_page_has_no_fault_in_its_macros() -> None:
    assert GROFF is not None
    page = manual(PAGES, "0.1.0")
    done = subprocess.run(
        [GROFF, "-man", "-Tutf8", "-ww"], input=page, capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stderr == ""
    assert "EXIT" in done.stdout.replace("\b", "") or "E\bEX" in done.stdout
