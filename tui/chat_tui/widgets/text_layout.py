"""Clean, measure and wrap text for a grid of terminal cells.

Neither Rich nor Textual removes escape sequences, lone surrogates or bidirectional overrides from what it prints, so
every string that came from somewhere else passes `clean` (many lines) or `clean_line` (one line) before it is drawn.
Widths are those of `rich.cells`, which counts whole graphemes: an emoji family is two cells, not six.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from rich.cells import cell_len, get_character_cell_size, split_graphemes

__all__ = ["cells", "clean", "clean_line", "fit", "index_at", "snap", "word_at", "wrap"]

cells = cell_len

TAB_SPACES = 4
MAX_COMBINING = 4
"""More combining marks than this on one letter write over the lines above and below: the rest is dropped."""

REPLACEMENT = "\ufffd"
ZERO_WIDTH_JOINER = "\u200d"
ZERO_WIDTH_NON_JOINER = "\u200c"

_COMBINING = (
    ("\u0300", "\u036f"),
    ("\u0483", "\u0489"),
    ("\u1ab0", "\u1aff"),
    ("\u1dc0", "\u1dff"),
    ("\u20d0", "\u20ff"),
    ("\ufe20", "\ufe2f"),
)
_has_no_marks = frozenset(
    chr(code) for first, last in _COMBINING for code in range(ord(first), ord(last) + 1)
).isdisjoint
_PLAIN_ASCII = re.compile("[ -~\n]*").fullmatch

# Every character of these ranges is one cell wide, so that len() measures (a subset of what rich.cells takes so).
_NARROW = frozenset(
    map(
        chr, (*range(0x20, 0x7F), *range(0xA0, 0xAD), *range(0xAE, 0x300), *range(0x370, 0x483), *range(0x2500, 0x25FD))
    ),
)
_is_narrow = _NARROW.issuperset
# East Asian lines do not begin with these (the part of the Japanese kinsoku rules that readers notice).
_NO_LINE_START = frozenset("、。，．・：；？！ー）］｝」』】〉》〕”’…々ぁぃぅぇぉっゃゅょァィゥェォッャュョ")


def clean(text: str) -> str:
    """Give `text` without anything that could move the cursor, change colours, reorder or disturb a row; keeps line ends."""
    if _PLAIN_ASCII(text):
        return text
    if not text.isprintable():
        for pattern, instead in _replaced():
            text = pattern.sub(instead, text)
    return text if _has_no_marks(text) else _stacked_marks().sub(r"\1", text)


@cache  # compiled for the first text that needs it, which is none of a usual first screen
def _replaced() -> tuple[tuple[re.Pattern[str], str], ...]:
    """What is replaced in a text, in this order, and by what."""
    return (
        (re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]"), "\n"),
        (re.compile("\t"), " " * TAB_SPACES),
        # C0 but tab and newline, DEL, C1, lone surrogates, interlinear annotation.
        (re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufff9-\ufffb]"), REPLACEMENT),
        # Bidirectional embeddings, overrides and isolates reorder a whole row; soft hyphens and byte order marks have
        # no width that two terminals agree on.
        (re.compile("[\u00ad\u202a-\u202e\u2066-\u2069\ufeff]"), ""),
        # A joiner swallows what follows it, be it a space, padding or what comes after a markup character: it stays
        # only between two characters that may really be joined.
        (re.compile("(?<![^\x00-\x7f\u200d])\u200d|\u200d(?![^\x00-\x7f\u200d])"), ZERO_WIDTH_NON_JOINER),
    )


@cache
def _stacked_marks() -> re.Pattern[str]:
    """More combining marks on one letter than are shown."""
    marks = "".join(f"{first}-{last}" for first, last in _COMBINING)
    return re.compile(f"([{marks}]{{{MAX_COMBINING}}})[{marks}]+")


def clean_line(text: str) -> str:
    """Give `clean(text)` on one line: runs of white space become one space, the ends are stripped."""
    return " ".join(clean(text).split())


def _has_width(character: str) -> bool:
    """Tell whether a character takes cells by itself."""
    return character in _NARROW or get_character_cell_size(character) > 0


def snap(text: str, index: int) -> int:
    """Move `index` forward until it does not stand inside a grapheme of `text`; a line's end is one."""
    end = len(text)
    while 0 < index < end and text[index] != "\n":
        if text[index - 1] != ZERO_WIDTH_JOINER and _has_width(text[index]):
            break
        index += 1
    return index


