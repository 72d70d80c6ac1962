"""Phrases: gensim's numbers, the corpus seen through them, and what is refused."""

import copy
import math
import pickle
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import synvec
from synvec import ENGLISH_CONNECTOR_WORDS, FrozenPhrases, Phraser, Phrases, Word2Vec, scan
from synvec.phrases import PhrasedCorpus, npmi_scorer, original_scorer, word2phrase_scorer

CORPUS = [
    ["new", "york", "is"],
    ["new", "york"],
    ["bank", "of", "america"],
    ["bank", "of", "america"],
]


def phrases(**options: object) -> Phrases:
    settings = {"min_count": 1, "threshold": 0.1, "connector_words": ["of"], **options}
    return Phrases(CORPUS, **settings)  # type: ignore[arg-type]


def test_counts_and_scores_are_gensims() -> None:
    """Printed by gensim 4.4.0 for the same corpus and arguments."""
    found = phrases()
    assert found.vocab == {
        "new": 2, "york": 2, "new_york": 2, "is": 1, "york_is": 1, "bank": 2, "america": 2,
        "bank_of_america": 2,
    }  # fmt: skip
    assert found.corpus_word_count == 11
    assert found.export_phrases() == {"bank_of_america": 2.0, "new_york": 2.0}
    assert str(found) == ("Phrases<8 vocab, min_count=1, threshold=0.1, max_vocab_size=40000000>")
    assert str(found.freeze()) == "FrozenPhrases<2 phrases, min_count=1, threshold=0.1>"
    assert found["new", "york", "bank", "of", "america"] == ["new_york", "bank_of_america"]
    assert list(found.analyze_sentence(["new", "york", "x"])) == [("new_york", 2.0), ("x", None)]
    assert found.score_candidate("new", "york", []) == ("new_york", 2.0)
    assert found.score_candidate("york", "is", []) == (None, None)
    assert found.score_candidate("bank", "america", ["of"]) == ("bank_of_america", 2.0)
    assert found.score_candidate("bank", "america") == (None, None)
    assert found.find_phrases([["new", "york"]]) == {"new_york": 2.0}
    assert found[[]] == []


@pytest.mark.parametrize("scorer", [original_scorer, npmi_scorer, word2phrase_scorer])
def test_a_scorer_scores_the_same_by_name_and_one_by_one(scorer: object) -> None:
    generator = random.Random(1)
    corpus = [[generator.choice("abcdef") for _ in range(20)] for _ in range(30)]
    name = {original_scorer: "default", npmi_scorer: "npmi"}.get(scorer, "word2phrase")  # type: ignore[call-overload]
    options = {"min_count": 3, "threshold": 0.05, "connector_words": ["f"]}

    def same(
        worda_count: int, wordb_count: int, bigram_count: int, len_vocab: int, min_count: int,
        corpus_word_count: int,
    ) -> float:  # fmt: skip
        return scorer(  # type: ignore[operator, no-any-return]
            worda_count, wordb_count, bigram_count, len_vocab, min_count, corpus_word_count
        )

    by_name = Phrases(corpus, scoring=name, **options).export_phrases()  # type: ignore[arg-type]
    one_by_one = Phrases(corpus, scoring=same, **options).export_phrases()  # type: ignore[arg-type]
    assert by_name and list(by_name) == list(one_by_one)
    assert list(by_name.values()) == pytest.approx(list(one_by_one.values()))
    by_function = Phrases(corpus, scoring=scorer, **options).export_phrases()  # type: ignore[arg-type]
    assert by_function == by_name


def test_scorers_at_their_edges() -> None:
    assert original_scorer(0, 1, 1, 1, 1, 1) == -math.inf
    assert npmi_scorer(2, 2, 1, 5, 2, 10) == -math.inf
    assert npmi_scorer(2, 2, 2, 5, 1, 10) == pytest.approx(1)  # never seen apart


