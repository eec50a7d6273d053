"""Names have stable colours that can be read on dark and on light."""

from __future__ import annotations

import pytest
from textual.color import Color
from textual.theme import BUILTIN_THEMES

from chat_tui.widgets.nick_colors import ANSI, DARK, LIGHT, hue_of, nick_color, oklch_to_rgb


def test_hue_is_that_of_the_specification() -> None:
    assert hue_of("Romeo") == pytest.approx(327.255249)
    assert hue_of("juliet@capulet.lit") == pytest.approx(209.410400)


@pytest.mark.parametrize(("theme", "tone"), [("textual-dark", DARK), ("nord", DARK), ("textual-light", LIGHT)])
def test_every_hue_can_be_read(theme: str, tone: tuple[float, float]) -> None:
    colours = BUILTIN_THEMES[theme].to_color_system().generate()
    background = Color.parse(colours["background"])
    for hue in range(360):
        ratio = contrast(background, Color(*oklch_to_rgb(*tone, hue)))
        assert ratio >= 4.5, hue


def contrast(one: Color, other: Color) -> float:
    def luminance(colour: Color) -> float:
        def linear(part: float) -> float:
            return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

        red, green, blue = (linear(part) for part in colour.normalized)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_white_and_grey_are_converted_exactly() -> None:
    assert oklch_to_rgb(1.0, 0.0, 0) == (255, 255, 255)
    assert oklch_to_rgb(0.0, 0.0, 0) == (0, 0, 0)
    red, green, blue = oklch_to_rgb(0.6279553, 0.2576833, 29.2338)
    assert (red, green, blue) == (255, 0, 0)


def test_colours_are_stable_and_differ() -> None:
    assert nick_color("@ada", dark=True) == nick_color("@ada", dark=True)
    assert len({nick_color(f"@user{at}", dark=True).triplet for at in range(50)}) > 40
    assert nick_color("@ada", dark=True) != nick_color("@ada", dark=False)
    assert nick_color("\ud800", dark=True).triplet is not None


def test_ansi_themes_use_the_terminals_colours() -> None:
    assert {nick_color(f"@user{at}", dark=True, ansi=True).number for at in range(100)} == set(ANSI)
