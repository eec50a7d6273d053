"""Classes made by `frozen` and `slotted` behave as dataclasses with slots do."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, field, replace
from typing import Any

import pytest

from chat_tui_core.values import FEW, frozen, slotted


@frozen
class Point:
    x: int
    y: int = 2
    names: list[str] = field(default_factory=list)
    secret: str = field(default="s", repr=False)

    @property
    def sum(self) -> int:
        return self.x + self.y


@slotted
class Pen:
    ink: str = "blue"
    used: dict[str, int] = field(default_factory=dict)


@frozen
class Nothing:
    pass


def pair(decorate: Callable[[type], type]) -> type:
    """The same class, decorated one way or the other."""

    class Shape:
        a: int
        b: tuple[str, ...] = ("b",)
        c: list[int] = field(default_factory=list)

        def __post_init__(self) -> None:
            object.__setattr__(self, "a", self.a + 1)

    Shape.__annotations__ = {"a": int, "b": tuple, "c": list}
    return decorate(Shape)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (pair(frozen), pair(dataclass(frozen=True, slots=True))),
        (pair(slotted), pair(dataclass(slots=True))),
    ],
    ids=["frozen", "slotted"],
)
@pytest.mark.parametrize("arguments", [(1,), (1, ()), (1, ("x",), [3])])
def test_values_behave_as_dataclasses_do(ours: type[Any], theirs: type[Any], arguments: tuple[Any, ...]) -> None:
    mine, other = ours(*arguments), theirs(*arguments)
    assert repr(mine) == repr(other)
    assert dataclasses.asdict(mine) == dataclasses.asdict(other)
    assert [item.name for item in dataclasses.fields(mine)] == [item.name for item in dataclasses.fields(other)]
    assert (mine == ours(*arguments), mine == other) == (other == theirs(*arguments), other == mine) == (True, False)
    assert ours.__match_args__ == theirs.__match_args__
    assert mine.__slots__ == other.__slots__
    assert not hasattr(mine, "__dict__")
    assert repr(replace(mine, a=7)) == repr(replace(other, a=7))
    with pytest.raises(TypeError):
        ours()
    with pytest.raises(TypeError):
        ours(1, d=4)


def test_frozen_values_do_not_change_and_can_be_keys() -> None:
    point = Point(1)
    with pytest.raises(FrozenInstanceError):
        point.x = 3  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del point.y
    assert hash(Point(1, names=())) == hash(Point(1, names=()))  # type: ignore[arg-type]
    assert Nothing() == Nothing()
    assert {Nothing(), Nothing()} == {Nothing()}


def test_slotted_values_change_and_cannot_be_keys() -> None:
    pen = Pen()
    pen.ink = "red"
    assert pen == Pen("red")
    with pytest.raises(AttributeError):
        pen.colour = 1  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        hash(pen)


def test_every_value_gets_a_default_of_its_own() -> None:
    assert Point(1).names is not Point(1).names
    assert Pen().used is not Pen().used


def test_a_hidden_field_is_not_shown() -> None:
    assert repr(Point(1)) == "Point(x=1, y=2, names=[])"


def test_methods_patterns_and_copies_work() -> None:
    match Point(3, 4):
        case Point(x, y):
            assert (x, y) == (3, 4)
    assert Point(3, 4).sum == 7
    assert copy.deepcopy(Point(1)) == Point(1)
    assert pickle.loads(pickle.dumps(Point(5))) == Point(5)
    assert copy.copy(Pen("green")) == Pen("green")


def test_a_class_without_values_has_fields_and_is_a_dataclass() -> None:
    @frozen
    class Unused:
        a: int = 0

    assert dataclasses.is_dataclass(Unused)
    assert [item.name for item in dataclasses.fields(Unused)] == ["a"]


def test_the_first_values_and_all_later_ones_are_made_alike() -> None:
    @frozen
    class Place:
        x: int
        y: int = 2
        names: list[str] = field(default_factory=list)

        def __post_init__(self) -> None:
            if self.x < 0:
                raise ValueError("below")

    first = [Place(1), Place(1, y=3), Place(y=4, x=1), Place(1, 2, ["a"])]
    wrong: tuple[Any, ...]
    for wrong in ((), (1, 2, [], 4)):
        with pytest.raises(TypeError):
            Place(*wrong)
    with pytest.raises(ValueError, match="below"):
        Place(-1)
    for _ in range(2 * FEW):
        assert [Place(1), Place(1, y=3), Place(y=4, x=1), Place(1, 2, ["a"])] == first
    with pytest.raises(TypeError):
        Place(1, x=1)  # type: ignore[misc]
    with pytest.raises(ValueError, match="below"):
        Place(-1)
    assert Place(1).names is not Place(1).names
