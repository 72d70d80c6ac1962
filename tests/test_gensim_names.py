"""The names that gensim 4.4.0's `KeyedVectors` has, each with its signature."""

import inspect
from typing import Any

import numpy as np
import pytest

import synvec.keyed_vectors
from synvec import KeyedVectors

KEYED_VECTORS = KeyedVectors.from_arrays(["socket", "year"], np.eye(2))

# What stands before an argument that has no default.
REQUIRED = inspect.Parameter.empty
EVALUATION = {"restrict_vocab": 300_000, "case_insensitive": True, "dummy4unknown": False}
QUERY: dict[str, Any] = {"positive": None, "negative": None, "topn": 10}

# Each method with its arguments in order and their defaults, without self.
METHODS: dict[str, dict[str, Any]] = {
    "__init__": {"vector_size": REQUIRED, "count": 0, "dtype": np.float32, "mapfile_path": None},
    "__contains__": {"key": REQUIRED},
    "__getitem__": {"key_or_keys": REQUIRED},
    "__len__": {},
    "__setitem__": {"keys": REQUIRED, "weights": REQUIRED},
    "__str__": {},
    "add_vector": {"key": REQUIRED, "vector": REQUIRED},
    "add_vectors": {"keys": REQUIRED, "weights": REQUIRED, "extras": None, "replace": False},
    "allocate_vecattrs": {"attrs": None, "types": None},
    "closer_than": {"key1": REQUIRED, "key2": REQUIRED},
    "cosine_similarities": {"vector_1": REQUIRED, "vectors_all": REQUIRED},
    "distance": {"w1": REQUIRED, "w2": REQUIRED},
    "distances": {"word_or_vector": REQUIRED, "other_words": ()},
    "doesnt_match": {"words": REQUIRED},
    "evaluate_word_analogies": {
        "analogies": REQUIRED,
        **EVALUATION,
        "similarity_function": "most_similar",
    },
    "evaluate_word_pairs": {"pairs": REQUIRED, "delimiter": "\t", "encoding": "utf8", **EVALUATION},
    "fill_norms": {"force": False},
    "get_index": {"key": REQUIRED, "default": None},
    "get_mean_vector": {
        "keys": REQUIRED,
        "weights": None,
        "pre_normalize": True,
        "post_normalize": False,
        "ignore_missing": True,
    },
    "get_normed_vectors": {},
    "get_vecattr": {"key": REQUIRED, "attr": REQUIRED},
    "get_vector": {"key": REQUIRED, "norm": False},
    "has_index_for": {"key": REQUIRED},
    "init_sims": {"replace": False},
    "intersect_word2vec_format": {
        "fname": REQUIRED,
        "lockf": 0.0,
        "binary": False,
        "encoding": "utf8",
        "unicode_errors": "strict",
    },
    "load": {"fname": REQUIRED, "mmap": None},
    "load_word2vec_format": {
        "fname": REQUIRED,
        "fvocab": None,
        "binary": False,
        "encoding": "utf8",
        "unicode_errors": "strict",
        "limit": None,
        "datatype": np.float32,
        "no_header": False,
    },
    "log_accuracy": {"section": REQUIRED},
    "log_evaluate_word_pairs": {
        "pearson": REQUIRED,
        "spearman": REQUIRED,
        "oov": REQUIRED,
        "pairs": REQUIRED,
    },
    "most_similar": {
        **QUERY,
        "clip_start": 0,
        "clip_end": None,
        "restrict_vocab": None,
        "indexer": None,
    },
    "most_similar_cosmul": {**QUERY, "restrict_vocab": None},
    "most_similar_to_given": {"key1": REQUIRED, "keys_list": REQUIRED},
    "n_similarity": {"ws1": REQUIRED, "ws2": REQUIRED},
    "rank": {"key1": REQUIRED, "key2": REQUIRED},
    "rank_by_centrality": {"words": REQUIRED, "use_norm": True},
    "relative_cosine_similarity": {"wa": REQUIRED, "wb": REQUIRED, "topn": 10},
    "resize_vectors": {"seed": 0},
    # What else gensim's takes is about its pickles and their side files.
    "save": {"fname_or_handle": REQUIRED},
    "save_word2vec_format": {
        "fname": REQUIRED,
        "fvocab": None,
        "binary": False,
        "total_vec": None,
        "write_header": True,
        "prefix": "",
        "append": False,
        "sort_attr": "count",
    },
    "set_vecattr": {"key": REQUIRED, "attr": REQUIRED, "val": REQUIRED},
    "similar_by_key": {"key": REQUIRED, "topn": 10, "restrict_vocab": None},
    "similar_by_vector": {"vector": REQUIRED, "topn": 10, "restrict_vocab": None},
    "similar_by_word": {"word": REQUIRED, "topn": 10, "restrict_vocab": None},
    "similarity": {"w1": REQUIRED, "w2": REQUIRED},
    "similarity_unseen_docs": {},
    "sort_by_descending_frequency": {},
    "unit_normalize_all": {},
    "vectors_for_all": {"keys": REQUIRED, "allow_inference": True, "copy_vecattrs": False},
    "wmdistance": {"document1": REQUIRED, "document2": REQUIRED, "norm": True},
}
STATIC = {"cosine_similarities", "log_accuracy", "log_evaluate_word_pairs"}
OF_THE_CLASS = {"load", "load_word2vec_format"}

ATTRIBUTES = "vectors key_to_index index_to_key vector_size norms expandos next_index mapfile_path"
OLDER = "word_vec words_closer_than vocab index2word index2entity vectors_norm"
OLDER_CLASSES = "Word2VecKeyedVectors Doc2VecKeyedVectors EuclideanKeyedVectors Vocab CompatVocab"


@pytest.mark.parametrize("name", METHODS)
def test_every_method_takes_gensims_arguments_in_their_order(name: str) -> None:
    method = inspect.getattr_static(KeyedVectors, name)
    assert isinstance(method, staticmethod) == (name in STATIC)
    assert isinstance(method, classmethod) == (name in OF_THE_CLASS)
    parameters = list(inspect.signature(getattr(KeyedVectors, name)).parameters.values())
    if name not in STATIC | OF_THE_CLASS:
        assert parameters.pop(0).name == "self"
    theirs = METHODS[name]
    same, further = parameters[: len(theirs)], parameters[len(theirs) :]
    assert [(one.name, one.default) for one in same] == list(theirs.items())
    assert all(one.kind is one.POSITIONAL_OR_KEYWORD for one in same)
    for one in further:  # a call written for gensim needs none of them
        assert one.default is not REQUIRED or one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD)


@pytest.mark.parametrize("name", ATTRIBUTES.split())
def test_every_attribute_is_there(name: str) -> None:
    assert hasattr(KEYED_VECTORS, name)


@pytest.mark.parametrize("name", OLDER.split())
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_every_older_name_is_there(name: str) -> None:
    assert getattr(KEYED_VECTORS, name) is not None


@pytest.mark.parametrize("name", OLDER_CLASSES.split())
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_every_older_class_is_there(name: str) -> None:
    assert isinstance(getattr(synvec.keyed_vectors, name), type)


def test_the_module_opens_files_too() -> None:
    assert callable(synvec.keyed_vectors.load_word2vec_format)