def fit(text: str, width: int) -> str:
    """Give one line of at most `width` cells; what is too long ends in an ellipsis."""
    if cells(text) <= width:
        return text
    if width <= 0:
        return ""
    return text[: index_at(text, width - 1)].rstrip() + "…"


def index_at(text: str, x: int) -> int:
    """Give the index of the grapheme that covers cell `x` of a line (0 before it, its length after it)."""
    if x <= 0:
        return 0
    if _is_narrow(text):
        return min(x, len(text))
    for start, _end, width in split_graphemes(text)[0]:
        if x < width:
            return start
        x -= width
    return len(text)


def word_at(text: str, index: int) -> tuple[int, int]:
    """Give the (start, end) of the word at `index`: of letters and digits, else of one other character."""
    if not 0 <= index < len(text):
        return len(text), len(text)

    def kind(character: str) -> bool:
        return character.isalnum() or character == "_" or unicodedata.combining(character) > 0

    if not kind(text[index]):
        return index, snap(text, index + 1)
    start = end = index
    while start > 0 and kind(text[start - 1]):
        start -= 1
    while end < len(text) and kind(text[end]):
        end += 1
    return start, end


def wrap(text: str, width: int) -> list[tuple[int, int]]:
    """Wrap clean text to lines of at most `width` cells; gives (start, end) indices, the break's space in neither.

    Takes time in proportion to the text, also without a single space. A grapheme wider than `width` stands alone.
    """
    width = max(1, width)
    lines: list[tuple[int, int]] = []
    start = 0
    for paragraph in text.split("\n"):
        if len(paragraph) <= width and _is_narrow(paragraph):
            lines.append((start, start + len(paragraph)))
        elif _is_narrow(paragraph):
            _wrap_narrow(paragraph, width, start, lines)
        else:
            _wrap_wide(paragraph, width, start, lines)
        start += len(paragraph) + 1
    return lines


def _wrap_narrow(text: str, width: int, base: int, lines: list[tuple[int, int]]) -> None:
    """Wrap a paragraph of one-cell characters."""
    start, size = 0, len(text)
    while size - start > width:
        cut = text.rfind(" ", start, start + width + 1)
        if cut <= start:
            lines.append((base + start, base + start + width))
            start += width
        else:
            lines.append((base + start, base + cut))
            start = cut + 1
    if start < size:
        lines.append((base + start, base + size))


def _wrap_wide(text: str, width: int, base: int, lines: list[tuple[int, int]]) -> None:
    """Wrap a paragraph with characters of other widths; it may break at a space and around a two-cell grapheme."""
    start = used = 0
    for left, right, size in _pieces(text):
        if used + size > width and left > start:
            space = text[left] == " "
            trailing = not space and text[left - 1] == " " and left - 1 > start
            lines.append((base + start, base + left - trailing))
            start, used = (right if space else left), 0
            if space:
                continue
        used += size
        if used > width:
            *full, (start, _, used) = _chop(text[left:right], left, width)
            lines.extend((base + first, base + end) for first, end, _ in full)
    if start < len(text):
        lines.append((base + start, base + len(text)))


def _chop(piece: str, base: int, width: int) -> list[tuple[int, int, int]]:
    """Break a piece that is wider than a line anywhere: (start, end, cells) of its lines."""
    lines: list[tuple[int, int, int]] = []
    start = used = 0
    for left, _right, size in split_graphemes(piece)[0]:
        if used + size > width and left > start:
            lines.append((base + start, base + left, used))
            start, used = left, 0
        used += size
    return [*lines, (base + start, base + len(piece), used)]


def _pieces(text: str) -> list[tuple[int, int, int]]:
    """Split a paragraph into what stays together on a line: (start, end, cells) of every space, word, wide grapheme."""
    pieces: list[tuple[int, int, int]] = []
    right = -1
    for word in text.split(" "):
        left = right + 1
        if left:
            pieces.append((right, left, 1))
        right = left + len(word)
        if word.isascii() or _is_narrow(word):
            if word:
                pieces.append((left, right, right - left))
        else:
            pieces += _wide_pieces(word, left)
    return pieces


def _wide_pieces(word: str, base: int) -> list[tuple[int, int, int]]:
    """Split a word with wide graphemes, which begins at `base`, around them."""
    pieces: list[tuple[int, int, int]] = []
    left, total, wide_before = 0, 0, False
    for start, _end, size in split_graphemes(word)[0]:
        wide = size > 1
        if start and (wide or wide_before) and word[start] not in _NO_LINE_START:
            pieces.append((base + left, base + start, total))
            left, total = start, 0
        wide_before = wide
        total += size
    return [*pieces, (base + left, base + len(word), total)]
