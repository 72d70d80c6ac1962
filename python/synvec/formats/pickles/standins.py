"""What a pickle's objects become here: plain data, and stand-ins that do nothing but hold it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Malformed(Exception):  # noqa: N818 - what is wrong is told with its place, as a HeaderError
    """What no pickle of gensim's holds; whoever knows the file and the place adds them."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name that a pickle may give, and what stands for it.

    Attributes
    ----------
    module, name
        As the pickle spells it.
    is_class
        Whether it is one of gensim's classes, whose instances become `Instance`.
    make
        What is called where the pickle calls it; None for what may only be mentioned.
    """

    module: str
    name: str
    is_class: bool = False
    make: Callable[[tuple[Any, ...]], object] | None = None

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(slots=True, eq=False)
class Instance:
    """An object of one of gensim's classes: its class, and its attributes."""

    kind: Name
    args: tuple[Any, ...] = ()
    state: dict[Any, Any] = field(default_factory=dict)

    def find(self, *names: str) -> Any:
        """Return the first of these attributes that is there and not None; else None."""
        for name in names:
            # Python 2 wrote names as bytes.
            value = self.state.get(name, self.state.get(name.encode()))
            if value is not None:
                return value
        return None

    def instance(self, *names: str) -> Instance | None:
        """Return the first of these attributes that is an object of gensim's."""
        value = self.find(*names)
        return value if isinstance(value, Instance) else None

    def fill(self, state: object) -> None:
        """Take the attributes, as the opcode BUILD hands them over."""
        if isinstance(state, tuple) and len(state) == 2:  # the other half is of __slots__
            state = state[0] or state[1]
        if not isinstance(state, dict):
            raise Malformed(f"the state of {self.kind} is a {type(state).__name__}, not a dict")
        self.state = state


class Dropped:
    """What nobody needs here: random generators."""

    __slots__ = ()

    def fill(self, state: object) -> None:
        """Take the state, and forget it."""


class Dtype:
    """A NumPy dtype of plain numbers, or of objects (then ``numbers`` is None)."""

    __slots__ = ("numbers",)

    def __init__(self, code: object) -> None:
        if isinstance(code, bytes):
            code = code.decode("ascii", "replace")
        if not isinstance(code, str) or not _CODE.fullmatch(code):
            raise Malformed(f"the dtype {code!r} is not one of plain numbers")
        self.numbers = None if code.startswith("O") else np.dtype(code)

    def fill(self, state: object) -> None:
        """Take the byte order; everything else must be that of plain numbers."""
        if not isinstance(state, tuple) or len(state) < 5:
            raise Malformed("the state of a dtype is malformed")
        order, inner = state[1], state[2:5]
        if isinstance(order, bytes):
            order = order.decode("ascii", "replace")
        if order not in ("<", ">", "=", "|") or any(part is not None for part in inner):
            raise Malformed("a dtype has parts, expected plain numbers")
        if self.numbers is not None and order != "|":
            self.numbers = self.numbers.newbyteorder(order)


_CODE = re.compile(r"[<>=|]?(?:f[248]|[iu][1248]|b1|O[48]?)")


class Array:
    """An array in the pickle: its bytes stay where they are until they are asked for.

    Attributes
    ----------
    shape
        None until the pickle has told it.
    items
        Of an array of objects, these; None for numbers.
    """

    __slots__ = ("_is_fortran", "_raw", "dtype", "items", "shape")

    def __init__(self) -> None:
        self.shape: tuple[int, ...] | None = None
        self.dtype: np.dtype[Any] | None = None
        self.items: list[Any] | None = None
        self._raw: bytes = b""
        self._is_fortran = False

    def fill(self, state: object) -> None:
        """Take shape, dtype and bytes; the three must go together."""
        if not isinstance(state, tuple) or len(state) not in (4, 5):
            raise Malformed("the state of an array is malformed")
        shape, dtype, is_fortran, raw = state[-4:]  # before them, the version of the layout
        self.hold(shape, dtype, bool(is_fortran), raw)

    def hold(self, shape: object, dtype: object, is_fortran: bool, raw: object) -> None:
        """Check that the bytes are as many as the shape needs, and keep them."""
        if not isinstance(dtype, Dtype):
            raise Malformed("the dtype of an array is malformed")
        shape = checked_shape(shape)
        size = math.prod(shape)
        if dtype.numbers is None:
            if not isinstance(raw, list) or len(raw) != size or is_fortran:
                raise Malformed(f"an array of shape {shape} does not hold {size} objects")
            self.items = raw
        else:
            needed = size * dtype.numbers.itemsize
            if not isinstance(raw, bytes) or len(raw) != needed:
                found = f"{len(raw)} are there" if isinstance(raw, bytes) else "none are there"
                raise Malformed(
                    f"an array of shape {shape} {dtype.numbers} needs {needed} bytes, {found}"
                )
            self._raw = raw
        self.shape, self.dtype, self._is_fortran = shape, dtype.numbers, is_fortran

    def read(self, rows: int | None = None) -> NDArray[Any]:
        """Return the numbers, read-only; the first rows alone when ``rows`` says so."""
        assert self.shape is not None and self.dtype is not None
        order = "F" if self._is_fortran else "C"
        return np.frombuffer(self._raw, self.dtype).reshape(self.shape, order=order)[:rows]  # type: ignore[call-overload, no-any-return]


def checked_shape(shape: object) -> tuple[int, ...]:
    """Return the shape of an array, or raise `Malformed`."""
    if not isinstance(shape, tuple) or len(shape) > 4:
        raise Malformed("the shape of an array is malformed")
    if not all(type(length) is int and 0 <= length < 1 << 48 for length in shape):
        raise Malformed(f"an array has the shape {shape}")
    return shape
