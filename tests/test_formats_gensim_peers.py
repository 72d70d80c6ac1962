"""gensim's own files: those that come with it, of 0.12 to 3.8, and fresh ones that it writes here.

They stay where they are (gensim is LGPL): skipped where there is no gensim, in this Python or in
the one that ``SYNVEC_PEERS_PYTHON`` names (or ``.venv-peers`` beside the repository's files).
"""

import bz2
import gzip
import importlib.util
import os
import pickle
import subprocess
import sys
import warnings
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synvec
from synvec import FastTextKeyedVectors, FrozenPhrases, KeyedVectors, Phrases, Word2Vec, formats
from synvec.formats.pickles import Doc2VecVectors
from tests.hostile import check_usable

ROOT = Path(__file__).parent.parent


def peers_python() -> str | None:
    """Return a Python that has gensim."""
    if importlib.util.find_spec("gensim"):
        return sys.executable
    beside = ROOT / ".venv-peers" / "bin" / "python"
    return os.environ.get("SYNVEC_PEERS_PYTHON") or (str(beside) if beside.exists() else None)


def test_data() -> Path | None:
    """Return the folder of gensim's test files."""
    python = peers_python()
    if python is None:
        return None
    found = sorted(Path(python).parent.parent.glob("lib*/python3*/site-packages/gensim"))
    spec = importlib.util.find_spec("gensim")
    places = [Path(spec.origin).parent] if spec and spec.origin else found
    return places[0] / "test" / "test_data" if places else None


test_data.__test__ = False  # type: ignore[attr-defined]
DATA = test_data() or Path("absent")
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="there is no gensim; see the first lines")

WORD2VEC = [
    *(f"old_w2v_models/{path.name}" for path in sorted(DATA.glob("old_w2v_models/*.mdl"))),
    "model-from-gensim-3.8.0.w2v", "w2v-lee-v0.12.0", "word2vec_3.3", "word2vec_old",
    "word2vec_old_sep", "word2vec_pre_kv_py2", "word2vec_pre_kv_py3", "word2vec_pre_kv_py3_4",
    "word2vec_pre_kv_sep_py2", "word2vec_pre_kv_sep_py3", "word2vec_pre_kv_sep_py3_4",
]  # fmt: skip
DOC2VEC = [
    *(f"old_d2v_models/{path.name}" for path in sorted(DATA.glob("old_d2v_models/*.mdl"))),
    "d2v-lee-v0.13.0", "doc2vec_old", "doc2vec_old_sep", "large_tag_doc_10_iter50",
    "small_tag_doc_5_iter50",
]  # fmt: skip
# What hierarchical softmax learnt on a tree of gensim's that differs from ours can't go on.
OTHER_TREES = {"old_w2v_models/w2v_0.12.3.mdl", "w2v-lee-v0.12.0"}


