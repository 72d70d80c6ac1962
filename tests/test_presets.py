"""Presets set what a call leaves out, and nothing else."""

import inspect

import pytest

from synvec import PRESETS, Word2Vec


def chosen(model: Word2Vec) -> dict[str, object]:
    return {name: getattr(model, name) for name in PRESETS["quality"]}


def test_a_preset_sets_what_is_not_given():
    assert chosen(Word2Vec(preset="quality")) == dict(PRESETS["quality"])
    assert chosen(Word2Vec()) != dict(PRESETS["quality"])


def test_what_is_given_stays_even_where_it_is_the_default():
    model = Word2Vec(None, None, 100, preset="quality", window=5)
    assert chosen(model) == {**PRESETS["quality"], "vector_size": 100, "window": 5}


def test_every_argument_of_a_preset_is_one_of_word2vec():
    parameters = inspect.signature(Word2Vec).parameters
    for preset in PRESETS.values():
        assert set(preset) <= set(parameters)


def test_an_unknown_preset_lists_those_there_are():
    with pytest.raises(ValueError, match="preset must be one of 'quality', not 'best'"):
        Word2Vec(preset="best")  # type: ignore[arg-type]
