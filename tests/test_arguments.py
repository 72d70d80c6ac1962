"""Arguments that make no sense, each told by its name."""

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from synvec import KeyedVectors, Word2Vec
from synvec.arguments import real, switch, whole, with_known_arguments

TEXT = [["red", "apple"], ["green", "apple"], ["red", "cherry"]] * 5


def test_whole_numbers() -> None:
    assert whole("n", np.int32(5)) == 5 and type(whole("n", np.int32(5))) is int
    for value in (None, 1.0, "1", True, np.True_, [1]):
        with pytest.raises(TypeError, match=r"n is .*, expected a whole number"):
            whole("n", value)
    with pytest.raises(ValueError, match="n must be 1 or more, not 0"):
        whole("n", 0, least=1)
    with pytest.raises(ValueError, match=r"n must be less than 2\*\*63, not 9223372036854775808"):
        whole("n", 2**63)


def test_numbers() -> None:
    assert real("x", np.float32(0.5)) == 0.5 and type(real("x", np.float32(0.5))) is float
    assert type(real("x", 1)) is int
    for value in (None, "1", True, np.True_, 1j, [1.0]):
        with pytest.raises(TypeError, match=r"x is .*, expected a number"):
            real("x", value)


def test_switches() -> None:
    for on in (True, 1, 1.0, np.True_, np.int64(1)):
        assert switch("sg", on) is True
    assert switch("sg", 0) is switch("sg", np.False_) is False
    for value in (2, -1, 0.5, float("nan")):
        with pytest.raises(ValueError, match="sg must be 0 or 1, not"):
            switch("sg", value)
    for value in (None, "1", [1], np.ones(2)):
        with pytest.raises(TypeError, match=r"sg is .*, expected 0 or 1"):
            switch("sg", value)


def test_unknown_arguments() -> None:
    class Kettle:
        @with_known_arguments(watts="power comes from the wall")
        def boil(self, *, litres: float = 1.0, minutes: float = 3.0) -> float:
            return litres * minutes

    kettle: Any = Kettle()
    assert kettle.boil(litres=2) == 6
    expected = {
        "litre": r"^Kettle\.boil got an unexpected .* 'litre'; did you mean 'litres'\?$",
        "Minutes": r"did you mean 'minutes'\?$",
        "watts": "'watts'; power comes from the wall$",
        "zest": "'zest'$",
    }
    for keyword, message in expected.items():
        with pytest.raises(TypeError, match=message):
            kettle.boil(**{keyword: 1})


@pytest.mark.parametrize(
    "name",
    [
        "vector_size", "window", "min_count", "max_vocab_size", "seed", "workers", "negative",
        "epochs", "max_final_vocab", "spool_bytes",
    ],
)  # fmt: skip
def test_whole_settings_of_a_model(name: str) -> None:
    with pytest.raises(TypeError, match=rf"^{name} is float 1\.5, expected a whole number$"):
        Word2Vec(**{name: 1.5})
    with pytest.raises(ValueError, match=rf"^{name} must be less than 2\*\*\d\d, not "):
        Word2Vec(**{name: 2**70})


@pytest.mark.parametrize("name", ["alpha", "min_alpha", "sample", "ns_exponent"])
def test_real_settings_of_a_model(name: str) -> None:
    with pytest.raises(TypeError, match=rf"^{name} is str 'high', expected a number$"):
        Word2Vec(**{name: "high"})
    for value in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match=rf"^{name} must be a finite number"):
            Word2Vec(**{name: value})


@pytest.mark.parametrize(
    "name",
    [
        "sg", "hs", "cbow_mean", "null_word", "sorted_vocab", "compute_loss", "shrink_windows",
        "cbow_corrected", "shared_negatives", "lowercase",
    ],
)  # fmt: skip
def test_switches_of_a_model(name: str) -> None:
    with pytest.raises(ValueError, match=rf"^{name} must be 0 or 1, not 2$"):
        Word2Vec(**{name: 2})
    with pytest.raises(TypeError, match=rf"^{name} is str 'no', expected 0 or 1$"):
        Word2Vec(**{name: "no"})


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"max_vocab_size": 0}, ValueError, "max_vocab_size must be 1 or more, not 0"),
        ({"max_final_vocab": -1}, ValueError, "max_final_vocab must be 1 or more, not -1"),
        ({"trim_rule": "keep"}, TypeError, "trim_rule is str 'keep', expected a function of"),
        ({"comment": 5}, TypeError, "comment is int 5, expected a text"),
        ({"progress": 5}, TypeError, "progress is int 5, expected True, False, None or"),
        ({"spool_dir": 5}, TypeError, "spool_dir is int 5, expected the path of a folder"),
        ({"spool_dir": "/no/such"}, FileNotFoundError, "spool_dir: no such folder"),
        ({"spool_dir": __file__}, NotADirectoryError, "spool_dir is no folder"),
        ({"vec_size": 5}, TypeError, r"^Word2Vec got .*'vec_size'; did you mean 'vector_size'\?$"),
        ({"n_jobs": 5}, TypeError, "'n_jobs'; the number of threads is workers$"),
    ],
)
def test_other_settings_of_a_model(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        Word2Vec(TEXT, **{"min_count": 1} | arguments)


def test_settings_that_were_changed_are_looked_at_again() -> None:
    model = Word2Vec(TEXT, min_count=1, vector_size=4, epochs=1)
    model.window = 2.5  # type: ignore[assignment]
    with pytest.raises(TypeError, match=r"window is float 2\.5, expected a whole number"):
        model.train(TEXT, total_examples=15, epochs=1)


def test_numbers_of_numpy_are_saved(tmp_path: Any) -> None:
    settings: dict[str, Any] = {
        "vector_size": np.int64(4), "min_count": np.int32(1), "alpha": np.float32(0.05),
        "sg": np.True_, "seed": np.uint64(7), "workers": np.int8(1),
    }  # fmt: skip
    Word2Vec(TEXT, **settings).save(tmp_path / "model.kv")
    loaded = Word2Vec.load(tmp_path / "model.kv")
    assert all(getattr(loaded, name) == value for name, value in settings.items())


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda kv: kv.most_similar(postive=["a"]), "most_similar got .* did you mean 'positive'?"),
        (lambda kv: kv.add_vectors(["b"], vectors=[[1]]), "KeyedVectors.add_vectors got an"),
        (lambda kv: kv.load_word2vec_format("x", bin=True), "did you mean 'binary'?"),
        (lambda kv: kv.evaluate_word_pairs("x", delimeter=","), "did you mean 'delimiter'?"),
        (lambda kv: kv.rank(), r"KeyedVectors\.rank\(\) missing 2"),
        (lambda _: KeyedVectors(), r"KeyedVectors\.__init__\(\) missing 1"),
        (lambda _: Word2Vec().predict_output_word(), r"Word2Vec\.predict_output_word\(\) missing"),
    ],
)
def test_messages_name_the_class_that_users_know(call: Callable[[Any], object], told: str) -> None:
    with pytest.raises(TypeError, match=told):
        call(KeyedVectors(1))


def test_methods_of_rooms_inside_are_pickled() -> None:
    for method in (KeyedVectors.most_similar, KeyedVectors.load, Word2Vec.build_vocab):
        assert pickle.loads(pickle.dumps(method)) == method