@pytest.mark.parametrize("workers", [1, 3])
def test_a_file_is_counted_as_its_sentences_are(tmp_path: Path, workers: int) -> None:
    path = tmp_path / "text"
    path.write_text("".join(" ".join(sentence) + "\n" for sentence in CORPUS))
    settings = {"min_count": 1, "threshold": 0.1, "connector_words": ["of"], "workers": workers}
    from_file = Phrases(corpus_file=path, **settings)  # type: ignore[arg-type]
    assert from_file.vocab == phrases().vocab
    from_file.add_vocab(corpus_file=[path])
    assert from_file.vocab["bank_of_america"] == 4
    with pytest.raises(ValueError, match="workers must be 1 or more, not 0"):
        Phrases(CORPUS, workers=0)


def test_longer_phrases_come_from_phrases_of_phrases() -> None:
    corpus = [["new", "york", "times"]] * 5 + [["new"], ["york"], ["times"], ["x", "y"]]
    once = Phrases(corpus, min_count=1, threshold=0.5)
    twice = Phrases(once[corpus], min_count=1, threshold=0.5)
    assert next(iter(twice[once[corpus]])) == ["new_york_times"]
    scanned = scan(twice[once[corpus]])
    assert scanned.keys.index("new_york_times") >= 0
    assert scanned.sentences == len(corpus)


def test_the_core_and_the_iterator_see_the_same(tmp_path: Path) -> None:
    generator = random.Random(2)
    words = ["a", "b", "c", "of", "d", "the"]
    corpus = [generator.choices(words, k=generator.randint(0, 30)) for _ in range(200)]
    found = Phrases(corpus, min_count=2, threshold=0.01, connector_words=ENGLISH_CONNECTOR_WORDS)
    seen = found[corpus]
    assert isinstance(seen, PhrasedCorpus)
    by_iterator = scan([list(sentence) for sentence in seen])
    by_core = scan(seen)
    assert len(found.export_phrases()) > 3
    assert by_core.keys.keys() == by_iterator.keys.keys()
    assert by_core.counts.tolist() == by_iterator.counts.tolist()
    (tmp_path / "text").write_text("\n".join(map(" ".join, corpus)))
    from_file = scan(found[synvec.LineSentence(tmp_path / "text")])
    assert from_file.keys.keys() == by_iterator.keys.keys()
    assert from_file.counts.tolist() == by_iterator.counts.tolist()


def test_a_model_is_trained_on_phrases() -> None:
    corpus = CORPUS * 20
    model = Word2Vec(phrases()[corpus], vector_size=4, min_count=1, workers=1, epochs=1)
    by_hand = Word2Vec(list(phrases()[corpus]), vector_size=4, min_count=1, workers=1, epochs=1)
    assert model.wv.index_to_key == by_hand.wv.index_to_key
    assert "bank_of_america" in model.wv and "york" not in model.wv
    assert (model.wv.vectors == by_hand.wv.vectors).all()


def test_generators_once_and_corpora_often() -> None:
    found = phrases()
    seen = found[(sentence for sentence in CORPUS)]
    assert [len(sentence) for sentence in seen] == [2, 1, 1, 1]
    assert list(seen) == [], "the generator was used up"
    assert found[(word for word in ["new", "york"])] == ["new_york"]
    assert found[iter([])] == []


def test_counts_are_added_and_settings_may_change() -> None:
    found = Phrases(min_count=1, threshold=0.1, connector_words=["of"])
    assert found.export_phrases() == {}
    found.add_vocab(CORPUS[:2])
    assert found["bank", "of", "america"] == ["bank", "of", "america"]
    found.add_vocab(CORPUS[2:])
    assert found.export_phrases() == phrases().export_phrases()
    found.threshold = 100
    assert found["new", "york"] == ["new", "york"]


def test_frozen_phrases_stay_as_they_are() -> None:
    found = phrases()
    frozen = found.freeze()
    found.add_vocab([["new", "york"]] * 10)
    assert frozen.phrasegrams["new_york"] == 2.0
    assert Phraser is FrozenPhrases
    assert FrozenPhrases(frozen).phrasegrams == frozen.phrasegrams


