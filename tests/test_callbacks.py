"""Callbacks: what is one, what is called, and what ends training."""

from typing import Any

import numpy as np
import pytest

from synvec import CallbackAny2Vec, Word2Vec

TEXT = [["red", "apple"], ["green", "apple"], ["red", "cherry"]] * 5


def trained(*callbacks: Any, **arguments: Any) -> Word2Vec:
    settings: dict[str, Any] = {"min_count": 1, "vector_size": 4, "workers": 1, "epochs": 4}
    return Word2Vec(TEXT, **settings | arguments, callbacks=callbacks)


@pytest.mark.parametrize(
    ("answer", "epochs"),
    [(False, 1), (np.False_, 1), (True, 4), (np.True_, 4), (None, 4), (0, 4), ("no", 4)],
)
def test_false_alone_ends_training(answer: object, epochs: int) -> None:
    assert len(trained(lambda model: answer).history) == epochs


def test_a_callback_may_know_some_events_alone() -> None:
    seen = []

    class Ends:
        def on_epoch_end(self, model: Word2Vec) -> None:
            seen.append(len(model.history))

    class Begins:
        def on_train_begin(self, model: Word2Vec) -> None:
            seen.append("begin")

    trained(Ends(), Begins(), epochs=2)
    assert seen == ["begin", 1, 2]


@pytest.mark.parametrize(
    ("callbacks", "message"),
    [
        ([3], "a callback is int 3, expected a CallbackAny2Vec or a function of the model"),
        ([CallbackAny2Vec], r"is the class CallbackAny2Vec, expected an object of it: .*\(\)"),
        (print, "expected a list of callbacks; put a single one in a list, too"),
        (CallbackAny2Vec(), "expected a list of callbacks"),
        ("epochs", "callbacks is str 'epochs', expected a list of callbacks"),
    ],
)
def test_what_is_no_callback_is_told_before_the_corpus_is_read(
    callbacks: Any, message: str
) -> None:
    untouched = iter(TEXT)
    with pytest.raises(TypeError, match=message):
        Word2Vec(untouched, min_count=1, callbacks=callbacks)
    assert len(list(untouched)) == len(TEXT)
    model = trained()
    with pytest.raises(TypeError, match=message):
        model.train(TEXT, total_examples=len(TEXT), epochs=1, callbacks=callbacks)


@pytest.mark.parametrize("event", ["on_train_begin", "on_epoch_begin", "on_epoch_end"])
def test_a_callback_that_fails_leaves_a_usable_model(event: str) -> None:
    class Fails(CallbackAny2Vec):
        pass

    def fail(self: Any, model: Word2Vec) -> None:
        raise OSError("no room for the checkpoint")

    setattr(Fails, event, fail)
    model = trained()
    with pytest.raises(OSError, match="no room for the checkpoint"):
        model.train(TEXT, total_examples=len(TEXT), epochs=2, callbacks=[Fails()])
    model.train(TEXT, total_examples=len(TEXT), epochs=1)
    assert len(model.wv.most_similar("red")) == 3
