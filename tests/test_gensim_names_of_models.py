"""The names that gensim 4.4.0's models, phrases and corpora have, each with its signature."""

import importlib
import inspect
from typing import Any

import pytest

import synvec
from synvec import Phrases, Word2Vec

# What stands before an argument that has no default.
REQUIRED = inspect.Parameter.empty
CORPUS: dict[str, Any] = {"corpus_iterable": None, "corpus_file": None}
QUEUE: dict[str, Any] = {"queue_factor": 2, "report_delay": 1.0}
LINES: dict[str, Any] = {"source": REQUIRED, "max_sentence_length": 10_000, "limit": None}
CANDIDATE = {"word_a": REQUIRED, "word_b": REQUIRED}
SCORER = dict.fromkeys(
    ("worda_count", "wordb_count", "bigram_count", "len_vocab", "min_count", "corpus_word_count"),
    REQUIRED,
)

# Each function with its arguments in order and their defaults, without self.
CALLS: dict[str, dict[str, Any]] = {
    "word2vec.Word2Vec": {
        "sentences": None, "corpus_file": None, "vector_size": 100, "alpha": 0.025, "window": 5,
        "min_count": 5, "max_vocab_size": None, "sample": 1e-3, "seed": 1,
        "workers": None,  # gensim's 3 threads; here the cores at hand
        "min_alpha": 0.0001, "sg": 0, "hs": 0, "negative": 5, "ns_exponent": 0.75, "cbow_mean": 1,
        "hashfxn": hash, "epochs": 5, "null_word": 0, "trim_rule": None, "sorted_vocab": 1,
        "batch_words": 10_000, "compute_loss": False, "callbacks": (), "comment": None,
        "max_final_vocab": None, "shrink_windows": True,
    },
    "word2vec.Word2Vec.build_vocab": {
        **CORPUS, "update": False, "progress_per": 10_000, "keep_raw_vocab": False,
        "trim_rule": None,
    },
    "word2vec.Word2Vec.build_vocab_from_freq": {
        "word_freq": REQUIRED, "keep_raw_vocab": False, "corpus_count": None, "trim_rule": None,
        "update": False,
    },
    "word2vec.Word2Vec.scan_vocab": {
        **CORPUS, "progress_per": 10_000, "workers": None, "trim_rule": None,
    },
    "word2vec.Word2Vec.prepare_vocab": {
        "update": False, "keep_raw_vocab": False, "trim_rule": None, "min_count": None,
        "sample": None, "dry_run": False,
    },
    "word2vec.Word2Vec.train": {
        **CORPUS, "total_examples": None, "total_words": None, "epochs": None, "start_alpha": None,
        "end_alpha": None, "word_count": 0, **QUEUE, "compute_loss": False, "callbacks": (),
    },
    "word2vec.Word2Vec.score": {
        "sentences": REQUIRED, "total_sentences": 1_000_000, "chunksize": 100, **QUEUE,
    },
    "word2vec.Word2Vec.predict_output_word": {"context_words_list": REQUIRED, "topn": 10},
    "word2vec.Word2Vec.estimate_memory": {"vocab_size": None, "report": None},
    "word2vec.Word2Vec.reset_from": {"other_model": REQUIRED},
    "word2vec.Word2Vec.init_weights": {},
    "word2vec.Word2Vec.init_sims": {"replace": False},
    "word2vec.Word2Vec.get_latest_training_loss": {},
    "word2vec.Word2Vec.add_lifecycle_event": {"event_name": REQUIRED, "log_level": 20},
    "word2vec.Word2Vec.save": {"fname_or_handle": REQUIRED},
    "word2vec.Word2Vec.load": {"fname": REQUIRED, "mmap": None},
    "word2vec.LineSentence": LINES,
    "word2vec.PathLineSentences": LINES,
    "word2vec.Text8Corpus": {"fname": REQUIRED, "max_sentence_length": 10_000},
    "phrases.Phrases": {
        "sentences": None, "min_count": 5, "threshold": 10.0, "max_vocab_size": 40_000_000,
        "delimiter": "_", "progress_per": 10_000, "scoring": "default",
        "connector_words": frozenset(),
    },
    "phrases.Phrases.add_vocab": {"sentences": None},
    "phrases.Phrases.export_phrases": {},
    "phrases.Phrases.freeze": {},
    "phrases.FrozenPhrases": {"phrases_model": REQUIRED},
    "phrases.original_scorer": SCORER,
    "phrases.npmi_scorer": SCORER,
    "preprocessing.simple_preprocess": {
        "doc": REQUIRED, "deacc": False, "min_len": 2, "max_len": 15,
    },
    "corpora.save_as_line_sentence": {"corpus": REQUIRED, "filename": REQUIRED},
}  # fmt: skip
for kind in ("Phrases", "FrozenPhrases"):
    CALLS |= {
        f"phrases.{kind}.find_phrases": {"sentences": REQUIRED},
        f"phrases.{kind}.analyze_sentence": {"sentence": REQUIRED},
        f"phrases.{kind}.score_candidate": {**CANDIDATE, "in_between": ()},  # gensim: no default
        f"phrases.{kind}.__getitem__": {"sentence": REQUIRED},
        f"phrases.{kind}.save": {"fname_or_handle": REQUIRED},
        f"phrases.{kind}.load": {"fname": REQUIRED},
    }
