"""Arguments as users give them: checked where they come in, and named where they are wrong."""

from __future__ import annotations

import difflib
import functools
import inspect
import numbers
import operator
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import numpy as np

from synvec.paths import shown

P = ParamSpec("P")
T = TypeVar("T")

NO_PICKLE = dict.fromkeys(
    ("separately", "sep_limit", "ignore", "pickle_protocol"),
    "that is about gensim's pickles, and synvec's files are none: leave it out",
)
"""Arguments of gensim's ``save`` that are not there, and why."""


def whole(name: str, value: object, *, least: int = -(2**63), below: int = 2**63) -> int:
    """Return a whole number as an ``int``, within a range that ends at a power of two.

    Raises
    ------
    TypeError
        When it is none; a bool is none.
    ValueError
        When it is out of range.

    Examples
    --------
    >>> whole("window", 5, least=1)
    5
    """
    is_number = hasattr(value, "__index__") and not _is_bool(value)
    if not is_number:
        raise TypeError(f"{name} is {shown(value)}, expected a whole number")
    number = operator.index(value)  # type: ignore[arg-type]  # mypy doesn't know what was asked
    if not least <= number < below:
        is_low = number < least
        expected = f"{least} or more" if is_low else f"less than 2**{below.bit_length() - 1}"
        raise ValueError(f"{name} must be {expected}, not {value!r:.60}")
    return number


def real(name: str, value: object) -> float:
    """Return a number as it is, or as a ``float`` where it is NumPy's.

    Raises
    ------
    TypeError
        When it is none; a bool is none.

    Examples
    --------
    >>> real("alpha", 0.025)
    0.025
    """
    if isinstance(value, int | float) and not _is_bool(value):
        return value
    if not isinstance(value, numbers.Real) or _is_bool(value):
        raise TypeError(f"{name} is {shown(value)}, expected a number")
    return float(value)


def switch(name: str, value: object) -> bool:
    """Return what is on or off as a ``bool``: True, False, 1 or 0.

    Raises
    ------
    TypeError
        When it is neither a number nor a bool.
    ValueError
        When it is another number.

    Examples
    --------
    >>> switch("sg", 1)
    True
    """
    if not _is_bool(value) and not isinstance(value, numbers.Real):
        raise TypeError(f"{name} is {shown(value)}, expected 0 or 1")
    if value not in (0, 1):
        raise ValueError(f"{name} must be 0 or 1, not {value!r:.60}")
    return bool(value)


if TYPE_CHECKING:
    on_class_only = classmethod
else:

    class on_class_only(classmethod):  # noqa: N801 - a decorator
        """A class method that objects don't have, where calling it on one would be a mistake."""

        def __get__(self, instance: object, owner: type | None = None) -> Callable[..., object]:
            if instance is not None:
                raise AttributeError(f"{self.__name__} belongs to the class")
            return super().__get__(instance, owner)


def with_known_arguments(
    **instead: str,
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Let a method tell of a keyword that it doesn't know, and of the one that may be meant.

    Parameters
    ----------
    **instead
        For keywords that other software takes, what to do here.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        known = inspect.signature(function).parameters

        @functools.wraps(function)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
            for keyword in kwargs.keys() - known.keys():
                called = name_of_call(function, args)
                hint = _hint(keyword, known, instead)
                raise TypeError(f"{called} got an unexpected keyword argument {keyword!r}{hint}")
            return function(*args, **kwargs)

        return wrapper

    return decorate


def named_as_one(owner: type[T]) -> type[T]:
    """Name the methods of a class that is put together from several as if all were its own.

    Python's messages say ``KeyedVectors.rank() missing …``, and not the class of a room inside.
    """
    for base in owner.__mro__[1:]:
        for name, member in vars(base).items():
            method = getattr(member, "__func__", member)  # of class and static methods
            while inspect.isfunction(method) and method.__module__.startswith("synvec."):
                # Both, for an unbound method is pickled by them.
                method.__module__, method.__qualname__ = (
                    owner.__module__,
                    f"{owner.__name__}.{name}",
                )
                method = getattr(method, "__wrapped__", None)
    return owner


def name_of_call(function: Callable[..., object], args: tuple[object, ...]) -> str:
    """Return a method's name with the class that the caller sees, not the one it is written in."""
    owner = args[0] if args and isinstance(args[0], type) else type(args[0])
    return f"{owner.__name__}.{function.__name__}".removesuffix(".__init__")


def _hint(keyword: str, known: Mapping[str, object], instead: Mapping[str, str]) -> str:
    if keyword in instead:
        return f"; {instead[keyword]}"
    names = [name for name in known if name != "self"]
    close = difflib.get_close_matches(keyword.lower(), names, n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""


def _is_bool(value: object) -> bool:
    return isinstance(value, bool | np.bool_)
