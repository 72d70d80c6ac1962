"""How a class answers to older names: tables of what to write now, and of what is there no more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeAlias

from synvec.legacy.warning import warn_once

Older: TypeAlias = Mapping[str, tuple[str, Callable[[Any], Any]]]
"""For each older name what to write now, and what makes its value."""


def value_of(owner: object, name: str, names: Older, absent: Mapping[str, str]) -> Any:
    """Return what an older name stands for; to be called from ``__getattr__``, for the warning."""
    if name in names:
        new, make = names[name]
        value = make(owner)  # before the warning: a name whose successor is missing must not warn
        warn_once(f"{type(owner).__name__}.{name}", new, stacklevel=3)
        return value
    if name in absent:
        raise AttributeError(absent[name])
    raise AttributeError(f"{type(owner).__name__!r} object has no attribute {name!r}")


def refuse(owner: object, name: str, value: object) -> NoReturn:
    """Raise that keys can't be set by an older name; to be called from ``__setattr__``."""
    raise AttributeError(
        f"{name} can't be set on a {type(owner).__name__}: make a new store of keys and vectors "
        "with KeyedVectors.from_arrays(keys, vectors, counts=counts)"
    )
