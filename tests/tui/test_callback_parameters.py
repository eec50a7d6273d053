"""Counting a callback's parameters once gives what Textual's own counting gives."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from inspect import Signature, signature
from typing import Any

import pytest
from textual import _callback

from chat_tui import callback_parameters
from chat_tui.callback_parameters import count_once


class Thing:
    """Has methods of all sorts."""

    def none(self) -> None: ...

    def two(self, first: int, second: int = 2, *, third: int = 3) -> None: ...

    @staticmethod
    def alone(first: int) -> None: ...

    @classmethod
    def of_all(cls, first: int) -> None: ...

    def __call__(self, first: int) -> None: ...


def made(extra: int) -> Callable[[int], int]:
    return lambda first: first + extra


def wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def call(*args: object) -> object:
        return function(*args)

    return call


THING = Thing()
CALLBACKS: list[Callable[..., Any]] = [
    THING.none,
    THING.two,
    Thing.two,
    Thing.alone,
    THING.alone,
    THING.of_all,
    THING,
    made(1),
    made(2),
    wrapped(made),
    partial(THING.two, 1),
    partial(THING.two, third=3),
    partial(THING.none),
    len,
]


@pytest.fixture
def taught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_callback, "_count_parameters", _callback._count_parameters)
    count_once()


@pytest.mark.parametrize("callback", CALLBACKS, ids=range(len(CALLBACKS)))
def test_the_count_is_textuals(callback: Callable[..., Any]) -> None:
    textuals = len(signature(callback).parameters)  # what Textual's own function does
    assert callback_parameters._count(callback) == textuals
    assert callback_parameters._count(callback) == textuals


@pytest.mark.usefixtures("taught")
def test_a_method_that_is_wrapped_anew_each_time_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:  # E2
    looked: list[object] = []

    def looking(func: Callable[..., Any]) -> Signature:
        looked.append(func)
        return signature(func)

    monkeypatch.setattr(callback_parameters, "signature", looking)
    monkeypatch.setattr(callback_parameters, "_counts", {})
    for _ in range(50):
        assert _callback.count_parameters(partial(Thing().two, 1)) == 2
    assert len(looked) == 1