def load(path: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return formats.load(path)


# --- the oracle: CPython's own machine, with empty classes for gensim's ---------------------------


class Oracle(pickle.Unpickler):
    """Runs a pickle that is trusted."""

    def find_class(self, module: str, name: str) -> Any:
        if module.startswith("gensim") or "Random" in name or "randomstate" in name:
            return type(name, (Stub,), {})
        if (module, name) == ("UserString", "defaultdict"):
            return defaultdict
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


class Stub:
    def __new__(cls, *args: object) -> Any:
        return super().__new__(cls)

    def __init__(self, *args: object) -> None:
        self.args = args

    def __setstate__(self, state: Any) -> None:
        self.__dict__.update(state if isinstance(state, dict) else {})


def oracle(path: Path) -> Any:
    opener = {".gz": gzip.open, ".bz2": bz2.open}.get(path.suffix, open)
    with opener(path, "rb") as file:
        found = Oracle(file, encoding="latin1").load()
    attach(found, str(path))
    return found


def attach(owner: Any, prefix: str) -> None:
    for name in getattr(owner, "__recursive_saveloads", []):
        if isinstance(getattr(owner, name, None), Stub):
            attach(getattr(owner, name), f"{prefix}.{name}")
    for name in getattr(owner, "__numpys", []):
        setattr(owner, name, np.load(f"{prefix}.{name}.npy"))


def attribute(owner: Any, *names: str) -> Any:
    return next(getattr(owner, name) for name in names if hasattr(owner, name))


def part(owner: Any, *names: str) -> Any:
    """An attribute of a model or of its parts."""
    parts = [owner, getattr(owner, "vocabulary", None), getattr(owner, "trainables", None)]
    return next(
        (getattr(p, name) for p in parts for name in names if getattr(p, name, None) is not None),
        None,
    )


def check_words(found: KeyedVectors, model: Any) -> None:
    words = getattr(model, "wv", model)
    names = [text.encode("latin1").decode() if is_python2(words) else text
             for text in words.index2word]  # fmt: skip
    assert found.index_to_key == names
    assert found.vectors.tobytes() == attribute(words, "vectors", "syn0").tobytes()
    assert found.counts is not None
    assert found.counts.tolist() == [words.vocab[word].count for word in words.index2word]


def is_python2(words: Any) -> bool:
    """Whether a name was read as latin-1 that was UTF-8."""
    try:
        return any(name.encode("latin1").decode() != name for name in words.index2word)
    except UnicodeError:
        return False


@pytest.mark.parametrize("name", WORD2VEC)
def test_models_of_words(name: str) -> None:
    found, model = load(DATA / name), oracle(DATA / name)
    assert isinstance(found, KeyedVectors if name in OTHER_TREES else Word2Vec)
    check_words(formats.vectors_of(found), model)
    if not isinstance(found, Word2Vec):
        return
    for ours, theirs in (
        ("window", ("window",)), ("sg", ("sg",)), ("hs", ("hs",)), ("negative", ("negative",)),
        ("sample", ("sample",)), ("alpha", ("alpha",)), ("min_alpha", ("min_alpha",)),
        ("epochs", ("epochs", "iter")), ("min_count", ("min_count",)), ("seed", ("seed",)),
        ("workers", ("workers",)), ("cbow_mean", ("cbow_mean",)),
        ("corpus_count", ("corpus_count",)), ("vector_size", ("vector_size", "layer1_size")),
    ):  # fmt: skip
        expected = part(model, *theirs)
        assert expected is None or getattr(found, ours) == expected, ours
    for weights in ("syn1neg", "syn1"):
        if found.negative if weights == "syn1neg" else found.hs:
            assert getattr(found, weights).tobytes() == part(model, weights).tobytes()
    before = found.wv.vectors.copy()
    text = [[*found.wv.index_to_key] * 40] * 50  # subsampling leaves a few of each
    found.train(text, total_examples=len(text), epochs=2)
    assert not np.array_equal(found.wv.vectors, before)


@pytest.mark.parametrize("name", DOC2VEC)
def test_models_of_documents(name: str) -> None:
    found, model = load(DATA / name), oracle(DATA / name)
    assert isinstance(found, Doc2VecVectors)
    check_words(found.wv, model)
    documents = model.docvecs
    vectors = attribute(documents, "vectors_docs", "doctag_syn0")
    assert found.dv.vectors.tobytes() == vectors.tobytes()
    named = list(attribute(documents, "offset2doctag", "index2doctag"))
    integers = len(vectors) - len(named)
    assert found.dv.index_to_key == [*map(str, range(integers)), *named]
    check_usable(found.dv)


def test_stores() -> None:
    found = load(DATA / "old_keyedvectors_320.dat")
    check_words(found, oracle(DATA / "old_keyedvectors_320.dat"))
    check_usable(found)


FASTTEXT = ["compatible-hash-true.model", "fasttext_old", "fasttext_old_sep",
            "ft_kv_3.6.0.model.gz", "ft_model_2.3.0", "lee_fasttext"]  # fmt: skip


@pytest.mark.parametrize("name", FASTTEXT)
def test_models_with_subwords(name: str) -> None:
    found, model = load(DATA / name), oracle(DATA / name)
    assert isinstance(found, FastTextKeyedVectors)
    check_words(found, model)
    kept = found.vectors.copy()
    found.adjust_vectors()  # hashes and rows of n-grams are right when they make what was kept
    assert found.vectors == pytest.approx(kept, abs=1e-6)
    check_usable(found)


@pytest.mark.parametrize("name", ["fasttext_old", "ft_model_2.3.0"])
def test_words_outside_the_vocabulary_as_older_versions_had_them(name: str) -> None:
    found, words = load(DATA / name), oracle(DATA / name).wv
    rows = attribute(words, "syn0_ngrams", "syn0_all")
    for word in ("systemic", "Stuartson", "humaninterface"):
        text = f"<{word}>"
        ngrams = [text[start : start + size] for size in range(words.min_n, words.max_n + 1)
                  for start in range(len(text) - size + 1)]  # fmt: skip
        known = [words.ngrams[ngram] for ngram in ngrams if ngram in words.ngrams]
        if known:
            assert found[word] == pytest.approx(rows[known].mean(axis=0), abs=1e-6)


def test_words_outside_the_vocabulary_as_facebook_has_them() -> None:
    ours, theirs = load(DATA / "lee_fasttext"), load(DATA / "lee_fasttext.bin")
    for word in ("systemic", "Stuartson", "qqqq"):
        assert ours[word].tobytes() == theirs[word].tobytes()


OTHERS = ["poincare_test_3.4.0", "tfidf_model.tst", "lda_3_0_1_model",
          "tfidf_model.tst.bz2", "dtm_test.dict"]  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_other_models_are_told_by_name(name: str) -> None:
    with pytest.raises(synvec.UnsupportedFormatError, match=r"holds a gensim\..*save_word2vec"):
        formats.load(DATA / name)


PHRASES = {("graph_minors", 31 / 6), ("human_interface", 31 / 9), ("minors_survey", 31 / 9),
           ("response_time", 7.75)}  # fmt: skip
"""Printed by gensim 4.4 for each of the files."""


@pytest.mark.parametrize("name", ["3.6.0.model", "no-common-terms.pkl", "no-scoring.pkl",
                                  "scoring-str.pkl"])  # fmt: skip
def test_phrases_of_gensim_3(name: str) -> None:
    counted, chosen = formats.load(DATA / f"phrases-{name}"), formats.load(DATA / f"phraser-{name}")
    assert isinstance(counted, Phrases) and isinstance(chosen, FrozenPhrases)
    expected = dict(sorted(PHRASES))
    assert dict(sorted(chosen.phrasegrams.items())) == pytest.approx(expected)
    assert dict(sorted(counted.export_phrases().items())) == pytest.approx(expected)
    assert (counted.corpus_word_count, counted.vocab["human"]) == (34, 3)
    assert chosen["human", "interface", "human"] == ["human_interface", "human"]


# --- gensim 4 itself ------------------------------------------------------------------------------

WRITER = """
import sys, logging
import numpy as np
from gensim.models import Doc2Vec, FastText, KeyedVectors, Word2Vec
from gensim.models.doc2vec import TaggedDocument
logging.disable(logging.CRITICAL)
folder, data, names = sys.argv[1], sys.argv[2], sys.argv[3:]
answers = {}
def keep(name, store):
    answers[name + " keys"] = np.array([str(key) for key in store.index_to_key])
    answers[name + " vectors"] = store.vectors
    counts = [store.get_vecattr(key, "count") for key in store.index_to_key]
    answers[name + " counts"] = np.array(counts)
text = [["red", "apple", "tree"], ["green", "apple"], ["red", "cherry", "na\\u00efve"]] * 30
model = Word2Vec(text, vector_size=6, min_count=1, seed=1, workers=1)
def save(what, name, store, **options):
    what.save(f"{folder}/{name}", **options)
    keep(name, store)
for protocol in range(6):
    save(model, f"w2v-{protocol}", model.wv, pickle_protocol=protocol)
    save(model, f"w2v-npy-{protocol}", model.wv, pickle_protocol=protocol, sep_limit=0)
for ending in ("gz", "bz2"):
    save(model, f"w2v.{ending}", model.wv)
    save(model, f"w2v-npz.{ending}", model.wv, sep_limit=0)
    save(model.wv, f"kv-npz.{ending}", model.wv, sep_limit=0)
save(Word2Vec.load(f"{folder}/w2v-npy-4", mmap="r"), "w2v-mapped", model.wv)
save(model.wv, "kv", model.wv)
save(model.wv, "kv-apart", model.wv, separately=["vectors"])
answers["syn1neg"] = model.syn1neg
hs = Word2Vec(text, vector_size=6, min_count=1, seed=1, workers=1, hs=1, negative=0)
save(hs, "hs", hs.wv)
mixed = [TaggedDocument(words, [n, f"tag {n % 7}"]) for n, words in enumerate(text)]
documents = Doc2Vec(mixed, vector_size=6, min_count=1, workers=1)
save(documents, "d2v", documents.wv)
save(documents, "d2v-npy", documents.wv, sep_limit=0)
subwords = FastText(text, vector_size=6, min_count=1, bucket=50, workers=1)
save(subwords, "ft", subwords.wv)
save(subwords, "ft-npy", subwords.wv, sep_limit=0)
save(subwords.wv, "ft-kv", subwords.wv)
answers["unseen"] = np.stack([subwords.wv[word] for word in ("apples", "na\\u00efvet\\u00e9", "x")])
answers["d2v documents"] = documents.dv.vectors
answers["d2v tags"] = np.array([str(tag) for tag in documents.dv.index_to_key])
for name in names:
    try:
        loaded = KeyedVectors.load(f"{data}/{name}")
        keep(name, getattr(loaded, "wv", loaded))
    except Exception:
        pass  # gensim 4 opens few of its own older files
np.savez(f"{folder}/answers.npz", **answers)
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, np.ndarray]]:
    """A folder of files that gensim has just written, and what is in them."""
    folder = tmp_path_factory.mktemp("gensim")
    python = peers_python()
    assert python is not None
    command = [python, "-W", "ignore", "-c", WRITER, str(folder), str(DATA), *WORD2VEC]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=250)
    assert run.returncode == 0, run.stderr
    return folder, dict(np.load(folder / "answers.npz"))


def test_what_gensim_writes_today(written: tuple[Path, dict[str, np.ndarray]]) -> None:
    folder, answers = written
    names = [name.removesuffix(" keys") for name in answers if name.endswith(" keys")]
    fresh = [name for name in names if (folder / name).exists()]
    assert len(fresh) >= 24
    for name in fresh:
        loaded = load(folder / name)
        vectors = formats.vectors_of(loaded)
        assert vectors.index_to_key == answers[f"{name} keys"].tolist(), name
        if name.startswith("ft"):  # made of their parts, in another order of summing
            assert vectors.vectors == pytest.approx(answers[f"{name} vectors"], abs=1e-6), name
        else:
            assert vectors.vectors.tobytes() == answers[f"{name} vectors"].tobytes(), name
        assert vectors.counts is not None
        assert vectors.counts.tolist() == answers[f"{name} counts"].tolist(), name
        if name.startswith("w2v"):
            assert loaded.syn1neg.tobytes() == answers["syn1neg"].tobytes(), name


def test_subwords_of_today(written: tuple[Path, dict[str, np.ndarray]]) -> None:
    folder, answers = written
    for name in ("ft", "ft-npy", "ft-kv"):
        vectors = load(folder / name)
        found = np.stack([vectors[word] for word in ("apples", "naïveté", "x")])
        assert found == pytest.approx(answers["unseen"], abs=1e-6)


def test_documents_of_today(written: tuple[Path, dict[str, np.ndarray]]) -> None:
    folder, answers = written
    for name in ("d2v", "d2v-npy"):
        documents = load(folder / name).dv
        assert documents.index_to_key == answers["d2v tags"].tolist()
        assert documents.vectors.tobytes() == answers["d2v documents"].tobytes()


def test_older_files_as_gensim_4_sees_them(written: tuple[Path, dict[str, np.ndarray]]) -> None:
    _, answers = written
    opened = [name for name in WORD2VEC if f"{name} keys" in answers]
    assert len(opened) >= 10
    for name in opened:
        vectors = formats.vectors_of(load(DATA / name))
        assert vectors.index_to_key == answers[f"{name} keys"].tolist()
        assert vectors.vectors.tobytes() == answers[f"{name} vectors"].tobytes()
        assert vectors.counts is not None
        assert vectors.counts.tolist() == answers[f"{name} counts"].tolist()
