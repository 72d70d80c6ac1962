"""What users hang onto the events of training."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from synvec.paths import shown


class CallbackAny2Vec:
    """Called at the beginning and the end of training and of each epoch; all methods do nothing.

    Return ``False`` from `on_epoch_end` to stop training there.

    Examples
    --------
    >>> from synvec import Word2Vec
    >>> class Epochs(CallbackAny2Vec):
    ...     count = 0
    ...     def on_epoch_end(self, model):
    ...         self.count += 1
    >>> epochs = Epochs()
    >>> model = Word2Vec([["a", "b"]], min_count=1, epochs=3, callbacks=[epochs])
    >>> epochs.count
    3
    """

    def on_train_begin(self, model: Any) -> object:
        """Before the first epoch."""

    def on_epoch_begin(self, model: Any) -> object:
        """Before each epoch."""

    def on_epoch_end(self, model: Any) -> object:
        """After each epoch; ``False`` ends training."""

    def on_train_end(self, model: Any) -> object:
        """After the last epoch."""


Callback = CallbackAny2Vec | Callable[[Any], object]
"""What ``callbacks`` takes: objects, or functions of the model that are called after each epoch."""

_EVENTS = ("on_train_begin", "on_epoch_begin", "on_epoch_end", "on_train_end")


class _Listener(CallbackAny2Vec):
    """A callback that knows some of the events alone: those it doesn't know do nothing."""

    def __init__(self, source: object, **methods: Callable[[Any], object]) -> None:
        # What messages and checkpoints call it.
        self.__name__ = getattr(source, "__name__", type(source).__name__)
        vars(self).update(methods)


def as_objects(callbacks: Iterable[Callback] | None) -> list[CallbackAny2Vec]:
    """Return callbacks as objects with the four methods; those that are some already, as they are.

    Raises
    ------
    TypeError
        When they are no list, or one is no callback.

    Examples
    --------
    >>> [listener] = as_objects([len])
    >>> listener.on_epoch_end("four")
    4
    """
    if callbacks is None:
        return []
    if not isinstance(callbacks, Iterable) or isinstance(callbacks, str | bytes):
        raise TypeError(
            f"callbacks is {shown(callbacks)}, expected a list of callbacks; put a single one in a "
            "list, too"
        )
    return [_as_object(callback) for callback in callbacks]


def _as_object(callback: object) -> CallbackAny2Vec:
    if isinstance(callback, CallbackAny2Vec):
        return callback
    methods = {name: getattr(callback, name) for name in _EVENTS if hasattr(callback, name)}
    if isinstance(callback, type) and methods:
        raise TypeError(
            f"a callback is the class {callback.__name__}, expected an object of it: "
            f"{callback.__name__}()"
        )
    if methods:
        return _Listener(callback, **methods)
    if callable(callback):
        return _Listener(callback, on_epoch_end=callback)
    raise TypeError(
        f"a callback is {shown(callback)}, expected a CallbackAny2Vec or a function of the model"
    )


def ends_training(answer: object) -> bool:
    """Whether a callback's answer is False: Python's or NumPy's, which comparisons give."""
    return isinstance(answer, bool | np.bool_) and not answer
