"""What each opcode of a pickle does to the machine; those that are missing are refused."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable
from typing import Any

from synvec.formats.pickles.machine import MOST_ARGUMENTS, Machine, Step
from synvec.formats.pickles.standins import Instance, Malformed, Name

_MOST_DIGITS = 64
_MOST_LONG_BYTES = 32


def read_pickle(data: bytes, name: str) -> object:
    """Return what a pickle describes, in plain data and stand-ins; ``name`` is for messages.

    Raises
    ------
    UnsafePickleError
        When it names anything that is not on the list, or asks for help from outside.
    FormatError
        When it is malformed or not whole.
    """
    return Machine(data, name).run(_STEPS)


_ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|[\\'\"nrt])")
_ESCAPED = {
    b"\\": b"\\", b"'": b"'", b'"': b'"', b"n": b"\n", b"r": b"\r", b"t": b"\t",
}  # fmt: skip


def _text(raw: bytes, encoding: str = "utf-8") -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise Malformed(f"text is not valid {encoding} ({error.reason})") from None


def _integer(raw: bytes) -> int:
    try:
        if len(raw) <= _MOST_DIGITS:
            return int(raw)
    except ValueError:
        pass
    raise Malformed(f"{raw[:_MOST_DIGITS]!r} is no integer")


def _truth_or_integer(raw: bytes) -> int:
    return {b"00": False, b"01": True}.get(raw) if raw in (b"00", b"01") else _integer(raw)  # type: ignore[return-value]


def _real(raw: bytes) -> float:
    try:
        if len(raw) <= _MOST_DIGITS:
            return float(raw)
    except ValueError:
        pass
    raise Malformed(f"{raw[:_MOST_DIGITS]!r} is no number")


def _quoted(raw: bytes) -> bytes:
    """The bytes that Python 2 wrote as a quoted string."""
    if len(raw) < 2 or raw[:1] not in b"'\"" or raw[-1:] != raw[:1]:
        raise Malformed("a string has no quotes")
    return _ESCAPE.sub(_unescaped, raw[1:-1])


def _unescaped(found: re.Match[bytes]) -> bytes:
    what = found[1]
    return _ESCAPED[what] if len(what) == 1 else bytes([int(what[1:], 16)])


def _long(machine: Machine, size: int) -> int:
    if size > _MOST_LONG_BYTES:
        raise Malformed(f"an integer of {size} bytes")
    return int.from_bytes(machine.take(size), "little", signed=True)


def _proto(machine: Machine) -> None:
    version = machine.byte()
    if version > 5:
        raise Malformed(f"protocol {version}, expected 0 to 5")


def _frame(machine: Machine) -> None:
    machine.require(machine.number(8))  # a frame tells nothing else that is needed


def _global(machine: Machine) -> None:
    machine.push(machine.find(_text(machine.line()), _text(machine.line())))


def _stack_global(machine: Machine) -> None:
    name, module = machine.pop(), machine.pop()
    machine.push(machine.find(module, name))


def _object(machine: Machine, kind: object, args: Iterable[Any]) -> None:
    """An object of one of gensim's classes, whichever opcode asks for it."""
    if not isinstance(kind, Name):
        raise Malformed("an object is of no class")
    if not kind.is_class:
        raise machine.unsafe(f"makes an object of {kind}")
    machine.push_new(Instance(kind, tuple(args)), 128)


def _inst(machine: Machine) -> None:
    kind = machine.find(_text(machine.line()), _text(machine.line()))
    _object(machine, kind, machine.pop_mark())


def _obj(machine: Machine) -> None:
    kind, *args = machine.pop_mark() or [None]
    _object(machine, kind, args)


def _newobj(machine: Machine) -> None:
    args, kind = machine.pop(), machine.pop()
    if not isinstance(args, tuple) or len(args) > MOST_ARGUMENTS:
        raise Malformed("the arguments of an object are malformed")
    _object(machine, kind, args)


def _newobj_ex(machine: Machine) -> None:
    if machine.pop() != {}:
        raise Malformed("an object has named arguments")
    _newobj(machine)


def _reduce(machine: Machine) -> None:
    args, function = machine.pop(), machine.pop()
    machine.push(machine.call(function, args))


def _tuple(machine: Machine, length: int) -> None:
    items = tuple(machine.pop() for _ in range(length))[::-1]
    machine.push_new(items)


def _pop_mark(machine: Machine) -> None:
    machine.pop_mark()


