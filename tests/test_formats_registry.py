"""Formats by name: each has its room, and each refuses what it does not take."""

import inspect
import io
from importlib import import_module
from typing import get_args

import pytest

from synvec import KeyedVectors, formats
from synvec.formats.registry import FORMATS, Format, entry_of


def test_every_format_has_its_entry_and_its_functions() -> None:
    assert list(FORMATS) == list(get_args(Format))
    for entry in FORMATS.values():
        room = import_module(f"synvec.formats.{entry.room}")
        assert entry.load or entry.export
        if entry.load:
            assert "limits" in inspect.signature(getattr(room, entry.load)).parameters
        if entry.export:
            first, second, *_ = inspect.signature(getattr(room, entry.export)).parameters
            assert (first, second) == ("vectors", "target")


def test_no_two_formats_claim_one_ending() -> None:
    endings = [ending for entry in FORMATS.values() for ending in entry.endings]
    assert len(endings) == len(set(endings))
    for name, entry in FORMATS.items():
        for ending in entry.endings:
            assert formats.format_of_ending(f"a{ending}") == name


def test_unknown_names_and_options_are_refused() -> None:
    with pytest.raises(ValueError, match="expected one of native, "):
        entry_of("word3vec")
    vectors = KeyedVectors.from_arrays(["a"], [[1.0, 2.0]])
    with pytest.raises(TypeError, match="GloVe text takes no style; leave it out"):
        formats.save(vectors, io.BytesIO(), format="glove", style="gensim")
    with pytest.raises(TypeError, match="takes no typo"):
        formats.load_glove(io.BytesIO(b"a 1 2\n"), typo=1)  # type: ignore[call-arg]
