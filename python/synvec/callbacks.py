"""What users hang onto the events of training."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast


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


class _AfterEachEpoch(CallbackAny2Vec):
    """A plain function as a callback."""

    def __init__(self, function: Callable[[Any], object]) -> None:
        self._function = function

    def on_epoch_end(self, model: Any) -> object:
        return self._function(model)


def as_objects(callbacks: Iterable[Callback]) -> list[CallbackAny2Vec]:
    """Return callbacks as objects with the four methods; those that are some already, as they are.

    Raises
    ------
    TypeError
        When one is neither.
    """
    objects: list[CallbackAny2Vec] = []
    for callback in callbacks:
        if hasattr(callback, "on_epoch_end"):
            objects.append(cast("CallbackAny2Vec", callback))
        elif callable(callback):
            objects.append(_AfterEachEpoch(callback))
        else:
            raise TypeError(
                f"a callback is a {type(callback).__name__}, expected a CallbackAny2Vec or a"
                " function of the model"
            )
    return objects
