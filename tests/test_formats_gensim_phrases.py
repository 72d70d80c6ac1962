"""Phrases that gensim saved: the layouts of 3.x and 4.x, and what is refused."""

import io
import math
from typing import Any

import pytest

import synvec
from synvec import FrozenPhrases, KeyedVectors, Phrases
from tests import gensim_files as files
from tests.hostile import check_prefixes_err

CORPUS = [["new", "york", "city"], ["new", "york"], ["bank", "of", "america"]] * 2
OPTIONS = {"min_count": 1, "threshold": 0.1, "connector_words": frozenset(["of"])}


def ours(**options: Any) -> Phrases:
    return Phrases(CORPUS, **{**OPTIONS, **options})


def of_4(**changes: Any) -> Any:
    counted = ours()
    state = {
        "scoring": "default", "delimiter": "_", "vocab": dict(counted.vocab),
        "max_vocab_size": 40_000_000, "corpus_word_count": counted.corpus_word_count,
        **OPTIONS, **changes,
    }  # fmt: skip
    return files.make(files.Phrases, **state)


def of_3() -> Any:
    state = vars(of_4())
    state["vocab"] = {key.encode(): count for key, count in state["vocab"].items()}
    state["common_terms"] = frozenset([b"of"])
    del state["connector_words"], state["scoring"], state["corpus_word_count"]
    return files.make(files.Phrases, **{**state, "delimiter": b"_"})


def load(made: Any, protocol: int = 2) -> Any:
    return synvec.load(io.BytesIO(files.dumps(made, protocol)))


@pytest.mark.parametrize("made", [of_4(), of_3()])
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_counts_come_and_go_on(made: Any, protocol: int) -> None:
    found, expected = load(made, protocol), ours()
    assert isinstance(found, Phrases)
    assert found.vocab == expected.vocab
    assert found.export_phrases() == expected.export_phrases() != {}
    assert found.connector_words == {"of"}
    found.add_vocab(CORPUS)
    expected.add_vocab(CORPUS)
    assert found.vocab == expected.vocab
    assert list(found[CORPUS]) == list(expected[CORPUS])


def test_phrases_of_phrases() -> None:
    """A word that was a phrase once is a key, and a pair begins with it."""
    vocab = {"new_york": 4, "city": 2, "new_york_city": 2, "a": 1}
    found = load(of_4(vocab=vocab, corpus_word_count=7))
    assert found.vocab == vocab
    assert found.score_candidate("new_york", "city")[0] == "new_york_city"


@pytest.mark.parametrize("scoring", ["npmi", files.npmi_scorer, b"npmi"])
def test_scorers_are_known_by_name(scoring: Any) -> None:
    found = load(of_4(scoring=scoring, threshold=0.5))
    assert found.scoring == "npmi"
    assert found.export_phrases() == ours(scoring="npmi", threshold=0.5).export_phrases() != {}


@pytest.mark.parametrize(
    ("kind", "phrasegrams"),
    [
        (files.FrozenPhrases, {"new_york": 2.5, "bank_of_america": 2}),
        (files.Phraser, {(b"new", b"york"): 2.5, (b"bank", b"of", b"america"): 2.0}),
        (files.Phraser, {(b"new", b"york"): (4, 2.5), (b"bank", b"of", b"america"): (2, 2.0)}),
    ],
)
def test_chosen_phrases(kind: type, phrasegrams: Any) -> None:
    made = files.make(kind, phrasegrams=phrasegrams, delimiter=b"_", scoring="default", **OPTIONS)
    found = load(made)
    assert isinstance(found, FrozenPhrases)
    assert found.phrasegrams == {"new_york": 2.5, "bank_of_america": 2.0}
    assert found["the", "bank", "of", "america"] == ["the", "bank_of_america"]
    with pytest.raises(synvec.UnsupportedFormatError, match="no vectors"):
        KeyedVectors.load(io.BytesIO(files.dumps(made)))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"vocab": [1]}, "vocab is a list, expected a dict"),
        ({"vocab": {"a": -1}}, "the count of 'a' is -1"),
        ({"vocab": {"a": 1.5}}, "the count of 'a' is 1.5"),
        ({"vocab": {"a": 2**63}}, "the count of 'a' is 9"),
        ({"vocab": {3: 1}}, "a word is a int"),
        ({"min_count": "x"}, "a setting is out of its range"),
        ({"min_count": 0}, "a setting is out of its range"),
        ({"threshold": [1]}, "a setting is out of its range"),
        ({"max_vocab_size": 2**70}, "a setting is out of its range"),
        ({"connector_words": 3}, "a setting is out of its range"),
        ({"connector_words": [[]]}, "a word is a list"),
        ({"delimiter": ""}, "a setting is out of its range"),
        ({"scoring": "own"}, "scoring is 'own'"),
        ({"scoring": {}}, "scoring is {}"),
        ({"corpus_word_count": "x"}, "corpus_word_count is 'x'"),
        ({"corpus_word_count": -1}, "corpus_word_count is -1"),
    ],
)
def test_what_is_no_setting_or_count_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(synvec.HeaderError, match=message):
        load(of_4(**changes))


@pytest.mark.parametrize("score", ["x", None, math.nan, math.inf, True, (1, "x"), [1]])
def test_what_is_no_score_is_refused(score: Any) -> None:
    made = files.make(files.FrozenPhrases, phrasegrams={"a_b": score}, delimiter="_", **OPTIONS)
    with pytest.raises(synvec.HeaderError, match="the score of 'a_b' is"):
        load(made)


def test_a_word_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(synvec.EncodingError, match="is not UTF-8"):
        load(of_4(vocab={b"\xff": 1}))


@pytest.mark.parametrize("key", [(1, 2), ("a", (b"b",)), ("a",) * 65, ("a", 1)])
def test_only_short_tuples_of_words_are_keys(key: Any) -> None:
    with pytest.raises(synvec.HeaderError, match="a tuple is the key of a dict"):
        load(files.make(files.Phraser, phrasegrams={key: 1.0}, delimiter="_", **OPTIONS))


def test_beginnings_are_refused() -> None:
    data = files.dumps(of_4())
    check_prefixes_err(lambda data: synvec.load(io.BytesIO(data)), data, most=120)