@pytest.mark.parametrize("again", [copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
def test_copies_are_whole_and_independent(again: object) -> None:
    found = phrases()
    other = again(found)  # type: ignore[operator]
    assert other.vocab == found.vocab
    assert other.export_phrases() == found.export_phrases()
    other.add_vocab([["of", "new", "york", "is"]])
    assert other.vocab["york_is"] == 2 and found.vocab["york_is"] == 1
    assert again(found.freeze()).phrasegrams == found.freeze().phrasegrams  # type: ignore[operator]


def test_the_bound_holds() -> None:
    generator = random.Random(3)
    rare = [[f"w{generator.randrange(10**6)}" for _ in range(50)] for _ in range(200)]
    found = Phrases([["a", "b"]] * 50 + rare, max_vocab_size=100, threshold=0.01)
    assert sum("_" in key for key in found.vocab) <= 100
    assert found.vocab["a_b"] == 50


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_count": 0}, "min_count should be at least 1"),
        ({"threshold": 0}, "threshold should be positive for default scoring"),
        ({"threshold": 2, "scoring": "npmi"}, "threshold should be between -1 and 1 for npmi"),
        ({"scoring": "x"}, "unknown scoring method string 'x'"),
        ({"scoring": lambda worda_count: 1.0}, "missing expected parameters: bigram_count"),
        ({"delimiter": ""}, "delimiter should be some text"),
        ({"max_vocab_size": 0}, "max_vocab_size should be at least 1"),
    ],
)
def test_settings_that_make_no_sense(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Phrases(**options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_count": "1"}, "min_count is str '1', expected a number"),
        ({"threshold": None}, "threshold is None, expected a number"),
        ({"max_vocab_size": 3.5}, "max_vocab_size is float 3.5, expected a whole number"),
        ({"connector_words": None}, "connector_words is None, expected several words"),
        ({"min_counts": 1}, "^Phrases got .*'min_counts'; did you mean 'min_count'"),
    ],
)
def test_settings_of_the_wrong_kind_are_told_by_name(
    options: dict[str, object], message: str
) -> None:
    with pytest.raises(TypeError, match=message):
        Phrases(**options)  # type: ignore[arg-type]


def test_numbers_of_numpy_are_saved(tmp_path: Path) -> None:
    found = phrases(min_count=np.int64(1), threshold=np.float32(0.5), max_vocab_size=np.int32(1000))
    found.save(tmp_path / "phrases.kv")
    again = Phrases.load(tmp_path / "phrases.kv")
    assert (again.min_count, again.threshold, again.max_vocab_size) == (1, 0.5, 1000)
    assert again.export_phrases() == found.export_phrases()


def test_a_corpus_seen_through_phrases_has_its_length_and_its_sentences() -> None:
    """As in gensim, whose `TransformedCorpus` passes both on."""
    seen = phrases()[CORPUS]
    assert len(seen) == len(CORPUS)
    assert seen[1] == ["new_york"]
    assert list(seen[1:3]) == [["new_york"], ["bank_of_america"]]
    with pytest.raises(TypeError, match=r"has no len\(\)"):
        len(phrases()[iter(CORPUS)])


def test_a_string_is_no_sentence_and_no_set_of_words() -> None:
    found = phrases()
    with pytest.raises(TypeError, match="not the string 'new york'; split it"):
        found["new york"]
    with pytest.raises(TypeError, match="connector_words is str 'of', expected several words"):
        Phrases(connector_words="of")
    with pytest.raises(TypeError, match="not int"):
        found[5]


def test_what_a_corpus_raises_comes_through() -> None:
    def broken() -> Iterator[list[str]]:
        yield ["a"]
        raise OSError("the disk is gone")

    found = phrases()
    with pytest.raises(OSError, match="the disk is gone"):
        found.add_vocab(broken())
    assert found.export_phrases() == phrases().export_phrases()


def test_a_frozen_copy_is_ones_own() -> None:
    found = phrases()
    frozen = found.freeze()
    frozen.phrasegrams.clear()
    assert found["new", "york"] == ["new_york"]
    assert found.freeze().phrasegrams


