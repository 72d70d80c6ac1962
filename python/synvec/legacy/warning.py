"""The one warning of each older name, and arguments that go by one."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from synvec.arguments import name_of_call

P = ParamSpec("P")
T = TypeVar("T")
_warned: set[str] = set()


def warn_once(old: str, new: str, stacklevel: int) -> None:
    """Warn of an older name the first time that it is met in this process."""
    if old in _warned:
        return
    message = f"{old} is a name from before gensim 4: use {new}"
    warnings.warn(message, DeprecationWarning, stacklevel=stacklevel + 1)
    _warned.add(old)  # after the warning: where it is made an error, each use is one


def with_older_keywords(**renamed: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Let a method take arguments by their older names: ``size="vector_size"``.

    Both names at once are a `TypeError`.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(function)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
            for old in renamed.keys() & kwargs.keys():
                called = name_of_call(function, args)
                new = renamed[old]
                if new in kwargs:
                    raise TypeError(
                        f"{called} got {old}={kwargs[old]!r} and {new}={kwargs[new]!r}, two names "
                        f"of one argument: keep {new}"
                    )
                warn_once(f"{called}({old}=...)", f"{new}=...", stacklevel=2)
                kwargs[new] = kwargs.pop(old)
            return function(*args, **kwargs)

        return wrapper

    return decorate
