"""fastText's models that are not what they claim: every field that can lie, cuts, turned bits."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import synvec
from synvec import Limits, formats
from tests import fasttext_files as files
from tests.fasttext_files import load, parts
from tests.hostile import check_prefixes_err, check_survives, flipped, megabytes_to_refuse

if TYPE_CHECKING:
    pass


HEADER = synvec.HeaderError
TRUNCATED = synvec.TruncatedFileError
BIG = 2**31 - 1
LIES: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"magic": 793712315}, synvec.UnsupportedFormatError, "begins with 793712315"),
    ({"version": 99}, synvec.UnsupportedFormatError, "version 99, expected 11 or 12"),
    ({"version": -1}, synvec.UnsupportedFormatError, "version -1"),
    ({"dim": 0}, HEADER, "dim at byte 8 is 0, expected at least 1"),
    ({"dim": -6}, HEADER, "dim at byte 8 is -6"),
    ({"dim": 5}, HEADER, "has 45 rows of 6, expected 45 rows of 5"),
    ({"dim": BIG}, synvec.LimitError, "max_vector_size"),
    ({"ws": -1}, HEADER, "ws at byte 12"),
    ({"epoch": -1}, HEADER, "epoch at byte 16"),
    ({"min_count": -1}, HEADER, "minCount at byte 20"),
    ({"neg": -1}, HEADER, "neg at byte 24"),
    ({"word_ngrams": -1}, HEADER, "wordNgrams at byte 28"),
    ({"loss": 0}, HEADER, "loss at byte 32 is 0, expected 1 to 4"),
    ({"loss": 5}, HEADER, "loss at byte 32 is 5, expected 1 to 4"),
    ({"model": 0}, HEADER, "model at byte 36 is 0, expected 1 to 3"),
    ({"model": 4}, HEADER, "model at byte 36 is 4, expected 1 to 3"),
    ({"model": 3}, HEADER, "0 labels in a supervised model, expected at least one"),
    ({"bucket": -1}, HEADER, "bucket at byte 40 is -1"),
    ({"bucket": 41}, HEADER, "has 45 rows of 6, expected 46 rows of 6"),
    ({"bucket": BIG}, HEADER, "has 45 rows of 6, expected 2147483652 rows of 6"),
    ({"minn": -1}, HEADER, "minn at byte 44 is -1, expected 0 to 255"),
    ({"maxn": 256}, HEADER, "maxn at byte 48 is 256, expected 0 to 255"),
    ({"lr_update_rate": -1}, HEADER, "lrUpdateRate at byte 52"),
    ({"t": float("nan")}, HEADER, "t at byte 56 is NaN"),
    ({"t": -1.0}, HEADER, "t at byte 56 is -1"),
    ({"size": 4}, HEADER, "has 5 words and 0 labels but 4 entries"),
    ({"size": BIG}, HEADER, f"has 5 words and 0 labels but {BIG} entries"),
    ({"size": BIG, "nwords": BIG}, HEADER, f"has {BIG} entries .* take at least"),
    ({"size": -1, "nwords": -1}, HEADER, "has -1 words"),
    ({"size": 5, "nwords": 4, "nlabels": 1}, HEADER, "1 labels in a skipgram model"),
    ({"nlabels": -1}, HEADER, "-1 labels"),
    ({"ntokens": -1}, HEADER, "gives -1 tokens"),
    ({"pruneidx_size": -2}, HEADER, "-2 kept buckets"),
    ({"pruneidx_size": 10**9}, HEADER, "keeps 1000000000 buckets of 40"),
    ({"pruneidx_size": 0}, HEADER, "was pruned but the matrix is not quantised"),
    ({"counts": [1, 2, -3, 4, 5]}, synvec.RowError, r"entry 3 of 5 .* has count -3"),
    ({"types": [0, 1, 0, 0, 0]}, synvec.RowError, r"entry 2 of 5 .* type 1, expected .* 0"),
    ({"types": [0, 0, 0, 7, 0]}, synvec.RowError, "type 7"),
    ({"quant": 1}, HEADER, "quantised norms at byte .* is 45, expected 0 or 1"),
    ({"quant": 2}, HEADER, "quantised input at byte .* is 2, expected 0 or 1"),
    ({"qout": 2}, HEADER, "quantised output at byte .* is 2, expected 0 or 1"),
    ({"shape": (46, 6)}, HEADER, "has 46 rows of 6, expected 45 rows of 6"),
    ({"shape": (-1, 6)}, HEADER, "has -1 rows"),
    ({"shape": (45, 2**62)}, HEADER, "rows of 4611686018427387904"),
    ({"output_shape": (4, 6)}, HEADER, "output matrix at byte .* has 4 rows of 6, expected 5"),
]


@pytest.mark.parametrize("as_path", [True, False], ids=["path", "stream"])
@pytest.mark.parametrize(("changes", "error", "message"), LIES)
def test_every_field_that_lies_is_named(
    changes: dict[str, Any], error: type[Exception], message: str, as_path: bool, tmp_path: Path
) -> None:
    data = files.skipgram().but(**changes)
    path = tmp_path / "model.bin"
    path.write_bytes(data)
    if not as_path and changes.get("nwords") == BIG:
        # Nothing vouches for the size of a stream: what lies behind the words is no entry.
        error, message = synvec.FormatError, "entry 6"
    with pytest.raises(error, match=message) as found:
        formats.load(path if as_path else io.BytesIO(data), format="fasttext")
    assert "fastText model" in str(found.value)


PRUNED_LIES: list[tuple[dict[str, Any], str]] = [
    ({"pruned": {40: 0}}, "is 40 in row 0, expected below 40 and below 1"),
    ({"pruned": {-1: 0}}, "is -1 in row 0"),
    ({"pruned": {3: 1}}, "is 3 in row 1"),
    ({"pruned": {3: 0, 4: 0}}, "name a bucket or a row twice"),
    ({"pruned": None}, "expected 45 rows of 5"),
]


@pytest.mark.parametrize(("changes", "message"), PRUNED_LIES)
def test_kept_buckets_that_lie(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(HEADER, match=message):
        load(files.quantized(pruned=True, norms=False).but(**changes))


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"rows": 44}, HEADER, "has 44 rows of 5, expected 45 rows of 5"),
        ({"size": 6}, HEADER, "has 45 rows of 6, expected 45 rows of 5"),
        ({"part_size": 1}, HEADER, "has 3 codes a row, expected 5 for parts of 1"),
        ({"part_size": 5}, HEADER, "has 3 codes a row, expected 1 for parts of 5"),
        ({"codes": np.zeros((45, 6), np.uint8)}, HEADER, "take 270 bytes, expected 45 times 1 to"),
        ({"codes": np.zeros((9, 4), np.uint8), "rows": 45}, HEADER, "take 36 bytes"),
        ({"centroids": np.full(1280, np.nan, np.float32)}, synvec.NonFiniteError, "holds NaN"),
        ({"norm_centroids": np.full(256, 3e38, np.float32)}, synvec.NonFiniteError, "beyond"),
    ],
)
def test_quantised_matrices_that_lie(
    changes: dict[str, Any], error: type[Exception], message: str
) -> None:
    model = files.quantized(pruned=False, norms=True)
    matrix = model.input
    assert isinstance(matrix, files.Quantized)
    matrix.centroids = matrix.centroids * 2
    with pytest.raises(error, match=message):
        load(model.but(input=replace(matrix, **changes), dim=5))


def test_a_file_cut_within_a_word_ends() -> None:
    # gensim and fastText read on for ever.
    data = files.skipgram().encode()
    cut = data[: data.index(b"socket") + 3]
    with pytest.raises(TRUNCATED, match=r"within entry 2 of 5 \(byte \d+\); get the whole file"):
        load(cut)


def test_a_word_beyond_the_limit(tmp_path: Path) -> None:
    data = files.skipgram().but(words=[b"x" * 5000, b"a", b"b", b"c", b"d"])
    assert len(load(data)) == 5
    with pytest.raises(synvec.LimitError, match="max_key_bytes"):
        load(data, limits=Limits(max_key_bytes=4000))
    with pytest.raises(synvec.LimitError, match="max_rows"):
        load(data, limits=Limits(max_rows=44))
    with pytest.raises(synvec.LimitError, match="max_vector_size"):
        load(data, limits=Limits(max_vector_size=5))


def test_numbers_that_are_none() -> None:
    model = files.skipgram()
    assert isinstance(model.input, np.ndarray)
    model.input[44, 5] = np.inf
    with pytest.raises(synvec.NonFiniteError, match=r"input matrix holds inf at byte \d+"):
        load(model.encode())
    assert load(model.encode(), allow_nonfinite=True).vectors_ngrams[39, 5] == np.inf


def test_vectors_beyond_float32_are_not_made_by_large_numbers() -> None:
    model = files.skipgram()
    vectors = load(model.but(input=np.full((45, 6), 3e38, np.float32)))
    assert np.isfinite(vectors.vectors).all()
    assert np.isfinite(vectors["unseen"]).all()


MODELS = {
    "skipgram": files.skipgram().encode(),
    "older": files.skipgram().but(magic=None),
    "quantised": files.quantized(pruned=False, norms=True).encode(),
    "pruned": files.quantized(pruned=True, norms=False).encode(),
}


@pytest.mark.parametrize("name", MODELS)
def test_beginnings_are_no_models(name: str) -> None:
    check_prefixes_err(lambda data: load(data), MODELS[name])


def test_beginnings_of_a_classifier_are_no_models() -> None:
    check_prefixes_err(lambda data: parts(io.BytesIO(data)), files.classifier().encode())


@pytest.mark.parametrize("name", MODELS)
def test_turned_bits_never_crash(name: str) -> None:
    for data in flipped(MODELS[name][:400], times=300):
        check_survives(lambda data: load(data), data + MODELS[name][400:])


def test_it_takes_little_memory_to_refuse(tmp_path: Path) -> None:
    lies = [{"size": BIG, "nwords": BIG}, {"bucket": BIG}, {"shape": (2**40, 6)}, {"dim": 1 << 20}]
    paths = []
    for number, changes in enumerate(lies):
        path = tmp_path / f"{number}.bin"
        path.write_bytes(files.skipgram().but(**changes))
        paths.append(path)
    assert megabytes_to_refuse(*paths) < 100


def test_what_begins_like_an_older_model_only_by_chance_is_not_one() -> None:
    assert formats.sniff(io.BytesIO(files.skipgram().but(magic=None))) == "fasttext"
    with pytest.raises(synvec.HeaderError, match="another format that is read"):
        formats.sniff(io.BytesIO(files.skipgram().but(magic=None, loss=9)))
