"""Values: classes that are what dataclasses with slots are, and cost a twentieth of them when a program starts."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from inspect import get_annotations
from operator import attrgetter
from typing import Any, Final, TypeVar, dataclass_transform

T = TypeVar("T")

FEW: Final = 12
"""Values of a class from which on its `__init__` is worth being compiled: that takes as long as making fifty by hand."""
_UNSET: Final = object()
"""Stands in a signature for "make the default afresh"."""


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
def frozen(cls: type[T]) -> type[T]:
    """Make of an annotated class what `dataclasses.dataclass(frozen=True, slots=True)` makes of it, but later.

    A dataclass writes and compiles six methods when it is defined: half a millisecond. Here `__init__` is compiled
    when some values have been made, and the others need not be compiled. `dataclasses.replace`, `fields` and `asdict`
    work as ever. Fields may have defaults, `field(default_factory=...)` and `field(repr=False)`, and there may be a
    `__post_init__`; such a class has no bases with fields, and no other field options.
    """
    names = tuple(get_annotations(cls))
    got: Callable[[Any], object] = attrgetter(*names) if names else type
    return _slotted(
        cls,
        names,
        got,
        __hash__=lambda self: hash(got(self)),
        __setattr__=_refuse,
        __delattr__=_refuse,
        __getstate__=_state,
        __setstate__=_restore,
    )


@dataclass_transform(field_specifiers=(dataclasses.field,))
def slotted(cls: type[T]) -> type[T]:
    """Make of an annotated class what `dataclasses.dataclass(slots=True)` makes of it, as `frozen` does."""
    names = tuple(get_annotations(cls))
    return _slotted(cls, names, attrgetter(*names) if names else type, __hash__=None)


def changed(value: T, **fields: Any) -> T:
    """Give a value of such a class with other fields: `dataclasses.replace` at a fifth of its cost, for what is frequent."""
    made: Any = type(value)
    found = {name: getattr(value, name) for name in made.__match_args__}
    found.update(fields)
    return made(**found)  # type: ignore[no-any-return]


def _slotted(cls: type[T], names: tuple[str, ...], got: Callable[[Any], object], **more: object) -> type[T]:
    members = dict(cls.__dict__)
    defaults = {name: members.pop(name) for name in names if name in members}
    for name in ("__dict__", "__weakref__"):
        members.pop(name, None)
    members |= {
        "__slots__": names,
        "__match_args__": names,
        "__dataclass_fields__": _Fields(cls),
        "__init__": _first_of(defaults),
        "__repr__": _repr,
        "__eq__": lambda self, other: got(self) == got(other) if other.__class__ is self.__class__ else NotImplemented,
        **more,
    }
    made: Any = type(cls)(cls.__name__, cls.__bases__, members)  # type: ignore[misc]
    made.__qualname__ = cls.__qualname__
    return made  # type: ignore[no-any-return]


class _Fields:
    """The fields for `dataclasses`' functions, found when one of those asks."""

    def __init__(self, plain: type) -> None:
        self._plain = plain

    def __get__(self, _instance: object, owner: type) -> object:
        fields = dataclasses.dataclass(self._plain).__dataclass_fields__  # type: ignore[attr-defined]
        type.__setattr__(owner, "__dataclass_fields__", fields)
        return fields


def _first_of(defaults: Mapping[str, object]) -> Callable[..., None]:
    """An `__init__` for the first few values, which then makes the real one and puts it in its own place."""
    count = 0

    def __init__(self: object, *args: object, **named: object) -> None:  # noqa: N807
        nonlocal count
        count += 1
        made: Any = type(self)
        if count > FEW or not _fill(self, defaults, args, named):
            made.__init__ = _init(made, defaults)
            made.__init__(self, *args, **named)

    return __init__


def _fill(value: Any, defaults: Mapping[str, object], args: tuple[object, ...], named: dict[str, object]) -> bool:
    """Set a value's fields one by one; False where these are not the arguments for it, which the real `__init__` says."""
    names = value.__match_args__
    given = dict(zip(names, args, strict=False))
    if len(args) > len(names) or not given.keys().isdisjoint(named) or not named.keys() <= set(names):
        return False
    given |= named
    for name in names:
        if name not in given:
            default: Any = defaults.get(name, dataclasses.MISSING)
            if isinstance(default, dataclasses.Field):
                make = default.default_factory
                default = default.default if make is dataclasses.MISSING else make()
            if default is dataclasses.MISSING:
                return False
            given[name] = default
        object.__setattr__(value, name, given[name])
    if hasattr(value, "__post_init__"):
        value.__post_init__()
    return True


def _init(made: Any, defaults: Mapping[str, object]) -> Callable[..., None]:
    """The `__init__` of a value class, written from its fields and what they are by default.

    A frozen value is open while it is made: an attribute that is set by its name costs a tenth of a descriptor's call.
    """
    scope: dict[str, object] = {"_unset": _UNSET, "_made": made, "_become": object.__dict__["__class__"].__set__}
    scope["_open"] = type(made.__name__, made.__bases__, {"__slots__": made.__match_args__})
    shut = made.__setattr__ is _refuse
    heads, lines = ["self"], [" _become(self, _open)"] if shut else []
    for name in made.__match_args__:
        default: Any = defaults.get(name, dataclasses.MISSING)
        given, make = name, getattr(default, "default_factory", dataclasses.MISSING)
        if make is not dataclasses.MISSING:
            default, scope[f"_make_{name}"] = _UNSET, make
            given = f"_make_{name}() if {name} is _unset else {name}"
        elif isinstance(default, dataclasses.Field):
            default = default.default
        if default is not dataclasses.MISSING:
            scope[f"_default_{name}"] = default
        heads.append(name if default is dataclasses.MISSING else f"{name}=_default_{name}")
        lines.append(f" self.{name} = {given}")
    if shut:
        lines.append(" self.__class__ = _made")
    if hasattr(made, "__post_init__"):
        lines.append(" self.__post_init__()")
    exec(f"def __init__({', '.join(heads)}):\n" + "\n".join(lines or [" pass"]), scope)  # noqa: S102 - our own fields
    init: Any = scope["__init__"]
    init.__qualname__ = f"{made.__qualname__}.__init__"
    return init  # type: ignore[no-any-return]


def _repr(self: Any) -> str:
    shown = (field.name for field in dataclasses.fields(self) if field.repr)
    return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"


def _refuse(_self: object, name: str, _value: object = None) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _state(self: Any) -> list[object]:
    return [getattr(self, name) for name in self.__match_args__]


def _restore(self: Any, state: list[object]) -> None:
    for name, item in zip(self.__match_args__, state, strict=True):
        object.__setattr__(self, name, item)
