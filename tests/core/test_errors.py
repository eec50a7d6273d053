"""What a person is told of a failure is a whole sentence."""

from __future__ import annotations

import pytest

from chat_tui_core.conformance import SENTENCE
from chat_tui_core.errors import sentence

WORDS = [
    ("Cannot connect: no answer within 10 s", "Cannot connect: no answer within 10 s."),
    ("Cannot connect: connection refused; is the server running?", None),
    ("It is gone.", None),
    ("http://127.0.0.1:8008 cannot be reached (no route)", "http://127.0.0.1:8008 cannot be reached (no route)."),
]


@pytest.mark.parametrize(("words", "whole"), WORDS)
def test_words_become_a_sentence_that_ends_once(words: str, whole: str | None) -> None:  # E10
    assert sentence(words) == (whole or words)
    assert SENTENCE.fullmatch(sentence(words))


@pytest.mark.parametrize("words", ["", "no capital.", "No end", "Is it running?.", "It is gone..", "?"])
def test_what_is_no_sentence_is_told_apart(words: str) -> None:  # E10
    assert not SENTENCE.fullmatch(words)