def _set_item(machine: Machine) -> None:
    value, key = machine.pop(), machine.pop()
    machine.set([key, value])


def _append(machine: Machine) -> None:
    item = machine.pop()
    machine.add((item,))


def _index(machine: Machine) -> int:
    index = _integer(machine.line())
    if index < 0:
        raise Malformed(f"memo {index}")
    return index


def _dict(machine: Machine) -> None:
    items = machine.pop_mark()
    machine.push_new({})
    machine.set(items)


_STEPS: dict[int, Step] = {
    0x80: _proto,
    0x95: _frame,
    ord("("): Machine.mark,
    ord("0"): Machine.pop_or_unmark,
    ord("1"): _pop_mark,
    ord("2"): lambda machine: machine.push(machine.top()),
    # Plain values.
    ord("N"): lambda machine: machine.push(None),
    0x88: lambda machine: machine.push(True),
    0x89: lambda machine: machine.push(False),
    ord("I"): lambda machine: machine.push(_truth_or_integer(machine.line())),
    ord("L"): lambda machine: machine.push(_integer(machine.line().rstrip(b"L"))),
    ord("J"): lambda machine: machine.push(int.from_bytes(machine.take(4), "little", signed=True)),
    ord("K"): lambda machine: machine.push(machine.byte()),
    ord("M"): lambda machine: machine.push(machine.number(2)),
    0x8A: lambda machine: machine.push(_long(machine, machine.byte())),
    0x8B: lambda machine: machine.push(_long(machine, machine.number(4))),
    ord("F"): lambda machine: machine.push(_real(machine.line())),
    ord("G"): lambda machine: machine.push(struct.unpack(">d", machine.take(8))[0]),
    # Text; of Python 2, bytes, since its strings are both.
    ord("S"): lambda machine: machine.push(_quoted(machine.line())),
    ord("T"): lambda machine: machine.push(machine.take(machine.number(4))),
    ord("U"): lambda machine: machine.push(machine.take(machine.byte())),
    ord("V"): lambda machine: machine.push(_text(machine.line(), "raw-unicode-escape")),
    ord("X"): lambda machine: machine.push(_text(machine.take(machine.number(4)))),
    0x8C: lambda machine: machine.push(_text(machine.take(machine.byte()))),
    0x8D: lambda machine: machine.push(_text(machine.take(machine.number(8)))),
    ord("B"): lambda machine: machine.push(machine.take(machine.number(4))),
    ord("C"): lambda machine: machine.push(machine.take(machine.byte())),
    0x8E: lambda machine: machine.push(machine.take(machine.number(8))),
    0x96: lambda machine: machine.push(machine.take(machine.number(8))),
    # Containers; a set is a list.
    ord(")"): lambda machine: machine.push(()),
    ord("t"): lambda machine: machine.push_new(tuple(machine.pop_mark())),
    0x85: lambda machine: _tuple(machine, 1),
    0x86: lambda machine: _tuple(machine, 2),
    0x87: lambda machine: _tuple(machine, 3),
    ord("]"): lambda machine: machine.push_new([]),
    ord("l"): lambda machine: machine.push_new(machine.pop_mark()),
    ord("a"): _append,
    ord("e"): lambda machine: machine.add(machine.pop_mark()),
    ord("}"): lambda machine: machine.push_new({}),
    ord("d"): _dict,
    ord("s"): _set_item,
    ord("u"): lambda machine: machine.set(machine.pop_mark()),
    0x8F: lambda machine: machine.push_new([]),
    0x90: lambda machine: machine.add(machine.pop_mark()),
    0x91: lambda machine: machine.push_new(machine.pop_mark()),
    # The memo.
    ord("p"): lambda machine: machine.remember(_index(machine)),
    ord("q"): lambda machine: machine.remember(machine.byte()),
    ord("r"): lambda machine: machine.remember(machine.number(4)),
    0x94: Machine.remember_next,
    ord("g"): lambda machine: machine.recall(_index(machine)),
    ord("h"): lambda machine: machine.recall(machine.byte()),
    ord("j"): lambda machine: machine.recall(machine.number(4)),
    # Names, and what is made with them.
    ord("c"): _global,
    0x93: _stack_global,
    ord("R"): _reduce,
    ord("b"): Machine.build,
    ord("i"): _inst,
    ord("o"): _obj,
    0x81: _newobj,
    0x92: _newobj_ex,
}
