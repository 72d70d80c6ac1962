"""Inputs that once brought a reader down, found by `fuzz/`; none does so again.

A file in `tests/data/hostile` is named after the format as which it is read, then what was wrong.
"""

import io
import warnings
from pathlib import Path

import pytest

import synvec
from synvec import KeyedVectors, formats
from tests.hostile import check_usable

FOUND = sorted((Path(__file__).parent / "data" / "hostile").iterdir())


def format_of(path: Path) -> formats.Format:
    return max((name for name in formats.FORMATS if path.name.startswith(name)), key=len)


@pytest.mark.parametrize("path", FOUND, ids=[path.name for path in FOUND])
def test_it_is_an_error_or_vectors_that_go_out_as_they_came(path: Path) -> None:
    format = format_of(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            loaded = formats.load(path, format=format)
    except synvec.FormatError:
        return
    assert isinstance(loaded, KeyedVectors)
    check_usable(loaded)
    if formats.FORMATS[format].export is None:
        return
    file = io.BytesIO()
    formats.save(loaded, file, format=format)
    again = formats.vectors_of(formats.load(io.BytesIO(file.getvalue()), format=format))
    assert again.index_to_key == loaded.index_to_key
    assert again.vectors.tobytes() == loaded.vectors.tobytes()
