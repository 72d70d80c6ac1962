"""Presets: sets of arguments that go well together, under one name."""

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "quality": {"sg": 1, "vector_size": 200, "window": 8, "negative": 7, "epochs": 6},
}
"""For each preset the arguments of `Word2Vec` that it sets.

``"quality"`` spends the time that gensim takes with its defaults (CBOW, D = 100, 5 epochs) on
better vectors. Eight targets a step, a word and 7 negatives, fill the kernels' tiles, so that the
last two negatives cost little. docs/benchmarks.md has what it was measured against.
"""

P = ParamSpec("P")


def with_presets(function: Callable[P, None]) -> Callable[P, None]:
    """Let a function's ``preset`` argument set those arguments that the call leaves out.

    Whatever the call gives itself is kept, even where it is the default.
    """
    signature = inspect.signature(function)

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> None:
        name = kwargs.get("preset")
        if name is not None:
            given = signature.bind(*args, **kwargs).arguments
            kwargs.update((k, v) for k, v in find_preset(name).items() if k not in given)
        function(*args, **kwargs)

    return wrapper


def find_preset(name: object) -> Mapping[str, Any]:
    """Return the arguments of a preset.

    Raises
    ------
    ValueError
        For a name that is none; the message lists those there are.

    Examples
    --------
    >>> find_preset("quality")["window"]
    8
    """
    if name not in PRESETS:
        known = ", ".join(repr(preset) for preset in PRESETS)
        raise ValueError(f"preset must be one of {known}, not {name!r}")
    return PRESETS[str(name)]