def test_a_corpus_seen_through_phrases_sees_those_of_the_moment() -> None:
    """As in gensim: settings and counts may change between two readings."""
    found = phrases()
    corpus = [*CORPUS, ["york", "is"]]
    seen = found[corpus]
    assert next(iter(seen)) == ["new_york", "is"]
    found.threshold = 100
    assert next(iter(seen)) == ["new", "york", "is"]
    assert "new_york" not in seen.scan().keys.keys()  # noqa: SIM118 - no dict
    found.threshold = 0.1
    found.add_vocab([["york", "is"]] * 20)
    assert list(seen)[-1] == ["york_is"]
    found.connector_words = frozenset()
    assert found["bank", "of", "america"] == ["bank", "of", "america"]


def test_a_corpus_is_counted_through_its_own_phrases() -> None:
    found = phrases()
    before = found.vocab
    found.add_vocab(found[CORPUS])
    assert found.vocab["new_york_is"] == 1
    assert found.vocab["new"] == before["new"]


@pytest.mark.parametrize("min_count", [0.5, 1.5])
def test_min_count_may_be_a_fraction(min_count: float) -> None:
    found = phrases(min_count=min_count, threshold=0.01)
    pair = original_scorer(2, 2, 2, found._model.distinct, min_count, 11)
    assert found.export_phrases()["new_york"] == pair


@pytest.mark.parametrize("options", [{"min_count": math.nan}, {"threshold": math.nan}])
def test_nan_is_no_setting(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"nan|NaN"):
        phrases(**options)


def test_of_pairs_that_read_alike_the_better_score_counts() -> None:
    corpus = [["new_york", "times"]] * 9 + [["new", "york_times"], ["new", "x"], ["new", "y"]]
    found = Phrases(corpus, min_count=0.5, threshold=0.1).export_phrases()
    scores = list(found.values())
    assert scores == sorted(scores, reverse=True)
    assert found["new_york_times"] == pytest.approx(
        0.5 / 3 * 10
    )  # new + york_times; 8.5 / 81 * 10 the other

    def own(
        worda_count: int, wordb_count: int, bigram_count: int, len_vocab: int, min_count: int,
        corpus_word_count: int,
    ) -> float:  # fmt: skip
        counts = (worda_count, wordb_count, bigram_count, len_vocab, min_count, corpus_word_count)
        return original_scorer(*counts)

    by_function = Phrases(corpus, min_count=0.5, threshold=0.1, scoring=own).export_phrases()
    assert by_function == pytest.approx(found)


@pytest.mark.parametrize(
    ("delimiter", "connectors", "sentence"),
    [
        ("__", [], ["a_", "b"]),
        ("__", [], ["a", "_b"]),
        ("_", ["of_the"], ["lord", "of_the", "rings"]),
        ("_", ["of", "of_the"], ["lord", "of", "of_the", "rings"]),
        ("_", [], ["_", "a"]),
    ],
)
def test_the_core_and_python_read_delimiters_within_words_alike(
    delimiter: str, connectors: list[str], sentence: list[str]
) -> None:
    corpus = [sentence] * 3
    found = Phrases(
        corpus, min_count=1, threshold=0.1, delimiter=delimiter, connector_words=connectors
    )
    assert found[sentence] == [delimiter.join(sentence)]
    assert found[corpus].scan().keys.keys() == [delimiter.join(sentence)]


def test_counts_are_made_once_and_cannot_be_changed_by_hand() -> None:
    found = Phrases([["new", "york"]], min_count=1)
    vocab = found.vocab
    assert vocab is found.vocab
    with pytest.raises(TypeError, match="does not support item assignment"):
        vocab["new"] = 5  # type: ignore[index]
    found.add_vocab([["new", "york"]])
    assert (vocab["new_york"], found.vocab["new_york"]) == (1, 2)
    found.delimiter = "~"
    assert "new~york" in found.vocab