for event in ("on_train_begin", "on_epoch_begin", "on_epoch_end", "on_train_end"):
    CALLS[f"callbacks.CallbackAny2Vec.{event}"] = {"model": REQUIRED}

ATTRIBUTES = (
    "wv vector_size window min_count sample epochs alpha min_alpha sg hs negative ns_exponent "
    "cbow_mean workers seed corpus_count corpus_total_words effective_min_count max_final_vocab "
    "max_vocab_size null_word sorted_vocab comment compute_loss shrink_windows hashfxn layer1_size "
    "batch_words lifecycle_events running_training_loss min_alpha_yet_reached train_count "
    "total_train_time raw_vocab syn1neg"
)


@pytest.mark.parametrize("name", CALLS)
def test_every_call_takes_gensims_arguments_in_their_order(name: str) -> None:
    module, *path = name.split(".")
    found: Any = importlib.import_module(f"synvec.{module}")
    for part in path:
        found = getattr(found, part)
    parameters = list(inspect.signature(found).parameters.values())
    if parameters and parameters[0].name == "self":
        parameters.pop(0)
    theirs = CALLS[name]
    same, further = parameters[: len(theirs)], parameters[len(theirs) :]
    assert [(one.name, one.default) for one in same] == list(theirs.items())
    assert all(one.kind is one.POSITIONAL_OR_KEYWORD for one in same)
    for one in further:  # a call written for gensim needs none of them
        assert one.kind in (one.KEYWORD_ONLY, one.VAR_KEYWORD)


@pytest.mark.parametrize("name", ATTRIBUTES.split())
def test_every_attribute_is_there(name: str) -> None:
    assert hasattr(Word2Vec([["a", "b"]], vector_size=2, min_count=1, epochs=1), name)


def test_modules_have_the_names_that_gensims_have() -> None:
    from synvec import callbacks, phrases, word2vec

    assert word2vec.FAST_VERSION == 1
    assert word2vec.MAX_WORDS_IN_BATCH == 10_000
    for name in ("Word2Vec", "LineSentence", "PathLineSentences", "Text8Corpus"):
        assert getattr(word2vec, name) is getattr(synvec, name)
    assert phrases.Phraser is phrases.FrozenPhrases is synvec.FrozenPhrases
    assert phrases.ENGLISH_CONNECTOR_WORDS is synvec.ENGLISH_CONNECTOR_WORDS
    assert callbacks.CallbackAny2Vec is synvec.CallbackAny2Vec


def test_connectors_by_their_older_name() -> None:
    corpus = [["bank", "of", "america"]] * 3
    with pytest.warns(DeprecationWarning, match="connector_words"):
        found = Phrases(corpus, min_count=1, threshold=0.1, common_terms=["of"])
    assert list(found.export_phrases()) == ["bank_of_america"]
