"""What users hang onto the events of training."""

from __future__ import annotations

from typing import Any


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
