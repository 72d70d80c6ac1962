"""The machine that a pickle is a program for, with its dangerous half left out.

Opcodes as in CPython's ``pickletools``. Names come from the list in `names`; what would import,
call or ask for help from outside is refused. Sizes are compared with the bytes that are left before
anything is made, and objects with the size of the file: no file costs more than it has bytes for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from synvec.errors import (
    FormatError,
    HeaderError,
    TruncatedFileError,
    UnsafePickleError,
    UnsupportedFormatError,
)
from synvec.formats.pickles.names import NAMES, OTHER_MODELS
from synvec.formats.pickles.standins import Array, Dropped, Dtype, Instance, Malformed, Name

_GRACE_BYTES = 4 << 20
_BYTES_A_BYTE = 16
"""What objects may take in memory: so much, and so much for each byte of the file.

gensim's own files need nine for each byte at most; a hostile one could ask for hundreds.
"""
_MOST_MARKS = 1 << 12
MOST_ARGUMENTS = 8
_MEMO_GAP = 1 << 10  # cPickle counts from 1, and others leave gaps

_NEXT = "in gensim, save its vectors with save_word2vec_format(path), and load(path) here"
_ABSENT = object()

Step = Callable[["Machine"], None]
"""What an opcode does."""

STOP = ord(".")

_OUTSIDE = {
    ord("P"): "an object by a persistent id",
    ord("Q"): "an object by a persistent id",
    0x82: "an object by an extension code",
    0x83: "an object by an extension code",
    0x84: "an object by an extension code",
    0x97: "a buffer from outside",
    0x98: "a buffer from outside",
}
"""Opcodes that ask whoever runs the pickle for something."""


class Machine:
    """Builds what a pickle describes out of plain data and stand-ins.

    Parameters
    ----------
    data
        The whole pickle.
    name
        What messages call the file.
    """

    def __init__(self, data: bytes, name: str) -> None:
        self._data = data
        self._name = name
        self._at = 0
        self._stack: list[Any] = []
        self._below: list[list[Any]] = []  # the stacks that lie under each open mark
        self._memo: list[Any] = []
        self._budget = _GRACE_BYTES + _BYTES_A_BYTE * len(data)

    def run(self, steps: Mapping[int, Step]) -> object:
        """Return what the pickle describes.

        Parameters
        ----------
        steps
            What each opcode does.

        Raises
        ------
        UnsafePickleError
            When it names anything that is not on the list, or asks for help from outside.
        FormatError
            When it is malformed or not whole.
        """
        data = self._data
        try:
            while True:
                opcode = data[self._at] if self._at < len(data) else -1
                if opcode == STOP:
                    return self._result()
                step = steps.get(opcode)
                if step is None:
                    raise self._strange(opcode)
                self._at += 1
                step(self)
        except Malformed as error:
            raise self._malformed(str(error)) from None
        except IndexError:  # of the stack alone: every other place looks before it takes
            raise self._malformed("the stack is empty") from None

    def _result(self) -> object:
        rest = len(self._data) - self._at - 1
        if rest:
            raise self._malformed(f"{rest} bytes follow the end of the pickle")
        if self._below or len(self._stack) != 1:
            raise self._malformed("the pickle ends with more than one object")
        return self._stack[0]

    # --- errors ---------------------------------------------------------------------------------

    def _malformed(self, message: str) -> FormatError:
        return HeaderError(f"{self._name}: gensim pickle, byte {self._at}: {message}")

    def unsafe(self, what: str) -> UnsafePickleError:
        """Return an error about something that could run code."""
        return UnsafePickleError(
            f"{self._name}: a pickle that {what} at byte {self._at}, which word vectors have no"
            f" need of; nothing of it was run. If you trust the file: {_NEXT}"
        )

    def _strange(self, opcode: int) -> FormatError:
        if opcode < 0:
            return TruncatedFileError(
                f"{self._name}: gensim pickle, it ends at byte {self._at} before it is whole; copy"
                " the file anew"
            )
        if opcode in _OUTSIDE:
            return self.unsafe(f"asks for {_OUTSIDE[opcode]}")
        return self._malformed(f"opcode 0x{opcode:02x} is unknown")

    # --- bytes ----------------------------------------------------------------------------------

    def take(self, size: int) -> bytes:
        """Return the next ``size`` bytes."""
        end = self._at + size
        if end > len(self._data):
            raise TruncatedFileError(
                f"{self._name}: gensim pickle, byte {self._at}: {size} bytes are announced,"
                f" {len(self._data) - self._at} are left; copy the file anew"
            )
        taken = self._data[self._at : end]
        self._at = end
        return taken

    def require(self, size: int) -> None:
        """Raise an error unless so many bytes are left."""
        if size > len(self._data) - self._at:
            self.take(size)

    def byte(self) -> int:
        """Return the next byte."""
        at = self._at
        if at == len(self._data):
            raise self._strange(-1)
        self._at = at + 1
        return self._data[at]

    def number(self, size: int) -> int:
        """Return the next ``size`` bytes as an unsigned integer."""
        end = self._at + size
        if end > len(self._data):
            return int.from_bytes(self.take(size), "little")  # which tells that the file ends
        taken = self._data[self._at : end]
        self._at = end
        return int.from_bytes(taken, "little")

    def line(self) -> bytes:
        """Return the text up to the next newline, which is passed over."""
        end = self._data.find(b"\n", self._at)
        if end < 0:
            raise self._strange(-1)
        line = self._data[self._at : end]
        self._at = end + 1
        return line

    # --- objects --------------------------------------------------------------------------------

    def charge(self, size: int) -> None:
        """Count memory that the next object takes."""
        self._budget -= size
        if self._budget < 0:
            raise Malformed("it asks for far more objects than a file of this size could describe")

    def push(self, value: object) -> None:
        """Put an object on the stack."""
        self._stack.append(value)

    def push_new(self, value: object, size: int = 64) -> None:
        """Put a container on the stack, which takes memory."""
        self.charge(size)
        self._stack.append(value)

    def pop(self) -> Any:
        """Take an object from the stack."""
        return self._stack.pop()

    def pop_or_unmark(self) -> None:
        """Drop an object from the stack, or a mark that has nothing above it."""
        if self._stack or not self._below:
            self._stack.pop()
        else:
            self.pop_mark()

    def top(self) -> Any:
        """Return the object on top of the stack."""
        return self._stack[-1]

    def mark(self) -> None:
        """Begin a new stack, which `pop_mark` ends."""
        if len(self._below) == _MOST_MARKS:
            raise Malformed(f"it is nested more than {_MOST_MARKS} deep")
        self.charge(64)
        self._below.append(self._stack)
        self._stack = []

    def pop_mark(self) -> list[Any]:
        """Return the objects since the last mark."""
        if not self._below:
            raise Malformed("there is no mark")
        items, self._stack = self._stack, self._below.pop()
        return items

    def remember(self, index: int) -> None:
        """Keep the object on top of the stack under a number."""
        memo, value = self._memo, self._stack[-1]
        if index == len(memo):
            memo.append(value)
        elif index < len(memo):
            memo[index] = value
        elif index - len(memo) < _MEMO_GAP:
            self.charge(8 * _MEMO_GAP)
            memo.extend([_ABSENT] * (index - len(memo)))
            memo.append(value)
        else:
            raise Malformed(f"memo {index} follows {len(memo)}")

    def recall(self, index: int) -> None:
        """Put an object on the stack that was kept."""
        value = self._memo[index] if index < len(self._memo) else _ABSENT
        if value is _ABSENT:
            raise Malformed(f"memo {index} is empty")
        self._stack.append(value)

    def remember_next(self) -> None:
        """Keep the object on top of the stack under the next number."""
        self.remember(len(self._memo))

    # --- names and what is called ---------------------------------------------------------------

    def find(self, module: object, name: object) -> Name:
        """Return what stands for a name, if it is on the list."""
        if not isinstance(module, str) or not isinstance(name, str):
            raise Malformed("a name is no text")
        found = NAMES.get((module, name))
        if found is None and (module, name) in OTHER_MODELS:
            raise UnsupportedFormatError(
                f"{self._name}: holds a {module}.{name}, which synvec does not read; if it has word"
                f" vectors, {_NEXT}"
            )
        if found is None:
            shown = f"{module}.{name}"
            raise self.unsafe(f"names {shown if len(shown) <= 200 else shown[:200] + '…'}")
        return found

    def call(self, function: object, args: object) -> object:
        """Return what stands for the result of a call."""
        if not isinstance(function, Name) or not isinstance(args, tuple):
            raise Malformed("what is called is no name")
        self.charge(64 + 8 * len(args) + sum(map(_weight, args[:MOST_ARGUMENTS])))
        if len(args) > MOST_ARGUMENTS:
            raise Malformed(f"{function} is called with {len(args)} arguments")
        if function.is_class:
            return Instance(function, args)
        if function.make is None:
            raise self.unsafe(f"calls {function}")
        return function.make(args)

    def build(self) -> None:
        """Hand the state on top of the stack to the object below it."""
        state = self.pop()
        target = self.top()
        if not isinstance(target, Instance | Array | Dtype | Dropped):
            raise Malformed(f"a {type(target).__name__} takes no state")
        target.fill(state)

    def add(self, items: Iterable[Any]) -> None:
        """Add to the list (or set) on top of the stack."""
        target = self.top()
        if type(target) is not list:
            raise Malformed(f"items are added to a {type(target).__name__}")
        target.extend(items)

    def set(self, items: list[Any]) -> None:
        """Add pairs to the dict on top of the stack."""
        target = self.top()
        if type(target) is not dict or len(items) % 2:
            raise Malformed("pairs are malformed, or added to something else than a dict")
        for key, value in zip(items[::2], items[1::2], strict=True):
            if type(key) is not str and not _is_key(key):
                raise Malformed(f"a {type(key).__name__} is the key of a dict")
            target[key] = value


def _weight(argument: object) -> int:
    """How much work an argument may make."""
    return 8 * len(argument) if isinstance(argument, str | bytes | list | tuple | dict) else 0


_MOST_WORDS = 64
"""The longest tuple that may be the key of a dict."""


def _is_key(key: object) -> bool:
    # Integers of any length, and tuples of what is no text, can be made to hash alike, or slowly.
    if type(key) is tuple:  # the words of a phrase
        return len(key) <= _MOST_WORDS and all(type(word) in (str, bytes) for word in key)
    return isinstance(key, bytes) or (type(key) is int and -(1 << 63) <= key < 1 << 64)
