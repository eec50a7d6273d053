"""Put pieces of text and blocks of lines together as HTML lays them out: white space folded, breaks between blocks."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["PARAGRAPH", "TIGHT", "Flow", "code_lines", "fenced", "indented", "marked", "quoted"]

TIGHT: Final = 1
"""Line breaks between a block and its neighbour: none of them is blank."""

PARAGRAPH: Final = 2
"""Line breaks that leave a blank line; more than one never comes in a row."""

_blank_lines: Final = re.compile(r"\A(?:[ \t]*+\n)+").sub


class Flow:
    """The text inside one element as it grows. `inside_line`: it continues a line of the element around it."""

    __slots__ = ("_breaks", "_owed", "_parts", "_spaced", "has_blocks")

    def __init__(self, *, inside_line: bool) -> None:
        self.has_blocks = False
        self._parts: list[str] = []
        self._owed = 0  # breaks that the last block wants before whatever comes next
        self._breaks = 0 if inside_line else PARAGRAPH  # at the end of what is there
        self._spaced = not inside_line  # a space here would follow another one, or begin a line

    def inline(self, text: str) -> None:
        """Add text to the current line; a space at a line's beginning or after another one vanishes."""
        if self._owed or self._spaced:
            text = text.lstrip(" ")
        if text and "\n" not in text:
            self._end_block()
            self._parts.append(text)
            self._breaks, self._spaced = 0, text[-1] == " "
            return
        breaks = len(text) - len(text.lstrip("\n"))
        text = text[max(0, breaks + (self._owed or self._breaks) - PARAGRAPH) if breaks else 0 :]
        if not text:
            return
        self._end_block()
        self._parts.append(text)
        before = 0 if text.strip("\n") else self._breaks
        self._breaks = min(PARAGRAPH, before + len(text) - len(text.rstrip("\n")))
        self._spaced = text[-1] in " \n"

    def line_break(self) -> None:
        """End the current line; several breaks leave one blank line."""
        self._end_block()
        if self._breaks < PARAGRAPH:
            self._parts.append("\n")
            self._breaks += 1
        self._spaced = True

    def block(self, text: str, before: int = TIGHT, after: int = TIGHT) -> None:
        """Add whole lines; of what two neighbours want between them, the lesser counts. An empty block vanishes."""
        text = _blank_lines("", text.rstrip())
        if not text:
            return
        wanted = min(before, self._owed or PARAGRAPH)
        if self._parts and wanted > self._breaks:
            self._parts.append("\n" * (wanted - self._breaks))
        self._parts.append(text)
        self._owed, self._breaks, self._spaced, self.has_blocks = after, 0, True, True

    def _end_block(self) -> None:
        if self._owed:
            self._parts.append("\n" * self._owed)
            self._owed, self._breaks, self._spaced = 0, self._owed, True

    def text(self) -> str:
        """What has grown so far."""
        return "".join(self._parts)


def marked(text: str, mark: str, end: str) -> str:
    """Each line between marks, spaces outside of them; a line in which a mark's own character stands is left alone."""
    lines = []
    for line in text.split("\n") if "\n" in text else (text,):
        core = line.strip()
        if core and mark[0] not in core:
            at = line.index(core)
            line = f"{line[:at]}{mark}{core}{end}{line[at + len(core) :]}"  # noqa: PLW2901 - the same line, marked
        lines.append(line)
    return "\n".join(lines)


def quoted(text: str) -> str:
    """The lines of a quotation."""
    return "\n".join(f"> {line}" if line else ">" for line in text.split("\n"))


def indented(text: str, mark: str) -> str:
    """The lines of a list's item: `mark` before the first, as much space before the others."""
    margin = " " * len(mark)
    first, *others = text.split("\n")
    return "\n".join([mark + first, *(margin + line if line else "" for line in others)])


def fenced(code: str, language: str) -> str:
    """Code as a block; a line of it that would end the block is moved by a space."""
    safe = "\n".join(f" {line}" if line.startswith("```") else line for line in code.split("\n"))
    return f"```{language}\n{safe}\n```"


def code_lines(code: str) -> str:
    """Code where no block can stand: each line by itself."""
    return "\n".join(f"`{line}`" if line.strip() and "`" not in line else line for line in code.split("\n"))
